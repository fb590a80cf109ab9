//! The conversation with one listener.

use super::edits::Edited;
use crate::{
    app::App,
    live::{End, Said, Wire},
};
use axum::extract::ws::WebSocket;
use std::{collections::HashMap, convert::Infallible, time::Duration};
use tokio::time::{Instant, MissedTickBehavior, interval, sleep_until};
use tokio_util::sync::CancellationToken;
use watchwall_api::{CameraStatus, NotifyClientMessage, NotifyServerMessage};
use watchwall_model::{ErrorCode, Problem, UtcMillis};

/// Changes are gathered for this long: at most four messages a second.
const GATHER: Duration = Duration::from_millis(250);
/// Figures that change without an event (rates, viewers) are looked at this often.
const LOOK_EVERY: Duration = Duration::from_secs(2);
const HEARTBEAT: Duration = Duration::from_secs(10);

/// Serves one socket until either side ends it.
pub async fn run(app: App, socket: WebSocket, ended: CancellationToken) {
    let mut listener =
        Listener { wire: Wire::new(socket), sequence: 0, topics: Topics::default(), told: HashMap::new() };
    let stopping = app.sockets.stopping().clone();
    let end = tokio::select! {
        end = listener.converse(&app) => match end {
            Ok(never) => match never {},
            Err(end) => end,
        },
        () = ended.cancelled() => End::Refused(Problem::new(ErrorCode::LoginRequired)),
        () = stopping.cancelled() => End::Stopping,
    };
    listener.wire.end(end).await;
}

#[derive(Clone, Copy, Default)]
struct Topics {
    cameras: bool,
    edits: bool,
}

struct Listener {
    wire: Wire,
    sequence: u64,
    topics: Topics,
    /// Each camera as told last.
    told: HashMap<i64, CameraStatus>,
}

impl Listener {
    async fn converse(&mut self, app: &App) -> Result<Infallible, End> {
        let mut cameras = app.site.cameras.changes();
        let mut plans = app.site.recording.changes();
        let mut edits = app.edits.listen();
        let mut heartbeat = interval(HEARTBEAT);
        heartbeat.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let mut look_at = Instant::now() + LOOK_EVERY;
        loop {
            tokio::select! {
                biased;
                said = self.wire.hear() => self.obey(app, said?).await?,
                Ok(()) = cameras.changed() => look_at = look_at.min(Instant::now() + GATHER),
                Ok(()) = plans.changed() => look_at = look_at.min(Instant::now() + GATHER),
                what = edits.next() => self.tell_edits(what).await?,
                () = sleep_until(look_at) => {
                    self.tell_changes(app).await?;
                    look_at = Instant::now() + LOOK_EVERY;
                }
                _ = heartbeat.tick() => {
                    let sequence = self.next();
                    self.wire.say(&NotifyServerMessage::Heartbeat { sequence, now: UtcMillis::now().0 }).await?;
                }
            }
        }
    }

    async fn obey(&mut self, app: &App, said: Said) -> Result<(), End> {
        let command = match &said {
            Said::Text(text) => serde_json::from_str::<NotifyClientMessage>(text).ok(),
            Said::Noise => None,
        };
        match command {
            None => app.metrics.live.unknown_message(),
            Some(NotifyClientMessage::Subscribe { topics }) => {
                let has = |name: &str| topics.iter().any(|topic| topic == name);
                self.topics =
                    Topics { cameras: has("cameras"), edits: has("cameras") || has("recording") || has("system") };
                self.snapshot(app).await?;
            }
            Some(NotifyClientMessage::Snapshot) => self.snapshot(app).await?,
        }
        Ok(())
    }

    async fn snapshot(&mut self, app: &App) -> Result<(), End> {
        if !self.topics.cameras {
            return Ok(());
        }
        let cameras = app.board.cameras(app).await?.to_vec();
        self.told = cameras.iter().map(|camera| (camera.camera_id, camera.clone())).collect();
        let sequence = self.next();
        self.wire.say(&NotifyServerMessage::CamerasSnapshot { sequence, cameras }).await
    }

    async fn tell_changes(&mut self, app: &App) -> Result<(), End> {
        if !self.topics.cameras {
            return Ok(());
        }
        let all = app.board.cameras(app).await?;
        if all.len() != self.told.len() || all.iter().any(|camera| !self.told.contains_key(&camera.camera_id)) {
            return self.snapshot(app).await;
        }
        let cameras: Vec<_> =
            all.iter().filter(|camera| self.told.get(&camera.camera_id) != Some(camera)).cloned().collect();
        if cameras.is_empty() {
            return Ok(());
        }
        self.told.extend(cameras.iter().map(|camera| (camera.camera_id, camera.clone())));
        let sequence = self.next();
        self.wire.say(&NotifyServerMessage::CamerasChanged { sequence, cameras }).await
    }

    async fn tell_edits(&mut self, what: Vec<Edited>) -> Result<(), End> {
        if !self.topics.edits {
            return Ok(());
        }
        for what in what {
            let sequence = self.next();
            self.wire.say(&NotifyServerMessage::Edited { sequence, what: what.as_str().to_owned() }).await?;
        }
        Ok(())
    }

    const fn next(&mut self) -> u64 {
        self.sequence += 1;
        self.sequence
    }
}
