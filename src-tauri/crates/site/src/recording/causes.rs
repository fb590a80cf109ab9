//! Why nothing was recorded: noted by recorders, kept in the database, read by the timeline.
//!
//! One task writes the notes until [`CauseLog::close`]; the channel to it is bounded, and a note that finds it full is dropped with a warning
//! (the gap itself always shows, only its reason would be older).

use super::index::Index;
use std::time::Duration;
use tokio::{sync::mpsc, task::JoinHandle};
use tokio_util::sync::CancellationToken;
use watchwall_model::{GapReason, StreamPath, UtcMillis};

const CAPACITY: usize = 4_096;
const BATCH: usize = 512;
const RETRY: Duration = Duration::from_secs(1);

/// From `at` on, what is not recorded of this stream is not recorded for this reason.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Note {
    pub path: StreamPath,
    pub at: UtcMillis,
    pub reason: GapReason,
}

/// Takes notes without waiting.
#[derive(Clone)]
pub struct CauseLog {
    sender: mpsc::Sender<Note>,
    closing: CancellationToken,
}

impl CauseLog {
    pub fn start(index: Index) -> (Self, JoinHandle<()>) {
        let (sender, receiver) = mpsc::channel(CAPACITY);
        let closing = CancellationToken::new();
        (Self { sender, closing: closing.clone() }, tokio::spawn(write(index, receiver, closing)))
    }

    /// What was noted before is still written.
    pub fn close(&self) {
        self.closing.cancel();
    }

    pub fn note(&self, path: &StreamPath, at: UtcMillis, reason: GapReason) {
        if self.sender.try_send(Note { path: path.clone(), at, reason }).is_err() {
            tracing::warn!(path = %path, "the reason of a gap could not be noted");
        }
    }
}

async fn write(index: Index, mut notes: mpsc::Receiver<Note>, closing: CancellationToken) {
    let mut batch = Vec::new();
    loop {
        let count = tokio::select! {
            biased;
            count = notes.recv_many(&mut batch, BATCH) => count,
            () = closing.cancelled(), if !notes.is_closed() => {
                notes.close();
                continue;
            }
        };
        if count == 0 {
            return;
        }
        if let Err(problem) = index.note_causes(&batch).await {
            tracing::warn!(error = %problem, "the reasons of gaps could not be stored; trying once more");
            tokio::time::sleep(RETRY).await;
            if let Err(problem) = index.note_causes(&batch).await {
                tracing::error!(error = %problem, notes = batch.len(), "the reasons of gaps are lost");
            }
        }
        batch.clear();
    }
}
