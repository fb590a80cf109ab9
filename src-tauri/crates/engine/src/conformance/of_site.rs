//! A scripted node against a site.

use super::{
    Verdict,
    wire::{Heard, Wire},
};
use crate::{EngineError, EngineOptions, node::Dialler};
use serde_json::{Value, json};
use std::{sync::Arc, time::Duration};
use tokio::time::Instant;
use watchwall_engine_protocol::{MOST_MESSAGE_BYTES, SiteMessage};
use watchwall_model::{Secret, UtcMillis};

/// Answers come at once; a busy site gets this long.
pub const ANSWER_WITHIN: Duration = Duration::from_secs(5);
/// What is not to come has not come by then.
const SILENCE: Duration = Duration::from_millis(800);
/// A site pings every 15 s.
const PING: Duration = Duration::from_secs(20);
const TOKEN_WRONG: u16 = 4401;
const LET_GO: u16 = 4409;

/// Connects as a node and looks at what the site makes of it. No task of the site is touched: the node can look for
/// nothing that exists. An answer is waited for as long as `answer_within` ([`ANSWER_WITHIN`]).
///
/// # Errors
/// Options that cannot work.
pub async fn check_site(options: EngineOptions, answer_within: Duration) -> Result<Verdict, EngineError> {
    options.check()?;
    let mut verdict = Verdict::default();
    let intruder = EngineOptions { token: Some(Secret::new("not-the-token-of-any-node")), ..options.clone() };
    verdict.note("a wrong token is closed with 4401", wrong_token(intruder, answer_within).await?);
    let dialler = Dialler::new(Arc::new(options.clone()))?;
    let node = Node { dialler, id: options.node_id, answer_within };
    let mut wire = match node.dial().await {
        Ok(wire) => wire,
        Err(why) => {
            verdict.note("a node comes in", Err(why));
            return Ok(verdict);
        }
    };
    let heartbeat = json!({"type": "NODE_HEARTBEAT", "node_id": node.id});
    verdict.note("NODE_REGISTER comes first", refused(&mut wire, &node, heartbeat.to_string(), "not_registered").await);
    verdict.note("a register is answered", registered(&mut wire, &node).await);
    verdict.note("a register that comes twice is answered twice", registered(&mut wire, &node).await);
    for (promise, text, code) in sayings(&node) {
        verdict.note(promise, refused(&mut wire, &node, text, code).await);
    }
    verdict.note(
        "a message of an unknown type is passed over",
        ignored(&mut wire, &node, json!({"type": "NODE_DANCE"})).await,
    );
    verdict.note("a heartbeat needs no answer", ignored(&mut wire, &node, heartbeat).await);
    verdict.note(
        "boxes in pixels are taken when the frame's size is given",
        ignored(&mut wire, &node, pixels(true)).await,
    );
    verdict.note("results of tasks that are not its own break nothing", ignored(&mut wire, &node, foreign()).await);
    verdict.note("a ping is answered", pong(&mut wire).await);
    verdict.note("a message of more than 1 MiB is not taken", too_large(&mut wire, &node).await);
    verdict.note("a node that comes again replaces its older connection with 4409", replaced(&mut wire, &node).await);
    Ok(verdict)
}

struct Node {
    dialler: Dialler,
    id: String,
    answer_within: Duration,
}

impl Node {
    async fn dial(&self) -> Result<Wire, String> {
        self.dialler.dial().await.map(Wire::new).map_err(|error| error.to_string())
    }

    fn register(&self) -> String {
        json!({
            "type": "NODE_REGISTER", "node_id": self.id, "node_name": "Conformance", "max_tasks": 1,
            "algorithms": ["CONFORMANCE"], "timestamp": UtcMillis::now().0, "later_versions": {"say": ["more"]},
        })
        .to_string()
    }
}

/// Messages that are answered with these codes, and the connection stays.
fn sayings(node: &Node) -> [(&'static str, String, &'static str); 6] {
    let no_tasks = json!({"type": "NODE_REGISTER", "node_id": node.id, "max_tasks": 0}).to_string();
    let no_scene = json!({"type": "AI_RESULT", "task_id": 1, "camera_id": 1, "ts": UtcMillis::now().0}).to_string();
    let in_seconds =
        json!({"type": "AI_RESULT", "task_id": 1, "camera_id": 1, "ts": 1_772_359_200, "scene_code": "CONFORMANCE"});
    [
        ("what is no JSON is json_invalid", "{\"type\": ".to_owned(), "json_invalid"),
        ("what has no type is type_missing", "{}".to_owned(), "type_missing"),
        ("a register that cannot be is field_invalid", no_tasks, "field_invalid"),
        ("a result without a scene is field_invalid", no_scene, "field_invalid"),
        ("a time in seconds is field_invalid", in_seconds.to_string(), "field_invalid"),
        ("boxes in pixels without the frame's size are field_invalid", pixels(false).to_string(), "field_invalid"),
    ]
}

fn pixels(has_size: bool) -> Value {
    let mut result = foreign();
    result["objects"] = json!([{"label": "person", "score": 0.9, "bbox": [100, 100, 50, 120]}]);
    if has_size {
        (result["frame_width"], result["frame_height"]) = (json!(640), json!(360));
    }
    result
}

/// Of a task that no site has.
fn foreign() -> Value {
    json!({
        "type": "AI_RESULT", "task_id": i64::MAX, "camera_id": i64::MAX, "ts": UtcMillis::now().0,
        "scene_code": "CONFORMANCE", "alarm_event": true, "confidence": 0.9,
    })
}

