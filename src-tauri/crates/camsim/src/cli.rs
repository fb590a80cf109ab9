//! `watchwall camsim`: the farm that a person starts by hand. The caller prints and waits.

use crate::{
    Account, CameraSpec, CamsimError, DevicePlace, DeviceSpec, DiscoverySpec, Farm, FarmOptions, Lockout, Quirk,
    SoapLogin,
};
use std::{
    net::{IpAddr, Ipv4Addr, SocketAddr},
    path::PathBuf,
    time::Duration,
};
use watchwall_model::{Secret, StreamRole};

#[derive(Clone, Debug)]
pub struct CliOptions {
    pub cameras: usize,
    pub listen: SocketAddr,
    pub control: Option<SocketAddr>,
    /// A door with TLS, as `FarmOptions::tls_listen`.
    pub tls: Option<SocketAddr>,
    /// A door through HTTP, as `FarmOptions::tunnel_listen`.
    pub tunnel: Option<SocketAddr>,
    /// All cameras ask for it.
    pub credentials: Option<(String, Secret)>,
    pub cache_folder: Option<PathBuf>,
    /// Distance of key frames of the sub-streams; their own when absent.
    pub sub_gop_ms: Option<u32>,
    /// Frames per second of the sub-streams; their own when absent.
    pub sub_fps: Option<u32>,
    /// The cameras speak ONVIF too.
    pub onvif: Option<OnvifOptions>,
}

/// How the cameras speak ONVIF.
#[derive(Clone, Debug)]
pub struct OnvifOptions {
    pub listen: SocketAddr,
    /// Every device at an address of its own, counted up from here, on the port of `listen`.
    pub first_address: Option<Ipv4Addr>,
    /// Cameras of one device: 1, or 16 for recorders.
    pub channels: usize,
    pub login: SoapLogin,
    /// Takes the place of the cameras' user at SOAP.
    pub account: Option<(String, Secret)>,
    pub lockout: Option<Lockout>,
    pub think_time: Duration,
    pub quirks: Vec<Quirk>,
    pub discovery: Option<DiscoverySpec>,
}

/// One line of what is printed about devices.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DeviceListing {
    pub name: String,
    /// Of the device service.
    pub url: String,
    pub channels: usize,
}

/// One line of what is printed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Listing {
    pub camera: usize,
    pub name: String,
    pub role: StreamRole,
    /// Without credentials.
    pub url: String,
    /// Such as `h264 1280x720 15 fps aac`.
    pub summary: String,
}

/// Starts demo cameras and lists their streams.
///
/// # Errors
/// As [`Farm::start`].
pub async fn run_cli(options: CliOptions) -> Result<(Farm, Vec<Listing>), CamsimError> {
    let camera = |n| {
        let mut camera = CameraSpec { credentials: options.credentials.clone(), ..CameraSpec::demo(n) };
        if let Some(sub) = &mut camera.sub {
            sub.gop_ms = options.sub_gop_ms.unwrap_or(sub.gop_ms);
            sub.fps = options.sub_fps.unwrap_or(sub.fps);
        }
        camera
    };
    let specs: Vec<_> = (0..options.cameras).map(camera).collect();
    let farm = Farm::start(FarmOptions {
        rtsp_listen: options.listen,
        control_listen: options.control,
        tls_listen: options.tls,
        tunnel_listen: options.tunnel,
        cache_folder: options.cache_folder,
        onvif_listen: options.onvif.as_ref().map_or(options.listen, |onvif| onvif.listen),
        devices: options.onvif.as_ref().map(|onvif| devices(onvif, &specs)).unwrap_or_default(),
        discovery: options.onvif.as_ref().and_then(|onvif| onvif.discovery.clone()),
        ..FarmOptions::new(specs.clone())
    })
    .await?;
    let listings = specs.iter().enumerate().flat_map(|(number, spec)| listings(&farm, number, spec)).collect();
    Ok((farm, listings))
}

