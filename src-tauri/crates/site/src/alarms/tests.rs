//! The whole domain on a real database, with real requests to a real server; only cameras and recordings are made up.

use super::*;
use bytes::Bytes;
use futures::future::{BoxFuture, FutureExt};
use jiff::tz::TimeZone;
use std::{
    collections::BTreeMap,
    net::SocketAddr,
    path::Path,
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, AtomicI64, AtomicU64, Ordering::Relaxed},
    },
    time::{Duration, Instant},
};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpListener,
    time::{sleep, timeout},
};
use watchwall_model::{
    Alarm, AlarmAct, AlarmClip, AlarmPolicy, AlarmRule, AlarmRuleId, AlarmSource, AlarmState, CameraId, ErrorCode,
    Happening, IngestEngine, LevelPolicy, Problem, PushMode, PushPolicy, RuleAction, RuleMatch, Secret, StreamPath,
    TimeRange, Transport, UtcMillis, Verdict,
};
use watchwall_push::Reach;
use watchwall_store::{
    ChannelChange, DataFolder, NewCameraRow, PageRequest, PushLogRow, PushOutcome, PushRoutes, Store,
};

/// A camera whose recording reaches as far as the test says.
struct Ground {
    recorded_until: AtomicI64,
    is_full: AtomicBool,
    secured: AtomicU64,
    done: Mutex<Vec<Deed>>,
}

impl AlarmGround for Ground {
    fn camera(&self, _: CameraId) -> BoxFuture<'_, Option<CameraFacts>> {
        let facts =
            CameraFacts { name: "Gate".into(), clip_path: StreamPath::parse("gate").ok(), ..CameraFacts::default() };
        std::future::ready(Some(facts)).boxed()
    }

    fn secure<'a>(&'a self, _: &'a StreamPath, _: TimeRange) -> BoxFuture<'a, Result<(), Problem>> {
        self.secured.fetch_add(1, Relaxed);
        std::future::ready(Ok(())).boxed()
    }

    fn on_disk<'a>(&'a self, _: &'a StreamPath, range: TimeRange) -> BoxFuture<'a, Result<Option<TimeRange>, Problem>> {
        let until = UtcMillis(self.recorded_until.load(Relaxed)).min(range.end);
        std::future::ready(Ok(TimeRange::new(range.start, until))).boxed()
    }

    fn refusal<'a>(&'a self, _: &'a StreamPath) -> BoxFuture<'a, Option<ErrorCode>> {
        std::future::ready(self.is_full.load(Relaxed).then_some(ErrorCode::DiskFull)).boxed()
    }

    fn picture<'a>(&'a self, _: &'a StreamPath, _: UtcMillis) -> BoxFuture<'a, Result<Bytes, Problem>> {
        std::future::ready(Ok(Bytes::from_static(b"\xff\xd8picture"))).boxed()
    }

    fn perform(&self, deed: Deed) -> BoxFuture<'_, Result<(), Problem>> {
        self.done.lock().unwrap().push(deed);
        std::future::ready(Ok(())).boxed()
    }
}

struct Bench {
    _lock: DataFolder,
    store: Store,
    ground: Arc<Ground>,
    alarms: Alarms,
    camera: CameraId,
}

impl Bench {
    async fn start(folder: &Path) -> Self {
        let lock = DataFolder::lock(folder).unwrap();
        let (store, _) = Store::open(&lock).await.unwrap();
        let camera = match store.cameras().all().await.unwrap().first() {
            Some(camera) => camera.id,
            None => {
                let row = NewCameraRow {
                    name: Some("Gate".into()),
                    host: "10.0.0.1".into(),
                    group: None,
                    credentials: None,
                    streams: Vec::new(),
                    engine: IngestEngine::Auto,
                    transport: Transport::Tcp,
                };
                store.cameras().insert(row).await.unwrap().id
            }
        };
        let (recorded_until, secured, done) = (AtomicI64::new(0), AtomicU64::new(0), Mutex::default());
        let ground = Arc::new(Ground { recorded_until, is_full: AtomicBool::new(false), secured, done });
        let alarms = Alarms::start(AlarmsParts {
            store: store.clone(),
            data_folder: folder,
            ground: Arc::<Ground>::clone(&ground),
            zone: TimeZone::UTC,
            reach: Reach::Everywhere,
        })
        .await
        .unwrap();
        Self { _lock: lock, store, ground, alarms, camera }
    }

