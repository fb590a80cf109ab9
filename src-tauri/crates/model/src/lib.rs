//! Nouns and rules of Watchwall, one file each.
//!
//! Nothing here does I/O, spawns a task or knows async. Every other crate may use this one;
//! this one uses none of them. Times are UTC milliseconds ([`UtcMillis`]) unless a name says otherwise.

mod ai_node;
mod ai_result;
mod ai_task;
mod alarm;
mod alarm_rule;
mod camera;
mod camera_event;
mod codec;
mod device;
mod error;
mod evidence;
mod gap;
mod gap_fill;
mod group;
mod health;
mod ids;
mod layout;
mod lockout;
mod path;
mod phase;
mod plan;
mod push_policy;
mod safe_url;
mod scene_code;
mod schedule;
mod secret;
mod segment;
mod time;
mod user;
mod volume;

pub mod config;

pub use ai_node::{AiNode, AiNodeFacts};
pub use ai_result::AiResultRow;
pub use ai_task::{AiScene, AiTask, AiTaskParams, DispatchMode, Point, Quality, SnapshotPolicy};
pub use alarm::{
    Alarm, AlarmAct, AlarmClip, AlarmHistory, AlarmSource, AlarmState, AlarmStep, Happening, Sameness, Verdict,
};
pub use alarm_rule::{AlarmRule, Arming, ArmingMode, RuleAction, RuleMatch, RuleSound};
pub use camera::{Camera, Credentials, IngestEngine, Stream, StreamFacts, Transport};
pub use camera_event::{CameraEventRow, CameraEventState, NewCameraEvent, Patrol, PatrolStep};
pub use codec::{AudioCodec, VideoCodec};
pub use device::{CredentialSet, Device, DeviceEndpoint, DeviceFacts, DeviceProfile, DeviceService, StreamFailure};
pub use error::{ErrorCode, Problem};
pub use evidence::{Bookmark, BurnIn, Case, CaseClip, EvidenceLock, ExportClip, ExportRow, ExportState, ExportWanted};
pub use gap::{Gap, GapReason};
pub use gap_fill::{GapFillRow, GapFillState};
pub use group::Group;
pub use health::{CameraHealth, HealthState, OfflineEvent};
pub use ids::{
    AlarmId, AlarmRuleId, BookmarkId, CameraId, CaseId, CredentialSetId, DeviceId, EvidenceLockId, ExportId, GapFillId,
    GroupId, LayoutId, NodeId, PatrolId, PushChannelId, SegmentId, SessionId, TaskId, UserId,
};
pub use layout::{Layout, LayoutGrid, Tile};
pub use lockout::{Admission, DeviceKey, Door, DoorStanding, LockoutLatch, RefusedLogin};
pub use path::{StreamPath, StreamRole};
pub use phase::{Attention, Phase, WaitReason};
pub use plan::{EventRule, Plan, PlanMode, PlanRunning, TriggerKind};
pub use push_policy::{AlarmPolicy, LevelPolicy, PushMode, PushPolicy, check_route_key};
pub use safe_url::SafeUrl;
pub use scene_code::SceneCode;
pub use schedule::{Slot, SlotAt, WeekSchedule};
pub use secret::Secret;
pub use segment::{FileChecksum, FileHash, Fragment, HashKind, Segment, SegmentOrigin, SegmentState};
pub use time::{TimeRange, UtcMicros, UtcMillis};
pub use user::{Right, Role, User};
pub use volume::{ObjectPlace, Volume, VolumeCode, VolumeKind, VolumeState};
