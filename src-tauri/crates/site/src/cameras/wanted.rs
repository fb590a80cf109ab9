//! Which ingest actors should exist, compared with those that do. Pure.

use std::collections::BTreeMap;
use watchwall_model::{Camera, CameraId, Credentials, IngestEngine, SafeUrl, StreamPath, StreamRole, Transport};

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
}

#[derive(Debug, PartialEq, Eq)]
pub enum Change {
    Start(WantedStream),
    /// Address or credentials changed: the actor keeps its hub and its viewers.
    Update(WantedStream),
    Stop(StreamPath),
}

/// Streams of enabled cameras. A disabled camera is never contacted.
pub fn wanted(cameras: &[Camera]) -> BTreeMap<StreamPath, WantedStream> {
    let streams = cameras.iter().filter(|camera| camera.enabled).flat_map(|camera| {
        camera.streams.iter().map(|stream| WantedStream {
            camera: camera.id,
            role: stream.role,
            path: stream.path.clone(),
            url: stream.url.clone(),
            credentials: camera.credentials.clone(),
            engine: stream.engine,
            transport: stream.transport,
        })
    });
    streams.map(|stream| (stream.path.clone(), stream)).collect()
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
