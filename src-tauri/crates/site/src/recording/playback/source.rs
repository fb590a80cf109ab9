//! Where a session's pictures come from: the archive, or the ring of a live hub for instant replay.

use super::ring::{Ring, RingPiece};
use crate::recording::{
    archive::{Archive, SegmentView, blocking},
    container,
    streams::StreamTap,
    timeline::JOIN_MS,
};
use bytes::Bytes;
use std::sync::Arc;
use tokio::sync::watch;
use watchwall_media::{StreamParams, Track};
use watchwall_model::{GapReason, Problem, StreamPath, TimeRange, UtcMicros, UtcMillis};

/// A unit read back, with its times in microseconds of recorded wall-clock time.
#[derive(Clone, Debug)]
pub struct StoredUnit {
    pub track: Track,
    pub data: Bytes,
    pub is_key: bool,
    pub dts_us: i64,
    pub pts_us: i64,
    pub duration_us: i64,
}

/// Some consecutive units: a fragment of a file, or a piece of the ring.
#[derive(Clone, Debug)]
pub struct Chunk {
    pub start_us: i64,
    pub end_us: i64,
    /// End of the pieces that follow without a key frame of their own.
    pub run_end_us: i64,
    place: Place,
}

#[derive(Clone, Debug)]
enum Place {
    Stored { view: Arc<SegmentView>, index: usize },
    Ring(RingPiece),
}

pub struct Source {
    kind: Kind,
    changes: watch::Receiver<u64>,
}

enum Kind {
    Archive {
        archive: Archive,
        path: StreamPath,
    },
    /// The tap keeps the stream pulled while somebody replays it.
    Ring {
        ring: Ring,
        _tap: StreamTap,
    },
}

impl Source {
    pub fn archive(archive: Archive, path: StreamPath) -> Self {
        let changes = archive.open.rounds();
        Self { kind: Kind::Archive { archive, path }, changes }
    }

    pub fn ring(ring: Ring, tap: StreamTap, changes: watch::Receiver<u64>) -> Self {
        Self { kind: Kind::Ring { ring, _tap: tap }, changes }
    }

    /// The chunk that holds this moment, else the next after it.
    ///
    /// # Errors
    /// When index or disk cannot be read; so for all below.
    pub async fn find(&mut self, at_us: i64) -> Result<Option<Chunk>, Problem> {
        match &mut self.kind {
            Kind::Ring { ring, .. } => Ok(ring.find(at_us).map(Chunk::of_ring)),
            Kind::Archive { archive, path } => {
                let at = UtcMicros(at_us).to_millis();
                let view = archive.at_or_after(path, at).await?;
                Ok(view.map(|view| {
                    let index = if at <= view.segment.start { 0 } else { view.index_at(at) };
                    Chunk::stored(Arc::new(view), index)
                }))
            }
        }
    }

    /// The last chunk that begins before this moment.
    pub async fn last_before(&mut self, at_us: i64) -> Result<Option<Chunk>, Problem> {
        match &mut self.kind {
            Kind::Ring { ring, .. } => Ok(ring.last_before(at_us).map(Chunk::of_ring)),
            Kind::Archive { archive, path } => {
                let at = UtcMicros(at_us).to_millis().saturating_add_ms(-1);
                let view = archive.at_or_before(path, at).await?;
                Ok(view.map(|view| {
                    let index = view.index_at(at);
                    Chunk::stored(Arc::new(view), index)
                }))
            }
        }
    }

    /// What a decoder needs before this chunk, beginning with a key frame; empty when the chunk begins with one.
    pub async fn lead_in(&mut self, chunk: &Chunk) -> Result<Vec<Chunk>, Problem> {
        match (&chunk.place, &mut self.kind) {
            (Place::Stored { view, index }, _) => {
                Ok((view.key_before(*index)..*index).map(|n| Chunk::stored(Arc::clone(view), n)).collect())
            }
            (Place::Ring(piece), Kind::Ring { ring, .. }) => {
                Ok(ring.lead_in(piece).into_iter().map(Chunk::of_ring).collect())
            }
            _ => Ok(Vec::new()),
        }
    }

    pub async fn next(&mut self, last: &Chunk) -> Result<Option<Chunk>, Problem> {
        match (&last.place, &mut self.kind) {
            (Place::Ring(piece), Kind::Ring { ring, .. }) => Ok(ring.next(piece).map(Chunk::of_ring)),
            (Place::Stored { view, index }, Kind::Archive { archive, path }) => {
                if index + 1 < view.fragments.len() {
                    return Ok(Some(Chunk::stored(Arc::clone(view), index + 1)));
                }
                if let Some(grown) = view.grown() {
                    let view = Arc::clone(view);
                    let index = *index;
                    let grown = blocking(move || grown.read(&view)).await?;
                    return Ok(Some(Chunk::stored(Arc::new(grown), index + 1)));
                }
                if !view.is_finished() {
                    return Ok(None);
                }
                // The next file starts where this one ends, give or take what clocks do.
                let found =
                    archive.at_or_after(path, view.segment.start.max(last_end(last).saturating_add_ms(-1))).await?;
                let same = found.as_ref().is_some_and(|next| next.segment.file == view.segment.file);
                let found = if same { archive.at_or_after(path, last_end(last)).await? } else { found };
                let next = found.filter(|next| next.segment.file != view.segment.file);
                Ok(next.map(|next| {
                    let first = next.first_after(last_end(last));
                    Chunk::stored(Arc::new(next), first)
                }))
            }
            _ => Ok(None),
        }
    }

