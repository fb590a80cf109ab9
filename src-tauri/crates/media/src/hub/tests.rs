use super::*;
use crate::{Track, VideoParams};
use bytes::Bytes;
use watchwall_model::VideoCodec;

struct Source {
    params: Arc<StreamParams>,
    start: Instant,
    n: i64,
}

impl Source {
    fn new() -> Self {
        let video = VideoParams {
            codec: VideoCodec::H264,
            codec_string: "avc1.42001f".into(),
            width: 64,
            height: 64,
            frame_rate: 25.0,
            clock_rate: 90_000,
            config: Bytes::new(),
            max_reorder_frames: 0,
        };
        Self { params: Arc::new(StreamParams::new(0, Some(video), None)), start: Instant::now(), n: 0 }
    }

    /// One picture of `bytes`, 40 ms after the one before it; number `n` was taken at `n * 40` ms.
    fn unit(&mut self, is_key: bool, bytes: usize) -> UnitParts {
        let n = self.n;
        self.n += 1;
        UnitParts {
            track: Track::Video,
            data: Bytes::from(vec![0; bytes]),
            is_key,
            is_discontinuity: false,
            pts: n * 3600,
            dts: n * 3600,
            duration: 3600,
            capture_at: UtcMicros(n * 40_000),
            received_at: self.start + Duration::from_millis(40 * n as u64),
            sequence: 0,
            params: Arc::clone(&self.params),
        }
    }

    /// Pushes pictures by pattern: `K` a key frame, `p` another, 1000 bytes each.
    fn push(&mut self, hub: &Hub, pattern: &str) {
        for kind in pattern.chars() {
            let unit = self.unit(kind == 'K', 1000);
            hub.push(unit);
        }
    }
}

fn limits(ring_ms: u64) -> BacklogLimits {
    BacklogLimits { ring: Duration::from_millis(ring_ms), ..BacklogLimits::default() }
}

fn sequences(units: &[Arc<AccessUnit>]) -> Vec<u64> {
    units.iter().map(|u| u.sequence).collect()
}

/// Everything waiting: units as their sequence, losses as negative counts.
fn drain(subscription: &mut Subscription) -> Vec<i64> {
    let mut out = Vec::new();
    while let Some(received) = subscription.try_recv() {
        match received {
            Received::Unit(unit) => out.push(unit.sequence as i64),
            Received::Lost { units, .. } => out.push(-(units as i64)),
            Received::Closed => break,
        }
    }
    out
}

#[test]
fn the_gop_cache_is_the_current_gop() {
    let check = |pattern: &str, expect: &[u64]| {
        let hub = Hub::new(limits(0));
        Source::new().push(&hub, pattern);
        assert_eq!(sequences(&hub.gop()), expect, "{pattern}");
    };
    check("", &[]);
    check("ppp", &[]);
    check("ppKp", &[2, 3]);
    check("KppKpp", &[3, 4, 5]);
    check("KK", &[1]);
}

#[test]
fn the_ring_keeps_whole_gops_that_cover_its_length() {
    let check = |ring_ms, pattern: &str, expect_start: u64| {
        let hub = Hub::new(limits(ring_ms));
        Source::new().push(&hub, pattern);
        assert_eq!(sequences(&hub.ring_since(UtcMicros(0))).first(), Some(&expect_start), "{ring_ms} {pattern}");
    };
    check(0, "KppKppKpp", 6);
    check(100, "KppKppKpp", 3); // newest is 320 ms; the key at 240 ms covers 80 ms only
    check(160, "KppKppKpp", 3);
    check(10_000, "KppKppKpp", 0);
}

