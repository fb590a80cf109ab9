//! The fragments of a segment as a compact blob: LEB128 numbers, times and offsets as differences.
//!
//! Per fragment: gap to the previous fragment's end in the file (usually 0), size, gap to the previous end in time
//! (zigzag), duration shifted left by one with the key flag in bit 0. About eight bytes for a two-second GOP.
//! Blobs of the same segment can be appended only through [`encode_fragments`] with the previous last fragment.

use crate::StoreError;
use watchwall_model::Fragment;

/// Encodes fragments that follow `previous` (`None` at the start of a segment).
pub fn encode_fragments(previous: Option<&Fragment>, fragments: &[Fragment]) -> Vec<u8> {
    let mut out = Vec::with_capacity(fragments.len() * 10);
    let (mut file_end, mut time_end) = ends(previous);
    for fragment in fragments {
        put(&mut out, zigzag(fragment.offset as i64 - file_end));
        put(&mut out, u64::from(fragment.size_bytes));
        put(&mut out, zigzag(i64::from(fragment.start_ms) - time_end));
        put(&mut out, u64::from(fragment.duration_ms) << 1 | u64::from(fragment.is_key));
        (file_end, time_end) = ends(Some(fragment));
    }
    out
}

/// # Errors
/// [`StoreError::Value`] for bytes that no encoder wrote.
pub fn decode_fragments(blob: &[u8]) -> Result<Vec<Fragment>, StoreError> {
    let mut rest = blob;
    let mut fragments: Vec<Fragment> = Vec::new();
    while !rest.is_empty() {
        let (file_end, time_end) = ends(fragments.last());
        let offset = file_end.checked_add(unzigzag(take(&mut rest)?)).and_then(|n| u64::try_from(n).ok());
        let size = u32::try_from(take(&mut rest)?).ok();
        let start = time_end.checked_add(unzigzag(take(&mut rest)?)).and_then(|n| u32::try_from(n).ok());
        let length = take(&mut rest)?;
        let duration = u32::try_from(length >> 1).ok();
        match (offset, size, start, duration) {
            (Some(offset), Some(size_bytes), Some(start_ms), Some(duration_ms)) => {
                fragments.push(Fragment { offset, size_bytes, start_ms, duration_ms, is_key: length & 1 == 1 });
            }
            _ => return Err(damaged()),
        }
    }
    Ok(fragments)
}

fn ends(fragment: Option<&Fragment>) -> (i64, i64) {
    fragment.map_or((0, 0), |f| {
        (f.offset as i64 + i64::from(f.size_bytes), i64::from(f.start_ms) + i64::from(f.duration_ms))
    })
}

const fn zigzag(n: i64) -> u64 {
    ((n << 1) ^ (n >> 63)) as u64
}

const fn unzigzag(n: u64) -> i64 {
    (n >> 1) as i64 ^ -((n & 1) as i64)
}

fn put(out: &mut Vec<u8>, mut n: u64) {
    while n >= 0x80 {
        out.push(n as u8 | 0x80);
        n >>= 7;
    }
    out.push(n as u8);
}

fn take(rest: &mut &[u8]) -> Result<u64, StoreError> {
    let mut n = 0u64;
    for shift in (0..64).step_by(7) {
        let (&byte, tail) = rest.split_first().ok_or_else(damaged)?;
        *rest = tail;
        n |= u64::from(byte & 0x7f) << shift;
        if byte & 0x80 == 0 {
            return Ok(n);
        }
    }
    Err(damaged())
}

fn damaged() -> StoreError {
    StoreError::Value { what: "fragments".into() }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fragments() -> Vec<Fragment> {
        (0..300)
            .map(|i| Fragment {
                offset: 900 + i * 500_000,
                size_bytes: 500_000,
                start_ms: i as u32 * 2000 + u32::from(i > 100) * 37,
                duration_ms: 2000,
                is_key: i % 3 != 0,
            })
            .collect()
    }

    #[test]
    fn appended_blobs_decode_as_one() {
        let all = fragments();
        let mut blob = encode_fragments(None, &all[..10]);
        blob.extend(encode_fragments(all.get(9), &all[10..]));
        assert_eq!(decode_fragments(&blob).unwrap(), all);
        assert!(blob.len() < all.len() * 10, "{} bytes", blob.len());
    }

    #[test]
    fn damaged_bytes_are_refused_without_panic() {
        let blob = encode_fragments(None, &fragments());
        assert!(decode_fragments(&blob[..blob.len() - 1]).is_err());
        assert!(decode_fragments(&[0xff; 40]).is_err());
    }
}
