//! Times of packets: RTP time follows the moment at which a picture was taken, and reports tell how. Pure.

use std::time::{Duration, Instant};
use watchwall_model::UtcMicros;

const REPORT_EVERY: Duration = Duration::from_secs(5);
/// A camera's clock that goes back, or ahead by more than this, was set.
const MOST_STEP_TICKS: i64 = 10 * 90_000;
/// What such a picture is taken to come after the one before.
const USUAL_STEP_TICKS: i64 = 90_000 / 15;

#[derive(Debug)]
pub struct RtpClock {
    /// RTP time minus the moment, in ticks of 90 kHz; it wraps.
    offset: i64,
    newest: Option<i64>,
    reported_at: Option<Instant>,
}

/// One picture's.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Placed {
    pub rtp_time: u32,
    /// A sender report about this picture is to go before it.
    pub is_report_due: bool,
}

impl RtpClock {
    /// RTP times begin anywhere (RFC 3550 5.1).
    pub fn new(base: u32) -> Self {
        Self { offset: i64::from(base), newest: None, reported_at: None }
    }

    pub fn place(&mut self, taken: UtcMicros, now: Instant) -> Placed {
        let moment = (i128::from(taken.0) * 9 / 100) as i64;
        let mut ticks = moment.wrapping_add(self.offset);
        let mut is_set = self.newest.is_none();
        if let Some(newest) = self.newest
            && !(1..=MOST_STEP_TICKS).contains(&ticks.wrapping_sub(newest))
        {
            ticks = newest.wrapping_add(USUAL_STEP_TICKS);
            self.offset = ticks.wrapping_sub(moment);
            is_set = true;
        }
        self.newest = Some(ticks);
        let is_time = self.reported_at.is_none_or(|at| now.saturating_duration_since(at) >= REPORT_EVERY);
        let is_report_due = is_set || is_time;
        if is_report_due {
            self.reported_at = Some(now);
        }
        // It wraps.
        Placed { rtp_time: ticks as u32, is_report_due }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Pictures taken at these milliseconds, coming every 100; how far apart their RTP times are, and which had reports.
    fn play(taken_ms: &[i64]) -> (Vec<u32>, Vec<usize>) {
        let (mut clock, start) = (RtpClock::new(u32::MAX - 9_000), Instant::now());
        let placed: Vec<Placed> = (0..)
            .zip(taken_ms)
            .map(|(n, ms)| {
                let taken = UtcMicros(1_800_000_000_000_000 + ms * 1_000);
                clock.place(taken, start + Duration::from_millis(100 * n))
            })
            .collect();
        let steps = placed.windows(2).map(|pair| pair[1].rtp_time.wrapping_sub(pair[0].rtp_time)).collect();
        let reports = (0..).zip(&placed).filter(|(_, placed)| placed.is_report_due).map(|(n, _)| n).collect();
        (steps, reports)
    }

    #[test]
    fn times_are_as_far_apart_as_the_pictures_were_taken() {
        assert_eq!(play(&[0, 100, 167, 1_167]), (vec![9_000, 6_030, 90_000], vec![0]));
        let even: Vec<i64> = (0..120).map(|n| n * 100).collect();
        let (steps, reports) = play(&even);
        assert!(steps.iter().all(|step| *step == 9_000));
        assert_eq!(reports, [0, 50, 100]);
    }

    #[test]
    fn a_clock_that_was_set_is_told_of_and_times_still_grow() {
        for there in [-3_600_000, 3_600_000, 100, 0] {
            let (steps, reports) = play(&[0, 100, 100 + there, 200 + there]);
            let set = if there == 100 { vec![0] } else { vec![0, 2] };
            let step = if there == 100 { 9_000 } else { 6_000 };
            assert_eq!((steps, reports), (vec![9_000, step, 9_000], set), "{there}");
        }
    }
}
