//! A node with a model: what the model says is what is found, and what cannot be a model is told.

use crate::{
    Node, camera,
    onnx::{BrightModel, Form, SIDE},
    site::{Site, scene, task},
};
use std::{fs::File, path::PathBuf};
use tempfile::TempDir;
use watchwall_camsim::walker;
use watchwall_engine::detect::{Detector, ModelError, ModelFiles};
use watchwall_engine_protocol::Snapshot;
use watchwall_media::pixels::Rgb;
use watchwall_model::Point;

/// A folder with a model in it, and labels when there are any.
fn files(model: &[u8], labels: Option<&str>) -> (TempDir, ModelFiles) {
    let folder = TempDir::new().unwrap();
    let file = |name: &str, bytes: &[u8]| -> PathBuf {
        let path = folder.path().join(name);
        std::fs::write(&path, bytes).unwrap();
        path
    };
    let files = ModelFiles {
        model: file("bright.onnx", model),
        labels: labels.map(|labels| file("labels.txt", labels.as_bytes())),
        input: None,
    };
    (folder, files)
}

fn load(model: BrightModel, labels: Option<&str>) -> Result<Detector, ModelError> {
    Detector::load(&files(&model.bytes(), labels).1)
}

/// Black, with white boxes: left, top, width and height in pixels of the scaled picture.
fn picture((width, height): (usize, usize), boxes: &[[usize; 4]]) -> Rgb {
    let mut data = vec![0; width * height * 3];
    for [left, top, w, h] in boxes {
        for y in *top..top + h {
            data[(y * width + left) * 3..(y * width + left + w) * 3].fill(255);
        }
    }
    Rgb { width, height, data }
}

#[test]
fn what_comes_out_of_the_runtime_lies_where_it_is_in_the_picture() {
    let check = |model: BrightModel, size: (u32, u32), boxes: &[[usize; 4]], expect: &[[f32; 4]]| {
        let detector = load(model, Some("person\ncar\n")).unwrap();
        let scaled = detector.scaled_size(size);
        let mut found = detector.look(size, &picture(scaled, boxes)).unwrap();
        found.sort_by(|a, b| a.bbox.x.total_cmp(&b.bbox.x));
        let is_near = |(a, b): (f32, f32)| (a - b).abs() < 1e-3;
        let is_there = found.iter().zip(expect).all(|(found, expect)| {
            let bbox: [f32; 4] = found.bbox.into();
            bbox.into_iter().zip(*expect).all(is_near) && &*found.label == "person" && found.score > 0.9
        });
        assert!(found.len() == expect.len() && is_there, "{model:?}: {found:?}, expected {expect:?}");
    };
    let columns = BrightModel::default();
    let rows = BrightModel { form: Form::Rows, ..columns };
    for model in [columns, rows, BrightModel { is_raw: true, ..columns }, BrightModel { is_raw: true, ..rows }] {
        check(model, (640, 360), &[], &[]);
        // In the input they lie 35 lines lower.
        check(model, (640, 360), &[[80, 45, 8, 8]], &[[0.5, 0.5, 0.05, 8.0 / 90.0]]);
        let (left, right) = ([0.0, 5.0 / 90.0, 0.05, 8.0 / 90.0], [0.75, 0.5, 0.05, 8.0 / 90.0]);
        check(model, (1920, 1080), &[[0, 5, 8, 8], [120, 45, 8, 8]], &[left, right]);
        check(model, (360, 640), &[[45, 80, 8, 8]], &[[0.5, 0.5, 8.0 / 90.0, 0.05]]);
    }
}

#[test]
fn a_model_says_what_its_classes_are_called_and_how_large_its_pictures_are() {
    let labels = |model: BrightModel, file: Option<&str>| -> Vec<String> {
        load(model, file).unwrap().labels().iter().map(ToString::to_string).collect()
    };
    let named = BrightModel { names: Some("{0: 'forklift', 1: 'pallet'}"), ..BrightModel::default() };
    assert_eq!(labels(named, None), ["forklift", "pallet"]);
    assert_eq!(labels(named, Some("a\nb")), ["a", "b"]);
    assert_eq!(labels(BrightModel { names: Some("forklifts"), ..named }, None), ["class 0", "class 1"]);
    // Left open, it takes what it is told.
    let open = BrightModel { input: [None, Some(3), None, None], ..BrightModel::default() };
    let (_folder, files) = files(&open.bytes(), None);
    let detector = Detector::load(&ModelFiles { input: Some(SIDE), ..files }).unwrap();
    assert_eq!((detector.input(), detector.labels().len()), ((SIDE, SIDE), 2));
}

