//! A recording, handed on by a real outlet, and what a node makes of it.

use crate::{
    Node, PATIENCE, camera,
    site::{Guest, Site, task},
};
use futures::future::{BoxFuture, FutureExt};
use std::{
    sync::Arc,
    time::{Duration, Instant},
};
use watchwall_camsim::walker;
use watchwall_engine::conformance::Recording;
use watchwall_engine_protocol::{AiResult, NodeMessage, StartTask, StreamAddress, TaskRange, TaskState};
use watchwall_media::{
    AccessUnit, UnitParts,
    hub::{Received, SubscriberClass},
    ingest::{IngestOptions, IngestRequest, InterestKind, start_ingest},
};
use watchwall_model::{
    IngestEngine, Problem, SafeUrl, StreamPath, StreamRole, TaskId, TimeRange, Transport, UtcMillis,
    config::OutletConfig,
};
use watchwall_site::outlet::{Granted, Outlet, OutletSource, OutletTap, Reel, Scope, Stretch, Way};

/// So much is filmed, as often as it fits into what is handed on.
const FILMED: usize = 9 * 15;
const COPIES: usize = 7;
/// For who only wants to see that it is looked at.
const GLIMPSE: usize = 3 * 15;

/// Some seconds of a virtual camera, one after the other until they are more than a minute.
pub struct Tape {
    filmed: Vec<Arc<AccessUnit>>,
    copies: usize,
    /// What is looked for.
    like: StartTask,
}

impl Tape {
    /// So short that it is looked at in no time.
    pub async fn glimpse() -> Arc<Self> {
        Self::film(GLIMPSE, 1).await
    }

    async fn film(pictures: usize, copies: usize) -> Arc<Self> {
        let farm = camera().await;
        let (url, _) = SafeUrl::split(&farm.rtsp_url(0, StreamRole::Main)).unwrap();
        let (engine, transport) = (IngestEngine::Auto, Transport::Tcp);
        let request = IngestRequest { path: path(), url, credentials: None, engine, transport, device_key: None };
        let ingest = start_ingest(request, IngestOptions::default());
        let _interest = ingest.interest(InterestKind::Recorder);
        let mut subscription = ingest.hub().subscribe(SubscriberClass::Recorder);
        let mut filmed: Vec<Arc<AccessUnit>> = Vec::new();
        while filmed.len() < pictures {
            match tokio::time::timeout(PATIENCE, subscription.recv()).await.unwrap() {
                Received::Unit(unit) if unit.is_video() && (unit.is_key || !filmed.is_empty()) => filmed.push(unit),
                Received::Unit(_) => {}
                other => panic!("{other:?}"),
            }
        }
        ingest.stop().await;
        let like = task(&farm, &["REGION_INTRUSION", "MOTION"]);
        farm.shutdown().await;
        Arc::new(Self { filmed, copies, like })
    }

    fn lasts_us(&self) -> i64 {
        let (first, last) = (&self.filmed[0], &self.filmed[self.filmed.len() - 1]);
        last.capture_at.0 - first.capture_at.0 + 66_667
    }

    /// Where the walker was at a moment of any copy.
    fn truth(&self, at: UtcMillis) -> [f32; 4] {
        let begun = self.filmed[0].capture_at;
        let since_us = (at.to_micros().0 - begun.0).rem_euclid(self.lasts_us());
        walker::place(640, 360, UtcMillis((begun.0 + since_us) / 1_000))
    }

    fn range(&self) -> TimeRange {
        let start = self.filmed[0].capture_at.to_millis();
        TimeRange::new(start, start.saturating_add_ms(self.lasts_us() * self.copies as i64 / 1_000)).unwrap()
    }

    /// For the kit, at an address of the outlet.
    pub fn recording(&self, address: &Granted) -> Recording {
        let range = TaskRange { from: self.range().start.0, to: self.range().end.0 };
        Recording { address: StreamAddress::new(address.address.reveal()), range }
    }

    pub fn hand_on(self: &Arc<Self>) -> (Outlet, Granted) {
        let outlet = Outlet::start(&OutletConfig::default(), Arc::new(Shelf(Arc::clone(self))));
        let here = Some([127, 0, 0, 1].into());
        let address =
            outlet.grant(&path(), Scope::Recorded(self.range()), Way { from: here, to: here }, "trial").unwrap();
        (outlet, address)
    }
}

fn path() -> StreamPath {
    StreamPath::parse("cam_yard_main").unwrap()
}

struct Shelf(Arc<Tape>);

impl OutletSource for Shelf {
    fn open(&self, _: &StreamPath) -> Option<OutletTap> {
        None
    }

