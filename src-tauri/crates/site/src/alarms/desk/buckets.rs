//! When what happens is told: cooldown first, then count or window. Pure; time is given.

use crate::alarms::wording::Told;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use watchwall_model::{PushMode, PushPolicy, UtcMillis};
use watchwall_store::{AlarmRef, BucketRow};

/// What is told together: of a task and scene, or of a source, kind and camera.
pub type BucketKey = String;

/// What has happened in a bucket since it was told last.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Bucket {
    pub count: u64,
    /// When the first of these came.
    pub since: Option<UtcMillis>,
    pub told_at: Option<UtcMillis>,
    /// The newest of them, and the policy that held for it.
    pub waiting: Option<Waiting>,
    pub alarm: Option<AlarmRef>,
}

/// What is told when the time has come.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Waiting {
    pub policy: PushPolicy,
    pub told: Told,
}

/// Something is to be told now.
#[derive(Clone, Debug, PartialEq)]
pub struct Due {
    pub bucket: BucketKey,
    pub route: String,
    pub told: Told,
    pub alarm: Option<AlarmRef>,
}

impl Bucket {
    /// It happened once more.
    fn occur(&mut self, waiting: Waiting, alarm: AlarmRef, now: UtcMillis) {
        if waiting.policy.mode == PushMode::Off {
            return;
        }
        self.count = self.count.saturating_add(1);
        // A clock that was set back does not make a window longer than it is.
        self.since = Some(self.since.filter(|since| *since <= now).unwrap_or(now));
        self.waiting = Some(waiting);
        self.alarm = Some(alarm);
    }

    /// When it is to be told, if nothing more happens.
    fn due_at(&self) -> Option<UtcMillis> {
        let (waiting, since) = (self.waiting.as_ref()?, self.since?);
        if self.count == 0 {
            return None;
        }
        let policy = &waiting.policy;
        let is_enough = self.count >= u64::from(policy.count);
        let window_ends = since.saturating_add_ms(i64::from(policy.window_s) * 1_000);
        let wanted = match policy.mode {
            PushMode::Off => return None,
            PushMode::Immediate | PushMode::LevelDefault => since,
            PushMode::Count if is_enough => since,
            PushMode::Count => return None,
            PushMode::CountOrWindow if is_enough => since,
            PushMode::Window | PushMode::CountOrWindow => window_ends,
        };
        let rested = self.told_at.map(|told| told.saturating_add_ms(i64::from(policy.cooldown_s) * 1_000));
        Some(rested.map_or(wanted, |rested| rested.max(wanted)))
    }

    fn take(&mut self, bucket: &BucketKey, now: UtcMillis) -> Option<Due> {
        // A clock that was set back must not silence a bucket for longer than its cooldown.
        self.told_at = self.told_at.map(|told| told.min(now));
        if self.due_at()? > now {
            return None;
        }
        let Waiting { policy, mut told } = self.waiting.take()?;
        told.count = self.count;
        let due = Due { bucket: bucket.clone(), route: policy.route, told, alarm: self.alarm };
        (self.count, self.since, self.told_at) = (0, None, Some(now));
        Some(due)
    }

    fn row(&self, bucket: &BucketKey) -> BucketRow {
        BucketRow {
            bucket: bucket.clone(),
            count: self.count,
            since: self.since,
            told_at: self.told_at,
            waiting: self.waiting.as_ref().and_then(|waiting| serde_json::to_string(waiting).ok()),
            alarm: self.alarm,
        }
    }
}

/// All buckets.
#[derive(Clone, Debug, Default)]
pub struct Buckets {
    all: BTreeMap<BucketKey, Bucket>,
    /// Those that differ from what is kept.
    changed: std::collections::BTreeSet<BucketKey>,
}

impl Buckets {
    /// As they were kept. What cannot be read any more begins anew.
    pub fn restore(rows: Vec<BucketRow>) -> Self {
        let bucket = |row: BucketRow| {
            let waiting = row.waiting.as_deref().and_then(|text| serde_json::from_str(text).ok());
            let BucketRow { bucket, count, since, told_at, alarm, .. } = row;
            (bucket, Bucket { count, since, told_at, waiting, alarm })
        };
        Self { all: rows.into_iter().map(bucket).collect(), changed: std::collections::BTreeSet::new() }
    }

    /// It happened once more. What is told at once or by its count is told with the very one that makes it so, however
    /// many came together.
    pub fn occur(&mut self, key: BucketKey, waiting: Waiting, alarm: AlarmRef, now: UtcMillis) -> Option<Due> {
        let bucket = self.all.entry(key.clone()).or_default();
        bucket.occur(waiting, alarm, now);
        let due = bucket.take(&key, now);
        self.changed.insert(key);
        due
    }

    /// What is to be told now.
    pub fn take_due(&mut self, now: UtcMillis) -> Vec<Due> {
        let mut all = Vec::new();
        for (key, bucket) in &mut self.all {
            if let Some(due) = bucket.take(key, now) {
                self.changed.insert(key.clone());
                all.push(due);
            }
        }
        all
    }

    /// When the next is to be told.
    pub fn next_due(&self) -> Option<UtcMillis> {
        self.all.values().filter_map(Bucket::due_at).min()
    }

    /// What has to be written.
    pub fn changed(&self) -> Vec<BucketRow> {
        self.changed.iter().filter_map(|key| self.all.get(key).map(|bucket| bucket.row(key))).collect()
    }

    /// It was written; `id_of` names the alarms that were raised with it.
    pub fn written(&mut self, id_of: impl Fn(usize) -> Option<AlarmRef>) {
        for key in std::mem::take(&mut self.changed) {
            if let Some(bucket) = self.all.get_mut(&key)
                && let Some(AlarmRef::Raised(place)) = bucket.alarm
            {
                bucket.alarm = id_of(place);
            }
        }
    }

    /// Forgets those that hold nothing and were told of long ago.
    pub fn prune(&mut self, told_before: UtcMillis) {
        let keep = |bucket: &Bucket| bucket.count > 0 || bucket.told_at.is_some_and(|told| told >= told_before);
        self.all.retain(|_, bucket| keep(bucket));
    }
}

#[cfg(test)]
#[path = "buckets_tests.rs"]
mod tests;
