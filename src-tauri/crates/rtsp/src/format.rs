//! What a description (RFC 8866) says of a picture track: `rtpmap`, and the `fmtp` of its payload format.

use base64::{Engine, prelude::BASE64_STANDARD};

/// A coding, with the parameter sets a decoder begins with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum VideoFormat<'a> {
    H264 { sps: &'a [u8], pps: &'a [u8] },
    H265 { vps: &'a [u8], sps: &'a [u8], pps: &'a [u8] },
    Jpeg,
}

impl VideoFormat<'_> {
    /// Dynamic but for JPEG, whose number is its own (RFC 3551 section 6).
    pub const fn payload_type(&self) -> u8 {
        match self {
            Self::H264 { .. } | Self::H265 { .. } => 96,
            Self::Jpeg => 26,
        }
    }

    /// What follows the number in `a=rtpmap`, then `a=fmtp` where there is one. Ends with a line break.
    pub fn describe(&self) -> String {
        let payload_type = self.payload_type();
        let text = |set: &[u8]| BASE64_STANDARD.encode(set);
        match self {
            Self::H264 { sps, pps } => {
                let level: String = sps.iter().skip(1).take(3).map(|byte| format!("{byte:02X}")).collect();
                format!(
                    "H264/90000\r\na=fmtp:{payload_type} packetization-mode=1;profile-level-id={level};\
                     sprop-parameter-sets={},{}\r\n",
                    text(sps),
                    text(pps)
                )
            }
            Self::H265 { vps, sps, pps } => format!(
                "H265/90000\r\na=fmtp:{payload_type} sprop-vps={};sprop-sps={};sprop-pps={}\r\n",
                text(vps),
                text(sps),
                text(pps)
            ),
            Self::Jpeg => "JPEG/90000\r\n".to_owned(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sets_stand_in_the_words_of_their_payload_format() {
        let check = |format: VideoFormat<'_>, number, expect: &str| {
            assert_eq!((format.payload_type(), format.describe().as_str()), (number, expect));
        };
        check(
            VideoFormat::H264 { sps: &[0x67, 0x42, 0xc0, 0x1e, 1], pps: &[0x68, 2] },
            96,
            "H264/90000\r\na=fmtp:96 packetization-mode=1;profile-level-id=42C01E;sprop-parameter-sets=Z0LAHgE=,aAI=\r\n",
        );
        check(
            VideoFormat::H265 { vps: &[0x40, 1], sps: &[0x42, 1], pps: &[0x44, 1] },
            96,
            "H265/90000\r\na=fmtp:96 sprop-vps=QAE=;sprop-sps=QgE=;sprop-pps=RAE=\r\n",
        );
        check(VideoFormat::Jpeg, 26, "JPEG/90000\r\n");
    }
}
