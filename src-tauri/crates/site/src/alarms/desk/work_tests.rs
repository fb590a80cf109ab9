//! Which policy holds for what happens.

use super::*;
use watchwall_model::{AlarmSource, LevelPolicy};

#[test]
fn a_task_that_leaves_it_to_the_level_keeps_its_route_and_the_longer_rest() {
    let mut policy = AlarmPolicy::default();
    let rested = PushPolicy { cooldown_s: 30, ..policy.of(4).push.clone() };
    policy.levels[3] = LevelPolicy { push: rested, ..policy.of(4).clone() };
    let check = |own: Option<PushPolicy>, level: u32, mode: PushMode, figures: [u32; 3], route: &str| {
        let what = Happening { push: own, ..Happening::new(AlarmSource::Ai, "MOTION", UtcMillis(0)) };
        let got = waiting_of(&what, level, None, &policy).policy;
        let found = (got.mode, [got.count, got.window_s, got.cooldown_s], got.route.as_str());
        assert_eq!(found, (mode, figures, route), "{level}");
    };
    let left =
        |cooldown_s| Some(PushPolicy { cooldown_s, route: "night".into(), ..PushPolicy::new(PushMode::LevelDefault) });
    for level in [1, 2] {
        check(left(0), level, PushMode::Window, [1, 3_600, 0], "night");
        check(None, level, PushMode::Window, [1, 3_600, 0], "default");
    }
    check(left(0), 3, PushMode::CountOrWindow, [5, 600, 0], "night");
    check(left(10), 4, PushMode::Immediate, [1, 1, 30], "night");
    check(left(60), 4, PushMode::Immediate, [1, 1, 60], "night");
    check(None, 4, PushMode::Immediate, [1, 1, 30], "default");
    let own = PushPolicy { count: 7, ..PushPolicy::new(PushMode::Count) };
    check(Some(own), 4, PushMode::Count, [7, 1, 0], "default");
}
