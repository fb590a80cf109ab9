//! What AI engines are to look for in one camera's picture.

use crate::{CameraId, ErrorCode, NodeId, Problem, PushPolicy, SceneCode, StreamRole, TaskId, UtcMillis, WeekSchedule};
use serde::{Deserialize, Serialize};
use std::ops::RangeInclusive;

/// `[x, y]` in fractions of the frame, from its top left corner.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(from = "[f32; 2]", into = "[f32; 2]")]
pub struct Point {
    pub x: f32,
    pub y: f32,
}

impl Point {
    fn is_inside(self) -> bool {
        (0.0..=1.0).contains(&self.x) && (0.0..=1.0).contains(&self.y)
    }
}

impl From<[f32; 2]> for Point {
    fn from([x, y]: [f32; 2]) -> Self {
        Self { x, y }
    }
}

impl From<Point> for [f32; 2] {
    fn from(point: Point) -> Self {
        [point.x, point.y]
    }
}

/// How hard a node is to look.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "UPPERCASE")]
pub enum Quality {
    Low,
    #[default]
    Medium,
    High,
}

/// Which results come with their picture.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "UPPERCASE")]
pub enum SnapshotPolicy {
    Off,
    All,
    #[default]
    Alarm,
}

/// How a task's scenes are handed out.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum DispatchMode {
    /// This node runs all of them, or nobody does.
    Fixed { node: NodeId },
    /// One node runs all of them.
    Single,
    /// Each goes to the node with least to do.
    Split,
    /// One node if one can, otherwise several.
    #[default]
    Mixed,
}

/// One thing to look for, and where.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct AiScene {
    pub code: SceneCode,
    /// A polygon; empty is the whole picture.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub region: Vec<Point>,
    /// For scenes about crossing: each has two points or more, and what goes from its left to its right crosses it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub lines: Vec<Vec<Point>>,
}

/// How the picture is looked at, and what comes back.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct AiTaskParams {
    pub input_fps: u32,
    /// Results a second.
    pub output_fps: u32,
    /// Of the picture looked at and of the preview, pixels.
    pub width: u32,
    pub height: u32,
    /// Of the preview.
    pub bitrate_kbps: u32,
    pub quality: Quality,
    pub snapshot_policy: SnapshotPolicy,
    /// Of a JPEG, 1 to 100.
    pub snapshot_quality: u32,
}

impl Default for AiTaskParams {
    fn default() -> Self {
        Self {
            input_fps: 15,
            output_fps: 15,
            width: 1280,
            height: 720,
            bitrate_kbps: 3_000,
            quality: Quality::Medium,
            snapshot_policy: SnapshotPolicy::Alarm,
            snapshot_quality: 80,
        }
    }
}

/// A task as it is kept.
#[derive(Clone, Debug, PartialEq)]
pub struct AiTask {
    pub id: TaskId,
    pub version: i64,
    pub name: String,
    pub camera: CameraId,
    pub stream: StreamRole,
    /// At least one, none twice.
    pub scenes: Vec<AiScene>,
    pub dispatch: DispatchMode,
    /// 0 to 1: what a node is less sure of it does not report.
    pub confidence: f32,
    pub params: AiTaskParams,
    pub alarm_enabled: bool,
    /// Of its alarms, 1 (information) to 4 (critical).
    pub level: u32,
    /// When its alarms are told; `None` as the level has it.
    pub push: Option<PushPolicy>,
    /// Runs in what is marked as continuous; at all times without one.
    pub schedule: Option<WeekSchedule>,
    /// A person wants it to run.
    pub enabled: bool,
    pub updated_at: UtcMillis,
}

impl AiTask {
    pub const DEFAULT_CONFIDENCE: f32 = 0.6;
    pub const DEFAULT_LEVEL: u32 = 3;
    pub const MOST_SCENES: usize = 32;
    const MOST_NAME_CHARS: usize = 100;
    const MOST_POINTS: usize = 64;
    const MOST_LINES: usize = 8;

    /// # Errors
    /// `task_invalid` names the field and what it may be.
    pub fn check(&self) -> Result<(), Problem> {
        let params = &self.params;
        let bounds: [(&str, u32, RangeInclusive<u32>); 8] = [
            ("input_fps", params.input_fps, 1..=60),
            ("output_fps", params.output_fps, 1..=60),
            ("width", params.width, 64..=7_680),
            ("height", params.height, 64..=4_320),
            ("bitrate_kbps", params.bitrate_kbps, 100..=50_000),
            ("snapshot_quality", params.snapshot_quality, 1..=100),
            ("level", self.level, 1..=4),
            ("scenes", u32::try_from(self.scenes.len()).unwrap_or(u32::MAX), 1..=Self::MOST_SCENES as u32),
        ];
        if let Some((field, _, range)) = bounds.into_iter().find(|(_, value, range)| !range.contains(value)) {
            return Err(invalid(field, format!("{} to {}", range.start(), range.end())));
        }
        let name_chars = self.name.trim().chars().count();
        if !(1..=Self::MOST_NAME_CHARS).contains(&name_chars) || self.name.chars().any(char::is_control) {
            return Err(invalid("name", format!("1 to {} characters", Self::MOST_NAME_CHARS)));
        }
        if !(0.0..=1.0).contains(&self.confidence) {
            return Err(invalid("confidence", "0 to 1"));
        }
        if let Some(push) = &self.push {
            push.check()?;
        }
        for (place, scene) in self.scenes.iter().enumerate() {
            if self.scenes.iter().take(place).any(|other| other.code == scene.code) {
                return Err(invalid("scenes", "each once").with("scene", &scene.code));
            }
            scene.check()?;
        }
        Ok(())
    }
}

