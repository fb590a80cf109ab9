//! What becomes of a device that was looked at: known already, moved, or new with these cameras. Pure.

use super::{
    examined::{Examined, ExaminedChannel, ExaminedStream},
    row::Row,
};
use watchwall_model::{Camera, Device, DeviceEndpoint, DeviceFacts, DeviceId, ErrorCode, GroupId, Problem};
use watchwall_store::{NewChannelRow, NewDeviceRow, NewStreamRow};

/// A device as far as it tells who it is.
#[derive(Clone, Copy, Debug)]
pub struct Identity<'a> {
    pub serial: &'a str,
    pub manufacturer: &'a str,
    pub endpoint: Option<&'a str>,
    pub macs: &'a [String],
}

impl<'a> Identity<'a> {
    pub fn of(facts: &'a DeviceFacts) -> Self {
        Self {
            serial: &facts.serial,
            manufacturer: &facts.manufacturer,
            endpoint: facts.endpoint.as_deref().filter(|endpoint| !endpoint.is_empty()),
            macs: &facts.macs,
        }
    }

    /// Whether both are one device. Serial numbers decide where both tell them, for cameras of one batch may share an
    /// endpoint reference; without them the reference decides, unless the hardware addresses differ.
    fn is(&self, other: &Self) -> bool {
        let endpoints_agree = match (self.endpoint, other.endpoint) {
            (Some(own), Some(theirs)) => Some(own.eq_ignore_ascii_case(theirs)),
            _ => None,
        };
        let macs_agree = (!self.macs.is_empty() && !other.macs.is_empty())
            .then(|| self.macs.iter().any(|mac| other.macs.contains(mac)));
        if !self.serial.is_empty() && !other.serial.is_empty() {
            let is_same_serial = self.serial == other.serial
                && (self.manufacturer.is_empty()
                    || other.manufacturer.is_empty()
                    || self.manufacturer.eq_ignore_ascii_case(other.manufacturer));
            // A serial number such as `1234` is worth nothing when everything else says no.
            return is_same_serial && endpoints_agree != Some(false) && macs_agree != Some(false);
        }
        endpoints_agree == Some(true) && macs_agree != Some(false)
    }
}

/// How a device stands to those of the site.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Standing {
    New,
    /// At this address.
    Known(DeviceId),
    /// The site knows it at another address.
    Moved(DeviceId),
}

/// Address first, then who it is.
pub fn standing(host: &str, port: u16, identity: &Identity<'_>, devices: &[Device]) -> Standing {
    if let Some(device) = devices.iter().find(|device| device.at.host == host && device.at.port == port) {
        return Standing::Known(device.id);
    }
    let moved = devices.iter().find(|device| identity.is(&Identity::of(&device.facts)));
    moved.map_or(Standing::New, |device| Standing::Moved(device.id))
}

/// Refuses what the site has already.
///
/// # Errors
/// `device_exists`, `device_moved` with the id to move, or `camera_exists`.
pub fn refuse_known(examined: &Examined, devices: &[Device], cameras: &[Camera]) -> Result<(), Problem> {
    if let Some(found) = &examined.device {
        let identity = Identity::of(&found.facts);
        match standing(&found.at.host, found.at.port, &identity, devices) {
            Standing::New => {}
            Standing::Known(id) => return Err(known(id, &found.at, devices, cameras, ErrorCode::DeviceExists)),
            Standing::Moved(id) => return Err(known(id, &found.at, devices, cameras, ErrorCode::DeviceMoved)),
        }
    }
    let urls = || examined.channels.iter().flat_map(|channel| &channel.streams);
    let same = cameras.iter().find(|camera| {
        camera
            .streams
            .iter()
            .any(|stored| stored.has_address() && urls().any(|stream| stream.url == stored.url && has_address(stream)))
    });
    match same {
        Some(camera) => Err(Problem::new(ErrorCode::CameraExists).with("name", &camera.name).with("id", camera.id)),
        None => Ok(()),
    }
}

fn has_address(stream: &ExaminedStream) -> bool {
    stream.result.as_ref().err().is_none_or(|failure| !failure.is_without_address())
}

/// The refusal, with what it takes to act on it.
pub fn known(id: DeviceId, at: &DeviceEndpoint, devices: &[Device], cameras: &[Camera], code: ErrorCode) -> Problem {
    let device = devices.iter().find(|device| device.id == id);
    let camera = cameras.iter().find(|camera| camera.device == Some(id)).map(|camera| camera.name.clone());
    let name = camera.or_else(|| device.and_then(|device| device.facts.name.clone())).unwrap_or_default();
    let known = device.map(|device| format!("{}:{}", device.at.host, device.at.port)).unwrap_or_default();
    Problem::new(code)
        .with("host", format_args!("{}:{}", at.host, at.port))
        .with("name", name)
        .with("known", known)
        .with("device_id", id)
        .at(super::step::OnboardingStep::Register.as_str())
}

/// The device's row; `None` without ONVIF.
pub fn device_row(examined: &Examined) -> Option<NewDeviceRow> {
    let device = examined.device.as_ref()?;
    Some(NewDeviceRow { at: device.at.clone(), credentials: examined.credentials.clone(), facts: device.facts.clone() })
}

