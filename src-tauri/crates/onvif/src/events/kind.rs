//! What a notification means: a closed set, and the topic of anything else.

use crate::operations::{Notification, Property};
use watchwall_model::UtcMillis;

/// What happened.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum EventKind {
    Motion,
    LineCrossed,
    /// Somebody or something is in an area.
    AreaEntered,
    /// Covered, moved, or turned away.
    Tampering,
    SignalLost,
    Person,
    Vehicle,
    Animal,
    Face,
    Package,
    Sound,
    DigitalInput,
    Relay,
    StorageFailed,
    /// Topic without prefixes.
    Other(String),
}

/// Whether it goes on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum EventState {
    Began,
    Ended,
    /// It has no duration.
    Happened,
}

/// An event of a device.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CameraEvent {
    pub kind: EventKind,
    pub state: EventState,
    /// How things stood when listening began: not an alarm.
    pub is_initial: bool,
    /// By the device's clock, set right by what we know of it.
    pub at: UtcMillis,
    /// Topic without prefixes.
    pub topic: String,
    /// Token of the picture source, input or relay, where it names one.
    pub source: Option<String>,
    /// The device's rule.
    pub rule: Option<String>,
    /// Name and value of what decided the state, as the device wrote them.
    pub value: Option<(String, String)>,
}

/// Ends of topics without prefixes; the first that fits wins.
const TOPICS: &[(&str, EventKind)] = &[
    // Tapo sends lines and areas under the motion detector.
    ("RuleEngine/CellMotionDetector/LineCross", EventKind::LineCrossed),
    ("RuleEngine/CellMotionDetector/Intrusion", EventKind::AreaEntered),
    ("RuleEngine/CellMotionDetector/People", EventKind::Person),
    ("RuleEngine/CellMotionDetector/Tamper", EventKind::Tampering),
    ("VideoSource/MotionAlarm", EventKind::Motion),
    ("RuleEngine/CellMotionDetector/Motion", EventKind::Motion),
    ("RuleEngine/MotionRegionDetector/Motion", EventKind::Motion),
    ("VideoAnalytics/Motion", EventKind::Motion),
    ("RuleEngine/LineDetector/Crossed", EventKind::LineCrossed),
    ("RuleEngine/FieldDetector/ObjectsInside", EventKind::AreaEntered),
    ("RuleEngine/LoiteringDetector/ObjectIsLoitering", EventKind::AreaEntered),
    ("RuleEngine/TamperDetector/Tamper", EventKind::Tampering),
    ("VideoSource/SignalLoss", EventKind::SignalLost),
    ("VideoSource/VideoLoss", EventKind::SignalLost),
    ("RuleEngine/PeopleDetector/People", EventKind::Person),
    ("RuleEngine/TPSmartEventDetector/TPSmartEvent", EventKind::Motion),
    ("RuleEngine/TPSmartEventDetector/TPSmartEvent/People", EventKind::Person),
    ("UserAlarm/IVA/HumanShapeDetect", EventKind::Person),
    ("RuleEngine/MyRuleDetector/PeopleDetect", EventKind::Person),
    ("RuleEngine/MyRuleDetector/HumanDetect", EventKind::Person),
    ("RuleEngine/MyRuleDetector/VehicleDetect", EventKind::Vehicle),
    ("RuleEngine/MyRuleDetector/DogCatDetect", EventKind::Animal),
    ("RuleEngine/MyRuleDetector/FaceDetect", EventKind::Face),
    ("RuleEngine/MyRuleDetector/Package", EventKind::Package),
    ("RuleEngine/MyRuleDetector/Visitor", EventKind::Person),
    ("Device/Trigger/DigitalInput", EventKind::DigitalInput),
    ("Device/Trigger/Relay", EventKind::Relay),
    ("AudioAnalytics/Audio/DetectedSound", EventKind::Sound),
    ("AudioSource/AudioLoud", EventKind::Sound),
    ("Device/HardwareFailure/StorageFailure", EventKind::StorageFailed),
];

