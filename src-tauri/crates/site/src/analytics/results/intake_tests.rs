//! What is taken of a message, and what is left.

use super::*;
use crate::analytics::results::Lane;
use watchwall_engine_protocol::NodeMessage;

const AT: i64 = 1_772_359_200_000;

fn result(text: &str) -> AiResult {
    match NodeMessage::parse(text).unwrap() {
        NodeMessage::Result(result) => result,
        other => panic!("{other:?}"),
    }
}

fn two_scenes(at: i64) -> AiResult {
    let text = format!(
        r#"{{"type": "AI_RESULT", "task_id": 1, "camera_id": 3, "ts": {at}, "results": [
            {{"scene_code": "MOTION", "confidence": 0.5}}, {{"scene_code": "TAMPER", "alarm_event": true}}]}}"#
    );
    AiResult { snapshot: Some(Snapshot::Jpeg(picture::small(640, 360))), ..result(&text) }
}

fn waiting(intake: &ResultIntake, lane: Lane) -> Vec<AiResultRow> {
    intake.queue.try_take(lane, 100).into_iter().map(|pending| pending.row).collect()
}

#[tokio::test]
async fn scenes_of_another_node_are_left_out_everywhere() {
    let folder = tempfile::tempdir().unwrap();
    let intake = ResultIntake::new(folder.path(), ResultOptions::default());
    let mut viewer = intake.overlays().listen(watchwall_model::CameraId(3));
    let taken = intake.take("n1", two_scenes(AT), |_, scene| scene.as_str() == "TAMPER").await;
    assert_eq!(taken, Taken { refused: 1, duplicates: 0 });
    assert_eq!(viewer.try_recv().unwrap().scenes.len(), 1);
    assert!(waiting(&intake, Lane::Others).is_empty());
    let alarm = waiting(&intake, Lane::Alarms).remove(0);
    assert_eq!((alarm.scene.as_str(), alarm.node.as_str(), alarm.confidence), ("TAMPER", "n1", 0.0));
    // The picture lies in the data folder, and nowhere else.
    let snapshot = alarm.snapshot.unwrap();
    assert_eq!(std::fs::read(folder.path().join(&snapshot)).unwrap(), picture::small(640, 360));
    let latest = intake.latest().of(TaskId(1), &alarm.scene).unwrap();
    assert_eq!((latest.results, latest.snapshot), (1, Some(snapshot)));
    assert_eq!(intake.take("n2", two_scenes(AT), |_, _| false).await.refused, 2);
    assert_eq!((intake.figures().received, intake.figures().refused), (4, 3));
}

#[tokio::test]
async fn what_came_before_or_just_now_is_not_kept_and_alarms_are() {
    let folder = tempfile::tempdir().unwrap();
    let intake = ResultIntake::new(folder.path(), ResultOptions::default());
    for at in [AT, AT + 66, AT + 66, AT + 1_000] {
        intake.take("n1", two_scenes(at), |_, _| true).await;
    }
    assert_eq!(waiting(&intake, Lane::Others).len(), 2);
    assert_eq!(waiting(&intake, Lane::Alarms).len(), 3);
    let figures = intake.figures();
    assert_eq!((figures.received, figures.alarms, figures.duplicates, figures.sampled), (8, 4, 2, 1));
}

#[tokio::test]
async fn a_picture_on_the_node_is_only_a_name() {
    let folder = tempfile::tempdir().unwrap();
    let intake = ResultIntake::new(folder.path(), ResultOptions::default());
    let text = r#"{"type": "AI_RESULT", "task_id": 1, "camera_id": 3, "ts": 1772359200000, "scene_code": "MOTION",
        "snapshot_path": "snapshots/../../etc/passwd"}"#;
    intake.take("n1", result(text), |_, _| true).await;
    let kept = waiting(&intake, Lane::Others).remove(0).snapshot;
    assert_eq!(kept.as_deref(), Some("node:snapshots/../../etc/passwd"));
}

#[tokio::test]
async fn pictures_of_one_moment_are_apart_and_what_is_none_is_left_out() {
    let folder = tempfile::tempdir().unwrap();
    let intake = ResultIntake::new(folder.path(), ResultOptions::default());
    let of = |scene: &str, snapshot: &str| {
        let text = format!(
            r#"{{"type": "AI_RESULT", "task_id": 1, "camera_id": 3, "ts": {AT}, "scene_code": "{scene}", "alarm_event": true{snapshot}}}"#
        );
        result(&text)
    };
    for (scene, width) in [("A", 640), ("B", 320)] {
        let snapshot = Some(Snapshot::Jpeg(picture::small(width, 180)));
        intake.take("n1", AiResult { snapshot, ..of(scene, "") }, |_, _| true).await;
    }
    let kept: Vec<String> = waiting(&intake, Lane::Alarms).into_iter().filter_map(|row| row.snapshot).collect();
    let sizes = kept.iter().map(|file| picture::size(&std::fs::read(folder.path().join(file)).unwrap()));
    assert_eq!(sizes.collect::<Vec<_>>(), [Some((640, 180)), Some((320, 180))]);
    // One that begins and ends as a JPEG does, one that is text, one that is no base64: results are kept, pictures are not.
    for (scene, snapshot) in [("C", "/9j/AP/Z"), ("D", "R0lGODlh"), ("E", "!")] {
        intake.take("n1", of(scene, &format!(r#", "snapshot": "{snapshot}""#)), |_, _| true).await;
    }
    let rows = waiting(&intake, Lane::Alarms);
    assert_eq!(rows.iter().filter(|row| row.snapshot.is_none()).count(), 3);
    assert_eq!(intake.figures().pictures_refused, 3);
}
