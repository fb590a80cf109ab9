//! The kit against our own node, and against programs that do it wrong.

use crate::{Node, archive::Tape, camera};
use futures::{SinkExt, StreamExt};
use std::time::Duration;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpStream},
};
use tokio_tungstenite::{
    WebSocketStream, accept_async, connect_async,
    tungstenite::{Message, protocol::CloseFrame},
};
use watchwall_engine::{
    EngineOptions, SiteAddress,
    conformance::{ANSWER_WITHIN, NodeCheck, Outcome, Verdict, check_node, check_site},
};
use watchwall_engine_protocol::StreamAddress;
use watchwall_model::{Secret, StreamRole, UtcMillis};

async fn listen() -> (TcpListener, String) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("ws://{}", listener.local_addr().unwrap());
    (listener, url)
}

fn failed(verdict: &Verdict) -> Vec<&'static str> {
    let failures = verdict.lines.iter().filter(|(_, outcome)| matches!(outcome, Outcome::Failed(_)));
    failures.map(|(promise, _)| *promise).collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn our_own_node_keeps_every_promise() {
    let farm = camera().await;
    let (listener, url) = listen().await;
    let node = Node::start(&url);
    let stream = Some(StreamAddress::new(farm.rtsp_url(0, StreamRole::Main)));
    let tape = Tape::glimpse().await;
    let (outlet, address) = tape.hand_on();
    let check = NodeCheck { recording: Some(tape.recording(&address)), ..NodeCheck::new(stream) };
    let verdict = check_node(&listener, &check).await.unwrap();
    assert!(verdict.is_good() && verdict.lines.len() == 16, "{verdict}");
    assert!(verdict.lines.iter().all(|(_, outcome)| *outcome == Outcome::Passed), "{verdict}");
    node.stop().await;
    outlet.stop().await;
    farm.shutdown().await;
}

