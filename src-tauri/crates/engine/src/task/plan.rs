//! What a `START_TASK` asks for, as far as it can be done here. Pure.

use crate::scenes::{Line, Region, SceneKind, Skills, Wanted};
use watchwall_engine_protocol::{StartTask, StreamAddress};
use watchwall_model::{CameraId, Quality, SceneCode, SnapshotPolicy, TaskId, TimeRange, UtcMillis};

/// One task.
#[derive(Clone, Debug, PartialEq)]
pub struct Plan {
    pub task: TaskId,
    pub camera: CameraId,
    pub address: StreamAddress,
    /// None twice.
    pub scenes: Vec<ScenePlan>,
    pub input_fps: u32,
    pub result_fps: u32,
    /// Of the brightness that is looked at, pixels.
    pub look_width: u32,
    /// Of a snapshot, pixels.
    pub snapshot_height: u32,
    pub snapshot_policy: SnapshotPolicy,
    pub snapshot_quality: u8,
    pub alarm_enabled: bool,
    /// Of recordings; `None` for what happens now.
    pub range: Option<TimeRange>,
}

/// One scene of it.
#[derive(Clone, Debug, PartialEq)]
pub struct ScenePlan {
    pub code: SceneCode,
    pub kind: SceneKind,
    pub region: Region,
    pub lines: Vec<Line>,
    pub confidence: f32,
    /// What of a model's things it is about; `None` for scenes about what moves.
    pub things: Option<Wanted>,
}

/// A scene that cannot be run, and why.
#[derive(Clone, Debug, PartialEq)]
pub struct Refused {
    pub scene: SceneCode,
    pub why: &'static str,
}

impl Plan {
    /// What of it can be done, and what not.
    pub fn of(start: &StartTask, skills: &Skills) -> (Self, Vec<Refused>) {
        let mut refused = Vec::new();
        let mut scenes: Vec<ScenePlan> = Vec::new();
        for code in &start.scene_codes {
            if scenes.iter().any(|scene| scene.code == *code) {
                continue;
            }
            match scene(start, code, skills) {
                Ok(scene) => scenes.push(scene),
                Err(why) => refused.push(Refused { scene: code.clone(), why }),
            }
        }
        let params = &start.params;
        let plan = Self {
            task: start.task_id,
            camera: start.camera_id,
            address: start.rtsp.clone(),
            scenes,
            input_fps: params.input_fps.clamp(1, 60),
            result_fps: params.result_fps.clamp(1, 60),
            look_width: match params.quality {
                Quality::Low => 160,
                Quality::Medium => 320,
                Quality::High => 480,
            },
            snapshot_height: params.in_h.clamp(64, 1_080),
            snapshot_policy: params.snapshot_policy,
            snapshot_quality: params.snapshot_quality.clamp(1, 100),
            alarm_enabled: params.alarm_enabled,
            range: range(start),
        };
        (plan, refused)
    }

    /// Whether any of its scenes is about what a model sees.
    pub fn needs_model(&self) -> bool {
        self.scenes.iter().any(|scene| scene.things.is_some())
    }

    pub fn codes(&self) -> Vec<SceneCode> {
        self.scenes.iter().map(|scene| scene.code.clone()).collect()
    }
}

fn range(start: &StartTask) -> Option<TimeRange> {
    start.range.and_then(|range| TimeRange::new(UtcMillis(range.from), UtcMillis(range.to)))
}

fn scene(start: &StartTask, code: &SceneCode, skills: &Skills) -> Result<ScenePlan, &'static str> {
    if start.range.is_some() && range(start).is_none() {
        return Err("range_invalid: the range ends before it begins");
    }
    let kind = skills.kind(code.as_str()).ok_or("scene_unsupported: this node does not know the scene")?;
    let lines = start.lines.get(code).into_iter().flatten().filter_map(|line| Line::new(line.clone()));
    let lines: Vec<Line> = lines.collect();
    if kind == SceneKind::LineCrossing && lines.is_empty() {
        return Err("line_missing: draw a line for the scene");
    }
    let region = Region::new(start.regions.get(code).unwrap_or(&start.region).clone());
    let confidence = if start.conf_threshold.is_finite() { start.conf_threshold.clamp(0.0, 1.0) } else { 0.0 };
    Ok(ScenePlan { code: code.clone(), kind, region, lines, confidence, things: skills.things(kind) })
}

#[cfg(test)]
mod tests {
    use super::*;
    use watchwall_engine_protocol::{TaskParams, TaskRange};
    use watchwall_model::Point;

