//! What members can show, and what follows from it for their clock. Pure.

/// What one member can show where the clock stands. Moments are UTC milliseconds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Footing {
    /// Nothing yet.
    Preparing,
    /// Pictures, and more ahead.
    Ready,
    /// All that came has been shown; more is awaited.
    Dry { reach: i64 },
    /// Nothing is recorded here; its next picture is there.
    Apart { next: i64 },
    /// Nothing more comes in this direction.
    Ended,
}

/// Which way time runs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Direction {
    Forwards,
    Backwards,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    Run,
    /// Everybody has run dry: time stands at the last picture.
    Hold {
        at: i64,
    },
    /// Nobody has a recording here; the next one is there.
    Skip {
        to: i64,
    },
    /// Nobody has anything more.
    End,
}

impl Direction {
    /// Whether `a` lies further on than `b`.
    const fn is_beyond(self, a: i64, b: i64) -> bool {
        match self {
            Self::Forwards => a > b,
            Self::Backwards => a < b,
        }
    }

    /// For sorting by which comes first.
    const fn order(self, at: i64) -> i64 {
        match self {
            Self::Forwards => at,
            Self::Backwards => -at,
        }
    }
}

impl Footing {
    /// What it still means once the clock has come to `at`: who was apart has arrived, who was dry has more.
    const fn seen_from(self, at: i64, direction: Direction) -> Self {
        match self {
            Self::Apart { next } if !direction.is_beyond(next, at) => Self::Ready,
            Self::Dry { reach } if direction.is_beyond(reach, at) => Self::Ready,
            same => same,
        }
    }
}

/// Whether time, which runs, may go on past `at`.
pub fn judge(at: i64, direction: Direction, members: &[Footing]) -> Verdict {
    let mut reaches: Vec<i64> = Vec::new();
    let mut nexts: Vec<i64> = Vec::new();
    let mut is_anyone_going = members.is_empty();
    for footing in members.iter().map(|footing| footing.seen_from(at, direction)) {
        match footing {
            Footing::Preparing | Footing::Ready => is_anyone_going = true,
            Footing::Dry { reach } => reaches.push(reach),
            Footing::Apart { next } => nexts.push(next),
            Footing::Ended => {}
        }
    }
    if is_anyone_going {
        return Verdict::Run;
    }
    if let Some(at) = reaches.into_iter().max_by_key(|reach| direction.order(*reach)) {
        return Verdict::Hold { at };
    }
    match nexts.into_iter().min_by_key(|next| direction.order(*next)) {
        Some(to) => Verdict::Skip { to },
        None => Verdict::End,
    }
}

/// Whether time, which waits at `at`, may start: everybody can show something, and not all have run dry.
pub fn may_start(at: i64, direction: Direction, members: &[Footing]) -> bool {
    let seen: Vec<Footing> = members.iter().map(|footing| footing.seen_from(at, direction)).collect();
    !seen.contains(&Footing::Preparing) && is_worth_it(&seen)
}

/// Whether it may start without those who have nothing yet.
pub fn may_start_without(at: i64, direction: Direction, members: &[Footing]) -> bool {
    let seen: Vec<Footing> = members.iter().map(|footing| footing.seen_from(at, direction)).collect();
    is_worth_it(&seen)
}

fn is_worth_it(seen: &[Footing]) -> bool {
    let is_any_dry = seen.iter().any(|footing| matches!(footing, Footing::Dry { .. }));
    !is_any_dry || seen.contains(&Footing::Ready)
}

#[cfg(test)]
mod tests {
    use super::*;
    use Direction::{Backwards, Forwards};
    use Footing::{Apart, Dry, Ended, Preparing, Ready};

    #[test]
    fn time_goes_on_while_anybody_has_something() {
        let check = |direction, members: &[Footing], expect: Verdict| {
            assert_eq!(judge(100, direction, members), expect, "{direction:?} {members:?}");
        };
        check(Forwards, &[], Verdict::Run);
        check(Forwards, &[Ready, Dry { reach: 90 }], Verdict::Run);
        check(Forwards, &[Preparing, Ended], Verdict::Run);
        check(Forwards, &[Dry { reach: 90 }, Dry { reach: 95 }], Verdict::Hold { at: 95 });
        check(Backwards, &[Dry { reach: 110 }, Dry { reach: 105 }], Verdict::Hold { at: 105 });
        check(Forwards, &[Dry { reach: 90 }, Apart { next: 9_000 }], Verdict::Hold { at: 90 });
        check(Forwards, &[Apart { next: 9_000 }, Ready], Verdict::Run);
        check(Forwards, &[Apart { next: 9_000 }, Apart { next: 7_000 }, Ended], Verdict::Skip { to: 7_000 });
        check(Backwards, &[Apart { next: 10 }, Apart { next: 50 }], Verdict::Skip { to: 50 });
        check(Forwards, &[Ended, Ended], Verdict::End);
        // What was said before the clock moved on.
        check(Forwards, &[Apart { next: 100 }, Ended], Verdict::Run);
        check(Forwards, &[Dry { reach: 101 }], Verdict::Run);
    }

    #[test]
    fn time_starts_for_all_together() {
        let check = |members: &[Footing], together: bool, without: bool| {
            let found = (may_start(100, Forwards, members), may_start_without(100, Forwards, members));
            assert_eq!(found, (together, without), "{members:?}");
        };
        check(&[Ready, Ready], true, true);
        check(&[Ready, Preparing], false, true);
        check(&[Ready, Ended, Apart { next: 900 }], true, true);
        check(&[Dry { reach: 100 }], false, false);
        check(&[Dry { reach: 100 }, Ended], false, false);
        check(&[Dry { reach: 100 }, Ready], true, true);
        check(&[Dry { reach: 160 }], true, true);
    }
}
