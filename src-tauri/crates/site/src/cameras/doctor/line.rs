//! One line of a report: what was looked at, and the verdict.

use super::{
    check::{Check, Skip},
    place::Place,
};
use serde::{Deserialize, Serialize};
use std::{collections::BTreeMap, fmt::Display};
use watchwall_model::{ErrorCode, Problem, StreamRole, UtcMillis, VideoCodec};

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Verdict {
    Ok,
    /// Worth knowing, nothing to do.
    Note,
    Warning,
    Bad,
    Skipped,
}

impl Verdict {
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Ok => "ok",
            Self::Note => "note",
            Self::Warning => "warning",
            Self::Bad => "bad",
            Self::Skipped => "skipped",
        }
    }
}

/// A line is told from others by its check and place.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Line {
    pub check: Check,
    /// Of a recorder, from 1; `None` for what belongs to the device, and for a camera.
    #[serde(default)]
    pub channel: Option<u32>,
    /// `None` for what belongs to no stream.
    pub stream: Option<StreamRole>,
    pub verdict: Verdict,
    /// A word of [`Check::outcomes`], or of [`Skip`].
    pub outcome: String,
    /// For the sentence: numbers with a point, without a unit.
    pub params: BTreeMap<String, String>,
    pub mend: Option<Mend>,
    pub problem: Option<LineProblem>,
    /// `suggestion.{word}` of the catalogue.
    pub suggestion: Option<String>,
    pub at: UtcMillis,
}

/// What went wrong, in a form that can be stored.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct LineProblem {
    pub code: ErrorCode,
    pub params: BTreeMap<String, String>,
    /// One English line of technical detail; holds no secret.
    pub detail: Option<String>,
}

/// What can be done about a line at once.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Mend {
    SyncClock,
    /// Without servers those that the device has, or its network names.
    SetNtp {
        servers: Vec<String>,
    },
    SetGop {
        frames: u32,
        gop_ms: u32,
    },
    SetCodec {
        codec: VideoCodec,
    },
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum MendKind {
    SyncClock,
    SetNtp,
    SetGop,
    SetCodec,
}

impl MendKind {
    pub const ALL: [Self; 4] = [Self::SyncClock, Self::SetNtp, Self::SetGop, Self::SetCodec];

    pub const fn as_str(self) -> &'static str {
        match self {
            Self::SyncClock => "sync_clock",
            Self::SetNtp => "set_ntp",
            Self::SetGop => "set_gop",
            Self::SetCodec => "set_codec",
        }
    }

    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.as_str() == text)
    }
}

impl Mend {
    pub const fn kind(&self) -> MendKind {
        match self {
            Self::SyncClock => MendKind::SyncClock,
            Self::SetNtp { .. } => MendKind::SetNtp,
            Self::SetGop { .. } => MendKind::SetGop,
            Self::SetCodec { .. } => MendKind::SetCodec,
        }
    }

    /// For the sentence of its button.
    pub fn params(&self) -> BTreeMap<String, String> {
        let named =
            |pairs: Vec<(&str, String)>| pairs.into_iter().map(|(name, value)| (name.to_owned(), value)).collect();
        match self {
            Self::SyncClock => BTreeMap::new(),
            Self::SetNtp { servers } => named(vec![("servers", servers.join(", "))]),
            Self::SetGop { frames, gop_ms } => {
                named(vec![("frames", frames.to_string()), ("seconds", seconds(f64::from(*gop_ms)))])
            }
            Self::SetCodec { codec } => named(vec![("codec", codec_name(codec).to_owned())]),
        }
    }
}

impl Line {
    pub fn new(check: Check, verdict: Verdict, outcome: &'static str) -> Self {
        Self {
            check,
            channel: None,
            stream: None,
            verdict,
            outcome: outcome.to_owned(),
            params: BTreeMap::new(),
            mend: None,
            problem: None,
            suggestion: None,
            at: UtcMillis::now(),
        }
    }

    pub fn skipped(check: Check, why: Skip) -> Self {
        Self::new(check, Verdict::Skipped, why.as_str())
    }

    #[must_use]
    pub fn of(self, place: Place) -> Self {
        Self { channel: place.channel, stream: place.stream, ..self }
    }

    #[must_use]
    pub fn with(mut self, name: &str, value: impl Display) -> Self {
        self.params.insert(name.to_owned(), value.to_string());
        self
    }

    #[must_use]
    pub fn mended_by(self, mend: Mend) -> Self {
        Self { mend: Some(mend), ..self }
    }

    /// For a device that nobody may change.
    #[must_use]
    pub fn without_mend(self) -> Self {
        Self { mend: None, ..self }
    }

    /// Takes over what went wrong, and the next step that fits it.
    #[must_use]
    pub fn because(mut self, problem: &Problem) -> Self {
        self.suggestion = problem.suggestion.map(ToOwned::to_owned);
        self.problem =
            Some(LineProblem { code: problem.code, params: problem.params.clone(), detail: problem.detail.clone() });
        self
    }

    #[must_use]
    pub fn suggesting(self, suggestion: watchwall_onvif::Suggestion) -> Self {
        Self { suggestion: Some(suggestion.as_str().to_owned()), ..self }
    }

    /// Key of its sentence in the catalogue.
    pub fn text_key(&self) -> String {
        match self.verdict {
            Verdict::Skipped => format!("doctor.skipped.{}", self.outcome),
            _ => format!("doctor.{}.{}", self.check.as_str(), self.outcome),
        }
    }

    pub const fn is_finding(&self) -> bool {
        matches!(self.verdict, Verdict::Warning | Verdict::Bad)
    }

    pub const fn place(&self) -> Place {
        Place { channel: self.channel, stream: self.stream }
    }

    pub fn is_same(&self, other: &Self) -> bool {
        (self.check, self.place()) == (other.check, other.place())
    }

    /// Place in a report: by area, channels and their streams one after another.
    pub fn order(&self) -> impl Ord + use<> {
        (self.check.area(), self.place(), self.check)
    }
}

impl LineProblem {
    pub fn problem(&self) -> Problem {
        Problem { params: self.params.clone(), detail: self.detail.clone(), ..Problem::new(self.code) }
    }
}

/// Milliseconds as seconds with one decimal.
pub fn seconds(ms: f64) -> String {
    format!("{:.1}", ms / 1_000.0)
}

/// As people write it.
pub fn codec_name(codec: &VideoCodec) -> &str {
    match codec {
        VideoCodec::H264 => "H.264",
        VideoCodec::H265 => "H.265",
        VideoCodec::Mjpeg => "MJPEG",
        VideoCodec::Other(name) => name,
    }
}
