//! Request targets: `rtsp://host:port/<token>/<path>[/<from>][/track1]`.

use super::tokens::Token;
use watchwall_model::{StreamPath, UtcMillis};

/// The last part of the picture track's address.
pub const TRACK: &str = "track1";

#[derive(Debug, PartialEq, Eq)]
pub struct Target {
    pub token: Token,
    pub path: StreamPath,
    /// Of a recording, where its rest begins: UTC milliseconds.
    pub from: Option<UtcMillis>,
}

impl Target {
    /// `None` for what could be no stream's address.
    pub fn parse(text: &str) -> Option<Self> {
        let path = match text.split_once("://") {
            Some((_, rest)) => rest.split_once('/')?.1,
            None => text,
        };
        let path = path.split(['?', '#']).next()?;
        let mut parts = path.split('/').filter(|part| !part.is_empty());
        let token = Token::parse(parts.next()?)?;
        let path = StreamPath::parse(parts.next()?).ok()?;
        let mut parts = parts.peekable();
        let from = parts.next_if(|part| part.bytes().all(|byte| byte.is_ascii_digit()));
        let from = from.map(str::parse).transpose().ok()?.map(UtcMillis);
        let is_whole = parts.next().is_none_or(|track| track == TRACK) && parts.next().is_none();
        is_whole.then_some(Self { token, path, from })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_token_and_a_path_make_a_target() {
        let token = "0123456789abcdef0123456789abcdef";
        let check = |text: &str, is_target: bool| assert_eq!(Target::parse(text).is_some(), is_target, "{text}");
        for good in [
            "rtsp://h:1/T/cam_a",
            "rtsp://[::1]:8554/T/cam_a/",
            "/T/cam_a/track1",
            "rtsp://h/T/cam_a/?x=y",
            "/T/cam_a/1772359200000/track1",
        ] {
            check(&good.replace('T', token), true);
        }
        for bad in [
            "*",
            "",
            "rtsp://h",
            "rtsp://h/T",
            "rtsp://h/T/A",
            "rtsp://h/T/cam_a/track2",
            "rtsp://h/T/cam_a/track1/x",
            "/T/cam_a/99999999999999999999",
            "/T/cam_a/1/2",
        ] {
            check(&bad.replace('T', token), false);
        }
        let from = |text: &str| Target::parse(text).and_then(|target| target.from);
        assert_eq!(from(&format!("/{token}/cam_a/17/track1")), Some(UtcMillis(17)));
        assert_eq!(from(&format!("/{token}/cam_a/track1")), None);
        check("rtsp://h/0123/cam_a", false);
        check(&format!("rtsp://h/{}/cam_a", token.to_uppercase()), false);
        check(&format!("rtsp://h/+{}/cam_a", &token[1..]), false);
    }
}
