//! Whether a volume may be written to, decided from what was seen of it.

use super::{disk, marker::Found};
use crate::recording::{
    retention::Capacity,
    shelf::{Bucket, Shelf, fault_of},
};
use std::{io, path::Path, time::Duration};
use watchwall_model::{ErrorCode, Problem, Volume, VolumeState};

/// A call to the disk that takes longer counts as a hanging disk.
pub const HANGS_AFTER: Duration = Duration::from_secs(5);

/// A volume's state and why it is not better.
#[derive(Clone, Debug, PartialEq)]
pub struct VolumeHealth {
    pub state: VolumeState,
    pub reason: Option<Problem>,
    pub capacity: Capacity,
    /// See [`disk::file_system`].
    pub file_system: Option<u64>,
}

impl Default for VolumeHealth {
    fn default() -> Self {
        Self { state: VolumeState::Offline, reason: None, capacity: Capacity::default(), file_system: None }
    }
}

/// What a look at the root found.
pub struct Look {
    pub found: io::Result<Found>,
    pub capacity: io::Result<Capacity>,
    /// A small file could be made there.
    pub probe: io::Result<()>,
    pub file_system: Option<u64>,
}

impl Look {
    /// Looks at the disk; may block for as long as the disk likes.
    pub fn at(volume: &Volume, shelf: &Shelf, was_ready: bool) -> Self {
        match shelf {
            Shelf::Folder(root) => Self::at_folder(volume, root),
            Shelf::Bucket(bucket) => Self::at_bucket(volume, bucket, was_ready),
        }
    }

    fn at_folder(volume: &Volume, root: &Path) -> Self {
        let probe_file = root.join(Volume::PROBE_FILE);
        let found = Found::look(root);
        // Never writes where the marker is not ours.
        let probe = match &found {
            Ok(marker) if marker.check(volume).is_ok() => {
                std::fs::write(&probe_file, b"").and_then(|()| std::fs::remove_file(&probe_file))
            }
            _ => Ok(()),
        };
        Self { found, capacity: disk::capacity(root), probe, file_system: disk::file_system(root) }
    }

    /// Every request may cost something: once it takes writes, it is only asked whether it is there.
    fn at_bucket(volume: &Volume, bucket: &Bucket, was_ready: bool) -> Self {
        let found = bucket.look();
        let probe = match &found {
            Ok(marker) if !was_ready && marker.check(volume).is_ok() => bucket.probe(),
            _ => Ok(()),
        };
        Self { found, capacity: Ok(bucket.capacity()), probe, file_system: None }
    }

    pub fn judge(self, volume: &Volume, longest_call: Duration) -> VolumeHealth {
        let capacity = self.capacity.unwrap_or_default();
        let named = |code| Problem::new(code).with("volume", &volume.code).with("root", volume.root.display());
        let checked = match &self.found {
            Ok(found) => found.check(volume),
            Err(error) => Err(named(fault_of(error).unwrap_or(ErrorCode::DiskFailed)).because(error)),
        };
        let (state, reason) = match (checked, self.probe) {
            (Err(problem), _) => (VolumeState::Offline, Some(problem)),
            (Ok(()), _) if longest_call > HANGS_AFTER => (VolumeState::Offline, Some(hanging(volume, longest_call))),
            (Ok(()), Err(error)) => match disk::code_of(&error) {
                // Room is made by the sweeper; the writers keep trying.
                ErrorCode::DiskFull => (VolumeState::ReadWrite, Some(named(ErrorCode::DiskFull).because(&error))),
                code => (VolumeState::ReadOnly, Some(named(code).because(&error))),
            },
            (Ok(()), Ok(())) => (VolumeState::ReadWrite, None),
        };
        VolumeHealth { state, reason, capacity, file_system: self.file_system }
    }
}

/// The health of a volume whose disk, or whose object store, does not answer.
pub fn hanging(volume: &Volume, for_long: Duration) -> Problem {
    let code = if volume.object.is_some() { ErrorCode::ObjectStoreUnreachable } else { ErrorCode::DiskSlow };
    Problem::new(code).with("volume", &volume.code).with("seconds", for_long.as_secs())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::recording::volume::marker::Marker;
    use watchwall_model::{VolumeCode, VolumeKind};

    #[test]
    fn health_names_the_worst() {
        let volume = Volume {
            code: VolumeCode("main".into()),
            marker: "m".into(),
            name: String::new(),
            root: "/recordings".into(),
            kind: VolumeKind::Local,
            high_watermark_percent: 90.0,
            low_watermark_percent: 75.0,
            priority: 0,
            archive_after_days: None,
            object: None,
        };
        let marker = |id: &str| Found::Marker(Marker { volume: id.into(), code: "main".into() });
        let os = |number| Err(io::Error::from_raw_os_error(number));
        let check = |found, probe, seconds, state, code: Option<ErrorCode>| {
            let look = Look { found: Ok(found), capacity: Ok(Capacity::default()), probe, file_system: Some(1) };
            let health = look.judge(&volume, Duration::from_secs(seconds));
            assert_eq!((health.state, health.reason.map(|p| p.code)), (state, code));
        };
        check(marker("m"), Ok(()), 0, VolumeState::ReadWrite, None);
        check(marker("x"), Ok(()), 0, VolumeState::Offline, Some(ErrorCode::VolumeForeign));
        check(Found::NoMarker, Ok(()), 0, VolumeState::Offline, Some(ErrorCode::VolumeMarkerMissing));
        check(Found::NoRoot, Ok(()), 0, VolumeState::Offline, Some(ErrorCode::VolumeMarkerMissing));
        check(marker("m"), os(libc::EROFS), 0, VolumeState::ReadOnly, Some(ErrorCode::VolumeNotWritable));
        check(marker("m"), os(libc::EIO), 0, VolumeState::ReadOnly, Some(ErrorCode::DiskFailed));
        check(marker("m"), os(libc::ENOSPC), 0, VolumeState::ReadWrite, Some(ErrorCode::DiskFull));
        check(marker("m"), Ok(()), 6, VolumeState::Offline, Some(ErrorCode::DiskSlow));
    }
}
