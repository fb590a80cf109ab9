//! Where a camera looks and whether it moves.

use super::moves::PtzVector;
use crate::{dates::parse_utc, soap::Gap, tree::Node};
use watchwall_model::UtcMillis;

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct GetPtzStatus {
    pub profile: String,
}

#[derive(Clone, Debug, Default, PartialEq)]
pub struct PtzStatus {
    pub position: Option<PtzVector>,
    pub pan_tilt: Option<MoveStatus>,
    pub zoom: Option<MoveStatus>,
    pub error: Option<String>,
    pub at: Option<UtcMillis>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum MoveStatus {
    Idle,
    Moving,
    Other(String),
}

operation! {
    GetPtzStatus "GetStatus" of Ptz -> PtzStatus {}
    write(self, body) { body.leaf("ProfileToken", &self.profile); }
    read(self, answer) {
        let status = answer.child("PTZStatus").ok_or(Gap("PTZStatus"))?;
        let moving = |name| {
            let text = status.child("MoveStatus")?.text_of(name)?;
            Some(match text.to_ascii_uppercase().as_str() {
                "IDLE" => MoveStatus::Idle,
                "MOVING" => MoveStatus::Moving,
                _ => MoveStatus::Other(text.to_owned()),
            })
        };
        Ok(PtzStatus {
            position: status.child("Position").map(read_vector),
            pan_tilt: moving("PanTilt"),
            zoom: moving("Zoom"),
            error: status.text_of("Error").map(ToOwned::to_owned),
            at: status.text_of("UtcTime").and_then(parse_utc),
        })
    }
}

pub(super) fn read_vector(node: Node<'_>) -> PtzVector {
    PtzVector {
        pan_tilt: node.child("PanTilt").and_then(|at| Some((at.number_in("x")?, at.number_in("y")?))),
        zoom: node.child("Zoom").and_then(|at| at.number_in("x")),
    }
}
