//! A scripted site against a node.

use super::{
    Recording, Verdict,
    wire::{Heard, Wire},
};
use crate::node::Stream;
use std::{
    io,
    net::{IpAddr, Ipv4Addr},
    time::Duration,
};
use tokio::{
    net::TcpListener,
    time::{Instant, timeout},
};
use tokio_tungstenite::{accept_async_with_config, tungstenite::protocol::WebSocketConfig};
use watchwall_engine_protocol::{
    AiResult, MOST_MESSAGE_BYTES, NodeMessage, NodeRegister, Refusal, Registered, SiteMessage, StartTask, StopTask,
    StreamAddress, TaskParams, TaskState,
};
use watchwall_model::{CameraId, Point, SceneCode, TaskId, UtcMillis};

const REGISTER_WITHIN: Duration = Duration::from_secs(10);
const CONFIRM_WITHIN: Duration = Duration::from_secs(5);
const PONG_WITHIN: Duration = Duration::from_secs(5);
const RESULT_WITHIN: Duration = Duration::from_secs(30);
/// What was under way when it was told to stop.
const STOP_WITHIN: Duration = Duration::from_secs(2);
const STOPPED_FOR: Duration = Duration::from_secs(3);
const SKEW_MS: i64 = 10_000;
pub(super) const TASK: TaskId = TaskId(7_001);
const CAMERA: CameraId = CameraId(3_001);

/// How a node is checked.
#[derive(Clone, Debug)]
pub struct NodeCheck {
    /// Pictures for the node, as it reaches them. Without any, results are not looked at.
    pub stream: Option<StreamAddress>,
    /// A recording for a node that looks at such. Without one, that is not looked at.
    pub recording: Option<Recording>,
    /// How long it may take to come, and to come again after it was cut off.
    pub patience: Duration,
    /// A heartbeat is due every 10 s.
    pub heartbeat_within: Duration,
}

impl NodeCheck {
    pub const fn new(stream: Option<StreamAddress>) -> Self {
        let (patience, heartbeat_within) = (Duration::from_secs(60), Duration::from_secs(15));
        Self { stream, recording: None, patience, heartbeat_within }
    }
}

/// Waits for a node and looks at what it does.
///
/// # Errors
/// Connections cannot be accepted.
pub async fn check_node(listener: &TcpListener, check: &NodeCheck) -> io::Result<Verdict> {
    let mut verdict = Verdict::default();
    let mut site = match Site::come(listener, check).await? {
        Ok(site) => site,
        Err(why) => {
            verdict.note("the node comes and registers within 10 s", Err(why));
            return Ok(verdict);
        }
    };
    verdict.note("the node comes and registers within 10 s", Ok(()));
    verdict.note("it names the scenes it can look for", site.names_scenes());
    verdict.note("it answers a ping", site.answers_ping().await);
    let unknown = r#"{"type": "SITE_DANCE", "data": {"n": 1}}"#;
    verdict.note("it passes over a message of an unknown type", site.survives(unknown).await);
    verdict.note("it survives what cannot be read", site.survives("{\"type\": ").await);
    verdict.note("its heartbeat comes in time", site.heartbeat(None).await);
    let start = site.start_task(check.stream.as_ref());
    verdict.note("START_TASK is answered within 5 s", site.starts(&start).await);
    let results = "its results are what the protocol says";
    if check.stream.is_some() {
        verdict.note(results, site.results(&start).await);
        verdict.note("a START_TASK that comes twice changes nothing", site.starts(&start).await);
    } else {
        verdict.skip(results, "no stream was given");
    }
    let (shown, ended) = ("START_PREVIEW is followed by its pictures", "STOP_PREVIEW ends them");
    match check.stream {
        Some(_) if site.register.can_preview => match site.shows().await {
            Ok(preview) => {
                verdict.note(shown, Ok(()));
                verdict.note(ended, site.ends(preview).await);
            }
            Err(why) => {
                verdict.note(shown, Err(why));
                verdict.skip(ended, "nothing was shown");
            }
        },
        ref stream => {
            let why = if stream.is_some() { "it does not announce preview" } else { "no stream was given" };
            verdict.skip(shown, why);
            verdict.skip(ended, why);
        }
    }
    verdict.note("STOP_TASK is obeyed", site.stops().await);
    verdict.note("a STOP_TASK that comes twice breaks nothing", site.stops().await);
    let recorded = "a START_TASK with a range looks at the recording and ends with it";
    match &check.recording {
        Some(recording) if site.register.can_archive => {
            verdict.note(recorded, site.looks_at(recording, &start).await);
        }
        Some(_) => verdict.skip(recorded, "it does not announce archive"),
        None => verdict.skip(recorded, "no recording was given"),
    }
    let (node_id, mut unread) = (site.register.node_id.clone(), std::mem::take(&mut site.unread));
    drop(site);
    let again = match Site::come(listener, check).await? {
        Ok(site) if site.register.node_id == node_id => {
            unread.extend(site.unread);
            Ok(())
        }
        Ok(site) => Err(format!("it calls itself {} and not {node_id} any more", site.register.node_id)),
        Err(why) => Err(why),
    };
    verdict.note("it comes again under its name when it was cut off", again);
    let all = unread.first().map_or(Ok(()), |first| Err(format!("{} could not be read; {first}", unread.len())));
    verdict.note("every message can be read", all);
    Ok(verdict)
}

