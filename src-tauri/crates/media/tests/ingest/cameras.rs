//! A farm of virtual cameras and an ingest on one of them.

use std::{
    sync::Arc,
    time::{Duration, Instant},
};
use tokio::time::{sleep, timeout};
use watchwall_camsim::{
    Audio, AuthScheme, CameraSpec, Codec, Farm, FarmOptions, Fault, Look, PortChoice, StreamMode, StreamSpec,
};
use watchwall_media::{
    AccessUnit,
    hub::{Received, SubscriberClass, Subscription},
    ingest::{IngestHandle, IngestOptions, IngestRequest, IngestSnapshot, start_ingest},
};
use watchwall_model::{
    Credentials, ErrorCode, IngestEngine, Phase, SafeUrl, Secret, StreamPath, StreamRole, Transport,
};

/// Longer than anything here may take on a busy machine.
pub const PATIENCE: Duration = Duration::from_secs(30);

pub struct Cameras {
    pub farm: Farm,
    pub options: IngestOptions,
}

/// A small replayed H.264 stream: 25 pictures a second, a key frame each second.
pub fn stream() -> StreamSpec {
    StreamSpec {
        codec: Codec::H264,
        width: 320,
        height: 240,
        fps: 25,
        bitrate_kbps: 500,
        gop_ms: 1_000,
        mode: StreamMode::Replay,
        audio: Audio::None,
        look: Look::Shared,
    }
}

pub fn camera(main: StreamSpec) -> CameraSpec {
    CameraSpec {
        name: "Test".into(),
        main,
        sub: None,
        credentials: None,
        auth: AuthScheme::Digest,
        port: PortChoice::Own,
        faults: Vec::new(),
    }
}

pub fn locked(main: StreamSpec) -> CameraSpec {
    CameraSpec { credentials: Some(("admin".into(), Secret::new("right"))), ..camera(main) }
}

pub fn credentials(password: &str) -> Option<Credentials> {
    Some(Credentials { username: "admin".into(), password: Secret::new(password) })
}

impl Cameras {
    pub async fn start(cameras: Vec<CameraSpec>) -> Self {
        Self::with(FarmOptions::new(cameras)).await
    }

    pub async fn with(farm: FarmOptions) -> Self {
        let farm = Farm::start(farm).await.unwrap();
        farm.ready().await.unwrap();
        let options = IngestOptions {
            stall_after: Duration::from_secs(2),
            drain_after: Duration::from_millis(300),
            key_frame_within: Duration::from_secs(3),
            ..IngestOptions::default()
        };
        Self { farm, options }
    }

    pub async fn one(main: StreamSpec) -> Self {
        Self::start(vec![camera(main)]).await
    }

    pub fn request(&self, number: usize) -> IngestRequest {
        IngestRequest {
            path: StreamPath::parse("cam_test_ch1_main").unwrap(),
            url: SafeUrl::split(&self.farm.rtsp_url(number, StreamRole::Main)).unwrap().0,
            credentials: None,
            engine: IngestEngine::Auto,
            transport: Transport::Auto,
            device_key: None,
        }
    }

    pub fn ingest(&self, request: IngestRequest) -> IngestHandle {
        start_ingest(request, self.options.clone())
    }

    pub async fn fault(&self, fault: Fault) {
        self.farm.fault(0, fault).await.unwrap();
    }

    /// Waits until the camera's counters satisfy a condition.
    pub async fn until(&self, what: &str, is_so: impl Fn(&watchwall_camsim::CameraCounters) -> bool) {
        let start = Instant::now();
        loop {
            let counters = self.farm.counters(0).unwrap();
            if is_so(&counters) {
                return;
            }
            assert!(start.elapsed() < PATIENCE, "{what} never came: {counters:?}");
            sleep(Duration::from_millis(20)).await;
        }
    }
}

/// Waits for a snapshot that satisfies a condition.
pub async fn until(ingest: &IngestHandle, what: &str, is_so: impl FnMut(&IngestSnapshot) -> bool) -> IngestSnapshot {
    let mut snapshots = ingest.snapshot();
    let found = timeout(PATIENCE, snapshots.wait_for(is_so)).await.map(|found| found.unwrap().clone());
    found.unwrap_or_else(|_| unreachable!("{what} never came: {:?}", *ingest.snapshot().borrow()))
}

pub async fn until_live(ingest: &IngestHandle) -> IngestSnapshot {
    until(ingest, "live", |s| s.phase == Phase::Live).await
}

/// Waits for a phase that carries this code; says which.
pub async fn until_code(ingest: &IngestHandle, code: ErrorCode) -> IngestSnapshot {
    until(ingest, code.as_str(), |s| match &s.phase {
        Phase::Waiting { reason, .. } => reason.code == code,
        Phase::NeedsAttention { reason } => reason.code == code,
        _ => false,
    })
    .await
}

/// Reads so many units, whichever track.
pub async fn read(subscription: &mut Subscription, count: usize) -> Vec<Arc<AccessUnit>> {
    let mut units = Vec::new();
    while units.len() < count {
        match timeout(PATIENCE, subscription.recv()).await.expect("units come") {
            Received::Unit(unit) => units.push(unit),
            Received::Lost { .. } => {}
            Received::Closed => unreachable!("closed after {} units", units.len()),
        }
    }
    units
}

/// Reads until a unit satisfies a condition; gives everything read.
pub async fn read_until(subscription: &mut Subscription, is_so: impl Fn(&AccessUnit) -> bool) -> Vec<Arc<AccessUnit>> {
    let mut units = read(subscription, 1).await;
    let start = Instant::now();
    while !units.last().is_some_and(|u| is_so(u)) {
        assert!(start.elapsed() < PATIENCE, "the unit never came");
        units.extend(read(subscription, 1).await);
    }
    units
}

pub fn viewer(ingest: &IngestHandle) -> Subscription {
    ingest.hub().subscribe(SubscriberClass::Live)
}

/// What holds for every stream, whatever the camera does.
pub fn check_times(units: &[Arc<AccessUnit>]) {
    for track in [watchwall_media::Track::Video, watchwall_media::Track::Audio] {
        let units: Vec<_> = units.iter().filter(|u| u.track == track).collect();
        for pair in units.windows(2) {
            assert!(pair[0].dts < pair[1].dts, "{track:?} decode times rise: {} {}", pair[0].dts, pair[1].dts);
            assert!(pair[0].sequence < pair[1].sequence);
        }
        assert!(units.iter().all(|u| u.dts <= u.pts));
    }
}
