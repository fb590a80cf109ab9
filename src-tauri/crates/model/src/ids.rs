//! Row identities. Each noun has its own type so that one cannot be passed for another.

use serde::{Deserialize, Serialize};
use std::fmt;

macro_rules! id {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
        #[serde(transparent)]
        pub struct $name(pub i64);

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.fmt(f)
            }
        }
    };
}

id!(/// One picture source.
    CameraId);
id!(/// One box on the network with an ONVIF endpoint.
    DeviceId);
id!(/// One user name and password to try on new devices.
    CredentialSetId);
id!(/// One round of a camera through its presets.
    PatrolId);
id!(/// A node of the camera tree.
    GroupId);
id!(/// A saved arrangement of tiles.
    LayoutId);
id!(/// A stretch of recordings that nothing may delete.
    EvidenceLockId);
id!(/// A remark about a moment of a recording.
    BookmarkId);
id!(/// Clips of an incident, with notes.
    CaseId);
id!(/// Recordings handed out.
    ExportId);
id!(/// A stretch of a recording to be had from a camera's own storage.
    GapFillId);
id!(/// What AI engines are to look for in one camera's picture.
    TaskId);
id!(/// A program that runs AI engines.
    NodeId);
id!(/// Something that happened and people should see.
    AlarmId);
id!(/// What is done when something happens.
    AlarmRuleId);
id!(/// A way to reach people.
    PushChannelId);
id!(/// One recording file.
    SegmentId);
id!(/// A person or program that may log in.
    UserId);
id!(/// One login. Never the session's secret.
    SessionId);

impl TaskId {
    /// Numbers from here on are trials of tasks on recordings. No row gets so far, and every reader of JSON still knows them
    /// exactly.
    pub const FIRST_TRIAL: Self = Self(1 << 40);

    /// Whether it is a trial of a task, and no task that is kept.
    pub const fn is_trial(self) -> bool {
        self.0 >= Self::FIRST_TRIAL.0
    }
}