/// The site's end of a node that has registered.
pub(super) struct Site {
    pub(super) wire: Wire,
    /// The address at which the node reaches this machine.
    pub(super) reached_at: IpAddr,
    register: NodeRegister,
    heartbeat_within: Duration,
    /// What it said that cannot be read.
    unread: Vec<String>,
}

/// Things that are worth keeping of what could not be read.
const MOST_UNREAD: usize = 100;

impl Site {
    async fn come(listener: &TcpListener, check: &NodeCheck) -> io::Result<Result<Self, String>> {
        let until = Instant::now() + check.patience;
        loop {
            let left = until.saturating_duration_since(Instant::now());
            let Ok(accepted) = timeout(left, listener.accept()).await else {
                return Ok(Err(format!("nobody came within {} s", check.patience.as_secs())));
            };
            let stream = accepted?.0;
            let reached_at = stream.local_addr().map_or(IpAddr::V4(Ipv4Addr::LOCALHOST), |address| address.ip());
            let stream: Box<dyn Stream> = Box::new(stream);
            let config = WebSocketConfig::default().max_message_size(Some(2 * MOST_MESSAGE_BYTES));
            // Whoever opens no WebSocket is not the node.
            if let Ok(Ok(socket)) = timeout(REGISTER_WITHIN, accept_async_with_config(stream, Some(config))).await {
                return Ok(Self::register(Wire::new(socket), reached_at, check.heartbeat_within).await);
            }
        }
    }

    async fn register(mut wire: Wire, reached_at: IpAddr, heartbeat_within: Duration) -> Result<Self, String> {
        let first = wire.find(REGISTER_WITHIN, |text| Some(NodeMessage::parse(text))).await?;
        let register = match first {
            Ok(NodeMessage::Register(register)) => register,
            Ok(other) => return Err(format!("the first thing it says is {other:?}")),
            Err(refusal) => return Err(refusal.to_string()),
        };
        let answer = SiteMessage::Registered(Registered::new(register.node_id.clone(), UtcMillis::now().0));
        wire.say(text(&answer)?).await?;
        Ok(Self { wire, reached_at, register, heartbeat_within, unread: Vec::new() })
    }

    fn names_scenes(&self) -> Result<(), String> {
        if self.register.algorithms.is_empty() { Err("algorithms is empty".to_owned()) } else { Ok(()) }
    }

    async fn answers_ping(&mut self) -> Result<(), String> {
        self.wire.ping().await?;
        let until = Instant::now() + PONG_WITHIN;
        loop {
            match self.wire.hear(until.saturating_duration_since(Instant::now())).await {
                Heard::Pong => return Ok(()),
                Heard::Text(text) => drop(self.read(&text)),
                Heard::Closed(code) => return Err(format!("it closed the connection with {code}")),
                Heard::Nothing => return Err("no pong came within 5 s".to_owned()),
                Heard::Ping => {}
            }
        }
    }

    async fn survives(&mut self, odd: &str) -> Result<(), String> {
        self.wire.say(odd).await?;
        self.answers_ping().await
    }

    /// One that does not name this task.
    async fn heartbeat(&mut self, without: Option<TaskId>) -> Result<(), String> {
        let id = self.register.node_id.clone();
        let heartbeat = self.find(self.heartbeat_within, |message| match message {
            NodeMessage::Heartbeat(heartbeat) => Some(heartbeat),
            _ => None,
        });
        let heartbeat = heartbeat.await?;
        match without {
            _ if heartbeat.node_id != id => Err(format!("it is {}'s and not {id}'s", heartbeat.node_id)),
            Some(task) if heartbeat.tasks.contains(&task) => Err("it still names the task".to_owned()),
            _ => Ok(()),
        }
    }

    /// For what it does best, of what is known.
    fn start_task(&self, stream: Option<&StreamAddress>) -> StartTask {
        let known = ["REGION_INTRUSION", "MOTION", "LINE_CROSSING"].into_iter().filter_map(SceneCode::parse);
        let known = known.into_iter().find(|code| self.register.algorithms.contains(code));
        let scene = known.or_else(|| self.register.algorithms.first().cloned());
        let line = vec![vec![Point { x: 0.5, y: 1.0 }, Point { x: 0.5, y: 0.0 }]];
        StartTask {
            task_id: TASK,
            camera_id: CAMERA,
            scene_codes: scene.iter().cloned().collect(),
            stream_key: format!("{CAMERA}:main"),
            // Nobody is there: a node says that it looks, or why it cannot.
            rtsp: stream.cloned().unwrap_or_else(|| StreamAddress::new("rtsp://127.0.0.1:9/none")),
            conf_threshold: 0.5,
            region: Vec::new(),
            regions: [].into(),
            lines: scene.into_iter().map(|scene| (scene, line.clone())).collect(),
            params: TaskParams { input_fps: 10, result_fps: 5, ..TaskParams::default() },
            range: None,
        }
    }

