//! Virtual cameras, the ingests that pull them, and the outlet that hands them on.

use std::{
    collections::BTreeMap,
    future::Future,
    sync::{Arc, Mutex},
    time::Duration,
};
use watchwall_camsim::{CameraCounters, CameraSpec, Farm, FarmOptions, StreamSpec};
use watchwall_media::{
    AccessUnit,
    hub::{Hub, Received, SubscriberClass},
    ingest::{IngestHandle, IngestOptions, IngestRequest, Interest, InterestKind, start_ingest},
};
use watchwall_model::{
    IngestEngine, SafeUrl, StreamPath, StreamRole, Transport,
    config::{IngestConfig, OutletConfig},
};
use watchwall_site::outlet::{Granted, Outlet, OutletSource, OutletTap, Pass, Way};

pub const PATIENCE: Duration = Duration::from_secs(30);

/// 320x180 at 10 frames per second, one key frame in four seconds.
pub const fn long_gop() -> StreamSpec {
    StreamSpec { gop_ms: 4_000, ..StreamSpec::replay(320, 180, 10, 200) }
}

pub struct Bench {
    pub farm: Farm,
    pub outlet: Outlet,
    ingests: Arc<Ingests>,
    /// Of addresses that were asked for: they stay good.
    passes: Mutex<Vec<Arc<Pass>>>,
}

/// The cameras' ingests, as the site would keep them.
struct Ingests(BTreeMap<StreamPath, IngestHandle>);

impl OutletSource for Ingests {
    fn open(&self, path: &StreamPath) -> Option<OutletTap> {
        let ingest = self.0.get(path)?;
        Some(OutletTap { hub: ingest.hub(), interest: Box::new(ingest.interest(InterestKind::Gateway)) })
    }
}

impl Bench {
    pub async fn start(streams: &[StreamSpec]) -> Self {
        let cameras = streams.iter().enumerate().map(|(n, stream)| CameraSpec::new(format!("{n}"), stream.clone()));
        let farm = Farm::start(FarmOptions::new(cameras.collect())).await.unwrap();
        farm.ready().await.unwrap();
        let ingest = |n| {
            let url = farm.rtsp_url(n, StreamRole::Main);
            (path(n), pull(&path(n), &url, IngestEngine::Retina, Transport::Tcp))
        };
        let ingests = Arc::new(Ingests((0..streams.len()).map(ingest).collect()));
        let outlet = Outlet::start(&OutletConfig::default(), Arc::<Ingests>::clone(&ingests));
        Self { farm, outlet, ingests, passes: Mutex::default() }
    }

    /// One camera.
    pub async fn with(stream: StreamSpec) -> Self {
        Self::start(&[stream]).await
    }

    /// Where a client of this machine finds a camera's stream, for as long as the bench stands.
    pub fn address(&self, n: usize) -> String {
        let mut passes = self.passes.lock().unwrap();
        let (address, pass) = self.granted(n, &format!("client {}", passes.len()));
        passes.push(pass);
        address
    }

    /// The same while its pass is held.
    pub fn granted(&self, n: usize, holder: &str) -> (String, Arc<Pass>) {
        let here = Some([127, 0, 0, 1].into());
        let Granted { address, pass } = self.outlet.grant(&path(n), Way { from: here, to: here }, holder).unwrap();
        (address.reveal().to_owned(), pass)
    }

    pub fn hub(&self, n: usize) -> Arc<Hub> {
        self.ingests.0[&path(n)].hub()
    }

    pub fn counters(&self, n: usize) -> CameraCounters {
        self.farm.counters(n).unwrap()
    }

    /// Somebody else wants the stream: it is there before the outlet asks.
    pub async fn watched(&self, n: usize) -> Interest {
        let interest = self.ingests.0[&path(n)].interest(InterestKind::Recorder);
        until("the camera's picture", || (!self.hub(n).gop().is_empty()).then_some(())).await;
        interest
    }

    pub async fn stop(self) {
        self.outlet.stop().await;
        for ingest in self.ingests.0.values() {
            ingest.stop().await;
        }
        self.farm.shutdown().await;
    }
}

pub fn path(n: usize) -> StreamPath {
    StreamPath::parse(&format!("cam_10_0_0_{n}_ch1_main")).unwrap()
}

/// An ingest of an address, by one engine; it leaves soon after nobody wants it.
pub fn pull(path: &StreamPath, url: &str, engine: IngestEngine, transport: Transport) -> IngestHandle {
    let config = IngestConfig { drain_after_ms: 200, ..IngestConfig::default() };
    let (url, _) = SafeUrl::split(url).unwrap();
    let request = IngestRequest { path: path.clone(), url, credentials: None, engine, transport, device_key: None };
    start_ingest(request, IngestOptions::from(&config))
}

/// All that comes through a hub, for as long as this lives.
pub struct Tape {
    units: Arc<Mutex<Vec<Arc<AccessUnit>>>>,
    task: tokio::task::JoinHandle<()>,
}

impl Tape {
    pub fn of(hub: &Arc<Hub>) -> Self {
        let units: Arc<Mutex<Vec<Arc<AccessUnit>>>> = Arc::default();
        let mut subscription = hub.subscribe(SubscriberClass::Recorder);
        let kept = Arc::clone(&units);
        let task = tokio::spawn(async move {
            loop {
                match subscription.recv().await {
                    Received::Unit(unit) => kept.lock().unwrap().push(unit),
                    Received::Lost { units, .. } => panic!("{units} units were lost"),
                    Received::Closed => return,
                }
            }
        });
        Self { units, task }
    }

    pub fn units(&self) -> Vec<Arc<AccessUnit>> {
        self.units.lock().unwrap().clone()
    }

    pub async fn of_length(&self, units: usize) -> Vec<Arc<AccessUnit>> {
        until("pictures", || Some(self.units()).filter(|all| all.len() >= units)).await
    }
}

impl Drop for Tape {
    fn drop(&mut self) {
        self.task.abort();
    }
}

pub async fn within<T>(what: &str, work: impl Future<Output = T>) -> T {
    tokio::time::timeout(PATIENCE, work).await.unwrap_or_else(|_| panic!("not in time: {what}"))
}

/// Waits for a condition.
pub async fn until<T>(what: &str, mut look: impl FnMut() -> Option<T>) -> T {
    within(what, async {
        loop {
            if let Some(found) = look() {
                return found;
            }
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    })
    .await
}
