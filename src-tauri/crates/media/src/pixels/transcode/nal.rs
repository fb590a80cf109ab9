//! What is in an access unit of H.264, and what shall not be.

use crate::nals;
use bytes::{BufMut, Bytes, BytesMut};

/// Takes parameter sets, delimiters and filler out of an H.264 access unit; encoders of some cards leave them in.
pub fn without_parameter_sets(unit: Bytes) -> Bytes {
    let is_clean = nals(&unit).all(is_kept);
    if is_clean {
        return unit;
    }
    let mut out = BytesMut::with_capacity(unit.len());
    for nal in nals(&unit).filter(|nal| is_kept(nal)) {
        out.put_u32(nal.len() as u32);
        out.put_slice(nal);
    }
    out.freeze()
}

/// Whether an H.264 access unit is an instantaneous decoding refresh (type 5).
pub fn has_idr(unit: &[u8]) -> bool {
    nals(unit).any(|nal| nal.first().is_some_and(|first| first & 0x1f == 5))
}

/// Types 7, 8, 9 and 12 (ITU-T H.264, table 7-1).
fn is_kept(nal: &[u8]) -> bool {
    nal.first().is_some_and(|first| !matches!(first & 0x1f, 7 | 8 | 9 | 12))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_pictures_and_messages_stay() {
        let check =
            |unit: &'static [u8], expect: &[u8]| assert_eq!(without_parameter_sets(Bytes::from_static(unit)), expect);
        check(b"\0\0\0\x02\x65a", b"\0\0\0\x02\x65a");
        check(b"\0\0\0\x01\x09\0\0\0\x02\x67a\0\0\0\x02\x65b", b"\0\0\0\x02\x65b");
        check(b"\0\0\0\x02\x67a\0\0\0\x09\x65b", b"");
    }
}
