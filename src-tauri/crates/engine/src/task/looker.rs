//! All scenes of a task, looking at the same pictures. Pure.

use super::{Plan, ScenePlan};
use crate::{
    detect::Detection,
    scenes::{
        AlarmTimes, Finding, LineCrossing, Motion, Movement, Scene, SceneKind, Sight, Sighting, StayRules, Staying,
        Tamper, TrackRules, Tracks, Watched,
    },
};
use std::sync::Arc;
use watchwall_media::pixels::Luma;
use watchwall_model::SceneCode;

/// What one scene saw.
#[derive(Clone, Debug, PartialEq)]
pub struct Seen {
    pub scene: SceneCode,
    pub finding: Finding,
}

#[derive(Debug)]
pub struct Looker {
    movement: Movement,
    /// What a model saw.
    things: Tracks,
    scenes: Vec<(ScenePlan, Scene)>,
    alarm_enabled: bool,
    rules: LookerRules,
    /// Of the last picture that was looked at, and of the last that a model looked at.
    last_ms: Option<i64>,
    last_things_ms: Option<i64>,
}

/// A model may look once in some seconds only, and hardly ever sees what is not there.
const OF_A_MODEL: TrackRules = TrackRules { lost_ms: 3_000, sure_hits: 2, longest_gap_ms: 15_000 };

/// Farther back than this it is the clock that went, not a picture that came late.
const LATE_MS: i64 = 2_000;

/// What holds for all tasks of a node.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LookerRules {
    pub times: AlarmTimes,
    /// Of intruders, and of what is not to be there at all.
    pub dwell_ms: i64,
    /// Of loiterers and of parked vehicles.
    pub stay_ms: i64,
}

impl Looker {
    pub fn new(plan: &Plan, rules: LookerRules) -> Self {
        let mut looker = Self {
            movement: Movement::default(),
            things: Tracks::new(OF_A_MODEL),
            scenes: Vec::new(),
            alarm_enabled: true,
            rules,
            last_ms: None,
            last_things_ms: None,
        };
        looker.adapt(plan);
        looker
    }

    /// A scene that stays as it was keeps what it remembers.
    pub fn adapt(&mut self, plan: &Plan) {
        self.alarm_enabled = plan.alarm_enabled;
        let mut old = std::mem::take(&mut self.scenes);
        for scene in &plan.scenes {
            let kept = old.iter().position(|(of, _)| of == scene).map(|place| old.swap_remove(place));
            self.scenes.push(kept.unwrap_or_else(|| (scene.clone(), begin(scene, self.rules))));
        }
    }

    /// Of the scenes about what moves, in the order of the plan. Nothing of a picture that is not newer than the last: when
    /// pictures come in a heap, some have the same time, and a site takes one of each.
    pub fn look(&mut self, luma: &Luma, at_ms: i64) -> Vec<Seen> {
        let is_needed = self.scenes.iter().any(|(plan, _)| plan.things.is_none());
        if !is_needed || !is_newer(&mut self.last_ms, at_ms) {
            return Vec::new();
        }
        let moment = self.movement.look(luma, at_ms);
        let alarm_enabled = self.alarm_enabled;
        let scenes = self.scenes.iter_mut().filter(|(plan, _)| plan.things.is_none());
        scenes.map(|(plan, scene)| seen(plan, scene.look(&moment), alarm_enabled)).collect()
    }

    /// The same of the scenes about what a model sees.
    pub fn look_at_things(&mut self, detections: &[Detection], at_ms: i64) -> Vec<Seen> {
        if !is_newer(&mut self.last_things_ms, at_ms) {
            return Vec::new();
        }
        let sighting = |Detection { label, score, bbox }: &Detection| Sighting {
            label: Arc::clone(label),
            score: *score,
            bbox: *bbox,
        };
        let sightings: Vec<Sighting> = detections.iter().map(sighting).collect();
        self.things.look(&sightings, at_ms);
        // What a model knows by its looks need not come from anywhere.
        let sight = Sight { at_ms, tracks: &self.things, least_travel: 0.0 };
        let alarm_enabled = self.alarm_enabled;
        let scenes = self.scenes.iter_mut().filter(|(plan, _)| plan.things.is_some());
        scenes.filter_map(|(plan, scene)| Some(seen(plan, scene.look_at_things(sight)?, alarm_enabled))).collect()
    }
}

