//! The session description (RFC 8866) of a stream's pictures.

use super::{coding::Sets, target::TRACK};
use std::{fmt::Write, net::IpAddr};
use watchwall_media::StreamParams;
use watchwall_model::StreamPath;

/// `None` for a stream that RTP cannot carry.
pub fn describe(path: &StreamPath, params: &StreamParams, local: IpAddr) -> Option<String> {
    let sets = Sets::of(params)?;
    let format = sets.format()?;
    let (kind, any) = if local.is_ipv4() { ("IP4", "0.0.0.0") } else { ("IP6", "::") };
    let number = format.payload_type();
    let mut sdp = format!(
        "v=0\r\no=- {generation} 1 IN {kind} {local}\r\ns={path}\r\nc=IN {kind} {any}\r\nt=0 0\r\na=control:*\r\n\
         a=range:npt=now-\r\nm=video 0 RTP/AVP {number}\r\na=control:{TRACK}\r\na=rtpmap:{number} {format}",
        generation = params.generation,
        format = format.describe(),
    );
    if let Some(video) = params.video.as_ref().filter(|video| video.frame_rate > 0.0) {
        // Writing to a string cannot fail.
        let _ = write!(sdp, "a=framerate:{}\r\n", video.frame_rate);
    }
    Some(sdp)
}