async fn wrong_token(options: EngineOptions, answer_within: Duration) -> Result<Result<(), String>, EngineError> {
    let dialler = Dialler::new(Arc::new(options))?;
    let mut wire = match dialler.dial().await {
        Ok(socket) => Wire::new(socket),
        Err(error) => return Ok(Err(format!("no WebSocket was opened: {error}"))),
    };
    let until = Instant::now() + answer_within;
    loop {
        match wire.hear(until.saturating_duration_since(Instant::now())).await {
            Heard::Closed(TOKEN_WRONG) => return Ok(Ok(())),
            Heard::Closed(code) => return Ok(Err(format!("it was closed with {code}"))),
            Heard::Nothing => return Ok(Err("it was not closed".to_owned())),
            _ => {}
        }
    }
}

async fn registered(wire: &mut Wire, node: &Node) -> Result<(), String> {
    wire.say(node.register()).await?;
    let answer = wire.find(node.answer_within, |text| SiteMessage::parse(text).ok().filter(is_answer)).await?;
    match answer {
        SiteMessage::Registered(answer) => {
            let is_near = (answer.server_time - UtcMillis::now().0).abs() < 86_400_000;
            match () {
                () if answer.node_id != node.id => Err(format!("it calls this node {}", answer.node_id)),
                () if !(1..=30).contains(&answer.heartbeat_seconds) => {
                    Err(format!("heartbeat_seconds is {}", answer.heartbeat_seconds))
                }
                () if !is_near => Err(format!("server_time is {}: milliseconds since 1970?", answer.server_time)),
                () if answer.protocol < 1 => Err("protocol is 0".to_owned()),
                () => Ok(()),
            }
        }
        other => Err(format!("it answers {other:?}")),
    }
}

const fn is_answer(message: &SiteMessage) -> bool {
    matches!(message, SiteMessage::Registered(_) | SiteMessage::Error { .. })
}

/// Answered with an `ERROR` of this code.
async fn refused(wire: &mut Wire, node: &Node, text: String, code: &str) -> Result<(), String> {
    wire.say(text).await?;
    match wire.find(node.answer_within, |text| SiteMessage::parse(text).ok().filter(is_answer)).await? {
        SiteMessage::Error { code: answer, .. } if answer == code => Ok(()),
        other => Err(format!("it answers {other:?}")),
    }
}

/// Not answered, and the connection stays: what comes after it is.
async fn ignored(wire: &mut Wire, node: &Node, message: Value) -> Result<(), String> {
    wire.say(message.to_string()).await?;
    let until = Instant::now() + SILENCE;
    loop {
        match wire.hear(until.saturating_duration_since(Instant::now())).await {
            Heard::Text(text) if SiteMessage::parse(&text).is_ok_and(|message| is_answer(&message)) => {
                return Err(format!("it answers {text:.200}"));
            }
            Heard::Closed(code) => return Err(format!("the connection was closed with {code}")),
            Heard::Nothing => break,
            _ => {}
        }
    }
    refused(wire, node, "{".to_owned(), "json_invalid").await.map_err(|why| format!("afterwards: {why}"))
}

/// The site's own pings, every 15 s, are looked for on the way.
async fn pong(wire: &mut Wire) -> Result<(), String> {
    wire.ping().await?;
    let until = Instant::now() + PING;
    loop {
        match wire.hear(until.saturating_duration_since(Instant::now())).await {
            Heard::Pong => return Ok(()),
            Heard::Closed(code) => return Err(format!("the connection was closed with {code}")),
            Heard::Nothing => return Err("no pong came".to_owned()),
            _ => {}
        }
    }
}

/// Told so or hung up on; either way the node can go on.
async fn too_large(wire: &mut Wire, node: &Node) -> Result<(), String> {
    let filler = "x".repeat(MOST_MESSAGE_BYTES);
    let sent = wire.say(json!({"type": "NODE_DANCE", "filler": filler}).to_string()).await;
    let until = Instant::now() + node.answer_within;
    let mut was_told = false;
    while sent.is_ok() && !was_told {
        match wire.hear(until.saturating_duration_since(Instant::now())).await {
            Heard::Text(text) => match SiteMessage::parse(&text) {
                Ok(SiteMessage::Error { code, .. }) if code == "message_too_large" => was_told = true,
                Ok(message) if is_answer(&message) => return Err(format!("it answers {text:.200}")),
                _ => {}
            },
            Heard::Closed(_) => break,
            Heard::Nothing => return Err("it says nothing about it".to_owned()),
            _ => {}
        }
    }
    if !was_told {
        *wire = node.dial().await?;
    }
    registered(wire, node).await.map_err(|why| format!("afterwards: {why}"))
}

async fn replaced(wire: &mut Wire, node: &Node) -> Result<(), String> {
    let mut newer = node.dial().await?;
    registered(&mut newer, node).await?;
    let until = Instant::now() + node.answer_within;
    loop {
        match wire.hear(until.saturating_duration_since(Instant::now())).await {
            Heard::Closed(LET_GO) => break,
            Heard::Closed(code) => return Err(format!("the older one was closed with {code}")),
            Heard::Nothing => return Err("the older one stays".to_owned()),
            _ => {}
        }
    }
    refused(&mut newer, node, "{".to_owned(), "json_invalid").await.map_err(|why| format!("the newer one: {why}"))
}
