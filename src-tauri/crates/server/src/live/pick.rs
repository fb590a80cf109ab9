//! Which stream and which coding a viewer gets. Pure.

use watchwall_model::{StreamRole, VideoCodec};

/// What a client says it decodes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ClientCodecs {
    pub h264: bool,
    pub h265: bool,
    pub mjpeg: bool,
}

impl ClientCodecs {
    /// A list such as `h264,h265,mjpeg`; `None` is what every browser plays.
    pub fn parse(text: Option<&str>) -> Self {
        let has = |name: &str| text.unwrap_or("h264").split(',').any(|c| c.trim().eq_ignore_ascii_case(name));
        Self { h264: has("h264"), h265: has("h265"), mjpeg: has("mjpeg") }
    }
}

/// How a stream's pictures reach a client.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Coding {
    /// The camera's own coded frames.
    AsIs,
    /// Re-encoded to H.264.
    Transcoded,
    /// Nothing that both sides speak.
    Impossible,
}

pub const fn coding(video: &VideoCodec, client: ClientCodecs) -> Coding {
    let direct = match video {
        VideoCodec::H264 => client.h264,
        VideoCodec::H265 => client.h265,
        VideoCodec::Mjpeg => client.mjpeg,
        VideoCodec::Other(_) => false,
    };
    match (direct, client.h264, video) {
        (true, ..) => Coding::AsIs,
        (false, true, VideoCodec::H265 | VideoCodec::Mjpeg) => Coding::Transcoded,
        _ => Coding::Impossible,
    }
}

/// Heights a transcode is made for: few, so that viewers share them.
const TRANSCODE_HEIGHTS: [u32; 5] = [360, 480, 720, 1_080, 2_160];

/// The smallest of them that a tile of this height fills; without a tile height 720.
pub fn transcode_height(max_height: Option<u32>) -> u32 {
    let wanted = max_height.unwrap_or(720);
    TRANSCODE_HEIGHTS.into_iter().find(|height| *height >= wanted).unwrap_or(TRANSCODE_HEIGHTS[4])
}

/// What the client asks about main and sub.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Choice {
    /// By tile height, and around a stream that is down.
    Auto,
    /// This very role, whatever it costs.
    Exact(StreamRole),
}

/// What is known of one of a camera's streams.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Candidate {
    /// 0 when it never played.
    pub height: u32,
    pub health: Health,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Health {
    Live,
    /// Nobody watches; it would be opened.
    Unknown,
    Down,
}

/// The question.
#[derive(Clone, Copy, Debug)]
pub struct Question {
    pub asked: StreamRole,
    pub choice: Choice,
    pub max_height: Option<u32>,
    pub main: Option<Candidate>,
    pub sub: Option<Candidate>,
}

/// A sub stream may be stretched this much before main is worth its cost.
const STRETCH: f32 = 1.25;
/// Height of a sub stream that never played.
const USUAL_SUB_HEIGHT: u32 = 480;

