//! Presentation and decode times that never go back, whatever the camera's timestamps do.

use std::time::{Duration, Instant};

/// A step forward this much larger than the time that really passed is a jump, not a pause.
const FORWARD_JUMP_S: f64 = 5.0;
/// A step back beyond what any reordering explains.
const BACKWARD_JUMP_S: f64 = 1.0;

/// Where stream time stood at an instant; shared by both tracks and handed from one connection to the next.
#[derive(Clone, Copy, Debug)]
pub struct Origin {
    pub at: Instant,
    pub stream_us: i64,
}

impl Origin {
    /// Stream time at `instant`, in ticks.
    pub fn ticks_at(&self, instant: Instant, clock_rate: u32) -> i64 {
        let since = i64::try_from(instant.saturating_duration_since(self.at).as_micros()).unwrap_or(i64::MAX / 2);
        (i128::from(self.stream_us + since) * i128::from(clock_rate) / 1_000_000) as i64
    }
}

/// Maps one track's unwrapped RTP ticks to stream time.
#[derive(Debug)]
pub struct Timeline {
    clock_rate: u32,
    offset: Option<i64>,
    /// Largest ticks so far, before the offset, and when they arrived.
    newest: (i64, Instant),
    decode: DecodeTimes,
    duration: u32,
}

/// Times of one unit, in ticks of the track.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct UnitTimes {
    pub pts: i64,
    pub dts: i64,
    /// The unit before it lasted this long.
    pub duration: u32,
    /// The camera's timestamps jumped here.
    pub has_jumped: bool,
    /// The picture is shown before one that was decoded earlier: the stream has B-frames.
    pub is_reordered: bool,
}

impl Timeline {
    /// `last_dts` is where the connection before this one ended; the first unit comes after it.
    pub fn new(clock_rate: u32, default_duration: u32, reorder_depth: u8, last_dts: Option<i64>) -> Self {
        Self {
            clock_rate: clock_rate.max(1),
            offset: None,
            newest: (0, Instant::now()),
            decode: DecodeTimes::new(reorder_depth, default_duration, last_dts),
            duration: default_duration,
        }
    }

    pub fn set_reorder_depth(&mut self, depth: u8) {
        self.decode.set_depth(depth);
    }

    /// `start` is the stream time, in ticks, at which the first unit of this connection lies.
    pub fn place(&mut self, ticks: i64, received_at: Instant, start: impl FnOnce() -> i64) -> UnitTimes {
        let mut has_jumped = false;
        let offset = match self.offset {
            None => {
                self.newest = (ticks, received_at);
                start() - ticks
            }
            Some(offset) if self.is_jump(ticks, received_at) => {
                has_jumped = true;
                let passed = received_at.saturating_duration_since(self.newest.1);
                let next = self.newest.0 + offset + self.to_ticks(passed).max(i64::from(self.duration));
                self.newest = (ticks, received_at);
                next - ticks
            }
            Some(offset) => offset,
        };
        self.offset = Some(offset);
        let is_reordered = ticks < self.newest.0;
        if !is_reordered {
            self.newest = (ticks, received_at);
        }
        let (pts, dts) = self.decode.next(ticks + offset, has_jumped);
        if let Some(length) = self.decode.last_step()
            && length < i64::from(self.clock_rate) * 10
        {
            self.duration = u32::try_from(length).unwrap_or(self.duration).max(1);
        }
        UnitTimes { pts, dts, duration: self.duration, has_jumped, is_reordered }
    }

    fn is_jump(&self, ticks: i64, received_at: Instant) -> bool {
        let step_s = (ticks - self.newest.0) as f64 / f64::from(self.clock_rate);
        let passed_s = received_at.saturating_duration_since(self.newest.1).as_secs_f64();
        step_s < -BACKWARD_JUMP_S || step_s > passed_s + FORWARD_JUMP_S
    }

    fn to_ticks(&self, time: Duration) -> i64 {
        (time.as_secs_f64() * f64::from(self.clock_rate)) as i64
    }
}

/// Decode times for pictures that arrive in decode order and carry presentation times only.
///
/// With a reorder depth of n the n-th smallest presentation time so far is a decode time that is never late:
/// a picture is shown at the earliest n pictures after it was decoded.
#[derive(Debug)]
struct DecodeTimes {
    depth: usize,
    /// Presentation times not yet used as decode times, ascending; at most `depth` between calls.
    held: Vec<i64>,
    last: Option<i64>,
    step: Option<i64>,
    default_duration: u32,
    is_filling: bool,
}

impl DecodeTimes {
    fn new(depth: u8, default_duration: u32, last: Option<i64>) -> Self {
        Self { depth: usize::from(depth), held: Vec::new(), last, step: None, default_duration, is_filling: true }
    }

    fn set_depth(&mut self, depth: u8) {
        if usize::from(depth) != self.depth {
            self.depth = usize::from(depth);
            self.held.clear();
            self.is_filling = true;
        }
    }

