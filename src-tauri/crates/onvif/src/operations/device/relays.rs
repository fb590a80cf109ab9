//! Relay outputs. There is no way to ask a relay's state: it comes as an event only.

use crate::{
    dates::{format_duration_ms, parse_duration_ms},
    tree::Node,
};

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct GetRelayOutputs;

/// An output and how it behaves.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RelayOutput {
    pub token: String,
    pub mode: RelayMode,
    /// How long a pulse lasts, for [`RelayMode::Monostable`].
    pub pulse_ms: Option<u64>,
    pub is_open_when_idle: bool,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum RelayMode {
    /// Falls back by itself.
    Monostable,
    /// Stays as it was set.
    Bistable,
    Other(String),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RelayState {
    Active,
    Inactive,
}

operation! {
    GetRelayOutputs "GetRelayOutputs" of Device -> Vec<RelayOutput> {}
    read(self, answer) { Ok(answer.children("RelayOutputs").filter_map(read_relay).collect()) }
}

pub(in crate::operations) fn read_relay(node: Node<'_>) -> Option<RelayOutput> {
    let properties = node.child("Properties").unwrap_or(node);
    Some(RelayOutput {
        token: node.token()?.to_owned(),
        mode: match properties.text_of("Mode") {
            Some("Monostable") => RelayMode::Monostable,
            Some("Bistable") | None => RelayMode::Bistable,
            Some(other) => RelayMode::Other(other.to_owned()),
        },
        pulse_ms: properties.text_of("DelayTime").and_then(parse_duration_ms),
        is_open_when_idle: properties.text_of("IdleState") == Some("open"),
    })
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SetRelayOutputState {
    pub token: String,
    pub state: RelayState,
}

operation! {
    SetRelayOutputState "SetRelayOutputState" of Device {}
    write(self, body) {
        let state = match self.state { RelayState::Active => "active", RelayState::Inactive => "inactive" };
        body.leaf("RelayOutputToken", &self.token).leaf("LogicalState", state);
    }
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SetRelayOutputSettings(pub RelayOutput);

operation! {
    SetRelayOutputSettings "SetRelayOutputSettings" of Device {}
    write(self, body) {
        let mode = match &self.0.mode {
            RelayMode::Monostable => "Monostable",
            RelayMode::Bistable => "Bistable",
            RelayMode::Other(mode) => mode,
        };
        body.leaf("RelayOutputToken", &self.0.token).parent("Properties", |body| {
            body.leaf("tt:Mode", mode)
                .leaf("tt:DelayTime", format_duration_ms(self.0.pulse_ms.unwrap_or(0)))
                .leaf("tt:IdleState", if self.0.is_open_when_idle { "open" } else { "closed" });
        });
    }
}