    async fn stop(self) {
        self.alarms.stop().await;
        self.store.close().await;
    }

    fn motion(&self, level: u32) -> Happening {
        Happening::new(AlarmSource::Ai, "MOTION", UtcMillis::now()).of(self.camera).alarming(level)
    }

    async fn all(&self) -> Vec<Alarm> {
        self.store.alarms().since(UtcMillis(0)).await.unwrap()
    }

    async fn policy(&self, change: impl FnOnce(&mut AlarmPolicy)) {
        let mut policy = AlarmPolicy::clone(&self.alarms.policy());
        change(&mut policy);
        self.alarms.set_policy(policy).await.unwrap();
    }

    async fn webhook(&self, name: &str, sink: SocketAddr, path: &str) -> watchwall_model::PushChannelId {
        let change = ChannelChange {
            name: name.into(),
            kind: "webhook".into(),
            enabled: true,
            language: "en".into(),
            settings: BTreeMap::from([("url".into(), format!("http://{sink}/{path}"))]),
            secrets: BTreeMap::from([("key".into(), Secret::new("hush"))]),
            per_minute: 600,
        };
        self.alarms.add_channel(&change).await.unwrap().id
    }

    async fn log(&self, outcome: PushOutcome) -> Vec<PushLogRow> {
        let log = self.store.push().log(None, None, &PageRequest::default()).await.unwrap();
        log.items.into_iter().filter(|row| row.outcome == outcome).collect()
    }
}

async fn until<T>(what: &str, mut look: impl AsyncFnMut() -> Option<T>) -> T {
    let found = async {
        loop {
            if let Some(found) = look().await {
                return found;
            }
            sleep(Duration::from_millis(20)).await;
        }
    };
    timeout(Duration::from_secs(20), found).await.unwrap_or_else(|_| panic!("no {what}"))
}

/// One request to the sink.
#[derive(Clone, Debug)]
struct Heard {
    at: Instant,
    path: String,
    key: String,
    body: serde_json::Value,
}

/// Answers by the request's path: `/ok`, `/500`, `/400`, `/hang`; `/broken` is 500 until it is mended.
#[derive(Clone, Default)]
struct Sink {
    heard: Arc<Mutex<Vec<Heard>>>,
    is_mended: Arc<AtomicBool>,
}

impl Sink {
    async fn open() -> (Self, SocketAddr) {
        let (sink, listener) = (Self::default(), TcpListener::bind("127.0.0.1:0").await.unwrap());
        let address = listener.local_addr().unwrap();
        let serving = sink.clone();
        tokio::spawn(async move {
            while let Ok((socket, _)) = listener.accept().await {
                tokio::spawn(serving.clone().serve(socket));
            }
        });
        (sink, address)
    }

    async fn serve(self, mut socket: tokio::net::TcpStream) {
        let mut bytes = Vec::new();
        loop {
            let (head_len, length) = loop {
                let text = String::from_utf8_lossy(&bytes).into_owned();
                if let Some((head, _)) = text.split_once("\r\n\r\n") {
                    let length = header(head, "content-length").and_then(|value| value.parse().ok()).unwrap_or(0);
                    if bytes.len() >= head.len() + 4 + length {
                        break (head.len(), length);
                    }
                }
                if socket.read_buf(&mut bytes).await.unwrap_or(0) == 0 {
                    return;
                }
            };
            let head = String::from_utf8_lossy(&bytes[..head_len]).into_owned();
            let path = head.split(' ').nth(1).unwrap_or_default().trim_start_matches('/').to_owned();
            let body = serde_json::from_slice(&bytes[head_len + 4..head_len + 4 + length]).unwrap_or_default();
            let key = header(&head, "idempotency-key").unwrap_or_default();
            self.heard.lock().unwrap().push(Heard { at: Instant::now(), path: path.clone(), key, body });
            bytes.drain(..head_len + 4 + length);
            let status = match path.as_str() {
                "ok" => "200 OK",
                "broken" if self.is_mended.load(Relaxed) => "200 OK",
                "400" => "400 Bad Request",
                "hang" => std::future::pending().await,
                _ => "500 Internal Server Error",
            };
            let answer = format!("HTTP/1.1 {status}\r\ncontent-length: 2\r\n\r\nhi");
            if socket.write_all(answer.as_bytes()).await.is_err() {
                return;
            }
        }
    }

