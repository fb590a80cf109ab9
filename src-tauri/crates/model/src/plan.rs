//! What to record of a stream, where to and for how long. At most one plan per stream path.

use crate::{ErrorCode, StreamPath, UtcMillis, VolumeCode};
use serde::{Deserialize, Serialize};

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum PlanMode {
    Continuous,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Plan {
    pub path: StreamPath,
    pub enabled: bool,
    pub mode: PlanMode,
    /// `None` is `auto`: the site picks.
    pub volume: Option<VolumeCode>,
    pub retention_days: u32,
    /// 1 to 60.
    pub segment_minutes: u32,
    pub audio: bool,
    pub version: i64,
    pub applied_at: Option<UtcMillis>,
}

impl Plan {
    pub const DEFAULT_RETENTION_DAYS: u32 = 7;
    pub const DEFAULT_SEGMENT_MINUTES: u32 = 10;

    pub fn continuous(path: StreamPath) -> Self {
        Self {
            path,
            enabled: true,
            mode: PlanMode::Continuous,
            volume: None,
            retention_days: Self::DEFAULT_RETENTION_DAYS,
            segment_minutes: Self::DEFAULT_SEGMENT_MINUTES,
            audio: true,
            version: 0,
            applied_at: None,
        }
    }
}

/// What a plan is really doing, beside what was wanted.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "running", rename_all = "snake_case")]
pub enum PlanRunning {
    Off,
    Starting,
    Recording {
        since: UtcMillis,
        last_fragment_at: UtcMillis,
    },
    /// A running plan without a new fragment for 10 s. Never silent.
    NotRecording {
        since: UtcMillis,
        code: ErrorCode,
        detail: String,
    },
}
