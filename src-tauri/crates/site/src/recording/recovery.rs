//! After a start: tails that a crash left, and files the index does not know.
//!
//! The start trusts the index. It looks at files whose row says `recording`, and at the newest day folders for files
//! that were begun after the last index round; nothing else is opened, so half a million rows cost nothing.

use super::{
    archive::{OpenFiles, blocking},
    index::Index,
    mending::{Mended, mend, read_stored},
    recorder::parse_file_name,
    shelf::Shelf,
    volume::{VolumeDisk, disk},
};
use jiff::tz::TimeZone;
use std::{
    collections::{BTreeMap, BTreeSet, HashMap, HashSet},
    fs, io,
    path::Path,
};
use watchwall_model::{GapReason, Problem, Segment, SegmentId, StreamPath, TimeRange, UtcMillis, VolumeCode};

/// Day folders per stream that may hold a file begun just before a crash: so many by their names, and as many by when
/// something last changed in them, because the clock may have been wrong.
const NEWEST_DAYS: usize = 2;
const DAY_MS: i64 = 86_400_000;
/// Names may tell the time of another zone than the one the site has now.
const ZONES_MS: i64 = 14 * 3_600_000;

/// What a start or a reindex did.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Recovered {
    /// Tails repaired.
    pub segments: usize,
    /// Files taken into the index.
    pub found: usize,
    /// Rows whose file is gone.
    pub missing: usize,
    /// Files that hold no recording at all.
    pub unreadable: usize,
    pub lost_ms: u64,
    /// Bytes of incomplete fragments cut off.
    pub cut_bytes: u64,
}

impl Recovered {
    pub fn add(&mut self, other: Self) {
        self.segments += other.segments;
        self.found += other.found;
        self.missing += other.missing;
        self.unreadable += other.unreadable;
        self.lost_ms += other.lost_ms;
        self.cut_bytes += other.cut_bytes;
    }
}

/// How much of a volume is compared with the index.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Depth {
    NewestDays,
    Everything,
}

/// Repairs the tails of one volume, those in `open` aside; what is missing after them is missing for this reason.
///
/// # Errors
/// When the index cannot be read or written; a file that cannot be read is logged and passed over.
pub async fn repair_tails(
    index: &Index,
    of: &VolumeDisk,
    open: &OpenFiles,
    reason: GapReason,
) -> Result<Recovered, Problem> {
    let mut total = Recovered::default();
    let (volume, Some(root)) = (&of.volume, of.shelf.folder()) else {
        // Nothing is written to an object store as it comes.
        return Ok(total);
    };
    for row in index.left_recording(&volume.code).await? {
        if open.holds(&volume.code, &row.file) {
            continue;
        }
        let known = index.fragments(row.id).await?;
        let full = root.join(&row.file);
        let mended = {
            let row = row.clone();
            blocking(move || mend(&row, known, &full).map_err(|e| unreadable(&row, &e))).await
        };
        match mended {
            Ok(Mended::Whole { repair, lost_ms, cut_bytes }) => {
                tracing::info!(path = %row.path, file = %row.file, lost_ms, cut_bytes, "the tail of a recording was repaired");
                index.note_causes(&[super::causes::Note { path: row.path.clone(), at: repair.end, reason }]).await?;
                index.repair(row.id, &repair).await?;
                total.segments += 1;
                // Not when its recorder went on from there on another volume.
                if !index.is_followed(&row.path, repair.end).await? {
                    total.lost_ms += lost_ms;
                }
                total.cut_bytes += cut_bytes;
            }
            Ok(Mended::Gone) => {
                tracing::warn!(path = %row.path, file = %row.file, "a recording's file is gone");
                index.mark_missing(row.id).await?;
                total.missing += 1;
            }
            Ok(Mended::Empty) => index.forget(&[row.id]).await?,
            Err(problem) => {
                tracing::error!(path = %row.path, file = %row.file, error = %problem, "the tail of a recording cannot be repaired");
                total.unreadable += 1;
            }
        }
    }
    Ok(total)
}

/// Takes files without a row into the index, those in `open` aside; with [`Depth::Everything`] also marks rows whose file is gone.
///
/// # Errors
/// When the index cannot be read or written; a file or folder that cannot be read is logged and passed over.
pub async fn reindex(
    index: &Index,
    of: &VolumeDisk,
    zone: &TimeZone,
    depth: Depth,
    open: &OpenFiles,
) -> Result<Recovered, Problem> {
    let mut total = Recovered::default();
    let (volume, shelf) = (&of.volume, of.shelf.clone());
    let on_disk = blocking(move || {
        list(&shelf, depth).map_err(|e| Problem::new(disk::code_of(&e)).at("list_recordings").because(e))
    })
    .await?;
    let mut unknown = Vec::new();
    match depth {
        Depth::Everything => {
            let mut rows = index.names(&volume.code).await?;
            unknown.extend(on_disk.into_values().flatten().filter(|name| rows.remove(name).is_none()));
            for (name, id) in really_gone(&of.shelf, rows).await? {
                if !index.is_missing(id).await? {
                    tracing::warn!(file = %name, "a recording's file is gone");
                    index.mark_missing(id).await?;
                    total.missing += 1;
                }
            }
        }
        Depth::NewestDays => {
            for (path, files) in on_disk {
                let known = names_of_days(index, (&volume.code, &path), &files, zone).await?;
                unknown.extend(files.into_iter().filter(|name| !known.contains(name)));
            }
        }
    }
    for name in unknown {
        // Asked in this order: a file leaves `open` only when its row is complete.
        if open.holds(&volume.code, &name) || index.has_file(&volume.code, &name).await? {
            continue;
        }
        let (code, shelf, zone, name_in) = (volume.code.clone(), of.shelf.clone(), zone.clone(), name.clone());
        let read = blocking(move || {
            read_stored(&code, &shelf, &name_in, &zone)
                .map_err(|e| Problem::new(disk::code_of(&e)).with("file", &name_in).because(e))
        });
        match read.await {
            Ok(Some((segment, fragments))) => {
                index.insert_found(&segment, &fragments).await?;
                total.found += 1;
            }
            Ok(None) => total.unreadable += 1,
            Err(problem) => {
                tracing::warn!(file = %name, error = %problem, "a file on the volume is no recording");
                total.unreadable += 1;
            }
        }
    }
    Ok(total)
}