    fn reel(&self, _: &StreamPath, _: Stretch) -> Option<Box<dyn Reel>> {
        Some(Box::new(Played { tape: Arc::clone(&self.0), next: 0 }))
    }
}

struct Played {
    tape: Arc<Tape>,
    next: usize,
}

impl Reel for Played {
    fn next(&mut self) -> BoxFuture<'_, Result<Option<Arc<AccessUnit>>, Problem>> {
        let (tape, n) = (&self.tape, self.next);
        self.next += 1;
        let copy = n / tape.filmed.len();
        let unit = (copy < tape.copies).then(|| {
            let unit = &tape.filmed[n % tape.filmed.len()];
            let later_us = tape.lasts_us() * copy as i64;
            let first = &tape.filmed[0];
            Arc::new(AccessUnit::new(UnitParts {
                track: unit.track,
                data: unit.data.clone(),
                is_key: unit.is_key,
                is_discontinuity: n == 0,
                pts: unit.pts - first.pts + later_us * 90_000 / 1_000_000,
                dts: unit.dts - first.dts + later_us * 90_000 / 1_000_000,
                duration: unit.duration,
                capture_at: watchwall_model::UtcMicros(unit.capture_at.0 + later_us),
                received_at: Instant::now(),
                sequence: n as u64,
                params: Arc::clone(&first.params),
            }))
        });
        async move { Ok(unit) }.boxed()
    }
}

fn trial(tape: &Tape, address: &Granted) -> StartTask {
    let range = tape.range();
    StartTask {
        task_id: TaskId::FIRST_TRIAL,
        rtsp: StreamAddress::new(address.address.reveal()),
        range: Some(TaskRange { from: range.start.0, to: range.end.0 }),
        ..tape.like.clone()
    }
}

/// All that is said of a trial up to its end, and how that was.
async fn to_the_end(guest: &mut Guest, scenes: usize) -> (Vec<AiResult>, Vec<TaskState>) {
    let (mut results, mut ends) = (Vec::new(), Vec::new());
    while ends.len() < scenes {
        guest
            .find(PATIENCE, |message| match message {
                NodeMessage::Result(result) => {
                    results.push(result);
                    Some(())
                }
                NodeMessage::Status(status) => {
                    ends.push(status.state);
                    Some(())
                }
                _ => None,
            })
            .await;
    }
    (results, ends)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_recorded_minute_is_looked_at_in_well_under_one() {
    let tape = Tape::film(FILMED, COPIES).await;
    let (outlet, address) = tape.hand_on();
    let site = Site::open().await;
    let node = Node::start(&site.url());
    let mut guest = site.guest().await;
    assert!(guest.register.can_archive);
    let mut wish = trial(&tape, &address);
    wish.params.result_fps = 5;
    let begun = Instant::now();
    guest.start(wish).await;
    let (results, ends) = to_the_end(&mut guest, 2).await;
    let took = begun.elapsed();
    let recorded = Duration::from_millis(tape.range().duration_ms().unsigned_abs());
    println!(
        "{recorded:?} of 640x360 at 15 pictures a second in {took:?}: {:.1} times as fast as it was filmed",
        recorded.as_secs_f64() / took.as_secs_f64()
    );
    assert!(recorded > Duration::from_secs(60) && took < recorded / 2, "{recorded:?} in {took:?}");
    assert_eq!(ends, [TaskState::Stopped; 2]);
    // In the order they were taken, to the end, and none left out.
    assert!(results.windows(2).all(|pair| pair[0].at < pair[1].at));
    assert!(results.iter().all(|result| tape.range().contains(result.at) && result.task == TaskId::FIRST_TRIAL));
    let last = results[results.len() - 1].at;
    assert!(tape.range().end - last < 2_000, "{last:?} of {:?}", tape.range());
    // Every copy of the film has its intruder, where it was.
    let of = |code: &str| {
        results
            .iter()
            .flat_map(|result| &result.scenes)
            .filter(|scene| scene.scene.as_str() == code && scene.is_alarm)
            .count()
    };
    assert!(of("REGION_INTRUSION") >= COPIES - 1, "{} intruders", of("REGION_INTRUSION"));
    let (mut seen, mut right) = (0, 0);
    for result in &results {
        let truth = tape.truth(result.at);
        for object in result.scenes.iter().flat_map(|scene| &scene.objects) {
            seen += 1;
            right += usize::from((object.bbox.centre().x - truth[0] - truth[2] / 2.0).abs() < 0.03);
        }
    }
    assert!(seen > 50 && right * 10 >= seen * 9, "{right} of {seen}");
    node.stop().await;
    outlet.stop().await;
}
