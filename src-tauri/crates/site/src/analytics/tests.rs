//! Nodes, tasks and results together, with a real database; only the sockets and the cameras are left out.

mod preview;
mod trial;

use super::{
    nodes::{Came, Presented},
    results::ResultOptions,
    tasks::board::TaskPhase,
    *,
};
use futures::future::BoxFuture;
use jiff::tz::TimeZone;
use std::{
    collections::{BTreeSet, HashMap},
    path::Path,
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, Ordering::Relaxed},
    },
    time::Duration,
};
use tokio::{sync::watch, time::timeout};
use watchwall_engine_protocol::{SiteMessage, StreamAddress};
use watchwall_media::hub::Hub;
use watchwall_model::{
    AiNode, AiScene, AiTask, AiTaskParams, CameraId, DispatchMode, ErrorCode, IngestEngine, Phase, Problem, SceneCode,
    StreamPath, StreamRole, TaskId, TimeRange, Transport, UtcMillis,
};
use watchwall_store::{DataFolder, NewCameraRow, PageRequest, ResultFilter, Store};

/// Cameras that a test switches off.
#[derive(Default)]
struct Cameras {
    changes: watch::Sender<u64>,
    offline: Mutex<BTreeSet<CameraId>>,
    /// Streams that may be opened, by task and node; each holds its own.
    passes: Mutex<HashMap<String, Arc<()>>>,
    /// The next look at them is the supervisor's last.
    panics: AtomicBool,
}

impl Cameras {
    /// Who may open streams now.
    fn holders(&self) -> Vec<String> {
        let mut passes = self.passes.lock().unwrap();
        passes.retain(|_, pass| Arc::strong_count(pass) > 1);
        passes.keys().cloned().collect()
    }

    fn change(&self) {
        self.changes.send_modify(|change| *change += 1);
    }
}

impl TaskStreams for Cameras {
    fn open<'a>(&'a self, task: &'a AiTask, node: &'a AiNode) -> BoxFuture<'a, Option<TaskStream>> {
        let holder = format!("{} {}", task.id, node.node_id.clone().unwrap_or_default());
        let pass = Arc::clone(self.passes.lock().unwrap().entry(holder).or_default());
        let address = StreamAddress::new(format!("rtsp://127.0.0.1:8554/{}", task.camera));
        Box::pin(async move { Some(TaskStream { address, pass: Some(Box::new(pass)) }) })
    }

    fn recorded<'a>(&'a self, _: &'a AiTask, _: TimeRange) -> BoxFuture<'a, Result<StreamPath, Problem>> {
        Box::pin(async { Ok(StreamPath::parse("cam_a").unwrap()) })
    }

    fn open_recorded(&self, _: TaskId, path: &StreamPath, _: TimeRange, _: &AiNode) -> Option<TaskStream> {
        let address = StreamAddress::new(format!("rtsp://127.0.0.1:8554/recorded/{path}"));
        Some(TaskStream { address, pass: None })
    }

    fn offline(&self) -> BoxFuture<'_, BTreeSet<CameraId>> {
        assert!(!self.panics.swap(false, Relaxed), "cameras are gone");
        Box::pin(async { self.offline.lock().unwrap().clone() })
    }

    fn changes(&self) -> watch::Receiver<u64> {
        self.changes.subscribe()
    }

    fn publication(&self, path: &StreamPath, _: Arc<Hub>, _: &AiNode) -> Option<PublishPlace> {
        let address = StreamAddress::new(format!("rtsp://127.0.0.1:8554/{path}"));
        Some(PublishPlace { address, publication: Box::new(Nothing) })
    }
}

/// Nobody publishes.
struct Nothing;

impl Published for Nothing {
    fn is_live(&self) -> bool {
        false
    }
}

fn came(from: &str) -> Came {
    Came { from: from.parse().unwrap(), to: None }
}

struct Bench {
    _lock: DataFolder,
    store: Store,
    cameras: Arc<Cameras>,
    analytics: Analytics,
    camera: CameraId,
}

