//! Which replayed pictures go into a file, and at which time: the stretch and nothing beside it.
//!
//! A device begins at the key frame before the stretch. Without those pictures the first ones of the stretch cannot be
//! decoded, and at their own times they would lie over what is recorded already. So they stand at the very start,
//! a tick each, and the last of them until the first picture of the stretch: a decoder gets all, nobody sees the others.

use std::sync::Arc;
use watchwall_media::{AccessUnit, UnitParts};
use watchwall_model::{ErrorCode, Problem, TimeRange, UtcMicros};

/// A key frame before the stretch is no further away.
const LEAD_US: i64 = 60_000_000;
/// Pictures kept until the stretch begins; a group of pictures has fewer.
const MOST_LEADING: usize = 4_096;

/// What becomes of a picture.
#[derive(Debug)]
pub enum Fit {
    /// These are written, in this order; often none yet.
    Write(Vec<Arc<AccessUnit>>),
    /// The stretch is over. What is written lasts until this one.
    End(Arc<AccessUnit>),
}

/// One stretch.
#[derive(Debug)]
pub struct Fitter {
    range: TimeRange,
    leading: Vec<Arc<AccessUnit>>,
    last: Option<Arc<AccessUnit>>,
}

impl Fitter {
    pub const fn new(range: TimeRange) -> Self {
        Self { range, leading: Vec::new(), last: None }
    }

    /// # Errors
    /// `answer_invalid` for a picture of quite another time: the device does not play what it was asked for.
    pub fn take(&mut self, unit: Arc<AccessUnit>) -> Result<Fit, Problem> {
        let (start, end) = (self.range.start.to_micros(), self.range.end.to_micros());
        let at = unit.capture_at;
        if at.0 < start.0 - LEAD_US || at.0 > end.0 + LEAD_US {
            let away_ms = (at.0 - start.0) / 1000;
            let problem = Problem::new(ErrorCode::AnswerInvalid).at("replay");
            return Err(
                problem.because(format!("the device replays pictures of {away_ms} ms after what it was asked for"))
            );
        }
        if at >= end {
            return Ok(Fit::End(at_time(&unit, end)));
        }
        if self.last.is_some() {
            self.last = Some(Arc::clone(&unit));
            // Of B-frames one may show a moment before the stretch.
            return Ok(Fit::Write(vec![if at < start { at_time(&unit, start) } else { unit }]));
        }
        if unit.is_key {
            self.leading.clear();
        } else if self.leading.is_empty() {
            // Nothing to decode it with.
            return Ok(Fit::Write(Vec::new()));
        }
        if at < start {
            if self.leading.len() < MOST_LEADING {
                self.leading.push(unit);
            }
            return Ok(Fit::Write(Vec::new()));
        }
        self.last = Some(Arc::clone(&unit));
        let mut units = lead_in(&std::mem::take(&mut self.leading), &unit, start);
        // One that needs none stands for the picture before it, a frame ago.
        let is_next = units.is_empty() && at.0 - start.0 <= frame_us(&unit);
        units.push(if is_next { at_time(&unit, start) } else { unit });
        Ok(Fit::Write(units))
    }

    /// Whether a picture of the stretch has come.
    pub const fn has_begun(&self) -> bool {
        self.last.is_some()
    }

    /// For a device that stops where it was told to: what the last picture lasts until, when that is the end of the stretch.
    pub fn end(&self) -> Option<Arc<AccessUnit>> {
        let (last, end) = (self.last.as_ref()?, self.range.end.to_micros());
        (end.0 - last.capture_at.0 <= frame_us(last)).then(|| at_time(last, end))
    }
}

/// Leading pictures at the start of the stretch, each a tick before the next.
fn lead_in(leading: &[Arc<AccessUnit>], first: &AccessUnit, start: UtcMicros) -> Vec<Arc<AccessUnit>> {
    let count = i64::try_from(leading.len()).unwrap_or(0);
    let rate = first.params.video.as_ref().map_or(90_000, |video| video.clock_rate);
    let ahead = (first.capture_at.0 - start.0).saturating_mul(rate.into()) / 1_000_000;
    let begin = first.dts - ahead.max(count);
    let squeezed = leading.iter().zip(0..).map(|(unit, n)| {
        let dts = begin + n;
        let parts = UnitParts {
            pts: dts,
            dts,
            duration: 1,
            capture_at: start,
            received_at: first.received_at,
            ..UnitParts::clone(unit)
        };
        Arc::new(AccessUnit::new(parts))
    });
    squeezed.collect()
}