fn devices(options: &OnvifOptions, cameras: &[CameraSpec]) -> Vec<DeviceSpec> {
    let numbers: Vec<usize> = (0..cameras.len()).collect();
    let groups = numbers.chunks(options.channels.max(1)).enumerate();
    let device = |(index, group): (usize, &[usize])| {
        let first = group.first().and_then(|number| cameras.get(*number));
        let name = match group {
            [_] => first.map(|camera| camera.name.clone()).unwrap_or_default(),
            _ => format!("Recorder {}", index + 1),
        };
        let place = match options.first_address {
            Some(address) => {
                let own = Ipv4Addr::from(u32::from(address).wrapping_add(u32::try_from(index).unwrap_or(0)));
                DevicePlace::Own { http: SocketAddr::new(IpAddr::V4(own), options.listen.port()), rtsp_port: 0 }
            }
            None => DevicePlace::Shared,
        };
        let account = options.account.clone().map(|(name, password)| Account::administrator(name, password));
        DeviceSpec {
            place,
            login: options.login,
            onvif_accounts: account.into_iter().collect(),
            lockout: options.lockout,
            think_time: options.think_time,
            quirks: options.quirks.clone(),
            ..DeviceSpec::new(name, group.to_vec())
        }
    };
    groups.map(device).collect()
}

/// The devices of a farm with where they are.
pub fn device_listings(farm: &Farm) -> Vec<DeviceListing> {
    let specs = farm.device_specs();
    let listing = |(number, spec): (usize, &DeviceSpec)| {
        let url = farm.device_url(number).ok()?;
        Some(DeviceListing { name: spec.name.clone(), url, channels: spec.cameras.len() })
    };
    specs.enumerate().filter_map(listing).collect()
}

/// What a person needs to know beside the list: passwords, doors, and how to break things.
pub fn usage(farm: &Farm, credentials: Option<&(String, Secret)>) -> Vec<String> {
    let mut lines = vec![format!("{} cameras run. Open a stream in any player, or add it to a site:", farm.cameras())];
    let url = farm.rtsp_url(0, StreamRole::Main);
    lines.push(format!("  watchwall camera add {url}"));
    lines.push(match credentials {
        Some((user, _)) => format!("They ask for user {user} and the password you gave (Digest)."),
        None => "They ask for no password; --user and --password change that.".to_owned(),
    });
    lines.extend(farm.rtsps_url(0, StreamRole::Main).map(|url| format!("Over TLS: {url} (self-signed)")));
    lines.extend(farm.tunnel_url(0, StreamRole::Main).map(|url| format!("Through HTTP: {url} (transport http)")));
    if let Ok(url) = farm.device_url(0) {
        lines.push(format!("They speak ONVIF, {} devices; the first is at {url}", farm.devices()));
    }
    if let Some(port) = farm.discovery_port() {
        lines.push(format!("They answer WS-Discovery on port {port}."));
    }
    if let Some(control) = farm.control_address() {
        lines.push(format!("Faults and counters: http://{control}/cameras, for example"));
        lines.push(format!(
            "  curl -X POST http://{control}/cameras/0/faults -H 'content-type: application/json' -d '{{\"kind\":\"freeze\"}}'"
        ));
        lines.push(format!("  curl -X DELETE http://{control}/cameras/0/faults"));
        lines.push("All faults: watchwall camsim --help".to_owned());
    }
    lines.push("Ctrl+C ends them.".to_owned());
    lines
}

fn listings(farm: &Farm, camera: usize, spec: &CameraSpec) -> Vec<Listing> {
    let roles = [StreamRole::Main, StreamRole::Sub];
    let lines = roles.into_iter().filter_map(|role| {
        let stream = spec.stream(role)?;
        let summary = format!(
            "{:?} {}x{} {} fps{}",
            stream.codec,
            stream.width,
            stream.height,
            stream.fps,
            if stream.audio == crate::Audio::None { String::new() } else { format!(" {:?}", stream.audio) }
        );
        let summary = summary.to_ascii_lowercase();
        Some(Listing { camera, name: spec.name.clone(), role, url: farm.rtsp_url(camera, role), summary })
    });
    lines.collect()
}