impl Bench {
    async fn start(folder: &Path) -> Self {
        let lock = DataFolder::lock(folder).unwrap();
        let (store, _) = Store::open(&lock).await.unwrap();
        let camera = match store.cameras().all().await.unwrap().first() {
            Some(camera) => camera.id,
            None => {
                let (engine, transport) = (IngestEngine::Auto, Transport::Auto);
                let (name, group, credentials, streams) = (None, None, None, Vec::new());
                let new =
                    NewCameraRow { name, host: "10.0.0.1".into(), group, credentials, streams, engine, transport };
                store.cameras().insert(new).await.unwrap().id
            }
        };
        let cameras = Arc::new(Cameras::default());
        let analytics = Analytics::start(AnalyticsParts {
            store: store.clone(),
            data_folder: folder,
            streams: Arc::<Cameras>::clone(&cameras),
            sink: Arc::new(super::results::Nowhere),
            zone: TimeZone::UTC,
            results: ResultOptions::default(),
        })
        .unwrap();
        Self { _lock: lock, store, cameras, analytics, camera }
    }

    async fn stop(self) {
        self.analytics.stop().await;
        self.store.close().await;
    }

    async fn add_task(&self, codes: &[&str]) -> AiTask {
        let task = AiTask {
            id: TaskId(0),
            version: 0,
            name: "Gate".into(),
            camera: self.camera,
            stream: StreamRole::Sub,
            scenes: codes.iter().map(|code| AiScene::whole(SceneCode::parse(code).unwrap())).collect(),
            dispatch: DispatchMode::Mixed,
            confidence: 0.5,
            params: AiTaskParams::default(),
            alarm_enabled: true,
            level: 3,
            push: None,
            schedule: None,
            enabled: true,
            updated_at: UtcMillis(0),
        };
        self.analytics.add_task(&task).await.unwrap()
    }