/// The role to send and why, by the words of `LiveHello::reason`. `None` when the camera has no stream at all.
pub fn pick(question: &Question) -> Option<(StreamRole, &'static str)> {
    let of = |role| if role == StreamRole::Main { question.main } else { question.sub };
    let other = |role| if role == StreamRole::Main { StreamRole::Sub } else { StreamRole::Main };
    let exact = match question.choice {
        Choice::Exact(role) => Some(role),
        Choice::Auto => None,
    };
    if let Some(role) = exact.filter(|role| of(*role).is_some()) {
        return Some((role, "as_asked"));
    }
    let (Some(_), Some(sub)) = (question.main, question.sub) else {
        return [StreamRole::Main, StreamRole::Sub]
            .into_iter()
            .find(|role| of(*role).is_some())
            .map(|role| (role, "only_stream"));
    };
    let sub_height = if sub.height == 0 { USUAL_SUB_HEIGHT } else { sub.height };
    let (role, reason) = match question.max_height {
        None => (question.asked, "as_asked"),
        Some(height) if height as f32 <= sub_height as f32 * STRETCH => (StreamRole::Sub, "sub_by_height"),
        Some(_) => (StreamRole::Main, "main_by_height"),
    };
    let is_down = of(role).is_some_and(|c| c.health == Health::Down);
    let other_lives = of(other(role)).is_some_and(|c| c.health == Health::Live);
    if is_down && other_lives { Some((other(role), "fallback_offline")) } else { Some((role, reason)) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use StreamRole::{Main, Sub};

    const fn stream(height: u32, health: Health) -> Option<Candidate> {
        Some(Candidate { height, health })
    }

    #[test]
    fn the_stream_follows_the_tile() {
        let check = |asked, choice, max_height, main, sub, expect| {
            let question = Question { asked, choice, max_height, main, sub };
            assert_eq!(pick(&question), expect, "{question:?}");
        };
        let (main, sub) = (stream(1080, Health::Live), stream(360, Health::Live));
        check(Main, Choice::Auto, Some(200), main, sub, Some((Sub, "sub_by_height")));
        check(Main, Choice::Auto, Some(450), main, sub, Some((Sub, "sub_by_height")));
        check(Main, Choice::Auto, Some(451), main, sub, Some((Main, "main_by_height")));
        check(Sub, Choice::Auto, None, main, sub, Some((Sub, "as_asked")));
        check(Sub, Choice::Exact(Sub), Some(2000), main, sub, Some((Sub, "as_asked")));
        check(Main, Choice::Exact(Sub), None, main, None, Some((Main, "only_stream")));
        check(Sub, Choice::Auto, Some(100), None, sub, Some((Sub, "only_stream")));
        check(Main, Choice::Auto, None, None, None, None);
        // Never played: taken for a usual sub stream.
        let fresh = stream(0, Health::Unknown);
        check(Main, Choice::Auto, Some(500), fresh, fresh, Some((Sub, "sub_by_height")));
        check(Main, Choice::Auto, Some(900), fresh, fresh, Some((Main, "main_by_height")));
    }

    #[test]
    fn a_stream_that_is_down_is_walked_around() {
        let check = |main, sub, expect| {
            let question = Question { asked: Main, choice: Choice::Auto, max_height: Some(200), main, sub };
            assert_eq!(pick(&question), Some(expect));
        };
        check(stream(1080, Health::Live), stream(360, Health::Down), (Main, "fallback_offline"));
        check(stream(1080, Health::Unknown), stream(360, Health::Down), (Sub, "sub_by_height"));
        check(stream(1080, Health::Down), stream(360, Health::Down), (Sub, "sub_by_height"));
    }

    #[test]
    fn codings_meet_the_client() {
        let check = |video: VideoCodec, client: &str, expect| {
            assert_eq!(coding(&video, ClientCodecs::parse(Some(client))), expect, "{video:?} {client}");
        };
        check(VideoCodec::H264, "h264,aac", Coding::AsIs);
        check(VideoCodec::H265, "h264, H265", Coding::AsIs);
        check(VideoCodec::H265, "h264", Coding::Transcoded);
        check(VideoCodec::Mjpeg, "h264", Coding::Transcoded);
        check(VideoCodec::Mjpeg, "mjpeg", Coding::AsIs);
        check(VideoCodec::H264, "h265", Coding::Impossible);
        check(VideoCodec::H265, "", Coding::Impossible);
        check(VideoCodec::Other("av1".into()), "h264", Coding::Impossible);
        assert_eq!(ClientCodecs::parse(None), ClientCodecs { h264: true, h265: false, mjpeg: false });
    }

    #[test]
    fn transcodes_come_in_few_heights() {
        let check = |height, expect| assert_eq!(transcode_height(height), expect);
        check(None, 720);
        check(Some(1), 360);
        check(Some(361), 480);
        check(Some(1_080), 1_080);
        check(Some(9_999), 2_160);
    }
}
