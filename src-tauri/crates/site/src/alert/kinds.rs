//! What happens at cameras, as alarms see it. Pure.

use crate::cameras::health::OfflineAlarm;
use watchwall_model::{AlarmSource, CameraEventRow, CameraEventState, Happening, HealthState, Sameness, UtcMillis};

/// Of a camera's own events these are alarms without a rule: the camera may see nothing any more, or keep nothing.
const ALARMING: [(&str, u32); 3] = [("tampering", 3), ("signal_lost", 3), ("storage_failed", 2)];
/// Of cameras that are away.
const AWAY_LEVEL: u32 = 3;

/// `None` for one that ends.
pub fn of_camera_event(row: &CameraEventRow) -> Option<Happening> {
    let event = &row.event;
    if !matches!(event.state, CameraEventState::On | CameraEventState::Pulse) {
        return None;
    }
    let mut what = Happening::new(AlarmSource::CameraEvent, event.kind.clone(), event.at).of(event.camera);
    what.level = level_of(&event.kind);
    for (name, value) in [("source", &event.source), ("rule", &event.rule), ("topic", &event.topic)] {
        if !value.is_empty() {
            what = what.with(name, value);
        }
    }
    Some(what)
}

/// What an event that ends closes.
pub fn ended_by(row: &CameraEventRow) -> Option<Sameness> {
    let event = &row.event;
    let ends = event.state == CameraEventState::Off && level_of(&event.kind).is_some();
    ends.then(|| Sameness {
        source: AlarmSource::CameraEvent,
        kind: event.kind.clone(),
        camera: Some(event.camera),
        subject: String::new(),
    })
}

fn level_of(kind: &str) -> Option<u32> {
    ALARMING.iter().find(|(one, _)| *one == kind).map(|(_, level)| *level)
}

/// A camera that is away.
pub fn of_absence(alarm: &OfflineAlarm, state: HealthState, now: UtcMillis) -> Happening {
    let mut what = Happening::new(AlarmSource::Health, absence_kind(state), now).of(alarm.camera).alarming(AWAY_LEVEL);
    what = what.with("since", alarm.since.0);
    match alarm.code {
        Some(code) => what.with("code", code),
        None => what,
    }
}

/// Every kind of absence there is; one that ended may have been any.
pub const ABSENCES: [&str; 3] = ["offline", "no_video", "login_refused"];

const fn absence_kind(state: HealthState) -> &'static str {
    match state {
        HealthState::NoVideo => "no_video",
        HealthState::AuthFailed => "login_refused",
        _ => "offline",
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use watchwall_model::{CameraId, ErrorCode, NewCameraEvent};

    #[test]
    fn only_what_blinds_a_camera_is_an_alarm_by_itself() {
        let check = |kind: &str, state: CameraEventState, happens: Option<Option<u32>>, ends: bool| {
            let event = NewCameraEvent {
                camera: CameraId(1),
                kind: kind.into(),
                state,
                source: "1".into(),
                rule: String::new(),
                topic: "t".into(),
                value: String::new(),
                at: UtcMillis(5),
            };
            let row = CameraEventRow { id: 1, event };
            assert_eq!(of_camera_event(&row).map(|what| what.level), happens, "{kind} {state:?}");
            assert_eq!(ended_by(&row).is_some(), ends, "{kind} {state:?}");
        };
        check("motion", CameraEventState::On, Some(None), false);
        check("motion", CameraEventState::Off, None, false);
        check("tampering", CameraEventState::On, Some(Some(3)), false);
        check("tampering", CameraEventState::Off, None, true);
        check("storage_failed", CameraEventState::Pulse, Some(Some(2)), false);
        check("tampering", CameraEventState::Unknown, None, false);
    }

    #[test]
    fn absences_say_why() {
        let alarm = OfflineAlarm { camera: CameraId(1), since: UtcMillis(3), code: Some(ErrorCode::HostUnreachable) };
        for (state, kind) in [
            (HealthState::Unreachable, "offline"),
            (HealthState::NoVideo, "no_video"),
            (HealthState::AuthFailed, "login_refused"),
        ] {
            let what = of_absence(&alarm, state, UtcMillis(9));
            assert_eq!((what.kind.as_str(), what.params["code"].as_str()), (kind, "host_unreachable"));
            assert!(ABSENCES.contains(&kind));
        }
    }
}
