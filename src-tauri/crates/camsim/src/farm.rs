//! The farm: starts the cameras and their doors, takes faults, answers counters, stops everything.

use crate::{
    Audio, CameraCounters, CameraSpec, CamsimError, DeviceCounters, DeviceEvent, DeviceSpec, DeviceTime,
    EncoderSettings, FarmOptions, Fault, FaultSet, PortChoice, Quirk, SoapFault, StreamMode, StreamSpec,
    content::{AudioLoop, ClipLibrary, audio_loop},
    control,
    counters::CameraTally,
    doors::{serve_tls, serve_tunnel},
    house::{CameraRuntime, House},
    login::{Account, LoginDesk},
    onvif::{Device, Plan, farewell, serve_device, serve_discovery, serve_shared},
    rtsp::{Door, serve_own_port, serve_shared_port, storage_path, stream_path},
    stream::{MediaClock, StreamRuntime, Studio},
};
use std::{
    net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr},
    sync::Arc,
    time::Duration,
};
use tokio::sync::watch;
use tokio_util::{sync::CancellationToken, task::TaskTracker};
use watchwall_model::StreamRole;

/// Running cameras. [`Farm::shutdown`] stops them in order; dropping the farm only tells them to stop.
pub struct Farm {
    house: Arc<House>,
    studio: Option<Studio>,
    rtsp_address: SocketAddr,
    tls_address: Option<SocketAddr>,
    tunnel_address: Option<SocketAddr>,
    control_address: Option<SocketAddr>,
    onvif_address: Option<SocketAddr>,
}

/// How long tasks get to end.
const STOP_WAIT: Duration = Duration::from_secs(5);

impl Farm {
    /// Opens all ports and starts the cameras. Loops are encoded in the background: a DESCRIBE waits for its own;
    /// [`Farm::ready`] waits for all.
    ///
    /// # Errors
    /// A camera that cannot exist, a port that cannot be opened, an encoder that is not installed.
    pub async fn start(options: FarmOptions) -> Result<Self, CamsimError> {
        for spec in &options.cameras {
            if let Some(reason) = spec.fault_in_spec() {
                return Err(CamsimError::BadSpec { camera: spec.name.clone(), reason });
            }
        }
        let sounds = Sounds::make(&options.cameras).await?;
        let mut plan = Plan::open(&options).await?;
        let shared = Door::open(options.rtsp_listen).await?;
        let rtsp_address = shared.address;
        let mut cameras = Vec::new();
        let mut own_doors = Vec::new();
        for (number, spec) in options.cameras.into_iter().enumerate() {
            let device = plan.device_of(number);
            let address = match spec.port {
                PortChoice::Shared => device.and_then(|device| device.rtsp).unwrap_or(rtsp_address),
                PortChoice::Own => {
                    let own = device.filter(|device| !device.doors.is_empty()).map(|device| device.address);
                    let mut free = own.unwrap_or(options.rtsp_listen);
                    free.set_port(0);
                    let door = Door::open(free).await?;
                    let address = door.address;
                    own_doors.push((number, door));
                    address
                }
            };
            let desk = device.map_or_else(|| Arc::new(desk(&spec)), |device| device.desk.clone());
            cameras.push(camera(number, spec, address, desk, &sounds));
        }
        let onvif_address = plan.shared.as_ref().map(|door| door.address);
        let mut device_doors = Vec::new();
        let mut devices = Vec::new();
        for (number, planned) in plan.devices.into_iter().enumerate() {
            let names: Vec<String> =
                planned.spec.cameras.iter().map(|camera| cameras[*camera].spec.name.clone()).collect();
            device_doors.extend(planned.doors.into_iter().map(|door| (number, door)));
            devices.push(Device::new(number, planned.spec, planned.address, planned.desk, &names));
        }
        let house = Arc::new(House {
            cameras,
            devices,
            discovery: plan.discovery.take(),
            changed: watch::Sender::new(()),
            clock: MediaClock::start(),
            library: ClipLibrary::new(options.cache_folder),
            session_timeout: options.session_timeout,
            stop: CancellationToken::new(),
            tasks: TaskTracker::new(),
        });
        enter_first_faults(&house);
        let control_address = match options.control_listen {
            Some(address) => Some(control::start(house.clone(), address).await?),
            None => None,
        };
        let live = house.cameras.iter().flat_map(CameraRuntime::streams);
        let live = live.filter(|stream| stream.spec.mode == StreamMode::Live).cloned().collect();
        let (mut tls_address, mut tunnel_address) = (None, None);
        if let Some(listen) = options.tls_listen {
            let door = Door::open(listen).await?;
            tls_address = Some(door.address);
            house.tasks.spawn(serve_tls(house.clone(), door, rtsp_address)?);
        }
        if let Some(listen) = options.tunnel_listen {
            let door = Door::open(listen).await?;
            tunnel_address = Some(door.address);
            house.tasks.spawn(serve_tunnel(house.clone(), door, rtsp_address));
        }
        let studio = Studio::start(live, house.clock)
            .map_err(|e| CamsimError::Encoder { action: "start its thread", reason: e.to_string() })?;
        house.tasks.spawn(serve_shared_port(house.clone(), shared));
        for door in plan.rtsp_doors {
            house.tasks.spawn(serve_shared_port(house.clone(), door));
        }
        if let Some(door) = plan.shared {
            house.tasks.spawn(serve_shared(house.clone(), door));
        }
        for (number, door) in device_doors {
            house.tasks.spawn(serve_device(house.clone(), number, door));
        }
        house.tasks.spawn(serve_discovery(house.clone()));
        for (number, door) in own_doors {
            house.tasks.spawn(serve_own_port(house.clone(), number, door));
        }
        house.tasks.spawn(produce_all(house.clone()));
        Ok(Self {
            house,
            studio: Some(studio),
            rtsp_address,
            tls_address,
            tunnel_address,
            control_address,
            onvif_address,
        })
    }

