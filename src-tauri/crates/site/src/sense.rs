//! How recording learns what cameras notice: the other place, beside `tap`, where the two domains meet.
//!
//! One task, joined by [`Sense::stop`]. Events come over the cameras' bounded broadcast; when it has run over, what goes
//! on is read from the database again.

use crate::{
    cameras::events::CameraEvents,
    recording::{CameraTrigger, Recording},
};
use std::time::Duration;
use tokio::{
    sync::{Mutex, broadcast::error::RecvError},
    task::JoinHandle,
};
use tokio_util::sync::CancellationToken;
use watchwall_model::{CameraEventRow, Problem, UtcMillis};
use watchwall_store::Store;

/// What began longer ago and has not ended is not believed to go on.
const LOOK_BACK_MS: i64 = 3_600_000;
const STOP: Duration = Duration::from_secs(1);

pub struct Sense {
    cancel: CancellationToken,
    task: Mutex<Option<JoinHandle<()>>>,
}

impl Sense {
    pub fn start(store: Store, events: &CameraEvents, recording: Recording) -> Self {
        let cancel = CancellationToken::new();
        let work = Work { store, recording };
        let mut heard = events.listen();
        let stop = cancel.clone();
        let task = tokio::spawn(async move {
            work.recall().await;
            loop {
                let row = tokio::select! {
                    () = stop.cancelled() => return,
                    row = heard.recv() => row,
                };
                match row {
                    Ok(row) => work.hear(&row).await,
                    Err(RecvError::Lagged(missed)) => {
                        tracing::warn!(missed, "events of cameras came faster than recording took them");
                        work.recall().await;
                    }
                    Err(RecvError::Closed) => return,
                }
            }
        });
        Self { cancel, task: Mutex::new(Some(task)) }
    }

    pub async fn stop(&self) {
        self.cancel.cancel();
        let Some(task) = self.task.lock().await.take() else { return };
        let abort = task.abort_handle();
        if tokio::time::timeout(STOP, task).await.is_err() {
            abort.abort();
        }
    }
}

struct Work {
    store: Store,
    recording: Recording,
}

impl Work {
    async fn hear(&self, row: &CameraEventRow) {
        if let Err(problem) = self.pass_on(row).await {
            tracing::error!(camera.id = row.event.camera.0, error = %problem, "an event could not begin a recording");
        }
    }

    async fn pass_on(&self, row: &CameraEventRow) -> Result<(), Problem> {
        let Some(trigger) = trigger_of(row) else { return Ok(()) };
        let Some(camera) = self.store.cameras().get(row.event.camera).await? else { return Ok(()) };
        for stream in &camera.streams {
            self.recording.notice(&stream.path, &trigger).await?;
        }
        Ok(())
    }

    /// What went on when the site started, or while events were missed.
    async fn recall(&self) {
        let work = async {
            let plans = self.store.plans().all().await?;
            let since = UtcMillis::now().saturating_add_ms(-LOOK_BACK_MS);
            for plan in plans.iter().filter(|plan| plan.enabled && plan.awaits_events()) {
                let Some(camera) = self.store.cameras().by_path(&plan.path).await? else { continue };
                for row in self.store.camera_events().last_states(camera.id, since).await? {
                    if let Some(trigger) = trigger_of(&row) {
                        self.recording.notice(&plan.path, &trigger).await?;
                    }
                }
            }
            Ok::<_, Problem>(())
        };
        if let Err(problem) = work.await {
            tracing::error!(error = %problem, "what cameras notice now could not be read");
        }
    }
}

/// `None` for what begins no recording, whatever the plan.
fn trigger_of(row: &CameraEventRow) -> Option<CameraTrigger> {
    let event = &row.event;
    let kind = serde_json::from_value(serde_json::Value::String(event.kind.clone())).ok()?;
    Some(CameraTrigger {
        kind,
        state: event.state,
        source: event.source.clone(),
        rule: event.rule.clone(),
        at: event.at,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use watchwall_model::{CameraEventState, CameraId, NewCameraEvent, TriggerKind};

    #[test]
    fn known_kinds_are_triggers() {
        let check = |kind: &str, expect: Option<TriggerKind>| {
            let event = NewCameraEvent {
                camera: CameraId(1),
                kind: kind.to_owned(),
                state: CameraEventState::On,
                source: String::new(),
                rule: String::new(),
                topic: String::new(),
                value: String::new(),
                at: UtcMillis(0),
            };
            assert_eq!(trigger_of(&CameraEventRow { id: 1, event }).map(|trigger| trigger.kind), expect, "{kind}");
        };
        check("motion", Some(TriggerKind::Motion));
        check("line_crossed", Some(TriggerKind::LineCrossed));
        check("digital_input", Some(TriggerKind::DigitalInput));
        check("storage_failed", None);
        check("other", None);
    }
}
