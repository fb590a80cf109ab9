//! Faults on command: what can be ordered, and the state a stream is in because of it.

use crate::{Codec, StreamSpec};
use serde::{Deserialize, Serialize};

/// One order. As JSON: `{"kind": "stall", "ms": 3000}`.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Fault {
    /// Cuts the sessions that exist now, once.
    DropConnection,
    /// The sockets stay open and answer, no packet leaves.
    Freeze,
    /// No packet for so long, then everything that was due at once (as far as the buffers reach).
    Stall { ms: u32 },
    /// Loses RTP packets at random; over TCP they are left out.
    PacketLoss { percent: f32 },
    /// Swaps UDP packets of one picture with their neighbour at random.
    PacketReorder { percent: f32 },
    /// The sockets stay open; nothing is read, answered or sent any more, as after a pulled cable. Healing closes them.
    Vanish,
    /// SETUP over the RTSP connection is refused (461).
    UdpOnly,
    /// The description comes as `application/sdp; charset=utf-8`, which strict clients refuse.
    OddContentType,
    /// The SDP names an audio codec that nobody knows.
    UnknownSound,
    /// The expected password is another one; sessions that exist stay.
    WrongPassword,
    /// A stream that already has a session answers SETUP with this status (453 or 503).
    RefuseSecondSession {
        #[serde(default = "not_enough_bandwidth")]
        status: u16,
    },
    /// A stream that already has so many sessions answers SETUP with 453.
    SessionLimit { sessions: u32 },
    /// The picture changes its size in the middle of the stream, with new parameter sets in band.
    ParameterChange { width: u32, height: u32 },
    /// Two B-frames between the others (H.264 and H.265).
    BFrames,
    /// Key frames come after one and after two of the set lengths in turn, as with codecs that adapt to the picture
    /// (H.264+, H.265+, Zipstream). MJPEG does not care.
    SmartCodec,
    /// RTP time jumps by so many ticks of 1/90000 s, once. Negative jumps back.
    TimestampJump { ticks: i64 },
    /// RTP time is moved to five seconds before 2^32, once.
    TimestampWrap,
    /// RTP time runs fast by `ppm`, and the wall clock of RTCP is off by `offset_ms`.
    ClockSkew {
        #[serde(default)]
        ppm: i32,
        #[serde(default)]
        offset_ms: i64,
    },
    /// The wall clock of RTCP says 1970, as after a flat battery.
    ClockUnset,
    /// Key frames are left out, for sessions old and new. MJPEG has nothing else and falls silent.
    NoKeyFrames,
    /// Every request is answered by a web page.
    HtmlAnswer,
    /// The SDP names a video codec that nobody knows.
    UnknownCodec,
    /// Filler raises the bit rate.
    Burst {
        #[serde(default = "hundred_megabit")]
        kbps: u32,
    },
    /// Frames come at uneven distances.
    VariableFrameRate,
    /// A size that is no multiple of a macroblock: six pixels wider, two higher.
    OddSize,
    /// Nobody answers (own port) or DESCRIBE is refused (shared port); sessions are cut.
    Offline,
    /// Offline for so long, then back.
    Reboot { ms: u32 },
}

const fn not_enough_bandwidth() -> u16 {
    453
}

const fn hundred_megabit() -> u32 {
    100_000
}

/// What a stream does other than its specification says.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize)]
pub struct FaultSet {
    /// Counts the cuts; a session ends when it no longer is what it was at its start.
    pub cuts: u32,
    pub frozen: bool,
    /// On the farm's media clock.
    pub stalled_until_us: i64,
    pub loss_percent: f32,
    pub reorder_percent: f32,
    pub vanished: bool,
    pub udp_only: bool,
    pub odd_content_type: bool,
    pub unknown_sound: bool,
    pub wrong_password: bool,
    pub refuse_second_session: Option<u16>,
    pub session_limit: Option<u32>,
    pub content: ContentFaults,
    /// Ticks of 1/90000 s added to RTP time.
    pub timestamp_offset: i64,
    pub skew: Option<Skew>,
    pub ntp_offset_ms: i64,
    pub clock_unset: bool,
    pub no_key_frames: bool,
    pub html_answer: bool,
    pub unknown_codec: bool,
    pub offline: bool,
}

