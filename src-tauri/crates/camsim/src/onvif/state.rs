//! What can be set in a device: scopes, presets, pictures, relays, overlays. Lost with the farm, kept over a reboot.

use super::{
    motion::{Axes, Mount},
    spec::DeviceSpec,
};
use std::collections::BTreeMap;

#[derive(Clone, Debug)]
pub(super) struct State {
    pub hostname: String,
    /// Scopes that may be changed; the fixed ones are made anew each time.
    pub scopes: Vec<String>,
    pub time_zone: String,
    pub is_ntp: bool,
    pub ntp: Vec<String>,
    pub ntp_from_dhcp: bool,
    /// One per channel.
    pub channels: Vec<Channel>,
    pub relays: Vec<Relay>,
    /// Closed or not.
    pub inputs: Vec<bool>,
    /// Tokens of searches that nobody has ended, oldest first.
    pub searches: Vec<String>,
    next_token: u32,
}

#[derive(Clone, Debug, Default)]
pub(super) struct Channel {
    pub mount: Mount,
    pub presets: BTreeMap<String, Preset>,
    pub picture: BTreeMap<&'static str, String>,
    pub focus: f32,
    pub overlays: BTreeMap<String, Overlay>,
}

#[derive(Clone, Debug, PartialEq)]
pub(super) struct Preset {
    pub name: String,
    pub at: Axes,
}

/// An overlay as it was set, which is as it is shown: the text of its fields by their path.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Overlay {
    pub position: String,
    pub place: Option<(String, String)>,
    pub kind: String,
    pub plain: String,
    pub date_format: String,
    pub time_format: String,
    pub font_size: u32,
}

#[derive(Clone, Debug)]
pub(super) struct Relay {
    pub is_monostable: bool,
    pub delay: String,
    pub is_open_when_idle: bool,
    pub is_active: bool,
}

/// Settings of a picture with the values they begin with, in the order of the schema.
pub(super) const PICTURE: [(&str, &str); 13] = [
    ("BacklightMode", "OFF"),
    ("BacklightLevel", "0"),
    ("Brightness", "50"),
    ("ColorSaturation", "50"),
    ("Contrast", "50"),
    ("ExposureMode", "AUTO"),
    ("ExposureTime", "10000"),
    ("Gain", "0"),
    ("AutoFocusMode", "AUTO"),
    ("IrCutFilter", "AUTO"),
    ("Sharpness", "50"),
    ("WideDynamicMode", "OFF"),
    ("WhiteBalanceMode", "AUTO"),
];

impl State {
    pub fn new(spec: &DeviceSpec, names: &[String]) -> Self {
        let overlay = |name: &String| Overlay {
            position: "UpperLeft".into(),
            kind: "Plain".into(),
            plain: name.clone(),
            font_size: 32,
            ..Overlay::default()
        };
        let clock = Overlay {
            position: "UpperRight".into(),
            kind: "DateAndTime".into(),
            date_format: "yyyy-MM-dd".into(),
            time_format: "HH:mm:ss".into(),
            font_size: 32,
            ..Overlay::default()
        };
        let channel = |name: &String| Channel {
            picture: PICTURE.iter().map(|(key, value)| (*key, (*value).to_owned())).collect(),
            overlays: [("OSD_1".to_owned(), overlay(name)), ("OSD_2".to_owned(), clock.clone())].into(),
            ..Channel::default()
        };
        let relay = Relay { is_monostable: false, delay: "PT5S".into(), is_open_when_idle: true, is_active: false };
        Self {
            hostname: "camsim".into(),
            scopes: Vec::new(),
            time_zone: "CST-8".into(),
            is_ntp: false,
            ntp: vec!["pool.ntp.org".into()],
            ntp_from_dhcp: false,
            channels: names.iter().map(channel).collect(),
            relays: vec![relay; spec.relays],
            inputs: vec![false; spec.inputs],
            searches: Vec::new(),
            next_token: 0,
        }
    }

    /// A number that no other token of this device has.
    pub fn fresh(&mut self) -> u32 {
        self.next_token += 1;
        self.next_token
    }
}