    async fn node(&self, id: &str, codes: &[&str]) -> Node {
        let (link, place) = self.analytics.connect(Presented::Local, came("127.0.0.1")).unwrap();
        let mut node = Node { link, _place: place, id: id.into() };
        let codes = codes.iter().map(|code| format!("\"{code}\"")).collect::<Vec<_>>().join(",");
        let answer = node.say(&format!(r#""NODE_REGISTER", "node_id": "{id}", "algorithms": [{codes}]"#)).await;
        assert!(matches!(answer, Some(SiteMessage::Registered(_))), "{answer:?}");
        node
    }

    /// A second one, that looks at recordings too.
    async fn archive_node(&self, id: &str, code: &str) -> Node {
        let mut node = self.node(id, &[code]).await;
        let rest =
            format!(r#""NODE_REGISTER", "node_id": "{id}", "algorithms": ["{code}"], "capabilities": ["archive"]"#);
        let answer = node.say(&rest).await;
        assert!(matches!(answer, Some(SiteMessage::Registered(_))), "{answer:?}");
        self.until("known", |picture| picture.nodes.len() > 1).await;
        node
    }

    async fn until(&self, what: &str, is: impl Fn(&Picture) -> bool) {
        let mut changes = self.analytics.changes();
        let wait = async {
            while !is(&self.analytics.picture()) {
                changes.changed().await.unwrap();
            }
        };
        timeout(Duration::from_secs(20), wait).await.unwrap_or_else(|_| panic!("never: {what}"));
    }

    async fn until_runs(&self, task: &AiTask) {
        self.until("runs", |picture| {
            picture.tasks.get(&task.id).is_some_and(|task| {
                task.phase == TaskPhase::Running && task.seats.iter().all(|(_, seat)| seat.is_running())
            })
        })
        .await;
    }
}

struct Node {
    link: nodes::NodeLink,
    _place: Place,
    id: String,
}

impl Node {
    async fn say(&mut self, rest: &str) -> Option<SiteMessage> {
        self.link.hear(&format!(r#"{{"type": {rest}}}"#)).await.unwrap()
    }

    /// What it is told next, as text.
    async fn told(&mut self) -> String {
        let said = timeout(Duration::from_secs(20), self.link.next()).await.expect("told nothing");
        match said {
            Some(SiteMessage::StartTask { data }) => {
                let codes: Vec<&str> = data.scene_codes.iter().map(SceneCode::as_str).collect();
                format!("start {}", codes.join(","))
            }
            Some(SiteMessage::StopTask { data }) => {
                let codes: Vec<&str> = data.scene_codes.iter().map(SceneCode::as_str).collect();
                format!("stop {}", codes.join(","))
            }
            Some(SiteMessage::StartPreview { data }) => {
                format!("preview to {}", data.url.as_ref().map_or("nowhere", StreamAddress::reveal))
            }
            Some(SiteMessage::StopPreview { data }) => format!("no preview of {}", data.task_id),
            None => "ended".into(),
            other => format!("{other:?}"),
        }
    }

    async fn keep_alive(&mut self, task: &AiTask) {
        let rest = format!(r#""TASK_KEEPALIVE", "node_id": "{}", "task_id": {}"#, self.id, task.id);
        assert_eq!(self.say(&rest).await, None);
    }

    async fn result(&mut self, task: &AiTask, code: &str, at: i64) {
        let rest = format!(
            r#""AI_RESULT", "task_id": {}, "camera_id": {}, "ts": {at}, "scene_code": "{code}", "alarm_event": true"#,
            task.id, task.camera
        );
        assert_eq!(self.say(&rest).await, None);
    }
}

#[tokio::test]
async fn a_plain_node_runs_a_task_and_its_results_are_kept() {
    let folder = tempfile::tempdir().unwrap();
    let bench = Bench::start(folder.path()).await;
    let task = bench.add_task(&["MOTION", "TAMPER"]).await;
    let mut node = bench.node("n1", &["MOTION", "TAMPER"]).await;
    assert_eq!(node.told().await, "start MOTION,TAMPER");
    node.keep_alive(&task).await;
    bench.until_runs(&task).await;
    let now = UtcMillis::now().0;
    node.result(&task, "MOTION", now).await;
    node.result(&task, "HELMET", now).await;
    // On another camera than the task's.
    let elsewhere = AiTask { camera: CameraId(999), ..task.clone() };
    node.result(&elsewhere, "MOTION", now + 1).await;
    let figures = bench.analytics.results().figures();
    assert_eq!((figures.received, figures.refused), (3, 2));
    let files = bench.analytics.kept_results();
    let kept = async {
        loop {
            let page = files.page(&ResultFilter::default(), &PageRequest::default()).await.unwrap();
            if !page.items.is_empty() {
                return page.items;
            }
            tokio::task::yield_now().await;
        }
    };
    let kept = timeout(Duration::from_secs(20), kept).await.unwrap();
    assert_eq!((kept.len(), kept[0].at.0, kept[0].node.as_str()), (1, now, "n1"));
    bench.stop().await;
}

#[tokio::test]
async fn scenes_of_a_node_that_goes_are_told_to_another_at_once() {
    let folder = tempfile::tempdir().unwrap();
    let bench = Bench::start(folder.path()).await;
    let mut first = bench.node("n1", &["MOTION"]).await;
    let mut second = bench.node("n2", &["MOTION"]).await;
    let task = bench.add_task(&["MOTION"]).await;
    assert_eq!(first.told().await, "start MOTION");
    first.keep_alive(&task).await;
    bench.until_runs(&task).await;
    drop(first);
    assert_eq!(second.told().await, "start MOTION");
    second.keep_alive(&task).await;
    bench.until_runs(&task).await;
    // Back again, and still at it.
    let mut first = bench.node("n1", &["MOTION"]).await;
    first.keep_alive(&task).await;
    first.result(&task, "MOTION", UtcMillis::now().0).await;
    assert_eq!(bench.analytics.results().figures().refused, 1);
    // Without a word about scenes: all of the task.
    assert_eq!(first.told().await, "stop ");
    bench.stop().await;
}

#[tokio::test]
async fn tasks_follow_edits_and_cameras() {
    let folder = tempfile::tempdir().unwrap();
    let bench = Bench::start(folder.path()).await;
    let mut node = bench.node("n1", &["MOTION"]).await;
    let task = bench.add_task(&["MOTION"]).await;
    assert_eq!(node.told().await, "start MOTION");
    node.keep_alive(&task).await;
    bench.until_runs(&task).await;
    bench.cameras.offline.lock().unwrap().insert(bench.camera);
    bench.cameras.change();
    assert_eq!(node.told().await, "stop MOTION");
    bench.cameras.offline.lock().unwrap().clear();
    bench.cameras.change();
    assert_eq!(node.told().await, "start MOTION");
    node.keep_alive(&task).await;
    bench.until_runs(&task).await;
    let off = AiTask { enabled: false, ..task.clone() };
    let off = bench.analytics.update_task(&off, task.version).await.unwrap();
    assert_eq!(node.told().await, "stop MOTION");
    let on = bench.analytics.update_task(&AiTask { enabled: true, ..off.clone() }, off.version).await.unwrap();
    assert_eq!(node.told().await, "start MOTION");
    bench.analytics.delete_task(on.id).await.unwrap();
    assert_eq!(node.told().await, "stop MOTION");
    let invalid = AiTask { scenes: Vec::new(), ..task.clone() };
    assert_eq!(bench.analytics.add_task(&invalid).await.unwrap_err().code, ErrorCode::TaskInvalid);
    let nowhere = AiTask { camera: CameraId(99), ..task };
    assert_eq!(bench.analytics.add_task(&nowhere).await.unwrap_err().code, ErrorCode::CameraNotFound);
    bench.stop().await;
}

#[tokio::test]
async fn a_stream_may_be_opened_by_whoever_runs_something_of_its_task_and_no_longer() {
    let folder = tempfile::tempdir().unwrap();
    let bench = Bench::start(folder.path()).await;
    let mut first = bench.node("n1", &["MOTION", "TAMPER"]).await;
    let task = bench.add_task(&["MOTION", "TAMPER"]).await;
    first.told().await;
    first.keep_alive(&task).await;
    bench.until_runs(&task).await;
    let held_by = |node: &str| format!("{} {node}", task.id);
    assert_eq!(bench.cameras.holders(), [held_by("n1")]);
    // One scene fails and goes elsewhere, the other stays.
    let mut second = bench.node("n2", &["MOTION", "TAMPER"]).await;
    let failed = format!(r#""TASK_STATUS", "task_id": {}, "scene_code": "TAMPER", "state": "ERROR""#, task.id);
    first.say(&failed).await;
    assert_eq!(second.told().await, "start TAMPER");
    second.keep_alive(&task).await;
    bench.until_runs(&task).await;
    let mut holders = bench.cameras.holders();
    holders.sort();
    assert_eq!(holders, [held_by("n1"), held_by("n2")]);
    // A node that goes may not open it any more; neither may anybody when the task is stopped.
    drop(first);
    assert_eq!(second.told().await, "start MOTION");
    second.keep_alive(&task).await;
    bench.until_runs(&task).await;
    assert_eq!(bench.cameras.holders(), [held_by("n2")]);
    bench.analytics.update_task(&AiTask { enabled: false, ..task.clone() }, task.version).await.unwrap();
    assert_eq!(second.told().await, "stop MOTION,TAMPER");
    assert!(bench.cameras.holders().is_empty());
    bench.stop().await;
}

#[tokio::test]
async fn a_supervisor_that_panics_begins_again_with_what_nodes_run() {
    let folder = tempfile::tempdir().unwrap();
    let bench = Bench::start(folder.path()).await;
    let mut node = bench.node("n1", &["MOTION"]).await;
    let task = bench.add_task(&["MOTION"]).await;
    assert_eq!(node.told().await, "start MOTION");
    node.keep_alive(&task).await;
    bench.until_runs(&task).await;
    bench.cameras.panics.store(true, Relaxed);
    bench.cameras.change();
    // Its connection ends, and it comes again at once.
    assert_eq!(node.told().await, "ended");
    assert!(bench.analytics.supervisor().is_failing);
    drop(node);
    let mut other = bench.node("n0", &["MOTION"]).await;
    let mut node = bench.node("n1", &["MOTION"]).await;
    assert_eq!(node.told().await, "start MOTION");
    node.keep_alive(&task).await;
    bench.until_runs(&task).await;
    assert_eq!(bench.analytics.supervisor(), SupervisorFigures { is_failing: false, failures: 1 });
    other.keep_alive(&task).await;
    assert_eq!(other.told().await, "stop ", "it stayed with who ran it");
    bench.stop().await;
}

#[tokio::test]
async fn a_supervisor_that_cannot_read_what_is_kept_tries_again() {
    let folder = tempfile::tempdir().unwrap();
    let bench = Bench::start(folder.path()).await;
    let task = bench.add_task(&["MOTION"]).await;
    bench.stop().await;
    let database = folder.path().join("watchwall.db");
    let hide = |from: &str, to: &str| {
        let statement = format!("ALTER TABLE {from} RENAME TO {to}");
        let done = std::process::Command::new("sqlite3").arg(&database).arg(statement).status();
        done.is_ok_and(|status| status.success())
    };
    if !hide("ai_leases", "hidden") {
        println!("skipped: sqlite3 is not there");
        return;
    }
    let bench = Bench::start(folder.path()).await;
    let failing = async {
        while !bench.analytics.supervisor().is_failing {
            tokio::task::yield_now().await;
        }
    };
    timeout(Duration::from_secs(20), failing).await.unwrap();
    assert!(hide("hidden", "ai_leases"));
    let mut node = bench.node("n1", &["MOTION"]).await;
    assert_eq!(node.told().await, "start MOTION");
    node.keep_alive(&task).await;
    bench.until_runs(&task).await;
    assert!(!bench.analytics.supervisor().is_failing);
    bench.stop().await;
}

#[tokio::test]
async fn after_a_restart_a_node_goes_on_with_what_it_ran() {
    let folder = tempfile::tempdir().unwrap();
    let bench = Bench::start(folder.path()).await;
    let mut node = bench.node("n1", &["MOTION"]).await;
    let task = bench.add_task(&["MOTION"]).await;
    assert_eq!(node.told().await, "start MOTION");
    node.keep_alive(&task).await;
    let leased = async {
        while bench.store.ai_tasks().leases().await.unwrap().is_empty() {
            tokio::task::yield_now().await;
        }
    };
    timeout(Duration::from_secs(20), leased).await.unwrap();
    bench.stop().await;
    drop(node);

    let bench = Bench::start(folder.path()).await;
    let mut other = bench.node("n0", &["MOTION"]).await;
    let mut node = bench.node("n1", &["MOTION"]).await;
    assert_eq!(node.told().await, "start MOTION");
    node.keep_alive(&task).await;
    bench.until_runs(&task).await;
    other.keep_alive(&task).await;
    assert_eq!(other.told().await, "stop ", "it never was the other's");
    bench.stop().await;
}

#[tokio::test]
async fn a_name_belongs_to_one_connection_and_one_node() {
    let folder = tempfile::tempdir().unwrap();
    let bench = Bench::start(folder.path()).await;
    let gpu = bench.analytics.add_node("GPU", &[1; 32], false).await.unwrap();
    let connect = |node: &AiNode| bench.analytics.connect(Presented::Node(node.clone()), came("10.0.0.9")).unwrap();
    let register = r#"{"type": "NODE_REGISTER", "node_id": "n1"}"#;
    let (mut first, _first) = connect(&gpu);
    let early = first.hear(r#"{"type": "NODE_HEARTBEAT", "node_id": "n1"}"#).await.unwrap();
    assert!(matches!(early, Some(SiteMessage::Error { code, .. }) if code == "not_registered"));
    assert!(matches!(first.hear(register).await.unwrap(), Some(SiteMessage::Registered(_))));
    // It comes again before the first was noticed to be gone.
    let (mut second, _second) = connect(&gpu);
    assert!(matches!(second.hear(register).await.unwrap(), Some(SiteMessage::Registered(_))));
    assert!(timeout(Duration::from_secs(20), first.next()).await.unwrap().is_none());
    drop(first);
    // Somebody else is not it.
    let (mut local, _local) = bench.analytics.connect(Presented::Local, came("127.0.0.1")).unwrap();
    let answer = local.hear(register).await.unwrap();
    assert!(matches!(answer, Some(SiteMessage::Error { code, .. }) if code == "node_id_taken"));
    bench.until("connected", |picture| picture.nodes.keys().eq([&gpu.id])).await;
    // Switched off, it goes, and does not come in again.
    let now = bench.analytics.admit(&[1; 32]).await.unwrap();
    bench.analytics.update_node(&AiNode { enabled: false, ..now.clone() }, now.version).await.unwrap();
    assert!(timeout(Duration::from_secs(20), second.next()).await.unwrap().is_none());
    assert_eq!(bench.analytics.admit(&[1; 32]).await.unwrap_err().code, ErrorCode::NodeTokenWrong);
    assert_eq!(bench.analytics.admit(&[2; 32]).await.unwrap_err().code, ErrorCode::NodeTokenWrong);
    bench.stop().await;
}

#[tokio::test]
async fn nodes_are_bounded_and_those_that_do_not_read_are_let_go() {
    let folder = tempfile::tempdir().unwrap();
    let bench = Bench::start(folder.path()).await;
    let mut node = bench.node("n1", &["MOTION"]).await;
    let places: Vec<_> =
        (1..MOST_NODES).map(|_| bench.analytics.connect(Presented::Local, came("127.0.0.1")).unwrap()).collect();
    let refused = bench.analytics.connect(Presented::Local, came("127.0.0.1")).err().unwrap();
    assert_eq!(refused.code, ErrorCode::NodesTooMany);
    drop(places);
    assert!(bench.analytics.connect(Presented::Local, came("127.0.0.1")).is_ok());
    // Every edit is told; nothing of it is read.
    let mut task = bench.add_task(&["MOTION"]).await;
    for n in 0..1_100 {
        let edited = AiTask { name: format!("Gate {n}"), ..task.clone() };
        task = bench.analytics.update_task(&edited, task.version).await.unwrap();
        if bench.analytics.picture().nodes.is_empty() {
            break;
        }
    }
    assert!(timeout(Duration::from_secs(20), node.link.next()).await.unwrap().is_none());
    bench.stop().await;
}

#[tokio::test]
async fn a_clock_that_is_off_is_corrected() {
    let folder = tempfile::tempdir().unwrap();
    let bench = Bench::start(folder.path()).await;
    let task = bench.add_task(&["MOTION"]).await;
    let mut node = bench.node("n1", &["MOTION"]).await;
    assert_eq!(node.told().await, "start MOTION");
    let an_hour_ago = UtcMillis::now().0 - 3_600_000;
    node.say(&format!(r#""NODE_HEARTBEAT", "node_id": "n1", "timestamp": {an_hour_ago}"#)).await;
    // What no clock shows is not believed.
    for made_up in [i64::MIN, i64::MAX, 0] {
        node.say(&format!(r#""NODE_HEARTBEAT", "node_id": "n1", "timestamp": {made_up}"#)).await;
    }
    node.keep_alive(&task).await;
    bench.until_runs(&task).await;
    node.result(&task, "MOTION", an_hour_ago + 500).await;
    let latest = bench.analytics.results().latest().of(task.id, &SceneCode::parse("MOTION").unwrap()).unwrap();
    let off = (latest.at.unwrap() - UtcMillis::now()).abs();
    assert!(off < 10_000, "{off} ms off");
    assert_eq!(bench.analytics.picture().nodes.len(), 1);
    bench.stop().await;
}