/// One row per channel: a recorder becomes as many cameras.
pub fn channel_rows(row: &Row, examined: &Examined, group: Option<GroupId>) -> Vec<NewChannelRow> {
    let is_single = examined.channels.len() == 1;
    let typed = row.new.name.as_deref().map(str::trim).filter(|name| !name.is_empty());
    let told = examined.device.as_ref().and_then(|device| device.facts.name.as_deref());
    let base = typed.or(told).and_then(clean);
    let channels = examined.channels.iter();
    channels
        .map(|channel| NewChannelRow {
            name: base.as_deref().map(|base| name(base, channel.number, is_single)),
            group,
            channel: channel.number,
            enabled: row.new.channels.as_ref().is_none_or(|wanted| wanted.contains(&channel.number)),
            source_token: channel.source_token.clone(),
            ptz_profile: channel.ptz_profile.clone(),
            streams: stream_rows(channel),
        })
        .collect()
}

fn stream_rows(channel: &ExaminedChannel) -> Vec<NewStreamRow> {
    channel.streams.iter().map(stream_row).collect()
}

fn stream_row(stream: &ExaminedStream) -> NewStreamRow {
    let report = stream.result.as_ref().ok();
    NewStreamRow {
        role: stream.role,
        url: stream.url.clone(),
        profile: stream.profile.clone(),
        engine: watchwall_model::IngestEngine::Auto,
        transport: watchwall_model::Transport::Auto,
        facts: report.map(|report| report.facts.clone()),
        engine_in_use: report.map(|report| report.engine),
        failure: stream.result.as_ref().err().cloned(),
        is_invalid_after_reboot: stream.is_invalid_after_reboot,
    }
}

fn name(base: &str, number: u32, is_single: bool) -> String {
    if is_single { base.to_owned() } else { format!("{base} {number}") }
}

/// A name that a device gives may hold anything.
fn clean(name: &str) -> Option<String> {
    let longest = crate::cameras::draft::MAX_NAME_CHARS - 6;
    let clean: String = name.trim().chars().filter(|c| !c.is_control()).take(longest).collect();
    (!clean.is_empty()).then_some(clean)
}

#[cfg(test)]
mod tests {
    use super::*;
    use watchwall_model::UtcMillis;

    fn facts(serial: &str, endpoint: Option<&str>, mac: Option<&str>) -> DeviceFacts {
        DeviceFacts {
            manufacturer: "Example".into(),
            serial: serial.into(),
            endpoint: endpoint.map(Into::into),
            macs: mac.map(Into::into).into_iter().collect(),
            ..DeviceFacts::default()
        }
    }

    fn device(id: i64, host: &str, facts: DeviceFacts) -> Device {
        Device {
            id: DeviceId(id),
            at: DeviceEndpoint { host: host.into(), port: 80, is_tls: false, path: "/onvif".into() },
            credentials: None,
            facts,
            version: 1,
            created_at: UtcMillis(0),
        }
    }

    #[test]
    fn the_same_device_at_another_address_has_moved() {
        let devices = [
            device(1, "10.0.0.1", facts("S1", Some("e1"), Some("aa"))),
            device(2, "10.0.0.2", facts("", Some("e2"), Some("bb"))),
            device(3, "10.0.0.3", facts("S3", None, None)),
            device(4, "10.0.0.4", facts("", None, None)),
        ];
        let check = |host: &str, port, found: DeviceFacts, expect| {
            assert_eq!(standing(host, port, &Identity::of(&found), &devices), expect, "{found:?}");
        };
        check("10.0.0.1", 80, facts("other", None, None), Standing::Known(DeviceId(1)));
        check("10.0.0.1", 8080, facts("other", None, None), Standing::New);
        check("10.0.0.9", 80, facts("S1", Some("E1"), Some("aa")), Standing::Moved(DeviceId(1)));
        // A batch that shares its reference, and one that shares its serial number.
        check("10.0.0.9", 80, facts("S9", Some("e1"), Some("cc")), Standing::New);
        check("10.0.0.9", 80, facts("S1", Some("e9"), None), Standing::New);
        check("10.0.0.9", 80, facts("", Some("e2"), None), Standing::Moved(DeviceId(2)));
        check("10.0.0.9", 80, facts("", Some("e2"), Some("cc")), Standing::New);
        check("10.0.0.9", 80, facts("S3", Some("e3"), None), Standing::Moved(DeviceId(3)));
        // Who tells nothing is nobody.
        check("10.0.0.9", 80, facts("", None, None), Standing::New);
    }

    #[test]
    fn names_of_devices_are_cut_to_size() {
        assert_eq!(clean("  IPC\u{0} 7 ").as_deref(), Some("IPC 7"));
        assert_eq!(clean(&"x".repeat(300)).map(|name| name.len()), Some(94));
        assert_eq!(clean(" \u{7} "), None);
        assert_eq!((name("NVR", 3, false), name("Gate", 1, true)), ("NVR 3".into(), "Gate".into()));
    }
}
