//! What becomes of a session whose client reads more slowly than the camera films.

use std::time::{Duration, Instant};

/// Behind for so long, it goes on at the next key frame.
const SKIP_AFTER: Duration = Duration::from_secs(2);
/// Behind for so long all the same, it ends.
const END_AFTER: Duration = Duration::from_secs(10);
/// Whoever has to be helped again so soon cannot keep up.
const AGAIN: Duration = Duration::from_secs(30);

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    GoOn,
    /// Drop what waits, and send nothing before the next key frame.
    Skip,
    End,
}

#[derive(Debug, Default)]
pub struct Lag {
    behind_since: Option<Instant>,
    skipped_at: Option<Instant>,
}

impl Lag {
    /// To be asked several times a second. Behind is whose socket takes nothing, or for whom units wait.
    pub fn look(&mut self, is_behind: bool, now: Instant) -> Verdict {
        if !is_behind {
            self.behind_since = None;
            return Verdict::GoOn;
        }
        let since = *self.behind_since.get_or_insert(now);
        let behind = now.saturating_duration_since(since);
        let has_skipped = self.skipped_at.is_some_and(|at| at >= since);
        match () {
            () if behind >= END_AFTER => Verdict::End,
            () if behind >= SKIP_AFTER && !has_skipped => self.skip(now),
            () => Verdict::GoOn,
        }
    }

    /// The hub has dropped what waited.
    pub fn skip(&mut self, now: Instant) -> Verdict {
        let before = self.skipped_at.replace(now);
        let is_again = before.is_some_and(|at| now.saturating_duration_since(at) < AGAIN);
        if is_again { Verdict::End } else { Verdict::Skip }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Looks every quarter of a second while `is_behind` says so; tells what was done and when, in milliseconds.
    fn play(until_ms: u64, is_behind: impl Fn(u64) -> bool) -> Vec<(u64, Verdict)> {
        let (mut lag, start) = (Lag::default(), Instant::now());
        let mut done = Vec::new();
        for at_ms in (0..=until_ms).step_by(250) {
            let verdict = lag.look(is_behind(at_ms), start + Duration::from_millis(at_ms));
            if verdict != Verdict::GoOn {
                done.push((at_ms, verdict));
            }
            if verdict == Verdict::End {
                break;
            }
        }
        done
    }

    #[test]
    fn a_slow_reader_is_helped_once_and_then_let_go() {
        let check = |until_ms, is_behind: fn(u64) -> bool, expect: &[(u64, Verdict)]| {
            assert_eq!(play(until_ms, is_behind), expect);
        };
        // Reads well, with a moment's trouble now and then.
        check(120_000, |ms| ms % 10_000 < 1_500, &[]);
        // Reads nothing any more.
        check(60_000, |ms| ms >= 1_000, &[(3_000, Verdict::Skip), (11_000, Verdict::End)]);
        // Catches up, and is in trouble again much later.
        check(90_000, |ms| ms % 60_000 < 5_000, &[(2_000, Verdict::Skip), (62_000, Verdict::Skip)]);
        // Catches up only because nothing is sent before the key frame.
        check(60_000, |ms| ms % 6_000 < 3_000, &[(2_000, Verdict::Skip), (8_000, Verdict::End)]);
    }
}
