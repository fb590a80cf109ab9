//! A stretch of a recording as one MP4 file, made while it is read.
//!
//! The exact length is known before the first byte, so range requests and resumed downloads work. The clip begins at
//! the key frame at or before the wanted moment.

mod units;

pub use units::ClipUnit;

use super::{
    archive::{Archive, SegmentView, blocking},
    container::{self, ClipForm},
};
use bytes::Bytes;
use futures::stream::{self, BoxStream, StreamExt};
use std::{collections::VecDeque, ops::Range, sync::Arc};
use watchwall_media::fmp4::{ClipLayout, ClipPiece};
use watchwall_model::{ErrorCode, Problem, Segment, StreamPath, TimeRange, UtcMillis};

/// Longest clip: a day.
const MOST_MS: i64 = 86_400_000;
/// Bytes per item of the stream.
const BLOCK_BYTES: usize = 256 * 1024;

/// Bytes per item where whole files are read.
const SOURCE_BLOCK_BYTES: usize = 1024 * 1024;
/// Fragments this close follow each other; so far may a camera's clock go from the site's before it is noted.
const FOLLOWS_MS: i64 = 40;

/// A stretch of time that stands in one piece in a clip.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ClipPieceAt {
    pub range: TimeRange,
    /// Where it begins, milliseconds from the clip's beginning.
    pub at_ms: u64,
}

/// A clip, ready to be read in any order.
#[derive(Clone)]
pub struct Clip {
    parts: Arc<Vec<SegmentView>>,
    /// The fragments of each part.
    chosen: Arc<Vec<Range<usize>>>,
    layout: Arc<ClipLayout>,
    pub len: u64,
    /// Strong; the same bytes always have the same one.
    pub etag: String,
    /// What it really holds: from the key frame before to the end of the last fragment.
    pub range: TimeRange,
}

impl Clip {
    /// # Errors
    /// `range_invalid` for an empty range or one over a day, `no_recording` when nothing was recorded then, or when
    /// index or disk cannot be read.
    pub async fn build(archive: &Archive, path: &StreamPath, range: TimeRange) -> Result<Self, Problem> {
        let runs = Run::gather(archive, path, range, Runs::First).await?;
        match runs.into_iter().next() {
            Some(run) => run.lay_out(ClipForm::Fragmented).await,
            None => Err(Problem::new(ErrorCode::NoRecording).with("path", path)),
        }
    }

    /// All of the range as progressive files: one for each stretch of one coding, in the order of time. None when
    /// nothing was recorded.
    ///
    /// # Errors
    /// `range_invalid` for one over a day, or when index or disk cannot be read.
    pub async fn build_all(archive: &Archive, path: &StreamPath, range: TimeRange) -> Result<Vec<Self>, Problem> {
        let mut clips = Vec::new();
        for run in Run::gather(archive, path, range, Runs::All).await? {
            clips.push(run.lay_out(ClipForm::Progressive).await?);
        }
        Ok(clips)
    }

    /// Which moments stand where. Gaps take no time in the clip.
    pub fn pieces(&self) -> Vec<ClipPieceAt> {
        let fragments = self
            .parts
            .iter()
            .zip(self.chosen.iter())
            .flat_map(|(view, range)| range.clone().map(|n| (view.start_of(n), view.end_of(n))));
        pieces(fragments.zip(self.layout.starts_us().iter().copied()))
    }

    /// The recording files it is cut from.
    pub fn sources(&self) -> impl Iterator<Item = &Segment> {
        self.parts.iter().map(|view| &view.segment)
    }

