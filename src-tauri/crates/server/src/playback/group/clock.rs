//! The clock of a playback group: which recorded moment all its members show. Pure; real time is passed in.
//!
//! Recorded moments are UTC milliseconds, real time is microseconds of a clock that is never set.

use super::footing::{Direction, Footing, Verdict, judge, may_start, may_start_without};
use watchwall_site::recording::Speed;

/// Time starts without a member that has nothing to show after this long.
const PATIENCE_US: i64 = 3_000_000;

#[derive(Clone, Copy, Debug, PartialEq)]
pub struct GroupClock {
    /// Raised whenever everybody begins anew where the clock stands.
    pub epoch: u64,
    pub phase: Phase,
    pub speed: Speed,
    /// The last stretch of this epoch that nobody has recorded.
    pub skipped: Option<(i64, i64)>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Phase {
    Paused {
        at: i64,
    },
    /// Until everybody has something to show, or has had the time for it.
    Waiting {
        at: i64,
        until_us: i64,
    },
    /// `at` was on screen at `since_us`.
    Running {
        at: i64,
        since_us: i64,
    },
}

/// What a member asks for.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Command {
    Play { at: Option<i64>, speed: Option<Speed> },
    Pause { at: Option<i64> },
    Seek { at: i64 },
    Speed(Speed),
}

impl GroupClock {
    pub const fn new(at: i64) -> Self {
        Self { epoch: 1, phase: Phase::Paused { at }, speed: Speed::NORMAL, skipped: None }
    }

    /// The recorded moment at real time `now_us`.
    pub fn at(&self, now_us: i64) -> i64 {
        match self.phase {
            Phase::Paused { at } | Phase::Waiting { at, .. } => at,
            Phase::Running { at, since_us } => at + ((now_us - since_us) as f64 / 1_000.0 * self.speed.value()) as i64,
        }
    }

    /// When the clock has to be looked at again even if nobody says anything.
    pub const fn wake_us(&self) -> Option<i64> {
        match self.phase {
            Phase::Waiting { until_us, .. } => Some(until_us),
            Phase::Paused { .. } | Phase::Running { .. } => None,
        }
    }

    pub fn obey(&mut self, command: Command, now_us: i64) {
        let here = self.at(now_us);
        match command {
            Command::Play { at, speed } => {
                self.speed = speed.unwrap_or(self.speed);
                self.begin(Phase::Waiting { at: at.unwrap_or(here), until_us: now_us + PATIENCE_US });
            }
            Command::Pause { at } => self.begin(Phase::Paused { at: at.unwrap_or(here) }),
            Command::Seek { at } if self.is_paused() => self.begin(Phase::Paused { at }),
            Command::Seek { at } => self.begin(Phase::Waiting { at, until_us: now_us + PATIENCE_US }),
            Command::Speed(speed) => {
                self.speed = speed;
                if !self.is_paused() {
                    self.begin(Phase::Waiting { at: here, until_us: now_us + PATIENCE_US });
                }
            }
        }
    }

    /// Draws the consequences of what members can show.
    pub fn consider(&mut self, members: &[Footing], now_us: i64) {
        let direction = if self.speed.is_backwards() { Direction::Backwards } else { Direction::Forwards };
        match self.phase {
            Phase::Paused { .. } => {}
            Phase::Waiting { at, until_us } => {
                let is_patience_over = now_us >= until_us && may_start_without(at, direction, members);
                if is_patience_over || may_start(at, direction, members) {
                    self.phase = Phase::Running { at, since_us: now_us };
                } else if now_us >= until_us {
                    // Only who has run dry is waited for without end; this keeps looking.
                    self.phase = Phase::Waiting { at, until_us: now_us + PATIENCE_US };
                }
            }
            Phase::Running { .. } => {
                let here = self.at(now_us);
                match judge(here, direction, members) {
                    Verdict::Run => {}
                    Verdict::Hold { at } => self.phase = Phase::Waiting { at, until_us: now_us + PATIENCE_US },
                    Verdict::Skip { to } => {
                        self.skipped = Some((here, to));
                        self.phase = Phase::Running { at: to, since_us: now_us };
                    }
                    Verdict::End => self.begin(Phase::Paused { at: here }),
                }
            }
        }
    }

