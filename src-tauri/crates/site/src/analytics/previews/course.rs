//! How the preview of one task goes. Pure: who watches and who could make it in, what to tell nodes out.

use std::time::{Duration, Instant};
use watchwall_model::NodeId;

/// How long a preview goes on that nobody looks at any more.
const LINGER: Duration = Duration::from_secs(10);
/// A node that was asked and publishes nothing for so long is asked again.
const ASK_AGAIN: Duration = Duration::from_secs(8);

/// Who could make it now.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Maker {
    /// The task is there no more.
    NoTask,
    /// No node runs it, or the one that does is not here.
    Nobody,
    /// The node that runs most of it makes none.
    Cannot { node: NodeId },
    /// This one. Its connection tells whether it came anew: then it knows of no preview.
    Can { node: NodeId, connection: u64 },
}

/// What is known at one moment.
#[derive(Clone, Copy, Debug)]
pub struct Sight {
    pub is_watched: bool,
    pub maker: Maker,
    /// Pictures come.
    pub is_live: bool,
}

/// What is to be done, in this order.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Step {
    Stop {
        node: NodeId,
    },
    Start {
        node: NodeId,
    },
    /// Nobody looks, and nobody makes it: it need not be kept.
    Forget,
}

/// How it stands, as a viewer is told.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PreviewStanding {
    /// Nobody looks.
    Idle,
    Starting,
    Live,
    /// The node was asked more than once and publishes nothing.
    Silent,
    NotRunning,
    /// The node makes none.
    Unsupported,
    /// The node cannot reach the place where it would publish.
    Unreachable,
}

#[derive(Debug, Default)]
pub struct Course {
    asked: Option<Asked>,
    unwatched_since: Option<Instant>,
}

#[derive(Clone, Copy, Debug)]
struct Asked {
    node: NodeId,
    connection: u64,
    /// When it was asked, or published last.
    at: Instant,
    times: u32,
}

impl Course {
    pub fn on(&mut self, sight: &Sight, now: Instant) -> Vec<Step> {
        let mut steps = Vec::new();
        self.unwatched_since = if sight.is_watched { None } else { self.unwatched_since.or(Some(now)) };
        let is_left = self.unwatched_since.is_some_and(|since| now.duration_since(since) >= LINGER);
        let maker = match sight.maker {
            Maker::Can { node, connection } if !is_left => Some((node, connection)),
            _ => None,
        };
        let asked = self.asked.take();
        match (asked, maker) {
            (Some(asked), Some((node, connection))) if (asked.node, asked.connection) == (node, connection) => {
                let is_due = !sight.is_live && now.duration_since(asked.at) >= ASK_AGAIN;
                if is_due {
                    steps.push(Step::Start { node });
                }
                let at = if is_due || sight.is_live { now } else { asked.at };
                let times = if sight.is_live { 1 } else { asked.times.saturating_add(u32::from(is_due)) };
                self.asked = Some(Asked { at, times, ..asked });
            }
            (asked, maker) => {
                // A node that came anew has forgotten it; it is told to start, not to stop.
                if let Some(asked) = asked.filter(|asked| maker.is_none_or(|(node, _)| node != asked.node)) {
                    steps.push(Step::Stop { node: asked.node });
                }
                if let Some((node, connection)) = maker {
                    steps.push(Step::Start { node });
                    self.asked = Some(Asked { node, connection, at: now, times: 1 });
                }
            }
        }
        if is_left || (sight.maker == Maker::NoTask) {
            steps.push(Step::Forget);
        }
        steps
    }

    /// The node could not be told where to publish, or does not listen: it is not asked, and will be later.
    pub fn not_asked(&mut self) {
        self.asked = None;
    }

