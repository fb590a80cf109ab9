//! Which results are sent, and with which picture. Pure.

use super::{Plan, Seen};
use watchwall_engine_protocol::{AiResult, Counts, FrameSize, Repairs, SceneResult, Snapshot};
use watchwall_model::{SnapshotPolicy, UtcMillis};

/// So often at least it is said that nothing is there.
const QUIET_MS: i64 = 1_000;
/// Pictures of results that are no alarm: more a second tell nothing new and fill the line.
const PICTURES_MS: i64 = 500;

/// What is to be sent of one picture.
#[derive(Clone, Debug, PartialEq)]
pub struct Report {
    pub seen: Vec<Seen>,
    pub is_alarm: bool,
    pub wants_picture: bool,
}

/// Remembers what was sent.
#[derive(Debug, Default)]
pub struct Reporter {
    sent_ms: Option<i64>,
    picture_ms: Option<i64>,
    had_objects: bool,
}

impl Reporter {
    /// `None` when it is not worth a message.
    pub fn report(&mut self, plan: &Plan, seen: Vec<Seen>, at_ms: i64) -> Option<Report> {
        let is_alarm = seen.iter().any(|seen| seen.finding.is_alarm);
        let has_objects = seen.iter().any(|seen| !seen.finding.objects.is_empty());
        // A crossing is in one picture only; the one in which all went clears the screen.
        let is_event = seen.iter().any(|seen| seen.finding.is_event);
        let is_news = is_alarm || is_event || (self.had_objects && !has_objects);
        let gap_ms = if has_objects { 1_000 / i64::from(plan.result_fps.max(1)) } else { QUIET_MS };
        // A quarter: pictures are never quite even.
        let is_early = self.sent_ms.is_some_and(|sent| (0..gap_ms - gap_ms / 4).contains(&(at_ms - sent)));
        if seen.is_empty() || (is_early && !is_news) {
            return None;
        }
        (self.sent_ms, self.had_objects) = (Some(at_ms), has_objects);
        let is_soon = self.picture_ms.is_some_and(|at| (0..PICTURES_MS).contains(&(at_ms - at)));
        let wants_picture = match plan.snapshot_policy {
            SnapshotPolicy::Off => false,
            SnapshotPolicy::Alarm => is_alarm,
            SnapshotPolicy::All => is_alarm || !is_soon,
        };
        if wants_picture {
            self.picture_ms = Some(at_ms);
        }
        Some(Report { seen, is_alarm, wants_picture })
    }
}

impl Report {
    pub fn into_result(self, plan: &Plan, at: UtcMillis, frame: FrameSize, jpeg: Option<Vec<u8>>) -> AiResult {
        AiResult {
            task: plan.task,
            camera: plan.camera,
            at,
            frame: Some(frame),
            snapshot: jpeg.map(Snapshot::Jpeg),
            scenes: self.seen.into_iter().map(scene_result).collect(),
            repairs: Repairs::default(),
        }
    }
}

fn scene_result(seen: Seen) -> SceneResult {
    let Seen { scene, finding } = seen;
    let labels = finding.label_counts.into_iter().map(|(label, n)| (label.as_ref().to_owned(), n));
    let problems = finding.problem_counts.into_iter().map(|(problem, n)| (problem.to_owned(), n));
    let metrics: serde_json::Map<String, serde_json::Value> =
        finding.metrics.iter().map(|(name, value)| ((*name).to_owned(), (*value).into())).collect();
    SceneResult {
        scene,
        is_alarm: finding.is_alarm,
        confidence: finding.confidence,
        objects: finding.objects,
        event_type: finding.event_type.map(str::to_owned),
        event_desc: finding.event_desc,
        total_count: finding.total_count,
        label_counts: Counts(labels.collect()),
        problem_counts: Counts(problems.collect()),
        metrics: (!metrics.is_empty()).then(|| serde_json::Value::Object(metrics).to_string()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::scenes::Finding;
    use watchwall_engine_protocol::{BBox, DetectedObject, NodeMessage, StreamAddress};
    use watchwall_model::{CameraId, SceneCode, TaskId};

    fn plan(snapshot_policy: SnapshotPolicy) -> Plan {
        Plan {
            task: TaskId(7),
            camera: CameraId(3),
            address: StreamAddress::new("rtsp://127.0.0.1/1"),
            scenes: Vec::new(),
            input_fps: 15,
            result_fps: 5,
            look_width: 320,
            snapshot_height: 720,
            snapshot_policy,
            snapshot_quality: 80,
            alarm_enabled: true,
            range: None,
        }
    }

    #[derive(Clone, Copy, PartialEq)]
    enum What {
        Nothing,
        Object,
        Alarm,
        Crossing,
    }

    fn seen(what: What) -> Vec<Seen> {
        let bbox = BBox { x: 0.25, y: 0.5, width: 0.125, height: 0.25 };
        let object = DetectedObject { label: "moving".into(), score: 0.75, bbox, track_id: None };
        let finding = Finding {
            is_alarm: what == What::Alarm,
            objects: if what == What::Nothing { vec![] } else { vec![object] },
            is_event: what == What::Crossing,
            label_counts: if what == What::Crossing { vec![("right_to_left".into(), 1)] } else { vec![] },
            metrics: vec![("share", 0.5)],
            ..Finding::default()
        };
        vec![Seen { scene: SceneCode::parse("MOTION").unwrap(), finding }]
    }

    /// Plays 15 pictures a second; when results are sent, in ms, and with a picture.
    fn sent(policy: SnapshotPolicy, pictures: i64, what: impl Fn(i64) -> What) -> Vec<(i64, bool)> {
        let (plan, mut reporter) = (plan(policy), Reporter::default());
        let report = |n: i64| {
            let at_ms = n * 1_000 / 15;
            reporter.report(&plan, seen(what(n)), at_ms).map(|report| (at_ms, report.wants_picture))
        };
        (0..pictures).filter_map(report).collect()
    }

    #[test]
    fn as_many_as_asked_for_and_what_matters_at_once() {
        let objects = sent(SnapshotPolicy::Off, 30, |_| What::Object);
        assert_eq!(objects.len(), 10, "{objects:?}");
        let quiet = sent(SnapshotPolicy::All, 45, |_| What::Nothing);
        assert_eq!(quiet.iter().map(|(_, picture)| *picture).collect::<Vec<_>>(), [true; 4], "{quiet:?}");
        let alarm = sent(SnapshotPolicy::Alarm, 15, |n| if n == 1 { What::Alarm } else { What::Object });
        assert_eq!(&alarm[..2], [(0, false), (66, true)]);
        let crossing = sent(SnapshotPolicy::Alarm, 3, |n| if n == 1 { What::Crossing } else { What::Object });
        assert_eq!(crossing, [(0, false), (66, false)]);
        let gone = sent(SnapshotPolicy::Alarm, 4, |n| if n == 0 { What::Object } else { What::Nothing });
        assert_eq!(gone, [(0, false), (66, false)]);
    }

    #[test]
    fn a_result_is_what_the_site_reads() {
        let plan = plan(SnapshotPolicy::Off);
        let report = Reporter::default().report(&plan, seen(What::Crossing), 5).unwrap();
        let frame = FrameSize { width: 640, height: 360 };
        let result = report.into_result(&plan, UtcMillis(1_772_359_200_000), frame, None);
        let message = NodeMessage::Result(result);
        assert_eq!(NodeMessage::parse(&message.text().unwrap()).unwrap(), message);
    }
}
