//! What an HLS playlist lists: parts of recording files that a player fetches as byte ranges (RFC 8216).
//!
//! Nothing is copied or cut anew: a part is some fragments of a file, and the file's own head initialises it. Parts of a
//! file that is being written never change once they are listed, so that a player may read the list again and again.

use super::{
    archive::{Archive, SegmentView, blocking},
    clip::fragments_in,
    timeline::JOIN_MS,
};
use bytes::Bytes;
use futures::stream::{self, BoxStream, StreamExt};
use std::{ops::Range, sync::Arc};
use watchwall_model::{ErrorCode, Fragment, Problem, SegmentId, StreamPath, TimeRange, UtcMillis};

/// Longest list: a day.
const MOST_MS: i64 = 86_400_000;
/// A part ends at the first key frame after this much.
const WANTED_MS: i64 = 4_000;
/// And here in any case: groups of pictures may last minutes.
const MOST_PART_MS: i64 = 10_000;
/// Bytes per item when a file is read.
const BLOCK_BYTES: u64 = 256 * 1024;

/// Parts of some files of one stream, oldest first.
#[derive(Debug)]
pub struct Playlist {
    pub files: Vec<ListedFile>,
    pub outlook: Outlook,
}

/// Whether the same list will hold more when it is asked for again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outlook {
    Complete,
    Growing,
}

/// Consecutive parts of one file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ListedFile {
    pub segment: SegmentId,
    /// Bytes at the start of the file that initialise its parts.
    pub init_bytes: u32,
    pub parts: Vec<Part>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Part {
    pub offset: u64,
    pub len: u64,
    pub start: UtcMillis,
    pub duration_ms: i64,
    pub join: Join,
    /// Begins with a key frame.
    pub is_key: bool,
}

/// How a part stands to the one before it in its file. The first of a file always begins anew: each counts its own time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Join {
    Follows,
    /// There is time without recording between them.
    AfterGap,
}

/// Whether fragments may still come behind the last one given.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Tail {
    Final,
    Open,
}

impl Playlist {
    /// What is recorded of a range; a key frame before it included, the last fragment whole.
    ///
    /// # Errors
    /// `range_invalid` for one over a day, `no_recording` when there is nothing and nothing is coming, or when index or
    /// disk cannot be read.
    pub async fn build(archive: &Archive, path: &StreamPath, range: TimeRange) -> Result<Self, Problem> {
        if range.duration_ms() > MOST_MS {
            return Err(Problem::new(ErrorCode::RangeInvalid).with("max_hours", 24));
        }
        // Asked before the files are: one that is closed in between is looked for once more, never missed.
        let is_live = archive.open.is_live(path);
        let mut outlook = if is_live && range.end > UtcMillis::now() { Outlook::Growing } else { Outlook::Complete };
        let mut files: Vec<ListedFile> = Vec::new();
        let mut before: Option<UtcMillis> = None;
        for segment in archive.segments(path, range).await? {
            // A file that the index does not know yet has no name to fetch it by; it will have a moment later.
            if segment.id == SegmentId(0) {
                continue;
            }
            let id = segment.id;
            let view = match archive.view(segment).await {
                Ok(view) => view,
                Err(problem) if problem.code == ErrorCode::NoRecording => continue,
                Err(problem) => return Err(problem),
            };
            // Of a file that cannot be read its copy is listed, and fetched by its own name.
            let id = if view.segment.id == SegmentId(0) { id } else { view.segment.id };
            let mut chosen = fragments_in(&view, range);
            if let Some(end) = before {
                chosen.start = chosen.start.max(view.first_after(end));
            }
            if chosen.is_empty() {
                continue;
            }
            let end = view.end_of(chosen.end - 1);
            before = Some(end);
            // Its last pictures are still on their way to the disk.
            let is_open = chosen.end == view.fragments.len() && end < range.end && !view.is_finished();
            let tail = if is_open { Tail::Open } else { Tail::Final };
            if is_open && is_live {
                outlook = Outlook::Growing;
            }
            let parts = cut(view.segment.start, &view.fragments[chosen], tail);
            if !parts.is_empty() {
                files.push(ListedFile { segment: id, init_bytes: view.segment.init_bytes, parts });
            }
        }
        if files.is_empty() && outlook == Outlook::Complete {
            return Err(Problem::new(ErrorCode::NoRecording).with("path", path));
        }
        Ok(Self { files, outlook })
    }
}

/// Gathers fragments of a file that starts at `start` into parts.
fn cut(start: UtcMillis, fragments: &[Fragment], tail: Tail) -> Vec<Part> {
    let mut parts: Vec<Part> = Vec::new();
    // The last part of a file that grows is listed when it is known where it ends.
    let mut is_whole = false;
    let mut end_ms = 0;
    for fragment in fragments {
        let (from_ms, lasts_ms) = (i64::from(fragment.start_ms), i64::from(fragment.duration_ms));
        let join = if from_ms - end_ms > JOIN_MS && !parts.is_empty() { Join::AfterGap } else { Join::Follows };
        end_ms = from_ms + lasts_ms;
        if let Some(part) = parts.last_mut() {
            // A key frame ends a part that had to begin without one: players seek to where parts begin.
            let enough_ms = match (fragment.is_key, part.is_key) {
                (true, true) => WANTED_MS,
                (true, false) => 0,
                (false, _) => MOST_PART_MS,
            };
            let is_enough = part.duration_ms >= enough_ms;
            if !is_enough && join == Join::Follows && part.offset + part.len == fragment.offset {
                part.len += u64::from(fragment.size_bytes);
                part.duration_ms += lasts_ms;
                is_whole = part.duration_ms >= MOST_PART_MS;
                continue;
            }
        }
        is_whole = lasts_ms >= MOST_PART_MS;
        parts.push(Part {
            offset: fragment.offset,
            len: u64::from(fragment.size_bytes),
            start: start.saturating_add_ms(from_ms),
            duration_ms: lasts_ms,
            join,
            is_key: fragment.is_key,
        });
    }
    if tail == Tail::Open && !is_whole {
        parts.pop();
    }
    parts
}

