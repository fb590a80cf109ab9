//! From results to events: alarms of one scene that follow each other are one find. Pure.

use crate::analytics::said::Said;
use watchwall_engine_protocol::{DetectedObject, SceneResult};
use watchwall_model::{SceneCode, UtcMillis};

/// Finds that are kept of a trial; those after them are counted.
pub const MOST_FINDS: usize = 1_000;
/// An alarm so soon after the last of its scene goes on with the same find. Nodes say one that goes on every few seconds.
const JOIN_MS: i64 = 10_000;
const MOST_LABELS: usize = 8;
/// Of the best moment.
const MOST_OBJECTS: usize = 8;

/// One event.
#[derive(Clone, Debug, PartialEq)]
pub struct Find {
    pub scene: SceneCode,
    /// Its first and its last alarm.
    pub from: UtcMillis,
    pub to: UtcMillis,
    /// In the order they were seen, each once.
    pub labels: Vec<String>,
    /// The moment of which the node was most sure, and what it saw then.
    pub best_at: UtcMillis,
    /// 0 to 1.
    pub confidence: f32,
    pub objects: Vec<DetectedObject>,
    pub event_type: Option<String>,
    pub event_desc: Option<String>,
    /// Of the best moment, in words of the product.
    pub said: Option<Said>,
}

/// All of a trial, in the order they began.
#[derive(Clone, Debug, Default)]
pub struct Finds {
    kept: Vec<Find>,
    /// The newest of each scene, and its last alarm; `None` in place of one that is only counted.
    newest: Vec<(SceneCode, Option<usize>, UtcMillis)>,
    uncounted: u64,
}

impl Finds {
    pub fn kept(&self) -> &[Find] {
        &self.kept
    }

    /// Those that are not kept.
    pub const fn more(&self) -> u64 {
        self.uncounted
    }

    /// Takes what a scene says of a picture; answers whether a find began.
    pub fn take(&mut self, at: UtcMillis, result: &SceneResult) -> bool {
        let place = self.newest.iter().position(|(scene, _, _)| *scene == result.scene);
        let open = place.map(|place| self.newest[place].clone()).filter(|(_, _, last)| (at - *last).abs() <= JOIN_MS);
        match open {
            Some((_, find, last)) => {
                if let Some(find) = find.and_then(|find| self.kept.get_mut(find)) {
                    find.see(at, result);
                }
                if let Some(newest) = place.and_then(|place| self.newest.get_mut(place)).filter(|_| result.is_alarm) {
                    newest.2 = last.max(at);
                }
                false
            }
            None if result.is_alarm => {
                let find = (self.kept.len() < MOST_FINDS).then_some(self.kept.len());
                match find {
                    Some(_) => self.kept.push(Find::of(at, result)),
                    None => self.uncounted += 1,
                }
                let newest = (result.scene.clone(), find, at);
                match place {
                    Some(place) => self.newest[place] = newest,
                    None => self.newest.push(newest),
                }
                true
            }
            None => false,
        }
    }
}

impl Find {
    fn of(at: UtcMillis, result: &SceneResult) -> Self {
        let mut find = Self {
            scene: result.scene.clone(),
            from: at,
            to: at,
            labels: Vec::new(),
            best_at: at,
            confidence: -1.0,
            objects: Vec::new(),
            event_type: result.event_type.clone(),
            event_desc: None,
            said: None,
        };
        find.see(at, result);
        find
    }

