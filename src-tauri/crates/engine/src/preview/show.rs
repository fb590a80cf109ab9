//! A task's end of its preview.

use super::{
    PreviewPlan,
    exhibit::{Exhibit, Sketch},
    marks::Marks,
};
use crate::task::{Plan, Seen};
use std::time::Duration;
use tokio::{sync::mpsc, task::JoinHandle, time::timeout};
use tokio_util::sync::CancellationToken;
use watchwall_media::pixels::Picture;

/// Pictures on their way. Each is one of the decoder's few.
const WAITING: usize = 1;
const STOP_WITHIN: Duration = Duration::from_secs(4);

/// None, or one that runs. Cancelled when it goes.
#[derive(Default)]
pub struct Show {
    running: Option<Running>,
}

struct Running {
    plan: PreviewPlan,
    sketches: mpsc::Sender<Sketch>,
    task: JoinHandle<()>,
    cancel: CancellationToken,
}

impl Show {
    /// Brings it to what is wanted. Another place, or another size, is another preview.
    pub async fn set(&mut self, wanted: Option<PreviewPlan>) {
        if self.running.as_ref().map(|running| &running.plan) == wanted.as_ref() {
            return;
        }
        self.stop().await;
        self.running = wanted.map(Running::start);
    }

    /// Shows a picture that was looked at. Without a preview, or with one that is busy, nothing happens.
    pub fn offer(&self, plan: &Plan, picture: &Picture, seen: &[Seen]) {
        let Some(running) = self.running.as_ref().filter(|_| !seen.is_empty()) else { return };
        // Taken: the picture before has not been drawn on. Closed: the site does not want it any more.
        let Ok(place) = running.sketches.try_reserve() else { return };
        let marks = if running.plan.draw { Marks::of(plan, seen) } else { Marks::default() };
        place.send(Sketch { picture: picture.clone(), marks });
    }

    /// Ends it and waits for its goodbye.
    pub async fn stop(&mut self) {
        let Some(running) = self.running.take() else { return };
        running.cancel.cancel();
        let abort = running.task.abort_handle();
        if timeout(STOP_WITHIN, running.task).await.is_err() {
            tracing::warn!(task = running.plan.task.0, "a preview did not end in time");
            abort.abort();
        }
    }
}

impl Drop for Show {
    fn drop(&mut self) {
        if let Some(running) = &self.running {
            running.cancel.cancel();
        }
    }
}

impl Running {
    fn start(plan: PreviewPlan) -> Self {
        let (sketches, drawn) = mpsc::channel(WAITING);
        let cancel = CancellationToken::new();
        let exhibit = Exhibit { plan: plan.clone(), sketches: drawn, cancel: cancel.clone() };
        let task = tokio::spawn(exhibit.run());
        Self { plan, sketches, task, cancel }
    }
}
