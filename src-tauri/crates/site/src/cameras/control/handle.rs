//! What the server holds, and how a camera's device is found.

use super::ptz::Desk;
use crate::cameras::{
    Cameras,
    health::{DeviceLink, Health},
};
use std::sync::Arc;
use watchwall_model::{Camera, CameraId, Device, DeviceId, ErrorCode, Problem};
use watchwall_onvif::{
    Client, OnvifError,
    operations::{Profile, SystemReboot},
};
use watchwall_store::Store;

/// Controls devices. Cheap to clone.
#[derive(Clone)]
pub struct Control {
    pub(super) cameras: Cameras,
    pub(super) ground: Ground,
    pub(super) desk: Arc<Desk>,
}

/// Where cameras and devices are found.
#[derive(Clone)]
pub(super) struct Ground {
    pub store: Store,
    pub health: Health,
}

/// A camera with its device at hand.
pub(super) struct Reached {
    pub camera: Camera,
    pub link: DeviceLink,
}

impl Control {
    pub fn new(store: Store, cameras: Cameras, health: Health) -> Self {
        Self { cameras, ground: Ground { store, health }, desk: Arc::default() }
    }

    /// Stops what moves.
    pub async fn stop(&self) {
        self.desk.stop().await;
    }

    /// Restarts a device; it answers before.
    ///
    /// # Errors
    /// Of the device.
    pub async fn reboot(&self, device: DeviceId) -> Result<(), Problem> {
        let link = self.ground.link(device).await?;
        link.client().call(&SystemReboot).await.map_err(refused)?;
        tracing::info!(device.id = device.0, "a device restarts because somebody asked for it");
        Ok(())
    }
}

impl Ground {
    /// # Errors
    /// `camera_not_found`, `onvif_missing`, `camera_disabled`.
    pub async fn reach(&self, id: CameraId) -> Result<Reached, Problem> {
        let camera = self.store.cameras().get(id).await?;
        let camera = camera.ok_or_else(|| Problem::new(ErrorCode::CameraNotFound).with("id", id))?;
        let device = camera.device.ok_or_else(|| Problem::new(ErrorCode::OnvifMissing).with("name", &camera.name))?;
        if !camera.enabled {
            return Err(Problem::new(ErrorCode::CameraDisabled).with("name", &camera.name));
        }
        let link = self.health.link_soon(device).await.ok_or_else(unlinked)?;
        Ok(Reached { camera, link })
    }

    /// # Errors
    /// `device_not_found`, `camera_disabled` when all of its cameras are switched off.
    pub async fn link(&self, id: DeviceId) -> Result<DeviceLink, Problem> {
        let device = self.device(id).await?;
        if !self.store.cameras().of_device(id).await?.iter().any(|camera| camera.enabled) {
            let name = device.facts.name.as_deref().unwrap_or(&device.at.host);
            return Err(Problem::new(ErrorCode::CameraDisabled).with("name", name));
        }
        self.health.link_soon(id).await.ok_or_else(unlinked)
    }

    pub async fn device(&self, id: DeviceId) -> Result<Device, Problem> {
        let device = self.store.devices().get(id).await?;
        device.ok_or_else(|| Problem::new(ErrorCode::DeviceNotFound).with("id", id))
    }
}

impl Reached {
    pub const fn client(&self) -> &Client {
        self.link.client()
    }

    /// Token of the picture source, which imaging is keyed by.
    ///
    /// # Errors
    /// `operation_unsupported` for a camera whose source the device does not name.
    pub fn source(&self) -> Result<String, Problem> {
        let source = self.camera.source_token.clone().filter(|token| !token.is_empty());
        source.ok_or_else(|| {
            Problem::new(ErrorCode::OperationUnsupported).with("host", &self.camera.host).with("operation", "imaging")
        })
    }

    /// The profiles that show this camera, as the device lists them now.
    ///
    /// # Errors
    /// Of the device.
    pub async fn profiles(&self) -> Result<Vec<Profile>, Problem> {
        let mut profiles = self.client().profiles().await.map_err(refused)?;
        if let Some(token) = &self.camera.source_token {
            profiles.retain(|profile| {
                profile.source.as_ref().map_or("", |source| source.source_token.as_str()) == token.as_str()
            });
        }
        Ok(profiles)
    }
}

/// The log says why.
fn unlinked() -> Problem {
    Problem::new(ErrorCode::Internal).because("no link to the device")
}

/// A device's refusal as the user meets it.
pub(super) fn refused(error: OnvifError) -> Problem {
    error.problem()
}