    fn of(&self, path: &str) -> Vec<Heard> {
        self.heard.lock().unwrap().iter().filter(|heard| heard.path == path).cloned().collect()
    }
}

fn header(head: &str, name: &str) -> Option<String> {
    head.lines().find_map(|line| {
        let (one, value) = line.split_once(':')?;
        one.eq_ignore_ascii_case(name).then(|| value.trim().to_owned())
    })
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_happens_is_one_alarm_with_picture_and_clip_and_people_deal_with_it() {
    let folder = tempfile::tempdir().unwrap();
    let bench = Bench::start(folder.path()).await;
    let mut news = bench.alarms.listen();
    bench.alarms.report(vec![bench.motion(3), bench.motion(3)]).await.unwrap();
    bench.alarms.report(vec![bench.motion(3)]).await.unwrap();
    let alarms = bench.all().await;
    assert_eq!((alarms.len(), alarms[0].count, alarms[0].camera_name.as_deref()), (1, 3, Some("Gate")));
    assert!(matches!(news.recv().await.unwrap(), AlarmNews::Raised(alarm) if alarm.count == 2));
    let id = alarms[0].id;
    let with_picture = until("picture", async || {
        let alarm = bench.alarms.get(id).await.unwrap();
        alarm.snapshot.is_some().then_some(alarm)
    })
    .await;
    assert_eq!(&bench.alarms.pictures().read(&with_picture).await.unwrap()[..], b"\xff\xd8picture");
    assert_eq!(bench.ground.secured.load(Relaxed), 1);
    assert!(matches!(with_picture.clip, AlarmClip::Pending { .. }));

    let seen = bench.alarms.act(id, AlarmAct::Acknowledge, None, "anna", None).await.unwrap();
    assert_eq!((seen.state, seen.owner.as_deref()), (AlarmState::Acknowledged, Some("anna")));
    let verdict = Some(Verdict::False);
    bench.alarms.act(id, AlarmAct::Resolve, verdict, "anna", Some(" a cat ")).await.unwrap();
    let refused = bench.alarms.act(id, AlarmAct::Take, None, "bert", None).await.unwrap_err();
    assert_eq!(refused.code, ErrorCode::AlarmState);
    assert_eq!(
        bench.alarms.act(id, AlarmAct::Note, None, "bert", Some("  ")).await.unwrap_err().code,
        ErrorCode::RequestInvalid
    );
    // Resolved: what happens now is another one.
    bench.alarms.report(vec![bench.motion(3)]).await.unwrap();
    assert_eq!(bench.all().await.len(), 2);
    let history = bench.store.alarms().history(id).await.unwrap();
    assert_eq!(history.last().unwrap().note.as_deref(), Some("a cat"));
    bench.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_clip_becomes_ready_when_it_is_on_disk_also_after_a_restart() {
    let folder = tempfile::tempdir().unwrap();
    let bench = Bench::start(folder.path()).await;
    bench.policy(|policy| (policy.clip_before_s, policy.clip_after_s) = (1, 1)).await;
    bench.alarms.report(vec![bench.motion(2)]).await.unwrap();
    let id = bench.all().await[0].id;
    bench.stop().await;
    let bench = Bench::start(folder.path()).await;
    let alarm = bench.alarms.get(id).await.unwrap();
    let Some((_, range)) = alarm.clip.place() else { panic!("{:?}", alarm.clip) };
    // Its end is over for long, and not on disk.
    sleep(Duration::from_millis(u64::try_from(range.end - UtcMillis::now()).unwrap_or(0) + 3_200)).await;
    assert!(matches!(bench.alarms.get(id).await.unwrap().clip, AlarmClip::Pending { .. }));
    bench.ground.recorded_until.store(range.end.0, Relaxed);
    until("ready clip", async || {
        matches!(bench.alarms.get(id).await.unwrap().clip, AlarmClip::Ready { .. }).then_some(())
    })
    .await;
    bench.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_clip_that_a_full_disk_refused_is_not_waited_for() {
    let folder = tempfile::tempdir().unwrap();
    let bench = Bench::start(folder.path()).await;
    bench.policy(|policy| (policy.clip_before_s, policy.clip_after_s) = (1, 0)).await;
    bench.ground.is_full.store(true, Relaxed);
    bench.alarms.report(vec![bench.motion(2)]).await.unwrap();
    let id = bench.all().await[0].id;
    let reason = until("end of the wait", async || match bench.alarms.get(id).await.unwrap().clip {
        AlarmClip::Unavailable { reason, .. } => Some(reason),
        _ => None,
    })
    .await;
    assert_eq!(reason, ErrorCode::DiskFull);
    bench.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn people_are_told_at_once_once_and_a_dead_target_delays_nobody() {
    let folder = tempfile::tempdir().unwrap();
    let bench = Bench::start(folder.path()).await;
    let (sink, address) = Sink::open().await;
    let mut channels = Vec::new();
    for path in ["hang", "broken", "400", "ok"] {
        channels.push(bench.webhook(path, address, path).await);
    }
    let routes = PushRoutes::from([("default".to_owned(), channels)]);
    bench.alarms.set_routes(&routes, 0).await.unwrap();
    let begun = Instant::now();
    bench.alarms.report(vec![bench.motion(4)]).await.unwrap();
    let first = until("message", async || sink.of("ok").first().cloned()).await;
    let took = first.at - begun;
    println!("alarm to webhook: {took:?}");
    assert!(took < Duration::from_secs(1), "{took:?}");
    assert_eq!((&first.body["level"], &first.body["alarm"]["kind"]), (&4.into(), &"MOTION".into()));
    assert_eq!(first.body["key"], first.key.as_str());

    // The second goes out though the others still wait for the first; the broken one gets both, in order, when it is mended.
    bench.policy(|policy| policy.repeat_s = 1).await;
    sleep(Duration::from_millis(1_100)).await;
    bench.alarms.report(vec![bench.motion(4)]).await.unwrap();
    until("second message", async || (sink.of("ok").len() == 2).then_some(())).await;
    sink.is_mended.store(true, Relaxed);
    until("both at the mended target", async || {
        let sent = bench.log(PushOutcome::Sent).await;
        (sent.iter().filter(|row| row.channel_name == "broken").count() == 2).then_some(())
    })
    .await;
    let broken = sink.of("broken");
    let keys: Vec<&str> = broken.iter().map(|heard| heard.key.as_str()).collect();
    assert!(keys.len() >= 3, "the first failed at least once: {keys:?}");
    let mut order = keys.clone();
    order.dedup();
    assert_eq!(order.len(), 2, "one after the other, each by its own key: {keys:?}");
    // What a target refuses is not sent again, and is an alarm itself.
    assert_eq!(bench.log(PushOutcome::Refused).await.iter().filter(|row| row.channel_name == "400").count(), 2);
    assert_eq!(sink.of("400").len(), 2);
    until("complaint", async || {
        let all = bench.all().await;
        all.iter().any(|alarm| alarm.source == AlarmSource::Push && alarm.kind == "push_refused").then_some(())
    })
    .await;
    bench.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_waits_goes_out_after_a_restart_by_the_same_key() {
    let folder = tempfile::tempdir().unwrap();
    let (sink, address) = Sink::open().await;
    let bench = Bench::start(folder.path()).await;
    let channel = bench.webhook("broken", address, "broken").await;
    bench.alarms.set_routes(&PushRoutes::from([("default".to_owned(), vec![channel])]), 0).await.unwrap();
    bench.alarms.report(vec![bench.motion(4)]).await.unwrap();
    until("first attempt", async || (!sink.of("broken").is_empty()).then_some(())).await;
    bench.stop().await;
    sink.is_mended.store(true, Relaxed);
    let bench = Bench::start(folder.path()).await;
    until("message", async || (!bench.log(PushOutcome::Sent).await.is_empty()).then_some(())).await;
    let keys: std::collections::BTreeSet<String> = sink.of("broken").into_iter().map(|heard| heard.key).collect();
    assert_eq!(keys.len(), 1);
    bench.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nobody_came_so_it_is_told_again_with_a_higher_level() {
    let folder = tempfile::tempdir().unwrap();
    let bench = Bench::start(folder.path()).await;
    let (sink, address) = Sink::open().await;
    let channel = bench.webhook("ok", address, "ok").await;
    bench.alarms.set_routes(&PushRoutes::from([("default".to_owned(), vec![channel])]), 0).await.unwrap();
    bench
        .policy(|policy| {
            let push = PushPolicy::new(PushMode::Off);
            policy.levels[1] = LevelPolicy { push, deadline_s: 1, auto_close_s: 0, sound: false };
        })
        .await;
    bench.alarms.report(vec![bench.motion(2)]).await.unwrap();
    let told = until("message", async || sink.of("ok").first().cloned()).await;
    assert_eq!((&told.body["level"], &told.body["alarm"]["escalated"]), (&3.into(), &true.into()));
    let alarm = bench.all().await.remove(0);
    assert_eq!((alarm.level, alarm.is_escalated, alarm.state), (3, true, AlarmState::New));
    bench.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn rules_raise_keep_quiet_and_do_things() {
    let folder = tempfile::tempdir().unwrap();
    let bench = Bench::start(folder.path()).await;
    let rule = |name: &str, kind: &str, then: Vec<RuleAction>| AlarmRule {
        id: AlarmRuleId(0),
        version: 0,
        name: name.into(),
        enabled: true,
        when: RuleMatch { kinds: vec![kind.into()], ..RuleMatch::default() },
        then,
        rest_s: 0,
        last_fired_at: None,
    };
    let record = RuleAction::Record { seconds: 9 };
    bench.alarms.add_rule(&rule("quiet", "MOTION", vec![RuleAction::Suppress, record])).await.unwrap();
    bench.alarms.add_rule(&rule("loud", "line_crossed", vec![RuleAction::RaiseAlarm { level: 4 }])).await.unwrap();
    bench.alarms.report(vec![bench.motion(4)]).await.unwrap();
    assert!(bench.all().await.is_empty());
    let deed = until("deed", async || bench.ground.done.lock().unwrap().first().cloned()).await;
    assert!(matches!(deed, Deed::Record { seconds: 9, .. }), "{deed:?}");
    let crossed = Happening::new(AlarmSource::CameraEvent, "line_crossed", UtcMillis::now()).of(bench.camera);
    bench.alarms.report(vec![crossed]).await.unwrap();
    let alarms = bench.all().await;
    assert_eq!((alarms.len(), alarms[0].level), (1, 4));
    bench.stop().await;
    // When they fired is kept.
    let bench = Bench::start(folder.path()).await;
    assert!(bench.store.alarm_rules().all().await.unwrap().iter().all(|rule| rule.last_fired_at.is_some()));
    bench.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_over_closes_unless_somebody_has_it_in_hand() {
    let folder = tempfile::tempdir().unwrap();
    let bench = Bench::start(folder.path()).await;
    let away = |camera| Happening::new(AlarmSource::Health, "offline", UtcMillis::now()).of(camera).alarming(3);
    let full = Happening::new(AlarmSource::Volume, "volume_full", UtcMillis::now()).about("main").alarming(3);
    bench.alarms.report(vec![away(bench.camera), full.clone()]).await.unwrap();
    let id = bench.all().await.iter().find(|alarm| alarm.source == AlarmSource::Volume).unwrap().id;
    bench.alarms.act(id, AlarmAct::Take, None, "anna", None).await.unwrap();
    bench.alarms.over(away(bench.camera).sameness()).await;
    bench.alarms.over(full.sameness()).await;
    let states = until("closed alarm", async || {
        let states: BTreeMap<&str, AlarmState> =
            bench.all().await.iter().map(|alarm| (alarm.source.as_str(), alarm.state)).collect();
        (states["health"] == AlarmState::AutoClosed).then_some(states)
    })
    .await;
    assert_eq!(states["volume"], AlarmState::InProgress);
    bench.stop().await;
}