#[test]
fn what_cannot_be_used_is_told_with_what_was_expected() {
    let check = |found: Result<Detector, ModelError>, words: &[&str]| {
        let error = found.map(drop).unwrap_err().to_string();
        assert!(words.iter().all(|word| error.contains(word)), "{error}, expected {words:?}");
    };
    let plain = BrightModel::default();
    let of_bytes = |bytes: &[u8]| Detector::load(&files(bytes, None).1);
    check(
        Detector::load(&ModelFiles { model: "no such file.onnx".into(), ..ModelFiles::default() }),
        &["no such file"],
    );
    check(of_bytes(b"this is no model at all"), &["bright.onnx", "no ONNX model"]);
    check(of_bytes(b""), &["no ONNX model"]);
    check(of_bytes(&plain.bytes()[..2_000]), &["no ONNX model"]);
    check(
        load(BrightModel { input: [Some(1), Some(1), Some(SIDE), Some(SIDE)], ..plain }, None),
        &["[1, 1, 160, 160]", "[1, 3, height, width]"],
    );
    check(
        load(BrightModel { input: [Some(8), Some(3), Some(SIDE), Some(SIDE)], ..plain }, None),
        &["[8, 3, 160, 160]"],
    );
    check(
        load(BrightModel { input: [Some(1), Some(3), Some(9_000), Some(SIDE)], ..plain }, None),
        &["sides 32 to 2048"],
    );
    check(load(BrightModel { more_outputs: true, ..plain }, None), &["2 outputs", "one output is expected"]);
    check(load(plain, Some("person")), &["2 classes", "1 labels"]);
    check(load(plain, Some("person\n\n")), &["2 classes", "1 labels"]);
    check(load(plain, Some("person\n\ncar")), &["labels.txt", "line 2"]);
    let (folder, fixed) = files(&plain.bytes(), None);
    check(Detector::load(&ModelFiles { input: Some(640), ..fixed }), &["160x160", "640", "--model-input"]);
    // Made for pictures of 160, whatever it says of itself.
    let open = BrightModel { input: [Some(1), Some(3), None, None], ..plain };
    check(load(open, None), &["cannot be run"]);
    let large = folder.path().join("large.onnx");
    File::create(&large).unwrap().set_len(600 * 1024 * 1024).unwrap();
    check(
        Detector::load(&ModelFiles { model: large, ..ModelFiles::default() }),
        &["large.onnx", "629145600", "536870912"],
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_node_with_a_model_finds_what_the_model_sees() {
    let (farm, site) = (camera().await, Site::open().await);
    let detector = load(BrightModel::default(), Some("person\ncar\n")).unwrap();
    let node = Node::with(&site.url(), |options| options.detector = Some(detector));
    let mut guest = site.guest().await;
    let codes: Vec<_> = guest.register.algorithms.iter().map(|code| code.as_str()).collect();
    assert_eq!(codes, ["MOTION", "TAMPER", "LINE_CROSSING", "REGION_INTRUSION", "LOITERING", "VEHICLE_PARKING"]);

    let mut wish = task(&farm, &["REGION_INTRUSION", "TAMPER"]);
    wish.region = [[0.0, 0.6], [1.0, 0.6], [1.0, 1.0], [0.0, 1.0]].map(Point::from).to_vec();
    wish.params.input_fps = 8;
    guest.start(wish).await;
    let (mut tamper, mut off, mut alarm) = (0, Vec::new(), None);
    while alarm.is_none() || tamper == 0 || off.len() < 8 {
        let result = guest.result().await;
        tamper += result.scenes.iter().filter(|found| found.scene == scene("TAMPER")).count();
        for object in result.scenes.iter().flat_map(|found| &found.objects) {
            let truth = walker::place(640, 360, result.at);
            off.push((object.bbox.x - truth[0]).abs().max((object.bbox.y - truth[1]).abs()));
            assert_eq!(&*object.label, "person");
        }
        if result.scenes.iter().any(|found| found.is_alarm) {
            alarm.get_or_insert(result);
        }
    }
    // Where it jumps from the right edge to the left one picture may show either.
    assert!(off.iter().filter(|off| **off < 0.03).count() * 10 >= off.len() * 8, "{off:?}");
    let alarm = alarm.unwrap();
    let found = &alarm.scenes[0];
    assert_eq!((found.scene.as_str(), found.event_type.as_deref()), ("REGION_INTRUSION", Some("intrusion")));
    assert_eq!(found.label_counts.0, [("person".to_owned(), 1)]);
    assert!(matches!(&alarm.snapshot, Some(Snapshot::Jpeg(bytes)) if bytes.len() > 1_000), "{:?}", alarm.snapshot);
    assert_eq!(farm.counters(0).unwrap().main.sessions_max, 1, "the stream is pulled once for both");
    node.stop().await;
    farm.shutdown().await;
}