    /// Waits until every stream has its content.
    ///
    /// # Errors
    /// An encoder failed, named with its reason.
    pub async fn ready(&self) -> Result<(), CamsimError> {
        for stream in self.house.cameras.iter().flat_map(CameraRuntime::streams) {
            self.house.produce(stream).await?;
        }
        Ok(())
    }

    pub const fn rtsp_address(&self) -> SocketAddr {
        self.rtsp_address
    }

    pub const fn control_address(&self) -> Option<SocketAddr> {
        self.control_address
    }

    pub fn cameras(&self) -> usize {
        self.house.cameras.len()
    }

    /// Where a stream is, without credentials. A camera that does not exist gets a URL that answers 404.
    pub fn rtsp_url(&self, camera: usize, role: StreamRole) -> String {
        let address = self.house.cameras.get(camera).map_or(self.rtsp_address, |camera| camera.address);
        url(address, camera, role)
    }

    /// Where a device replays what it recorded of a camera, as its replay service says.
    pub fn storage_url(&self, camera: usize) -> String {
        let address = self.house.cameras.get(camera).map_or(self.rtsp_address, |camera| camera.address);
        format!("rtsp://{}/{}", reachable(address), storage_path(camera))
    }

    /// The stream over TLS; `None` unless the farm has such a door.
    pub fn rtsps_url(&self, camera: usize, role: StreamRole) -> Option<String> {
        self.tls_address.map(|address| url(address, camera, role).replacen("rtsp:", "rtsps:", 1))
    }

    /// The stream through the HTTP tunnel, as an `rtsp:` URL; `None` unless the farm has such a door.
    pub fn tunnel_url(&self, camera: usize, role: StreamRole) -> Option<String> {
        self.tunnel_address.map(|address| url(address, camera, role))
    }

    /// Enters a fault for all streams of a camera; returns when it is in force.
    ///
    /// # Errors
    /// No such camera, an impossible value, or new content that cannot be encoded.
    pub async fn fault(&self, camera: usize, fault: Fault) -> Result<(), CamsimError> {
        self.house.fault(camera, None, fault).await
    }

    /// Enters a fault for one stream.
    ///
    /// # Errors
    /// As [`Farm::fault`].
    pub async fn fault_stream(&self, camera: usize, role: StreamRole, fault: Fault) -> Result<(), CamsimError> {
        self.house.fault(camera, Some(role), fault).await
    }

    /// Heals a camera; returns when its plain content is on the air.
    ///
    /// # Errors
    /// No such camera, or content that cannot be encoded.
    pub async fn clear(&self, camera: usize) -> Result<(), CamsimError> {
        self.house.clear(camera, None).await
    }

