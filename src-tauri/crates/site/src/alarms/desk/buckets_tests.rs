use super::*;
use watchwall_model::AlarmSource;

fn told(at: i64) -> Told {
    Told {
        source: AlarmSource::Ai,
        kind: "MOTION".into(),
        subject: String::new(),
        level: 3,
        at: UtcMillis(at),
        count: 1,
        camera_id: None,
        camera: None,
        params: BTreeMap::new(),
        confidence: None,
        snapshot: None,
        is_escalated: false,
    }
}

/// Seconds at which something happens, and at which it is looked whether something is due (each second); what is told:
/// second and count.
fn run(policy: &PushPolicy, happens_s: &[i64], until_s: i64) -> Vec<(i64, u64)> {
    let mut buckets = Buckets::default();
    let mut seen = Vec::new();
    for second in 0..=until_s {
        let now = UtcMillis(second * 1_000);
        for _ in happens_s.iter().filter(|at| **at == second) {
            let waiting = Waiting { policy: policy.clone(), told: told(now.0) };
            let due = buckets.occur("b".into(), waiting, AlarmRef::Kept(watchwall_model::AlarmId(1)), now);
            seen.extend(due.map(|due| (second, due.told.count)));
        }
        let due_before = buckets.next_due();
        let due = buckets.take_due(now);
        assert_eq!(due_before.is_some_and(|at| at <= now), !due.is_empty(), "the alarm clock and the look agree");
        seen.extend(due.into_iter().map(|due| (second, due.told.count)));
    }
    seen
}

fn policy(mode: PushMode, count: u32, window_s: u32, cooldown_s: u32) -> PushPolicy {
    PushPolicy { count, window_s, cooldown_s, ..PushPolicy::new(mode) }
}

#[test]
fn each_mode_tells_exactly_when_it_should() {
    let check = |policy: PushPolicy, happens: &[i64], expect: &[(i64, u64)]| {
        assert_eq!(run(&policy, happens, 100), expect, "{policy:?}");
    };
    check(policy(PushMode::Off, 1, 1, 0), &[1, 2, 3], &[]);
    check(policy(PushMode::Immediate, 9, 9, 0), &[1, 1, 3], &[(1, 1), (1, 1), (3, 1)]);
    check(policy(PushMode::Count, 3, 1, 0), &[1, 5, 9, 20, 21], &[(9, 3)]);
    // The same when they come at once as when they come one by one.
    check(policy(PushMode::Count, 2, 1, 0), &[1, 1, 1, 7], &[(1, 2), (7, 2)]);
    check(policy(PushMode::Count, 2, 1, 0), &[1, 1, 1, 1], &[(1, 2), (1, 2)]);
    check(policy(PushMode::Window, 1, 10, 0), &[3, 4, 9, 40], &[(13, 3), (50, 1)]);
    check(policy(PushMode::CountOrWindow, 3, 10, 0), &[1, 2, 3, 20, 21], &[(3, 3), (30, 2)]);
}

#[test]
fn a_cooldown_goes_first_and_loses_nothing() {
    let check = |policy: PushPolicy, happens: &[i64], expect: &[(i64, u64)]| {
        assert_eq!(run(&policy, happens, 100), expect, "{policy:?}");
    };
    // What came while it rested is told when it has.
    check(policy(PushMode::Immediate, 1, 1, 10), &[1, 2, 5, 50], &[(1, 1), (11, 2), (50, 1)]);
    check(policy(PushMode::Count, 2, 1, 10), &[1, 1, 2, 3, 4], &[(1, 2), (11, 3)]);
    check(policy(PushMode::Count, 2, 1, 10), &[1, 1, 2, 30], &[(1, 2), (30, 2)]);
    check(policy(PushMode::Window, 1, 5, 20), &[0, 6, 7], &[(5, 1), (25, 2)]);
    check(policy(PushMode::CountOrWindow, 2, 5, 20), &[0, 0, 1, 40], &[(0, 2), (20, 1), (45, 1)]);
}

#[test]
fn buckets_are_apart_and_survive_a_restart() {
    let mut buckets = Buckets::default();
    let waiting = |at: i64| Waiting { policy: policy(PushMode::Window, 1, 10, 0), told: told(at) };
    assert_eq!(buckets.occur("one".into(), waiting(0), AlarmRef::Raised(0), UtcMillis(0)), None);
    assert_eq!(buckets.occur("two".into(), waiting(5), AlarmRef::Raised(1), UtcMillis(5_000)), None);
    let rows = buckets.changed();
    assert_eq!(rows.len(), 2);
    let kept = |place: usize| Some(AlarmRef::Kept(watchwall_model::AlarmId(place as i64 + 7)));
    buckets.written(kept);
    assert!(buckets.changed().is_empty());
    let rows = rows.into_iter().map(|row| BucketRow { alarm: kept(row.bucket.len()), ..row }).collect();
    let mut restored = Buckets::restore(rows);
    assert_eq!(restored.next_due(), Some(UtcMillis(10_000)));
    let due = restored.take_due(UtcMillis(10_000));
    assert_eq!(due.iter().map(|due| due.bucket.as_str()).collect::<Vec<_>>(), ["one"]);
    assert_eq!(restored.take_due(UtcMillis(15_000)).len(), 1);
    assert_eq!(restored.next_due(), None);
    restored.prune(UtcMillis(10_001));
    assert_eq!(restored.all.len(), 1);
}

#[test]
fn a_clock_set_back_silences_nothing() {
    let mut buckets = Buckets::default();
    let waiting = |at: i64| Waiting { policy: policy(PushMode::Immediate, 1, 1, 10), told: told(at) };
    let alarm = AlarmRef::Kept(watchwall_model::AlarmId(1));
    assert!(buckets.occur("b".into(), waiting(0), alarm, UtcMillis(1_000_000)).is_some());
    assert_eq!(buckets.occur("b".into(), waiting(0), alarm, UtcMillis(5_000)), None);
    assert!(buckets.take_due(UtcMillis(5_000)).is_empty(), "the cooldown begins anew");
    assert_eq!(buckets.take_due(UtcMillis(15_000)).len(), 1);
}
