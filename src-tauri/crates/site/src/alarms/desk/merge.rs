//! What happens again within a while is the same alarm. Pure; time is given.

use crate::alarms::{ground::CameraFacts, wording::Told};
use std::collections::HashMap;
use watchwall_model::{Alarm, AlarmClip, AlarmId, AlarmPolicy, ErrorCode, Happening, Sameness, TimeRange, UtcMillis};
use watchwall_store::{AlarmRef, NewAlarm, RepeatedAlarm};

/// Alarms that what happens now may belong to.
#[derive(Debug, Default)]
pub struct Merger {
    running: HashMap<Sameness, Running>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Running {
    alarm: AlarmRef,
    last_at: UtcMillis,
}

/// Alarms of one batch, about to be kept.
#[derive(Debug, Default)]
pub struct Merged {
    pub raised: Vec<NewAlarm>,
    pub repeated: HashMap<AlarmId, RepeatedAlarm>,
}

impl Merger {
    /// As alarms stood when the site began; those that are over are not gone on with.
    pub fn restore(recent: &[Alarm]) -> Self {
        let mut merger = Self::default();
        // Newest first: the newest of each is the one that goes on.
        for alarm in recent.iter().filter(|alarm| alarm.state.is_open()) {
            let running = Running { alarm: AlarmRef::Kept(alarm.id), last_at: alarm.last_at };
            merger.running.entry(alarm.sameness()).or_insert(running);
        }
        merger
    }

    /// Puts a happening with the alarm it belongs to; answers which that is.
    pub fn take(
        &mut self,
        merged: &mut Merged,
        what: Happening,
        level: u32,
        facts: Option<&CameraFacts>,
        policy: &AlarmPolicy,
        now: UtcMillis,
    ) -> AlarmRef {
        let sameness = what.sameness();
        let repeat_ms = i64::from(policy.repeat_s) * 1_000;
        if let Some(running) = self.running.get_mut(&sameness)
            && (what.at - running.last_at).abs() <= repeat_ms
        {
            running.last_at = running.last_at.max(what.at);
            merged.again(running.alarm, &what, level);
            return running.alarm;
        }
        let alarm = AlarmRef::Raised(merged.raised.len());
        self.running.insert(sameness, Running { alarm, last_at: what.at });
        merged.raised.push(new_alarm(what, level, facts, policy, now));
        alarm
    }

    /// The batch was kept; `id_of` names the alarms that were raised.
    pub fn written(&mut self, id_of: impl Fn(AlarmRef) -> Option<AlarmId>) {
        self.running.retain(|_, running| match id_of(running.alarm) {
            Some(id) => {
                running.alarm = AlarmRef::Kept(id);
                true
            }
            None => false,
        });
    }

    /// The batch could not be kept: what was raised in it is raised by whatever comes next.
    pub fn unwritten(&mut self) {
        self.running.retain(|_, running| matches!(running.alarm, AlarmRef::Kept(_)));
    }

    /// Somebody closed it: what happens from now on is another one.
    pub fn closed(&mut self, sameness: &Sameness) {
        self.running.remove(sameness);
    }

    /// Which alarm goes on.
    pub fn of(&self, sameness: &Sameness) -> Option<AlarmId> {
        match self.running.get(sameness)?.alarm {
            AlarmRef::Kept(id) => Some(id),
            AlarmRef::Raised(_) => None,
        }
    }

