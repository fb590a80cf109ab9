//! One scene of one task, and the node that runs it.

use std::time::{Duration, Instant};
use watchwall_model::NodeId;

/// A node that was asked has this long to say that it runs a scene.
pub const CONFIRM_WITHIN: Duration = Duration::from_secs(5);
/// A scene of which nothing is heard for longer is lost.
pub const SILENT_FOR: Duration = Duration::from_secs(30);
/// After a restart of the site a node has this long to come back to what it ran.
pub const GRACE: Duration = Duration::from_secs(15);
/// What has run for so long starts again with the shortest wait.
const HEALTHY_AFTER: Duration = Duration::from_secs(60);
const FIRST_WAIT: Duration = Duration::from_secs(1);
const LONGEST_WAIT: Duration = Duration::from_secs(60);

/// How a scene stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SeatState {
    /// Nobody runs it until then.
    Empty {
        retry_at: Instant,
    },
    /// It ran on this node before the site started, which is not back yet.
    Held {
        node: NodeId,
        until: Instant,
    },
    /// The node was told to.
    Asked {
        node: NodeId,
        until: Instant,
    },
    Running {
        node: NodeId,
        since: Instant,
        heard: Instant,
    },
}

/// A scene's place: who has it, and how often it was given anew.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Seat {
    pub state: SeatState,
    /// Since the task was started by a person.
    pub restarts: u32,
    /// Failures in a row.
    attempt: u32,
    /// Why it last stopped; stays until it has run for a while.
    pub failure: Option<String>,
    /// The node that lost it.
    pub last: Option<NodeId>,
}

impl Seat {
    pub const fn empty(now: Instant) -> Self {
        Self { state: SeatState::Empty { retry_at: now }, restarts: 0, attempt: 0, failure: None, last: None }
    }

    pub fn held(node: NodeId, now: Instant) -> Self {
        let until = now + GRACE;
        Self { state: SeatState::Held { node, until }, ..Self::empty(now) }
    }

    /// The only node whose results count.
    pub const fn owner(&self) -> Option<NodeId> {
        match self.state {
            SeatState::Empty { .. } => None,
            SeatState::Held { node, .. } | SeatState::Asked { node, .. } | SeatState::Running { node, .. } => {
                Some(node)
            }
        }
    }

    pub const fn is_running(&self) -> bool {
        matches!(self.state, SeatState::Running { .. })
    }

    pub fn ask(&mut self, node: NodeId, now: Instant) {
        self.state = SeatState::Asked { node, until: now + CONFIRM_WITHIN };
    }

    /// Its node says that it runs it.
    pub fn confirm(&mut self, now: Instant) {
        match &mut self.state {
            SeatState::Running { since, heard, .. } => {
                *heard = now;
                if now.duration_since(*since) >= HEALTHY_AFTER {
                    self.attempt = 0;
                    self.failure = None;
                }
            }
            SeatState::Asked { node, .. } | SeatState::Held { node, .. } => {
                self.state = SeatState::Running { node: *node, since: now, heard: now };
            }
            SeatState::Empty { .. } => {}
        }
    }

    /// It stopped by itself or was lost with its node. The first time another node is looked for at once.
    pub fn lose(&mut self, failure: &str, now: Instant) {
        let wait = match self.attempt {
            0 => Duration::ZERO,
            attempt => FIRST_WAIT.saturating_mul(1 << (attempt - 1).min(10)).min(LONGEST_WAIT),
        };
        self.last = self.owner();
        self.attempt += 1;
        self.restarts += 1;
        self.failure = Some(failure.to_owned());
        self.state = SeatState::Empty { retry_at: now + wait };
    }

    /// Taken away on purpose: no failure.
    pub fn clear(&mut self, now: Instant) {
        self.state = SeatState::Empty { retry_at: now };
    }

    /// What has been waited for too long, as a code of the catalogue.
    pub fn overdue(&self, now: Instant) -> Option<&'static str> {
        match &self.state {
            SeatState::Held { until, .. } if now >= *until => Some("node_away"),
            SeatState::Asked { until, .. } if now >= *until => Some("start_not_confirmed"),
            SeatState::Running { heard, .. } if now.duration_since(*heard) >= SILENT_FOR => Some("scene_silent"),
            _ => None,
        }
    }

    pub fn is_due(&self, now: Instant) -> bool {
        matches!(self.state, SeatState::Empty { retry_at } if now >= retry_at)
    }
}
