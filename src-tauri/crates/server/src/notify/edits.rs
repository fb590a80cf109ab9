//! Lists that somebody edited.

use tokio::sync::broadcast::{self, error::RecvError};

/// A list the UI holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Edited {
    Cameras,
    Groups,
    Layouts,
    Plans,
    Volumes,
    Settings,
    Nodes,
    Tasks,
    AlarmPolicy,
    AlarmRules,
    Arming,
    PushChannels,
    PushRoutes,
}

impl Edited {
    pub const ALL: [Self; 13] = [
        Self::Cameras,
        Self::Groups,
        Self::Layouts,
        Self::Plans,
        Self::Volumes,
        Self::Settings,
        Self::Nodes,
        Self::Tasks,
        Self::AlarmPolicy,
        Self::AlarmRules,
        Self::Arming,
        Self::PushChannels,
        Self::PushRoutes,
    ];

    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Cameras => "cameras",
            Self::Groups => "groups",
            Self::Layouts => "layouts",
            Self::Plans => "plans",
            Self::Volumes => "volumes",
            Self::Settings => "settings",
            Self::Nodes => "nodes",
            Self::Tasks => "tasks",
            Self::AlarmPolicy => "alarm_policy",
            Self::AlarmRules => "alarm_rules",
            Self::Arming => "arming",
            Self::PushChannels => "push_channels",
            Self::PushRoutes => "push_routes",
        }
    }
}

const KEPT: usize = 64;

pub struct Edits(broadcast::Sender<Edited>);

impl Default for Edits {
    fn default() -> Self {
        Self(broadcast::Sender::new(KEPT))
    }
}

impl Edits {
    pub fn note(&self, what: Edited) {
        // Without a listener there is nobody to tell.
        let _ = self.0.send(what);
    }

    pub fn listen(&self) -> Listener {
        Listener(self.0.subscribe())
    }
}

pub struct Listener(broadcast::Receiver<Edited>);

impl Listener {
    /// What was edited; everything after falling behind. Safe to drop and call again.
    pub async fn next(&mut self) -> Vec<Edited> {
        match self.0.recv().await {
            Ok(what) => vec![what],
            Err(RecvError::Lagged(_)) => Edited::ALL.to_vec(),
            Err(RecvError::Closed) => std::future::pending().await,
        }
    }
}
