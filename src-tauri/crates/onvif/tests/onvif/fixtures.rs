//! Every recorded answer beside the project reads to the values it holds.
//!
//! The recordings are other people's and not part of this repository; without them each test says that it was skipped.

mod device;
mod events;
mod faults;
mod media;
mod ptz;
mod recording;

use std::{collections::BTreeSet, fs, path::PathBuf};
use watchwall_onvif::{
    soap::{Answer, Fault, Operation, read_answer},
    tree::Tree,
};

/// `shared/fixtures/onvif` beside the project's root.
fn folder() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../../../shared/fixtures/onvif")
}

/// A recording; `None`, and a line that says so, when it is not there.
fn bytes(file: &str) -> Option<Vec<u8>> {
    let read = fs::read(folder().join(file));
    if read.is_err() {
        println!("skipped: shared/fixtures/onvif/{file} is not there");
    }
    read.ok()
}

#[track_caller]
fn answer<O: Operation>(operation: &O, file: &str) -> Option<O::Answer> {
    let bytes = bytes(file)?;
    match Answer::read(&bytes) {
        Answer::Body(tree) => Some(operation.read(read_answer(&tree, O::NAME).expect("an answer")).expect("complete")),
        other => unreachable!("{file}: {other:?}"),
    }
}

#[track_caller]
fn fault(file: &str) -> Option<Fault> {
    match Answer::read(&bytes(file)?) {
        Answer::Fault(fault) => Some(fault),
        other => unreachable!("{file}: {other:?}"),
    }
}

/// Runs `check` on the answer in each of these files that is there.
#[track_caller]
fn check<O: Operation>(operation: &O, files: &[&str], check: impl Fn(O::Answer)) {
    for file in files {
        if let Some(answer) = answer(operation, file) {
            check(answer);
        }
    }
}

/// The tests of this folder name their files in full, so that this can tell when one is missing.
#[test]
fn every_recording_is_read_by_a_test() {
    let Ok(authors) = fs::read_dir(folder()) else {
        println!("skipped: shared/fixtures/onvif is not there");
        return;
    };
    let texts = [
        include_str!("fixtures/device.rs"),
        include_str!("fixtures/events.rs"),
        include_str!("fixtures/faults.rs"),
        include_str!("fixtures/media.rs"),
        include_str!("fixtures/ptz.rs"),
        include_str!("fixtures/recording.rs"),
    ];
    let mut missing = BTreeSet::new();
    for author in authors.map(|author| author.unwrap().path()).filter(|author| author.is_dir()) {
        for file in fs::read_dir(&author).unwrap().map(|file| file.unwrap().path()) {
            if file.extension().is_none_or(|ending| ending != "xml") {
                continue;
            }
            let name = format!("{}/{}", author.file_name().unwrap().display(), file.file_name().unwrap().display());
            // All of them are documents, but for one that somebody saved as a JSON string.
            let is_document = Tree::from_bytes(&fs::read(&file).unwrap()).is_ok();
            assert!(is_document || name.contains("invalid_get_video_source_configurations"), "{name}");
            if !texts.iter().any(|text| text.contains(&format!("\"{name}\""))) {
                missing.insert(name);
            }
        }
    }
    assert!(missing.is_empty(), "no test reads {missing:?}");
}
