//! After a start: tails that a crash left, and files the index does not know.
//!
//! The start trusts the index. It looks at files whose row says `recording`, and at the newest day folders for files
//! that were begun after the last index round; nothing else is opened, so half a million rows cost nothing.

use super::{
    archive::{OpenFiles, blocking},
    container::{self, Walked},
    index::{Index, Repair},
    recorder::parse_file_name,
    volume::disk,
};
use jiff::tz::TimeZone;
use std::{
    collections::{BTreeMap, BTreeSet, HashMap, HashSet},
    fs::{self, File, OpenOptions},
    io::{self, Seek, SeekFrom, Write},
    path::Path,
};
use watchwall_model::{
    ErrorCode, Fragment, GapReason, Problem, Segment, SegmentId, SegmentState, StreamPath, TimeRange, UtcMillis,
    Volume, VolumeCode,
};

/// A file of ours without a whole head is shorter than this.
const MOST_HEAD_BYTES: u64 = 4_096;
/// Day folders per stream that may hold a file begun just before a crash: so many by their names, and as many by when
/// something last changed in them, because the clock may have been wrong.
const NEWEST_DAYS: usize = 2;
const DAY_MS: i64 = 86_400_000;
/// Names may tell the time of another zone than the one the site has now.
const ZONES_MS: i64 = 14 * 3_600_000;
/// What the file system never wrote reads as zeros, block by block; no coded picture holds a block of them.
const BLOCK: usize = 4_096;
/// Fragments at the end of a torn file that may not have reached the disk whole.
const UNSURE: usize = 4;

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
    volume: &Volume,
    open: &OpenFiles,
    reason: GapReason,
) -> Result<Recovered, Problem> {
    let mut total = Recovered::default();
    for row in index.left_recording(&volume.code).await? {
        if open.holds(&volume.code, &row.file) {
            continue;
        }
        let known = index.fragments(row.id).await?;
        let full = volume.root.join(&row.file);
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

enum Mended {
    Whole {
        repair: Repair,
        lost_ms: u64,
        cut_bytes: u64,
    },
    Gone,
    /// Nothing was in it; the file was removed.
    Empty,
}

/// Walks from what the index knows to the last whole fragment, cuts what follows and closes the file.
fn mend(row: &Segment, known: Vec<Fragment>, full: &Path) -> io::Result<Mended> {
    let mut file = match OpenOptions::new().read(true).write(true).open(full) {
        Ok(file) => file,
        Err(e) if e.kind() == io::ErrorKind::NotFound => return Ok(Mended::Gone),
        Err(e) => return Err(e),
    };
    let len = file.metadata()?.len();
    let mut fragments: Vec<Fragment> = known;
    // A power cut may have taken what a row of a lying disk claims.
    fragments.retain(|f| f.offset + u64::from(f.size_bytes) <= len);
    let from = fragments.last().map_or(u64::from(row.init_bytes), |f| f.offset + u64::from(f.size_bytes));
    let head = container::head(&mut file)?;
    let mut walked = container::walk(&mut file, from.min(len), row.start, &head.tracks)?;
    cut_at_hole(&file, &mut walked)?;
    fragments.extend(walked.fragments);
    if fragments.is_empty() {
        drop(file);
        fs::remove_file(full)?;
        return Ok(Mended::Empty);
    }
    let end = super::volume::end_of(row.start, &fragments);
    let lost_ms = lost_ms(&file, end);
    let size_bytes = finish(&mut file, &fragments, walked.valid_len)?;
    let cut_bytes = len - walked.valid_len.min(len);
    Ok(Mended::Whole { repair: Repair { fragments, end, size_bytes }, lost_ms, cut_bytes })
}

/// From the end of what is kept until the file was last written.
fn lost_ms(file: &File, end: UtcMillis) -> u64 {
    let written = file.metadata().and_then(|meta| meta.modified()).ok();
    let written_ms =
        written.and_then(|at| at.duration_since(std::time::UNIX_EPOCH).ok()).map_or(0, |at| at.as_millis() as i64);
    u64::try_from(written_ms - end.0).unwrap_or(0)
}

/// After a power cut the length of a file may have reached the disk before what lies in between.
fn cut_at_hole(file: &File, walked: &mut Walked) -> io::Result<()> {
    let first = walked.fragments.len().saturating_sub(UNSURE);
    for n in first..walked.fragments.len() {
        let fragment = walked.fragments[n];
        if has_hole(file, fragment)? {
            walked.fragments.truncate(n);
            walked.valid_len = fragment.offset;
            walked.is_closed = false;
            return Ok(());
        }
    }
    Ok(())
}

/// Whether a whole block of the file inside this fragment holds nothing but zeros.
fn has_hole(file: &File, fragment: Fragment) -> io::Result<bool> {
    let mut block = [0; BLOCK];
    let end = fragment.offset + u64::from(fragment.size_bytes);
    let mut at = fragment.offset.next_multiple_of(BLOCK as u64);
    while at + BLOCK as u64 <= end {
        disk::read_exact_at(file, &mut block, at)?;
        if block.iter().all(|byte| *byte == 0) {
            return Ok(true);
        }
        at += BLOCK as u64;
    }
    Ok(false)
}

/// Cuts the file back to its whole fragments, appends the closing box, and makes it durable.
fn finish(file: &mut File, fragments: &[Fragment], valid_len: u64) -> io::Result<u64> {
    file.set_len(valid_len)?;
    file.seek(SeekFrom::Start(valid_len))?;
    let closing = container::closing(fragments, valid_len);
    // Without room for the box the file is whole all the same.
    let written = file.write_all(&closing).is_ok();
    let len = if written { valid_len + closing.len() as u64 } else { valid_len };
    if !written {
        file.set_len(valid_len)?;
    }
    file.sync_data()?;
    Ok(len)
}

/// Takes files without a row into the index, those in `open` aside; with [`Depth::Everything`] also marks rows whose file is gone.
///
/// # Errors
/// When the index cannot be read or written; a file or folder that cannot be read is logged and passed over.
pub async fn reindex(
    index: &Index,
    volume: &Volume,
    zone: &TimeZone,
    depth: Depth,
    open: &OpenFiles,
) -> Result<Recovered, Problem> {
    let mut total = Recovered::default();
    let root = volume.root.clone();
    let on_disk = blocking(move || {
        list(&root, depth).map_err(|e| Problem::new(ErrorCode::DiskFailed).at("list_recordings").because(e))
    })
    .await?;
    let mut unknown = Vec::new();
    match depth {
        Depth::Everything => {
            let mut rows = index.names(&volume.code).await?;
            unknown.extend(on_disk.into_values().flatten().filter(|name| rows.remove(name).is_none()));
            for (name, id) in really_gone(&volume.root, rows).await? {
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
        let (volume, zone, name_in) = (volume.clone(), zone.clone(), name.clone());
        let read = blocking(move || {
            read_file(&volume, &name_in, &zone)
                .map_err(|e| Problem::new(ErrorCode::DiskFailed).with("file", &name_in).because(e))
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
async fn really_gone(root: &Path, rows: HashMap<String, SegmentId>) -> Result<Vec<(String, SegmentId)>, Problem> {
    let root = root.to_owned();
    blocking(move || {
        Ok(rows.into_iter().filter(|(name, _)| matches!(root.join(name).try_exists(), Ok(false))).collect())
    })
    .await
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

/// Recording files by stream, relative names.
fn list(root: &Path, depth: Depth) -> io::Result<BTreeMap<StreamPath, HashSet<String>>> {
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

/// Reads a file's row from its boxes; `None` when there is nothing in it to keep. A file that was begun and got no
/// fragment before the crash is removed.
fn read_file(volume: &Volume, name: &str, zone: &TimeZone) -> io::Result<Option<(Segment, Vec<Fragment>)>> {
    let full = volume.root.join(name);
    let mut file = match OpenOptions::new().read(true).write(true).open(&full) {
        // Deleted since it was listed.
        Err(e) if e.kind() == io::ErrorKind::NotFound => return Ok(None),
        file => file?,
    };
    let Some((path, named_start)) = parse_file_name(name, zone) else { return Ok(None) };
    let len = file.metadata()?.len();
    let head = match container::head(&mut file) {
        Ok(head) => head,
        Err(_) if len < MOST_HEAD_BYTES => {
            fs::remove_file(&full)?;
            return Ok(None);
        }
        Err(error) => return Err(error),
    };
    let start = head.start.unwrap_or(named_start);
    let mut walked = container::walk(&mut file, u64::from(head.init_bytes), start, &head.tracks)?;
    if !walked.is_closed {
        cut_at_hole(&file, &mut walked)?;
    }
    if walked.fragments.is_empty() {
        if head.start.is_some() {
            fs::remove_file(&full)?;
        }
        return Ok(None);
    }
    let is_torn = !walked.is_closed;
    let size_bytes = if is_torn { finish(&mut file, &walked.fragments, walked.valid_len)? } else { len };
    let video = head.params.video.as_ref();
    let segment = Segment {
        id: SegmentId(0),
        path,
        volume: volume.code.clone(),
        file: name.to_owned(),
        start,
        end: super::volume::end_of(start, &walked.fragments),
        size_bytes,
        video_codec: video.map(|v| v.codec_string.clone()).unwrap_or_default(),
        width: video.map_or(0, |v| v.width),
        height: video.map_or(0, |v| v.height),
        has_audio: head.params.audio.is_some(),
        state: if is_torn { SegmentState::Recovered } else { SegmentState::Complete },
        locked: false,
        init_bytes: head.init_bytes,
    };
    Ok(Some((segment, walked.fragments)))
}

fn unreadable(row: &Segment, error: &io::Error) -> Problem {
    Problem::new(disk::code_of(error)).with("path", &row.path).with("file", &row.file).at("repair_tail").because(error)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_block_that_never_reached_the_disk_ends_the_file() {
        let folder = tempfile::tempdir().unwrap();
        let full = folder.path().join("a.mp4");
        let fragment = |n: u32| Fragment {
            offset: 900 + u64::from(n) * 10_000,
            size_bytes: 10_000,
            start_ms: n * 1_000,
            duration_ms: 1_000,
            is_key: true,
        };
        let check = |zeros: std::ops::Range<usize>, expect: usize| {
            let mut bytes = vec![7; 900 + 10_000 * 6];
            bytes[zeros.clone()].fill(0);
            fs::write(&full, &bytes).unwrap();
            let fragments: Vec<Fragment> = (0..6).map(fragment).collect();
            let mut walked = Walked { fragments, valid_len: bytes.len() as u64, is_closed: false };
            cut_at_hole(&File::open(&full).unwrap(), &mut walked).unwrap();
            assert_eq!(walked.fragments.len(), expect, "{zeros:?}");
            assert_eq!(walked.valid_len, 900 + 10_000 * expect as u64);
        };
        check(0..0, 6);
        // Zeros that fill no block of the file are none of ours.
        check(40_000..44_095, 6);
        check(40_960..45_056, 4);
        check(53_248..57_344, 5);
        // What lies further back was made durable long ago.
        check(4_096..8_192, 6);
    }

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
