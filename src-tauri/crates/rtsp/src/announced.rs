//! What somebody who publishes says of his pictures (RFC 2326 10.3, RFC 8866): H.264 is taken, nothing else.

use base64::{Engine, prelude::BASE64_STANDARD};

/// The only track of an announced description.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Announced {
    pub payload_type: u8,
    /// Parameter sets, where the description holds them.
    pub sps: Option<Vec<u8>>,
    pub pps: Option<Vec<u8>>,
}

/// Why a description is not taken; for the log and the answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum NotPublishable {
    /// No description (RFC 8866).
    Malformed,
    /// No track of pictures, or tracks beside it.
    Tracks,
    /// As the description names it.
    Codec(String),
}

const MOST_NAME_CHARS: usize = 32;

impl Announced {
    /// # Errors
    /// What is wrong with it.
    pub fn parse(body: &[u8]) -> Result<Self, NotPublishable> {
        let text = str::from_utf8(body).map_err(|_| NotPublishable::Malformed)?;
        let mut lines = text.lines().map(str::trim_end).filter(|line| !line.is_empty());
        if lines.next() != Some("v=0") {
            return Err(NotPublishable::Malformed);
        }
        let lines: Vec<&str> = lines.collect();
        let mut medias = lines.iter().filter_map(|line| line.strip_prefix("m="));
        let (Some(media), None) = (medias.next(), medias.next()) else { return Err(NotPublishable::Tracks) };
        let mut words = media.split_ascii_whitespace();
        if words.next() != Some("video") {
            return Err(NotPublishable::Tracks);
        }
        let payload_type: u8 = words.nth(2).and_then(|word| word.parse().ok()).ok_or(NotPublishable::Malformed)?;
        let attribute = |name: &str| {
            let of_track = |line: &&str| {
                let (number, value) =
                    line.strip_prefix("a=")?.strip_prefix(name)?.strip_prefix(':')?.split_once(' ')?;
                (number.parse() == Ok(payload_type)).then(|| value.trim().to_owned())
            };
            lines.iter().find_map(of_track)
        };
        let map = attribute("rtpmap").unwrap_or_else(|| payload_type.to_string());
        let (name, clock) = map.split_once('/').unwrap_or((&map, "90000"));
        if !name.eq_ignore_ascii_case("H264") || clock.trim() != "90000" {
            let named: String = map.chars().filter(|c| !c.is_control()).take(MOST_NAME_CHARS).collect();
            return Err(NotPublishable::Codec(named));
        }
        let format = attribute("fmtp").unwrap_or_default();
        let sets = format.split(';').find_map(|part| part.trim().strip_prefix("sprop-parameter-sets="));
        let sets = sets.unwrap_or_default().split(',').filter_map(|set| BASE64_STANDARD.decode(set.trim()).ok());
        let (mut sps, mut pps) = (None, None);
        for set in sets {
            match set.first().map(|first| first & 0x1f) {
                Some(7) => sps = sps.or(Some(set)),
                Some(8) => pps = pps.or(Some(set)),
                _ => {}
            }
        }
        Ok(Self { payload_type, sps, pps })
    }
}

impl std::fmt::Display for NotPublishable {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Malformed => f.write_str("that is no description"),
            Self::Tracks => f.write_str("one track of pictures is taken, and none beside it"),
            Self::Codec(name) => write!(f, "pictures are taken as H264/90000, not as {name}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::VideoFormat;

    fn parse(tracks: &str) -> Result<Announced, NotPublishable> {
        Announced::parse(format!("v=0\r\no=- 0 0 IN IP4 127.0.0.1\r\ns=x\r\nt=0 0\r\n{tracks}").as_bytes())
    }

    #[test]
    fn what_we_describe_ourselves_is_understood() {
        let format = VideoFormat::H264 { sps: &[0x67, 0x42, 0xc0, 0x1e, 1], pps: &[0x68, 2] };
        let tracks = format!("m=video 0 RTP/AVP 96\r\na=control:track1\r\na=rtpmap:96 {}", format.describe());
        let expect =
            Announced { payload_type: 96, sps: Some(vec![0x67, 0x42, 0xc0, 0x1e, 1]), pps: Some(vec![0x68, 2]) };
        assert_eq!(parse(&tracks), Ok(expect));
    }

    #[test]
    fn only_one_track_of_h264_is_taken() {
        let bare = Announced { payload_type: 97, sps: None, pps: None };
        assert_eq!(
            parse("m=video 0 RTP/AVP 97\na=rtpmap:97 h264/90000\na=fmtp:97 x=1; sprop-parameter-sets=#,\n"),
            Ok(bare)
        );
        let codec = |name: &str| Err(NotPublishable::Codec(name.to_owned()));
        assert_eq!(parse("m=video 0 RTP/AVP 96\r\na=rtpmap:96 H265/90000\r\n"), codec("H265/90000"));
        assert_eq!(parse("m=video 0 RTP/AVP 26\r\n"), codec("26"));
        assert_eq!(parse("m=video 0 RTP/AVP 96\r\na=rtpmap:97 H264/90000\r\n"), codec("96"));
        assert_eq!(parse("m=audio 0 RTP/AVP 0\r\n"), Err(NotPublishable::Tracks));
        assert_eq!(parse(""), Err(NotPublishable::Tracks));
        let two = "m=video 0 RTP/AVP 96\r\na=rtpmap:96 H264/90000\r\nm=audio 0 RTP/AVP 0\r\n";
        assert_eq!(parse(two), Err(NotPublishable::Tracks));
        assert_eq!(parse("m=video\r\n"), Err(NotPublishable::Malformed));
        for bad in [&b"<html>"[..], b"", b"\xff\xfe"] {
            assert_eq!(Announced::parse(bad), Err(NotPublishable::Malformed));
        }
        assert!(
            parse(&format!("m=video 0 RTP/AVP 96\r\na=rtpmap:96 {}\r\n", "x".repeat(9_000)))
                .unwrap_err()
                .to_string()
                .len()
                < 100
        );
    }
}
