//! NAL units and parameter sets of an Annex B byte stream (H.264 and H.265, Annex B of either).

use crate::Codec;
use bytes::Bytes;

/// What the SDP must tell about a video stream.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Parameters {
    H264 { sps: Bytes, pps: Bytes },
    H265 { vps: Bytes, sps: Bytes, pps: Bytes },
    Mjpeg,
}

impl Parameters {
    /// Finds the sets in a key access unit.
    pub fn find(codec: Codec, unit: &Bytes) -> Option<Self> {
        let of =
            |wanted: u8| nals(unit).find(|nal| nal_type(codec, nal) == Some(wanted)).map(|nal| unit.slice_ref(nal));
        Some(match codec {
            Codec::H264 => Self::H264 { sps: of(7)?, pps: of(8)? },
            Codec::H265 => Self::H265 { vps: of(32)?, sps: of(33)?, pps: of(34)? },
            Codec::Mjpeg => Self::Mjpeg,
        })
    }
}

/// `nal_unit_type`; `None` for an empty unit and for JPEG.
pub(crate) fn nal_type(codec: Codec, nal: &[u8]) -> Option<u8> {
    let first = *nal.first()?;
    match codec {
        Codec::H264 => Some(first & 0x1f),
        Codec::H265 => Some(first >> 1 & 0x3f),
        Codec::Mjpeg => None,
    }
}

/// Whether a picture can be shown without those before it: IDR of H.264, any random access point of H.265 (ITU-T H.265,
/// table 7-1), every JPEG.
pub(crate) fn is_random_access(codec: Codec, unit: &[u8]) -> bool {
    let points = match codec {
        Codec::H264 => 5..=5,
        Codec::H265 => 16..=21,
        Codec::Mjpeg => return true,
    };
    nals(unit).any(|nal| nal_type(codec, nal).is_some_and(|kind| points.contains(&kind)))
}

/// A unit of H.265 from its last VPS on. `x265enc` of GStreamer 1.22 puts a second set of headers before its first picture,
/// from memory that x265 has begun to use for something else: now and then what follows them is nonsense.
pub(crate) fn without_header_block(codec: Codec, unit: &[u8]) -> &[u8] {
    const VPS: u8 = 32;
    if codec != Codec::H265 {
        return unit;
    }
    let last = nals(unit).filter(|nal| nal_type(codec, nal) == Some(VPS)).last();
    // Its start code of four bytes stands before it.
    let start = last.map_or(0, |vps| (vps.as_ptr().addr() - unit.as_ptr().addr()).saturating_sub(4));
    &unit[start..]
}

/// The units between start codes of three or four bytes, without trailing zeros.
pub(crate) fn nals(stream: &[u8]) -> impl Iterator<Item = &[u8]> {
    let mut at = next_start(stream, 0).map(|(_, after)| after);
    std::iter::from_fn(move || {
        let start = at?;
        let (end, next) = match next_start(stream, start) {
            Some((end, after)) => (end, Some(after)),
            None => (stream.len(), None),
        };
        at = next;
        let nal = &stream[start..end];
        let kept = nal.iter().rposition(|b| *b != 0).map_or(0, |last| last + 1);
        Some(&nal[..kept])
    })
    .filter(|nal| !nal.is_empty())
}

/// Position of the next `00 00 01` and of the byte after it.
fn next_start(stream: &[u8], from: usize) -> Option<(usize, usize)> {
    let found = stream.get(from..)?.windows(3).position(|w| w == [0, 0, 1])?;
    Some((from + found, from + found + 3))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(stream: &[u8], expect: &[&[u8]]) {
        assert_eq!(nals(stream).collect::<Vec<_>>(), expect, "{stream:?}");
    }

    #[test]
    fn start_codes_of_both_lengths_divide() {
        check(&[0, 0, 0, 1, 0x67, 1, 0, 0, 1, 0x68, 2, 0, 0, 0, 1, 0x65, 3], &[&[0x67, 1], &[0x68, 2], &[0x65, 3]]);
        check(&[0, 0, 1, 9, 0, 0], &[&[9]]);
        check(&[1, 2, 3], &[]);
        check(&[], &[]);
    }

    #[test]
    fn headers_that_are_repeated_at_once_go() {
        let picture = [0, 0, 0, 1, 32 << 1, 1, 7, 0, 0, 0, 1, 33 << 1, 1, 8, 0, 0, 1, 20 << 1, 1, 9];
        let twice = [&[0, 0, 0, 1, 32 << 1, 1, 7, 0, 0, 0, 1, 39 << 1, 1, 0, 0, 1, 0, 0, 0, 3], &picture[..]].concat();
        assert_eq!(without_header_block(Codec::H265, &twice), picture);
        assert_eq!(without_header_block(Codec::H265, &picture), picture);
        assert_eq!(without_header_block(Codec::H265, &picture[14..]), &picture[14..]);
        assert_eq!(without_header_block(Codec::H264, &twice), twice);
    }

    #[test]
    fn parameter_sets_are_found() {
        let unit = Bytes::from_static(&[0, 0, 1, 0x67, 1, 0, 0, 1, 0x68, 2, 0, 0, 1, 0x65, 3]);
        let (sps, pps) = (Bytes::from_static(&[0x67, 1]), Bytes::from_static(&[0x68, 2]));
        assert_eq!(Parameters::find(Codec::H264, &unit), Some(Parameters::H264 { sps, pps }));
        assert_eq!(Parameters::find(Codec::H265, &unit), None);
    }
}