fn is_newer(last_ms: &mut Option<i64>, at_ms: i64) -> bool {
    let is_newer = last_ms.is_none_or(|last| !(0..LATE_MS).contains(&(last - at_ms)));
    if is_newer {
        *last_ms = Some(at_ms);
    }
    is_newer
}

fn seen(plan: &ScenePlan, mut finding: Finding, alarm_enabled: bool) -> Seen {
    finding.is_alarm &= alarm_enabled;
    Seen { scene: plan.code.clone(), finding }
}

fn begin(plan: &ScenePlan, rules: LookerRules) -> Scene {
    let (region, wanted) = (plan.region.clone(), plan.things.clone().unwrap_or_default());
    let watched = Watched { region, confidence: plan.confidence, wanted };
    let LookerRules { times, dwell_ms, stay_ms } = rules;
    let stay = |dwell_ms, event, problem| StayRules { dwell_ms, event, problem, times };
    let rules = match plan.kind {
        SceneKind::Motion => return Scene::Motion(Motion::new(watched.region, watched.confidence, times)),
        SceneKind::Tamper => return Scene::Tamper(Tamper::default()),
        SceneKind::LineCrossing => return Scene::LineCrossing(LineCrossing::new(watched, plan.lines.clone())),
        SceneKind::RegionIntrusion => stay(dwell_ms, "intrusion", None),
        SceneKind::Loitering => stay(stay_ms, "loitering", None),
        SceneKind::VehicleParking => stay(stay_ms, "parked", None),
        SceneKind::Fire => stay(dwell_ms, "fire", None),
        SceneKind::Helmet => stay(dwell_ms, "no_helmet", Some("no_helmet")),
        SceneKind::Vest => stay(dwell_ms, "no_vest", Some("no_vest")),
    };
    Scene::Staying(Staying::new(watched, rules))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::scenes::{Line, Region, Skills};
    use watchwall_engine_protocol::{BBox, StreamAddress};
    use watchwall_model::{CameraId, Point, SnapshotPolicy, TaskId};

    const RULES: LookerRules =
        LookerRules { times: AlarmTimes { repeat_ms: 5_000, quiet_ms: 2_000 }, dwell_ms: 1_000, stay_ms: 6_000 };

    fn plan() -> Plan {
        let points = vec![Point { x: 0.5, y: 1.0 }, Point { x: 0.5, y: 0.0 }];
        let scene = |kind: SceneKind| ScenePlan {
            code: SceneCode::parse(kind.code()).unwrap(),
            kind,
            region: Region::default(),
            lines: Line::new(points.clone()).into_iter().collect(),
            confidence: 0.5,
            things: None,
        };
        Plan {
            task: TaskId(7),
            camera: CameraId(3),
            address: StreamAddress::new("rtsp://127.0.0.1/1"),
            scenes: Skills::default().kinds().map(scene).collect(),
            input_fps: 15,
            result_fps: 15,
            look_width: 100,
            snapshot_height: 720,
            snapshot_policy: SnapshotPolicy::Off,
            snapshot_quality: 80,
            alarm_enabled: true,
            range: None,
        }
    }

    /// Something bright that crosses within six seconds, from the third on; each scene's alarms. Every picture comes
    /// with `copies` more of the same time.
    fn alarms(plan: &Plan, copies: usize) -> Vec<(String, usize)> {
        let mut looker = Looker::new(plan, RULES);
        let mut alarms: Vec<(String, usize)> = plan.codes().iter().map(|code| (code.to_string(), 0)).collect();
        for n in 0..15 * 8_i64 {
            let mut luma = Luma { width: 100, height: 50, data: vec![90; 5_000] };
            let x = usize::try_from(n - 45).unwrap_or(0);
            for y in 20..40 {
                luma.data[y * 100 + x..y * 100 + x + 10].fill(if n > 45 { 220 } else { 90 });
            }
            for _ in 0..=copies {
                for (seen, alarms) in looker.look(&luma, 1_772_359_200_000 + n * 1_000 / 15).iter().zip(&mut alarms) {
                    alarms.1 += usize::from(seen.finding.is_alarm);
                }
            }
        }
        alarms
    }

    #[test]
    fn all_scenes_see_the_same_and_pictures_of_one_time_count_once() {
        let expect = [("MOTION", 1), ("TAMPER", 0), ("LINE_CROSSING", 1), ("REGION_INTRUSION", 1)];
        for copies in [0, 1, 3] {
            let alarms = alarms(&plan(), copies);
            let alarms: Vec<(&str, usize)> = alarms.iter().map(|(code, n)| (code.as_str(), *n)).collect();
            assert_eq!(alarms, expect, "{copies} more");
        }
        let silent = alarms(&Plan { alarm_enabled: false, ..plan() }, 0);
        assert!(silent.iter().all(|(_, alarms)| *alarms == 0), "{silent:?}");
    }

    #[test]
    fn scenes_of_a_model_look_at_its_things_and_the_others_at_what_moves() {
        let skills = Skills::of_model(&["person".into(), "car".into()]);
        let mut plan = plan();
        let template = plan.scenes[0].clone();
        let scene = |kind: SceneKind| ScenePlan {
            code: SceneCode::parse(kind.code()).unwrap(),
            kind,
            things: skills.things(kind),
            ..template.clone()
        };
        plan.scenes = skills.kinds().map(scene).collect();
        let mut looker = Looker::new(&plan, RULES);
        let luma = Luma { width: 100, height: 50, data: vec![90; 5_000] };
        let mut alarms: Vec<(String, i64)> = Vec::new();
        for second in 0..10 {
            let at_ms = 1_772_359_200_000 + second * 1_000;
            let thing = |label: &str, x: f32| {
                let bbox = BBox { x, y: 0.5, width: 0.1, height: 0.3 };
                Detection { label: label.into(), score: 0.9, bbox }
            };
            // Somebody walks over the line in the middle and stays; a car and a dog were there all the time.
            let walk = (0.3 + second as f32 * 0.04).min(0.54);
            let things = [thing("person", walk), thing("car", 0.1), thing("dog", 0.8)];
            let seen = looker.look_at_things(&things, at_ms);
            let codes: Vec<_> = seen.iter().map(|seen| seen.scene.as_str()).collect();
            assert_eq!(codes, ["LINE_CROSSING", "REGION_INTRUSION", "LOITERING", "VEHICLE_PARKING"]);
            assert!(seen.iter().all(|seen| seen.finding.objects.iter().all(|object| &*object.label != "dog")));
            let told = seen.iter().filter(|seen| seen.finding.is_alarm);
            alarms.extend(told.map(|seen| (seen.scene.to_string(), second)));
            assert_eq!(looker.look_at_things(&things, at_ms), [], "a picture counts once");
            assert_eq!(looker.look(&luma, at_ms).len(), 2);
        }
        let first = |code: &str| alarms.iter().find(|(of, _)| of == code).map(|(_, second)| *second);
        assert_eq!(first("LINE_CROSSING"), Some(4), "{alarms:?}");
        assert_eq!(first("REGION_INTRUSION"), Some(2), "{alarms:?}");
        assert_eq!((first("LOITERING"), first("VEHICLE_PARKING")), (Some(7), Some(7)), "{alarms:?}");
    }

    #[test]
    fn a_scene_that_stays_keeps_what_it_remembers() {
        let mut looker = Looker::new(&plan(), RULES);
        let mut fewer = plan();
        fewer.scenes.retain(|scene| scene.kind != SceneKind::Motion);
        fewer.scenes.swap(0, 2);
        looker.adapt(&fewer);
        let codes: Vec<String> = looker.scenes.iter().map(|(plan, _)| plan.code.to_string()).collect();
        assert_eq!(codes, ["REGION_INTRUSION", "LINE_CROSSING", "TAMPER"]);
    }
}
