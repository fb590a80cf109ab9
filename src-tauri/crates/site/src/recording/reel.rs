//! A recording read from one picture to the next, across files and over gaps, as fast as whoever holds it asks.
//!
//! Presentation times run on evenly over gaps, as a decoder wants them; the capture times say where the gaps were.

use super::playback::{Chunk, Source, StoredUnit};
use std::{collections::VecDeque, sync::Arc, time::Instant};
use watchwall_media::{AccessUnit, StreamParams, Track, UnitParts};
use watchwall_model::{Problem, TimeRange, UtcMicros};

/// Pieces further apart than this do not follow each other.
const APART_US: i64 = 1_000_000;

/// With which picture a reel begins.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ReelStart {
    /// With the key frame at or before the start.
    Covering,
    /// With the first key frame that is not before the start.
    After,
}

/// The pictures of one stream in a range. One fragment is in memory at a time.
pub struct RecordedReel {
    source: Source,
    range: TimeRange,
    /// To be read, in order; the last one is where the next is looked for.
    chunks: VecDeque<Chunk>,
    last: Option<Chunk>,
    units: VecDeque<StoredUnit>,
    params: Option<Arc<StreamParams>>,
    line: Line,
    start: ReelStart,
    sequence: u64,
    is_over: bool,
}

impl RecordedReel {
    pub(super) fn new(source: Source, range: TimeRange, start: ReelStart) -> Self {
        Self {
            source,
            range,
            chunks: VecDeque::new(),
            last: None,
            units: VecDeque::new(),
            params: None,
            line: Line::default(),
            start,
            sequence: 0,
            is_over: false,
        }
    }

    /// The next picture in the order of the file, the first one a key frame; `None` at the end of the range, or of what is
    /// recorded of it so far.
    ///
    /// # Errors
    /// When index or disk cannot be read.
    pub async fn next(&mut self) -> Result<Option<Arc<AccessUnit>>, Problem> {
        loop {
            while let Some(unit) = self.units.pop_front() {
                if unit.dts_us >= self.range.end.to_micros().0 {
                    self.is_over = true;
                    self.units.clear();
                } else if let Some(unit) = self.take(unit) {
                    return Ok(Some(unit));
                }
            }
            if self.is_over || !self.load().await? {
                return Ok(None);
            }
        }
    }

    fn take(&mut self, unit: StoredUnit) -> Option<Arc<AccessUnit>> {
        let is_early =
            self.start == ReelStart::After && self.sequence == 0 && unit.pts_us < self.range.start.to_micros().0;
        if unit.track != Track::Video || is_early {
            return None;
        }
        let placed = self.line.place(&unit)?;
        let params = Arc::clone(self.params.as_ref()?);
        let clock_rate = params.video.as_ref()?.clock_rate;
        let ticks = |us: i64| (i128::from(us) * i128::from(clock_rate) / 1_000_000) as i64;
        let sequence = self.sequence;
        self.sequence += 1;
        Some(Arc::new(AccessUnit::new(UnitParts {
            track: Track::Video,
            data: unit.data,
            is_key: unit.is_key,
            is_discontinuity: placed.is_cut,
            pts: ticks(placed.pts_us),
            dts: ticks(placed.dts_us),
            duration: u32::try_from(ticks(unit.duration_us)).unwrap_or(0),
            capture_at: UtcMicros(unit.pts_us),
            received_at: Instant::now(),
            sequence,
            params,
        })))
    }

    /// Answers whether there is more.
    async fn load(&mut self) -> Result<bool, Problem> {
        if self.chunks.is_empty() {
            match &self.last {
                Some(last) => self.chunks.extend(self.source.next(last).await?),
                None => {
                    let Some(first) = self.source.find(self.range.start.to_micros().0).await? else { return Ok(false) };
                    self.chunks.extend(self.source.lead_in(&first).await?);
                    self.chunks.push_back(first);
                }
            }
        }
        let Some(chunk) = self.chunks.pop_front().filter(|chunk| chunk.start_us < self.range.end.to_micros().0) else {
            return Ok(false);
        };
        let mut units = Vec::new();
        self.params = Some(self.source.load(&chunk, &mut units).await?);
        self.units = units.into();
        self.last = Some(chunk);
        Ok(true)
    }
}

/// Recorded times without the gaps between them.
#[derive(Debug, Default)]
struct Line {
    /// Taken off recorded times.
    shift_us: Option<i64>,
    /// Where the picture before ended.
    end_us: i64,
    needs_key: bool,
}

#[derive(Debug, PartialEq, Eq)]
struct Placed {
    dts_us: i64,
    pts_us: i64,
    /// It does not follow the picture before it.
    is_cut: bool,
}

impl Line {
    /// `None` for a picture that nothing can be made of before the next key frame.
    fn place(&mut self, unit: &StoredUnit) -> Option<Placed> {
        let is_cut = self.shift_us.is_none() || (unit.dts_us - self.end_us).abs() > APART_US;
        self.needs_key |= is_cut;
        if self.needs_key && !unit.is_key {
            return None;
        }
        let was_cut = std::mem::take(&mut self.needs_key);
        if was_cut {
            // After a gap it goes on where it was.
            let went_on_us = self.shift_us.map_or(0, |shift_us| self.end_us - shift_us);
            self.shift_us = Some(unit.dts_us - went_on_us);
        }
        self.end_us = unit.dts_us + unit.duration_us.max(1);
        let shift_us = self.shift_us?;
        Some(Placed { dts_us: unit.dts_us - shift_us, pts_us: unit.pts_us - shift_us, is_cut: was_cut })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Pictures of 40 ms at these milliseconds, those with a minus no key frames; where they stand, in milliseconds.
    fn placed(at_ms: &[i64]) -> Vec<Option<(i64, bool)>> {
        let mut line = Line::default();
        let unit = |ms: &i64| StoredUnit {
            track: Track::Video,
            data: bytes::Bytes::new(),
            is_key: *ms > 0,
            dts_us: ms.abs() * 1_000,
            pts_us: ms.abs() * 1_000,
            duration_us: 40_000,
        };
        at_ms.iter().map(unit).map(|unit| line.place(&unit).map(|at| (at.pts_us / 1_000, at.is_cut))).collect()
    }

    #[test]
    fn gaps_take_no_time_and_end_with_a_key_frame() {
        let check = |at_ms: &[i64], expect: &[Option<(i64, bool)>]| assert_eq!(placed(at_ms), expect, "{at_ms:?}");
        check(&[5_000, -5_040, -5_080], &[Some((0, true)), Some((40, false)), Some((80, false))]);
        check(&[-4_960, 5_000], &[None, Some((0, true))]);
        // An hour later, and what cannot be decoded is left out.
        check(
            &[5_000, -5_040, -3_605_000, 3_605_040, -3_605_080],
            &[Some((0, true)), Some((40, false)), None, Some((80, true)), Some((120, false))],
        );
        // Two files never meet to the millisecond.
        check(&[5_000, 5_043, -5_081], &[Some((0, true)), Some((43, false)), Some((81, false))]);
        // The site's clock was set back.
        check(&[9_000, 5_000], &[Some((0, true)), Some((40, true))]);
    }
}