    fn see(&mut self, at: UtcMillis, result: &SceneResult) {
        if result.is_alarm {
            (self.from, self.to) = (self.from.min(at), self.to.max(at));
            for object in &result.objects {
                if self.labels.len() < MOST_LABELS && self.labels.iter().all(|label| **label != *object.label) {
                    self.labels.push(object.label.to_string());
                }
            }
        }
        // What is not there cannot be a better moment.
        if result.confidence > self.confidence && (result.is_alarm || !result.objects.is_empty()) {
            (self.best_at, self.confidence) = (at, result.confidence);
            self.objects = result.objects.iter().take(MOST_OBJECTS).cloned().collect();
            self.event_desc = result.event_desc.clone().or_else(|| self.event_desc.take());
            let said = Said::of(result.event_type.as_deref(), result.total_count, result.metrics.as_deref());
            self.said = said.or_else(|| self.said.take());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use watchwall_engine_protocol::{BBox, Counts};

    pub fn result(scene: &str, is_alarm: bool, confidence: f32, label: &str) -> SceneResult {
        let bbox = BBox { x: 0.25, y: 0.5, width: 0.125, height: 0.25 };
        let object = DetectedObject { label: label.into(), score: confidence, bbox, track_id: None };
        SceneResult {
            scene: SceneCode::parse(scene).unwrap(),
            is_alarm,
            confidence,
            objects: if label.is_empty() { vec![] } else { vec![object] },
            event_type: is_alarm.then(|| "motion".to_owned()),
            event_desc: None,
            total_count: None,
            label_counts: Counts::default(),
            problem_counts: Counts::default(),
            metrics: None,
        }
    }

    /// Begin, end and best moment of each find, in seconds; what is an alarm has a plus before its time.
    fn found(said: &[(&str, i64, bool, f32)]) -> Vec<(String, i64, i64, i64)> {
        let mut finds = Finds::default();
        for (scene, at_s, is_alarm, confidence) in said {
            finds.take(UtcMillis(at_s * 1_000), &result(scene, *is_alarm, *confidence, "person"));
        }
        let times =
            |find: &Find| (find.scene.to_string(), find.from.0 / 1_000, find.to.0 / 1_000, find.best_at.0 / 1_000);
        finds.kept().iter().map(times).collect()
    }

    #[test]
    fn alarms_that_follow_each_other_are_one_find_of_their_scene() {
        let check = |said: &[(&str, i64, bool, f32)], expect: &[(&str, i64, i64, i64)]| {
            let expect: Vec<_> = expect.iter().map(|(scene, a, b, c)| ((*scene).to_owned(), *a, *b, *c)).collect();
            assert_eq!(found(said), expect, "{said:?}");
        };
        check(&[("M", 1, false, 0.9), ("M", 5, false, 0.9)], &[]);
        check(&[("M", 1, true, 0.6), ("M", 6, true, 0.8), ("M", 11, true, 0.7)], &[("M", 1, 11, 6)]);
        check(&[("M", 1, true, 0.6), ("M", 30, true, 0.6)], &[("M", 1, 1, 1), ("M", 30, 30, 30)]);
        check(&[("M", 1, true, 0.6), ("T", 2, true, 0.6), ("M", 3, true, 0.5)], &[("M", 1, 3, 1), ("T", 2, 2, 2)]);
        // What goes on after the alarm is a better moment, and no longer find.
        check(&[("M", 1, true, 0.6), ("M", 4, false, 0.9), ("M", 20, false, 1.0)], &[("M", 1, 1, 4)]);
    }

    #[test]
    fn what_is_kept_is_bounded_and_the_rest_counted() {
        let mut finds = Finds::default();
        let began = (0..MOST_FINDS as i64 + 20)
            .filter(|n| {
                let at = UtcMillis(n * 60_000);
                let label = format!("label {n}");
                let goes_on = finds.take(at, &result("M", true, 0.5, &label));
                assert!(!finds.take(at.saturating_add_ms(1_000), &result("M", true, 0.6, "another")), "{n}");
                goes_on
            })
            .count();
        assert_eq!((began, finds.kept().len(), finds.more()), (MOST_FINDS + 20, MOST_FINDS, 20));
        assert_eq!(finds.kept()[7].labels, ["label 7", "another"]);
        let mut many = result("M", true, 0.5, "a");
        many.objects =
            (0..50).map(|n| DetectedObject { label: format!("{n}").into(), ..many.objects[0].clone() }).collect();
        let find = Find::of(UtcMillis(0), &many);
        assert_eq!((find.labels.len(), find.objects.len()), (MOST_LABELS, MOST_OBJECTS));
    }
}