#[test]
fn the_ring_is_widened_for_who_asks_and_shrinks_again() {
    let hub = Hub::new(BacklogLimits { ring_bytes: 100_000, ..limits(1_000) });
    let mut source = Source::new();
    let mut start = |ring_ms: u64, pattern: &str| {
        hub.keep_at_least(Duration::from_millis(ring_ms));
        source.push(&hub, pattern);
        sequences(&hub.ring_since(UtcMicros(0)))[0]
    };
    // A key frame every 120 ms; bytes for 80 pictures.
    assert_eq!(start(0, &"Kpp".repeat(50)), 123);
    assert_eq!(start(4_000, &"Kpp".repeat(50)), 198);
    assert_eq!(start(500, ""), 273);
    hub.set_limits(limits(0));
    assert_eq!(start(0, ""), 297);
}

#[test]
fn instant_replay_starts_at_the_key_frame_before_the_moment() {
    let hub = Hub::new(limits(10_000));
    Source::new().push(&hub, "KppKppKpp");
    assert_eq!(sequences(&hub.ring_since(UtcMicros(200_000)))[0], 3);
    assert_eq!(sequences(&hub.ring_since(UtcMicros(-5)))[0], 0);
    let mut replay = hub.subscribe_since(SubscriberClass::Live, UtcMicros(200_000));
    assert_eq!(drain(&mut replay), [3, 4, 5, 6, 7, 8]);
}

#[test]
fn bytes_bound_ring_and_gop() {
    let hub = Hub::new(BacklogLimits { ring_bytes: 5_000, ..limits(60_000) });
    let mut source = Source::new();
    source.push(&hub, "KppKppKpp");
    assert_eq!(sequences(&hub.ring_since(UtcMicros(0))), [6, 7, 8]);
    hub.set_limits(BacklogLimits { gop_units: 4, ..limits(0) });
    source.push(&hub, "Kppppp");
    assert!(hub.gop().is_empty(), "a GOP past its bound is not kept");
    source.push(&hub, "Kp");
    assert_eq!(hub.gop().len(), 2);
}

#[test]
fn a_viewer_starts_with_the_gop_and_goes_on() {
    let (hub, mut source) = (Hub::new(limits(0)), Source::new());
    source.push(&hub, "KppKp");
    let mut viewer = hub.subscribe(SubscriberClass::Live);
    source.push(&hub, "pK");
    assert_eq!(drain(&mut viewer), [3, 4, 5, 6]);
}

#[test]
fn without_a_gop_a_viewer_starts_at_the_next_key_frame_and_nothing_counts_as_lost() {
    let (hub, mut source) = (Hub::new(limits(0)), Source::new());
    let mut viewer = hub.subscribe(SubscriberClass::Live);
    source.push(&hub, "ppKp");
    assert_eq!(drain(&mut viewer), [2, 3]);
    assert_eq!(viewer.lost_units(), 0);
}

#[test]
fn a_slow_viewer_falls_forward_to_a_key_frame() {
    let (hub, mut source) = (Hub::new(limits(0)), Source::new());
    let mut viewer = hub.subscribe(SubscriberClass::Live);
    source.push(&hub, "K");
    source.push(&hub, &"p".repeat(511));
    source.push(&hub, "pppKp");
    let got = drain(&mut viewer);
    assert_eq!(got, [-515, 515, 516]);
    assert_eq!(viewer.lost_units(), 515);
}

#[test]
fn a_slow_viewer_keeps_the_newest_key_frame_it_has() {
    let (hub, mut source) = (Hub::new(limits(0)), Source::new());
    let mut viewer = hub.subscribe(SubscriberClass::Live);
    source.push(&hub, "K");
    source.push(&hub, &"p".repeat(509));
    source.push(&hub, "Kpp");
    assert_eq!(drain(&mut viewer), [-510, 510, 511, 512]);
}

#[test]
fn a_slow_recorder_keeps_its_queue_and_counts_the_gap() {
    let (hub, mut source) = (Hub::new(limits(0)), Source::new());
    let mut recorder = hub.subscribe(SubscriberClass::Recorder);
    source.push(&hub, "K");
    source.push(&hub, &"p".repeat(8_191 + 10));
    let mut first = Vec::new();
    assert_eq!(recorder.drain(&mut first, 100), 100);
    source.push(&hub, "ppKp");
    let rest = drain(&mut recorder);
    assert_eq!(rest.len(), 8_192 - 100 + 3);
    assert_eq!(rest[8_092..], [-12, 8_204, 8_205]);
}

