//! A session's place in a loop.

use super::media_clock::{micros, ticks};
use crate::rtp::{LoopUnit, TrackLoop};
use std::sync::Arc;

#[derive(Clone, Debug)]
pub(crate) struct LoopCursor {
    track: Arc<TrackLoop>,
    /// Media time, in ticks of the track, at which the loop began.
    start: i64,
    turn: i64,
    index: usize,
}

impl LoopCursor {
    /// The first unit of the loop.
    pub fn first(track: Arc<TrackLoop>, start: i64) -> Self {
        Self { track, start, turn: 0, index: 0 }
    }

    /// The first key unit that is not yet due.
    pub fn next_key(track: Arc<TrackLoop>, start: i64, now_us: i64) -> Self {
        let since = ticks(now_us, track.clock_hz) - start;
        let length = track.length.max(1);
        let within = since.rem_euclid(length);
        let index = track.units.partition_point(|unit| unit.send < within);
        let mut cursor = Self { turn: since.div_euclid(length), index, start, track };
        cursor.settle();
        for _ in 0..cursor.track.units.len() {
            if cursor.unit().is_none_or(|unit| unit.key) {
                break;
            }
            cursor.advance();
        }
        cursor
    }

    /// `None` only for a loop without units.
    pub fn unit(&self) -> Option<&LoopUnit> {
        self.track.units.get(self.index)
    }

    /// When the unit is due, on the media clock.
    pub fn due_us(&self) -> i64 {
        micros(self.base() + self.unit().map_or(0, |unit| unit.send), self.track.clock_hz)
    }

    /// The unit's RTP time before bases and faults, in ticks of the track.
    pub fn time(&self) -> i64 {
        self.base() + self.unit().map_or(0, |unit| unit.time)
    }

    pub fn advance(&mut self) {
        self.index += 1;
        self.settle();
    }

    pub fn plays(&self, track: &Arc<TrackLoop>) -> bool {
        Arc::ptr_eq(&self.track, track)
    }

    pub fn track(&self) -> Arc<TrackLoop> {
        self.track.clone()
    }

    pub const fn start(&self) -> i64 {
        self.start
    }

    fn settle(&mut self) {
        if self.index >= self.track.units.len() {
            self.index = 0;
            self.turn += 1;
        }
    }

    fn base(&self) -> i64 {
        self.start + self.turn * self.track.length
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use watchwall_rtsp::rtp::WireBuilder;

    fn track() -> Arc<TrackLoop> {
        let unit = |n: i64| LoopUnit {
            key: n % 2 == 0,
            send: n * 100,
            time: n * 100 - 50,
            wire: WireBuilder::new(96).finish(),
        };
        Arc::new(TrackLoop { clock_hz: 1000, units: (0..4).map(unit).collect(), length: 400 })
    }

    fn check(start: i64, now_ms: i64, expect_due_ms: [i64; 3]) {
        let mut cursor = LoopCursor::next_key(track(), start, now_ms * 1000);
        for expect in expect_due_ms {
            assert_eq!(cursor.due_us(), expect * 1000, "start {start} now {now_ms}");
            assert_eq!(cursor.time(), expect - 50);
            cursor.advance();
        }
    }

    #[test]
    fn a_session_begins_at_the_next_key_and_runs_across_turns() {
        check(0, 0, [0, 100, 200]);
        check(0, 1, [200, 300, 400]);
        check(0, 350, [400, 500, 600]);
        check(-130, 0, [70, 170, 270]);
        check(1000, 1301, [1400, 1500, 1600]);
    }
}
