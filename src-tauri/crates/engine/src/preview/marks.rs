//! What is to be drawn onto one picture: what was found in it, and where was looked. Pure.

use crate::task::{Plan, Seen};
use watchwall_engine_protocol::{BBox, DetectedObject};
use watchwall_model::Point;

/// Positions in fractions of the picture.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Marks {
    pub boxes: Vec<Mark>,
    pub regions: Vec<Vec<Point>>,
    pub lines: Vec<Vec<Point>>,
}

/// One box.
#[derive(Clone, Debug, PartialEq)]
pub struct Mark {
    pub bbox: BBox,
    pub words: String,
    /// A scene that found it has an alarm.
    pub is_alarm: bool,
}

/// More than anybody can tell apart.
const MOST_BOXES: usize = 200;
const MOST_WORDS_CHARS: usize = 32;

impl Marks {
    /// Several scenes may have found the same: it is drawn once.
    pub fn of(plan: &Plan, seen: &[Seen]) -> Self {
        let mut boxes: Vec<Mark> = Vec::new();
        for finding in seen.iter().map(|seen| &seen.finding) {
            for object in &finding.objects {
                let words = words(object);
                let is_known = |mark: &Mark| mark.bbox == object.bbox && mark.words == words;
                if let Some(place) = boxes.iter().position(is_known) {
                    boxes[place].is_alarm |= finding.is_alarm;
                } else if boxes.len() < MOST_BOXES {
                    boxes.push(Mark { bbox: object.bbox, words, is_alarm: finding.is_alarm });
                }
            }
        }
        let mut regions: Vec<Vec<Point>> = Vec::new();
        for region in plan.scenes.iter().map(|scene| scene.region.polygon()) {
            if !region.is_empty() && !regions.iter().any(|known| known == region) {
                regions.push(region.to_vec());
            }
        }
        let lines = plan.scenes.iter().flat_map(|scene| &scene.lines).map(|line| line.points().to_vec()).collect();
        Self { boxes, regions, lines }
    }
}

fn words(object: &DetectedObject) -> String {
    let track = object.track_id.as_deref().map_or_else(String::new, |track| format!(" #{track}"));
    let words = format!("{} {:.0}%{track}", object.label, object.score * 100.0);
    words.chars().take(MOST_WORDS_CHARS).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        scenes::{Finding, Line, Region, SceneKind},
        task::ScenePlan,
    };
    use watchwall_engine_protocol::StreamAddress;
    use watchwall_model::{CameraId, SceneCode, SnapshotPolicy, TaskId};

    fn points(points: &[[f32; 2]]) -> Vec<Point> {
        points.iter().map(|point| Point::from(*point)).collect()
    }

    #[test]
    fn what_several_scenes_found_is_drawn_once() {
        let triangle = points(&[[0.0, 0.0], [1.0, 0.0], [0.0, 1.0]]);
        let line = points(&[[0.5, 0.0], [0.5, 1.0]]);
        let scene = |kind: SceneKind| ScenePlan {
            code: SceneCode::parse(kind.code()).unwrap(),
            kind,
            region: Region::new(triangle.clone()),
            lines: if kind == SceneKind::LineCrossing { Line::new(line.clone()).into_iter().collect() } else { vec![] },
            confidence: 0.5,
            things: None,
        };
        let plan = Plan {
            task: TaskId(7),
            camera: CameraId(3),
            address: StreamAddress::new("rtsp://127.0.0.1/1"),
            scenes: [SceneKind::Motion, SceneKind::LineCrossing].map(scene).to_vec(),
            input_fps: 15,
            result_fps: 15,
            look_width: 320,
            snapshot_height: 720,
            snapshot_policy: SnapshotPolicy::Off,
            snapshot_quality: 80,
            alarm_enabled: true,
            range: None,
        };
        let bbox = BBox { x: 0.25, y: 0.5, width: 0.125, height: 0.25 };
        let object = |track: &str| DetectedObject {
            label: "moving".into(),
            score: 0.754,
            bbox,
            track_id: (!track.is_empty()).then(|| track.into()),
        };
        let seen = |objects: Vec<DetectedObject>, is_alarm| Seen {
            scene: SceneCode::parse("MOTION").unwrap(),
            finding: Finding { objects, is_alarm, ..Finding::default() },
        };
        let marks = Marks::of(&plan, &[seen(vec![object("7"), object("")], false), seen(vec![object("7")], true)]);
        let mark = |words: &str, is_alarm| Mark { bbox, words: words.into(), is_alarm };
        assert_eq!(marks.boxes, [mark("moving 75% #7", true), mark("moving 75%", false)]);
        assert_eq!((marks.regions, marks.lines), (vec![triangle], vec![line]));
        let many = seen((0..999).map(|n| object(&n.to_string())).collect(), false);
        assert_eq!(Marks::of(&plan, &[many]).boxes.len(), MOST_BOXES);
    }
}
