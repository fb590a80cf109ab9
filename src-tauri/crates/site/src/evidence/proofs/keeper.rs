//! The task that states, and the handle to what it stated.

use super::{
    day::{range_of, ripe},
    shelf::{ProofFilter, ProofView, Shelf, Trusted},
};
use crate::{
    evidence::{blocking::blocking, facts, key::EvidenceKey},
    recording::{Recording, TimelineTrack},
};
use jiff::civil::Date;
use std::{path::PathBuf, sync::Arc, time::Duration};
use tokio::{sync::Mutex, task::JoinHandle};
use tokio_util::sync::CancellationToken;
use watchwall_evidence::{Span, Statement, StatementChain, StatementGap, hex32, pack};
use watchwall_model::{Problem, StreamPath, TimeRange, UtcMillis};
use watchwall_store::Store;

/// After a start the site has more urgent work.
const FIRST_AFTER: Duration = Duration::from_secs(60);
const LOOK_EVERY: Duration = Duration::from_secs(600);
/// So long a site may have been off and still states each day.
const DAYS_BACK: i64 = 7;
const STOP_WITHIN: Duration = Duration::from_secs(1);

/// What statements are made of. Cheap to clone.
#[derive(Clone)]
pub struct ProofParts {
    pub store: Store,
    pub recording: Recording,
    pub key: EvidenceKey,
    pub folder: PathBuf,
}

/// Cheap to clone.
#[derive(Clone)]
pub struct Proofs {
    parts: ProofParts,
    shelf: Shelf,
    cancel: CancellationToken,
    task: Arc<Mutex<Option<JoinHandle<()>>>>,
}

impl Proofs {
    pub fn start(parts: ProofParts) -> Self {
        let shelf = Shelf { folder: parts.folder.clone() };
        let proofs = Self { parts, shelf, cancel: CancellationToken::new(), task: Arc::default() };
        let task = tokio::spawn(proofs.clone().run());
        Self { task: Arc::new(Mutex::new(Some(task))), ..proofs }
    }

    /// States what the last days lack, by a clock that says `now`. Answers how many statements were made. May be called
    /// at any time.
    ///
    /// # Errors
    /// When index, key or disk cannot be read or written.
    pub async fn reconcile(&self, now: UtcMillis) -> Result<usize, Problem> {
        let mut made = 0;
        // Oldest first: each names the one before.
        for day in ripe(now, DAYS_BACK, self.parts.recording.zone()).into_iter().rev() {
            for path in self.parts.recording.paths().await? {
                if !self.shelf.has(day, &path) && self.state(day, &path, now).await? {
                    made += 1;
                }
            }
        }
        if let Some(today) = ripe(now, 1, self.parts.recording.zone()).into_iter().next() {
            let shelf = self.shelf.clone();
            blocking(move || {
                shelf.prune(today);
                Ok(())
            })
            .await?;
        }
        Ok(made)
    }

    /// # Errors
    /// When the folder cannot be read.
    pub async fn list(&self, filter: ProofFilter) -> Result<Vec<ProofView>, Problem> {
        let (shelf, key) = (self.shelf.clone(), self.parts.key.get().await?.public().fingerprint());
        blocking(move || Ok(shelf.list(&filter, Trusted(&key)))).await
    }

    /// # Errors
    /// `not_found`, or when the folder or the key cannot be read.
    pub async fn get(&self, day: String, path: StreamPath) -> Result<ProofView, Problem> {
        let (shelf, key) = (self.shelf.clone(), self.parts.key.get().await?.public().fingerprint());
        blocking(move || shelf.one(&day, &path, Trusted(&key))).await
    }

    /// A statement with its signature and the key, as a ZIP.
    ///
    /// # Errors
    /// `not_found`, or what the disk answers.
    pub async fn archive(&self, day: String, path: StreamPath) -> Result<Vec<u8>, Problem> {
        let shelf = self.shelf.clone();
        blocking(move || {
            let mut bytes = Vec::new();
            pack(&shelf.find(&day, &path)?, &mut bytes, |_| true)?;
            Ok(bytes)
        })
        .await
    }

    pub async fn stop(&self) {
        self.cancel.cancel();
        let Some(task) = self.task.lock().await.take() else { return };
        let abort = task.abort_handle();
        if tokio::time::timeout(STOP_WITHIN, task).await.is_err() {
            abort.abort();
        }
    }

    async fn run(self) {
        let mut wait = FIRST_AFTER;
        loop {
            tokio::select! {
                () = self.cancel.cancelled() => return,
                () = tokio::time::sleep(wait) => {}
            }
            wait = LOOK_EVERY;
            let reconciled = tokio::select! {
                () = self.cancel.cancelled() => return,
                reconciled = self.reconcile(UtcMillis::now()) => reconciled,
            };
            match reconciled {
                Ok(0) => {}
                Ok(statements) => tracing::info!(statements, "what was recorded was stated and signed"),
                Err(problem) => {
                    tracing::warn!(error = %problem, "what was recorded could not be stated; it is tried again")
                }
            }
        }
    }

    /// False when there is nothing to say: nothing was recorded then, or ever before.
    async fn state(&self, day: Date, path: &StreamPath, now: UtcMillis) -> Result<bool, Problem> {
        let ProofParts { store, recording, key, .. } = &self.parts;
        let Some(range) = range_of(day, recording.zone()) else { return Ok(false) };
        let track = recording.timeline(std::slice::from_ref(path), range, 0).await?.pop().map(|(_, track)| track);
        let track = track.unwrap_or_default();
        let (shelf, of) = (self.shelf.clone(), path.clone());
        let previous_sha256 = blocking(move || Ok(shelf.hash_before(day, &of))).await?;
        if track.coverage.is_empty() && previous_sha256.is_none() {
            return Ok(false);
        }
        let statement = Statement {
            format: Statement::FORMAT.to_owned(),
            site: facts::of_site(store, recording, key).await?,
            camera: facts::camera_name(store, path).await?,
            path: path.to_string(),
            day: day.to_string(),
            range: span(range),
            stated_at: now,
            covered_ms: track.coverage.iter().map(|piece| piece.duration_ms()).sum(),
            coverage: track.coverage.iter().copied().map(span).collect(),
            gaps: gaps(&track),
            chain: recording
                .chain_until(path, range.end)
                .await?
                .map(|last| StatementChain { number: last.number, sha256: hex32(&last.chain) }),
            previous_sha256,
        };
        let (shelf, key, path) = (self.shelf.clone(), key.get().await?, path.clone());
        blocking(move || shelf.put(&statement, &path, &key)).await?;
        Ok(true)
    }
}

fn gaps(track: &TimelineTrack) -> Vec<StatementGap> {
    let gap =
        |gap: &watchwall_model::Gap| StatementGap { from: gap.range.start, to: gap.range.end, reason: gap.reason };
    track.gaps.iter().map(gap).collect()
}

const fn span(range: TimeRange) -> Span {
    Span { from: range.start, to: range.end }
}
