//! What it finds is where it says, and then.

use crate::{
    Node, camera,
    site::{Site, TASK, scene, task},
};
use watchwall_camsim::walker;
use watchwall_engine_protocol::{AiResult, BBox, NodeMessage, Snapshot, TaskState};
use watchwall_model::{CameraId, Point, UtcMillis};

/// Left, top, width, height of what both cover, over what either does.
fn overlap(a: BBox, [x, y, width, height]: [f32; 4]) -> f32 {
    let side = |a: f32, a_length: f32, b: f32, b_length: f32| ((a + a_length).min(b + b_length) - a.max(b)).max(0.0);
    let common = side(a.x, a.width, x, width) * side(a.y, a.height, y, height);
    common / (a.width * a.height + width * height - common)
}

/// By how much each box of the scene is off sideways, in fractions of the frame, and how much of it is right.
fn errors(results: &[AiResult], code: &str) -> Vec<(f32, f32)> {
    let scenes = results.iter().flat_map(|result| result.scenes.iter().map(move |found| (result.at, found)));
    let objects = scenes.filter(|(_, found)| found.scene.as_str() == code);
    let objects = objects.flat_map(|(at, found)| found.objects.iter().map(move |object| (at, object.bbox)));
    let error = |(at, bbox): (UtcMillis, BBox)| {
        let truth = walker::place(640, 360, at);
        (bbox.centre().x - truth[0] - truth[2] / 2.0, overlap(bbox, truth))
    };
    objects.map(error).collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_intruder_is_told_within_ten_seconds_where_it_is_and_when() {
    let (farm, site) = (camera().await, Site::open().await);
    let node = Node::start(&site.url());
    let mut guest = site.guest().await;
    assert_eq!(guest.register.node_id, "engine-1");
    let codes: Vec<_> = guest.register.algorithms.iter().map(|code| code.as_str()).collect();
    assert_eq!(codes, ["MOTION", "TAMPER", "LINE_CROSSING", "REGION_INTRUSION"]);

    let mut wish = task(&farm, &["REGION_INTRUSION"]);
    wish.regions =
        [(scene("REGION_INTRUSION"), [[0.1, 0.6], [1.0, 0.6], [1.0, 1.0], [0.1, 1.0]].map(Point::from).to_vec())]
            .into();
    let asked_at = UtcMillis::now();
    guest.start(wish).await;
    let mut results = Vec::new();
    let alarm = loop {
        let result = guest.result().await;
        results.push(result.clone());
        if result.scenes[0].is_alarm {
            break result;
        }
    };
    let took_ms = alarm.at - asked_at;
    assert!(took_ms < 10_000, "{took_ms} ms");
    assert_eq!((alarm.task, alarm.camera), (TASK, CameraId(3)));
    assert_eq!(alarm.frame.map(|frame| (frame.width, frame.height)), Some((640, 360)));
    assert!(matches!(&alarm.snapshot, Some(Snapshot::Jpeg(bytes)) if bytes.len() > 1_000), "{:?}", alarm.snapshot);
    assert!(alarm.scenes[0].confidence >= 0.6 && alarm.scenes[0].objects.len() == 1, "{alarm:?}");

    while errors(&results, "REGION_INTRUSION").len() < 40 {
        results.push(guest.result().await);
    }
    let errors = errors(&results, "REGION_INTRUSION");
    // Where it jumps from the right edge to the left one picture may show either.
    let good = errors.iter().filter(|(error, overlap)| error.abs() < 0.02 && *overlap > 0.6).count();
    assert!(good * 100 >= errors.len() * 95, "{errors:?}");
    let mean =
        errors.iter().map(|(error, _)| error).filter(|error| error.abs() < 0.1).sum::<f32>() / errors.len() as f32;
    // It crosses 0.95 of the picture in 8 s.
    let off_ms = mean / 0.95 * 8_000.0;
    assert!(off_ms.abs() < 66.0, "times are {off_ms} ms off: more than one picture");
    assert!(results.iter().all(|result| result.repairs.is_none()));
    node.stop().await;
    farm.shutdown().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn one_stream_serves_all_scenes_and_each_can_be_stopped() {
    let (farm, site) = (camera().await, Site::open().await);
    let node = Node::start(&site.url());
    let mut guest = site.guest().await;
    guest.start(task(&farm, &["MOTION", "TAMPER", "LINE_CROSSING", "NO_SUCH_SCENE"])).await;
    let refused = guest.find(crate::PATIENCE, |message| match message {
        NodeMessage::Status(status) => Some(status),
        _ => None,
    });
    let refused = refused.await;
    assert_eq!((refused.scene, refused.state), (scene("NO_SUCH_SCENE"), TaskState::Error));
    let (mut motion, mut crossing, mut tamper) = (0, 0, 0);
    let begun = UtcMillis::now();
    while motion < 2 || crossing < 2 {
        let result = guest.result().await;
        assert!(result.at - begun < 40_000, "motion {motion}, crossing {crossing}");
        for found in result.scenes.iter().filter(|found| found.is_alarm) {
            match found.scene.as_str() {
                "MOTION" => motion += 1,
                "LINE_CROSSING" => {
                    crossing += 1;
                    let truth = walker::place(640, 360, result.at);
                    assert!((truth[0] + truth[2] / 2.0 - 0.5).abs() < 0.05, "crossed where it is not: {truth:?}");
                }
                _ => tamper += 1,
            }
        }
    }
    assert_eq!(tamper, 0);
    assert_eq!(farm.counters(0).unwrap().main.sessions_max, 1);
    guest.stop(&["MOTION", "TAMPER"]).await;
    // What was on its way.
    let is_left = |result: &AiResult| result.scenes.iter().all(|found| found.scene == scene("LINE_CROSSING"));
    while !is_left(&guest.result().await) {}
    for _ in 0..10 {
        assert!(is_left(&guest.result().await));
    }
    guest.stop(&[]).await;
    let until = tokio::time::Instant::now() + std::time::Duration::from_secs(1);
    while guest.find_until(until, |message| matches!(message, NodeMessage::Result(_)).then_some(())).await.is_some() {}
    let until = tokio::time::Instant::now() + std::time::Duration::from_secs(2);
    let late = guest.find_until(until, |message| matches!(message, NodeMessage::Result(_)).then_some(())).await;
    assert_eq!(late, None);
    assert_eq!(farm.counters(0).unwrap().sessions_now(), 0, "the camera is let go");
    node.stop().await;
    farm.shutdown().await;
}
