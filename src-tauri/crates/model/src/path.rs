//! The stream's stable name: `cam_{ip with underscores}_ch{channel}_{main|sub}`.

use crate::{ErrorCode, Problem};
use serde::{Deserialize, Deserializer, Serialize};
use std::fmt;

/// Which of a camera's encodings.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum StreamRole {
    Main,
    Sub,
}

impl StreamRole {
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Main => "main",
            Self::Sub => "sub",
        }
    }
}

/// A name that is also one folder name below a volume: lower-case letters, digits, `_` and `-`, at most 120 bytes.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize)]
#[serde(transparent)]
pub struct StreamPath(String);

impl StreamPath {
    const MAX_BYTES: usize = 120;

    /// # Errors
    /// `stream_path_invalid` for anything that could leave its folder or collide on a case-blind file system.
    pub fn parse(text: &str) -> Result<Self, Problem> {
        let ok = !text.is_empty()
            && text.len() <= Self::MAX_BYTES
            && text.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'_' || b == b'-');
        if ok { Ok(Self(text.to_owned())) } else { Err(Problem::new(ErrorCode::StreamPathInvalid).with("path", text)) }
    }

    /// Names a camera's stream after its host and channel.
    pub fn for_camera(host: &str, channel: u32, role: StreamRole) -> Self {
        let mut name: String = host
            .chars()
            .map(|c| c.to_ascii_lowercase())
            .map(|c| if c.is_ascii_alphanumeric() || c == '-' { c } else { '_' })
            .collect();
        name.truncate(80);
        Self(format!("cam_{name}_ch{channel}_{}", role.as_str()))
    }

    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for StreamPath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl<'de> Deserialize<'de> for StreamPath {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        Self::parse(&text).map_err(|p| serde::de::Error::custom(p.code.as_str()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hosts_become_folder_names() {
        let name = |host| StreamPath::for_camera(host, 1, StreamRole::Main).0;
        assert_eq!(name("192.168.1.10"), "cam_192_168_1_10_ch1_main");
        assert_eq!(name("fe80::1"), "cam_fe80__1_ch1_main");
        assert_eq!(name("Gate.local"), "cam_gate_local_ch1_main");
        assert_eq!(name("../../etc"), "cam_______etc_ch1_main");
    }

    #[test]
    fn a_path_cannot_leave_its_folder() {
        for bad in ["", "..", "a/b", "A", "a b", "a\\b", "é", &"x".repeat(121)] {
            assert!(StreamPath::parse(bad).is_err(), "{bad}");
        }
        assert!(StreamPath::parse("cam_10_0_0_5_ch2_sub").is_ok());
    }
}
