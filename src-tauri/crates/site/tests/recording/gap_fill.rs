//! A whole site and a camera with a storage of its own: an outage is filled by itself, live pictures keep their session.

use futures::future::{BoxFuture, FutureExt};
use std::{
    io::Write,
    net::{Ipv4Addr, SocketAddr},
    path::Path,
    process::{Command, Stdio},
    sync::Arc,
    time::{Duration, Instant},
};
use watchwall_camsim::{CameraSpec, DeviceSpec, EdgeStorage, Farm, FarmOptions, Fault, StreamSpec, clock_pattern};
use watchwall_model::{
    ErrorCode, GapFillState, Plan, Secret, StreamPath, TimeRange, UtcMillis,
    config::{Config, HealthConfig},
};
use watchwall_site::{
    Site, SiteOptions,
    cameras::onboarding::{Added, Follower, JobOptions, NewRow},
    recording::{GapFillWish, TimelineTrack},
};
use watchwall_store::PageRequest;

const WITHIN: Duration = Duration::from_secs(120);
/// One of ten pictures a second, and how long it was on its way when it was live.
const EXACT_MS: i64 = 300;

struct Nobody;

impl Follower for Nobody {
    fn added<'a>(&'a self, _: &'a Added) -> BoxFuture<'a, ()> {
        std::future::ready(()).boxed()
    }

    fn attempted(&self, _: Duration, _: Result<(), ErrorCode>) {}
}

async fn camera(host: u8) -> Farm {
    let credentials = Some(("admin".to_owned(), Secret::new("a camera's password")));
    let main = StreamSpec { gop_ms: 2_000, ..StreamSpec::live(320, 180, 10) };
    let camera = CameraSpec { credentials, ..CameraSpec::new("Gate", main) };
    let at = SocketAddr::from((Ipv4Addr::new(127, 0, 8, host), 0));
    let edge_storage = Some(EdgeStorage { reaches_back: Duration::from_secs(3_600) });
    let device = DeviceSpec { edge_storage, ..DeviceSpec::new("Gate", vec![0]).at(at) };
    let farm = Farm::start(FarmOptions { devices: vec![device], ..FarmOptions::new(vec![camera]) }).await.unwrap();
    farm.ready().await.unwrap();
    farm
}

async fn site(folder: &Path, change: impl FnOnce(&mut Config)) -> Arc<Site> {
    let mut config = Config {
        health: HealthConfig { interval_ms: 1_000, first_after_ms: 200, ..HealthConfig::default() },
        ..Config::default()
    };
    change(&mut config);
    Site::start(SiteOptions { data_folder: folder.to_owned(), config }).await.unwrap()
}

