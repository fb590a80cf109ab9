//! What a recorder still holds of a file: the units that are not safe on the disk yet, and the pictures they need.
//!
//! When the disk fails they go to another one. They are the same memory that the hub and the writers hold.

use std::{collections::VecDeque, sync::Arc};
use watchwall_media::AccessUnit;
use watchwall_model::UtcMillis;

/// A disk that makes nothing durable does not fill the memory: beyond this the oldest is let go. It holds 40 Mbit/s until
/// a disk counts as hanging.
const MOST_BYTES: usize = 32 * 1024 * 1024;

/// Fragments in the order they were handed over; the first begins with a key frame.
#[derive(Debug, Default)]
pub struct Kept {
    fragments: VecDeque<Fragment>,
    bytes: usize,
}

#[derive(Debug)]
struct Fragment {
    start: UtcMillis,
    is_key: bool,
    bytes: usize,
    units: Vec<Arc<AccessUnit>>,
}

impl Kept {
    pub fn push(&mut self, start: UtcMillis, is_key: bool, units: Vec<Arc<AccessUnit>>) {
        let bytes = units.iter().map(|unit| unit.data.len()).sum();
        self.bytes += bytes;
        self.fragments.push_back(Fragment { start, is_key, bytes, units });
        while self.bytes > MOST_BYTES && self.drop_oldest() {}
    }

    /// Everything before this moment is safe: lets go of it, up to the key frame that what follows is decoded from.
    pub fn safe_until(&mut self, end: UtcMillis) {
        let needed = self.fragments.iter().rposition(|fragment| fragment.is_key && fragment.start <= end);
        for gone in self.fragments.drain(..needed.unwrap_or(0)) {
            self.bytes -= gone.bytes;
        }
    }

    pub fn is_empty(&self) -> bool {
        self.fragments.is_empty()
    }

    /// All units, from a key frame on.
    pub fn take(&mut self) -> Vec<Arc<AccessUnit>> {
        self.bytes = 0;
        self.fragments.drain(..).flat_map(|fragment| fragment.units).collect()
    }

    /// The oldest GOP goes; false when there is but one.
    fn drop_oldest(&mut self) -> bool {
        let next = self.fragments.iter().skip(1).position(|fragment| fragment.is_key);
        let Some(next) = next else { return false };
        for gone in self.fragments.drain(..=next) {
            self.bytes -= gone.bytes;
        }
        true
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use bytes::Bytes;
    use std::time::Instant;
    use watchwall_media::{StreamParams, Track, UnitParts};

    fn unit(bytes: usize) -> Arc<AccessUnit> {
        Arc::new(AccessUnit::new(UnitParts {
            track: Track::Video,
            data: Bytes::from(vec![0; bytes]),
            is_key: true,
            is_discontinuity: false,
            pts: 0,
            dts: 0,
            duration: 3_600,
            capture_at: UtcMillis(0).to_micros(),
            received_at: Instant::now(),
            sequence: 0,
            params: Arc::new(StreamParams::new(1, None, None)),
        }))
    }

    /// Fragments as (start, key), what is safe, and the starts that stay.
    fn check(fragments: &[(i64, bool)], safe_ms: i64, expect: &[i64]) {
        let mut kept = Kept::default();
        for (start, is_key) in fragments {
            kept.push(UtcMillis(*start), *is_key, vec![unit(10)]);
        }
        kept.safe_until(UtcMillis(safe_ms));
        let starts: Vec<i64> = kept.fragments.iter().map(|fragment| fragment.start.0).collect();
        assert_eq!(starts, expect, "{fragments:?} safe until {safe_ms}");
        assert_eq!(kept.bytes, 10 * expect.len());
        assert_eq!(kept.take().len(), expect.len());
        assert_eq!(kept.bytes, 0);
    }

    #[test]
    fn what_is_safe_goes_gop_by_gop() {
        let two_gops = [(0, true), (1_000, false), (2_000, true), (3_000, false)];
        check(&two_gops, 0, &[0, 1_000, 2_000, 3_000]);
        check(&two_gops, 1_999, &[0, 1_000, 2_000, 3_000]);
        check(&two_gops, 2_000, &[2_000, 3_000]);
        // What comes next may need the pictures of the last one, safe as they are.
        check(&two_gops, 4_000, &[2_000, 3_000]);
        check(&[(0, true), (1_000, true)], 2_000, &[1_000]);
        check(&[], 5, &[]);
    }

    #[test]
    fn memory_has_a_bound() {
        let mut kept = Kept::default();
        for n in 0..40 {
            kept.push(UtcMillis(n * 1_000), n % 2 == 0, vec![unit(1024 * 1024)]);
        }
        assert_eq!(kept.bytes, MOST_BYTES);
        assert!(kept.fragments.front().unwrap().is_key);
    }
}
