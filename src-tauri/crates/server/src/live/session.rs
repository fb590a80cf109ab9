//! The conversation with one viewer.

use super::{
    feed::Feed,
    replay,
    viewers::Place,
    wire::{End, Said, Wire},
    wish::Wish,
};
use crate::{app::App, views::phase_word};
use axum::extract::ws::WebSocket;
use std::{
    future::pending,
    sync::Arc,
    time::{Duration, Instant},
};
use tokio_util::sync::CancellationToken;
use watchwall_api::{LiveClientMessage, LiveHello, LiveServerMessage};
use watchwall_media::{
    AccessUnit,
    fmp4::Sound,
    hub::{Received, Subscription},
    live,
};
use watchwall_model::{ErrorCode, Phase, Problem, UtcMicros};
use watchwall_site::analytics::Previews;

/// Units written before the client is listened to again.
const BATCH: usize = 32;
/// The actor of a camera added this moment gets this long to appear.
const ACTOR_PATIENCE: Duration = Duration::from_secs(2);

/// Serves one live socket until either side ends it.
pub async fn run(app: App, socket: WebSocket, wish: Wish, ended: CancellationToken) {
    let wire = Wire::new(socket);
    let place = match app.viewers.enter() {
        Ok(place) => place,
        Err(problem) => return wire.end(End::Refused(problem)).await,
    };
    let mut session = Session { wire, place, wish, next: None, said: None, app };
    let stopping = session.app.sockets.stopping().clone();
    let end = tokio::select! {
        end = session.converse() => end,
        () = ended.cancelled() => End::Refused(Problem::new(ErrorCode::LoginRequired)),
        () = stopping.cancelled() => End::Stopping,
    };
    if let End::Refused(problem) = &end {
        tracing::debug!(path = %session.wish.path, "a viewer was closed: {problem}");
        session.app.metrics.live.closed(problem.code);
    }
    session.wire.end(end).await;
}

struct Session {
    app: App,
    wire: Wire,
    place: Place,
    wish: Wish,
    /// The stream asked for by `select`; the old one is sent until its first picture is there.
    next: Option<Feed>,
    /// The status told last.
    said: Option<(String, Option<String>, Option<i64>)>,
}

/// What woke the session.
enum Woken {
    Units(Source),
    Said(Said),
    Status,
}

#[derive(Clone, Copy)]
enum Source {
    Current,
    Next,
}

impl Session {
    async fn converse(&mut self) -> End {
        let talk = async {
            if let Some(seconds) = self.wish.replay_s {
                return replay::run(&self.app, &mut self.wire, &self.wish, seconds).await;
            }
            let mut feed = self.open().await?;
            let mut batch = Vec::with_capacity(BATCH);
            loop {
                match self.wait(&mut feed, &mut batch).await? {
                    Woken::Units(Source::Current) => self.forward(&mut feed, &mut batch).await?,
                    Woken::Units(Source::Next) => {
                        if let Some(next) = self.next.take() {
                            feed = next;
                            self.forward(&mut feed, &mut batch).await?;
                        }
                    }
                    Woken::Said(said) => self.obey(&mut feed, said).await?,
                    Woken::Status => self.tell_status(&feed).await?,
                }
            }
        };
        let result: Result<std::convert::Infallible, End> = talk.await;
        match result {
            Ok(never) => match never {},
            Err(end) => end,
        }
    }

    async fn open(&mut self) -> Result<Feed, End> {
        let since = Instant::now();
        loop {
            match Feed::open(&self.app, &self.wish).await {
                Ok(feed) => {
                    self.tell_status(&feed).await?;
                    return Ok(feed);
                }
                Err(problem) if problem.code == ErrorCode::CameraOffline && since.elapsed() < ACTOR_PATIENCE => {
                    tokio::time::sleep(Duration::from_millis(50)).await;
                }
                Err(problem) => return Err(problem.into()),
            }
        }
    }

    async fn wait(&mut self, feed: &mut Feed, batch: &mut Vec<Received>) -> Result<Woken, End> {
        let Self { wire, next, .. } = self;
        let status = &mut feed.status.clone();
        let mut from_next = Vec::new();
        let current = feed.subscription();
        let woken = tokio::select! {
            biased;
            said = wire.hear() => Woken::Said(said?),
            () = receive(current, batch) => Woken::Units(Source::Current),
            () = receive(next.as_mut().and_then(Feed::subscription), &mut from_next) => Woken::Units(Source::Next),
            Ok(()) = status.changed() => Woken::Status,
        };
        match woken {
            Woken::Units(Source::Next) => *batch = from_next,
            Woken::Status => feed.status = status.clone(),
            _ => {}
        }
        Ok(woken)
    }

    /// Writes what came, and what else is there, in one go.
    async fn forward(&mut self, feed: &mut Feed, batch: &mut Vec<Received>) -> Result<(), End> {
        if let Some(subscription) = feed.subscription() {
            subscription.drain(batch, BATCH);
        }
        let mut newest = None;
        let mut bytes_sent = 0;
        for received in batch.drain(..) {
            match received {
                Received::Unit(unit) => {
                    let is_known = feed.told.as_ref().is_some_and(|told| Arc::ptr_eq(told, &unit.params));
                    if !is_known {
                        if !feed.suits(&self.app, &self.wish, &unit).await? {
                            // The rest of the batch is of the coding that the client cannot play.
                            break;
                        }
                        self.hello(feed, &unit).await?;
                    }
                    if !(unit.is_video() || self.wish.sound.is_on() && live::carries_sound(&unit.params)) {
                        continue;
                    }
                    let message = live::unit_message(&unit).map_err(|e| broken(&feed.path, e))?;
                    bytes_sent += message.len();
                    self.wire.feed(message).await?;
                    newest = Some(unit);
                }
                Received::Lost { units, .. } => self.app.metrics.live.dropped(units),
                Received::Closed => return Err(why_closed(&self.app, feed).await),
            }
        }
        if let Some(unit) = newest {
            self.wire.flush().await?;
            self.app.metrics.live.forwarded(unit.received_at, bytes_sent);
        }
        Ok(())
    }