    /// # Errors
    /// No such camera.
    pub fn counters(&self, camera: usize) -> Result<CameraCounters, CamsimError> {
        self.house.camera(camera).map(CameraRuntime::counters)
    }

    /// The faults in force on a stream; `None` when there is no such stream.
    pub fn faults(&self, camera: usize, role: StreamRole) -> Option<FaultSet> {
        self.house.stream(camera, role).map(|stream| stream.faults())
    }

    /// How a stream is encoded now, faults aside; `None` when there is no such stream.
    pub fn encoder(&self, camera: usize, role: StreamRole) -> Option<EncoderSettings> {
        self.house.stream(camera, role).map(|stream| stream.encoder())
    }

    /// The shared ONVIF port; `None` unless a device is there.
    pub const fn onvif_address(&self) -> Option<SocketAddr> {
        self.onvif_address
    }

    /// The port of WS-Discovery; `None` without discovery.
    pub fn discovery_port(&self) -> Option<u16> {
        self.house.discovery.as_ref().map(|door| door.port)
    }

    pub fn devices(&self) -> usize {
        self.house.devices.len()
    }

    pub(crate) fn device_specs(&self) -> impl Iterator<Item = &DeviceSpec> {
        self.house.devices.iter().map(|device| &device.spec)
    }

    /// Where a device's service is.
    ///
    /// # Errors
    /// No such device.
    pub fn device_url(&self, device: usize) -> Result<String, CamsimError> {
        self.house.device(device).map(Device::url)
    }

    /// # Errors
    /// No such device.
    pub fn device_counters(&self, device: usize) -> Result<DeviceCounters, CamsimError> {
        self.house.device(device).map(Device::counters)
    }

    /// How far a device's clock is ahead of ours, in milliseconds.
    ///
    /// # Errors
    /// No such device.
    pub fn device_clock_ms(&self, device: usize) -> Result<i64, CamsimError> {
        self.house.device(device).map(Device::clock_offset_ms)
    }

    /// Sets a device's clock, as a jump that nobody ordered over ONVIF.
    ///
    /// # Errors
    /// No such device.
    pub fn set_device_clock_ms(&self, device: usize, ms: i64) -> Result<(), CamsimError> {
        self.house.device(device).map(|device| device.set_clock_offset_ms(ms))
    }

    /// Who sets a device's clock.
    ///
    /// # Errors
    /// No such device.
    pub fn device_time(&self, device: usize) -> Result<DeviceTime, CamsimError> {
        self.house.device(device).map(Device::time)
    }

    /// Gives a device a habit more.
    ///
    /// # Errors
    /// No such device.
    pub fn quirk(&self, device: usize, quirk: Quirk) -> Result<(), CamsimError> {
        self.house.device(device).map(|device| device.add_quirk(quirk))
    }

    /// Back to good manners.
    ///
    /// # Errors
    /// No such device.
    pub fn clear_quirks(&self, device: usize) -> Result<(), CamsimError> {
        self.house.device(device).map(Device::clear_quirks)
    }

    /// Spoils an operation of a device.
    ///
    /// # Errors
    /// No such device.
    pub fn soap_fault(&self, device: usize, fault: SoapFault) -> Result<(), CamsimError> {
        self.house.device(device).map(|device| device.add_soap_fault(fault))
    }

    /// Heals all operations of a device.
    ///
    /// # Errors
    /// No such device.
    pub fn clear_soap_faults(&self, device: usize) -> Result<(), CamsimError> {
        self.house.device(device).map(Device::clear_soap_faults)
    }

    /// Lets something happen at a device.
    ///
    /// # Errors
    /// No such device.
    pub fn event(&self, device: usize, event: DeviceEvent) -> Result<(), CamsimError> {
        self.house.device(device).map(|device| device.tell(&event))
    }

