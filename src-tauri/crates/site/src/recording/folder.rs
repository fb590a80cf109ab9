//! A folder that may become a volume: what it must be, and making it.
//!
//! Everything that touches the disk runs on tokio's blocking threads and is given up after a few seconds.

use super::{
    archive::blocking,
    retention::Capacity,
    volume::{
        disk,
        marker::{self, Found, Marker},
    },
};
use std::{
    fs, io,
    path::{Component, Path, PathBuf},
    time::Duration,
};
use watchwall_model::{ErrorCode, Problem, Volume};

/// A disk that takes longer to be looked at hangs.
const PATIENCE: Duration = Duration::from_secs(5);

/// What stands where recordings may go.
#[derive(Clone, Debug, PartialEq)]
pub struct FolderReport {
    pub root: PathBuf,
    pub capacity: Capacity,
    pub exists: bool,
    /// It already is a volume of this site.
    pub is_volume: bool,
    /// Where the first volume is now.
    pub default_folder: PathBuf,
}

/// What happens with a folder that carries the marker of a volume.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Former {
    Refused,
    TakenOver,
}

/// A folder that passed every check and was made where it was missing. What was made goes again unless it is kept.
#[derive(Debug)]
pub struct Prepared {
    pub root: PathBuf,
    pub capacity: Capacity,
    pub existed: bool,
    /// The marker of the volume that it was before.
    pub found: Option<Marker>,
    /// Outermost first.
    made: Vec<PathBuf>,
}

impl Prepared {
    /// The folders stay.
    pub fn keep(mut self) {
        self.made.clear();
    }
}

impl Drop for Prepared {
    fn drop(&mut self) {
        for folder in self.made.iter().rev() {
            if let Err(error) = fs::remove_dir(folder) {
                tracing::warn!(path = %folder.display(), "a folder made for recordings stays: {error}");
            }
        }
    }
}

/// A typed folder as a path.
///
/// # Errors
/// `volume_path_invalid` unless it is absolute, free of `..`, and below the root of the file system.
pub fn parse(typed: &str) -> Result<PathBuf, Problem> {
    let path = Path::new(typed.trim());
    let is_plain = !path.components().any(|part| part == Component::ParentDir) && !typed.contains('\0');
    if !path.is_absolute() || !is_plain || path.parent().is_none() {
        return Err(Problem::new(ErrorCode::VolumePathInvalid).with("root", path.display()).at("read_path"));
    }
    // Without the trailing slash and doubled ones.
    Ok(path.components().collect())
}

/// Checks a folder against the disk and the volumes there are, and makes it.
///
/// # Errors
/// `volume_path_invalid`, `volume_overlaps`, `volume_foreign`, `volume_not_writable`, `disk_full`, `disk_failed`;
/// `disk_slow` when the disk does not answer. Nothing is left there then.
pub async fn prepare(root: PathBuf, volumes: Vec<Volume>, former: Former) -> Result<Prepared, Problem> {
    let shown = root.display().to_string();
    let work = blocking(move || prepare_now(root, &volumes, former));
    match tokio::time::timeout(PATIENCE, work).await {
        Ok(result) => result,
        Err(_) => Err(Problem::new(ErrorCode::DiskSlow).with("root", shown).with("seconds", PATIENCE.as_secs())),
    }
}

fn prepare_now(root: PathBuf, volumes: &[Volume], former: Former) -> Result<Prepared, Problem> {
    let named = |code| Problem::new(code).with("root", root.display());
    let real = real_path(&root).map_err(|e| named(ErrorCode::VolumePathInvalid).at("read_path").because(e))?;
    for volume in volumes.iter().filter(|volume| volume.object.is_none()) {
        let other = real_path(&volume.root).unwrap_or_else(|_| volume.root.clone());
        if real.starts_with(&other) || other.starts_with(&real) {
            return Err(named(ErrorCode::VolumeOverlaps).with("other", volume.root.display()));
        }
    }
    // Another site's volume may lie around it.
    if let Some(other) = real.ancestors().skip(1).find(|above| above.join(Volume::MARKER_FILE).exists()) {
        return Err(named(ErrorCode::VolumeOverlaps).with("other", other.display()));
    }
    let existed = real.exists();
    if existed && !real.is_dir() {
        return Err(named(ErrorCode::VolumePathInvalid).at("read_path").because("this is a file"));
    }
    let found = Found::look(&root).map_err(|error| named(refused(&error)).at("read_marker").because(error))?;
    let found = former_marker(found, volumes, former).map_err(|problem| problem.with("root", root.display()))?;
    let is_former = found.is_some();
    let mut prepared = Prepared { root: root.clone(), capacity: Capacity::default(), existed, found, made: Vec::new() };
    let mut missing: Vec<&Path> = root.ancestors().take_while(|folder| !folder.exists()).collect();
    while let Some(folder) = missing.pop() {
        fs::create_dir(folder).map_err(|e| named(refused(&e)).at("create_folder").because(e))?;
        prepared.made.push(folder.to_owned());
    }
    probe(&root).map_err(|e| named(refused(&e)).at("write_file").because(e))?;
    prepared.capacity = disk::capacity(&root).map_err(|e| named(ErrorCode::DiskFailed).at("read_space").because(e))?;
    // One that holds recordings is looked after by its retention.
    if !is_former && prepared.capacity.used_percent() >= Volume::DEFAULT_HIGH_WATERMARK_PERCENT {
        return Err(named(ErrorCode::DiskFull).with("free_bytes", prepared.capacity.free_bytes));
    }
    Ok(prepared)
}

