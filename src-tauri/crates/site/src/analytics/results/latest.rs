//! How each scene of each task stands: what came last, and what came until now.

use super::recent::Recent;
use std::{
    collections::{BTreeMap, HashMap},
    sync::{Arc, Mutex, PoisonError, RwLock},
};
use watchwall_engine_protocol::{Counts, SceneResult};
use watchwall_model::{CameraId, SceneCode, TaskId, UtcMillis};

/// Different labels counted for one scene; what comes after is counted as `other`.
const MOST_LABELS: usize = 64;
const OTHER: &str = "other";

/// One scene of one task since the site started.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct LatestResult {
    pub camera: Option<CameraId>,
    /// When the last picture was taken; an older one that came later does not change it.
    pub at: Option<UtcMillis>,
    pub is_alarm: bool,
    pub event_type: Option<String>,
    pub event_desc: Option<String>,
    pub total_count: Option<u32>,
    /// As the node sent them.
    pub metrics: Option<String>,
    pub results: u64,
    pub alarms: u64,
    /// 0 to 1, over all results.
    pub confidence_sum: f64,
    pub best_confidence: f32,
    pub labels: BTreeMap<String, u64>,
    pub problems: BTreeMap<String, u64>,
    /// Relative to the data folder.
    pub snapshot: Option<String>,
}

impl LatestResult {
    pub fn average_confidence(&self) -> f64 {
        if self.results == 0 { 0.0 } else { self.confidence_sum / self.results as f64 }
    }

    fn note(&mut self, camera: CameraId, at: UtcMillis, result: &SceneResult) {
        self.results += 1;
        self.alarms += u64::from(result.is_alarm);
        self.confidence_sum += f64::from(result.confidence);
        self.best_confidence = self.best_confidence.max(result.confidence);
        if result.label_counts.0.is_empty() {
            result.objects.iter().for_each(|object| add(&mut self.labels, &object.label, 1));
        } else {
            add_all(&mut self.labels, &result.label_counts);
        }
        add_all(&mut self.problems, &result.problem_counts);
        self.camera = Some(camera);
        if self.at.is_none_or(|last| last <= at) {
            self.at = Some(at);
            self.is_alarm = result.is_alarm;
            self.event_type.clone_from(&result.event_type);
            self.event_desc.clone_from(&result.event_desc);
            self.total_count = result.total_count;
            self.metrics.clone_from(&result.metrics);
        }
    }
}

fn add_all(to: &mut BTreeMap<String, u64>, counts: &Counts) {
    counts.0.iter().for_each(|(label, count)| add(to, label, u64::from(*count)));
}

fn add(to: &mut BTreeMap<String, u64>, label: &str, count: u64) {
    if let Some(known) = to.get_mut(label) {
        *known += count;
    } else {
        let label = if to.len() < MOST_LABELS { label } else { OTHER };
        *to.entry(label.to_owned()).or_default() += count;
    }
}

/// What is to become of a result.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// This moment of this scene came before.
    Duplicate,
    /// No alarm, and one was kept so short a time ago that this one is not.
    Sampled,
    Keep,
}

#[derive(Debug, Default)]
struct Scene {
    latest: LatestResult,
    recent: Recent,
    kept_at: Option<UtcMillis>,
}

impl Scene {
    fn judge(&mut self, camera: CameraId, at: UtcMillis, result: &SceneResult, sample_ms: i64) -> Verdict {
        if !self.recent.is_new(at) {
            return Verdict::Duplicate;
        }
        self.latest.note(camera, at, result);
        if result.is_alarm {
            return Verdict::Keep;
        }
        // By the pictures' time, in both directions: what is looked at faster than it happened is thinned alike.
        if self.kept_at.is_some_and(|kept| (at - kept).abs() < sample_ms) {
            return Verdict::Sampled;
        }
        self.kept_at = Some(at);
        Verdict::Keep
    }
}

type Key = (TaskId, SceneCode);
type Scenes = HashMap<SceneCode, Arc<Mutex<Scene>>>;

/// All scenes that a result came for. A task that ends is forgotten by whoever ends it.
#[derive(Debug, Default)]
pub struct LatestResults(RwLock<HashMap<TaskId, Scenes>>);

impl LatestResults {
    /// Notes a result and says what is to become of it.
    pub(super) fn judge(
        &self,
        (task, scene): (TaskId, &SceneCode),
        camera: CameraId,
        at: UtcMillis,
        result: &SceneResult,
        sample_ms: i64,
    ) -> Verdict {
        let entry = self.entry(task, scene);
        let mut entry = entry.lock().unwrap_or_else(PoisonError::into_inner);
        entry.judge(camera, at, result, sample_ms)
    }

