//! From a session's messages to the wire.

use super::{
    Wish,
    bridge::{Bridge, Purpose},
};
use crate::{
    app::App,
    live::{self, ClientCodecs, Coding, End, SoundWish, Wire, coding},
    views::gap_word,
};
use bytes::Bytes;
use std::sync::Arc;
use watchwall_api::{LiveHello, LiveServerMessage, PlaybackServerMessage};
use watchwall_media::{AccessUnit, StreamParams, fmp4::Sound, live as framing};
use watchwall_model::{ErrorCode, Problem, StreamPath, UtcMicros};
use watchwall_site::recording::PlaybackMessage;

/// Flag bit 3 of a message header: decode, do not show.
const BEFORE_TARGET: u8 = 1 << 3;

/// How `hello` is worded.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Dialect {
    Playback,
    Live,
}

pub struct Sender {
    path: StreamPath,
    codecs: ClientCodecs,
    sound: SoundWish,
    dialect: Dialect,
    bridge: Option<Bridge>,
    /// Params of the re-encoded pictures the client was told of.
    told: Option<Arc<StreamParams>>,
}

impl Sender {
    pub fn new(wish: &Wish) -> Self {
        Self::with(wish.path.clone(), wish.codecs, wish.sound, Dialect::Playback)
    }

    pub fn for_replay(wish: &live::Wish) -> Self {
        Self::with(wish.path.clone(), wish.codecs, wish.sound, Dialect::Live)
    }

    const fn with(path: StreamPath, codecs: ClientCodecs, sound: SoundWish, dialect: Dialect) -> Self {
        Self { path, codecs, sound, dialect, bridge: None, told: None }
    }

    /// # Errors
    /// When the far end is gone or too slow, or nothing can be made that it plays.
    pub async fn send(&mut self, app: &App, wire: &mut Wire, message: PlaybackMessage) -> Result<(), End> {
        match message {
            PlaybackMessage::Init { params, message } => return self.begin(app, wire, &params, message).await,
            PlaybackMessage::Unit { unit, message } => match &mut self.bridge {
                Some(bridge) => {
                    let is_lead_in = message.get(1).is_some_and(|flags| flags & BEFORE_TARGET != 0);
                    bridge.push(unit, if is_lead_in { Purpose::LeadIn } else { Purpose::Shown });
                }
                None => {
                    wire.feed(message).await?;
                    wire.flush().await?;
                }
            },
            PlaybackMessage::Seeked { at, seek_id } => {
                if let Some(bridge) = &mut self.bridge {
                    bridge.turn();
                }
                wire.say(&PlaybackServerMessage::Seeked { at: at.0, seek_id }).await?;
            }
            PlaybackMessage::Gap { from, to, reason } => {
                wire.say(&PlaybackServerMessage::Gap { from: from.0, to: to.0, reason: gap_word(reason) }).await?;
            }
            PlaybackMessage::LiveEdge { at } => wire.say(&PlaybackServerMessage::LiveEdge { at: at.0 }).await?,
            PlaybackMessage::End { at } => wire.say(&PlaybackServerMessage::End { at: at.0 }).await?,
            PlaybackMessage::Error(problem) => {
                tracing::warn!(path = %self.path, "playback stands: {problem}");
                let error = PlaybackServerMessage::Error { code: problem.code.to_string(), params: problem.params };
                wire.say(&error).await?;
            }
        }
        Ok(())
    }

    async fn begin(&mut self, app: &App, wire: &mut Wire, params: &StreamParams, init: Bytes) -> Result<(), End> {
        let way = params.video.as_ref().map_or(Coding::AsIs, |video| coding(&video.codec, self.codecs));
        match way {
            Coding::AsIs => {
                self.bridge = None;
                self.told = None;
                self.hello(app, wire, params, Way::AsIs).await?;
                wire.feed(init).await
            }
            Coding::Transcoded => {
                if self.bridge.is_none() {
                    self.bridge = Some(Bridge::start(app).await?);
                }
                Ok(())
            }
            Coding::Impossible => {
                let codec = params.video.as_ref().map_or("", |video| video.codec.as_str());
                Err(Problem::new(ErrorCode::CodecImpossible).with("codec", codec).with("path", &self.path).into())
            }
        }
    }

    /// The next re-encoded unit; waits for ever while nothing is re-encoded. Safe to drop.
    ///
    /// # Errors
    /// Why the transcode was given up.
    pub async fn transcoded(&mut self) -> Result<Arc<AccessUnit>, Problem> {
        match &mut self.bridge {
            Some(bridge) => bridge.next().await,
            None => std::future::pending().await,
        }
    }

    /// # Errors
    /// As [`Sender::send`].
    pub async fn send_transcoded(&mut self, app: &App, wire: &mut Wire, unit: Arc<AccessUnit>) -> Result<(), End> {
        let broken = |e| Problem::new(ErrorCode::TranscodeFailed).at("mux").because(e);
        if !self.told.as_ref().is_some_and(|told| Arc::ptr_eq(told, &unit.params)) {
            self.hello(app, wire, &unit.params, Way::Transcoded).await?;
            wire.feed(framing::init_message(&unit.params, self.sound()).map_err(broken)?).await?;
            self.told = Some(Arc::clone(&unit.params));
        }
        if !unit.is_video() && !self.sound.is_on() {
            return Ok(());
        }
        let message = framing::unit_message(&unit).map_err(broken)?;
        wire.feed(message).await?;
        wire.flush().await
    }

    async fn hello(&self, app: &App, wire: &mut Wire, params: &StreamParams, way: Way) -> Result<(), End> {
        let video = params.video.as_ref();
        let mime = framing::media_type(params, self.sound());
        let codec = video.map_or_else(String::new, |v| v.codec.as_str().to_owned());
        let (width, height) = video.map_or((0, 0), |v| (v.width, v.height));
        let has_audio = framing::carries_sound(params) && self.sound != SoundWish::Forbidden;
        let (server_at, transcoded) = (UtcMicros::now().0, way == Way::Transcoded);
        match self.dialect {
            Dialect::Playback => {
                wire.say(&PlaybackServerMessage::Hello { mime, codec, width, height, has_audio, server_at, transcoded })
                    .await
            }
            Dialect::Live => {
                let hello = LiveHello {
                    path: self.path.to_string(),
                    role: if self.path.as_str().ends_with("_sub") { "sub" } else { "main" }.to_owned(),
                    mime,
                    codec,
                    width,
                    height,
                    frame_rate: video.map_or(0.0, |v| v.frame_rate),
                    has_audio,
                    server_at,
                    reason: "as_asked".to_owned(),
                    transcoded,
                    stale_after_ms: app.viewers.stale_after_ms(),
                };
                wire.say(&LiveServerMessage::Hello(hello)).await
            }
        }
    }

    fn sound(&self) -> Sound {
        Sound::from(self.sound.is_on())
    }
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Way {
    AsIs,
    Transcoded,
}
