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
}

/// What holds for all tasks of a node.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LookerRules {
    pub times: AlarmTimes,
    pub dwell_ms: i64,
}

impl Looker {
    pub fn new(plan: &Plan, rules: LookerRules) -> Self {
        let mut looker = Self { movement: Movement::default(), scenes: Vec::new(), alarm_enabled: true, rules };
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

    /// In the order of the plan.
    pub fn look(&mut self, luma: &Luma, at_ms: i64) -> Vec<Seen> {
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