    fn code(text: &str) -> SceneCode {
        SceneCode::parse(text).unwrap()
    }

    fn start(codes: &[&str]) -> StartTask {
        StartTask {
            task_id: TaskId(7),
            camera_id: CameraId(3),
            scene_codes: codes.iter().map(|text| code(text)).collect(),
            stream_key: "3:sub".into(),
            rtsp: StreamAddress::new("rtsp://127.0.0.1/1"),
            conf_threshold: 0.6,
            region: Vec::new(),
            regions: [].into(),
            lines: [].into(),
            params: TaskParams::default(),
            range: None,
        }
    }

    #[test]
    fn what_can_be_done_is_planned_and_the_rest_refused() {
        let check = |start: &StartTask, planned: &[&str], refused: &[&str]| {
            let (plan, no) = Plan::of(start, &Skills::default());
            let codes: Vec<_> = plan.scenes.iter().map(|scene| scene.code.as_str()).collect();
            let whys: Vec<_> = no.iter().filter_map(|refused| refused.why.split(':').next()).collect();
            assert_eq!((codes.as_slice(), whys.as_slice()), (planned, refused), "{start:?}");
        };
        check(&start(&["MOTION", "TAMPER", "MOTION"]), &["MOTION", "TAMPER"], &[]);
        check(&start(&["HELMET_DETECTION", "MOTION"]), &["MOTION"], &["scene_unsupported"]);
        check(&start(&["LINE_CROSSING"]), &[], &["line_missing"]);
        let point = |x, y| Point { x, y };
        let mut with_line = start(&["LINE_CROSSING"]);
        with_line.lines = [(code("LINE_CROSSING"), vec![vec![point(0.5, 1.0), point(0.5, 0.0)]])].into();
        check(&with_line, &["LINE_CROSSING"], &[]);
        with_line.lines = [(code("LINE_CROSSING"), vec![vec![point(0.5, 1.0)]])].into();
        check(&with_line, &[], &["line_missing"]);
        let recorded = |from, to| StartTask { range: Some(TaskRange { from, to }), ..start(&["MOTION"]) };
        check(&recorded(1, 2), &["MOTION"], &[]);
        check(&recorded(2, 2), &[], &["range_invalid"]);
        assert_eq!(Plan::of(&recorded(1, 2), &Skills::default()).0.range, TimeRange::new(UtcMillis(1), UtcMillis(2)));
        assert_eq!(Plan::of(&start(&["MOTION"]), &Skills::default()).0.range, None);
    }

    #[test]
    fn with_a_model_scenes_are_about_its_things() {
        let skills = Skills::of_model(&["person".into()]);
        let (plan, refused) =
            Plan::of(&start(&["MOTION", "LOITERING", "REGION_INTRUSION", "VEHICLE_PARKING"]), &skills);
        let person = Some(Wanted::of(["person"]));
        let things: Vec<_> = plan.scenes.iter().map(|scene| (scene.kind, scene.things.clone())).collect();
        let expect =
            [(SceneKind::Motion, None), (SceneKind::Loitering, person.clone()), (SceneKind::RegionIntrusion, person)];
        assert_eq!((things.as_slice(), plan.needs_model()), (&expect[..], true));
        assert_eq!(refused.len(), 1, "{refused:?}");
        assert!(!Plan::of(&start(&["REGION_INTRUSION"]), &Skills::default()).0.needs_model());
    }

    #[test]
    fn a_scenes_own_region_stands_before_that_of_all_and_numbers_are_bounded() {
        let triangle = |size: f32| [[0.0, 0.0], [size, 0.0], [0.0, size]].map(Point::from).to_vec();
        let mut wish = start(&["MOTION", "REGION_INTRUSION"]);
        wish.region = triangle(0.5);
        wish.regions = [(code("MOTION"), triangle(0.25))].into();
        wish.params = TaskParams { input_fps: 0, result_fps: 900, in_h: 4_320, snapshot_quality: 0, ..wish.params };
        wish.conf_threshold = f32::NAN;
        let (plan, _) = Plan::of(&wish, &Skills::default());
        assert_eq!(plan.scenes[0].region, Region::new(triangle(0.25)));
        assert_eq!(plan.scenes[1].region, Region::new(triangle(0.5)));
        let numbers = (plan.input_fps, plan.result_fps, plan.snapshot_height, plan.snapshot_quality);
        assert_eq!((numbers, plan.scenes[0].confidence), ((1, 60, 1_080, 1), 0.0));
    }
}
