//! A recording through the outlet to a client: every picture with its time, over gaps and changes, to a clear end.

use crate::recording_support::{Bench, Farm, Footage, path, until};
use bytes::Bytes;
use futures::future::{BoxFuture, FutureExt};
use std::{
    slice,
    sync::Arc,
    time::{Duration, Instant},
};
use watchwall_media::{
    AccessUnit, StreamParams, VideoParams,
    hub::Hub,
    ingest::{Bandwidth, IngestOptions, ReplayDialect, ReplayRequest, replay},
    pixels,
};
use watchwall_model::{
    ErrorCode, Plan, Problem, SafeUrl, StreamPath, TimeRange, UtcMillis, VideoCodec, config::OutletConfig,
};
use watchwall_site::{
    outlet::{Begin, Granted, Outlet, OutletSource, OutletTap, Reel, Scope, Stretch, Way},
    recording::{RecordedReel, Recording, ReelStart},
};

/// The recordings as the site would hand them on.
struct Shelf(Recording);

impl OutletSource for Shelf {
    fn open(&self, _: &StreamPath) -> Option<OutletTap> {
        None
    }

    fn reel(&self, path: &StreamPath, stretch: Stretch) -> Option<Box<dyn Reel>> {
        let start = match stretch.begin {
            Begin::Covering => ReelStart::Covering,
            Begin::After => ReelStart::After,
        };
        Some(Box::new(Played(self.0.open_reel(path, stretch.range, start))))
    }
}

struct Played(RecordedReel);

impl Reel for Played {
    fn next(&mut self) -> BoxFuture<'_, Result<Option<Arc<AccessUnit>>, Problem>> {
        self.0.next().boxed()
    }
}

/// 4 s, then 5 s of nothing, then 6 s in another size, then 5 s of nothing, then 2 s of single JPEGs.
struct Recorded {
    bench: Bench,
    outlet: Outlet,
    start: UtcMillis,
    _folder: tempfile::TempDir,
}

/// What a client got: milliseconds of the pictures, their widths, and the reason of the goodbye.
type Got = (Vec<i64>, Vec<u32>, Option<String>);

impl Recorded {
    async fn make() -> Option<Self> {
        let (small, large) = (Footage::encode()?, Footage::encode_as("640x360")?);
        let folder = tempfile::tempdir().unwrap();
        let farm = Farm::new(1);
        let bench = Bench::start(folder.path(), &farm).await;
        bench.recording.put_plan(Plan::continuous(path(0))).await.unwrap();
        let hub = farm.hub(0);
        until("subscription", 20, || async { (hub.statistics().recorder_subscribers > 0).then_some(()) }).await;
        let start = UtcMillis((UtcMillis::now().0 - 600_000) / 600_000 * 600_000 + 60_000);
        push(&hub, &small, start, 0..100);
        push(&hub, &large, start, 225..375);
        push(&hub, &jpegs(&small).await, start, 500..550);
        let store = bench.store.clone();
        until("files", 30, || async {
            let range = TimeRange::new(start, start.saturating_add_ms(60_000)).unwrap();
            let segments = store.segments().in_range(&path(0), range).await.unwrap();
            (segments.len() == 3 && segments[2].end - start >= 21_900).then_some(())
        })
        .await;
        let outlet = Outlet::start(&OutletConfig::default(), Arc::new(Shelf(bench.recording.clone())));
        Some(Self { bench, outlet, start, _folder: folder })
    }

    fn range(&self, from_ms: i64, to_ms: i64) -> TimeRange {
        TimeRange::new(self.start.saturating_add_ms(from_ms), self.start.saturating_add_ms(to_ms)).unwrap()
    }

    fn address(&self, from_ms: i64, to_ms: i64) -> Granted {
        let here = Some([127, 0, 0, 1].into());
        let scope = Scope::Recorded(self.range(from_ms, to_ms));
        self.outlet.grant(&path(0), scope, Way { from: here, to: here }, &format!("{from_ms} {to_ms}")).unwrap()
    }