impl AiScene {
    pub const fn whole(code: SceneCode) -> Self {
        Self { code, region: Vec::new(), lines: Vec::new() }
    }

    fn check(&self) -> Result<(), Problem> {
        let most = AiTask::MOST_POINTS;
        let region = &self.region;
        if !region.is_empty() {
            let fits = (3..=most).contains(&region.len()) && region.iter().all(|point| point.is_inside());
            if !fits || area(region) < 1e-4 {
                let allowed = format!("3 to {most} points in the picture, with an area");
                return Err(invalid("region", allowed).with("scene", &self.code));
            }
        }
        let line_fits = |line: &Vec<Point>| {
            (2..=most).contains(&line.len())
                && line.iter().all(|point| point.is_inside())
                && line.windows(2).all(|pair| pair[0] != pair[1])
        };
        if self.lines.len() > AiTask::MOST_LINES || !self.lines.iter().all(line_fits) {
            let allowed = format!("up to {} lines of 2 to {most} points in the picture", AiTask::MOST_LINES);
            return Err(invalid("lines", allowed).with("scene", &self.code));
        }
        Ok(())
    }
}

/// Of a polygon, in fractions of the frame.
fn area(points: &[Point]) -> f32 {
    let next = points.iter().cycle().skip(1);
    points.iter().zip(next).map(|(a, b)| a.x * b.y - b.x * a.y).sum::<f32>().abs() / 2.0
}

fn invalid(field: &str, allowed: impl Into<String>) -> Problem {
    Problem::new(ErrorCode::TaskInvalid).with("field", field).with("allowed", allowed.into())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn task() -> AiTask {
        AiTask {
            id: TaskId(1),
            version: 1,
            name: "Gate".into(),
            camera: CameraId(1),
            stream: StreamRole::Sub,
            scenes: vec![AiScene::whole(SceneCode::parse("MOTION").unwrap())],
            dispatch: DispatchMode::Mixed,
            confidence: AiTask::DEFAULT_CONFIDENCE,
            params: AiTaskParams::default(),
            alarm_enabled: true,
            level: AiTask::DEFAULT_LEVEL,
            push: None,
            schedule: None,
            enabled: true,
            updated_at: UtcMillis(0),
        }
    }

    #[test]
    fn what_a_task_may_not_be_is_named() {
        let check = |change: fn(&mut AiTask), field: Option<&str>| {
            let mut task = task();
            change(&mut task);
            let answer = task.check().err();
            assert_eq!(answer.as_ref().and_then(|p| p.params.get("field")).map(String::as_str), field, "{answer:?}");
        };
        let points = |list: &[[f32; 2]]| list.iter().map(|point| Point::from(*point)).collect::<Vec<_>>();
        check(|_| {}, None);
        check(|task| task.name = " ".into(), Some("name"));
        check(|task| task.name = "a\u{7}".into(), Some("name"));
        check(|task| task.level = 5, Some("level"));
        check(|task| task.params.input_fps = 0, Some("input_fps"));
        check(|task| task.confidence = f32::NAN, Some("confidence"));
        check(|task| task.scenes.clear(), Some("scenes"));
        check(|task| task.scenes.push(task.scenes[0].clone()), Some("scenes"));
        let mut with_region = task();
        let mut region = |list: &[[f32; 2]]| {
            with_region.scenes[0].region = points(list);
            with_region.check().is_ok()
        };
        assert!(region(&[[0.0, 0.0], [1.0, 0.0], [0.5, 1.0]]));
        assert!(!region(&[[0.0, 0.0], [1.0, 0.0]]), "no polygon");
        assert!(!region(&[[0.0, 0.0], [0.5, 0.5], [1.0, 1.0]]), "no area");
        assert!(!region(&[[0.0, 0.0], [1.5, 0.0], [0.5, 1.0]]), "outside");
        let mut with_line = task();
        let mut line = |list: &[[f32; 2]]| {
            with_line.scenes[0].lines = vec![points(list)];
            with_line.check().is_ok()
        };
        assert!(line(&[[0.0, 0.5], [1.0, 0.5]]));
        assert!(!line(&[[0.0, 0.5]]) && !line(&[[0.5, 0.5], [0.5, 0.5]]));
    }
}