    async fn starts(&mut self, start: &StartTask) -> Result<(), String> {
        self.wire.say(text(&SiteMessage::StartTask { data: start.clone() })?).await?;
        let has_stream = start.rtsp.reveal() != "rtsp://127.0.0.1:9/none";
        let answer = self.find(CONFIRM_WITHIN, |message| match message {
            NodeMessage::Keepalive(keepalive) if keepalive.task == TASK => Some((keepalive.state, None)),
            NodeMessage::Status(status) if status.task == TASK => Some((status.state, status.error_message)),
            NodeMessage::Result(result) if result.task == TASK => Some((TaskState::Running, None)),
            NodeMessage::Heartbeat(heartbeat) if heartbeat.tasks.contains(&TASK) => Some((TaskState::Running, None)),
            _ => None,
        });
        match answer.await? {
            (TaskState::Running, _) => Ok(()),
            (TaskState::Error, _) if !has_stream => Ok(()),
            (state, why) => Err(format!("it says {state:?}: {}", why.unwrap_or_default())),
        }
    }

    async fn results(&mut self, start: &StartTask) -> Result<(), String> {
        for _ in 0..3 {
            let result = self.find(RESULT_WITHIN, |message| match message {
                NodeMessage::Result(result) => Some(result),
                _ => None,
            });
            judge(&result.await?, start)?;
        }
        Ok(())
    }

    async fn stops(&mut self) -> Result<(), String> {
        let stop = SiteMessage::StopTask { data: StopTask { task_id: TASK, scene_codes: Vec::new() } };
        self.wire.say(text(&stop)?).await?;
        self.result_within(STOP_WITHIN).await?;
        if self.result_within(STOPPED_FOR).await? {
            return Err("results still come".to_owned());
        }
        self.heartbeat(Some(TASK)).await
    }

    /// Whether one comes in all of that time.
    async fn result_within(&mut self, time: Duration) -> Result<bool, String> {
        let until = Instant::now() + time;
        let mut has_come = false;
        loop {
            match self.wire.hear(until.saturating_duration_since(Instant::now())).await {
                Heard::Text(text) => has_come |= matches!(self.read(&text), Some(NodeMessage::Result(_))),
                Heard::Closed(code) => return Err(format!("it closed the connection with {code}")),
                Heard::Nothing => return Ok(has_come),
                _ => {}
            }
        }
    }

    pub(super) async fn find<T>(
        &mut self,
        within: Duration,
        is_it: impl Fn(NodeMessage) -> Option<T>,
    ) -> Result<T, String> {
        let until = Instant::now() + within;
        loop {
            match self.wire.hear(until.saturating_duration_since(Instant::now())).await {
                Heard::Text(text) => {
                    if let Some(found) = self.read(&text).and_then(&is_it) {
                        return Ok(found);
                    }
                }
                Heard::Closed(code) => return Err(format!("it closed the connection with {code}")),
                Heard::Nothing => return Err(format!("nothing of the kind came within {} s", within.as_secs())),
                _ => {}
            }
        }
    }

    pub(super) fn read(&mut self, text: &str) -> Option<NodeMessage> {
        match NodeMessage::parse(text) {
            Ok(message) => Some(message),
            // It may speak of more than is known here.
            Err(Refusal::UnknownType { .. }) => None,
            Err(refusal) => {
                if self.unread.len() < MOST_UNREAD {
                    self.unread.push(refusal.to_string());
                }
                None
            }
        }
    }
}

fn judge(result: &AiResult, start: &StartTask) -> Result<(), String> {
    let skew_ms = result.at.0 - UtcMillis::now().0;
    match () {
        () if (result.task, result.camera) != (TASK, CAMERA) => {
            Err(format!("it is of task {} and camera {}", result.task, result.camera))
        }
        () if skew_ms.abs() > SKEW_MS => Err(format!("ts is {skew_ms} ms from now")),
        () if !result.repairs.is_none() => Err(format!("it had to be mended: {:?}", result.repairs)),
        () => match result.scenes.iter().find(|scene| !start.scene_codes.contains(&scene.scene)) {
            Some(scene) => Err(format!("nobody asked for {}", scene.scene)),
            None => Ok(()),
        },
    }
}

pub(super) fn text(message: &SiteMessage) -> Result<String, String> {
    message.text().map_err(|error| error.to_string())
}