/// How long a picture lasts, and half of that for devices that are not exact.
fn frame_us(unit: &AccessUnit) -> i64 {
    let rate = unit.params.video.as_ref().map_or(90_000, |video| video.clock_rate);
    i64::from(unit.duration) * 1_500_000 / i64::from(rate.max(1))
}

fn at_time(unit: &AccessUnit, capture_at: UtcMicros) -> Arc<AccessUnit> {
    Arc::new(AccessUnit::new(UnitParts { capture_at, ..UnitParts::clone(unit) }))
}

#[cfg(test)]
mod tests {
    use super::*;
    use bytes::Bytes;
    use std::time::Instant;
    use watchwall_media::{StreamParams, Track};
    use watchwall_model::UtcMillis;

    const RANGE: TimeRange = TimeRange { start: UtcMillis(100_000), end: UtcMillis(110_000) };

    /// A picture every second, a key frame every fourth, taken `at` seconds.
    fn unit(at: i64) -> Arc<AccessUnit> {
        Arc::new(AccessUnit::new(UnitParts {
            track: Track::Video,
            data: Bytes::new(),
            is_key: at % 4 == 0,
            is_discontinuity: false,
            pts: at * 90_000,
            dts: at * 90_000,
            duration: 90_000,
            capture_at: UtcMicros(at * 1_000_000),
            received_at: Instant::now(),
            sequence: 0,
            params: Arc::new(StreamParams::new(1, None, None)),
        }))
    }

    /// What is written of pictures taken at these seconds: media ticks and milliseconds of wall clock.
    fn check(seconds: impl IntoIterator<Item = i64>, expect: &[(i64, i64)], end: Option<i64>) {
        let (mut fitter, mut written, mut ended) = (Fitter::new(RANGE), Vec::new(), None);
        for at in seconds {
            match fitter.take(unit(at)).unwrap() {
                Fit::Write(units) => written.extend(units.iter().map(|unit| (unit.dts, unit.capture_at.0 / 1000))),
                Fit::End(unit) => ended = Some(unit.capture_at.0 / 1000),
            }
        }
        assert_eq!((written.as_slice(), ended), (expect, end));
    }

    #[test]
    fn pictures_before_the_stretch_take_no_time() {
        let tick = 90_000;
        // 96 is the key frame: it and the two behind it lead 100 in, which is a key frame itself and needs none.
        check([96, 97, 100, 101], &[(100 * tick, 100_000), (101 * tick, 101_000)], None);
        check(
            [96, 98, 99, 101],
            &[(100 * tick, 100_000), (100 * tick + 1, 100_000), (100 * tick + 2, 100_000), (101 * tick, 101_000)],
            None,
        );
        // Two groups before: the older is of no use.
        check([92, 93, 96, 101], &[(100 * tick, 100_000), (101 * tick, 101_000)], None);
        // A key frame just behind the start stands for the picture before it.
        let late = TimeRange { start: UtcMillis(99_400), ..RANGE };
        let mut fitter = Fitter::new(late);
        let Fit::Write(units) = fitter.take(unit(100)).unwrap() else { unreachable!("not the end") };
        assert_eq!(units[0].capture_at, late.start.to_micros());
        // Without a key frame nothing can be decoded.
        check([98, 99, 101, 104], &[(104 * tick, 104_000)], None);
    }

    #[test]
    fn the_stretch_ends_where_recording_goes_on() {
        check([108, 109, 110], &[(108 * 90_000, 108_000), (109 * 90_000, 109_000)], Some(110_000));
        check([108, 113], &[(108 * 90_000, 108_000)], Some(110_000));
        check([113], &[], Some(110_000));
    }

    #[test]
    fn a_device_may_stop_where_it_was_told_to() {
        let check = |last, expect: Option<i64>| {
            let mut fitter = Fitter::new(RANGE);
            for at in [100, 101, last] {
                fitter.take(unit(at)).unwrap();
            }
            assert_eq!(fitter.end().map(|unit| unit.capture_at.0 / 1000), expect, "{last}");
        };
        check(109, Some(110_000));
        check(107, None);
        assert!(Fitter::new(RANGE).end().is_none());
    }

    #[test]
    fn a_device_that_plays_something_else_is_found_out() {
        for at in [0, 39, 171, 3_700] {
            assert_eq!(Fitter::new(RANGE).take(unit(at)).unwrap_err().code, ErrorCode::AnswerInvalid, "{at}");
        }
        assert!(Fitter::new(RANGE).take(unit(40)).is_ok());
    }
}
