//! Parameter sets as NAL units, for whoever sends a stream on without a container.

use crate::VideoParams;
use bytes::Bytes;
use watchwall_model::VideoCodec;

impl VideoParams {
    /// The sets of `config` in the order in which a decoder needs them: VPS, SPS, PPS, then whatever else stands there.
    /// Empty for Motion JPEG, and for a `config` that cannot be read.
    pub fn parameter_sets(&self) -> Vec<Bytes> {
        let sets = match self.codec {
            VideoCodec::H264 => avc_sets(&self.config),
            VideoCodec::H265 => hevc_sets(&self.config),
            _ => return Vec::new(),
        };
        sets.unwrap_or_default()
    }
}

/// `AVCDecoderConfigurationRecord` (ISO/IEC 14496-15 section 5.3.3.1).
fn avc_sets(config: &Bytes) -> Option<Vec<Bytes>> {
    let mut sets = Vec::new();
    let mut at = 6;
    for _ in 0..config.get(5)? & 0x1f {
        sets.push(next_set(config, &mut at)?);
    }
    let pps = *config.get(at)?;
    at += 1;
    for _ in 0..pps {
        sets.push(next_set(config, &mut at)?);
    }
    Some(sets)
}

/// `HEVCDecoderConfigurationRecord` (ISO/IEC 14496-15 section 8.3.3.1); its arrays may stand in any order.
fn hevc_sets(config: &Bytes) -> Option<Vec<Bytes>> {
    let mut sets = Vec::new();
    let mut at = 23;
    for _ in 0..*config.get(22)? {
        let kind = config.get(at)? & 0x3f;
        let count = u16::from_be_bytes([*config.get(at + 1)?, *config.get(at + 2)?]);
        at += 3;
        for _ in 0..count {
            sets.push((kind, next_set(config, &mut at)?));
        }
    }
    // VPS, SPS and PPS are 32, 33 and 34; messages come after them.
    sets.sort_by_key(|(kind, _)| *kind);
    Some(sets.into_iter().map(|(_, set)| set).collect())
}

/// A set behind its length of two bytes.
fn next_set(config: &Bytes, at: &mut usize) -> Option<Bytes> {
    let length = usize::from(u16::from_be_bytes([*config.get(*at)?, *config.get(*at + 1)?]));
    let start = *at + 2;
    *at = start + length;
    (*at <= config.len()).then(|| config.slice(start..*at))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sets(codec: VideoCodec, config: &[u8]) -> Vec<Bytes> {
        let params = VideoParams {
            codec,
            codec_string: String::new(),
            width: 0,
            height: 0,
            frame_rate: 0.0,
            clock_rate: 90_000,
            config: Bytes::copy_from_slice(config),
            max_reorder_frames: 0,
        };
        params.parameter_sets()
    }

    #[test]
    fn sets_come_in_the_order_of_decoding() {
        let check = |codec, config: &[u8], expect: &[&[u8]]| assert_eq!(sets(codec, config), expect, "{config:?}");
        let avc = [1, 0x42, 0, 30, 0xff, 0xe1, 0, 2, 0x67, 7, 2, 0, 1, 0x68, 0, 2, 0x68, 9];
        check(VideoCodec::H264, &avc, &[&[0x67, 7], &[0x68], &[0x68, 9]]);
        let head = [&[1; 22][..], &[3]].concat();
        let arrays = [34, 0, 1, 0, 2, 0x44, 3, 0xa0, 0, 1, 0, 2, 0x40, 1, 33, 0, 1, 0, 2, 0x42, 2];
        check(VideoCodec::H265, &[&head[..], &arrays].concat(), &[&[0x40, 1], &[0x42, 2], &[0x44, 3]]);
        check(VideoCodec::Mjpeg, b"", &[]);
    }

    #[test]
    fn a_record_that_breaks_off_gives_none() {
        for broken in [&b""[..], &[1, 2, 3], &[1, 0x42, 0, 30, 0xff, 0xe1, 0, 9, 0x67], &[1, 0x42, 0, 30, 0xff, 0xe0]] {
            assert!(sets(VideoCodec::H264, broken).is_empty());
            assert!(sets(VideoCodec::H265, broken).is_empty());
        }
    }
}