/// Faults that need other pictures.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize)]
pub struct ContentFaults {
    pub size: Option<(u32, u32)>,
    pub odd_size: bool,
    pub b_frames: bool,
    pub smart_codec: bool,
    pub burst_kbps: Option<u32>,
    pub variable_rate: bool,
    /// What the owner set, over ONVIF: no fault, and healing leaves it.
    pub encoder: Option<EncoderSettings>,
}

/// How a stream is encoded when that is not as its specification says.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize)]
pub struct EncoderSettings {
    pub codec: Codec,
    pub width: u32,
    pub height: u32,
    pub fps: u32,
    pub bitrate_kbps: u32,
    /// Frames from one key frame to the next.
    pub gop_frames: u32,
}

impl EncoderSettings {
    pub fn of(spec: &StreamSpec) -> Self {
        Self {
            codec: spec.codec,
            width: spec.width,
            height: spec.height,
            fps: spec.fps,
            bitrate_kbps: spec.bitrate_kbps,
            gop_frames: (spec.gop_ms * spec.fps / 1000).max(1),
        }
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct Skew {
    pub ppm: i32,
    /// On the farm's media clock.
    pub since_us: i64,
}

impl FaultSet {
    /// How a stream with so many sessions refuses another, if it does.
    pub fn refuses_session(&self, now: u32) -> Option<u16> {
        let second = self.refuse_second_session.filter(|_| now > 0);
        let beyond = self.session_limit.filter(|limit| now >= *limit).map(|_| not_enough_bandwidth());
        second.or(beyond)
    }

    /// Enters one order at a moment of the farm's media clock. `rtp_now` is the stream's RTP time at it.
    #[must_use]
    pub fn on(mut self, fault: Fault, now_us: i64, rtp_now: u32) -> Self {
        match fault {
            Fault::DropConnection => self.cuts += 1,
            Fault::Freeze => self.frozen = true,
            Fault::Stall { ms } => self.stalled_until_us = now_us + i64::from(ms) * 1000,
            Fault::PacketLoss { percent } => self.loss_percent = percent.clamp(0.0, 100.0),
            Fault::PacketReorder { percent } => self.reorder_percent = percent.clamp(0.0, 100.0),
            Fault::Vanish => self.vanished = true,
            Fault::UdpOnly => self.udp_only = true,
            Fault::OddContentType => self.odd_content_type = true,
            Fault::UnknownSound => self.unknown_sound = true,
            Fault::WrongPassword => self.wrong_password = true,
            Fault::RefuseSecondSession { status } => self.refuse_second_session = Some(status),
            Fault::SessionLimit { sessions } => self.session_limit = Some(sessions),
            Fault::ParameterChange { width, height } => {
                self.content.size = Some((width & !1, height & !1));
            }
            Fault::BFrames => self.content.b_frames = true,
            Fault::SmartCodec => self.content.smart_codec = true,
            Fault::TimestampJump { ticks } => self.timestamp_offset = self.timestamp_offset.wrapping_add(ticks),
            Fault::TimestampWrap => {
                let five_seconds_before = 0_u32.wrapping_sub(5 * 90_000);
                let ahead = five_seconds_before.wrapping_sub(rtp_now);
                self.timestamp_offset = self.timestamp_offset.wrapping_add(i64::from(ahead));
            }
            Fault::ClockSkew { ppm, offset_ms } => {
                self.timestamp_offset = self.timestamp_offset.wrapping_add(self.skew_ticks(now_us));
                self.skew = (ppm != 0).then_some(Skew { ppm, since_us: now_us });
                self.ntp_offset_ms = offset_ms;
            }
            Fault::ClockUnset => self.clock_unset = true,
            Fault::NoKeyFrames => self.no_key_frames = true,
            Fault::HtmlAnswer => self.html_answer = true,
            Fault::UnknownCodec => self.unknown_codec = true,
            Fault::Burst { kbps } => self.content.burst_kbps = Some(kbps.min(1_000_000)),
            Fault::VariableFrameRate => self.content.variable_rate = true,
            Fault::OddSize => self.content.odd_size = true,
            Fault::Offline | Fault::Reboot { .. } => {
                self.offline = true;
                self.cuts += 1;
            }
        }
        self
    }

    /// Healthy again. RTP time goes on from where the faults left it: healing is not another jump.
    #[must_use]
    pub fn cleared(self, now_us: i64) -> Self {
        Self {
            cuts: self.cuts,
            timestamp_offset: self.timestamp_offset.wrapping_add(self.skew_ticks(now_us)),
            content: ContentFaults { encoder: self.content.encoder, ..ContentFaults::default() },
            ..Self::default()
        }
    }

    /// Ticks of 1/90000 s by which a skewed clock is ahead at a moment of the media clock.
    pub fn skew_ticks(&self, at_us: i64) -> i64 {
        self.skew.map_or(0, |skew| {
            let ahead_ns = i128::from(at_us - skew.since_us) * i128::from(skew.ppm) / 1000;
            i64::try_from(ahead_ns * 9 / 100_000).unwrap_or(0)
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_skewed_clock_gains_its_parts_per_million() {
        let set = FaultSet::default().on(Fault::ClockSkew { ppm: 100, offset_ms: 5 }, 1_000_000, 0);
        assert_eq!(set.skew_ticks(1_000_000), 0);
        assert_eq!(set.skew_ticks(1_000_000 + 1_000_000_000), 9_000);
        let healed = set.cleared(1_000_000 + 1_000_000_000);
        assert_eq!((healed.timestamp_offset, healed.skew, healed.ntp_offset_ms), (9_000, None, 0));
    }

    #[test]
    fn a_wrap_comes_five_seconds_later() {
        let rtp_now = 123_456_789_u32;
        let set = FaultSet::default().on(Fault::TimestampWrap, 0, rtp_now);
        let moved = rtp_now.wrapping_add(set.timestamp_offset as u32);
        assert_eq!(moved, u32::MAX - 5 * 90_000 + 1);
    }

    #[test]
    fn clearing_forgets_everything_but_the_cuts() {
        let orders = [Fault::Freeze, Fault::DropConnection, Fault::WrongPassword, Fault::OddSize, Fault::Offline];
        let set = orders.into_iter().fold(FaultSet::default(), |set, fault| set.on(fault, 0, 0));
        assert!(set.frozen && set.wrong_password && set.offline && set.content.odd_size);
        assert_eq!(set.cleared(0), FaultSet { cuts: 2, ..FaultSet::default() });
    }

    #[test]
    fn sessions_are_refused_at_their_limit() {
        let check = |fault: Fault, now: u32, expect| {
            assert_eq!(FaultSet::default().on(fault, 0, 0).refuses_session(now), expect);
        };
        check(Fault::RefuseSecondSession { status: 503 }, 0, None);
        check(Fault::RefuseSecondSession { status: 503 }, 1, Some(503));
        check(Fault::SessionLimit { sessions: 2 }, 1, None);
        check(Fault::SessionLimit { sessions: 2 }, 2, Some(453));
        check(Fault::Freeze, 9, None);
    }

    #[test]
    fn orders_read_from_json() {
        let check = |text: &str, expect: Fault| assert_eq!(serde_json::from_str::<Fault>(text).unwrap(), expect);
        check(r#"{"kind":"freeze"}"#, Fault::Freeze);
        check(r#"{"kind":"stall","ms":250}"#, Fault::Stall { ms: 250 });
        check(r#"{"kind":"refuse_second_session"}"#, Fault::RefuseSecondSession { status: 453 });
        check(r#"{"kind":"burst"}"#, Fault::Burst { kbps: 100_000 });
        check(r#"{"kind":"clock_skew","ppm":50}"#, Fault::ClockSkew { ppm: 50, offset_ms: 0 });
        check(
            r#"{"kind":"parameter_change","width":800,"height":600}"#,
            Fault::ParameterChange { width: 800, height: 600 },
        );
    }
}