    const fn is_paused(&self) -> bool {
        matches!(self.phase, Phase::Paused { .. })
    }

    const fn begin(&mut self, phase: Phase) {
        self.epoch += 1;
        self.skipped = None;
        self.phase = phase;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use Footing::{Apart, Dry, Ended, Preparing, Ready};

    const S: i64 = 1_000_000;

    fn speed(value: f64) -> Speed {
        Speed::new(value).unwrap()
    }

    #[test]
    fn everybody_starts_together_and_time_runs_from_then_on() {
        let mut clock = GroupClock::new(50_000);
        clock.obey(Command::Play { at: None, speed: None }, 10 * S);
        clock.consider(&[Ready, Preparing], 11 * S);
        assert_eq!((clock.at(11 * S), clock.wake_us()), (50_000, Some(13 * S)));
        clock.consider(&[Ready, Ready], 12 * S);
        assert_eq!((clock.epoch, clock.at(13 * S), clock.wake_us()), (2, 51_000, None));
        clock.obey(Command::Speed(speed(-2.0)), 13 * S);
        clock.consider(&[Ready, Ready], 13 * S);
        assert_eq!((clock.epoch, clock.at(14 * S)), (3, 49_000));
        clock.obey(Command::Pause { at: None }, 14 * S);
        assert_eq!(clock.phase, Phase::Paused { at: 49_000 });
        clock.obey(Command::Speed(speed(4.0)), 15 * S);
        assert_eq!((clock.epoch, clock.phase), (4, Phase::Paused { at: 49_000 }), "a speed for later moves nobody");
        clock.obey(Command::Seek { at: 7 }, 15 * S);
        assert_eq!((clock.epoch, clock.phase), (5, Phase::Paused { at: 7 }));
    }

    #[test]
    fn a_member_that_has_nothing_is_waited_for_and_then_not() {
        let mut clock = GroupClock::new(0);
        clock.obey(Command::Play { at: Some(1_000), speed: None }, 0);
        clock.consider(&[Ready, Preparing], 3 * S - 1);
        assert!(matches!(clock.phase, Phase::Waiting { .. }));
        clock.consider(&[Ready, Preparing], 3 * S);
        assert_eq!(clock.phase, Phase::Running { at: 1_000, since_us: 3 * S });
    }

    #[test]
    fn gaps_are_passed_over_and_the_edge_is_waited_at() {
        let mut clock = GroupClock::new(0);
        clock.obey(Command::Play { at: Some(0), speed: None }, 0);
        clock.consider(&[Ready], 0);
        let apart = [Apart { next: 60_000 }, Ended];
        clock.consider(&apart, S);
        assert_eq!((clock.at(S), clock.skipped), (60_000, Some((1_000, 60_000))));
        clock.consider(&apart, S);
        assert_eq!(clock.at(2 * S), 61_000, "what was said before the jump does not jump again");
        let epoch = clock.epoch;
        clock.consider(&[Dry { reach: 60_900 }, Ended], 2 * S);
        assert_eq!((clock.at(9 * S), clock.epoch), (60_900, epoch), "what was received stays good");
        clock.consider(&[Dry { reach: 60_900 }, Ended], 6 * S);
        assert_eq!((clock.at(9 * S), clock.wake_us()), (60_900, Some(9 * S)));
        clock.consider(&[Ready, Ended], 7 * S);
        assert_eq!(clock.at(8 * S), 61_900);
        clock.consider(&[Ended, Ended], 8 * S);
        assert_eq!(clock.phase, Phase::Paused { at: 61_900 });
    }
}
