//! Relays and digital inputs. ONVIF has no question for their state: it comes as events only, so what is shown is what
//! the last event said.

use super::{Control, handle::refused};
use watchwall_model::{CameraEventState, DeviceId, ErrorCode, Problem, UtcMillis};
use watchwall_onvif::{
    Client, ErrorKind,
    operations::{
        DigitalInput, GetDigitalInputs, GetIoRelayOutputs, GetRelayOutputs, RelayOutput, RelayState,
        SetRelayOutputState,
    },
};

const WEEK_MS: i64 = 7 * 86_400_000;

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RelayFacts {
    pub relay: RelayOutput,
    /// As its last event said, within a week.
    pub is_active: Option<bool>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct InputFacts {
    pub input: DigitalInput,
    /// As its last event said, within a week.
    pub is_active: Option<bool>,
}

impl Control {
    /// # Errors
    /// Of the device.
    pub async fn relays(&self, device: DeviceId) -> Result<Vec<RelayFacts>, Problem> {
        let link = self.ground.link(device).await?;
        let relays = relays(link.client()).await?;
        let told = self.told(device, "relay").await?;
        let state = |token: &str| told.iter().find(|(known, _)| known == token).map(|(_, is_on)| *is_on);
        Ok(relays.into_iter().map(|relay| RelayFacts { is_active: state(&relay.token), relay }).collect())
    }

    /// # Errors
    /// `not_found` for a relay the device does not list, and of the device.
    pub async fn switch_relay(&self, device: DeviceId, token: String, is_active: bool) -> Result<(), Problem> {
        let link = self.ground.link(device).await?;
        if !relays(link.client()).await?.iter().any(|relay| relay.token == token) {
            return Err(Problem::new(ErrorCode::NotFound).with("what", "relay"));
        }
        let state = if is_active { RelayState::Active } else { RelayState::Inactive };
        link.client().call(&SetRelayOutputState { token, state }).await.map_err(refused)
    }

    /// # Errors
    /// Of the device; one without inputs has none.
    pub async fn inputs(&self, device: DeviceId) -> Result<Vec<InputFacts>, Problem> {
        let link = self.ground.link(device).await?;
        let inputs = match link.client().call(&GetDigitalInputs).await {
            Err(error) if error.kind() == ErrorKind::Unsupported => Vec::new(),
            inputs => inputs.map_err(refused)?,
        };
        let told = self.told(device, "digital_input").await?;
        let state = |token: &str| told.iter().find(|(known, _)| known == token).map(|(_, is_on)| *is_on);
        Ok(inputs.into_iter().map(|input| InputFacts { is_active: state(&input.token), input }).collect())
    }

    /// Tokens with what their last events said.
    async fn told(&self, device: DeviceId, kind: &str) -> Result<Vec<(String, bool)>, Problem> {
        let cameras = self.ground.store.cameras().of_device(device).await?;
        // What belongs to the device as a whole is told of its first camera.
        let Some(first) = cameras.first() else { return Ok(Vec::new()) };
        let since = UtcMillis::now().saturating_add_ms(-WEEK_MS);
        let rows = self.ground.store.camera_events().last_states(first.id, since).await?;
        let of_kind = rows.into_iter().map(|row| row.event).filter(|event| event.kind == kind);
        Ok(of_kind.map(|event| (event.source, event.state == CameraEventState::On)).collect())
    }
}

/// Some list them in one service, some in the other.
async fn relays(client: &Client) -> Result<Vec<RelayOutput>, Problem> {
    match client.call(&GetRelayOutputs).await {
        Ok(relays) if !relays.is_empty() => Ok(relays),
        Err(error) if error.kind() != ErrorKind::Unsupported => Err(refused(error)),
        _ => match client.call(&GetIoRelayOutputs).await {
            Err(error) if error.kind() == ErrorKind::Unsupported => Ok(Vec::new()),
            relays => relays.map_err(refused),
        },
    }
}