/// Rows may be younger than the list of files, and a disk that does not answer says nothing.
async fn really_gone(shelf: &Shelf, rows: HashMap<String, SegmentId>) -> Result<Vec<(String, SegmentId)>, Problem> {
    let shelf = shelf.clone();
    blocking(move || Ok(rows.into_iter().filter(|(name, _)| matches!(shelf.has(name), Ok(false))).collect())).await
}

/// The files of a volume that the index knows of the days these files are of.
async fn names_of_days(
    index: &Index,
    (volume, path): (&VolumeCode, &StreamPath),
    files: &HashSet<String>,
    zone: &TimeZone,
) -> Result<HashSet<String>, Problem> {
    let day_of = |name: &String| Some(parse_file_name(name, zone)?.1.0.div_euclid(DAY_MS));
    let days: BTreeSet<i64> = files.iter().filter_map(day_of).collect();
    let mut known = HashSet::new();
    for day in days {
        let (from, to) = (UtcMillis(day * DAY_MS - ZONES_MS), UtcMillis((day + 1) * DAY_MS + ZONES_MS));
        if let Some(range) = TimeRange::new(from, to) {
            known.extend(index.files_in_range(volume, path, range).await?);
        }
    }
    Ok(known)
}

/// Recording files by stream, relative names. An object store is listed as a whole or not at all: what comes there has its
/// row already.
fn list(shelf: &Shelf, depth: Depth) -> io::Result<BTreeMap<StreamPath, HashSet<String>>> {
    match (shelf, depth) {
        (Shelf::Folder(root), depth) => list_folder(root, depth),
        (Shelf::Bucket(_), Depth::NewestDays) => Ok(BTreeMap::new()),
        (Shelf::Bucket(bucket), Depth::Everything) => {
            let mut all: BTreeMap<StreamPath, HashSet<String>> = BTreeMap::new();
            for name in bucket.names()? {
                let stream = name.split('/').next().and_then(|stream| StreamPath::parse(stream).ok());
                if let Some(path) = stream {
                    all.entry(path).or_default().insert(name);
                }
            }
            Ok(all)
        }
    }
}

fn list_folder(root: &Path, depth: Depth) -> io::Result<BTreeMap<StreamPath, HashSet<String>>> {
    let mut all = BTreeMap::new();
    for stream in folders(root)? {
        let Ok(path) = StreamPath::parse(&stream) else { continue };
        let mut days = folders(&root.join(&stream))?;
        if depth == Depth::NewestDays {
            days = newest_of(&root.join(&stream), days);
        }
        let mut names = HashSet::new();
        for day in days {
            for entry in fs::read_dir(root.join(&stream).join(&day))? {
                let name = entry?.file_name();
                if let Some(name) = name.to_str().filter(|name| name.ends_with(".mp4")) {
                    names.insert(format!("{stream}/{day}/{name}"));
                }
            }
        }
        all.insert(path, names);
    }
    Ok(all)
}

/// The newest folders by name, and the newest by their last change.
fn newest_of(stream: &Path, mut days: Vec<String>) -> Vec<String> {
    let newest = |days: &[String]| days[days.len().saturating_sub(NEWEST_DAYS)..].to_vec();
    days.sort_unstable();
    let by_name = newest(&days);
    days.sort_by_cached_key(|day| fs::metadata(stream.join(day)).and_then(|meta| meta.modified()).ok());
    let mut all = newest(&days);
    all.extend(by_name);
    all.sort_unstable();
    all.dedup();
    all
}

fn folders(root: &Path) -> io::Result<Vec<String>> {
    let mut names = Vec::new();
    for entry in fs::read_dir(root)? {
        let entry = entry?;
        if entry.file_type()?.is_dir()
            && let Ok(name) = entry.file_name().into_string()
        {
            names.push(name);
        }
    }
    Ok(names)
}

fn unreadable(row: &Segment, error: &io::Error) -> Problem {
    Problem::new(disk::code_of(error)).with("path", &row.path).with("file", &row.file).at("repair_tail").because(error)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs::File;

    #[test]
    fn the_newest_folders_are_found_whatever_the_clock_said() {
        let folder = tempfile::tempdir().unwrap();
        let days = ["2026-03-01", "2026-03-02", "2026-03-03", "1970-01-01"];
        for day in days {
            fs::create_dir(folder.path().join(day)).unwrap();
        }
        // The clock was never set when this was written last.
        let at = |day: &str, seconds| {
            let time = std::time::SystemTime::now() + std::time::Duration::from_secs(seconds);
            File::open(folder.path().join(day)).unwrap().set_modified(time).unwrap();
        };
        at("2026-03-01", 0);
        at("2026-03-02", 10);
        at("2026-03-03", 20);
        at("1970-01-01", 30);
        let found = newest_of(folder.path(), days.map(str::to_owned).to_vec());
        assert_eq!(found, ["1970-01-01", "2026-03-02", "2026-03-03"]);
    }
}
