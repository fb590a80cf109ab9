//! The conversation with one viewer of a recording.

use super::{Sender, Wish};
use crate::{
    app::App,
    live::{End, Said, Wire},
};
use axum::extract::ws::WebSocket;
use std::convert::Infallible;
use tokio_util::sync::CancellationToken;
use watchwall_api::{PlaybackClientMessage, PlaybackServerMessage};
use watchwall_model::{ErrorCode, Problem, UtcMicros, UtcMillis};
use watchwall_site::recording::{GapMode, PlaybackOptions, PlaybackSession, SoundMode, Speed, StartMode};

/// Serves one playback socket until either side ends it.
pub async fn run(app: App, socket: WebSocket, wish: Wish, ended: CancellationToken) {
    let mut wire = Wire::new(socket);
    let _place = match app.viewers.enter() {
        Ok(place) => place,
        Err(problem) => return wire.end(End::Refused(problem)).await,
    };
    let stopping = app.sockets.stopping().clone();
    let end = tokio::select! {
        end = converse(&app, &mut wire, &wish) => match end {
            Ok(never) => match never {},
            Err(end) => end,
        },
        () = ended.cancelled() => End::Refused(Problem::new(ErrorCode::LoginRequired)),
        () = stopping.cancelled() => End::Stopping,
    };
    wire.end(end).await;
}

async fn converse(app: &App, wire: &mut Wire, wish: &Wish) -> Result<Infallible, End> {
    let mut options = PlaybackOptions::at(wish.from.unwrap_or_else(UtcMillis::now));
    options.audio = if wish.sound.is_on() { SoundMode::Audible } else { SoundMode::Silent };
    // Without a moment to start from the client says `play` when it knows one.
    options.start = if wish.from.is_some() { StartMode::Playing } else { StartMode::Paused };
    let mut session = app.site.recording.open_playback(&wish.path, options);
    let mut sender = Sender::new(wish);
    loop {
        tokio::select! {
            biased;
            said = wire.hear() => obey(app, wire, &mut session, said?).await?,
            message = session.next() => sender.send(app, wire, message).await?,
            unit = sender.transcoded() => sender.send_transcoded(app, wire, unit?).await?,
        }
    }
}

async fn obey(app: &App, wire: &mut Wire, session: &mut PlaybackSession, said: Said) -> Result<(), End> {
    let command = match &said {
        Said::Text(text) => serde_json::from_str::<PlaybackClientMessage>(text).ok(),
        Said::Noise => None,
    };
    match command {
        None => app.metrics.live.unknown_message(),
        Some(PlaybackClientMessage::Play { at, speed }) => match speed.map(Speed::new).transpose() {
            Ok(speed) => session.play(at.map(UtcMillis), speed),
            Err(problem) => complain(wire, problem).await?,
        },
        Some(PlaybackClientMessage::Pause) => session.pause(),
        Some(PlaybackClientMessage::Seek { at }) => session.seek(UtcMillis(at)),
        Some(PlaybackClientMessage::Step { frames }) => {
            if let Err(problem) = session.step(frames).await {
                complain(wire, problem).await?;
            }
        }
        Some(PlaybackClientMessage::SkipGaps { on }) => {
            session.set_gaps(if on { GapMode::Skip } else { GapMode::Show })
        }
        Some(PlaybackClientMessage::Ping { client_at }) => {
            wire.say(&PlaybackServerMessage::Pong { client_at, server_at: UtcMicros::now().0 }).await?;
        }
    }
    Ok(())
}

/// A command that makes no sense is answered; the socket stays.
async fn complain(wire: &mut Wire, problem: Problem) -> Result<(), End> {
    wire.say(&PlaybackServerMessage::Error { code: problem.code.to_string(), params: problem.params }).await
}
