//! Keeps the supervisor at work: one that panics or cannot begin is begun again, after longer and longer waits.

use super::supervisor::{Command, State, Supervisor};
use futures::FutureExt;
use std::{
    any::Any,
    panic::AssertUnwindSafe,
    sync::atomic::{AtomicBool, AtomicU64, Ordering::Relaxed},
    time::{Duration, Instant},
};
use tokio::{sync::mpsc, time::sleep};
use tokio_util::sync::CancellationToken;

const FIRST_WAIT: Duration = Duration::from_millis(500);
const LONGEST_WAIT: Duration = Duration::from_secs(30);
/// What has worked for so long begins again with the shortest wait.
const HEALTHY_AFTER: Duration = Duration::from_secs(60);

/// How the supervisor does.
#[derive(Debug, Default)]
pub struct Supervision {
    is_failing: AtomicBool,
    failures: AtomicU64,
}

/// A look at it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SupervisorFigures {
    /// It failed, and has not begun again yet.
    pub is_failing: bool,
    /// Since the site started.
    pub failures: u64,
}

impl Supervision {
    pub fn figures(&self) -> SupervisorFigures {
        SupervisorFigures { is_failing: self.is_failing.load(Relaxed), failures: self.failures.load(Relaxed) }
    }

    /// Until cancelled.
    pub async fn run(&self, supervisor: Supervisor, mut commands: mpsc::Receiver<Command>, cancel: CancellationToken) {
        let mut wait = FIRST_WAIT;
        loop {
            let (mut state, begun) = (None, Instant::now());
            let life = AssertUnwindSafe(self.live(&supervisor, &mut state, &mut commands, &cancel));
            let why = match life.catch_unwind().await {
                Ok(Ok(())) => return,
                Ok(Err(problem)) => problem.to_string(),
                Err(panic) => words_of(panic.as_ref()),
            };
            self.is_failing.store(true, Relaxed);
            self.failures.fetch_add(1, Relaxed);
            // Their nodes come again and are found by what is kept; what they run stays theirs.
            if let Some(state) = state {
                state.let_go();
            }
            if begun.elapsed() >= HEALTHY_AFTER {
                wait = FIRST_WAIT;
            }
            let retry_ms = u64::try_from(wait.as_millis()).unwrap_or(u64::MAX);
            tracing::error!(%why, retry_ms, "nobody looks after the tasks of AI engines; that begins again");
            tokio::select! {
                () = cancel.cancelled() => return,
                () = sleep(wait) => {}
            }
            wait = (wait * 2).min(LONGEST_WAIT);
        }
    }

    async fn live(
        &self,
        supervisor: &Supervisor,
        state: &mut Option<State>,
        commands: &mut mpsc::Receiver<Command>,
        cancel: &CancellationToken,
    ) -> Result<(), watchwall_model::Problem> {
        let state = state.insert(supervisor.begin().await?);
        self.is_failing.store(false, Relaxed);
        supervisor.work(state, commands, cancel).await;
        Ok(())
    }
}

/// What a panic said.
fn words_of(panic: &(dyn Any + Send)) -> String {
    let text = panic.downcast_ref::<&str>().map(|text| (*text).to_owned());
    text.or_else(|| panic.downcast_ref::<String>().cloned()).unwrap_or_else(|| "a panic".to_owned())
}
