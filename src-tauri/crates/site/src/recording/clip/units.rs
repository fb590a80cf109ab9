//! What a clip consists of, unit by unit, for who makes something else of it.

use super::{
    super::{archive::blocking, container, playback::StoredUnit},
    Clip,
};
use std::{sync::Arc, time::Duration};
use watchwall_media::{StreamParams, Track};
use watchwall_model::{ErrorCode, Problem, UtcMicros};

/// A unit of a clip.
#[derive(Clone, Debug)]
pub struct ClipUnit {
    /// With its times in recorded wall-clock time.
    pub stored: StoredUnit,
    /// Where it stands in the clip, microseconds from its beginning.
    pub dts_us: i64,
    pub pts_us: i64,
}

impl Clip {
    /// How its streams are coded.
    pub fn params(&self) -> Option<Arc<StreamParams>> {
        self.parts.first().map(|view| Arc::clone(&view.head.params))
    }

    pub fn lasts(&self) -> Duration {
        Duration::from_micros(self.layout.duration_us())
    }

    /// Fragments it consists of.
    pub fn fragments(&self) -> usize {
        self.chosen.iter().map(ExactSizeIterator::len).sum()
    }

    /// The units of its `n`th fragment, in file order, and the bytes they take.
    ///
    /// # Errors
    /// When the file cannot be read.
    pub async fn units_of(&self, n: usize) -> Result<(Vec<ClipUnit>, u64), Problem> {
        let internal = || Problem::new(ErrorCode::Internal).at("read_clip_units");
        let (part, index) = self.place_of(n).ok_or_else(internal)?;
        let begun_us = self.layout.starts_us().get(n).copied().ok_or_else(internal)?;
        let begun_us = i64::try_from(begun_us).unwrap_or(i64::MAX);
        let parts = Arc::clone(&self.parts);
        blocking(move || {
            let view = parts.get(part).ok_or_else(internal)?;
            let bytes = view.read(index)?;
            let start_us: UtcMicros = view.start_of(index).to_micros();
            let stored = container::units(&view.head, &bytes, start_us.0)?;
            Ok((placed(stored, begun_us), bytes.len() as u64))
        })
        .await
    }

    /// Which part holds the `n`th fragment, and where in it.
    fn place_of(&self, n: usize) -> Option<(usize, usize)> {
        let mut left = n;
        for (part, range) in self.chosen.iter().enumerate() {
            if left < range.len() {
                return Some((part, range.start + left));
            }
            left -= range.len();
        }
        None
    }
}

/// Puts a fragment's units where it begins in the clip.
fn placed(stored: Vec<StoredUnit>, begun_us: i64) -> Vec<ClipUnit> {
    let first = stored.iter().find(|unit| unit.track == Track::Video).or(stored.first());
    let first_us = first.map_or(0, |unit| unit.dts_us);
    let place = |stored: StoredUnit| ClipUnit {
        dts_us: begun_us + stored.dts_us - first_us,
        pts_us: begun_us + stored.pts_us - first_us,
        stored,
    };
    stored.into_iter().map(place).collect()
}