/// The marker of the volume that this place was before, if it was one and may be taken over.
///
/// # Errors
/// `volume_overlaps` when it is one of these volumes, `volume_foreign`.
pub fn former_marker(found: Found, volumes: &[Volume], former: Former) -> Result<Option<Marker>, Problem> {
    match found {
        Found::NoMarker | Found::NoRoot => Ok(None),
        // The same place under another name, or a copy of one.
        Found::Marker(marker) if let Some(same) = volumes.iter().find(|volume| volume.marker == marker.volume) => {
            Err(Problem::new(ErrorCode::VolumeOverlaps).with("other", same.root.display()))
        }
        Found::Marker(marker) if former == Former::TakenOver => Ok(Some(marker)),
        Found::Marker(marker) => {
            Err(Problem::new(ErrorCode::VolumeForeign).with("found", marker.volume).suggesting("take_over_volume"))
        }
        Found::Damaged => Err(Problem::new(ErrorCode::VolumeForeign).because("the marker file cannot be read as one")),
    }
}

/// The path without symbolic links, as far as it exists.
fn real_path(path: &Path) -> io::Result<PathBuf> {
    for folder in path.ancestors() {
        match folder.canonicalize() {
            Ok(real) => return Ok(path.strip_prefix(folder).map_or(real.clone(), |rest| real.join(rest))),
            Err(error) if error.kind() == io::ErrorKind::NotFound => {}
            Err(error) => return Err(error),
        }
    }
    Ok(path.to_owned())
}

/// A file can be made, written and removed.
fn probe(root: &Path) -> io::Result<()> {
    let file = root.join(Volume::PROBE_FILE);
    fs::write(&file, b"watchwall")?;
    fs::remove_file(&file)
}

fn refused(error: &io::Error) -> ErrorCode {
    match error.kind() {
        io::ErrorKind::NotADirectory | io::ErrorKind::NotFound | io::ErrorKind::InvalidInput => {
            ErrorCode::VolumePathInvalid
        }
        _ => disk::code_of(error),
    }
}

/// Makes a prepared folder this volume's.
///
/// # Errors
/// What the file system answers, as [`prepare`] names it.
pub async fn mark(volume: &Volume) -> Result<(), Problem> {
    let volume = volume.clone();
    blocking(move || {
        marker::write(&volume)
            .map_err(|e| Problem::new(refused(&e)).with("root", volume.root.display()).at("write_marker").because(e))
    })
    .await
}

/// The size and room of a folder that is there.
///
/// # Errors
/// `disk_failed`.
pub async fn capacity(root: PathBuf) -> Result<Capacity, Problem> {
    blocking(move || {
        disk::capacity(&root)
            .map_err(|e| Problem::new(ErrorCode::DiskFailed).with("root", root.display()).at("read_space").because(e))
    })
    .await
}

/// Takes the mark away again; the folder stays.
pub async fn clear_mark(root: &Path) {
    let root = root.to_owned();
    let cleared = blocking(move || {
        fs::remove_file(root.join(Volume::MARKER_FILE))
            .or_else(|e| if e.kind() == io::ErrorKind::NotFound { Ok(()) } else { Err(e) })
            .map_err(|e| Problem::new(disk::code_of(&e)).with("root", root.display()).at("remove_marker").because(e))
    });
    if let Err(problem) = cleared.await {
        tracing::warn!(error = %problem, "the marker of a former volume stays");
    }
}