    pub(super) fn note_snapshot(&self, task: TaskId, scene: &SceneCode, file: &str) {
        let entry = self.entry(task, scene);
        entry.lock().unwrap_or_else(PoisonError::into_inner).latest.snapshot = Some(file.to_owned());
    }

    fn entry(&self, task: TaskId, scene: &SceneCode) -> Arc<Mutex<Scene>> {
        let known = self.0.read().unwrap_or_else(PoisonError::into_inner);
        if let Some(entry) = known.get(&task).and_then(|scenes| scenes.get(scene)) {
            return Arc::clone(entry);
        }
        drop(known);
        let mut all = self.0.write().unwrap_or_else(PoisonError::into_inner);
        Arc::clone(all.entry(task).or_default().entry(scene.clone()).or_default())
    }

    pub fn of(&self, task: TaskId, scene: &SceneCode) -> Option<LatestResult> {
        let all = self.0.read().unwrap_or_else(PoisonError::into_inner);
        let entry = all.get(&task)?.get(scene)?;
        Some(entry.lock().unwrap_or_else(PoisonError::into_inner).latest.clone())
    }

    pub fn all(&self) -> Vec<(Key, LatestResult)> {
        let all = self.0.read().unwrap_or_else(PoisonError::into_inner);
        let scenes = all.iter().flat_map(|(task, scenes)| scenes.iter().map(|(scene, entry)| (*task, scene, entry)));
        let latest = |entry: &Arc<Mutex<Scene>>| entry.lock().unwrap_or_else(PoisonError::into_inner).latest.clone();
        scenes.map(|(task, scene, entry)| ((task, scene.clone()), latest(entry))).collect()
    }

    pub fn forget(&self, task: TaskId) {
        self.0.write().unwrap_or_else(PoisonError::into_inner).remove(&task);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn result(is_alarm: bool, confidence: f32, labels: &[(&str, u32)]) -> SceneResult {
        SceneResult {
            scene: SceneCode::parse("MOTION").unwrap(),
            is_alarm,
            confidence,
            objects: Vec::new(),
            event_type: Some(format!("{confidence}")),
            event_desc: None,
            total_count: None,
            label_counts: Counts(labels.iter().map(|(label, n)| ((*label).to_owned(), *n)).collect()),
            problem_counts: Counts::default(),
            metrics: None,
        }
    }

    #[test]
    fn one_result_a_second_is_kept_and_every_alarm() {
        let mut scene = Scene::default();
        let mut check = |at: i64, is_alarm: bool, expect: Verdict| {
            let verdict = scene.judge(CameraId(1), UtcMillis(at), &result(is_alarm, 0.5, &[]), 1_000);
            assert_eq!(verdict, expect, "{at}");
        };
        check(10_000, false, Verdict::Keep);
        check(10_066, false, Verdict::Sampled);
        check(10_132, true, Verdict::Keep);
        check(10_132, true, Verdict::Duplicate);
        check(10_999, false, Verdict::Sampled);
        check(11_000, false, Verdict::Keep);
        // Out of order: too near to one that was kept, and far enough.
        check(10_500, false, Verdict::Sampled);
        check(9_000, false, Verdict::Keep);
    }

    #[test]
    fn the_latest_picture_counts_and_all_of_them_add_up() {
        let latest = LatestResults::default();
        let scene = SceneCode::parse("MOTION").unwrap();
        for (at, result) in [
            (200, result(true, 0.75, &[("person", 2)])),
            (100, result(false, 0.25, &[("person", 1), ("car", 1)])),
            (200, result(true, 0.9, &[("person", 9)])),
        ] {
            latest.judge((TaskId(1), &scene), CameraId(1), UtcMillis(at), &result, 0);
        }
        let now = latest.of(TaskId(1), &scene).unwrap();
        assert_eq!((now.at, now.is_alarm, now.event_type.as_deref()), (Some(UtcMillis(200)), true, Some("0.75")));
        assert_eq!((now.results, now.alarms, now.average_confidence()), (2, 1, 0.5));
        assert_eq!(now.labels, [("car".to_owned(), 1), ("person".to_owned(), 3)].into());
        latest.forget(TaskId(1));
        assert!(latest.all().is_empty());
    }

    #[test]
    fn labels_do_not_grow_without_end() {
        let mut latest = LatestResult::default();
        for n in 0..1_000 {
            latest.note(CameraId(1), UtcMillis(n), &result(false, 0.5, &[(&format!("label {n}"), 1)]));
        }
        assert_eq!(latest.labels.len(), MOST_LABELS + 1);
        assert_eq!(latest.labels[OTHER], 1_000 - MOST_LABELS as u64);
    }
}
