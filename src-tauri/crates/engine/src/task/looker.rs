//! All scenes of a task, looking at the same pictures. Pure.

use super::{Plan, ScenePlan};
use crate::scenes::{AlarmTimes, Finding, LineCrossing, Motion, Movement, RegionIntrusion, Scene, SceneKind, Tamper};
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
    scenes: Vec<(ScenePlan, Scene)>,
    alarm_enabled: bool,
    rules: LookerRules,
    last_ms: Option<i64>,
}

/// Farther back than this it is the clock that went, not a picture that came late.
const LATE_MS: i64 = 2_000;

/// What holds for all tasks of a node.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LookerRules {
    pub times: AlarmTimes,
    pub dwell_ms: i64,
}

impl Looker {
    pub fn new(plan: &Plan, rules: LookerRules) -> Self {
        let mut looker =
            Self { movement: Movement::default(), scenes: Vec::new(), alarm_enabled: true, rules, last_ms: None };
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

    /// In the order of the plan. Nothing of a picture that is not newer than the last: when pictures come in a heap, some
    /// have the same time, and a site takes one of each.
    pub fn look(&mut self, luma: &Luma, at_ms: i64) -> Vec<Seen> {
        if self.last_ms.is_some_and(|last| (0..LATE_MS).contains(&(last - at_ms))) {
            return Vec::new();
        }
        self.last_ms = Some(at_ms);
        let moment = self.movement.look(luma, at_ms);
        let alarm_enabled = self.alarm_enabled;
        let look = |(plan, scene): &mut (ScenePlan, Scene)| {
            let mut finding = scene.look(&moment);
            finding.is_alarm &= alarm_enabled;
            Seen { scene: plan.code.clone(), finding }
        };
        self.scenes.iter_mut().map(look).collect()
    }
}

fn begin(plan: &ScenePlan, rules: LookerRules) -> Scene {
    let region = plan.region.clone();
    match plan.kind {
        SceneKind::Motion => Scene::Motion(Motion::new(region, plan.confidence, rules.times)),
        SceneKind::Tamper => Scene::Tamper(Tamper::default()),
        SceneKind::LineCrossing => Scene::LineCrossing(LineCrossing::new(region, plan.lines.clone(), plan.confidence)),
        SceneKind::RegionIntrusion => {
            Scene::RegionIntrusion(RegionIntrusion::new(region, plan.confidence, rules.dwell_ms, rules.times))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::scenes::{Line, Region};
    use watchwall_engine_protocol::StreamAddress;
    use watchwall_model::{CameraId, Point, SnapshotPolicy, TaskId};

    fn plan() -> Plan {
        let points = vec![Point { x: 0.5, y: 1.0 }, Point { x: 0.5, y: 0.0 }];
        let scene = |kind: SceneKind| ScenePlan {
            code: SceneCode::parse(kind.code()).unwrap(),
            kind,
            region: Region::default(),
            lines: Line::new(points.clone()).into_iter().collect(),
            confidence: 0.5,
        };
        Plan {
            task: TaskId(7),
            camera: CameraId(3),
            address: StreamAddress::new("rtsp://127.0.0.1/1"),
            scenes: SceneKind::ALL.into_iter().map(scene).collect(),
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
        let rules = LookerRules { times: AlarmTimes::default(), dwell_ms: 1_000 };
        let mut looker = Looker::new(plan, rules);
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
    fn a_scene_that_stays_keeps_what_it_remembers() {
        let rules = LookerRules { times: AlarmTimes::default(), dwell_ms: 1_000 };
        let mut looker = Looker::new(&plan(), rules);
        let mut fewer = plan();
        fewer.scenes.retain(|scene| scene.kind != SceneKind::Motion);
        fewer.scenes.swap(0, 2);
        looker.adapt(&fewer);
        let codes: Vec<String> = looker.scenes.iter().map(|(plan, _)| plan.code.to_string()).collect();
        assert_eq!(codes, ["REGION_INTRUSION", "LINE_CROSSING", "TAMPER"]);
    }
}
