//! Recording: plans, recorders, volumes, index, retention, timeline, playback.
//!
//! [`Recording`] is the handle everybody else holds. Behind it [`engine`] starts and stops the rest, anew when
//! [`relocation`] moves the first volume to a [`folder`]:
//! * [`reconcile`] (one task) compares wanted plans with running recorders and is the only code that starts or stops
//!   one; it also sees when a plan falls silent.
//! * [`recorder`] (one task per enabled plan) turns a hub's units into fragments and decides where files are cut.
//! * [`placement`] names the volume for each file; [`volume_set`] mounts volumes and lets them go while others work.
//! * [`volume`] (two writer threads and one keeper task each) writes them, makes them durable in groups, and only then
//!   tells the index. [`sweeper`] (one task per volume) makes room by the rules of [`retention`] and [`quota`].
//! * [`tiering`] (one task) moves finished recordings of some age to archives; [`shelf`] is a folder or a bucket of an object
//!   store, to whoever handles finished files.
//! * [`smart`] (one task) asks disks for their health.
//! * [`triggers`] say when a plan that awaits events records; cameras and the API put them there.
//! * [`causes`] (one task) notes why nothing was recorded; [`timeline`] explains gaps with it.
//! * [`recovery`] repairs what a crash left, file by file ([`mending`]), before anything else starts; [`nightly`] (one task) compares everything once a day.
//! * [`integrity`] compares files with what they were when they were finished.
//! * [`gap_fill`] (one task, and one per stretch under way) fetches from cameras' own storage what is missing.
//! * [`archive`], [`playback`], [`reel`], [`clip`], [`playlist`] and [`picture`] read; they spawn nothing.
//!
//! [`container`] is the only file that knows how media writes and reads boxes, [`index`] the only one that knows the
//! store. Channels: hub subscription to recorder (bounded there; overflow is a counted gap), recorder to writer
//! (bounded in bytes; overflow drops the fragment and is a gap with reason disk), notes to the cause writer (bounded;
//! overflow loses the reason, never the gap).

mod archive;
mod causes;
mod checksums;
mod clip;
mod container;
mod copies;
mod engine;
mod folder;
mod gap_fill;
mod ground;
mod handle;
mod index;
mod integrity;
mod keep;
mod mending;
mod nightly;
mod picture;
mod placement;
mod playback;
mod playlist;
mod quota;
mod reconcile;
mod recorder;
mod recovery;
mod reel;
mod relocation;
mod retention;
mod shelf;
mod smart;
mod stats;
mod stills;
mod streams;
mod sweeper;
mod tiering;
mod timeline;
mod triggers;
mod volume;
mod volume_admin;
mod volume_set;
mod volumes;

pub use clip::{Clip, ClipPieceAt, ClipUnit};
pub use folder::FolderReport;
pub use gap_fill::{EdgeRecording, EdgeStorage, GapFill, GapFillFigures, GapFillParts, GapFillView, GapFillWish};
pub use handle::{PlanRefused, PlanView, Recording};
pub use integrity::{Flaw, Integrity, IntegrityFinding};
pub use picture::Picture;
pub use playback::{GapMode, PlaybackMessage, PlaybackOptions, PlaybackSession, SoundMode, Speed, StartMode};
pub use playlist::{Join, ListedFile, Outlook, Part, Playlist, RecordedFile};
pub use recovery::Recovered;
pub use reel::{RecordedReel, ReelStart};
pub use relocation::Moved;
pub use retention::Capacity;
pub use smart::{DiskSign, DiskWarning};
pub use stats::{RecordingStats, STALL_BOUNDS_MS, StallHistogram, VolumeFigures};
pub use streams::{StreamSource, StreamTap};
pub use timeline::Track as TimelineTrack;
pub use triggers::{Accepted, Asked, CameraTrigger, Kept, TriggerMark};
pub use volume::VolumeHealth;
pub use volume_admin::{FolderLook, NewVolume, ObjectChange, VolumeChange, VolumeStanding, VolumeView};
