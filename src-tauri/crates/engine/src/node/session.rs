//! One connection, from the register to its end.

use super::{
    Letter, Outbox, Urgency,
    load::LoadMeter,
    socket::{Socket, Stream},
};
use crate::{EngineOptions, scenes::SceneKind, task::Roster};
use futures::{
    SinkExt, StreamExt,
    stream::{SplitSink, SplitStream},
};
use std::time::Duration;
use tokio::time::{Instant, MissedTickBehavior, interval_at, timeout};
use tokio_tungstenite::{
    WebSocketStream,
    tungstenite::{Message, protocol::CloseFrame},
};
use tokio_util::sync::CancellationToken;
use watchwall_engine_protocol::{Load, NodeHeartbeat, NodeMessage, NodeRegister, PROTOCOL, Refusal, SiteMessage};
use watchwall_model::{SceneCode, UtcMillis};

const REGISTER_WITHIN: Duration = Duration::from_secs(10);
const WRITE_WITHIN: Duration = Duration::from_secs(20);
/// A site pings every 15 s.
const SILENT_FOR: Duration = Duration::from_secs(45);
/// What a site may ask for, in seconds.
const HEARTBEATS: std::ops::RangeInclusive<u32> = 1..=30;
/// Close codes of a site that does not want this node: its token is wrong, or another one of its name is there.
const TOKEN_WRONG: u16 = 4401;
const LET_GO: u16 = 4409;

/// Why it is over.
#[derive(Debug)]
pub enum End {
    Cancelled,
    Lost { why: String },
    Refused { code: u16, why: String },
}

/// What a connection works with.
pub struct Session<'a> {
    pub options: &'a EngineOptions,
    pub outbox: &'a Outbox,
    pub roster: &'a mut Roster,
    pub load: &'a mut LoadMeter,
    /// This machine can code pictures.
    pub can_preview: bool,
}

type Sink = SplitSink<WebSocketStream<Box<dyn Stream>>, Message>;
type Source = SplitStream<WebSocketStream<Box<dyn Stream>>>;

