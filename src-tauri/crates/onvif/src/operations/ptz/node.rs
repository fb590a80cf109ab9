//! What a PTZ unit can do.

use crate::{operations::Span, soap::Gap, tree::Node};

/// A coordinate space and its limits; `y` only for pan and tilt.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct PtzSpace {
    pub uri: String,
    pub x: Option<Span<f32>>,
    pub y: Option<Span<f32>>,
}

/// Spaces by what they measure; the first of each kind is the generic one.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct PtzSpaces {
    pub absolute_pan_tilt: Vec<PtzSpace>,
    pub absolute_zoom: Vec<PtzSpace>,
    pub relative_pan_tilt: Vec<PtzSpace>,
    pub relative_zoom: Vec<PtzSpace>,
    pub continuous_pan_tilt: Vec<PtzSpace>,
    pub continuous_zoom: Vec<PtzSpace>,
    pub pan_tilt_speed: Vec<PtzSpace>,
    pub zoom_speed: Vec<PtzSpace>,
}

impl PtzSpaces {
    pub(super) fn read(node: Node<'_>) -> Self {
        let list = |name: &str| {
            node.children(name)
                .map(|space| PtzSpace {
                    uri: space.string_of("URI"),
                    x: Span::read(space, "XRange"),
                    y: Span::read(space, "YRange"),
                })
                .collect()
        };
        Self {
            absolute_pan_tilt: list("AbsolutePanTiltPositionSpace"),
            absolute_zoom: list("AbsoluteZoomPositionSpace"),
            relative_pan_tilt: list("RelativePanTiltTranslationSpace"),
            relative_zoom: list("RelativeZoomTranslationSpace"),
            continuous_pan_tilt: list("ContinuousPanTiltVelocitySpace"),
            continuous_zoom: list("ContinuousZoomVelocitySpace"),
            pan_tilt_speed: list("PanTiltSpeedSpace"),
            zoom_speed: list("ZoomSpeedSpace"),
        }
    }

    /// Whether presets may be approached at a chosen speed.
    pub const fn has_speed(&self) -> bool {
        !self.pan_tilt_speed.is_empty() || !self.zoom_speed.is_empty()
    }
}

/// A PTZ unit.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct PtzNode {
    pub token: String,
    pub name: String,
    pub spaces: PtzSpaces,
    pub most_presets: u32,
    pub has_home: bool,
    pub is_home_fixed: bool,
    pub auxiliary_commands: Vec<String>,
}

fn read_node(node: Node<'_>) -> Option<PtzNode> {
    Some(PtzNode {
        token: node.token()?.to_owned(),
        name: node.string_of("Name"),
        spaces: node.child("SupportedPTZSpaces").map(PtzSpaces::read).unwrap_or_default(),
        most_presets: node.number_of("MaximumNumberOfPresets").unwrap_or(0),
        has_home: node.flag_of("HomeSupported").unwrap_or(false),
        is_home_fixed: node.flag_in("FixedHomePosition").unwrap_or(false),
        auxiliary_commands: node.children("AuxiliaryCommands").map(|command| command.text().to_owned()).collect(),
    })
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct GetNodes;

operation! {
    GetNodes "GetNodes" of Ptz -> Vec<PtzNode> {}
    read(self, answer) { Ok(answer.children("PTZNode").filter_map(read_node).collect()) }
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct GetNode {
    pub token: String,
}

operation! {
    GetNode "GetNode" of Ptz -> PtzNode {}
    write(self, body) { body.leaf("NodeToken", &self.token); }
    read(self, answer) { answer.child("PTZNode").and_then(read_node).ok_or(Gap("PTZNode")) }
}
