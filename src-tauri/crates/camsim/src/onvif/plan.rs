//! From the specifications of devices to their open ports and accounts, before anything runs.

use super::{DevicePlace, DeviceSpec, discovery::DiscoveryDoor, doors::DeviceDoor};
use crate::{
    CamsimError, FarmOptions,
    login::{Account, LoginDesk},
    rtsp::Door,
    spec::PortChoice,
};
use std::{
    collections::{BTreeSet, HashSet},
    net::SocketAddr,
    sync::Arc,
};

/// All devices of a farm that is about to start.
pub(crate) struct Plan {
    pub devices: Vec<PlannedDevice>,
    /// The shared port, when a device is there.
    pub shared: Option<Door>,
    /// Ports of RTSP at the addresses of devices.
    pub rtsp_doors: Vec<Door>,
    pub discovery: Option<DiscoveryDoor>,
}

pub(crate) struct PlannedDevice {
    pub spec: DeviceSpec,
    pub desk: Arc<LoginDesk>,
    pub address: SocketAddr,
    /// Its own port at each of its addresses; none on the shared one.
    pub doors: Vec<DeviceDoor>,
    /// Where its cameras of the shared RTSP port are reached, when not there.
    pub rtsp: Option<SocketAddr>,
}

impl Plan {
    /// Opens what the devices need.
    ///
    /// # Errors
    /// A device with cameras that are not there or belong to another one; a port that cannot be opened.
    pub async fn open(options: &FarmOptions) -> Result<Self, CamsimError> {
        check(options)?;
        let is_shared = |spec: &DeviceSpec| spec.place == DevicePlace::Shared;
        let shared = match options.devices.iter().any(is_shared) {
            true => Some(Door::open(options.onvif_listen).await?),
            false => None,
        };
        let mut plan = Self { devices: Vec::new(), shared, rtsp_doors: Vec::new(), discovery: None };
        for spec in &options.devices {
            let device = plan.device(spec, options).await?;
            plan.devices.push(device);
        }
        if let Some(discovery) = &options.discovery {
            let own = plan.devices.iter().flat_map(|device| &device.doors).map(DeviceDoor::address);
            let own: BTreeSet<_> =
                own.filter(|address| !address.ip().is_unspecified()).map(|at| with_port(at, 0)).collect();
            plan.discovery = Some(DiscoveryDoor::open(discovery, &own)?);
        }
        Ok(plan)
    }

    /// The device that a camera belongs to.
    pub fn device_of(&self, camera: usize) -> Option<&PlannedDevice> {
        self.devices.iter().find(|device| device.spec.cameras.contains(&camera))
    }

    async fn device(&mut self, spec: &DeviceSpec, options: &FarmOptions) -> Result<PlannedDevice, CamsimError> {
        let cameras = || spec.cameras.iter().filter_map(|number| options.cameras.get(*number));
        let mut web = spec.accounts.clone();
        if web.is_empty() {
            let first = cameras().find_map(|camera| camera.credentials.clone());
            web.extend(first.map(|(name, password)| Account::administrator(name, password)));
        }
        let desk = Arc::new(LoginDesk::new(web, spec.onvif_accounts.clone(), spec.lockout));
        let DevicePlace::Own { http, mut rtsp_port } = spec.place else {
            let address = self.shared.as_ref().map_or(options.onvif_listen, |door| door.address);
            return Ok(PlannedDevice { spec: spec.clone(), desk, address, doors: Vec::new(), rtsp: None });
        };
        let first = DeviceDoor::open(http, spec.tls).await?;
        let address = first.address();
        let mut doors = vec![first];
        let mut rtsp = None;
        let has_rtsp = cameras().any(|camera| camera.port == PortChoice::Shared);
        for at in std::iter::once(address).chain(spec.also_at.iter().copied()) {
            if at != address {
                let port = if at.port() == 0 { address.port() } else { at.port() };
                doors.push(DeviceDoor::open(with_port(at, port), spec.tls).await?);
            }
            if has_rtsp {
                let open = Door::open(with_port(at, rtsp_port)).await?;
                rtsp_port = open.address.port();
                rtsp.get_or_insert(open.address);
                self.rtsp_doors.push(open);
            }
        }
        Ok(PlannedDevice { spec: spec.clone(), desk, address, doors, rtsp })
    }
}

/// The same address with its zone, at another port.
const fn with_port(mut address: SocketAddr, port: u16) -> SocketAddr {
    address.set_port(port);
    address
}

fn check(options: &FarmOptions) -> Result<(), CamsimError> {
    let mut taken = HashSet::new();
    for spec in &options.devices {
        let refuse = |reason: String| CamsimError::BadDevice { device: spec.name.clone(), reason };
        for camera in &spec.cameras {
            if *camera >= options.cameras.len() {
                return Err(refuse(format!("there is no camera {camera}")));
            }
            if !taken.insert(*camera) {
                return Err(refuse(format!("camera {camera} belongs to two devices or twice to one")));
            }
        }
        if (spec.tls || !spec.also_at.is_empty()) && spec.place == DevicePlace::Shared {
            return Err(refuse("HTTPS and further addresses need an address of its own".into()));
        }
    }
    Ok(())
}