/// One recording file as it stands now, to be fetched in ranges.
pub struct RecordedFile {
    view: Arc<SegmentView>,
    pub len: u64,
    /// Strong; the same bytes always have the same one.
    pub etag: String,
}

impl RecordedFile {
    /// # Errors
    /// `no_recording` when this stream has no such file, or when it cannot be read.
    pub async fn open(archive: &Archive, path: &StreamPath, id: SegmentId) -> Result<Self, Problem> {
        let missing = || Problem::new(ErrorCode::NoRecording).with("path", path).with("segment", id.0);
        let live = archive.open.by_id(path, id).and_then(|file| file.as_segment());
        let segment = match live {
            Some(segment) => Some(segment),
            None => archive.index.segment(id).await?,
        };
        let segment = segment.filter(|segment| segment.path == *path && segment.id == id).ok_or_else(missing)?;
        let view = archive.view(segment).await?;
        let len = view.segment.size_bytes;
        Ok(Self { len, etag: format!("\"{}-{len}\"", id.0), view: Arc::new(view) })
    }

    /// The bytes of `range`, in blocks, read as they are pulled.
    pub fn read(&self, range: Range<u64>) -> BoxStream<'static, Result<Bytes, Problem>> {
        let end = range.end.min(self.len);
        let blocks = stream::try_unfold((Arc::clone(&self.view), range.start), move |(view, at)| async move {
            let len = end.saturating_sub(at).min(BLOCK_BYTES);
            if len == 0 {
                return Ok(None);
            }
            let read = Arc::clone(&view);
            let bytes = blocking(move || read.read_at(at, usize::try_from(len).unwrap_or(0))).await?;
            Ok(Some((bytes, (view, at + len))))
        });
        blocks.boxed()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Fragments (start, length in ms, key) of 100 bytes each behind a head of 50, as parts: offset, length, start,
    /// duration.
    fn check(fragments: &[(u32, u32, bool)], tail: Tail, expect: &[(u64, u64, i64, i64)]) -> Vec<Part> {
        let fragments: Vec<Fragment> = fragments
            .iter()
            .enumerate()
            .map(|(n, (start_ms, duration_ms, is_key))| Fragment {
                offset: 50 + n as u64 * 100,
                size_bytes: 100,
                start_ms: *start_ms,
                duration_ms: *duration_ms,
                is_key: *is_key,
            })
            .collect();
        let parts = cut(UtcMillis(1_000_000), &fragments, tail);
        let found: Vec<_> = parts.iter().map(|p| (p.offset, p.len, p.start.0 - 1_000_000, p.duration_ms)).collect();
        assert_eq!(found, expect, "{tail:?} {fragments:?}");
        parts
    }

    fn gops(count: u32, lasts_ms: u32) -> Vec<(u32, u32, bool)> {
        (0..count).map(|n| (n * lasts_ms, lasts_ms, true)).collect()
    }

    #[test]
    fn parts_last_some_seconds_and_begin_with_key_frames() {
        check(&[], Tail::Final, &[]);
        check(&gops(5, 2_000), Tail::Final, &[(50, 200, 0, 4_000), (250, 200, 4_000, 4_000), (450, 100, 8_000, 2_000)]);
        check(&gops(2, 6_000), Tail::Final, &[(50, 100, 0, 6_000), (150, 100, 6_000, 6_000)]);
        // A group of pictures of 12 s in fragments of one: the part ends before the group does.
        let long: Vec<_> = (0..14).map(|n| (n * 1_000, 1_000, n % 12 == 0)).collect();
        let parts = check(
            &long,
            Tail::Final,
            &[(50, 1_000, 0, 10_000), (1_050, 200, 10_000, 2_000), (1_250, 200, 12_000, 2_000)],
        );
        assert_eq!(parts.iter().map(|part| part.is_key).collect::<Vec<_>>(), [true, false, true]);
    }

    #[test]
    fn what_is_listed_of_a_growing_file_stays_as_it_is() {
        check(&gops(1, 2_000), Tail::Open, &[]);
        check(&gops(2, 2_000), Tail::Open, &[]);
        check(&gops(3, 2_000), Tail::Open, &[(50, 200, 0, 4_000)]);
        check(&gops(5, 2_000), Tail::Open, &[(50, 200, 0, 4_000), (250, 200, 4_000, 4_000)]);
        let long: Vec<_> = (0..10).map(|n| (n * 1_000, 1_000, n == 0)).collect();
        check(&long, Tail::Open, &[(50, 1_000, 0, 10_000)]);
        check(&long[..9], Tail::Open, &[]);
    }

    #[test]
    fn a_gap_inside_a_file_begins_a_part() {
        let parts = check(
            &[(0, 1_000, true), (1_000, 1_000, true), (9_000, 1_000, true)],
            Tail::Final,
            &[(50, 200, 0, 2_000), (250, 100, 9_000, 1_000)],
        );
        assert_eq!(parts.iter().map(|part| part.join).collect::<Vec<_>>(), [Join::Follows, Join::AfterGap]);
    }
}
