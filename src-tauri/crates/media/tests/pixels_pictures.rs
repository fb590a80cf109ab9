//! Decoded pictures of a virtual camera: their times against the clock in the picture, and what becomes of them when
//! the camera changes or goes.
#![allow(clippy::unwrap_used, clippy::panic)]

use std::time::Duration;
use tokio::time::timeout;
use watchwall_camsim::{CameraSpec, Codec, Farm, FarmOptions, Fault, StreamSpec, clock_pattern};
use watchwall_media::{
    ingest::{IngestHandle, IngestOptions, IngestRequest, Interest, InterestKind, start_ingest},
    pixels::{Picture, PictureSpec, PictureStream, pictures},
};
use watchwall_model::{IngestEngine, SafeUrl, StreamPath, StreamRole, Transport, UtcMillis};

const PATIENCE: Duration = Duration::from_secs(30);

struct Bench {
    farm: Farm,
    ingest: IngestHandle,
    _interest: Interest,
    pictures: PictureStream,
}

impl Bench {
    async fn start(main: StreamSpec, spec: PictureSpec) -> Self {
        let farm = Farm::start(FarmOptions::new(vec![CameraSpec::new("Test", main)])).await.unwrap();
        let request = IngestRequest {
            path: StreamPath::parse("test").unwrap(),
            url: SafeUrl::split(&farm.rtsp_url(0, StreamRole::Main)).unwrap().0,
            credentials: None,
            engine: IngestEngine::Auto,
            transport: Transport::Auto,
            device_key: None,
        };
        let ingest = start_ingest(request, IngestOptions::default());
        let interest = ingest.interest(InterestKind::Recorder);
        let pictures = pictures(ingest.hub(), spec);
        Self { farm, ingest, _interest: interest, pictures }
    }

    async fn next(&mut self) -> Picture {
        timeout(PATIENCE, self.pictures.next()).await.unwrap().unwrap().unwrap()
    }

    async fn stop(self) {
        self.pictures.stop().await;
        self.ingest.stop().await;
        self.farm.shutdown().await;
    }
}

/// The first sender report may come after so many pictures: until then the arrival has to do.
const BY_ARRIVAL: usize = 15;

/// By how much the picture's time differs from the clock in it.
fn error_ms(picture: &Picture) -> i64 {
    let luma = picture.luma(picture.width).unwrap();
    let clock = clock_pattern::read(&luma.data, luma.width, luma.width).unwrap();
    let at = picture.capture_at.to_millis();
    at - clock_pattern::moment_near(clock, UtcMillis(at.0))
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_picture_knows_when_it_was_taken() {
    for codec in [Codec::H264, Codec::H265] {
        let live = StreamSpec { codec, ..StreamSpec::live(640, 360, 15) };
        let mut bench = Bench::start(live, PictureSpec::default()).await;
        let mut errors = Vec::new();
        let mut last = 0;
        for n in 0..40 {
            let picture = bench.next().await;
            assert_eq!((picture.width, picture.height), (640, 360));
            // A report may tell that pictures were taken before the last one came: then time stands until they are newer.
            let is_in_order = if n < BY_ARRIVAL { picture.capture_at.0 >= last } else { picture.capture_at.0 > last };
            assert!(is_in_order, "in order: {errors:?}");
            last = picture.capture_at.0;
            errors.push(error_ms(&picture));
        }
        let late = &errors[BY_ARRIVAL..];
        assert!(late.iter().all(|error| error.abs() < 66), "{codec:?}: under one picture of 15 a second: {errors:?}");
        let picture = bench.next().await;
        let small = picture.luma(320).unwrap();
        assert_eq!((small.width, small.height, small.data.len()), (320, 180, 320 * 180));
        let jpeg = picture.jpeg(180, 80, PATIENCE).await.unwrap();
        assert!(jpeg.starts_with(&[0xff, 0xd8, 0xff]) && jpeg.ends_with(&[0xff, 0xd9]));
        bench.stop().await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn so_many_a_second_and_on_after_every_change() {
    let mut bench = Bench::start(StreamSpec::live(320, 240, 15), PictureSpec { max_fps: 5 }).await;
    let first = bench.next().await.capture_at.0;
    for _ in 0..10 {
        bench.next().await;
    }
    let seconds = (bench.next().await.capture_at.0 - first) as f64 / 1e6;
    assert!((1.6..4.0).contains(&seconds), "eleven pictures, five a second: {seconds}");
    bench.farm.fault(0, Fault::ParameterChange { width: 176, height: 144 }).await.unwrap();
    let changed = async { while bench.next().await.width != 176 {} };
    timeout(PATIENCE, changed).await.unwrap();
    bench.farm.fault(0, Fault::Reboot { ms: 1_000 }).await.unwrap();
    let gone_at = bench.next().await.capture_at.0;
    let back = async { while bench.next().await.capture_at.0 < gone_at + 1_500_000 {} };
    timeout(PATIENCE, back).await.unwrap();
    bench.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_end_of_the_stream_is_the_end_of_its_pictures() {
    let mut bench = Bench::start(StreamSpec::live(320, 240, 15), PictureSpec::default()).await;
    bench.next().await;
    bench.ingest.stop().await;
    let end = async { while bench.pictures.next().await.is_some() {} };
    timeout(PATIENCE, end).await.unwrap();
    bench.stop().await;
}