    pub fn standing(&self, sight: &Sight) -> PreviewStanding {
        match (sight.maker, self.asked) {
            (Maker::NoTask | Maker::Nobody, _) => PreviewStanding::NotRunning,
            (Maker::Cannot { .. }, _) => PreviewStanding::Unsupported,
            (Maker::Can { .. }, _) if sight.is_live => PreviewStanding::Live,
            (Maker::Can { .. }, Some(asked)) if asked.times > 1 => PreviewStanding::Silent,
            (Maker::Can { .. }, Some(_)) => PreviewStanding::Starting,
            (Maker::Can { .. }, None) => PreviewStanding::Unreachable,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ONE: NodeId = NodeId(1);
    const TWO: NodeId = NodeId(2);

    const fn can(node: NodeId, connection: u64) -> Maker {
        Maker::Can { node, connection }
    }

    struct Bench {
        course: Course,
        start: Instant,
    }

    impl Bench {
        fn new() -> Self {
            Self { course: Course::default(), start: Instant::now() }
        }

        /// At so many milliseconds.
        fn at(&mut self, ms: u64, is_watched: bool, maker: Maker, is_live: bool, expect: &[Step]) -> PreviewStanding {
            let sight = Sight { is_watched, maker, is_live };
            assert_eq!(self.course.on(&sight, self.start + Duration::from_millis(ms)), expect, "at {ms} ms");
            self.course.standing(&sight)
        }
    }

    #[test]
    fn it_is_made_for_as_long_as_somebody_looks_and_a_little_longer() {
        let mut bench = Bench::new();
        let standing = bench.at(0, true, can(ONE, 7), false, &[Step::Start { node: ONE }]);
        assert_eq!(standing, PreviewStanding::Starting);
        assert_eq!(bench.at(500, true, can(ONE, 7), true, &[]), PreviewStanding::Live);
        bench.at(60_000, true, can(ONE, 7), true, &[]);
        bench.at(61_000, false, can(ONE, 7), true, &[]);
        // Somebody looks again in time.
        bench.at(65_000, true, can(ONE, 7), true, &[]);
        bench.at(70_000, false, can(ONE, 7), true, &[]);
        bench.at(79_900, false, can(ONE, 7), true, &[]);
        bench.at(80_000, false, can(ONE, 7), true, &[Step::Stop { node: ONE }, Step::Forget]);
    }

    #[test]
    fn a_node_that_publishes_nothing_is_asked_again() {
        let mut bench = Bench::new();
        bench.at(0, true, can(ONE, 7), false, &[Step::Start { node: ONE }]);
        bench.at(7_900, true, can(ONE, 7), false, &[]);
        let standing = bench.at(8_000, true, can(ONE, 7), false, &[Step::Start { node: ONE }]);
        assert_eq!(standing, PreviewStanding::Silent);
        bench.at(10_000, true, can(ONE, 7), true, &[]);
        assert_eq!(bench.at(15_000, true, can(ONE, 7), false, &[]), PreviewStanding::Starting);
        bench.at(18_000, true, can(ONE, 7), false, &[Step::Start { node: ONE }]);
    }

    #[test]
    fn it_follows_the_task_from_node_to_node() {
        let mut bench = Bench::new();
        assert_eq!(bench.at(0, true, Maker::Nobody, false, &[]), PreviewStanding::NotRunning);
        bench.at(500, true, can(ONE, 7), false, &[Step::Start { node: ONE }]);
        // It came again, by another connection: it knows of nothing.
        bench.at(1_000, true, can(ONE, 8), false, &[Step::Start { node: ONE }]);
        bench.at(1_500, true, can(TWO, 9), true, &[Step::Stop { node: ONE }, Step::Start { node: TWO }]);
        bench.at(2_000, true, Maker::Nobody, false, &[Step::Stop { node: TWO }]);
        let standing = bench.at(2_500, true, Maker::Cannot { node: ONE }, false, &[]);
        assert_eq!(standing, PreviewStanding::Unsupported);
        bench.at(3_000, true, can(ONE, 8), false, &[Step::Start { node: ONE }]);
        bench.at(3_500, true, Maker::NoTask, false, &[Step::Stop { node: ONE }, Step::Forget]);
    }

    #[test]
    fn a_node_that_cannot_be_told_where_is_not_counted_as_asked() {
        let mut bench = Bench::new();
        bench.at(0, true, can(ONE, 7), false, &[Step::Start { node: ONE }]);
        bench.course.not_asked();
        let sight = Sight { is_watched: true, maker: can(ONE, 7), is_live: false };
        assert_eq!(bench.course.standing(&sight), PreviewStanding::Unreachable);
        bench.at(500, true, can(ONE, 7), false, &[Step::Start { node: ONE }]);
    }
}
