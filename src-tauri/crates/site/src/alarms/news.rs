//! What listeners are told.

use std::sync::Arc;
use watchwall_model::{Alarm, AlarmId, RuleSound};

/// Something changed.
#[derive(Clone, Debug)]
pub enum AlarmNews {
    Raised(Arc<Alarm>),
    /// It happened again, or somebody or something changed it.
    Changed(Arc<Alarm>),
    /// For the desktop of whoever has a window open.
    Notify {
        title: String,
        text: String,
        level: u32,
        alarm: Option<AlarmId>,
    },
    /// A rule wants to be heard.
    Sound {
        sound: RuleSound,
        level: u32,
    },
}
