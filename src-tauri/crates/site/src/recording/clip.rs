//! A stretch of a recording as one MP4 file, made while it is read.
//!
//! The exact length is known before the first byte, so range requests and resumed downloads work. The clip begins at
//! the key frame at or before the wanted moment.

use super::{
    archive::{Archive, SegmentView, blocking},
    container,
};
use bytes::Bytes;
use futures::stream::{self, BoxStream, StreamExt};
use std::{collections::VecDeque, ops::Range, sync::Arc};
use watchwall_media::fmp4::{ClipLayout, ClipPiece};
use watchwall_model::{ErrorCode, Problem, StreamPath, TimeRange, UtcMillis};

/// Longest clip: a day.
const MOST_MS: i64 = 86_400_000;
/// Bytes per item of the stream.
const BLOCK_BYTES: usize = 256 * 1024;

/// A clip, ready to be read in any order.
#[derive(Clone)]
pub struct Clip {
    parts: Arc<Vec<SegmentView>>,
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
        if range.duration_ms() > MOST_MS {
            return Err(Problem::new(ErrorCode::RangeInvalid).with("max_hours", 24));
        }
        let nothing = || Problem::new(ErrorCode::NoRecording).with("path", path);
        let mut parts: Vec<SegmentView> = Vec::new();
        let mut chosen: Vec<Range<usize>> = Vec::new();
        for segment in archive.segments(path, range).await? {
            let view = match archive.view(segment).await {
                Ok(view) => view,
                Err(problem) if problem.code == ErrorCode::NoRecording => continue,
                Err(problem) => return Err(problem),
            };
            // One coding per file: a player cannot switch in the middle.
            if parts.first().is_some_and(|first| !same_coding(first, &view)) {
                break;
            }
            let mut fragments = fragments_in(&view, range);
            if let Some((before, taken)) = parts.last().zip(chosen.last()) {
                fragments.start = fragments.start.max(view.first_after(before.end_of(taken.end - 1)));
            }
            if !fragments.is_empty() {
                parts.push(view);
                chosen.push(fragments);
            }
        }
        let (Some(first), Some(last)) = (parts.first().zip(chosen.first()), parts.last().zip(chosen.last())) else {
            return Err(nothing());
        };
        let held =
            TimeRange::new(first.0.start_of(first.1.start), last.0.end_of(last.1.end - 1)).ok_or_else(nothing)?;
        let etag = etag(&parts, &chosen);
        let (layout, parts) = blocking(move || {
            let layout = container::clip(&parts, &chosen)?;
            Ok((layout, parts))
        })
        .await?;
        Ok(Self { len: layout.total_len(), parts: Arc::new(parts), layout: Arc::new(layout), etag, range: held })
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

fn same_coding(first: &SegmentView, next: &SegmentView) -> bool {
    first.head.params.is_same_coding(&next.head.params)
}

/// Fragments that touch the range, begun at a key frame.
fn fragments_in(view: &SegmentView, range: TimeRange) -> Range<usize> {
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
