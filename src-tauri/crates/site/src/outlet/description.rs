//! The session description (RFC 8866) of a stream's pictures.

use super::{coding::Sets, target::TRACK};
use std::{fmt::Write, net::IpAddr};
use watchwall_media::StreamParams;
use watchwall_model::StreamPath;

/// What is described.
pub struct Subject<'a> {
    pub path: &'a StreamPath,
    pub params: &'a StreamParams,
    /// Our own address.
    pub local: IpAddr,
    /// As [`super::feed::Feed::range`] says it.
    pub range: &'static str,
}

/// `None` for a stream that RTP cannot carry.
pub fn describe(subject: &Subject<'_>) -> Option<String> {
    let Subject { path, params, local, range } = *subject;
    let sets = Sets::of(params)?;
    let format = sets.format()?;
    let (kind, any) = if local.is_ipv4() { ("IP4", "0.0.0.0") } else { ("IP6", "::") };
    let number = format.payload_type();
    let mut sdp = format!(
        "v=0\r\no=- {generation} 1 IN {kind} {local}\r\ns={path}\r\nc=IN {kind} {any}\r\nt=0 0\r\na=control:*\r\n\
         a=range:{range}\r\nm=video 0 RTP/AVP {number}\r\na=control:{TRACK}\r\na=rtpmap:{number} {format}",
        generation = params.generation,
        format = format.describe(),
    );
    if let Some(video) = params.video.as_ref().filter(|video| video.frame_rate > 0.0) {
        // Writing to a string cannot fail.
        let _ = write!(sdp, "a=framerate:{}\r\n", video.frame_rate);
    }
    Some(sdp)
}
