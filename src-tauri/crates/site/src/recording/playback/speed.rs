//! How fast and which way a recording plays, and where its frames stand on the player's own timeline.

use watchwall_model::{ErrorCode, Problem};

/// 1/8 to 16, backwards when negative.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Speed(f64);

impl Speed {
    pub const NORMAL: Self = Self(1.0);
    const SLOWEST: f64 = 0.125;
    const FASTEST: f64 = 16.0;
    /// Above this only key frames are sent.
    const FASTEST_WHOLE: f64 = 4.0;

    /// # Errors
    /// `request_invalid` outside 1/8 to 16 in either direction.
    pub fn new(value: f64) -> Result<Self, Problem> {
        let ok = value.is_finite() && (Self::SLOWEST..=Self::FASTEST).contains(&value.abs());
        if ok {
            Ok(Self(value))
        } else {
            Err(Problem::new(ErrorCode::RequestInvalid).with("field", "speed").with("value", value))
        }
    }

    /// Negative backwards.
    pub const fn value(self) -> f64 {
        self.0
    }

    pub fn is_backwards(self) -> bool {
        self.0 < 0.0
    }

    pub fn is_keys_only(self) -> bool {
        self.is_backwards() || self.0 > Self::FASTEST_WHOLE
    }

    /// Sound makes sense at its own pace only.
    pub fn has_sound(self) -> bool {
        self.0 == 1.0
    }

    fn factor(self) -> f64 {
        self.0.abs()
    }
}

/// Maps recorded time to play time.
///
/// Play time is what stands in the fragments: it starts at zero with the session, only ever grows, and already
/// contains the speed, so that a player shows every stretch correctly at its own rate of 1. The recorded wall-clock
/// time travels in the message header. All in microseconds.
#[derive(Clone, Copy, Debug)]
pub struct PlayLine {
    speed: Speed,
    /// This recorded moment stands at `base_us`.
    anchor_us: i64,
    base_us: i64,
    /// Where the last unit ended.
    end_us: i64,
    last_dts_us: i64,
}

/// Where a unit stands in play time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Place {
    pub dts_us: i64,
    pub pts_us: i64,
    pub duration_us: i64,
}

impl PlayLine {
    pub const fn new() -> Self {
        Self { speed: Speed::NORMAL, anchor_us: 0, base_us: 0, end_us: 0, last_dts_us: i64::MIN }
    }

    /// What follows begins at the recorded moment `wall_us`, right after what was placed before.
    pub fn anchor(&mut self, wall_us: i64, speed: Speed) {
        self.speed = speed;
        self.anchor_us = wall_us;
        self.base_us = self.end_us;
    }

    pub fn place(&mut self, dts_us: i64, pts_us: i64, duration_us: i64) -> Place {
        let duration_us = self.scale(duration_us.max(1)).max(1);
        let composition_us = self.scale((pts_us - dts_us).max(0));
        let dts = self.at(dts_us).max(self.last_dts_us.saturating_add(1)).max(0);
        self.last_dts_us = dts;
        self.end_us = self.end_us.max(dts + duration_us);
        Place { dts_us: dts, pts_us: dts + composition_us, duration_us }
    }

    /// Places sound, which never moves the line.
    pub fn place_sound(&self, pts_us: i64, duration_us: i64) -> Option<Place> {
        let pts = self.at(pts_us);
        (pts >= self.base_us).then(|| Place { dts_us: pts, pts_us: pts, duration_us: duration_us.max(1) })
    }

    /// The recorded moment that stands at this play time.
    pub fn wall_at(&self, play_us: i64) -> i64 {
        let passed = ((play_us - self.base_us) as f64 * self.speed.factor()) as i64;
        if self.speed.is_backwards() { self.anchor_us - passed } else { self.anchor_us + passed }
    }

    fn at(&self, wall_us: i64) -> i64 {
        let passed = wall_us - self.anchor_us;
        self.base_us + self.scale(if self.speed.is_backwards() { -passed } else { passed })
    }

    fn scale(&self, span_us: i64) -> i64 {
        (span_us as f64 / self.speed.factor()).round() as i64
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn speeds_have_bounds() {
        let check = |value: f64, keys_only: Option<bool>| {
            assert_eq!(Speed::new(value).ok().map(Speed::is_keys_only), keys_only, "{value}");
        };
        check(1.0, Some(false));
        check(0.125, Some(false));
        check(4.0, Some(false));
        check(4.1, Some(true));
        check(16.0, Some(true));
        check(-1.0, Some(true));
        for bad in [0.0, 0.1, 16.1, -17.0, f64::NAN, f64::INFINITY] {
            check(bad, None);
        }
    }

    /// Places frames of 40 ms at the given recorded milliseconds.
    fn play(speed: f64, walls_ms: &[i64]) -> Vec<i64> {
        let mut line = PlayLine::new();
        line.anchor(walls_ms[0] * 1000, Speed::new(speed).unwrap());
        walls_ms.iter().map(|wall| line.place(wall * 1000, wall * 1000, 40_000).dts_us / 1000).collect()
    }

    #[test]
    fn speed_is_in_the_timeline() {
        let check = |speed, walls: &[i64], expect: &[i64]| assert_eq!(play(speed, walls), expect, "{speed}");
        check(1.0, &[5_000, 5_040, 5_080], &[0, 40, 80]);
        check(2.0, &[5_000, 5_040, 5_080], &[0, 20, 40]);
        check(0.5, &[5_000, 5_040, 5_080], &[0, 80, 160]);
        check(-4.0, &[9_000, 7_000, 5_000], &[0, 500, 1_000]);
        check(16.0, &[0, 2_000, 4_000], &[0, 125, 250]);
    }

    #[test]
    fn the_line_only_grows() {
        let mut line = PlayLine::new();
        line.anchor(1_000_000, Speed::NORMAL);
        let first = line.place(1_000_000, 1_000_000, 40_000);
        line.anchor(500_000_000, Speed::NORMAL);
        let second = line.place(500_000_000, 500_080_000, 40_000);
        assert_eq!((first.dts_us, second.dts_us, second.pts_us), (0, 40_000, 120_000));
        // A frame recorded a little too early never goes back.
        let third = line.place(499_000_000, 499_000_000, 40_000);
        assert!(third.dts_us > second.dts_us);
        assert_eq!(line.wall_at(40_000), 500_000_000);
    }
}
