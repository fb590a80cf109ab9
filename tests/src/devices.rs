//! Virtual ONVIF devices for tests, each at a loopback address of its own as real ones are.

use crate::{demo_like, small_stream};
use anyhow::Result;
use std::net::{Ipv4Addr, SocketAddr};
use watchwall_camsim::{CameraSpec, DeviceSpec, DiscoverySpec, Farm, FarmOptions};
use watchwall_model::Secret;

/// Devices to start. Cameras are made as they are needed.
#[derive(Default)]
pub struct DeviceFarm {
    cameras: Vec<CameraSpec>,
    devices: Vec<DeviceSpec>,
    is_found: bool,
}

pub const USER: &str = "admin";

impl DeviceFarm {
    pub fn new() -> Self {
        Self::default()
    }

    /// They answer WS-Discovery at their own addresses, on a free port.
    #[must_use]
    pub fn found(mut self) -> Self {
        self.is_found = true;
        self
    }

    /// A device of one camera with a main and a sub stream.
    #[must_use]
    pub fn camera(self, host: Ipv4Addr, password: &str) -> Self {
        self.camera_with(host, password, |device| device)
    }

    #[must_use]
    pub fn camera_with(self, host: Ipv4Addr, password: &str, change: impl FnOnce(DeviceSpec) -> DeviceSpec) -> Self {
        let camera = demo_like(&format!("Camera {}", self.cameras.len()));
        self.of_camera(host, password, camera, change)
    }

    /// A device of this camera.
    #[must_use]
    pub fn of_camera(
        mut self,
        host: Ipv4Addr,
        password: &str,
        camera: CameraSpec,
        change: impl FnOnce(DeviceSpec) -> DeviceSpec,
    ) -> Self {
        let number = self.cameras.len();
        let credentials = Some((USER.to_owned(), Secret::new(password)));
        self.cameras.push(CameraSpec { credentials, ..camera });
        let device = DeviceSpec::new(format!("Device {host}"), vec![number]).at(SocketAddr::from((host, 0)));
        self.devices.push(change(device));
        self
    }

    /// A recorder of small main streams.
    #[must_use]
    pub fn recorder(self, host: Ipv4Addr, password: &str, channels: usize) -> Self {
        let small = |channel| CameraSpec::new(format!("Channel {channel}"), small_stream());
        self.recorder_of(host, password, (0..channels).map(small).collect())
    }

    /// A recorder of these.
    #[must_use]
    pub fn recorder_of(mut self, host: Ipv4Addr, password: &str, channels: Vec<CameraSpec>) -> Self {
        let first = self.cameras.len();
        for channel in channels {
            let credentials = Some((USER.to_owned(), Secret::new(password)));
            self.cameras.push(CameraSpec { credentials, ..channel });
        }
        let cameras = (first..self.cameras.len()).collect();
        self.devices.push(DeviceSpec::new(format!("Recorder {host}"), cameras).at(SocketAddr::from((host, 0))));
        self
    }

    /// # Errors
    /// When they cannot be started.
    pub async fn start(self) -> Result<Farm> {
        let discovery = self.is_found.then(|| DiscoverySpec { port: 0, ..DiscoverySpec::default() });
        let options = FarmOptions { devices: self.devices, discovery, ..FarmOptions::new(self.cameras) };
        let farm = Farm::start(options).await?;
        farm.ready().await?;
        Ok(farm)
    }
}
