//! The conversation with one member of a group.

use super::{
    clock::{Command, Phase},
    footing::Footing,
    name::GroupName,
    room::{Seat, Standing},
};
use crate::{
    app::App,
    live::{End, Said, Wire},
};
use axum::extract::ws::WebSocket;
use std::{convert::Infallible, future, time::Instant};
use tokio_util::sync::CancellationToken;
use watchwall_api::{
    GroupClockView, GroupFooting, PlaybackGroupClientMessage as Asked, PlaybackGroupServerMessage as Told,
};
use watchwall_model::{ErrorCode, Problem};
use watchwall_site::recording::Speed;

/// Serves one member's socket until either side ends it. `at` is where a new group stands, UTC milliseconds.
pub async fn run(app: App, socket: WebSocket, name: GroupName, at: i64, ended: CancellationToken) {
    let mut wire = Wire::new(socket);
    let seat = match app.playback_groups.enter(&name, at) {
        Ok(seat) => seat,
        Err(problem) => return wire.end(End::Refused(problem)).await,
    };
    let stopping = app.sockets.stopping().clone();
    let end = tokio::select! {
        end = converse(&app, &mut wire, seat) => match end {
            Ok(never) => match never {},
            Err(end) => end,
        },
        () = ended.cancelled() => End::Refused(Problem::new(ErrorCode::LoginRequired)),
        () = stopping.cancelled() => End::Stopping,
    };
    wire.end(end).await;
}

async fn converse(app: &App, wire: &mut Wire, mut seat: Seat) -> Result<Infallible, End> {
    loop {
        let wake_at = seat.wake_at();
        tokio::select! {
            biased;
            said = wire.hear() => obey(app, wire, &seat, said?).await?,
            standing = seat.changed() => wire.say(&Told::Clock(view(&seat, standing))).await?,
            () = sleep_until(wake_at) => seat.consider(),
        }
    }
}

async fn sleep_until(at: Option<Instant>) {
    match at {
        Some(at) => tokio::time::sleep_until(at.into()).await,
        None => future::pending().await,
    }
}

async fn obey(app: &App, wire: &mut Wire, seat: &Seat, said: Said) -> Result<(), End> {
    let asked = match &said {
        Said::Text(text) => serde_json::from_str::<Asked>(text).ok(),
        Said::Noise => None,
    };
    let command = match asked {
        None => {
            app.metrics.live.unknown_message();
            return Ok(());
        }
        Some(Asked::Ping { client_at }) => return wire.say(&Told::Pong { client_at, server_at: seat.now_us() }).await,
        Some(Asked::Footing { epoch, footing }) => {
            seat.stand(epoch, footing_of(footing));
            return Ok(());
        }
        Some(Asked::Play { at, speed }) => {
            speed.map(Speed::new).transpose().map(|speed| Command::Play { at: at.map(moment), speed })
        }
        Some(Asked::Speed { speed }) => Speed::new(speed).map(Command::Speed),
        Some(Asked::Pause { at }) => Ok(Command::Pause { at: at.map(moment) }),
        Some(Asked::Seek { at }) => Ok(Command::Seek { at: moment(at) }),
    };
    match command {
        Ok(command) => seat.obey(command),
        // A command that makes no sense is answered; the socket stays.
        Err(problem) => {
            wire.say(&Told::Error { code: problem.code.to_string(), params: problem.params }).await?;
        }
    }
    Ok(())
}

/// No clock runs out of what a number holds.
fn moment(at: i64) -> i64 {
    const MOST: i64 = 1 << 52;
    at.clamp(-MOST, MOST)
}

fn footing_of(footing: GroupFooting) -> Footing {
    match footing {
        GroupFooting::Preparing => Footing::Preparing,
        GroupFooting::Ready => Footing::Ready,
        GroupFooting::Dry { reach } => Footing::Dry { reach: moment(reach) },
        GroupFooting::Apart { next } => Footing::Apart { next: moment(next) },
        GroupFooting::Ended => Footing::Ended,
    }
}

fn view(seat: &Seat, Standing { clock, members }: Standing) -> GroupClockView {
    let (phase, at, since) = match clock.phase {
        Phase::Paused { at } => ("paused", at, seat.now_us()),
        Phase::Waiting { at, .. } => ("waiting", at, seat.now_us()),
        Phase::Running { at, since_us } => ("running", at, since_us),
    };
    GroupClockView {
        epoch: clock.epoch,
        phase: phase.to_owned(),
        at,
        since,
        speed: clock.speed.value(),
        skipped: clock.skipped.map(|(from, to)| [from, to]),
        members: u32::try_from(members).unwrap_or(u32::MAX),
    }
}
