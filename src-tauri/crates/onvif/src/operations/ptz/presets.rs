//! Places a camera remembers.

use super::moves::{PtzSpeed, PtzVector};
use crate::soap::{Effect, Gap};

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct GetPresets {
    pub profile: String,
}

#[derive(Clone, Debug, Default, PartialEq)]
pub struct Preset {
    pub token: String,
    pub name: String,
    pub position: Option<PtzVector>,
}

operation! {
    GetPresets "GetPresets" of Ptz -> Vec<Preset> {}
    write(self, body) { body.leaf("ProfileToken", &self.profile); }
    read(self, answer) {
        let presets = answer.children("Preset").filter_map(|node| {
            Some(Preset {
                token: node.token()?.to_owned(),
                name: node.string_of("Name"),
                position: node.child("PTZPosition").map(super::status::read_vector),
            })
        });
        Ok(presets.collect())
    }
}

/// Remembers where the camera looks; the preset's token. Fails while it moves.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SetPreset {
    pub profile: String,
    pub name: Option<String>,
    /// The one to overwrite; `None` makes a new one.
    pub token: Option<String>,
}

operation! {
    SetPreset "SetPreset" of Ptz -> String { const EFFECT: Effect = Effect::Change; }
    write(self, body) {
        body.leaf("ProfileToken", &self.profile)
            .leaf_if("PresetName", self.name.as_ref())
            .leaf_if("PresetToken", self.token.as_ref());
    }
    read(self, answer) {
        let told = answer.text_of("PresetToken").map(ToOwned::to_owned);
        told.or_else(|| self.token.clone()).ok_or(Gap("PresetToken"))
    }
}

#[derive(Clone, Debug, PartialEq)]
pub struct GotoPreset {
    pub profile: String,
    pub token: String,
    /// Only where the node has speed spaces.
    pub speed: Option<PtzSpeed>,
}

operation! {
    GotoPreset "GotoPreset" of Ptz {}
    write(self, body) {
        body.leaf("ProfileToken", &self.profile).leaf("PresetToken", &self.token);
        if let Some(speed) = &self.speed {
            speed.write(body, "Speed", None);
        }
    }
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RemovePreset {
    pub profile: String,
    pub token: String,
}

operation! {
    RemovePreset "RemovePreset" of Ptz {}
    write(self, body) { body.leaf("ProfileToken", &self.profile).leaf("PresetToken", &self.token); }
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct GotoHomePosition {
    pub profile: String,
}

operation! {
    GotoHomePosition "GotoHomePosition" of Ptz {}
    write(self, body) { body.leaf("ProfileToken", &self.profile); }
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SetHomePosition {
    pub profile: String,
}

operation! {
    SetHomePosition "SetHomePosition" of Ptz {}
    write(self, body) { body.leaf("ProfileToken", &self.profile); }
}