    /// The whole of its `n`th source as it was when the clip was made, in blocks; also when its file goes meanwhile.
    pub fn read_source(&self, n: usize) -> BoxStream<'static, Result<Bytes, Problem>> {
        let parts = Arc::clone(&self.parts);
        let blocks = stream::try_unfold((parts, 0_u64), move |(parts, offset)| async move {
            let Some(view) = parts.get(n) else { return Ok(None) };
            let left = view.segment.size_bytes.saturating_sub(offset);
            if left == 0 {
                return Ok(None);
            }
            let now = usize::try_from(left).unwrap_or(usize::MAX).min(SOURCE_BLOCK_BYTES);
            let views = Arc::clone(&parts);
            let bytes = blocking(move || match views.get(n) {
                Some(view) => view.read_at(offset, now),
                None => Err(Problem::new(ErrorCode::Internal).at("read_source")),
            })
            .await?;
            Ok(Some((bytes, (parts, offset + now as u64))))
        });
        blocks.boxed()
    }

    /// The bytes of `range` (cut to the clip's length), in blocks, read as they are pulled.
    pub fn read(&self, range: Range<u64>) -> BoxStream<'static, Result<Bytes, Problem>> {
        let range = range.start.min(self.len)..range.end.min(self.len);
        let pieces: VecDeque<ClipPiece> = self.layout.pieces(range).into();
        let parts = Arc::clone(&self.parts);
        let blocks = stream::try_unfold((pieces, parts), |(mut pieces, parts)| async move {
            let Some(piece) = pieces.pop_front() else { return Ok(None) };
            match piece {
                ClipPiece::Bytes(bytes) => Ok(Some((bytes, (pieces, parts)))),
                ClipPiece::File { part, offset, len } => {
                    let now = usize::try_from(len).unwrap_or(usize::MAX).min(BLOCK_BYTES);
                    if len > now as u64 {
                        pieces.push_front(ClipPiece::File { part, offset: offset + now as u64, len: len - now as u64 });
                    }
                    let views = Arc::clone(&parts);
                    let bytes = blocking(move || {
                        let view = views.get(part).ok_or_else(|| Problem::new(ErrorCode::Internal).at("read_clip"))?;
                        view.read_at(offset, now)
                    })
                    .await?;
                    Ok(Some((bytes, (pieces, parts))))
                }
            }
        });
        blocks.boxed()
    }
}

/// How much of a range is wanted.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Runs {
    /// Up to the first change of coding.
    First,
    All,
}

/// Files of one coding that follow each other, and the fragments of each.
struct Run {
    views: Vec<SegmentView>,
    chosen: Vec<Range<usize>>,
}

impl Run {
    async fn gather(
        archive: &Archive,
        path: &StreamPath,
        range: TimeRange,
        wanted: Runs,
    ) -> Result<Vec<Self>, Problem> {
        if range.duration_ms() > MOST_MS {
            return Err(Problem::new(ErrorCode::RangeInvalid).with("max_hours", 24));
        }
        let mut runs: Vec<Self> = Vec::new();
        for segment in archive.segments(path, range).await? {
            let view = match archive.view(segment).await {
                Ok(view) => view,
                Err(problem) if problem.code == ErrorCode::NoRecording => continue,
                Err(problem) => return Err(problem),
            };
            let mut fragments = fragments_in(&view, range);
            // One coding per file: a player cannot switch in the middle.
            let joins = |run: &&mut Self| run.views.first().is_none_or(|first| same_coding(first, &view));
            if let Some(run) = runs.last_mut().filter(joins) {
                if let Some((before, taken)) = run.views.last().zip(run.chosen.last()) {
                    fragments.start = fragments.start.max(view.first_after(before.end_of(taken.end - 1)));
                }
                if !fragments.is_empty() {
                    run.views.push(view);
                    run.chosen.push(fragments);
                }
            } else if !fragments.is_empty() {
                if wanted == Runs::First && !runs.is_empty() {
                    break;
                }
                runs.push(Self { views: vec![view], chosen: vec![fragments] });
            }
        }
        Ok(runs)
    }

    async fn lay_out(self, form: ClipForm) -> Result<Clip, Problem> {
        let Self { views, chosen } = self;
        let nothing = || Problem::new(ErrorCode::NoRecording);
        let (Some(first), Some(last)) = (views.first().zip(chosen.first()), views.last().zip(chosen.last())) else {
            return Err(nothing());
        };
        let held =
            TimeRange::new(first.0.start_of(first.1.start), last.0.end_of(last.1.end - 1)).ok_or_else(nothing)?;
        let etag = etag(&views, &chosen);
        let (layout, views, chosen) = blocking(move || {
            let layout = container::clip(&views, &chosen, form)?;
            Ok((layout, views, chosen))
        })
        .await?;
        Ok(Clip {
            len: layout.total_len(),
            parts: Arc::new(views),
            chosen: Arc::new(chosen),
            layout: Arc::new(layout),
            etag,
            range: held,
        })
    }
}