    /// Presentation and decode time of the next unit.
    fn next(&mut self, pts: i64, has_jumped: bool) -> (i64, i64) {
        if has_jumped {
            self.held.clear();
            self.is_filling = true;
        }
        if self.depth > 0 && self.is_filling {
            // As if the pictures before the first one had come at the usual pace.
            let duration = i64::from(self.default_duration);
            self.held = (1..=self.depth as i64).rev().map(|n| pts - n * duration).collect();
            self.is_filling = false;
        }
        let at = self.held.partition_point(|held| *held <= pts);
        self.held.insert(at, pts);
        let mut dts = self.held.remove(0);
        if let Some(last) = self.last {
            dts = dts.max(last + 1);
        }
        self.step = self.last.map(|last| dts - last);
        self.last = Some(dts);
        // Only a stream that reorders deeper than it said gets here with an earlier presentation time.
        (pts.max(dts), dts)
    }

    const fn last_step(&self) -> Option<i64> {
        self.step
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Places pictures given as milliseconds of camera time (90 kHz), arriving every 40 ms; returns pts and dts in ms.
    fn place(depth: u8, camera_ms: &[i64]) -> Vec<(i64, i64)> {
        let start = Instant::now();
        let mut timeline = Timeline::new(90_000, 3_600, depth, None);
        camera_ms
            .iter()
            .enumerate()
            .map(|(n, ms)| {
                let times = timeline.place(ms * 90, start + Duration::from_millis(40 * n as u64), || 0);
                (times.pts / 90, times.dts / 90)
            })
            .collect()
    }

    #[test]
    fn in_order_decode_time_is_presentation_time() {
        assert_eq!(place(0, &[5_000, 5_040, 5_080]), [(0, 0), (40, 40), (80, 80)]);
    }

    #[test]
    fn b_frames_get_decode_times_that_are_never_late() {
        let check = |depth, pts: &[i64], expect: &[(i64, i64)]| assert_eq!(place(depth, pts), expect);
        // I P B B P B B with one picture held back.
        check(
            1,
            &[0, 120, 40, 80, 240, 160, 200],
            &[(0, -40), (120, 0), (40, 40), (80, 80), (240, 120), (160, 160), (200, 200)],
        );
        // A pyramid: I P B b b with two held back.
        check(2, &[0, 160, 80, 40, 120], &[(0, -80), (160, -40), (80, 0), (40, 40), (120, 80)]);
    }

    #[test]
    fn undeclared_b_frames_stay_lawful() {
        let start = Instant::now();
        let mut timeline = Timeline::new(90_000, 3_600, 0, None);
        let times: Vec<_> = [0, 120, 40, 80, 240, 160, 200].map(|ms| timeline.place(ms * 90, start, || 0)).to_vec();
        assert!(times.iter().all(|t| t.dts <= t.pts));
        assert!(times.windows(2).all(|w| w[0].dts < w[1].dts), "{times:?}");
        assert_eq!(times.iter().filter(|t| t.is_reordered).count(), 4);
    }

    #[test]
    fn jumps_are_bridged_at_the_pace_of_arrival() {
        let hours = 3_600_000;
        for there in [5 * hours, -5 * hours, 6_000, -2_000] {
            let times = place(0, &[100_000, 100_040, 100_040 + there, 100_080 + there]);
            assert_eq!(times.iter().map(|t| t.0).collect::<Vec<_>>(), [0, 40, 80, 120], "{there}");
        }
    }

    #[test]
    fn a_real_pause_is_no_jump() {
        let start = Instant::now();
        let mut timeline = Timeline::new(90_000, 3_600, 0, None);
        timeline.place(0, start, || 0);
        let times = timeline.place(90_000 * 20, start + Duration::from_secs(20), || 0);
        assert_eq!((times.pts, times.has_jumped), (1_800_000, false));
    }

    #[test]
    fn equal_timestamps_still_rise() {
        let times = place(0, &[0, 0, 0, 40]);
        assert!(times.windows(2).all(|w| w[0].1 <= w[1].1));
        let start = Instant::now();
        let mut timeline = Timeline::new(90_000, 3_600, 0, None);
        let dts: Vec<_> = (0..3).map(|_| timeline.place(7, start, || 0).dts).collect();
        assert_eq!(dts, [0, 1, 2]);
    }

    #[test]
    fn the_next_connection_goes_on_after_the_last() {
        let mut timeline = Timeline::new(90_000, 3_600, 2, Some(1_000_000));
        let times = timeline.place(3, Instant::now(), || 1_000_100);
        assert!(times.dts > 1_000_000 && times.dts <= times.pts);
    }

    #[test]
    fn an_origin_counts_on_in_any_clock_rate() {
        let at = Instant::now();
        let origin = Origin { at, stream_us: 2_000_000 };
        assert_eq!(origin.ticks_at(at + Duration::from_millis(500), 90_000), 225_000);
        assert_eq!(origin.ticks_at(at, 8_000), 16_000);
    }
}
