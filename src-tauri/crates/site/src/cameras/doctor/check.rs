//! What is looked at, and what each look may find. Pure.

use serde::{Deserialize, Serialize};

macro_rules! checks {
    ($($(#[$doc:meta])* $variant:ident = $word:literal, $area:ident, [$($outcome:literal),+];)*) => {
        /// One thing looked at. Its words are part of the API: `doctor.{check}.{outcome}` of the catalogue.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
        #[serde(rename_all = "snake_case")]
        pub enum Check { $($(#[$doc])* $variant,)* }

        impl Check {
            /// In the order they are shown.
            pub const ALL: &'static [Self] = &[$(Self::$variant,)*];

            pub const fn as_str(self) -> &'static str {
                match self { $(Self::$variant => $word,)* }
            }

            pub const fn area(self) -> Area {
                match self { $(Self::$variant => Area::$area,)* }
            }

            /// Every word it may end with, reasons for skipping aside.
            pub const fn outcomes(self) -> &'static [&'static str] {
                match self { $(Self::$variant => &[$($outcome),+],)* }
            }
        }
    };
}

checks! {
    /// Its port opens.
    Reachable = "reachable", Reach, ["open", "closed"];
    /// How long its answers take.
    Latency = "latency", Reach, ["quick", "slow"];
    Login = "login", Reach, ["accepted", "plain", "not_needed", "refused", "locked", "missing", "failed"];
    DefaultPassword = "default_password", Reach, ["own", "factory", "open"];
    Clock = "clock", Reach, ["right", "off", "wrong", "hidden"];
    Ntp = "ntp", Reach, ["on", "off", "no_server", "hidden"];
    Firmware = "firmware", Reach, ["known", "hidden"];
    /// The services it claims against those that answer.
    Onvif = "onvif", Onvif, ["speaks", "silent", "absent", "old"];
    Profiles = "profiles", Onvif, ["good", "no_sub", "none", "failed"];
    Events = "events", Onvif, ["works", "failed", "none"];
    Snapshot = "snapshot", Onvif, ["picture", "failed", "none"];
    Ptz = "ptz", Onvif, ["works", "failed"];
    Transport = "transport", Stream, ["both", "tcp", "udp", "other", "failed"];
    Codec = "codec", Stream, ["as_claimed", "received", "other_codec", "other_size", "other_rate", "costly"];
    KeyFrame = "key_frame", Stream, ["quick", "late"];
    Gop = "gop", Stream, ["good", "long", "differs", "open", "single"];
    BFrames = "b_frames", Stream, ["none", "present"];
    SmartCodec = "smart_codec", Stream, ["steady", "smart"];
    ParameterSets = "parameter_sets", Stream, ["stable", "sdp_only", "changing", "differ", "not_used"];
    Audio = "audio", Stream, ["playable", "converted", "unknown", "none"];
    /// Jitter, gaps and loss.
    Arrival = "arrival", Stream, ["steady", "gaps", "loss"];
    SessionLimit = "session_limit", Stream, ["enough", "limited", "full"];
    Decode = "decode", Machine, ["keeps_up", "slow", "failed"];
}

impl Check {
    /// Of each stream.
    pub const OF_STREAM: &'static [Self] = &[
        Self::Transport,
        Self::Codec,
        Self::KeyFrame,
        Self::Gop,
        Self::BFrames,
        Self::SmartCodec,
        Self::ParameterSets,
        Self::Audio,
        Self::Arrival,
        Self::Decode,
    ];

    /// Of every device.
    pub const OF_DEVICE: &'static [Self] = &[
        Self::Reachable,
        Self::Latency,
        Self::Login,
        Self::DefaultPassword,
        Self::Clock,
        Self::Ntp,
        Self::Firmware,
        Self::Onvif,
        Self::Events,
    ];

    /// Of each channel; PTZ only where it is claimed.
    pub const OF_CHANNEL: &'static [Self] = &[Self::Profiles, Self::Snapshot];
}

/// Where a line stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Area {
    Reach,
    Onvif,
    Stream,
    Machine,
}

impl Area {
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Reach => "reach",
            Self::Onvif => "onvif",
            Self::Stream => "stream",
            Self::Machine => "machine",
        }
    }
}

/// Why nothing was looked at: `doctor.skipped.{reason}` of the catalogue.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Skip {
    Unreachable,
    LoginRefused,
    LoginMissing,
    NoOnvif,
    /// Only the address of a stream is known.
    StreamOnly,
    StreamFailed,
    NoStream,
    OutOfTime,
    Cancelled,
    NoDecoder,
    Unsupported,
    /// No password was used.
    NoLogin,
    /// More channels than are examined together.
    TooMany,
}

impl Skip {
    pub const ALL: [Self; 13] = [
        Self::Unreachable,
        Self::LoginRefused,
        Self::LoginMissing,
        Self::NoOnvif,
        Self::StreamOnly,
        Self::StreamFailed,
        Self::NoStream,
        Self::OutOfTime,
        Self::Cancelled,
        Self::NoDecoder,
        Self::Unsupported,
        Self::NoLogin,
        Self::TooMany,
    ];

    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Unreachable => "unreachable",
            Self::LoginRefused => "login_refused",
            Self::LoginMissing => "login_missing",
            Self::NoOnvif => "no_onvif",
            Self::StreamOnly => "stream_only",
            Self::StreamFailed => "stream_failed",
            Self::NoStream => "no_stream",
            Self::OutOfTime => "out_of_time",
            Self::Cancelled => "cancelled",
            Self::NoDecoder => "no_decoder",
            Self::Unsupported => "unsupported",
            Self::NoLogin => "no_login",
            Self::TooMany => "too_many",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_those_of_serde() {
        for check in Check::ALL {
            assert_eq!(serde_json::to_value(check).unwrap(), check.as_str());
        }
    }
}
