//! Which camera an event is of, and what it is called. Pure.

use watchwall_model::{Camera, CameraId};
use watchwall_onvif::{
    events::{CameraEvent, EventKind},
    operations::Profile,
};

/// The word of a kind: part of the API.
pub const fn kind_word(kind: &EventKind) -> &'static str {
    match kind {
        EventKind::Motion => "motion",
        EventKind::LineCrossed => "line_crossed",
        EventKind::AreaEntered => "area_entered",
        EventKind::Tampering => "tampering",
        EventKind::SignalLost => "signal_lost",
        EventKind::Person => "person",
        EventKind::Vehicle => "vehicle",
        EventKind::Animal => "animal",
        EventKind::Face => "face",
        EventKind::Package => "package",
        EventKind::Sound => "sound",
        EventKind::DigitalInput => "digital_input",
        EventKind::Relay => "relay",
        EventKind::StorageFailed => "storage_failed",
        EventKind::Other(_) => "other",
    }
}

/// Who told of an event.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Teller {
    Device,
    /// A stream of this camera.
    Camera(CameraId),
}

/// The camera an event is of. `cameras` are those of the device by channel. What belongs to the device as a whole
/// (inputs, relays, storage, and whatever names no source) goes to its first camera; an event of a source that is no
/// camera of ours is nobody's. In a camera's own stream, what names no other camera of ours is its own.
pub fn assign(event: &CameraEvent, cameras: &[Camera], profiles: &[Profile], teller: Teller) -> Option<CameraId> {
    let first = cameras.first()?;
    let own = match teller {
        Teller::Device => None,
        Teller::Camera(id) => cameras.iter().find(|camera| camera.id == id),
    };
    let is_of_device = matches!(event.kind, EventKind::DigitalInput | EventKind::Relay | EventKind::StorageFailed);
    let source = event.source.as_deref().filter(|source| !source.is_empty());
    let Some(source) = source.filter(|_| cameras.len() > 1 && !is_of_device) else {
        return Some(own.filter(|_| !is_of_device).unwrap_or(first).id);
    };
    let of_token = |token: &str| cameras.iter().find(|camera| camera.source_token.as_deref() == Some(token));
    // Rules name the source, its configuration, or a profile that shows it, as each vendor likes.
    let through_profile = || {
        profiles.iter().find_map(|profile| {
            let shown = profile.source.as_ref()?;
            (shown.token == source || profile.token == source).then_some(shown.source_token.as_str())
        })
    };
    of_token(source).or_else(|| of_token(through_profile()?)).or(own).map(|camera| camera.id)
}

#[cfg(test)]
mod tests {
    use super::*;
    use watchwall_model::UtcMillis;
    use watchwall_onvif::{events::EventState, operations::VideoSourceConfiguration};

    fn camera(id: i64, source: &str) -> Camera {
        Camera {
            id: CameraId(id),
            name: String::new(),
            host: String::new(),
            channel: 1,
            group: None,
            enabled: true,
            credentials: None,
            device: None,
            source_token: Some(source.to_owned()),
            ptz_profile: None,
            streams: Vec::new(),
            version: 1,
            created_at: UtcMillis(0),
        }
    }

    fn event(kind: EventKind, source: Option<&str>) -> CameraEvent {
        CameraEvent {
            kind,
            state: EventState::Began,
            is_initial: false,
            at: UtcMillis(0),
            topic: String::new(),
            source: source.map(ToOwned::to_owned),
            rule: None,
            value: None,
        }
    }

    #[test]
    fn sources_configurations_and_profiles_name_a_camera() {
        let cameras = [camera(1, "v1"), camera(2, "v2")];
        let source = VideoSourceConfiguration {
            token: "c2".into(),
            source_token: "v2".into(),
            ..VideoSourceConfiguration::default()
        };
        let profiles = [Profile { token: "p2".into(), source: Some(source), ..Profile::default() }];
        let check = |kind, source, expect: Option<i64>| {
            let got = assign(&event(kind, source), &cameras, &profiles, Teller::Device).map(|id| id.0);
            assert_eq!(got, expect, "{source:?}");
        };
        check(EventKind::Motion, Some("v2"), Some(2));
        check(EventKind::Motion, Some("c2"), Some(2));
        check(EventKind::Motion, Some("p2"), Some(2));
        check(EventKind::Motion, Some("v9"), None);
        check(EventKind::Motion, None, Some(1));
        check(EventKind::DigitalInput, Some("input7"), Some(1));
        // A device with one camera has no other, whatever it calls it.
        assert_eq!(assign(&event(EventKind::Motion, Some("x")), &cameras[..1], &[], Teller::Device), Some(CameraId(1)));
        assert_eq!(assign(&event(EventKind::Motion, None), &[], &[], Teller::Device), None);
    }

    #[test]
    fn what_a_stream_tells_is_of_its_camera_unless_it_names_another() {
        let cameras = [camera(1, "v1"), camera(2, "v2")];
        let check = |kind, source, expect| {
            let got = assign(&event(kind, source), &cameras, &[], Teller::Camera(CameraId(2))).map(|id| id.0);
            assert_eq!(got, Some(expect), "{source:?}");
        };
        check(EventKind::Motion, None, 2);
        check(EventKind::Motion, Some("v9"), 2);
        check(EventKind::Motion, Some("v1"), 1);
        check(EventKind::DigitalInput, Some("input7"), 1);
    }
}