    /// All that is at an address, or behind it from a moment on.
    async fn read(&self, address: &Granted, from_ms: Option<i64>) -> Result<Got, ErrorCode> {
        let rest = from_ms.map(|ms| format!("/{}", self.start.0 + ms)).unwrap_or_default();
        let (url, _) = SafeUrl::split(&format!("{}{rest}", address.address.reveal())).unwrap();
        let request = ReplayRequest {
            path: path(0),
            url,
            credentials: None,
            device_key: None,
            range: self.range(0, 1),
            clock_offset_ms: 0,
            dialect: ReplayDialect::Site,
        };
        let opened = replay(&request, &IngestOptions::default(), Bandwidth::new(u32::MAX)).await;
        let mut session = opened.map_err(|problem| problem.code)?;
        let (mut times, mut widths) = (Vec::new(), Vec::new());
        while let Some(unit) = session.next().await.map_err(|problem| problem.code)? {
            assert!(unit.is_key || !times.is_empty(), "the first picture cannot be decoded");
            // Reports say it to the microsecond, but for what NTP rounds.
            times.push((unit.capture_at.0 + 500).div_euclid(1_000) - self.start.0);
            let width = unit.params.video.as_ref().unwrap().width;
            if widths.last() != Some(&width) {
                widths.push(width);
            }
        }
        let farewell = session.farewell().map(str::to_owned);
        session.stop().await;
        Ok((times, widths, farewell))
    }

    async fn stop(self) {
        self.outlet.stop().await;
        self.bench.stop().await;
    }
}

/// The same footage as single pictures, all alike.
async fn jpegs(footage: &Footage) -> Footage {
    let unit = Arc::new(AccessUnit::new(footage.unit(0, UtcMillis(0).to_micros())));
    let jpeg: Bytes = pixels::snapshot(&footage.params, &[unit], None, 80, Duration::from_secs(10)).await.unwrap();
    let video = VideoParams {
        codec: VideoCodec::Mjpeg,
        codec_string: "mjpeg".into(),
        config: Bytes::new(),
        ..footage.params.video.clone().unwrap()
    };
    Footage { params: Arc::new(StreamParams::new(3, Some(video), None)), frames: vec![(jpeg, true)] }
}

/// Frames of 40 ms, counted from `start`; the first is a key frame.
fn push(hub: &Hub, footage: &Footage, start: UtcMillis, frames: std::ops::Range<usize>) {
    for n in frames.clone() {
        let mut unit = footage.unit(n - frames.start, start.saturating_add_ms(n as i64 * 40).to_micros());
        unit.pts = n as i64 * 3_600;
        unit.dts = unit.pts;
        unit.is_discontinuity = n == frames.start;
        hub.push(unit);
    }
}

fn every_40_ms(ranges: &[std::ops::Range<i64>]) -> Vec<i64> {
    ranges.iter().flat_map(|range| range.clone().step_by(40)).collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_range_comes_whole_with_its_times_as_fast_as_it_is_read() {
    let Some(recorded) = Recorded::make().await else { return };
    let address = recorded.address(3_000, 12_000);
    let begun = Instant::now();
    let got = recorded.read(&address, None).await.unwrap();
    let took = begun.elapsed();
    // From the key frame before the start, over the gap, in another size in the same session, up to the end.
    assert_eq!(got, (every_40_ms(&[2_000..4_000, 9_000..12_000]), vec![320, 640], Some(String::new())));
    assert!(took < Duration::from_secs(5), "ten seconds took {took:?}");
    // More than once, while its pass lives.
    assert_eq!(recorded.read(&address, None).await.unwrap(), got);
    let Granted { address, pass } = address;
    drop(pass);
    let without = recorded.address(0, 1_000);
    let dead = Granted { address, pass: without.pass };
    assert_eq!(recorded.read(&dead, None).await, Err(ErrorCode::StreamPathUnknown));
    // Nothing was recorded then.
    let nothing = recorded.address(30_000, 40_000);
    assert_eq!(recorded.read(&nothing, None).await, Err(ErrorCode::StreamPathUnknown));
    recorded.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_rest_in_another_codec_is_asked_for_anew() {
    let Some(recorded) = Recorded::make().await else { return };
    let address = recorded.address(9_000, 60_000);
    let (times, _, farewell) = recorded.read(&address, None).await.unwrap();
    assert_eq!((times, farewell.as_deref()), (every_40_ms(slice::from_ref(&(9_000..15_000))), Some("coded otherwise")));
    let (times, _, farewell) = recorded.read(&address, Some(14_961)).await.unwrap();
    assert_eq!((times, farewell.as_deref()), (every_40_ms(slice::from_ref(&(20_000..22_000))), Some("")));
    assert_eq!(recorded.read(&address, Some(21_961)).await, Err(ErrorCode::StreamPathUnknown));
    recorded.stop().await;
}
