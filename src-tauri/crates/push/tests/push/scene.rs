//! What all these tests say, and whom they say it with.

use std::{collections::BTreeMap, time::Duration};
use watchwall_model::{Problem, Secret, UtcMillis};
use watchwall_push::{ChannelKind, Message, Outcome, Pusher, PusherOptions, Reach, Target};

/// Of an attempt that is expected to be answered: a busy machine may take its time.
const PATIENT: Duration = Duration::from_secs(20);
/// Of one that is not.
pub const HASTY: Duration = Duration::from_secs(1);

pub fn pusher() -> Pusher {
    Pusher::with(options())
}

pub fn hasty() -> Pusher {
    Pusher::with(PusherOptions { timeout: HASTY, ..options() })
}

pub fn options() -> PusherOptions {
    PusherOptions { timeout: PATIENT, idle: Duration::from_secs(60), reach: Reach::Everywhere }
}

/// That an attempt ended by its time-out, and by nothing else.
#[track_caller]
pub fn ended_in_time(outcome: &Outcome) {
    assert_eq!(word(outcome), ("retry", None), "{outcome:?}");
    assert!((HASTY..PATIENT).contains(&outcome.answer().took), "{outcome:?}");
    let response = &outcome.answer().response;
    let expect = [format!("no answer within {} ms", HASTY.as_millis()), "no acknowledgement in time".to_owned()];
    assert!(expect.contains(response), "{response}");
}

pub fn read(kind: ChannelKind, settings: &[(&str, &str)], secrets: &[(&str, &str)]) -> Result<Target, Problem> {
    let settings: BTreeMap<_, _> = settings.iter().map(|(name, value)| ((*name).into(), (*value).into())).collect();
    let secrets: BTreeMap<_, _> = secrets.iter().map(|(name, value)| ((*name).into(), Secret::new(*value))).collect();
    Target::read(kind, &settings, &secrets)
}

#[track_caller]
pub fn target(kind: ChannelKind, settings: &[(&str, &str)], secrets: &[(&str, &str)]) -> Target {
    read(kind, settings, secrets).unwrap()
}

pub fn message(key: &str) -> Message {
    Message {
        key: key.into(),
        title: "摄像机离线 Camera offline".into(),
        text: "北门 \"gate\"\noffline for 180 s".into(),
        level: 4,
        at: UtcMillis(1_790_000_000_123),
        camera: Some("北门/1".into()),
        link: Some("https://site.example/alarms/17".into()),
        picture: None,
        facts: serde_json::json!({ "id": 17 }),
    }
}

/// In a word, with the status.
pub fn word(outcome: &Outcome) -> (&'static str, Option<u32>) {
    let word = match outcome {
        Outcome::Sent(_) => "sent",
        Outcome::Retry(_) => "retry",
        Outcome::Refused(_) => "refused",
    };
    (word, outcome.answer().status)
}
