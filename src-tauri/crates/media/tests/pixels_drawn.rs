//! Something drawn onto the pictures of a virtual camera is in the coded pictures, in the right ones.
#![allow(clippy::unwrap_used, clippy::panic)]

use std::{sync::Arc, time::Duration};
use tokio::time::timeout;
use watchwall_camsim::{CameraSpec, Farm, FarmOptions, StreamSpec, clock_pattern};
use watchwall_media::{
    StreamParams, Track, UnitParts,
    hub::{BacklogLimits, Hub},
    ingest::{IngestOptions, IngestRequest, InterestKind, start_ingest},
    pixels::{Colour, DrawnSpec, Fill, PictureSpec, draw, pictures},
};
use watchwall_model::{IngestEngine, SafeUrl, StreamPath, StreamRole, Transport, UtcMillis};

const PATIENCE: Duration = Duration::from_secs(30);

/// Where the n-th picture is marked: one of five places at the right edge, below the clock.
fn place(n: usize) -> i32 {
    24 + 20 * (n % 5) as i32
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn each_drawing_is_on_its_own_picture() {
    let farm =
        Farm::start(FarmOptions::new(vec![CameraSpec::new("Test", StreamSpec::live(640, 360, 15))])).await.unwrap();
    let request = IngestRequest {
        path: StreamPath::parse("test").unwrap(),
        url: SafeUrl::split(&farm.rtsp_url(0, StreamRole::Main)).unwrap().0,
        credentials: None,
        engine: IngestEngine::Auto,
        transport: Transport::Auto,
        device_key: None,
    };
    let ingest = start_ingest(request, IngestOptions::default());
    let _interest = ingest.interest(InterestKind::Recorder);
    let mut source = pictures(ingest.hub(), PictureSpec::default());
    let spec = DrawnSpec { max_width: 640, max_height: 360, max_fps: 30, bitrate_kbps: 4_000, key_every_s: 1 };
    let (mut drawing, mut drawn) = draw(spec).await.unwrap();
    let (mut marked, mut coded) = (Vec::new(), Vec::new());
    while coded.len() < 24 {
        tokio::select! {
            picture = source.next() => {
                let picture = picture.unwrap().unwrap();
                let y = place(marked.len());
                let paint = move |width: u32, height: u32| {
                    assert_eq!((width, height), (640, 360));
                    let colour = Colour { y: 235, u: 128, v: 128 };
                    let dark = Fill { x: 600, y: 20, width: 40, height: 120, colour: Colour { y: 16, ..colour } };
                    vec![dark, Fill { x: 610, y, width: 20, height: 12, colour }]
                };
                if drawing.offer(&picture, paint).unwrap() {
                    marked.push((picture.capture_at, y));
                }
            }
            picture = drawn.recv() => coded.push(picture.unwrap().unwrap()),
        }
    }
    drawing.stop().await;
    source.stop().await;
    // Half as many pictures come as were asked for: a key frame is due by the clock, not by their number.
    let keys: Vec<i64> = coded.iter().filter(|picture| picture.is_key).map(|picture| picture.capture_at.0).collect();
    assert!(coded[0].is_key && keys.len() >= 2, "{keys:?}");
    assert!(keys.windows(2).all(|pair| pair[1] - pair[0] < 1_100_000), "{keys:?}");
    let video = &coded[0].video;
    assert_eq!((video.width, video.height, video.codec.as_str()), (640, 360, "h264"));

    // Decoded again: the mark stands where that picture's was, and the clock in the picture says that it is that picture.
    let hub = Hub::new(BacklogLimits::default());
    let mut again = pictures(Arc::clone(&hub), PictureSpec::default());
    let params = Arc::new(StreamParams::new(0, Some((**video).clone()), None));
    let mut looked_at = 0;
    for (n, picture) in (0..).zip(&coded) {
        hub.push(UnitParts {
            track: Track::Video,
            data: picture.data.clone(),
            is_key: picture.is_key,
            is_discontinuity: n == 0,
            pts: n * 6_000,
            dts: n * 6_000,
            duration: 6_000,
            capture_at: picture.capture_at,
            received_at: std::time::Instant::now(),
            sequence: 0,
            params: Arc::clone(&params),
        });
        // Decoders hold the newest back.
        if n < 8 {
            continue;
        }
        let decoded = timeout(PATIENCE, again.next()).await.unwrap().unwrap().unwrap();
        let luma = decoded.luma(640).unwrap();
        let (_, y) = marked.iter().find(|(at, _)| *at == decoded.capture_at).unwrap();
        let bright = |y: i32| luma.data[(y + 6) as usize * 640 + 620] > 180;
        assert_eq!((0..5).map(place).filter(|y| bright(*y)).collect::<Vec<_>>(), [*y]);
        let clock = clock_pattern::read(&luma.data, 640, 640).unwrap();
        let at = decoded.capture_at.to_millis();
        let error_ms = at - clock_pattern::moment_near(clock, UtcMillis(at.0));
        looked_at += usize::from(error_ms.abs() < 500);
    }
    assert!(looked_at >= 12, "only {looked_at}");
    again.stop().await;
    ingest.stop().await;
    farm.shutdown().await;
}