    /// Cuts all sessions, closes all ports, joins all tasks and the studio.
    pub async fn shutdown(mut self) {
        farewell(&self.house).await;
        self.house.stop.cancel();
        self.house.tasks.close();
        if tokio::time::timeout(STOP_WAIT, self.house.tasks.wait()).await.is_err() {
            tracing::warn!(tasks = self.house.tasks.len(), "tasks of the camera farm did not end in time");
        }
        if let Some(studio) = self.studio.take() {
            // Joining waits for an encoder: not on a thread of the runtime.
            let joined = tokio::task::spawn_blocking(move || drop(studio));
            if tokio::time::timeout(STOP_WAIT, joined).await.is_err() {
                tracing::warn!("the studio did not end in time");
            }
        }
    }
}

impl Drop for Farm {
    fn drop(&mut self) {
        self.house.stop.cancel();
    }
}

pub(crate) fn url(address: SocketAddr, camera: usize, role: StreamRole) -> String {
    format!("rtsp://{}/{}", reachable(address), stream_path(camera, role))
}

/// The address to connect to for one that listens everywhere.
fn reachable(address: SocketAddr) -> SocketAddr {
    let ip = match address.ip() {
        IpAddr::V4(ip) if ip.is_unspecified() => IpAddr::V4(Ipv4Addr::LOCALHOST),
        IpAddr::V6(ip) if ip.is_unspecified() => IpAddr::V6(Ipv6Addr::LOCALHOST),
        ip => ip,
    };
    SocketAddr::new(ip, address.port())
}

/// The loops of sound that any camera wants.
struct Sounds(Vec<AudioLoop>);

impl Sounds {
    async fn make(cameras: &[CameraSpec]) -> Result<Self, CamsimError> {
        let wanted = |kind| {
            let roles = [StreamRole::Main, StreamRole::Sub];
            cameras
                .iter()
                .any(|camera| roles.iter().filter_map(|role| camera.stream(*role)).any(|stream| stream.audio == kind))
        };
        let kinds: Vec<_> = [Audio::Aac, Audio::Pcma, Audio::Pcmu, Audio::G726, Audio::Opus]
            .into_iter()
            .filter(|kind| wanted(*kind))
            .collect();
        let make = move || kinds.into_iter().filter_map(|kind| audio_loop(kind).transpose()).collect::<Result<_, _>>();
        tokio::task::spawn_blocking(make).await.map_err(|_| CamsimError::Stopped)?.map(Self)
    }

    fn of(&self, kind: Audio) -> Option<AudioLoop> {
        self.0.iter().find(|sound| sound.kind == kind).cloned()
    }
}

/// The accounts of a camera without a device.
fn desk(spec: &CameraSpec) -> LoginDesk {
    let own = spec.credentials.clone().map(|(name, password)| Account::administrator(name, password));
    LoginDesk::new(own.into_iter().collect(), Vec::new(), None)
}

fn camera(
    number: usize,
    spec: CameraSpec,
    address: SocketAddr,
    desk: Arc<LoginDesk>,
    sounds: &Sounds,
) -> CameraRuntime {
    // The golden angle keeps neighbours apart on the colour wheel.
    let hue = (number * 99 % 256) as u8;
    let stream = |role, stream: &StreamSpec| {
        let ordinal = (number * 2 + usize::from(role == StreamRole::Sub)) as u32;
        let audio = sounds.of(stream.audio);
        Arc::new(StreamRuntime::new(role, stream.clone(), spec.name.clone(), hue, ordinal, audio))
    };
    let main = stream(StreamRole::Main, &spec.main);
    let sub = spec.sub.as_ref().map(|sub| stream(StreamRole::Sub, sub));
    CameraRuntime { main, sub, tally: CameraTally::default(), address, desk, spec }
}

fn enter_first_faults(house: &House) {
    for camera in &house.cameras {
        for stream in camera.streams() {
            for fault in &camera.spec.faults {
                stream.faults.send_modify(|set| {
                    *set = set.on(*fault, house.clock.now_us(), stream.video_time_now(house.clock.now_us(), set));
                });
            }
        }
    }
}

async fn produce_all(house: Arc<House>) {
    let all = house.cameras.iter().flat_map(CameraRuntime::streams);
    for stream in all.filter(|stream| stream.spec.mode == StreamMode::Replay) {
        let made = tokio::select! {
            () = house.stop.cancelled() => return,
            made = house.produce(stream) => made,
        };
        if let Err(error) = made {
            tracing::error!(camera = stream.name, %error, "the loop of a virtual camera cannot be made");
        }
    }
}