    /// Says what comes from this unit on, and the initialisation segment for it.
    async fn hello(&mut self, feed: &mut Feed, unit: &AccessUnit) -> Result<(), End> {
        let params = &unit.params;
        let sound = Sound::from(self.wish.sound.is_on());
        let video = params.video.as_ref();
        let hello = LiveHello {
            path: feed.path.to_string(),
            role: feed.role.as_str().to_owned(),
            mime: live::media_type(params, sound),
            codec: video.map_or_else(String::new, |v| v.codec.as_str().to_owned()),
            width: video.map_or(0, |v| v.width),
            height: video.map_or(0, |v| v.height),
            frame_rate: video.map_or(0.0, |v| v.frame_rate),
            has_audio: live::carries_sound(params),
            server_at: UtcMicros::now().0,
            reason: feed.reason.to_owned(),
            transcoded: feed.is_transcoded(),
            stale_after_ms: self.app.viewers.stale_after_ms(),
        };
        self.wire.say(&LiveServerMessage::Hello(hello)).await?;
        let init = live::init_message(params, sound).map_err(|e| broken(&feed.path, e))?;
        self.wire.feed(init).await?;
        feed.told = Some(Arc::clone(params));
        Ok(())
    }

    async fn obey(&mut self, feed: &mut Feed, said: Said) -> Result<(), End> {
        let command = match &said {
            Said::Text(text) => serde_json::from_str::<LiveClientMessage>(text).ok(),
            Said::Noise => None,
        };
        match command {
            None => self.app.metrics.live.unknown_message(),
            Some(LiveClientMessage::Ping { client_at }) => {
                let pong = LiveServerMessage::Pong { client_at, server_at: UtcMicros::now().0 };
                self.wire.say(&pong).await?;
            }
            Some(LiveClientMessage::Pause) => {
                self.next = None;
                feed.pause();
            }
            Some(LiveClientMessage::Resume) => {
                if feed.subscription().is_none() {
                    feed.resume();
                }
            }
            Some(LiveClientMessage::Select { role, max_height }) => self.select(feed, &role, max_height).await?,
            Some(LiveClientMessage::Audio { on }) => {
                if self.wish.sound.set(on) {
                    feed.restart();
                }
            }
            Some(LiveClientMessage::Stats { live_age_ms, is_stale, dropped_frames, .. }) => {
                self.place.report(is_stale);
                self.app.metrics.live.reported(live_age_ms, dropped_frames);
            }
        }
        Ok(())
    }

    async fn select(&mut self, feed: &mut Feed, role: &str, max_height: Option<u32>) -> Result<(), End> {
        if !self.wish.select(role, max_height) {
            self.app.metrics.live.unknown_message();
            return Ok(());
        }
        let next = Feed::open(&self.app, &self.wish).await?;
        if next.path == feed.path {
            self.next = None;
            feed.reason = if feed.is_transcoded() { feed.reason } else { next.reason };
            return Ok(());
        }
        if feed.subscription().is_none() {
            // Paused: nothing to keep on screen, and nothing to send.
            *feed = next;
            feed.pause();
        } else {
            self.next = Some(next);
        }
        Ok(())
    }

    async fn tell_status(&mut self, feed: &Feed) -> Result<(), End> {
        let phase = feed.status.borrow().phase.clone();
        let (code, retry_at) = match &phase {
            Phase::Waiting { until, reason, .. } => (Some(reason.code.to_string()), Some(until.0)),
            Phase::NeedsAttention { reason } => (Some(reason.code.to_string()), None),
            Phase::Stalled { .. } => (Some(ErrorCode::StreamStalled.to_string()), None),
            _ => (None, None),
        };
        let status = (phase_word(&phase).to_owned(), code, retry_at);
        if self.said.as_ref() == Some(&status) {
            return Ok(());
        }
        self.said = Some(status.clone());
        let (phase, code, retry_at) = status;
        self.wire.say(&LiveServerMessage::Status { phase, code, retry_at }).await
    }
}

/// The stream is gone for good: its camera was disabled, removed, or the transcode broke.
async fn why_closed(app: &App, feed: &Feed) -> End {
    if let Some(problem) = feed.transcode_failure() {
        return End::Refused(problem);
    }
    if Previews::task_of(&feed.path).is_some() {
        return End::Refused(Problem::new(ErrorCode::StreamEnded).with("path", &feed.path));
    }
    let code = match app.site.store.cameras().by_path(&feed.path).await {
        Ok(Some(camera)) if camera.enabled => ErrorCode::StreamEnded,
        Ok(Some(_)) => ErrorCode::CameraDisabled,
        Ok(None) => ErrorCode::CameraNotFound,
        Err(error) => return End::Refused(error.into()),
    };
    End::Refused(Problem::new(code).with("path", &feed.path))
}

/// Waits for at least one item. For ever without a subscription.
async fn receive(subscription: Option<&mut Subscription>, into: &mut Vec<Received>) {
    match subscription {
        Some(subscription) => into.push(subscription.recv().await),
        None => pending().await,
    }
}

fn broken(path: &watchwall_model::StreamPath, error: impl std::fmt::Display) -> Problem {
    Problem::new(ErrorCode::CodecUnsupported).with("path", path).at("mux").because(error)
}
