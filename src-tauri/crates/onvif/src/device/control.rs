//! Moving a camera so that it stops.
//!
//! Some ignore a timeout and turn for minutes, some refuse one, some have no Stop, some want the space named. So a move
//! carries no timeout unless the device lists sane ones, and stopping is tried both ways. The watchdog that stops a
//! camera whose operator went away is the site's.

use crate::{
    Client, OnvifError,
    operations::{ContinuousMove, PtzVector, Span, StopMove},
    soap::FaultKind,
};

/// The motors behind one profile.
#[derive(Clone, Debug)]
pub struct PtzControl {
    client: Client,
    profile: String,
    /// What a continuous move may carry, of the configuration's options.
    timeouts_ms: Option<Span<u64>>,
}

impl PtzControl {
    pub const fn new(client: Client, profile: String, timeouts_ms: Option<Span<u64>>) -> Self {
        Self { client, profile, timeouts_ms }
    }

    /// Moves until [`PtzControl::stop`]. `within_ms` is when the device should stop by itself, as far as it can.
    ///
    /// # Errors
    /// What the device says after its space was named too.
    pub async fn start(&self, velocity: PtzVector, within_ms: u64) -> Result<(), OnvifError> {
        let timeout_ms = self.timeouts_ms.map(|span| within_ms.clamp(span.min, span.max));
        let request = ContinuousMove { profile: self.profile.clone(), velocity, timeout_ms, names_space: false };
        match self.client.call(&request).await {
            Err(error) if error.fault_kind() == Some(FaultKind::SpaceNotSupported) => {
                self.client.call(&ContinuousMove { names_space: true, ..request }).await
            }
            Err(error) if error.fault_kind() == Some(FaultKind::InvalidValue) && timeout_ms.is_some() => {
                self.client.call(&ContinuousMove { timeout_ms: None, ..request }).await
            }
            done => done,
        }
    }

    /// Stops both axes: by Stop, and when that fails by a move with no speed.
    ///
    /// # Errors
    /// Of the second way when both fail: the camera may still be moving.
    pub async fn stop(&self) -> Result<(), OnvifError> {
        match self.client.call(&StopMove { profile: self.profile.clone() }).await {
            Ok(()) => Ok(()),
            Err(_) => self.start(PtzVector::STILL, 1000).await,
        }
    }
}
