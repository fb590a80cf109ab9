//! The marker file that tells a mounted volume from the empty folder under a missing mount.

use serde::{Deserialize, Serialize};
use std::{
    fs,
    io::{self, Write},
    path::Path,
};
use watchwall_model::{ErrorCode, Problem, Volume};

/// What stands in the root of a volume, as JSON.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Marker {
    /// The random id, equal to [`Volume::marker`].
    pub volume: String,
    pub code: String,
}

impl Marker {
    /// What is to stand in the marker file of this volume.
    ///
    /// # Errors
    /// None that is known.
    pub fn text_of(volume: &Volume) -> io::Result<Vec<u8>> {
        let marker = Self { volume: volume.marker.clone(), code: volume.code.0.clone() };
        serde_json::to_vec_pretty(&marker).map_err(io::Error::other)
    }
}

/// What was found where a volume should be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Found {
    Marker(Marker),
    NoMarker,
    /// There, and not readable as a marker.
    Damaged,
    NoRoot,
}

impl Found {
    /// What a marker file with this text says.
    pub fn read(text: &[u8]) -> Self {
        serde_json::from_slice(text).map_or(Self::Damaged, Self::Marker)
    }

    /// # Errors
    /// Whatever reading fails with, other than a missing file or folder.
    pub fn look(root: &Path) -> io::Result<Self> {
        match fs::read(root.join(Volume::MARKER_FILE)) {
            Ok(text) => Ok(Self::read(&text)),
            Err(e) if e.kind() == io::ErrorKind::NotFound => {
                Ok(if root.is_dir() { Self::NoMarker } else { Self::NoRoot })
            }
            Err(e) => Err(e),
        }
    }

    /// Says whether this is the volume, or why nothing may be written there.
    ///
    /// # Errors
    /// `volume_marker_missing` or `volume_foreign`.
    pub fn check(&self, volume: &Volume) -> Result<(), Problem> {
        let problem = |code| Problem::new(code).with("volume", &volume.code).with("root", volume.root.display());
        match self {
            Self::Marker(marker) if marker.volume == volume.marker => Ok(()),
            Self::Marker(marker) => Err(problem(ErrorCode::VolumeForeign).with("found", &marker.volume)),
            Self::Damaged => Err(problem(ErrorCode::VolumeForeign).because("the marker file cannot be read as one")),
            Self::NoMarker => Err(problem(ErrorCode::VolumeMarkerMissing)),
            Self::NoRoot => Err(problem(ErrorCode::VolumeMarkerMissing).because("the folder does not exist")),
        }
    }
}

/// Makes the folder this volume's, durably.
///
/// # Errors
/// Whatever the file system answers.
pub fn write(volume: &Volume) -> io::Result<()> {
    fs::create_dir_all(&volume.root)?;
    let text = Marker::text_of(volume)?;
    let temporary = volume.root.join(format!("{}.new", Volume::MARKER_FILE));
    let mut file = fs::File::create(&temporary)?;
    file.write_all(&text)?;
    file.sync_all()?;
    fs::rename(&temporary, volume.root.join(Volume::MARKER_FILE))?;
    super::disk::sync_folder(&volume.root)
}

#[cfg(test)]
mod tests {
    use super::*;
    use watchwall_model::{VolumeCode, VolumeKind};

    fn volume(root: &Path) -> Volume {
        Volume {
            code: VolumeCode("main".into()),
            marker: "a1b2".into(),
            name: "Main".into(),
            root: root.to_owned(),
            kind: VolumeKind::Local,
            high_watermark_percent: 90.0,
            low_watermark_percent: 75.0,
            priority: 0,
            archive_after_days: None,
            object: None,
        }
    }

    #[test]
    fn only_the_right_marker_opens_a_volume() {
        let folder = tempfile::tempdir().unwrap();
        let ours = volume(&folder.path().join("disk"));
        let check = |expect: Option<ErrorCode>| {
            let found = Found::look(&ours.root).unwrap();
            assert_eq!(found.check(&ours).err().map(|p| p.code), expect, "{found:?}");
        };
        check(Some(ErrorCode::VolumeMarkerMissing));
        fs::create_dir(&ours.root).unwrap();
        check(Some(ErrorCode::VolumeMarkerMissing));
        write(&ours).unwrap();
        check(None);
        write(&Volume { marker: "other".into(), ..ours.clone() }).unwrap();
        check(Some(ErrorCode::VolumeForeign));
        fs::write(ours.root.join(Volume::MARKER_FILE), b"{").unwrap();
        check(Some(ErrorCode::VolumeForeign));
    }
}
