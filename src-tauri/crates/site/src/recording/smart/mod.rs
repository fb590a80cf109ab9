//! What disks say of their own health, asked through `smartctl` where smartmontools are installed.
//!
//! [`disks`] names the disks below a folder, [`report`] reads what smartctl prints, [`SmartWatch`] (one task) asks every
//! hour and leaves the answer at the volume. A disk that does not answer, and a machine without smartctl, say nothing.

mod disks;
mod report;
mod watch;

pub use report::{DiskSign, DiskWarning};
pub use watch::SmartWatch;
