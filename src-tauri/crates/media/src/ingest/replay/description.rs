//! The track that is taken of a description (RFC 8866): the first picture of a codec we know.

use url::Url;
use watchwall_model::{ErrorCode, Problem, SafeUrl};

/// The picture track.
#[derive(Debug)]
pub struct Described {
    /// Where it is set up.
    pub control: String,
    pub codec: ReplayCodec,
    pub payload_type: u8,
    pub clock_rate: u32,
    /// `fmtp` parameters by their names in lower case.
    pub parameters: Vec<(String, String)>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ReplayCodec {
    H264,
    H265,
    Mjpeg,
}

const MJPEG_PAYLOAD_TYPE: u8 = 26;

impl ReplayCodec {
    /// By the encoding name of `rtpmap`.
    fn of(name: &str) -> Option<Self> {
        match name.to_ascii_uppercase().as_str() {
            "H264" => Some(Self::H264),
            "H265" => Some(Self::H265),
            "JPEG" => Some(Self::Mjpeg),
            _ => None,
        }
    }
}

impl Described {
    /// # Errors
    /// `rtsp_error` for what is no description, `no_video`, `codec_unsupported`.
    pub fn read(sdp: &str, base: &SafeUrl) -> Result<Self, Problem> {
        let session = sdp_types::Session::parse(sdp.as_bytes())
            .map_err(|e| Problem::new(ErrorCode::RtspError).at("describe").because(e))?;
        let mut seen = Vec::new();
        for media in session.medias.iter().filter(|media| media.media == "video") {
            let Some(payload_type) = media.fmt.split_ascii_whitespace().next().and_then(|text| text.parse().ok())
            else {
                continue;
            };
            let (name, clock_rate) = encoding(media, payload_type);
            seen.push(name.clone());
            let Some(codec) = ReplayCodec::of(&name) else { continue };
            let control = attribute(media, "control").unwrap_or_default();
            return Ok(Self {
                control: resolve(base.as_url(), control),
                codec,
                payload_type,
                clock_rate,
                parameters: parameters(media, payload_type),
            });
        }
        let code = if seen.is_empty() { ErrorCode::NoVideo } else { ErrorCode::CodecUnsupported };
        Err(Problem::new(code).with("codec", seen.join(", ")).at("describe"))
    }
}

fn attribute<'m>(media: &'m sdp_types::Media, name: &str) -> Option<&'m str> {
    media.get_first_attribute_value(name).ok().flatten()
}

/// Name and clock rate of `rtpmap`.
fn encoding(media: &sdp_types::Media, payload_type: u8) -> (String, u32) {
    let wanted = payload_type.to_string();
    let maps = media.get_attribute_values("rtpmap").into_iter().flatten().flatten();
    let map = maps.filter_map(|value| value.split_once(' ')).find(|(number, _)| *number == wanted);
    let Some((_, map)) = map else {
        // Numbers that have a meaning of their own need no map (RFC 3551).
        let name = if payload_type == MJPEG_PAYLOAD_TYPE { "JPEG".to_owned() } else { wanted };
        return (name, 90_000);
    };
    let mut parts = map.trim().split('/');
    let name = parts.next().unwrap_or_default().to_owned();
    (name, parts.next().and_then(|text| text.parse().ok()).unwrap_or(90_000))
}

fn parameters(media: &sdp_types::Media, payload_type: u8) -> Vec<(String, String)> {
    let wanted = payload_type.to_string();
    let lines = media.get_attribute_values("fmtp").into_iter().flatten().flatten();
    let line = lines.filter_map(|value| value.split_once(' ')).find(|(number, _)| *number == wanted);
    let parts = line.into_iter().flat_map(|(_, line)| line.split(';')).filter_map(|part| part.split_once('='));
    parts.map(|(key, value)| (key.trim().to_ascii_lowercase(), value.trim().to_owned())).collect()
}

/// The address of a track: whole, or to be put behind that of the description (RFC 2326 C.1.1). Cameras mean the plain
/// joining of texts, where the standard of addresses would replace what stands behind the last slash.
fn resolve(base: &Url, control: &str) -> String {
    match control {
        "" | "*" => base.to_string(),
        whole if whole.contains("://") => whole.to_owned(),
        part => format!("{}/{}", base.as_str().trim_end_matches('/'), part.trim_start_matches('/')),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(medias: &str) -> Result<Described, Problem> {
        let (base, _) = SafeUrl::split("rtsp://h:8554/storage/3/").unwrap();
        Described::read(&format!("v=0\r\no=- 1 1 IN IP4 0.0.0.0\r\ns=x\r\nt=0 0\r\n{medias}"), &base)
    }

    #[test]
    fn the_first_picture_is_taken() {
        let found = read(
            "m=audio 0 RTP/AVP 0\r\na=control:track2\r\nm=video 0 RTP/AVP 98\r\na=rtpmap:98 H265/90000\r\n\
             a=fmtp:98 sprop-vps=AA==; Sprop-SPS=BB==\r\na=control:track1\r\n",
        )
        .unwrap();
        assert_eq!((found.codec, found.payload_type, found.clock_rate), (ReplayCodec::H265, 98, 90_000));
        assert_eq!(found.control, "rtsp://h:8554/storage/3/track1");
        assert_eq!(found.parameters[1], ("sprop-sps".into(), "BB==".into()));
        let whole = read("m=video 0 RTP/AVP 26\r\na=control:rtsp://h/other\r\n").unwrap();
        assert_eq!((whole.codec, whole.control.as_str()), (ReplayCodec::Mjpeg, "rtsp://h/other"));
    }

    #[test]
    fn what_cannot_be_replayed_says_why() {
        let code = |medias| read(medias).unwrap_err().code;
        assert_eq!(code("m=audio 0 RTP/AVP 0\r\n"), ErrorCode::NoVideo);
        assert_eq!(code("m=video 0 RTP/AVP 96\r\na=rtpmap:96 X-OTHER/90000\r\n"), ErrorCode::CodecUnsupported);
        let (base, _) = SafeUrl::split("rtsp://h/x").unwrap();
        assert_eq!(Described::read("<html>", &base).unwrap_err().code, ErrorCode::RtspError);
    }
}
