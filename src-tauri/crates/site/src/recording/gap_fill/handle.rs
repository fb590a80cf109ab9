//! What the site and the server hold.

use super::{
    find,
    keeper::{GapFillParts, Keeper},
    progress::GapFillFigures,
};
use std::{sync::Arc, time::Duration};
use tokio::{sync::Mutex, task::JoinHandle, time::timeout};
use tokio_util::sync::CancellationToken;
use watchwall_model::{ErrorCode, GapFillId, GapFillRow, GapFillState, Problem, StreamPath, TimeRange, UtcMillis};
use watchwall_store::{GapFillNote, NewGapFill, Page, PageRequest};

/// Stretches that wait or are fetched.
const MOST_WAITING: usize = 500;
/// The longest that may be asked for at once.
const LONGEST_MS: i64 = 31 * 86_400_000;
/// An attempt has said goodbye to its camera within this.
const STOP_WITHIN: Duration = Duration::from_secs(5);

/// A stretch as it stands.
#[derive(Clone, Debug)]
pub struct GapFillView {
    pub row: GapFillRow,
    /// It is being fetched now. What that brought so far is counted in the row.
    pub is_running: bool,
}

/// What somebody asks for.
#[derive(Clone, Debug)]
pub struct GapFillWish {
    pub path: StreamPath,
    pub from: UtcMillis,
    pub to: UtcMillis,
}

/// Fills gaps. Cheap to clone.
#[derive(Clone)]
pub struct GapFill {
    keeper: Arc<Keeper>,
    cancel: CancellationToken,
    task: Arc<Mutex<Option<JoinHandle<()>>>>,
}

impl GapFill {
    /// Goes on with what a stop interrupted.
    pub fn start(parts: GapFillParts) -> Self {
        let keeper = Keeper::new(parts);
        let cancel = CancellationToken::new();
        let task = tokio::spawn(Arc::clone(&keeper).run(cancel.clone()));
        Self { keeper, cancel, task: Arc::new(Mutex::new(Some(task))) }
    }

    /// Newest first.
    ///
    /// # Errors
    /// `request_invalid` for a made-up cursor, or when the database cannot be read.
    pub async fn page(&self, request: &PageRequest) -> Result<Page<GapFillView>, Problem> {
        let page = self.keeper.parts.store.gap_fills().page(request).await?;
        let items = page.items.into_iter().map(|row| self.view(row)).collect();
        Ok(Page { items, next_cursor: page.next_cursor })
    }

    /// # Errors
    /// `not_found`.
    pub async fn get(&self, id: GapFillId) -> Result<GapFillView, Problem> {
        let row = self.keeper.parts.store.gap_fills().get(id).await?;
        row.map(|row| self.view(row)).ok_or_else(|| Problem::new(ErrorCode::NotFound).with("what", "gap_fill"))
    }

    /// Fetches what is missing of a range, also what was given up or cancelled before.
    ///
    /// # Errors
    /// `range_invalid`, `not_found` without a plan, `onvif_missing` when the camera's device cannot replay,
    /// `too_many_jobs`.
    pub async fn ask(&self, wish: GapFillWish, by: &str) -> Result<GapFillView, Problem> {
        let now = UtcMillis::now();
        let GapFillWish { path, from, to } = wish;
        let range = TimeRange::new(from, to.min(now))
            .filter(|range| (find::SHORTEST_MS..=LONGEST_MS).contains(&range.duration_ms()))
            .ok_or_else(|| Problem::new(ErrorCode::RangeInvalid).with("from", from.0).with("to", to.0))?;
        let parts = &self.keeper.parts;
        if parts.store.plans().get(&path).await?.is_none() {
            return Err(Problem::new(ErrorCode::NotFound).with("what", "plan"));
        }
        if !parts.edge.streams().await?.iter().any(|(other, _)| *other == path) {
            return Err(Problem::new(ErrorCode::OperationUnsupported).with("operation", "replay").with("host", &path));
        }
        let waiting = parts.store.gap_fills().waiting().await?;
        if let Some(same) = waiting.iter().find(|row| row.path == path && row.range == range) {
            return Ok(self.view(same.clone()));
        }
        if waiting.len() >= MOST_WAITING {
            return Err(Problem::new(ErrorCode::TooManyJobs).with("limit", MOST_WAITING));
        }
        let new = NewGapFill { path, range, asked_by: by.to_owned(), created_at: now };
        let row = parts.store.gap_fills().insert(&new).await?;
        self.keeper.wake.notify_one();
        Ok(self.view(row))
    }

    /// Ends one that waits or is fetched; what it has brought stays. Answers it as it stands then.
    ///
    /// # Errors
    /// `not_found`, or when the database cannot be written.
    pub async fn cancel(&self, id: GapFillId) -> Result<GapFillView, Problem> {
        let row = self.get(id).await?.row;
        let (mut filled_ms, mut read_bytes) = (0, 0);
        if let Some(job) = self.keeper.job(id) {
            if timeout(STOP_WITHIN, job.cancel()).await.is_err() {
                return Err(Problem::new(ErrorCode::DiskSlow).at("cancel_gap_fill"));
            }
            (filled_ms, read_bytes) = (job.progress.filled_ms(), job.progress.read_bytes());
        }
        let now = UtcMillis::now();
        let note = GapFillNote {
            state: GapFillState::Cancelled,
            attempts: row.attempts,
            next_try_at: now,
            problem: None,
            filled_ms,
            read_bytes,
            at: now,
        };
        self.keeper.parts.store.gap_fills().note(id, &note).await?;
        self.get(id).await
    }

    /// The figures of this moment.
    pub fn figures(&self) -> GapFillFigures {
        self.keeper.figures()
    }

    /// Interrupts what is fetched; the next start goes on there.
    pub async fn stop(&self) {
        self.cancel.cancel();
        let Some(task) = self.task.lock().await.take() else { return };
        let abort = task.abort_handle();
        if timeout(STOP_WITHIN, task).await.is_err() {
            tracing::warn!("filling gaps did not stop in time");
            abort.abort();
        }
    }

    fn view(&self, mut row: GapFillRow) -> GapFillView {
        let job = self.keeper.job(row.id);
        if let Some(job) = &job {
            row.filled_ms += job.progress.filled_ms();
            row.read_bytes += job.progress.read_bytes();
        }
        GapFillView { is_running: job.is_some() && !row.state.is_over(), row }
    }
}