async fn until<T>(what: &str, mut ask: impl AsyncFnMut() -> Option<T>) -> T {
    let begun = Instant::now();
    loop {
        if let Some(answer) = ask().await {
            return answer;
        }
        assert!(begun.elapsed() < WITHIN, "never: {what}");
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
}

/// Adds the device; the path of its only camera, which is recorded from now on.
async fn recorded(site: &Site, farm: &Farm) -> StreamPath {
    let row = NewRow {
        address: farm.device_url(0).unwrap(),
        username: Some("admin".into()),
        password: Some(Secret::new("a camera's password")),
        ..NewRow::default()
    };
    let options = JobOptions { records: false, ..JobOptions::default() };
    let job = site.cameras.start_onboarding(vec![(1, Ok(row))], options, Arc::new(Nobody)).unwrap();
    until("the device", async || job.is_over().then_some(())).await;
    let camera = site.cameras.all().await.unwrap().remove(0).camera;
    let path = camera.streams[0].path.clone();
    site.recording.put_plan(Plan { segment_minutes: 1, ..Plan::continuous(path.clone()) }).await.unwrap();
    path
}

async fn track(site: &Site, path: &StreamPath, from: UtcMillis, to: UtcMillis) -> TimelineTrack {
    let range = TimeRange::new(from, to).unwrap();
    site.recording.timeline(std::slice::from_ref(path), range, 0).await.unwrap().remove(0).1
}

/// Waits until so much is recorded; since when.
async fn recorded_for(site: &Site, path: &StreamPath, ms: i64) -> UtcMillis {
    until("a recording", async || {
        let now = UtcMillis::now();
        let track = track(site, path, now.saturating_add_ms(-600_000), now).await;
        let piece = track.coverage.last()?;
        (piece.duration_ms() >= ms).then_some(piece.start)
    })
    .await
}

/// What the pattern in a JPEG says; `None` without ffmpeg, which is said.
fn burnt_in(jpeg: &[u8], near: UtcMillis) -> Option<UtcMillis> {
    let mut command = Command::new("ffmpeg");
    command.args("-v error -f mjpeg -i pipe:0 -f rawvideo -pix_fmt gray pipe:1".split(' '));
    let started = command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn();
    let Ok(mut decoder) = started else {
        println!("skipped: ffmpeg is missing");
        return None;
    };
    let mut input = decoder.stdin.take().unwrap();
    let jpeg = jpeg.to_vec();
    let writing = std::thread::spawn(move || input.write_all(&jpeg));
    let luma = decoder.wait_with_output().unwrap().stdout;
    writing.join().unwrap().unwrap();
    let clock = clock_pattern::read(&luma, 320, 320).expect("a clock in the picture");
    Some(clock_pattern::moment_near(clock, near))
}

/// A range has its own picture at every step; the largest difference.
async fn check_pictures(site: &Site, path: &StreamPath, range: TimeRange, step_ms: usize) -> i64 {
    let mut worst = 0;
    // At the very start stand, for less than a millisecond, the pictures that the first one needs.
    for at in (range.start.0 + 5..range.end.0).step_by(step_ms).map(UtcMillis) {
        let picture = site.recording.frame_jpeg(path, at, None).await.unwrap();
        let Some(shown) = burnt_in(&picture.jpeg, at) else { return 0 };
        worst = worst.max((shown - at).abs());
        assert!((shown - at).abs() <= EXACT_MS, "the picture of {} shows {} ms later", at.0, shown - at);
    }
    worst
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_outage_is_filled_by_itself() {
    let farm = camera(1).await;
    let folder = tempfile::tempdir().unwrap();
    let site = site(folder.path(), |_| {}).await;
    let path = recorded(&site, &farm).await;
    let from = recorded_for(&site, &path, 4_000).await;
    farm.fault(0, Fault::Offline).await.unwrap();
    until("an outage", async || {
        let now = UtcMillis::now();
        let end = track(&site, &path, from, now).await.coverage.last()?.end;
        (now - end > 8_000).then_some(())
    })
    .await;
    farm.clear(0).await.unwrap();
    let back = Instant::now();
    until("the gap to be filled", async || {
        let track = track(&site, &path, from, UtcMillis::now()).await;
        (track.coverage.len() == 1 && track.gaps.is_empty() && !track.filled.is_empty()).then_some(())
    })
    .await;
    println!("filled {:?} after the camera was back", back.elapsed());
    let row = until("the end of the job", async || {
        let mut page = site.gap_fill.page(&PageRequest::default()).await.unwrap();
        assert_eq!(page.items.len(), 1);
        let row = page.items.remove(0).row;
        (row.state == GapFillState::Done).then_some(row)
    })
    .await;
    let filled = track(&site, &path, from, UtcMillis::now()).await.filled;
    assert!(filled.len() == 1 && filled[0].duration_ms() >= 7_000, "{filled:?}");
    assert!((row.filled_ms - filled[0].duration_ms()).abs() < 200 && row.read_bytes > 5_000, "{row:?}");
    // The files meet, and none lies over another.
    let around =
        TimeRange::new(filled[0].start.saturating_add_ms(-2_000), filled[0].end.saturating_add_ms(1_500)).unwrap();
    let mut files = site.store.segments().in_range(&path, around).await.unwrap();
    files.sort_by_key(|file| file.start);
    let seams: Vec<i64> = files.windows(2).map(|pair| pair[1].start - pair[0].end).collect();
    println!("{} files, from one to the next {seams:?} ms", files.len());
    assert!(files.len() >= 3 && seams.iter().all(|ms| (0..=5).contains(ms)), "{seams:?}");
    let worst = check_pictures(&site, &path, around, 500).await;
    println!("pictures of {} ms show their own time within {worst} ms", around.duration_ms());
    site.stop().await;
    farm.shutdown().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn live_pictures_keep_the_last_session_and_a_stop_costs_nothing() {
    let farm = camera(2).await;
    let folder = tempfile::tempdir().unwrap();
    let slow = |config: &mut Config| (config.recording.gap_fill, config.recording.gap_fill_kbps) = (false, 64);
    let first = site(folder.path(), slow).await;
    let path = recorded(&first, &farm).await;
    recorded_for(&first, &path, 1_000).await;
    farm.fault(0, Fault::SessionLimit { sessions: 1 }).await.unwrap();
    let end = UtcMillis::now().saturating_add_ms(-120_000);
    let range = TimeRange::new(end.saturating_add_ms(-60_000), end).unwrap();
    let wish = GapFillWish { path: path.clone(), from: range.start, to: range.end };
    let id = first.gap_fill.ask(wish, "anna").await.unwrap().row.id;
    let busy = until("the refusal", async || {
        let row = first.gap_fill.get(id).await.unwrap().row;
        row.problem.as_ref().is_some_and(|problem| problem.code == ErrorCode::CameraBusy).then_some(row)
    })
    .await;
    assert_eq!((busy.state, busy.attempts), (GapFillState::Waiting, 0));
    assert_eq!(farm.counters(0).unwrap().main.sessions_now, 1, "the live one");
    farm.clear(0).await.unwrap();
    // 64 kbit/s: it is on the way when the site stops.
    until("some of it", async || {
        let filled = track(&first, &path, range.start, range.end).await.filled;
        (!filled.is_empty()).then_some(())
    })
    .await;
    first.stop().await;
    drop(first);
    let second = site(folder.path(), |config| config.recording.gap_fill = false).await;
    until("the rest", async || {
        let row = second.gap_fill.get(id).await.unwrap().row;
        (row.state == GapFillState::Done).then_some(())
    })
    .await;
    let track = track(&second, &path, range.start, range.end).await;
    assert_eq!(track.coverage, [range]);
    let worst = check_pictures(&second, &path, range, 5_000).await;
    println!("a minute in two lives shows its own time within {worst} ms: {:?}", track.filled.len());
    second.stop().await;
    farm.shutdown().await;
}