/// Topics of which only the beginning is fixed.
const TOPIC_GROUPS: &[(&str, EventKind)] = &[
    ("VideoSource/GlobalSceneChange/", EventKind::Tampering),
    ("VideoSource/ImageTooDark/", EventKind::Tampering),
    ("VideoSource/ImageTooBright/", EventKind::Tampering),
    ("VideoSource/ImageTooBlurry/", EventKind::Tampering),
];

/// Names of values that say whether it goes on, the most usual first.
const STATES: [&str; 13] = [
    "State",
    "IsMotion",
    "LogicalState",
    "IsInside",
    "IsTamper",
    "IsLineCross",
    "IsPeople",
    "IsVehicle",
    "IsPet",
    "IsIntrusion",
    "IsSoundDetected",
    "Failed",
    "Value",
];

impl CameraEvent {
    /// Reads a notification that came at `now`; `offset_ms` is how far the device's clock is ahead of ours.
    pub fn read(notification: &Notification, now: UtcMillis, offset_ms: i64) -> Self {
        let topic = bare(&notification.topic);
        let kind = refine(kind_of(&topic), notification);
        let value = value(notification);
        let pick = |names: &[&str]| {
            names
                .iter()
                .find_map(|name| notification.source.get(*name).or_else(|| notification.key.get(*name)))
                .cloned()
        };
        let state = match value.as_ref().and_then(|(_, text)| truth(text)) {
            _ if notification.property == Property::Deleted => EventState::Ended,
            Some(true) => EventState::Began,
            Some(false) => EventState::Ended,
            None => EventState::Happened,
        };
        // A device without a clock says 1970, one with a wrong zone says tomorrow: then it was now.
        let told = notification.at.map(|at| at.saturating_add_ms(-offset_ms));
        Self {
            kind,
            state,
            is_initial: notification.property == Property::Initialized,
            at: told.filter(|at| (now - *at).abs() < 600_000).unwrap_or(now),
            topic,
            source: pick(&[
                "VideoSourceToken",
                "Source",
                "VideoSource",
                "VideoSourceConfigurationToken",
                "InputToken",
                "RelayToken",
                "Token",
                "AudioSourceConfigurationToken",
            ]),
            rule: pick(&["Rule", "RuleName"]),
            value,
        }
    }
}

/// Topic without the prefix of each part.
fn bare(topic: &str) -> String {
    let parts = topic.trim().trim_end_matches(['/', '.']).split('/');
    parts.map(|part| part.rsplit(':').next().unwrap_or(part)).collect::<Vec<_>>().join("/")
}

fn kind_of(topic: &str) -> EventKind {
    let ends = |end: &str| topic == end || topic.strip_suffix(end).is_some_and(|before| before.ends_with('/'));
    let known = TOPICS.iter().find(|(end, _)| ends(end)).or_else(|| {
        TOPIC_GROUPS.iter().find(|(group, _)| topic.starts_with(group) || topic.contains(&format!("/{group}")))
    });
    known.map_or_else(|| EventKind::Other(topic.to_owned()), |(_, kind)| kind.clone())
}

/// Some topics carry what was seen in the data alone.
fn refine(kind: EventKind, notification: &Notification) -> EventKind {
    let seen = |name: &str| notification.data.get(name).and_then(|text| truth(text)) == Some(true);
    match &kind {
        EventKind::Motion if seen("IsPeople") => EventKind::Person,
        EventKind::Motion if seen("IsVehicle") => EventKind::Vehicle,
        EventKind::Motion if seen("IsPet") => EventKind::Animal,
        EventKind::Motion if seen("IsLineCross") => EventKind::LineCrossed,
        EventKind::Motion if seen("IsIntrusion") => EventKind::AreaEntered,
        EventKind::Other(topic) if topic.ends_with("RuleEngine/ObjectDetection/Object") => {
            let classes = notification.data.get("ClassTypes").map(|text| text.to_ascii_lowercase()).unwrap_or_default();
            let has = |words: &[&str]| words.iter().any(|word| classes.contains(word));
            if has(&["human", "person"]) {
                EventKind::Person
            } else if has(&["vehicle", "car", "truck", "bus", "bike"]) {
                EventKind::Vehicle
            } else if has(&["animal", "dog", "cat"]) {
                EventKind::Animal
            } else if has(&["face"]) {
                EventKind::Face
            } else {
                kind
            }
        }
        _ => kind,
    }
}

