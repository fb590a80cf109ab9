use super::*;
use std::sync::atomic::{AtomicBool, Ordering::SeqCst};
use watchwall_model::{AiScene, AiTaskParams, CameraId, DispatchMode, SceneCode, StreamRole};

const NODE: NodeId = NodeId(1);

fn task() -> AiTask {
    AiTask {
        id: TaskId(7),
        version: 1,
        name: "Gate".into(),
        camera: CameraId(1),
        stream: StreamRole::Sub,
        scenes: vec![AiScene::whole(SceneCode::parse("MOTION").unwrap())],
        dispatch: DispatchMode::Mixed,
        confidence: 0.5,
        params: AiTaskParams { output_fps: 10, bitrate_kbps: 800, ..AiTaskParams::default() },
        alarm_enabled: true,
        level: 3,
        push: None,
        schedule: None,
        enabled: true,
        updated_at: UtcMillis(0),
    }
}

struct There(Arc<AtomicBool>);

impl Published for There {
    fn is_live(&self) -> bool {
        self.0.load(SeqCst)
    }
}

struct Bench {
    previews: Previews,
    nudged: mpsc::Receiver<Command>,
    is_live: Arc<AtomicBool>,
}

impl Bench {
    fn new() -> Self {
        let (commands, nudged) = mpsc::channel(4);
        Self { previews: Previews::new(commands), nudged, is_live: Arc::default() }
    }

    fn open(&self) -> PreviewTap {
        self.previews.open(TaskId(7), &preview_path(TaskId(7)).unwrap())
    }

    /// What the node is told.
    fn keep(&self, maker: Maker, can_reach: bool) -> Vec<Said> {
        let mut told = Vec::new();
        self.previews.keep(
            |_| (maker, (maker != Maker::NoTask).then(task)),
            |path, _, node| {
                assert_eq!(node, NODE);
                let address = StreamAddress::new(format!("rtsp://site/word/{path}"));
                can_reach.then(|| PublishPlace { address, publication: Box::new(There(Arc::clone(&self.is_live))) })
            },
            |_, said| {
                told.push(said);
                true
            },
        );
        told
    }

    fn standing(&self) -> (PreviewStanding, u32) {
        self.previews.standing(TaskId(7))
    }
}

#[test]
fn paths_are_those_of_tasks() {
    let check = |path: &str, expect: Option<i64>| {
        assert_eq!(Previews::task_of(&StreamPath::parse(path).unwrap()), expect.map(TaskId), "{path}");
    };
    check("ai_task_7", Some(7));
    check("ai_task_007", None);
    check("ai_task_", None);
    check("ai_task_7_x", None);
    check("cam_10_0_0_5_ch1_main", None);
    check("ai_task_99999999999999999999", None);
}

#[test]
fn the_first_viewer_has_it_made_and_all_see_the_same() {
    let mut bench = Bench::new();
    let can = Maker::Can { node: NODE, connection: 3 };
    assert!(bench.keep(can, true).is_empty());
    assert_eq!(bench.standing(), (PreviewStanding::Idle, 0));
    let first = bench.open();
    assert!(matches!(bench.nudged.try_recv(), Ok(Command::Watched)));
    let told = bench.keep(can, true);
    let [SiteMessage::StartPreview { data }] = &told[..] else { panic!("{told:?}") };
    assert_eq!((data.task_id, data.fps, data.bitrate.as_str()), (TaskId(7), 10, "800k"));
    assert_eq!(data.url.as_ref().map(StreamAddress::reveal), Some("rtsp://site/word/ai_task_7"));
    assert_eq!((bench.standing(), first.status.borrow().phase.is_live()), ((PreviewStanding::Starting, 1), false));
    let second = bench.open();
    assert!(Arc::ptr_eq(&first.hub, &second.hub));
    bench.is_live.store(true, SeqCst);
    assert!(bench.keep(can, true).is_empty());
    assert_eq!((bench.standing(), first.status.borrow().phase.is_live()), ((PreviewStanding::Live, 2), true));
    drop(first);
    assert_eq!(bench.standing().1, 1);
    // The task goes, and with it the hub.
    let told = bench.keep(Maker::NoTask, true);
    assert_eq!(told, [SiteMessage::StopPreview { data: StopPreview { task_id: TaskId(7) } }]);
    let mut subscription = second.hub.subscribe(watchwall_media::hub::SubscriberClass::Live);
    assert!(matches!(subscription.try_recv(), Some(watchwall_media::hub::Received::Closed)));
    assert_eq!(bench.standing(), (PreviewStanding::Idle, 0));
}

#[test]
fn a_viewer_is_told_why_there_is_nothing() {
    let bench = Bench::new();
    let tap = bench.open();
    let check = |maker, can_reach, expect: ErrorCode| {
        assert!(bench.keep(maker, can_reach).is_empty());
        let phase = tap.status.borrow().phase.clone();
        assert!(matches!(&phase, Phase::NeedsAttention { reason } if reason.code == expect), "{phase:?}");
    };
    check(Maker::Nobody, true, ErrorCode::PreviewNotRunning);
    check(Maker::Cannot { node: NODE }, true, ErrorCode::PreviewUnsupported);
    check(Maker::Can { node: NODE, connection: 3 }, false, ErrorCode::PreviewUnreachable);
    assert_eq!(bench.keep(Maker::Can { node: NODE, connection: 3 }, true).len(), 1);
    assert_eq!(bench.standing(), (PreviewStanding::Starting, 1));
}