#[test]
fn analytics_sees_the_newest_picture_only() {
    let (hub, mut source) = (Hub::new(limits(0)), Source::new());
    let mut node = hub.subscribe(SubscriberClass::Latest);
    source.push(&hub, "Kppp");
    assert_eq!(drain(&mut node), [3]);
    assert_eq!(node.lost_units(), 3);
}

#[test]
fn dropping_everything_frees_everything() {
    let (hub, mut source) = (Hub::new(limits(0)), Source::new());
    source.push(&hub, "Kp");
    let weak = Arc::downgrade(&hub.gop()[0]);
    let viewer = hub.subscribe(SubscriberClass::Live);
    assert_eq!(hub.statistics().live_subscribers, 1);
    source.push(&hub, "K");
    assert!(weak.upgrade().is_some(), "the viewer still holds it");
    drop(viewer);
    assert!(weak.upgrade().is_none());
    assert_eq!(hub.statistics().live_subscribers, 0);
}

#[tokio::test]
async fn a_waiting_reader_is_woken_by_units_and_by_the_end() {
    let (hub, mut source) = (Hub::new(limits(0)), Source::new());
    let mut viewer = hub.subscribe(SubscriberClass::Live);
    let reader = tokio::spawn(async move {
        let mut seen = 0;
        while let Received::Unit(_) = viewer.recv().await {
            seen += 1;
        }
        seen
    });
    tokio::task::yield_now().await;
    source.push(&hub, "Kp");
    tokio::task::yield_now().await;
    source.push(&hub, "p");
    hub.close();
    assert_eq!(tokio::time::timeout(Duration::from_secs(5), reader).await.unwrap().unwrap(), 3);
}

#[tokio::test]
async fn a_batching_reader_is_woken_once_per_batch_or_key_frame() {
    let (hub, mut source) = (Hub::new(limits(0)), Source::new());
    let mut recorder = hub.subscribe(SubscriberClass::Recorder);
    recorder.wake_every(4);
    let mut next = tokio_test_poll(&mut recorder);
    assert!(!next.wakes_after(|| source.push(&hub, "")));
    assert!(next.wakes_after(|| source.push(&hub, "K")));
}

/// Polls a reader by hand and says whether it was woken.
struct HandPolled<'a> {
    subscription: &'a mut Subscription,
    woken: Arc<std::sync::atomic::AtomicBool>,
}

fn tokio_test_poll(subscription: &mut Subscription) -> HandPolled<'_> {
    HandPolled { subscription, woken: Arc::default() }
}

impl HandPolled<'_> {
    fn wakes_after(&mut self, act: impl FnOnce()) -> bool {
        struct Flag(Arc<std::sync::atomic::AtomicBool>);
        impl std::task::Wake for Flag {
            fn wake(self: Arc<Self>) {
                self.0.store(true, std::sync::atomic::Ordering::SeqCst);
            }
        }
        self.woken.store(false, std::sync::atomic::Ordering::SeqCst);
        let waker = Waker::from(Arc::new(Flag(Arc::clone(&self.woken))));
        let mut context = std::task::Context::from_waker(&waker);
        let mut next = std::pin::pin!(self.subscription.recv());
        assert!(next.as_mut().poll(&mut context).is_pending());
        act();
        self.woken.load(std::sync::atomic::Ordering::SeqCst)
    }
}

#[test]
fn figures_follow_the_stream() {
    let (hub, mut source) = (Hub::new(limits(0)), Source::new());
    for _ in 0..6 {
        source.push(&hub, "Kppppppppppppppppppppppppp"[..25].as_ref());
    }
    let stats = hub.statistics();
    assert_eq!((stats.video_units, stats.key_frames, stats.gop_units, stats.gop_ms), (150, 6, 25, 1_000));
    assert_eq!(stats.kept_units, 25);
}
