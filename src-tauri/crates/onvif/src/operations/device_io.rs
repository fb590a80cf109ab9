//! The DeviceIO service: inputs, and the relays once more.

use super::device::{RelayOutput, read_relay};
use crate::soap::Gap;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct GetDigitalInputs;

/// An input. Its state comes as an event only.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DigitalInput {
    pub token: String,
    /// `open` or `closed`, where it tells.
    pub idle_state: Option<String>,
}

operation! {
    GetDigitalInputs "GetDigitalInputs" of DeviceIo -> Vec<DigitalInput> {}
    read(self, answer) {
        let inputs = answer.children("DigitalInputs").filter_map(|node| {
            let idle = node.attribute("IdleState").or_else(|| node.text_of("IdleState"));
            Some(DigitalInput { token: node.token()?.to_owned(), idle_state: idle.map(ToOwned::to_owned) })
        });
        Ok(inputs.collect())
    }
}

/// The relays as the DeviceIO service lists them; some devices list them here alone.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct GetIoRelayOutputs;

operation! {
    GetIoRelayOutputs "GetRelayOutputs" of DeviceIo -> Vec<RelayOutput> {}
    read(self, answer) { Ok(answer.children("RelayOutputs").filter_map(read_relay).collect()) }
}

/// Lengths a relay's pulse may have.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct GetRelayOutputOptions {
    pub token: String,
}

#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct RelayOutputOptions {
    pub modes: Vec<String>,
    /// As written: seconds in a list, or a range.
    pub delay_times: String,
}

operation! {
    GetRelayOutputOptions "GetRelayOutputOptions" of DeviceIo -> RelayOutputOptions {}
    write(self, body) { body.leaf("RelayOutputToken", &self.token); }
    read(self, answer) {
        let options = answer.child("RelayOutputOptions").ok_or(Gap("RelayOutputOptions"))?;
        Ok(RelayOutputOptions {
            modes: options.children("Mode").map(|mode| mode.text().to_owned()).collect(),
            delay_times: options.string_of("DelayTimes"),
        })
    }
}
