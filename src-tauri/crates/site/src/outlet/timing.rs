//! RTP times of a track, and the sender reports that tell what they mean on the clock.
//!
//! RTP times are the hub's presentation times: they run as evenly as the camera filmed. A report says when a picture was
//! taken; the pictures after it follow from that for as long as their capture times do. Where they do not, the picture
//! gets a report of its own.

use std::time::{Duration, Instant};
use watchwall_model::UtcMicros;

/// Of every picture track (RFC 6184, RFC 7798, RFC 2435).
pub const CLOCK_HZ: u32 = 90_000;
const REPORT_EVERY: Duration = Duration::from_secs(5);
/// A capture time may differ from what the last report says by so much.
const TOLERANCE_US: i64 = 500;

#[derive(Debug)]
pub struct Timing {
    base: u32,
    told: Option<Told>,
}

/// At `ticks` the clock read `capture`.
#[derive(Clone, Copy, Debug)]
struct Told {
    ticks: i64,
    capture: UtcMicros,
    at: Instant,
}

impl Timing {
    /// RTP times begin anywhere (RFC 3550 section 5.1).
    pub const fn new(base: u32) -> Self {
        Self { base, told: None }
    }

    /// RTP time of a picture whose presentation time is `ticks` of the track's clock.
    pub const fn rtp_time(&self, ticks: i64) -> u32 {
        // It wraps.
        self.base.wrapping_add(ticks as u32)
    }

    /// Whether a report about this picture is due before it is sent; then it counts as sent.
    pub fn is_report_due(&mut self, ticks: i64, capture: UtcMicros, now: Instant) -> bool {
        let is_known = self.told.is_some_and(|told| {
            let expected = told.capture.0.saturating_add(micros(ticks.saturating_sub(told.ticks)));
            (capture.0 - expected).abs() <= TOLERANCE_US && now.saturating_duration_since(told.at) < REPORT_EVERY
        });
        if !is_known {
            self.told = Some(Told { ticks, capture, at: now });
        }
        !is_known
    }
}

/// Ticks of another clock in ticks of ours.
pub fn to_rtp_clock(ticks: i64, clock_rate: u32) -> i64 {
    if clock_rate == CLOCK_HZ {
        return ticks;
    }
    (i128::from(ticks) * i128::from(CLOCK_HZ) / i128::from(clock_rate.max(1))) as i64
}

fn micros(ticks: i64) -> i64 {
    (i128::from(ticks) * 1_000_000 / i128::from(CLOCK_HZ)) as i64
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: UtcMicros = UtcMicros(1_800_000_000_000_000);

    /// Plays 25 pictures a second for `seconds`, taken when `taken_us` says; answers which got a report.
    fn reports(seconds: i64, taken_us: impl Fn(i64) -> i64) -> Vec<i64> {
        let (mut timing, start) = (Timing::new(7), Instant::now());
        (0..seconds * 25)
            .filter(|n| {
                let now = start + Duration::from_millis(40 * *n as u64);
                timing.is_report_due(n * 3_600, UtcMicros(NOW.0 + taken_us(*n)), now)
            })
            .collect()
    }

    #[test]
    fn the_first_picture_has_a_report_then_one_every_five_seconds() {
        assert_eq!(reports(12, |n| n * 40_000), [0, 125, 250]);
        // Rounding is no change.
        assert_eq!(reports(5, |n| n * 40_000 + n % 2), [0]);
    }

    #[test]
    fn a_picture_taken_at_another_time_has_one_of_its_own() {
        // The camera's clock was set forward by a second before the 50th picture.
        assert_eq!(reports(4, |n| n * 40_000 + if n >= 50 { 1_000_000 } else { 0 }), [0, 50]);
        // A clock that loses 100 ppm is told of as often as it has to be.
        assert_eq!(reports(12, |n| n * 40_000 - n * 4), [0, 125, 250]);
        assert_eq!(reports(4, |n| n * 40_000 - n * 20), [0, 26, 52, 78]);
    }

    #[test]
    fn rtp_times_wrap_and_other_clocks_are_converted() {
        let timing = Timing::new(u32::MAX);
        assert_eq!((timing.rtp_time(0), timing.rtp_time(1), timing.rtp_time(-1)), (u32::MAX, 0, u32::MAX - 1));
        assert_eq!(timing.rtp_time(1 << 40), u32::MAX);
        assert_eq!((to_rtp_clock(5, 90_000), to_rtp_clock(1_000, 1_000), to_rtp_clock(-1, 30_000)), (5, 90_000, -3));
    }
}
