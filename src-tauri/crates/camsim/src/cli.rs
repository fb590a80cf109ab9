//! `watchwall camsim`: the farm that a person starts by hand. The caller prints and waits.

use crate::{CameraSpec, CamsimError, Farm, FarmOptions};
use std::{net::SocketAddr, path::PathBuf};
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
        ..FarmOptions::new(specs.clone())
    })
    .await?;
    let listings = specs.iter().enumerate().flat_map(|(number, spec)| listings(&farm, number, spec)).collect();
    Ok((farm, listings))
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
