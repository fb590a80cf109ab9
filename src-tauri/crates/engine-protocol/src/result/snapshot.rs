//! The picture a result was found in.

use base64::{Engine, engine::general_purpose::STANDARD};

/// As the node sent it.
#[derive(Clone, PartialEq, Eq)]
pub enum Snapshot {
    /// Begins and ends as a JPEG does; not decoded yet.
    Jpeg(Vec<u8>),
    /// Where the node keeps it. Shown as text, never opened: it is a name on another machine.
    Path(String),
}

impl std::fmt::Debug for Snapshot {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Jpeg(bytes) => write!(f, "Jpeg({} bytes)", bytes.len()),
            Self::Path(path) => write!(f, "Path({path:?})"),
        }
    }
}

const DATA_URL: &str = "data:image/jpeg;base64,";

impl Snapshot {
    /// From base64, with or without the head of a data URL; `None` when it is no JPEG.
    pub fn from_base64(text: &str) -> Option<Self> {
        let text = text.trim();
        let bytes = STANDARD.decode(text.strip_prefix(DATA_URL).unwrap_or(text)).ok()?;
        let (begins, ends) = (bytes.starts_with(&[0xff, 0xd8, 0xff]), bytes.ends_with(&[0xff, 0xd9]));
        (begins && ends).then_some(Self::Jpeg(bytes))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_jpeg_is_a_picture() {
        let check = |text: &str, expect: bool| assert_eq!(Snapshot::from_base64(text).is_some(), expect, "{text}");
        let jpeg = STANDARD.encode([0xff, 0xd8, 0xff, 0xe0, 1, 2, 0xff, 0xd9]);
        check(&jpeg, true);
        check(&format!("{DATA_URL}{jpeg}"), true);
        check(&STANDARD.encode([0xff, 0xd8, 0xff, 0xe0, 1, 2]), false);
        check(&STANDARD.encode(b"GIF89a"), false);
        check("/9j/ not base64", false);
        check("", false);
    }
}
