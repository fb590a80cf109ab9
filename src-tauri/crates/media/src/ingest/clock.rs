//! When the camera took a picture, on our clock.
//!
//! RTP says how far apart pictures are, an RTCP sender report (RFC 3550 section 6.4.1) says what the camera's clock
//! read at one of them. Camera clocks stand at 1970, hours off or a few seconds behind, so a report is believed only
//! when it fits: the least lateness seen (arrival minus claimed capture) must be a delay a network can have.
//! Otherwise, and without reports, the picture with the least lateness counts as having come without delay.

use std::time::Duration;

/// A least lateness beyond this is a wrong clock, not a slow network.
const PLAUSIBLE_DELAY_US: i64 = 1_000_000;
/// The least lateness is searched in the last one to two of these, so that it follows drifting clocks.
const WINDOW_US: i64 = 20_000_000;
/// A report that moves the camera's clock by more than this starts the search anew.
const CLOCK_STEP_US: i64 = 500_000;

/// Capture times of one track.
#[derive(Debug)]
pub struct CaptureClock {
    clock_rate: i64,
    report: Option<Report>,
    lateness: Least,
    last_us: Option<i64>,
}

/// At `ticks` of the track the camera's clock read `utc_us`.
#[derive(Clone, Copy, Debug)]
struct Report {
    ticks: i64,
    utc_us: i64,
}

impl CaptureClock {
    pub fn new(clock_rate: u32) -> Self {
        Self { clock_rate: i64::from(clock_rate.max(1)), report: None, lateness: Least::default(), last_us: None }
    }

    /// Takes a sender report: NTP seconds in the upper 32 bits since 1900, fraction in the lower.
    pub fn note_report(&mut self, ticks: i64, ntp: u64) {
        let report = Report { ticks, utc_us: ntp_to_utc_us(ntp) };
        let has_stepped = self.report.is_none_or(|old| {
            (report.at(ticks, self.clock_rate) - old.at(ticks, self.clock_rate)).abs() > CLOCK_STEP_US
        });
        if has_stepped {
            self.lateness = Least::default();
        }
        self.report = Some(report);
    }

    /// A jump of the track's timestamps: reports from before say nothing about what follows.
    pub fn note_jump(&mut self) {
        self.report = None;
        self.lateness = Least::default();
    }

    /// Capture time, UTC microseconds, of the unit at `ticks` whose last byte arrived at `arrival_us`.
    /// Never later than the arrival. With `is_in_order` also never before the unit before it.
    pub fn capture_us(&mut self, ticks: i64, arrival_us: i64, is_in_order: bool) -> i64 {
        let claimed = match self.report {
            Some(report) => report.at(ticks, self.clock_rate),
            None => scale(ticks, self.clock_rate),
        };
        let least = self.lateness.note(arrival_us - claimed, arrival_us);
        let is_believed = self.report.is_some() && (0..=PLAUSIBLE_DELAY_US).contains(&least);
        let mut capture = (claimed + if is_believed { 0 } else { least }).min(arrival_us);
        if let Some(last) = self.last_us
            && is_in_order
            // After our own clock was set back the old times say nothing.
            && last <= arrival_us
        {
            capture = capture.max(last);
        }
        self.last_us = Some(capture);
        capture
    }

    /// How far the camera's clock is behind ours (ahead: negative), network delay included; `None` without reports.
    pub fn skew(&self) -> Option<i64> {
        self.report.and(self.lateness.least()).map(|us| us / 1_000)
    }
}

impl Report {
    fn at(self, ticks: i64, clock_rate: i64) -> i64 {
        self.utc_us + scale(ticks - self.ticks, clock_rate)
    }
}

/// Ticks to microseconds without overflow for any 64-bit tick a 32-bit RTP clock can reach.
fn scale(ticks: i64, clock_rate: i64) -> i64 {
    (i128::from(ticks) * 1_000_000 / i128::from(clock_rate)) as i64
}

fn ntp_to_utc_us(ntp: u64) -> i64 {
    const FROM_1900_TO_1970: i64 = 2_208_988_800;
    let seconds = (ntp >> 32) as i64 - FROM_1900_TO_1970;
    let fraction_us = ((ntp & 0xffff_ffff) * 1_000_000) >> 32;
    seconds * 1_000_000 + fraction_us as i64
}

/// The least value of the last one to two windows.
#[derive(Debug, Default)]
struct Least {
    current: Option<i64>,
    previous: Option<i64>,
    window_start_us: i64,
}