/// Says what it is told to, and publishes nothing.
async fn hides_its_pictures(url: String) {
    let (mut socket, _) = connect_async(url).await.unwrap();
    let register =
        r#"{"type": "NODE_REGISTER", "node_id": "shy", "algorithms": ["MOTION"], "capabilities": ["preview"]}"#;
    socket.send(Message::text(register)).await.unwrap();
    while let Some(Ok(message)) = socket.next().await {
        let Message::Text(text) = message else { continue };
        let site: serde_json::Value = serde_json::from_str(&text).unwrap_or_default();
        if site["type"] == "START_TASK" {
            let alive = r#"{"type": "TASK_KEEPALIVE", "node_id": "shy", "task_id": 7001}"#;
            socket.send(Message::text(alive)).await.unwrap();
            let result = serde_json::json!({"type": "AI_RESULT", "task_id": 7001, "camera_id": 3001,
                "ts": UtcMillis::now().0, "scene_code": "MOTION", "alarm_event": false, "objects": []});
            for _ in 0..3 {
                socket.send(Message::text(result.to_string())).await.unwrap();
            }
        } else if site["type"] == "START_PREVIEW" {
            // Comes, and speaks of something else.
            let url = site["data"]["url"].as_str().unwrap();
            let address = url.strip_prefix("rtsp://").unwrap().split('/').next().unwrap();
            let mut stream = TcpStream::connect(address).await.unwrap();
            let description = "v=0\r\no=- 0 0 IN IP4 0.0.0.0\r\ns=-\r\nt=0 0\r\nm=video 0 RTP/AVP 26\r\n";
            let size = description.len();
            let announce = format!("ANNOUNCE {url} RTSP/1.0\r\nCSeq: 1\r\nContent-Length: {size}\r\n\r\n{description}");
            stream.write_all(announce.as_bytes()).await.unwrap();
            assert_eq!(stream.read(&mut [0; 1]).await.unwrap(), 0, "it is not taken");
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_preview_that_no_site_takes_fails() {
    let (listener, url) = listen().await;
    let shy = tokio::spawn(hides_its_pictures(url));
    let check = NodeCheck {
        patience: Duration::from_secs(2),
        heartbeat_within: Duration::from_millis(100),
        ..NodeCheck::new(Some(StreamAddress::new("rtsp://127.0.0.1:9/none")))
    };
    let verdict = check_node(&listener, &check).await.unwrap();
    let of_preview = verdict.lines.iter().find(|(promise, _)| promise.starts_with("START_PREVIEW")).unwrap();
    let why = "pictures are taken as H264/90000, not as 26".to_owned();
    assert_eq!(of_preview.1, Outcome::Failed(why), "{verdict}");
    shy.await.unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_node_that_only_comes_fails_with_what_it_lacks() {
    let (listener, url) = listen().await;
    let lazy = tokio::spawn(async move {
        let (mut socket, _) = connect_async(url).await.unwrap();
        let register = r#"{"type": "NODE_REGISTER", "node_id": "lazy"}"#;
        socket.send(Message::text(register)).await.unwrap();
        socket.send(Message::text("{")).await.unwrap();
        // Answers pings, and nothing else.
        while let Some(Ok(_)) = socket.next().await {}
    });
    let check = NodeCheck {
        patience: Duration::from_secs(2),
        heartbeat_within: Duration::from_secs(2),
        ..NodeCheck::new(None)
    };
    let verdict = check_node(&listener, &check).await.unwrap();
    assert_eq!(
        failed(&verdict),
        [
            "it names the scenes it can look for",
            "its heartbeat comes in time",
            "START_TASK is answered within 5 s",
            "STOP_TASK is obeyed",
            "a STOP_TASK that comes twice breaks nothing",
            "it comes again under its name when it was cut off",
            "every message can be read",
        ],
        "{verdict}"
    );
    lazy.await.unwrap();
}

/// Answers every register, refuses nothing, closes nothing.
async fn credulous(mut socket: WebSocketStream<TcpStream>) {
    while let Some(Ok(message)) = socket.next().await {
        if let Message::Text(text) = message
            && text.contains("NODE_REGISTER")
        {
            let answer = serde_json::json!({
                "type": "REGISTERED", "node_id": "n1", "heartbeat_seconds": 10, "server_time": 5, "protocol": 1,
            });
            socket.send(Message::text(answer.to_string())).await.unwrap();
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_site_that_takes_everything_fails_almost_everywhere() {
    let (listener, url) = listen().await;
    let site = tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            tokio::spawn(async move { credulous(accept_async(stream).await.unwrap()).await });
        }
    });
    let mut options = EngineOptions::new(SiteAddress::parse(&url).unwrap(), Some(Secret::new("t")));
    options.node_id = "n1".into();
    let verdict = tokio::time::timeout(Duration::from_secs(60), check_site(options, Duration::from_millis(500)))
        .await
        .unwrap()
        .unwrap();
    let failed = failed(&verdict);
    assert!(failed.contains(&"a wrong token is closed with 4401"), "{verdict}");
    assert!(failed.contains(&"a register is answered"), "its clock is wrong: {verdict}");
    let passed = verdict.lines.len() - failed.len();
    assert_eq!(passed, 1, "only the ping: {verdict}");
    site.abort();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_site_that_lets_nobody_in_is_told_so() {
    let (listener, url) = listen().await;
    let site = tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            let mut socket = accept_async(stream).await.unwrap();
            let frame = CloseFrame { code: 4401.into(), reason: "".into() };
            socket.close(Some(frame)).await.unwrap();
        }
    });
    let options = EngineOptions::new(SiteAddress::parse(&url).unwrap(), Some(Secret::new("t")));
    let verdict = check_site(options, ANSWER_WITHIN).await.unwrap();
    assert!(!verdict.is_good() && !failed(&verdict).contains(&"a wrong token is closed with 4401"), "{verdict}");
    site.abort();
}