fn value(notification: &Notification) -> Option<(String, String)> {
    let data = &notification.data;
    let named = STATES.iter().find_map(|name| data.get_key_value(*name).filter(|(_, text)| truth(text).is_some()));
    let any = || data.iter().find(|(_, text)| truth(text).is_some());
    named.or_else(any).or_else(|| data.iter().next()).map(|(name, text)| (name.clone(), text.clone()))
}

fn truth(text: &str) -> Option<bool> {
    match text.trim().to_ascii_lowercase().as_str() {
        "true" | "1" | "active" | "on" => Some(true),
        "false" | "0" | "inactive" | "off" => Some(false),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: UtcMillis = UtcMillis(1_700_000_000_000);

    fn notification(topic: &str, data: &[(&str, &str)]) -> Notification {
        Notification {
            topic: topic.to_owned(),
            at: Some(NOW),
            property: Property::Changed,
            source: [("Source".to_owned(), "v1".to_owned())].into(),
            key: std::collections::BTreeMap::new(),
            data: data.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect(),
        }
    }

    #[track_caller]
    fn check(topic: &str, data: &[(&str, &str)], kind: EventKind, state: EventState) {
        let event = CameraEvent::read(&notification(topic, data), NOW, 0);
        assert_eq!((event.kind, event.state), (kind, state), "{topic}");
    }

    #[test]
    fn topics() {
        use EventKind as Kind;
        use EventState::{Began, Ended, Happened};
        check("tns1:VideoSource/MotionAlarm", &[("State", "true")], Kind::Motion, Began);
        check("tns1:RuleEngine/CellMotionDetector/Motion/.", &[("IsMotion", "false")], Kind::Motion, Ended);
        check("tns1:RuleEngine/tns2:CellMotionDetector/LineCross", &[("IsLineCross", "1")], Kind::LineCrossed, Began);
        check("tns1:RuleEngine/LineDetector/Crossed", &[("ObjectId", "17")], Kind::LineCrossed, Happened);
        check("tns1:RuleEngine/FieldDetector/ObjectsInside", &[("IsInside", "true")], Kind::AreaEntered, Began);
        check("tns1:VideoSource/GlobalSceneChange/ImagingService", &[("State", "true")], Kind::Tampering, Began);
        check("tns1:VideoSource/ImageTooDark/AnalyticsService", &[("State", "false")], Kind::Tampering, Ended);
        check("tns1:RuleEngine/MyRuleDetector/DogCatDetect", &[("State", "true")], Kind::Animal, Began);
        check("tns1:Device/Trigger/DigitalInput", &[("LogicalState", "true")], Kind::DigitalInput, Began);
        check("tns1:Device/Trigger/Relay", &[("LogicalState", "inactive")], Kind::Relay, Ended);
        check("tns1:RuleEngine/TPSmartEventDetector/TPSmartEvent", &[("IsPeople", "true")], Kind::Person, Began);
        check("tns1:RuleEngine/ObjectDetection/Object", &[("ClassTypes", "Human Vehicle")], Kind::Person, Happened);
        check(
            "tnsaxis:CameraApplicationPlatform/VMD/Camera1",
            &[("active", "1")],
            Kind::Other("CameraApplicationPlatform/VMD/Camera1".into()),
            Began,
        );
    }

    #[test]
    fn the_first_state_is_no_alarm_and_times_are_set_right() {
        let mut initial = notification("tns1:VideoSource/MotionAlarm", &[("State", "true")]);
        initial.property = Property::Initialized;
        initial.at = Some(NOW.saturating_add_ms(3_600_000 - 1000));
        let event = CameraEvent::read(&initial, NOW, 3_600_000);
        assert!(event.is_initial);
        assert_eq!((event.at, event.source.as_deref()), (NOW.saturating_add_ms(-1000), Some("v1")));
        initial.at = Some(UtcMillis(0));
        assert_eq!(CameraEvent::read(&initial, NOW, 0).at, NOW);
        initial.property = Property::Deleted;
        assert_eq!(CameraEvent::read(&initial, NOW, 0).state, EventState::Ended);
    }
}
