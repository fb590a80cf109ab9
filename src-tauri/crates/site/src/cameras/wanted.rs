//! Which ingest actors should exist, compared with those that do. Pure.

use std::collections::BTreeMap;
use watchwall_model::{
    Camera, CameraId, Credentials, Device, DeviceKey, IngestEngine, SafeUrl, StreamPath, StreamRole, Transport,
};

/// How to reach one stream.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WantedStream {
    pub camera: CameraId,
    pub role: StreamRole,
    pub path: StreamPath,
    pub url: SafeUrl,
    pub credentials: Option<Credentials>,
    pub engine: IngestEngine,
    pub transport: Transport,
    /// The device in the lockout latch; `None` lets ingest name it after the address.
    pub device_key: Option<DeviceKey>,
}

#[derive(Debug, PartialEq, Eq)]
pub enum Change {
    Start(WantedStream),
    /// Address or credentials changed: the actor keeps its hub and its viewers.
    Update(WantedStream),
    Stop(StreamPath),
}

/// Streams of enabled cameras that have an address. A disabled camera is never contacted.
pub fn wanted(cameras: &[Camera], devices: &[Device]) -> BTreeMap<StreamPath, WantedStream> {
    let streams = cameras.iter().filter(|camera| camera.enabled).flat_map(|camera| {
        let device_key = device_key(camera, devices);
        camera.streams.iter().filter(|stream| stream.has_address()).map(move |stream| WantedStream {
            camera: camera.id,
            role: stream.role,
            path: stream.path.clone(),
            url: stream.url.clone(),
            credentials: camera.credentials.clone(),
            engine: stream.engine,
            transport: stream.transport,
            device_key: device_key.clone(),
        })
    });
    streams.map(|stream| (stream.path.clone(), stream)).collect()
}

/// Its device's, or that of the only device at its host: a stream that was added by its address counts with it.
fn device_key(camera: &Camera, devices: &[Device]) -> Option<DeviceKey> {
    if let Some(id) = camera.device {
        return devices.iter().find(|device| device.id == id).map(|device| device.at.key());
    }
    only_device_at(&camera.host, devices)
}

/// The device at a host; `None` when there is none, or several that share the address.
pub fn only_device_at(host: &str, devices: &[Device]) -> Option<DeviceKey> {
    let mut there = devices.iter().filter(|device| device.at.host.eq_ignore_ascii_case(host));
    let only = there.next()?;
    there.next().is_none().then(|| only.at.key())
}

/// What turns `running` into `wanted`. Stops come first: a replaced camera must not see two sessions.
pub fn changes(
    wanted: &BTreeMap<StreamPath, WantedStream>,
    running: &BTreeMap<StreamPath, WantedStream>,
) -> Vec<Change> {
    let stops = running.keys().filter(|path| !wanted.contains_key(*path)).cloned().map(Change::Stop);
    let others = wanted.values().filter_map(|stream| match running.get(&stream.path) {
        None => Some(Change::Start(stream.clone())),
        Some(current) if current != stream => Some(Change::Update(stream.clone())),
        Some(_) => None,
    });
    stops.chain(others).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn stream(path: &str, url: &str) -> WantedStream {
        WantedStream {
            camera: CameraId(1),
            role: StreamRole::Main,
            path: StreamPath::parse(path).unwrap(),
            url: SafeUrl::split(url).unwrap().0,
            credentials: None,
            engine: IngestEngine::Auto,
            transport: Transport::Auto,
            device_key: None,
        }
    }

    fn check(wanted: &[WantedStream], running: &[WantedStream], expect: &[Change]) {
        let map = |streams: &[WantedStream]| streams.iter().map(|s| (s.path.clone(), s.clone())).collect();
        assert_eq!(changes(&map(wanted), &map(running)), expect);
    }

    #[test]
    fn only_differences_lead_to_actions() {
        let (a, b) = (stream("a", "rtsp://h/a"), stream("b", "rtsp://h/b"));
        let moved = stream("a", "rtsp://h/new");
        check(std::slice::from_ref(&a), std::slice::from_ref(&a), &[]);
        check(std::slice::from_ref(&moved), std::slice::from_ref(&a), &[Change::Update(moved.clone())]);
        check(
            std::slice::from_ref(&b),
            std::slice::from_ref(&a),
            &[Change::Stop(a.path.clone()), Change::Start(b.clone())],
        );
    }
}