/// Joins fragments (their moments, and where each begins in the clip) that follow each other.
fn pieces(fragments: impl Iterator<Item = ((UtcMillis, UtcMillis), u64)>) -> Vec<ClipPieceAt> {
    let mut pieces: Vec<ClipPieceAt> = Vec::new();
    for ((start, end), at_us) in fragments {
        let at_ms = at_us / 1_000;
        if let Some(last) = pieces.last_mut() {
            let runs_on = (start - last.range.end).abs() <= FOLLOWS_MS;
            let drift =
                (start - last.range.start) - i64::try_from(at_ms.saturating_sub(last.at_ms)).unwrap_or(i64::MAX);
            if runs_on && drift.abs() <= FOLLOWS_MS && end > last.range.start {
                last.range.end = end;
                continue;
            }
        }
        if let Some(range) = TimeRange::new(start, end) {
            pieces.push(ClipPieceAt { range, at_ms });
        }
    }
    pieces
}

fn same_coding(first: &SegmentView, next: &SegmentView) -> bool {
    first.head.params.is_same_coding(&next.head.params)
}

/// Fragments that touch the range, begun at a key frame.
pub(super) fn fragments_in(view: &SegmentView, range: TimeRange) -> Range<usize> {
    let first = if range.start <= view.segment.start { 0 } else { view.key_before(view.index_at(range.start)) };
    let end = (first..view.fragments.len()).find(|n| view.start_of(*n) >= range.end).unwrap_or(view.fragments.len());
    if view.end_of(end.saturating_sub(1)) <= range.start { 0..0 } else { first..end }
}

/// FNV-1a over what the clip is made of.
fn etag(parts: &[SegmentView], chosen: &[Range<usize>]) -> String {
    let mut hash = 0xcbf2_9ce4_8422_2325_u64;
    let mut eat =
        |bytes: &[u8]| bytes.iter().for_each(|byte| hash = (hash ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01b3));
    for (view, range) in parts.iter().zip(chosen) {
        eat(view.segment.volume.0.as_bytes());
        eat(view.segment.file.as_bytes());
        for fragment in &view.fragments[range.clone()] {
            eat(&fragment.offset.to_be_bytes());
            eat(&fragment.size_bytes.to_be_bytes());
        }
    }
    format!("\"{hash:016x}\"")
}

/// The moment a picture is wanted of, on the grid that thumbnails are kept by.
pub fn on_grid(at: UtcMillis, grid_ms: i64) -> UtcMillis {
    UtcMillis(at.0.div_euclid(grid_ms.max(1)) * grid_ms.max(1))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn gaps_take_no_time_in_a_clip() {
        let check = |fragments: &[(i64, i64, u64)], expect: &[(i64, i64, u64)]| {
            let given = fragments.iter().map(|(a, b, at)| ((UtcMillis(*a), UtcMillis(*b)), at * 1_000));
            let found: Vec<_> =
                pieces(given).into_iter().map(|piece| (piece.range.start.0, piece.range.end.0, piece.at_ms)).collect();
            assert_eq!(found, expect, "{fragments:?}");
        };
        check(&[], &[]);
        check(&[(0, 1_000, 0), (1_010, 2_000, 1_000)], &[(0, 2_000, 0)]);
        check(&[(0, 1_000, 0), (5_000, 6_000, 1_000), (6_000, 7_000, 2_000)], &[(0, 1_000, 0), (5_000, 7_000, 1_000)]);
        // A camera's clock that runs fast is followed in steps.
        check(&[(0, 1_000, 0), (1_000, 2_000, 1_030), (2_000, 3_000, 2_060)], &[(0, 2_000, 0), (2_000, 3_000, 2_060)]);
    }
}
