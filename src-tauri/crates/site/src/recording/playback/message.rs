//! What a playback session says, and what is asked of it.

use super::speed::Speed;
use bytes::Bytes;
use std::sync::Arc;
use watchwall_media::{AccessUnit, StreamParams};
use watchwall_model::{GapReason, Problem, UtcMillis};

/// How a session opens.
#[derive(Clone, Debug)]
pub struct PlaybackOptions {
    pub from: UtcMillis,
    pub speed: Speed,
    pub gaps: GapMode,
    pub audio: SoundMode,
    /// Opens playing or on its first picture.
    pub start: StartMode,
}

impl PlaybackOptions {
    /// Plays from here at normal speed, over the gaps, without sound.
    pub const fn at(from: UtcMillis) -> Self {
        Self { from, speed: Speed::NORMAL, gaps: GapMode::Skip, audio: SoundMode::Silent, start: StartMode::Playing }
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum GapMode {
    /// Jump to the next picture.
    Skip,
    /// Let the time of the gap pass.
    Show,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SoundMode {
    Silent,
    Audible,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum StartMode {
    Playing,
    Paused,
}

/// One message of a session, in the order the player needs them.
#[derive(Clone, Debug)]
pub enum PlaybackMessage {
    /// Before the first picture and after each change of coding.
    Init {
        params: Arc<StreamParams>,
        message: Bytes,
    },
    /// Framed as for live view; the header's time is the recorded wall clock, flag bit 3 marks a picture before the
    /// seek target. The unit itself is for whoever has to transcode.
    Unit {
        unit: Arc<AccessUnit>,
        message: Bytes,
    },
    /// What follows belongs to this seek; the picture will be that of `at`. Every seek is answered so once, before its
    /// first picture, unless another takes its place or the recording cannot be read.
    Seeked {
        at: UtcMillis,
        seek_id: u64,
    },
    Gap {
        from: UtcMillis,
        to: UtcMillis,
        reason: GapReason,
    },
    /// Caught up with what is being recorded; more follows by itself.
    LiveEdge {
        at: UtcMillis,
    },
    /// Nothing is recorded beyond this.
    End {
        at: UtcMillis,
    },
    /// The session stands; a seek may help.
    Error(Problem),
}
