//! So many pictures a second, evenly.

/// Picks pictures by when they were taken.
#[derive(Debug)]
pub struct Rhythm {
    /// Zero takes all.
    gap_us: i64,
    due_us: Option<i64>,
}

impl Rhythm {
    pub const fn new(max_fps: u32) -> Self {
        let gap_us = if max_fps == 0 { 0 } else { 1_000_000 / max_fps as i64 };
        Self { gap_us, due_us: None }
    }

    /// Whether the picture taken at this time is one of them.
    pub fn takes(&mut self, at_us: i64) -> bool {
        let Some(due_us) = self.due_us else {
            self.due_us = Some(at_us + self.gap_us);
            return true;
        };
        // Clocks that were set back, and pauses, begin anew; otherwise what comes early is paid back later.
        let is_stray = (at_us - due_us).abs() > 4 * self.gap_us.max(250_000);
        // An eighth of a gap: cameras are never quite even.
        if !is_stray && at_us + self.gap_us / 8 < due_us {
            return false;
        }
        let next = if is_stray { at_us } else { due_us.max(at_us - self.gap_us) };
        self.due_us = Some(next + self.gap_us);
        true
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_second_has_so_many_pictures() {
        let check = |source_fps: i64, max_fps, expect: std::ops::RangeInclusive<usize>| {
            let mut rhythm = Rhythm::new(max_fps);
            let jitter = |n: i64| (n * 7919) % 5_000;
            let taken = (0..source_fps * 10).filter(|n| rhythm.takes(n * 1_000_000 / source_fps + jitter(*n))).count();
            assert!(expect.contains(&taken), "{source_fps} to {max_fps}: {taken} in ten seconds");
        };
        check(15, 15, 148..=150);
        check(25, 15, 148..=152);
        check(30, 15, 148..=152);
        check(25, 5, 49..=51);
        check(10, 15, 100..=100);
        check(25, 0, 250..=250);
    }

    #[test]
    fn a_clock_that_was_set_does_not_stop_it() {
        let mut rhythm = Rhythm::new(10);
        assert!(rhythm.takes(3_600_000_000));
        assert!(rhythm.takes(5_000_000), "back");
        assert!(!rhythm.takes(5_040_000));
        assert!(rhythm.takes(9_000_000_000), "ahead");
    }
}
