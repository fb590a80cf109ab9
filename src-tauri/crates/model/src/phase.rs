//! The phases every long-lived thing passes through (ingest, recorder, exporter, node, push target).

use crate::{ErrorCode, UtcMillis};
use serde::{Deserialize, Serialize};

/// Where a long-lived thing stands. Liveness is the age of its last access unit, never "no error seen".
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "phase", rename_all = "snake_case")]
pub enum Phase {
    /// Nobody wants it.
    Idle,
    Connecting {
        attempt: u32,
    },
    Live,
    /// Connected, yet nothing arrives.
    Stalled {
        since: UtcMillis,
    },
    /// Waiting out the back-off.
    Waiting {
        until: UtcMillis,
        attempt: u32,
        reason: WaitReason,
    },
    /// Trying again would not help or would do harm; a person must act.
    NeedsAttention {
        reason: Attention,
    },
    /// The last interest left; stopping soon.
    Draining,
}

/// Why the last attempt failed, and the catalogue's code for it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct WaitReason {
    pub code: ErrorCode,
    /// One English line for the log and the details view; holds no secret.
    pub detail: String,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Attention {
    pub code: ErrorCode,
    pub detail: String,
}

impl Phase {
    pub const fn is_live(&self) -> bool {
        matches!(self, Self::Live)
    }
}
