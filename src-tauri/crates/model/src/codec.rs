//! Codecs by name. A codec we do not know keeps the name the device gave it.

use serde::{Deserialize, Serialize};

#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum VideoCodec {
    H264,
    H265,
    Mjpeg,
    #[serde(untagged)]
    Other(String),
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum AudioCodec {
    Aac,
    /// G.711 A-law.
    Pcma,
    /// G.711 mu-law.
    Pcmu,
    G726,
    Opus,
    #[serde(untagged)]
    Other(String),
}

impl VideoCodec {
    pub fn as_str(&self) -> &str {
        match self {
            Self::H264 => "h264",
            Self::H265 => "h265",
            Self::Mjpeg => "mjpeg",
            Self::Other(name) => name,
        }
    }
}

impl AudioCodec {
    pub fn as_str(&self) -> &str {
        match self {
            Self::Aac => "aac",
            Self::Pcma => "pcma",
            Self::Pcmu => "pcmu",
            Self::G726 => "g726",
            Self::Opus => "opus",
            Self::Other(name) => name,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn unknown_codecs_keep_their_name_on_the_wire() {
        let codec: VideoCodec = serde_json::from_str("\"av1\"").unwrap();
        assert_eq!(codec, VideoCodec::Other("av1".into()));
        assert_eq!(serde_json::to_string(&VideoCodec::H265).unwrap(), "\"h265\"");
        assert_eq!(serde_json::to_string(&codec).unwrap(), "\"av1\"");
    }
}