    /// Forgets what nothing can belong to any more.
    pub fn prune(&mut self, policy: &AlarmPolicy, now: UtcMillis) {
        let oldest = now.saturating_add_ms(-i64::from(policy.repeat_s) * 2_000);
        self.running.retain(|_, running| running.last_at >= oldest);
    }
}

impl Merged {
    fn again(&mut self, alarm: AlarmRef, what: &Happening, level: u32) {
        match alarm {
            AlarmRef::Raised(place) => {
                if let Some(new) = self.raised.get_mut(place) {
                    new.count = new.count.saturating_add(1);
                    new.last_at = new.last_at.max(what.at);
                    new.what.at = new.what.at.min(what.at);
                    new.level = new.level.max(level);
                    new.what.confidence = surest(new.what.confidence, what.confidence);
                    // A picture and its boxes belong together.
                    if new.what.snapshot.is_none() && what.snapshot.is_some() {
                        new.what.snapshot.clone_from(&what.snapshot);
                        new.what.objects.clone_from(&what.objects);
                    }
                }
            }
            AlarmRef::Kept(id) => {
                let again = self.repeated.entry(id).or_insert_with(|| RepeatedAlarm {
                    id,
                    count: 0,
                    first_at: what.at,
                    last_at: what.at,
                    level,
                    confidence: None,
                    objects: None,
                    snapshot: None,
                });
                again.count = again.count.saturating_add(1);
                again.first_at = again.first_at.min(what.at);
                again.last_at = again.last_at.max(what.at);
                again.level = again.level.max(level);
                again.confidence = surest(again.confidence, what.confidence);
                if again.snapshot.is_none() && what.snapshot.is_some() {
                    again.snapshot.clone_from(&what.snapshot);
                    again.objects.clone_from(&what.objects);
                }
            }
        }
    }
}

fn surest(one: Option<f32>, other: Option<f32>) -> Option<f32> {
    match (one, other) {
        (Some(one), Some(other)) => Some(one.max(other)),
        (one, other) => one.or(other),
    }
}

fn new_alarm(
    what: Happening,
    level: u32,
    facts: Option<&CameraFacts>,
    policy: &AlarmPolicy,
    now: UtcMillis,
) -> NewAlarm {
    let of_level = policy.of(level);
    let after = |seconds: u32| (seconds > 0).then(|| now.saturating_add_ms(i64::from(seconds) * 1_000));
    let from = what.at.saturating_add_ms(-i64::from(policy.clip_before_s) * 1_000);
    let to = what.at.saturating_add_ms(i64::from(policy.clip_after_s) * 1_000);
    let path = facts.and_then(|facts| facts.clip_path.clone());
    let clip = match (what.camera, path, TimeRange::new(from, to)) {
        (None, _, _) | (_, _, None) => AlarmClip::None,
        (Some(_), Some(path), Some(range)) => AlarmClip::Pending { path, range },
        (Some(_), None, range) => AlarmClip::Unavailable { reason: ErrorCode::CameraNotFound, path: None, range },
    };
    NewAlarm {
        level,
        camera_name: facts.map(|facts| facts.name.clone()),
        last_at: what.at,
        count: 1,
        clip,
        protect: policy.protect_gb > 0,
        deadline: after(of_level.deadline_s),
        close_at: after(of_level.auto_close_s),
        what,
    }
}

/// What is told of a happening.
pub fn told(what: &Happening, level: u32, facts: Option<&CameraFacts>) -> Told {
    Told {
        source: what.source,
        kind: what.kind.clone(),
        subject: what.subject.clone(),
        level,
        at: what.at,
        count: 1,
        camera_id: what.camera.map(|camera| camera.0),
        camera: facts.map(|facts| facts.name.clone()),
        params: what.params.clone(),
        confidence: what.confidence,
        snapshot: what.snapshot.clone(),
        is_escalated: false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use watchwall_model::{AlarmSource, CameraId, StreamPath};

    fn happening(at: i64, camera: i64) -> Happening {
        Happening::new(AlarmSource::Ai, "MOTION", UtcMillis(at)).of(CameraId(camera))
    }

    fn facts() -> CameraFacts {
        CameraFacts { name: "Gate".into(), clip_path: StreamPath::parse("gate").ok(), ..CameraFacts::default() }
    }

    /// `(at ms, camera)` one after the other in one batch; counts of what was raised.
    fn batch(merger: &mut Merger, happenings: &[(i64, i64)]) -> Merged {
        let (policy, facts) = (AlarmPolicy { repeat_s: 60, ..AlarmPolicy::default() }, facts());
        let mut merged = Merged::default();
        for (at, camera) in happenings {
            merger.take(&mut merged, happening(*at, *camera), 3, Some(&facts), &policy, UtcMillis(*at));
        }
        merged
    }

    fn counts(merged: &Merged) -> (Vec<u64>, Vec<(i64, u64)>) {
        let mut repeated: Vec<_> = merged.repeated.values().map(|again| (again.id.0, again.count)).collect();
        repeated.sort_unstable();
        (merged.raised.iter().map(|new| new.count).collect(), repeated)
    }

    fn ids(first: i64) -> impl Fn(AlarmRef) -> Option<AlarmId> {
        move |alarm| match alarm {
            AlarmRef::Kept(id) => Some(id),
            AlarmRef::Raised(place) => Some(AlarmId(first + place as i64)),
        }
    }

    #[test]
    fn what_comes_soon_again_is_the_same_alarm() {
        let mut merger = Merger::default();
        let merged = batch(&mut merger, &[(0, 1), (10_000, 1), (10_000, 2), (69_000, 1)]);
        assert_eq!(counts(&merged), (vec![3, 1], vec![]));
        merger.written(ids(10));
        // 60 s after the last one, and just more.
        let merged = batch(&mut merger, &[(129_000, 1), (70_001, 2)]);
        assert_eq!(counts(&merged), (vec![1], vec![(10, 1)]));
        merger.written(ids(20));
        merger.closed(&happening(0, 1).sameness());
        let merged = batch(&mut merger, &[(130_000, 1), (131_000, 2), (131_000, 2)]);
        assert_eq!(counts(&merged), (vec![1, 2], vec![]), "another one after it was closed");
    }

    #[test]
    fn a_batch_that_was_not_kept_is_raised_by_the_next() {
        let mut merger = Merger::default();
        batch(&mut merger, &[(0, 1)]);
        merger.unwritten();
        assert_eq!(counts(&batch(&mut merger, &[(1, 1)])), (vec![1], vec![]));
    }

    #[test]
    fn late_ones_belong_to_it_too_and_old_ones_are_forgotten() {
        let mut merger = Merger::default();
        batch(&mut merger, &[(100_000, 1)]);
        merger.written(ids(1));
        let merged = batch(&mut merger, &[(95_000, 1)]);
        assert_eq!(counts(&merged), (vec![], vec![(1, 1)]));
        assert_eq!(merged.repeated[&AlarmId(1)].first_at, UtcMillis(95_000));
        merger.prune(&AlarmPolicy::default(), UtcMillis(121_000));
        assert_eq!(merger.of(&happening(0, 1).sameness()), None);
    }

    #[test]
    fn clips_reach_from_before_to_after_and_need_a_stream() {
        let (policy, now) = (AlarmPolicy::default(), UtcMillis(100_000));
        let new = new_alarm(happening(100_000, 1), 4, Some(&facts()), &policy, now);
        let range = new.clip.place().map(|(_, range)| (range.start.0, range.end.0));
        assert_eq!(range, Some((90_000, 120_000)));
        assert_eq!(new.deadline, Some(UtcMillis(280_000)));
        assert!(matches!(
            new_alarm(happening(1, 1), 4, None, &policy, now).clip,
            AlarmClip::Unavailable { reason: ErrorCode::CameraNotFound, .. }
        ));
        let without = Happening::new(AlarmSource::Volume, "volume_full", now);
        assert_eq!(new_alarm(without, 1, None, &policy, now).clip, AlarmClip::None);
    }
}