    pub async fn next_key(&mut self, last: &Chunk) -> Result<Option<Chunk>, Problem> {
        let mut chunk = self.next(last).await?;
        while let Some(next) = chunk {
            if next.is_key() {
                return Ok(Some(next));
            }
            chunk = self.next(&next).await?;
        }
        Ok(None)
    }

    pub async fn previous(&mut self, chunk: &Chunk) -> Result<Option<Chunk>, Problem> {
        match &chunk.place {
            Place::Stored { view, index } if *index > 0 => Ok(Some(Chunk::stored(Arc::clone(view), index - 1))),
            _ => self.last_before(chunk.start_us).await,
        }
    }

    pub async fn previous_key(&mut self, chunk: &Chunk) -> Result<Option<Chunk>, Problem> {
        let mut before = self.previous(chunk).await?;
        while let Some(chunk) = before {
            if chunk.is_key() {
                return Ok(Some(chunk));
            }
            before = self.previous(&chunk).await?;
        }
        Ok(None)
    }

    /// Reads a chunk's units into `units`, in file order.
    pub async fn load(&self, chunk: &Chunk, units: &mut Vec<StoredUnit>) -> Result<Arc<StreamParams>, Problem> {
        match &chunk.place {
            Place::Ring(piece) => Ok(piece.load(units)),
            Place::Stored { view, index } => {
                let (view, index, start_us) = (Arc::clone(view), *index, chunk.start_us);
                let (mut read, params) = blocking(move || {
                    let bytes = view.read(index)?;
                    Ok((container::units(&view.head, &bytes, start_us)?, Arc::clone(&view.head.params)))
                })
                .await?;
                units.append(&mut read);
                Ok(params)
            }
        }
    }

    /// The middle of the picture this many frames before or after the one at `shown_us`; the outermost one there is.
    pub async fn picture_from(&mut self, shown_us: i64, frames: i32) -> Result<Option<i64>, Problem> {
        let Some(mut chunk) = self.find(shown_us).await? else { return Ok(None) };
        let mut pictures = self.pictures(&chunk).await?;
        let wanted = frames.unsigned_abs() as usize;
        loop {
            let there = pictures.iter().filter(|(pts, _)| is_beyond(*pts, shown_us, frames)).count();
            if there >= wanted {
                break;
            }
            let more = if frames < 0 { self.previous(&chunk).await? } else { self.next(&chunk).await? };
            let Some(more) = more else { break };
            pictures.extend(self.pictures(&more).await?);
            chunk = more;
        }
        pictures.retain(|(pts, _)| is_beyond(*pts, shown_us, frames));
        pictures.sort_unstable();
        if frames < 0 {
            pictures.reverse();
        }
        let picture = pictures.get(wanted.saturating_sub(1)).or(pictures.last());
        Ok(picture.map(|(pts, duration)| pts + duration / 2))
    }

    async fn pictures(&self, chunk: &Chunk) -> Result<Vec<(i64, i64)>, Problem> {
        let mut units = Vec::new();
        self.load(chunk, &mut units).await?;
        Ok(units.iter().filter(|unit| unit.track == Track::Video).map(|unit| (unit.pts_us, unit.duration_us)).collect())
    }

    /// More will follow by itself.
    pub async fn is_live(&self) -> Result<bool, Problem> {
        Ok(match &self.kind {
            Kind::Archive { archive, path } => archive.open.is_live(path),
            Kind::Ring { .. } => true,
        })
    }

    pub async fn gap_reason(&self, from: UtcMillis, to: UtcMillis) -> Result<Option<GapReason>, Problem> {
        let Kind::Archive { archive, path } = &self.kind else { return Ok(None) };
        let Some(range) = TimeRange::new(from, to) else { return Ok(None) };
        let causes = archive.index.causes(path, range).await?;
        Ok(causes.into_iter().rfind(|cause| cause.at - from <= JOIN_MS).map(|cause| cause.reason))
    }

    /// Resolves when there may be more at the live edge.
    pub async fn changed(&mut self) {
        if self.changes.changed().await.is_err() {
            std::future::pending::<()>().await;
        }
    }
}

impl Chunk {
    fn stored(view: Arc<SegmentView>, index: usize) -> Self {
        let us = |at: UtcMillis| at.to_micros().0;
        let run_end = view.key_after(index).map_or(view.segment.end, |next| view.start_of(next));
        Self {
            start_us: us(view.start_of(index)),
            end_us: us(view.end_of(index)),
            run_end_us: us(run_end),
            place: Place::Stored { view, index },
        }
    }

    fn of_ring(piece: RingPiece) -> Self {
        let (start_us, end_us) = piece.range_us();
        Self { start_us, end_us, run_end_us: end_us, place: Place::Ring(piece) }
    }

    fn is_key(&self) -> bool {
        match &self.place {
            Place::Stored { view, index } => view.fragments.get(*index).is_some_and(|fragment| fragment.is_key),
            Place::Ring(piece) => piece.is_key(),
        }
    }
}

fn last_end(chunk: &Chunk) -> UtcMillis {
    UtcMicros(chunk.end_us).to_millis()
}

/// Before (frames < 0) or after the picture shown, and not that picture itself.
fn is_beyond(pts_us: i64, shown_us: i64, frames: i32) -> bool {
    if frames < 0 { pts_us < shown_us - 500 } else { pts_us > shown_us + 500 }
}
