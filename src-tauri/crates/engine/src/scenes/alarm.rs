//! When a state is an alarm: when it begins, and now and then while it goes on.

/// All in milliseconds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct AlarmTimes {
    /// While it goes on it is said again this often.
    pub repeat_ms: i64,
    /// A state that comes back within this time never went.
    pub quiet_ms: i64,
}

impl Default for AlarmTimes {
    fn default() -> Self {
        Self { repeat_ms: 5_000, quiet_ms: 2_000 }
    }
}

/// The edges of one state.
#[derive(Clone, Copy, Debug)]
pub struct AlarmEdge {
    times: AlarmTimes,
    told_ms: Option<i64>,
    seen_ms: Option<i64>,
    was_active: bool,
}

impl AlarmEdge {
    pub const fn new(times: AlarmTimes) -> Self {
        Self { times, told_ms: None, seen_ms: None, was_active: false }
    }

    /// Whether now is the moment to raise an alarm. `is_new` raises one although the state was there already: another
    /// one came.
    pub fn on(&mut self, is_active: bool, is_new: bool, now_ms: i64) -> bool {
        // A clock that was set back must not keep an alarm silent.
        let is_within = |past: Option<i64>, ms: i64| past.is_some_and(|past| (0..ms).contains(&(now_ms - past)));
        // However seldom somebody looks.
        let never_went = std::mem::replace(&mut self.was_active, is_active);
        if !is_active {
            return false;
        }
        let goes_on = never_went || is_within(self.seen_ms, self.times.quiet_ms);
        self.seen_ms = Some(now_ms);
        let tells = !goes_on || is_new || !is_within(self.told_ms, self.times.repeat_ms);
        if tells {
            self.told_ms = Some(now_ms);
        }
        tells
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_is_told_at_its_beginning_and_at_times_while_it_goes_on() {
        let check = |states: &[(i64, bool, bool)], expect: &[i64]| {
            let mut edge = AlarmEdge::new(AlarmTimes::default());
            let told = states.iter().filter(|(at, active, new)| edge.on(*active, *new, *at));
            assert_eq!(told.map(|(at, ..)| *at).collect::<Vec<_>>(), expect, "{states:?}");
        };
        let steady: Vec<_> = (0..120).map(|n| (n * 100, true, false)).collect();
        check(&steady, &[0, 5_000, 10_000]);
        // It flickers: once.
        let flicker: Vec<_> = (0..40).map(|n| (n * 100, n % 3 == 0, false)).collect();
        check(&flicker, &[0]);
        check(&[(0, true, false), (100, false, false), (3_000, true, false)], &[0, 3_000]);
        check(&[(0, true, false), (3_000, true, false), (6_000, true, false)], &[0, 6_000]);
        check(&[(0, true, false), (500, true, true), (1_000, true, false)], &[0, 500]);
        check(&[(0, false, false), (100, false, true)], &[]);
        check(&[(1_000_000, true, false), (0, true, false)], &[1_000_000, 0]);
    }
}
