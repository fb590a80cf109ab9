//! A running recorder as the reconciler and the views see it.

use super::{
    actor::{Recorder, RecorderContext},
    watchdog::{Signs, judge},
};
use std::time::Duration;
use tokio::{sync::watch, task::JoinHandle};
use tokio_util::sync::CancellationToken;
use watchwall_model::{ErrorCode, PlanRunning, UtcMillis, VolumeCode};

/// A recorder hands over its last fragment well within this.
const STOP_PATIENCE: Duration = Duration::from_secs(2);

pub struct RecorderHandle {
    pub version: i64,
    signs: watch::Receiver<Signs>,
    cancel: CancellationToken,
    task: JoinHandle<()>,
}

impl RecorderHandle {
    pub fn start(version: i64, context: RecorderContext) -> Self {
        let cancel = CancellationToken::new();
        let (signs_in, signs) = watch::channel(Signs::starting(UtcMillis::now()));
        let task = tokio::spawn(Recorder::new(context, signs_in).run(cancel.clone()));
        Self { version, signs, cancel, task }
    }

    pub fn running(&self, now: UtcMillis) -> PlanRunning {
        judge(&self.signs.borrow(), now)
    }

    pub fn lost_ms(&self) -> u64 {
        self.signs.borrow().lost_ms
    }

    /// Where its file is.
    pub fn volume(&self) -> Option<VolumeCode> {
        self.signs.borrow().volume.clone()
    }

    /// Where its file's second copy is, or why there is none though one is wanted.
    pub fn copy(&self) -> (Option<VolumeCode>, Option<ErrorCode>) {
        let signs = self.signs.borrow();
        (signs.copied_on.clone(), signs.copy_fault)
    }

    /// Ended by itself, which only a panic does.
    pub fn is_dead(&self) -> bool {
        self.task.is_finished()
    }

    /// Asks it to close its file; [`Self::join`] waits.
    pub fn cancel(&self) {
        self.cancel.cancel();
    }

    pub async fn join(self) {
        self.cancel.cancel();
        let mut task = self.task;
        match tokio::time::timeout(STOP_PATIENCE, &mut task).await {
            Ok(Ok(())) => {}
            Ok(Err(error)) => tracing::error!(error = %error, "a recorder panicked"),
            Err(_) => {
                task.abort();
                tracing::error!("a recorder did not stop in time");
            }
        }
    }
}
