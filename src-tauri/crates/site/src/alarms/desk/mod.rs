//! The one task that raises alarms and changes them.
//!
//! Happenings come in batches; each batch is one transaction with what has to be told of it. While the database refuses,
//! the desk keeps its batch and tries again, and whoever has more to tell waits: nothing is lost, and nothing piles up.

mod buckets;
mod merge;
mod work;

pub use work::{ARMING_KEY, Desk, DeskParts, POLICY_KEY};

use tokio::sync::oneshot;
use watchwall_model::{Alarm, AlarmAct, AlarmId, Happening, Problem, Sameness, Verdict};

/// What the desk is asked.
pub enum Command {
    /// Answered when they are kept.
    Happened {
        what: Vec<Happening>,
        kept: oneshot::Sender<Result<(), Problem>>,
    },
    Act {
        wanted: Act,
        done: oneshot::Sender<Result<Alarm, Problem>>,
    },
    /// What went on is over: what was raised of it closes, unless somebody has it in hand.
    Over(Sameness),
    /// Policy, rules or arming were edited; answered when that is in force.
    Edited {
        done: oneshot::Sender<()>,
    },
}

/// What somebody does with an alarm.
#[derive(Clone, Debug)]
pub struct Act {
    pub alarm: AlarmId,
    pub act: AlarmAct,
    pub verdict: Option<Verdict>,
    /// A user's name.
    pub by: String,
    pub note: Option<String>,
}