impl Session<'_> {
    /// Also says whether the site took the node.
    pub async fn run(mut self, socket: Socket, cancel: &CancellationToken) -> (End, bool) {
        let (mut sink, mut source) = socket.split();
        let heartbeat = tokio::select! {
            () = cancel.cancelled() => return (End::Cancelled, false),
            registered = timeout(REGISTER_WITHIN, self.register(&mut sink, &mut source)) => match registered {
                Ok(Ok(heartbeat)) => heartbeat,
                Ok(Err(end)) => return (end, false),
                Err(_) => return (lost("it does not answer the register"), false),
            },
        };
        let site = self.options.site.authority();
        tracing::info!(site, node = self.options.node_id, "registered");
        let outbox = self.outbox;
        let end = tokio::select! {
            () = cancel.cancelled() => End::Cancelled,
            end = self.listen(&mut source, heartbeat) => end,
            end = send(outbox, &mut sink) => end,
        };
        // Whoever no longer listens needs no farewell.
        let _ = timeout(Duration::from_millis(500), sink.send(Message::Close(None))).await;
        (end, true)
    }

    /// How often a heartbeat is due.
    async fn register(&mut self, sink: &mut Sink, source: &mut Source) -> Result<Duration, End> {
        let code = |kind: SceneKind| SceneCode::parse(kind.code());
        let skills = self.options.skills();
        let register = NodeMessage::Register(NodeRegister {
            node_id: self.options.node_id.clone(),
            node_name: self.options.node_name.clone(),
            ip: None,
            port: None,
            max_tasks: self.options.max_tasks,
            algorithms: skills.kinds().filter_map(code).collect(),
            load: self.load(),
            protocol: PROTOCOL,
            can_preview: self.can_preview,
            can_archive: true,
            timestamp_ms: Some(UtcMillis::now().0),
        });
        let text = register.text().map_err(lost)?;
        sink.send(Message::text(text)).await.map_err(lost)?;
        loop {
            match next(source).await? {
                Some(text) => match SiteMessage::parse(&text) {
                    Ok(SiteMessage::Registered(registered)) => {
                        let seconds = registered.heartbeat_seconds.clamp(*HEARTBEATS.start(), *HEARTBEATS.end());
                        return Ok(Duration::from_secs(seconds.into()));
                    }
                    Ok(SiteMessage::Error { code, message, .. }) => {
                        return Err(End::Refused { code: 0, why: format!("{code}: {message}") });
                    }
                    // Tasks come after it.
                    _ => {}
                },
                None => continue,
            }
        }
    }

    async fn listen(&mut self, source: &mut Source, heartbeat: Duration) -> End {
        let mut beat = interval_at(Instant::now(), heartbeat);
        beat.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let mut heard_at = Instant::now();
        loop {
            tokio::select! {
                heard = next(source) => {
                    heard_at = Instant::now();
                    match heard {
                        Ok(Some(text)) => self.obey(&text),
                        Ok(None) => {}
                        Err(end) => return end,
                    }
                }
                _ = beat.tick() => {
                    if heard_at.elapsed() > SILENT_FOR {
                        return lost("it is silent");
                    }
                    self.beat();
                }
            }
        }
    }

    fn obey(&mut self, text: &str) {
        match SiteMessage::parse(text) {
            Ok(SiteMessage::StartTask { data }) => self.roster.start(&data),
            Ok(SiteMessage::StopTask { data }) => self.roster.stop(&data),
            Ok(SiteMessage::StartPreview { data }) => self.roster.start_preview(&data),
            Ok(SiteMessage::StopPreview { data }) => self.roster.stop_preview(data),
            Ok(SiteMessage::Registered(_)) => {}
            Ok(SiteMessage::Error { code, message, of }) => {
                tracing::warn!(code, message, of, "the site did not take a message");
            }
            Err(Refusal::UnknownType { of }) => tracing::debug!(of, "a message of a type that is not known here"),
            Err(refusal) => tracing::warn!(%refusal, "the site said something that cannot be read"),
        }
    }

    fn beat(&mut self) {
        let heartbeat = NodeMessage::Heartbeat(NodeHeartbeat {
            node_id: self.options.node_id.clone(),
            load: self.load(),
            timestamp_ms: Some(UtcMillis::now().0),
            tasks: self.roster.tasks(),
        });
        if let Ok(text) = heartbeat.text() {
            self.outbox.push(Letter { urgency: Urgency::Heartbeat, text });
        }
        let dropped = self.outbox.dropped();
        if dropped.results + dropped.alarms > 0 {
            tracing::debug!(
                results = dropped.results,
                alarms = dropped.alarms,
                "left out so far: the site reads slowly"
            );
        }
    }

    fn load(&mut self) -> Load {
        let (cpu, memory) = self.load.measure();
        Load { cpu, gpu: 0.0, memory, tasks: u32::try_from(self.roster.scenes()).unwrap_or(u32::MAX) }
    }
}

/// Sends what waits, until that fails.
async fn send(outbox: &Outbox, sink: &mut Sink) -> End {
    loop {
        let letter = outbox.next().await;
        let sent = timeout(WRITE_WITHIN, sink.send(Message::text(letter.text.clone()))).await;
        let why = match sent {
            Ok(Ok(())) => continue,
            Ok(Err(error)) => error.to_string(),
            Err(_) => "it does not read".to_owned(),
        };
        // It may have arrived; the same result counts once.
        outbox.put_back(letter);
        return End::Lost { why };
    }
}

/// The next text; `None` for what is none.
async fn next(source: &mut Source) -> Result<Option<String>, End> {
    match source.next().await {
        Some(Ok(Message::Text(text))) => Ok(Some(text.as_str().to_owned())),
        Some(Ok(Message::Close(frame))) => Err(closed(frame)),
        Some(Ok(_)) => Ok(None),
        Some(Err(error)) => Err(lost(error)),
        None => Err(lost("it hung up")),
    }
}

fn closed(frame: Option<CloseFrame>) -> End {
    let Some(frame) = frame else { return lost("it closed the connection") };
    let (code, why) = (u16::from(frame.code), frame.reason.as_str().to_owned());
    match code {
        TOKEN_WRONG | LET_GO => End::Refused { code, why },
        _ => lost(format!("it closed the connection: {code} {why}")),
    }
}

fn lost(why: impl ToString) -> End {
    End::Lost { why: why.to_string() }
}