/// Takes the mark away, and the folder if nothing else is in it.
pub async fn unmark(root: &Path) {
    clear_mark(root).await;
    let root = root.to_owned();
    // A folder that is not empty holds what is not ours to remove.
    let removed = blocking(move || Ok(fs::remove_dir(&root)));
    if let Ok(Err(error)) = removed.await {
        tracing::info!("the former folder of recordings stays: {error}");
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use watchwall_model::{VolumeCode, VolumeKind};

    fn volume(root: &Path, id: &str) -> Volume {
        Volume {
            code: VolumeCode("main".into()),
            marker: id.into(),
            name: String::new(),
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
    fn paths_are_absolute_and_plain() {
        let check = |typed: &str, expect: Option<&str>| {
            assert_eq!(parse(typed).ok(), expect.map(PathBuf::from), "{typed}");
        };
        check(" /mnt/disk//recordings/ ", Some("/mnt/disk/recordings"));
        check("recordings", None);
        check("./recordings", None);
        check("/mnt/../etc", None);
        check("/", None);
        check("", None);
        check("/mnt/a\0b", None);
    }

    #[test]
    fn a_folder_is_checked_before_it_is_a_volume() {
        let folder = tempfile::tempdir().unwrap();
        let at = |name: &str| folder.path().join(name);
        let ours = volume(&at("ours"), "a");
        marker::write(&ours).unwrap();
        marker::write(&volume(&at("foreign"), "b")).unwrap();
        fs::create_dir(at("damaged")).unwrap();
        fs::write(at("damaged").join(Volume::MARKER_FILE), b"{").unwrap();
        fs::write(at("file"), b"").unwrap();
        #[cfg(unix)]
        std::os::unix::fs::symlink(at("ours"), at("link")).unwrap();
        let check = |root: PathBuf, expect: Option<ErrorCode>| {
            let found = prepare_now(root.clone(), std::slice::from_ref(&ours), Former::Refused);
            assert_eq!(found.err().map(|p| p.code), expect, "{}", root.display());
        };
        check(at("new"), None);
        check(at("new/deep/er"), None);
        assert!(!at("new").exists(), "a look leaves nothing");
        check(at("ours/in"), Some(ErrorCode::VolumeOverlaps));
        check(folder.path().to_owned(), Some(ErrorCode::VolumeOverlaps));
        check(at("foreign"), Some(ErrorCode::VolumeForeign));
        check(at("foreign/in"), Some(ErrorCode::VolumeOverlaps));
        check(at("damaged"), Some(ErrorCode::VolumeForeign));
        check(at("file"), Some(ErrorCode::VolumePathInvalid));
        check(at("file/in"), Some(ErrorCode::VolumePathInvalid));
        #[cfg(unix)]
        check(at("link/in"), Some(ErrorCode::VolumeOverlaps));
        #[cfg(target_os = "linux")]
        check("/sys/watchwall-recordings".into(), Some(ErrorCode::VolumeNotWritable));
    }

    #[test]
    fn a_former_volume_is_taken_over_when_asked() {
        let folder = tempfile::tempdir().unwrap();
        let former = volume(&folder.path().join("former"), "b");
        marker::write(&former).unwrap();
        let take = |volumes: &[Volume]| prepare_now(former.root.clone(), volumes, Former::TakenOver);
        assert_eq!(take(&[]).unwrap().found.as_ref().unwrap().volume, "b");
        assert!(former.root.join(Volume::MARKER_FILE).exists(), "a look leaves it as it is");
        // Mounted somewhere else too.
        let same = volume(&folder.path().join("elsewhere"), "b");
        assert_eq!(take(&[same]).unwrap_err().code, ErrorCode::VolumeOverlaps);
    }

    #[test]
    fn what_was_made_stays_only_when_kept() {
        let folder = tempfile::tempdir().unwrap();
        let root = folder.path().join("a/b");
        let prepared = prepare_now(root.clone(), &[], Former::Refused).unwrap();
        assert!(root.is_dir() && !prepared.existed && prepared.capacity.total_bytes > 0);
        drop(prepared);
        assert!(!folder.path().join("a").exists());
        prepare_now(root.clone(), &[], Former::Refused).unwrap().keep();
        assert!(prepare_now(root.clone(), &[], Former::Refused).unwrap().existed);
        assert!(root.is_dir());
    }
}