impl Least {
    fn note(&mut self, value: i64, now_us: i64) -> i64 {
        if (now_us - self.window_start_us).abs() > WINDOW_US {
            self.previous = self.current.take();
            self.window_start_us = now_us;
        }
        self.current = Some(self.current.map_or(value, |least| least.min(value)));
        self.least().unwrap_or(value)
    }

    fn least(&self) -> Option<i64> {
        match (self.current, self.previous) {
            (Some(a), Some(b)) => Some(a.min(b)),
            (a, b) => a.or(b),
        }
    }
}

/// Our wall clock at a past instant, UTC microseconds.
pub fn utc_us_at(instant: std::time::Instant) -> i64 {
    let age = std::time::Instant::now().saturating_duration_since(instant);
    watchwall_model::UtcMicros::now().0 - i64::try_from(age.min(Duration::from_secs(3600)).as_micros()).unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW_US: i64 = 1_800_000_000_000_000;

    fn ntp(utc_us: i64) -> u64 {
        let seconds = utc_us.div_euclid(1_000_000) + 2_208_988_800;
        ((seconds as u64) << 32) | (((utc_us.rem_euclid(1_000_000) as u64) << 32) / 1_000_000)
    }

    /// Plays 25 pictures a second taken at `NOW_US + n * 40 ms`, arriving `delay_ms(n)` later, with a report from a
    /// clock that is `skew_us` ahead of ours. Returns how wrong each capture time is, in milliseconds.
    fn errors(pictures: i64, skew_us: Option<i64>, delay_ms: impl Fn(i64) -> i64) -> Vec<i64> {
        let mut clock = CaptureClock::new(90_000);
        if let Some(skew) = skew_us {
            clock.note_report(7_000, ntp(NOW_US + skew));
        }
        (0..pictures)
            .map(|n| {
                let taken = NOW_US + n * 40_000;
                let capture = clock.capture_us(7_000 + n * 3_600, taken + delay_ms(n) * 1_000, true);
                (capture - taken).div_euclid(1_000)
            })
            .collect()
    }

    #[test]
    fn a_plausible_report_gives_the_true_time_even_when_arrivals_are_late() {
        assert!(errors(50, Some(0), |n| 5 + 30 * (n % 7)).iter().all(|e| e.abs() <= 1));
        assert!(errors(50, Some(-300_000), |_| 5).iter().all(|e| (e + 300).abs() <= 1), "0.3 s behind is believed");
    }

    #[test]
    fn a_wrong_clock_is_corrected_to_ours() {
        let worst = |skew_us| errors(200, Some(skew_us), |n| 5 + n % 3).into_iter().map(|e| (e - 5).abs()).max();
        for skew_us in [-NOW_US, -3_600_000_000 * 5, -2_000_000, 50_000, 3_600_000_000, 86_400_000_000 * 365 * 20] {
            assert!(worst(skew_us) <= Some(2), "{skew_us}: {:?}", worst(skew_us));
        }
    }

    #[test]
    fn without_reports_jitter_is_taken_out() {
        let late = errors(500, None, |n| 10 + (n * 7919) % 60);
        assert!(late[100..].iter().all(|e| (9..=12).contains(e)), "{:?}", &late[100..120]);
    }

    #[test]
    fn drift_is_followed() {
        // The camera's crystal loses 200 ppm: after an hour its time stamps are 0.72 s behind.
        let mut clock = CaptureClock::new(90_000);
        let mut worst = 0;
        for n in 0..90_000_i64 {
            let taken = NOW_US + n * 40_000;
            let ticks = n * 3_600 - n * 3_600 / 5_000;
            let capture = clock.capture_us(ticks, taken + 5_000, true);
            worst = worst.max((capture - taken).abs());
        }
        assert!(worst < 20_000, "{worst}");
    }

    #[test]
    fn capture_never_runs_ahead_of_arrival_nor_backwards() {
        let mut clock = CaptureClock::new(90_000);
        clock.note_report(0, ntp(NOW_US + 10_000_000));
        let mut last = i64::MIN;
        for n in 0..100_i64 {
            let arrival = NOW_US + n * 40_000 - (n % 3) * 5_000;
            let capture = clock.capture_us(n * 3_600, arrival, true);
            assert!(capture <= arrival && capture >= last, "{n}");
            last = capture;
        }
        assert!((clock.skew().unwrap() + 10_000).abs() < 30);
    }

    #[test]
    fn our_own_clock_set_back_does_not_freeze_time() {
        let mut clock = CaptureClock::new(90_000);
        clock.capture_us(0, NOW_US, true);
        let back = NOW_US - 3_600_000_000;
        clock.note_jump();
        assert!((clock.capture_us(3_600, back, true) - back).abs() < 1_000);
    }
}
