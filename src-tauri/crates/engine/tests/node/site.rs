//! The site's end of the protocol, as little of it as tests need.

use crate::PATIENCE;
use futures::{SinkExt, StreamExt};
use std::time::Duration;
use tokio::{
    net::{TcpListener, TcpStream},
    time::{Instant, timeout, timeout_at},
};
use tokio_tungstenite::{
    WebSocketStream, accept_hdr_async,
    tungstenite::{
        Message,
        handshake::server::{Request, Response},
    },
};
use watchwall_camsim::Farm;
use watchwall_engine_protocol::{
    AiResult, NodeMessage, NodeRegister, Registered, SiteMessage, StartTask, StopTask, StreamAddress, TaskParams,
};
use watchwall_model::{CameraId, Point, SceneCode, StreamRole, TaskId, UtcMillis};

pub const TASK: TaskId = TaskId(7);

pub struct Site {
    listener: TcpListener,
}

/// A node that has registered.
pub struct Guest {
    pub register: NodeRegister,
    socket: WebSocketStream<TcpStream>,
}

impl Site {
    pub async fn open() -> Self {
        Self { listener: TcpListener::bind("127.0.0.1:0").await.unwrap() }
    }

    pub fn url(&self) -> String {
        format!("ws://{}", self.listener.local_addr().unwrap())
    }

    pub async fn guest(&self) -> Guest {
        timeout(PATIENCE, async {
            let (stream, _) = self.listener.accept().await.unwrap();
            // The closure's type is the library's.
            #[allow(clippy::result_large_err)]
            let looks = |request: &Request, response: Response| {
                assert_eq!(request.uri().path(), "/ws/ai-engine");
                assert_eq!(request.headers()["authorization"], "Bearer let me in");
                Ok(response)
            };
            let socket = accept_hdr_async(stream, looks).await.unwrap();
            let register = NodeRegister {
                node_id: String::new(),
                node_name: String::new(),
                ip: None,
                port: None,
                max_tasks: 0,
                algorithms: Vec::new(),
                load: Default::default(),
                protocol: 0,
                can_preview: false,
                can_archive: false,
                timestamp_ms: None,
            };
            let mut guest = Guest { register, socket };
            guest.register = guest
                .find(PATIENCE, |message| match message {
                    NodeMessage::Register(register) => Some(register),
                    _ => None,
                })
                .await;
            let id = guest.register.node_id.clone();
            guest.say(&SiteMessage::Registered(Registered::new(id, UtcMillis::now().0))).await;
            guest
        })
        .await
        .unwrap()
    }
}

impl Guest {
    pub async fn say(&mut self, message: &SiteMessage) {
        self.socket.send(Message::text(message.text().unwrap())).await.unwrap();
    }

    pub async fn say_text(&mut self, text: &str) {
        self.socket.send(Message::text(text)).await.unwrap();
    }

    pub async fn start(&mut self, task: StartTask) {
        self.say(&SiteMessage::StartTask { data: task }).await;
    }

    pub async fn stop(&mut self, scenes: &[&str]) {
        let scene_codes = scenes.iter().map(|code| scene(code)).collect();
        self.say(&SiteMessage::StopTask { data: StopTask { task_id: TASK, scene_codes } }).await;
    }

    /// The next message for which this holds; every message can be read.
    pub async fn find<T>(&mut self, within: Duration, is_it: impl FnMut(NodeMessage) -> Option<T>) -> T {
        self.find_until(Instant::now() + within, is_it).await.expect("it came in time")
    }

    /// `None` when nothing of the kind came.
    pub async fn find_until<T>(
        &mut self,
        until: Instant,
        mut is_it: impl FnMut(NodeMessage) -> Option<T>,
    ) -> Option<T> {
        loop {
            match timeout_at(until, self.socket.next()).await {
                Ok(Some(Ok(Message::Text(text)))) => {
                    if let Some(found) = is_it(NodeMessage::parse(&text).unwrap()) {
                        return Some(found);
                    }
                }
                Ok(Some(Ok(_))) => {}
                Ok(other) => panic!("the node hung up: {other:?}"),
                Err(_) => return None,
            }
        }
    }

    pub async fn result(&mut self) -> AiResult {
        self.find(PATIENCE, |message| match message {
            NodeMessage::Result(result) => Some(result),
            _ => None,
        })
        .await
    }
}

pub fn scene(code: &str) -> SceneCode {
    SceneCode::parse(code).unwrap()
}

/// These scenes for the first camera of the farm.
pub fn task(farm: &Farm, scenes: &[&str]) -> StartTask {
    StartTask {
        task_id: TASK,
        camera_id: CameraId(3),
        scene_codes: scenes.iter().map(|code| scene(code)).collect(),
        stream_key: "3:main".into(),
        rtsp: StreamAddress::new(farm.rtsp_url(0, StreamRole::Main)),
        conf_threshold: 0.6,
        // The lower half: the clock stands in the upper one.
        region: [[0.0, 0.6], [1.0, 0.6], [1.0, 1.0], [0.0, 1.0]].map(Point::from).to_vec(),
        regions: [].into(),
        lines: [(scene("LINE_CROSSING"), vec![[[0.5, 1.0], [0.5, 0.5]].map(Point::from).to_vec()])].into(),
        params: TaskParams::default(),
        range: None,
    }
}
