//! Moves. Axes that are left out keep what they do; spaces are left out until a device insists.

use crate::{
    dates::format_duration_ms,
    soap::{Effect, Xml},
};

/// Pan and tilt, zoom: each may be missing. Positions, distances or velocities, from -1 to 1 in the generic spaces.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct PtzVector {
    pub pan_tilt: Option<(f32, f32)>,
    pub zoom: Option<f32>,
}

/// From 0 to 1.
pub type PtzSpeed = PtzVector;

impl PtzVector {
    pub const STILL: Self = Self { pan_tilt: Some((0.0, 0.0)), zoom: Some(0.0) };

    pub(super) fn write(&self, body: &mut Xml, name: &str, spaces: Option<(&str, &str)>) {
        body.parent(name, |body| {
            if let Some((x, y)) = self.pan_tilt {
                let (x, y) = (x.to_string(), y.to_string());
                let mut attributes = vec![("x", x.as_str()), ("y", y.as_str())];
                attributes.extend(spaces.map(|(pan_tilt, _)| ("space", pan_tilt)));
                body.empty("tt:PanTilt", &attributes);
            }
            if let Some(x) = self.zoom {
                let x = x.to_string();
                let mut attributes = vec![("x", x.as_str())];
                attributes.extend(spaces.map(|(_, zoom)| ("space", zoom)));
                body.empty("tt:Zoom", &attributes);
            }
        });
    }
}

const PAN_TILT: &str = "http://www.onvif.org/ver10/tptz/PanTiltSpaces";
const ZOOM: &str = "http://www.onvif.org/ver10/tptz/ZoomSpaces";

/// Moves until it is told to stop. No timeout unless options list sane ones: devices refuse or ignore it.
#[derive(Clone, Debug, PartialEq)]
pub struct ContinuousMove {
    pub profile: String,
    pub velocity: PtzVector,
    pub timeout_ms: Option<u64>,
    /// Names the generic spaces, after `SpaceNotSupported`.
    pub names_space: bool,
}

operation! {
    ContinuousMove "ContinuousMove" of Ptz {}
    write(self, body) {
        let spaces = (format!("{PAN_TILT}/VelocityGenericSpace"), format!("{ZOOM}/VelocityGenericSpace"));
        let spaces = self.names_space.then_some((spaces.0.as_str(), spaces.1.as_str()));
        body.leaf("ProfileToken", &self.profile);
        self.velocity.write(body, "Velocity", spaces);
        body.leaf_if("Timeout", self.timeout_ms.map(format_duration_ms));
    }
}

#[derive(Clone, Debug, PartialEq)]
pub struct AbsoluteMove {
    pub profile: String,
    pub position: PtzVector,
    pub speed: Option<PtzSpeed>,
}

operation! {
    AbsoluteMove "AbsoluteMove" of Ptz {}
    write(self, body) {
        body.leaf("ProfileToken", &self.profile);
        self.position.write(body, "Position", None);
        if let Some(speed) = &self.speed {
            speed.write(body, "Speed", None);
        }
    }
}

#[derive(Clone, Debug, PartialEq)]
pub struct RelativeMove {
    pub profile: String,
    pub translation: PtzVector,
    pub speed: Option<PtzSpeed>,
    /// Space of the pan and tilt distances; `None` is the device's usual one.
    pub pan_tilt_space: Option<String>,
}

operation! {
    RelativeMove "RelativeMove" of Ptz {}
    write(self, body) {
        body.leaf("ProfileToken", &self.profile);
        let zoom = format!("{ZOOM}/TranslationGenericSpace");
        let spaces = self.pan_tilt_space.as_deref().map(|pan_tilt| (pan_tilt, zoom.as_str()));
        self.translation.write(body, "Translation", spaces);
        if let Some(speed) = &self.speed {
            speed.write(body, "Speed", None);
        }
    }
}

/// Stops both axes. May be sent again: stopping twice is stopping.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StopMove {
    pub profile: String,
}

operation! {
    StopMove "Stop" of Ptz -> () { const EFFECT: Effect = Effect::Read; }
    write(self, body) { body.leaf("ProfileToken", &self.profile).leaf("PanTilt", true).leaf("Zoom", true); }
    read(self, _answer) { Ok(()) }
}

/// A command of the node's list, for example a wiper.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SendAuxiliaryCommand {
    pub profile: String,
    pub command: String,
}

operation! {
    SendAuxiliaryCommand "SendAuxiliaryCommand" of Ptz {}
    write(self, body) { body.leaf("ProfileToken", &self.profile).leaf("AuxiliaryData", &self.command); }
}
