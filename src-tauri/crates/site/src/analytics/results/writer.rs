//! From the queue to the day's file.

use super::{
    super::sink::AlarmSink,
    intake::ResultIntake,
    queue::{Lane, Pending},
};
use std::{
    sync::{Arc, atomic::Ordering::Relaxed},
    time::{Duration, Instant},
};
use tokio::{sync::mpsc, time::sleep};
use watchwall_model::{AiResultRow, UtcMillis};
use watchwall_store::{Inserted, ResultFiles, StoreError};

/// Rows of one transaction.
const BATCH: usize = 2_048;
/// Batches of alarms that are raised and not kept yet.
const AHEAD: usize = 4;
/// What is no alarm is gathered for this long: a commit for each would cost more than it.
const GATHER: Duration = Duration::from_millis(20);
/// An alarm that the disk refuses is offered again, this often.
const RETRY: Duration = Duration::from_secs(1);
/// A disk that refuses everything is told this often.
const TELL_EVERY: Duration = Duration::from_secs(60);

/// Empties one half of the queue until it is closed and empty.
pub struct ResultWriter {
    pub intake: Arc<ResultIntake>,
    pub files: Arc<ResultFiles>,
    pub lane: Lane,
    pub sink: Arc<dyn AlarmSink>,
}

impl ResultWriter {
    pub async fn run(self) {
        match self.lane {
            Lane::Alarms => self.run_alarms().await,
            Lane::Others => self.run_others().await,
        }
    }

    async fn run_others(&self) {
        let mut told = None;
        while let Some(mut batch) = self.intake.queue.take(self.lane, BATCH).await {
            if batch.len() < BATCH {
                sleep(GATHER).await;
                let more = self.intake.queue.try_take(self.lane, BATCH - batch.len());
                batch.extend(more);
            }
            self.keep(&rows_of(batch), &mut told).await;
        }
    }

    /// An alarm waits for nothing that is no alarm: while the day's file is being written, the next ones are raised.
    async fn run_alarms(&self) {
        let (hand, mut handed) = mpsc::channel(AHEAD);
        let raising = async move {
            while let Some(batch) = self.intake.queue.take(self.lane, BATCH).await {
                let rows = rows_of(batch);
                // First: a result that is kept has raised its alarm, whatever happens in between.
                self.raise(&rows).await;
                if hand.send(rows).await.is_err() {
                    return;
                }
            }
        };
        let keeping = async {
            let mut told = None;
            while let Some(rows) = handed.recv().await {
                let mut rows: Vec<AiResultRow> = rows;
                while rows.len() < BATCH
                    && let Ok(more) = handed.try_recv()
                {
                    rows.extend(more);
                }
                self.keep(&rows, &mut told).await;
            }
        };
        tokio::join!(raising, keeping);
    }

    /// Alarms until it succeeds, or the site stops; others once.
    async fn keep(&self, rows: &[AiResultRow], told: &mut Option<Instant>) {
        loop {
            let begun = Instant::now();
            match self.insert(rows).await {
                Ok(inserted) => {
                    self.intake.counters.inserted(begun.elapsed());
                    self.intake.counters.stored.fetch_add(inserted.stored, Relaxed);
                    self.intake.counters.duplicates.fetch_add(inserted.duplicates, Relaxed);
                    return;
                }
                Err(error) => {
                    if told.is_none_or(|told| told.elapsed() >= TELL_EVERY) {
                        *told = Some(Instant::now());
                        tracing::error!(%error, "results of AI engines cannot be stored");
                    }
                    if self.lane == Lane::Others || self.intake.queue.is_closed() {
                        self.intake.counters.failed.fetch_add(rows.len() as u64, Relaxed);
                        return;
                    }
                    sleep(RETRY).await;
                }
            }
        }
    }

    /// Until it succeeds, or the site stops.
    async fn raise(&self, rows: &[AiResultRow]) {
        while let Err(problem) = self.sink.raise(rows).await {
            tracing::error!(%problem, alarms = rows.len(), "alarms of AI engines could not be raised");
            if self.intake.queue.is_closed() {
                return;
            }
            sleep(RETRY).await;
        }
    }

    async fn insert(&self, rows: &[AiResultRow]) -> Result<Inserted, StoreError> {
        self.files.insert(rows, UtcMillis::now()).await
    }
}

fn rows_of(batch: Vec<Pending>) -> Vec<AiResultRow> {
    batch.into_iter().map(|Pending { row, .. }| row).collect()
}
