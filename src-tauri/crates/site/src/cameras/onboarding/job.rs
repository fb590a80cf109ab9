//! One list of devices being added, and how each row stands. Read by many, written by the row's own task.

use super::{
    examined::ExaminedChannel,
    row::{NewRow, Row},
    step::{OnboardingStep, StepOutcome},
};
use crate::cameras::jobs::Pulse;
use std::{
    sync::{Mutex, MutexGuard, PoisonError},
    time::Duration,
};
use tokio_util::sync::CancellationToken;
use watchwall_model::{CameraId, CredentialSet, Credentials, DeviceFacts, DeviceId, ErrorCode, Problem, UtcMillis};

/// A job's number in this run of the site.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct JobId(pub u64);

/// What is to be done with the rows.
#[derive(Clone, Debug, Default)]
pub struct JobOptions {
    /// Look, and add nothing.
    pub is_dry_run: bool,
    /// Start a continuous plan for each main stream.
    pub records: bool,
    /// Tried on rows without credentials of their own.
    pub sets: Vec<CredentialSet>,
}

/// Where a row stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RowState {
    Waiting,
    Running,
    /// It could be added: the end of a dry run.
    Ready,
    Added,
    Failed,
    Cancelled,
}

impl RowState {
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Waiting => "waiting",
            Self::Running => "running",
            Self::Ready => "ready",
            Self::Added => "added",
            Self::Failed => "failed",
            Self::Cancelled => "cancelled",
        }
    }

    pub const fn is_over(self) -> bool {
        !matches!(self, Self::Waiting | Self::Running)
    }
}

/// A row as others see it.
#[derive(Clone, Debug)]
pub struct RowSnapshot {
    /// Line of the table or place in the list, from 1.
    pub number: u32,
    pub name: Option<String>,
    /// As typed; may name a URL, never credentials.
    pub address: String,
    pub state: RowState,
    /// What is being done, while it runs.
    pub step: Option<OnboardingStep>,
    /// Rises with every change within the job.
    pub revision: u64,
    pub attempts: u32,
    /// Until it was added or refused.
    pub took_ms: u64,
    pub steps: Vec<StepOutcome>,
    pub problem: Option<Problem>,
    pub device: Option<DeviceId>,
    pub facts: Option<DeviceFacts>,
    pub cameras: Vec<CameraId>,
    /// Without pictures.
    pub channels: Vec<ExaminedChannel>,
}

/// How many rows stand where.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct JobCounts {
    pub total: usize,
    pub waiting: usize,
    pub running: usize,
    pub ready: usize,
    pub added: usize,
    pub failed: usize,
    pub cancelled: usize,
}

/// Changes to rows that are tried again; `None` leaves a field as it is.
#[derive(Clone, Debug, Default)]
pub struct RowPatch {
    pub number: u32,
    pub address: Option<String>,
    pub port: Option<u16>,
    pub username: Option<String>,
    pub password: Option<watchwall_model::Secret>,
    pub vendor: Option<String>,
}

pub struct Job {
    pub id: JobId,
    pub started_at: UtcMillis,
    pub options: JobOptions,
    pub(super) cancel: CancellationToken,
    inner: Mutex<Inner>,
    pulse: Pulse,
}

struct Inner {
    revision: u64,
    rows: Vec<Entry>,
    /// How often each set opened a device of this job.
    opened: Vec<u32>,
}

struct Entry {
    new: Option<NewRow>,
    row: Option<Row>,
    seen: RowSnapshot,
}

impl Job {
    pub(super) fn new(
        id: JobId,
        options: JobOptions,
        rows: Vec<(u32, Result<Row, Problem>)>,
        cancel: CancellationToken,
        pulse: Pulse,
    ) -> Self {
        let rows: Vec<Entry> = rows.into_iter().map(|(number, row)| Entry::new(number, row)).collect();
        let opened = vec![0; options.sets.len()];
        Self {
            id,
            started_at: UtcMillis::now(),
            options,
            cancel,
            inner: Mutex::new(Inner { revision: 1, rows, opened }),
            pulse,
        }
    }

    /// Rises with every change.
    pub fn revision(&self) -> u64 {
        self.lock().revision
    }

    pub fn counts(&self) -> JobCounts {
        let inner = self.lock();
        let mut counts = JobCounts { total: inner.rows.len(), ..JobCounts::default() };
        for entry in &inner.rows {
            *match entry.seen.state {
                RowState::Waiting => &mut counts.waiting,
                RowState::Running => &mut counts.running,
                RowState::Ready => &mut counts.ready,
                RowState::Added => &mut counts.added,
                RowState::Failed => &mut counts.failed,
                RowState::Cancelled => &mut counts.cancelled,
            } += 1;
        }
        counts
    }

    /// No row waits or runs.
    pub fn is_over(&self) -> bool {
        self.lock().rows.iter().all(|entry| entry.seen.state.is_over())
    }

    pub fn is_cancelled(&self) -> bool {
        self.cancel.is_cancelled()
    }

    /// Every row in its order.
    pub fn rows(&self) -> Vec<RowSnapshot> {
        self.lock().rows.iter().map(|entry| entry.seen.clone()).collect()
    }

    /// Rows that changed after a revision.
    pub fn rows_since(&self, revision: u64) -> Vec<RowSnapshot> {
        self.lock().rows.iter().map(|entry| &entry.seen).filter(|row| row.revision > revision).cloned().collect()
    }

    /// Credentials of the sets, those first that opened most devices of this job.
    pub(super) fn sets(&self) -> Vec<Credentials> {
        let opened = self.lock().opened.clone();
        let mut order: Vec<usize> = (0..self.options.sets.len()).collect();
        order.sort_by_key(|index| std::cmp::Reverse(opened.get(*index).copied().unwrap_or(0)));
        order.into_iter().map(|index| self.options.sets[index].credentials.clone()).collect()
    }

    pub(super) fn note_opened(&self, credentials: Option<&Credentials>) {
        let Some(credentials) = credentials else { return };
        if let Some(index) = self.options.sets.iter().position(|set| set.credentials == *credentials) {
            self.lock().opened[index] += 1;
        }
    }

    /// Takes the next waiting row.
    pub(super) fn take(&self) -> Option<(usize, Row)> {
        let taken = self.change(|inner| {
            let index = inner.rows.iter().position(|entry| entry.seen.state == RowState::Waiting)?;
            let entry = &mut inner.rows[index];
            entry.seen.state = RowState::Running;
            entry.seen.attempts += 1;
            Some((index, entry.row.clone()?, index))
        });
        taken.map(|(index, row, _)| (index, row))
    }

    pub(super) fn set(&self, index: usize, act: impl FnOnce(&mut RowSnapshot)) {
        self.change(|inner| {
            let entry = inner.rows.get_mut(index)?;
            act(&mut entry.seen);
            if entry.seen.state.is_over() {
                entry.seen.step = None;
            }
            Some(((), (), index))
        });
    }

    /// Notes what is being done with a row that runs.
    pub(super) fn tell(&self, index: usize, step: OnboardingStep) {
        self.change(|inner| {
            let seen = &mut inner.rows.get_mut(index)?.seen;
            if seen.state != RowState::Running || seen.step == Some(step) {
                return None;
            }
            seen.step = Some(step);
            Some(((), (), index))
        });
    }

    pub(super) fn cancel_waiting(&self) {
        while self
            .change(|inner| {
                let index = inner.rows.iter().position(|entry| entry.seen.state == RowState::Waiting)?;
                let row = &mut inner.rows[index].seen;
                row.state = RowState::Cancelled;
                row.problem = Some(Problem::new(ErrorCode::JobCancelled));
                Some(((), (), index))
            })
            .is_some()
        {}
    }

    /// Puts failed rows back in line, all of them or those named, with what was mended. The number of rows.
    pub(super) fn retry(&self, patches: &[RowPatch]) -> usize {
        let mut again = 0;
        let count = self.lock().rows.len();
        for index in 0..count {
            let is_again = self.change(|inner| {
                let entry = &mut inner.rows[index];
                let is_failed = matches!(entry.seen.state, RowState::Failed | RowState::Cancelled);
                let patch = patches.iter().find(|patch| patch.number == entry.seen.number);
                if !is_failed || (patch.is_none() && !patches.is_empty()) || !entry.mend(patch) {
                    return None;
                }
                Some(((), (), index))
            });
            again += usize::from(is_again.is_some());
        }
        again
    }

    /// Changes one row and tells so; nothing when the change gives `None`.
    fn change<A, B>(&self, act: impl FnOnce(&mut Inner) -> Option<(A, B, usize)>) -> Option<(A, B, usize)> {
        let mut inner = self.lock();
        let changed = act(&mut inner)?;
        inner.revision += 1;
        let revision = inner.revision;
        if let Some(entry) = inner.rows.get_mut(changed.2) {
            entry.seen.revision = revision;
        }
        drop(inner);
        self.pulse.send_modify(|count| *count += 1);
        Some(changed)
    }

    fn lock(&self) -> MutexGuard<'_, Inner> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Entry {
    fn new(number: u32, row: Result<Row, Problem>) -> Self {
        let (row, problem) = match row {
            Ok(row) => (Some(row), None),
            Err(problem) => (None, Some(problem)),
        };
        let seen = RowSnapshot {
            number,
            name: row.as_ref().and_then(|row| row.new.name.clone()),
            address: row.as_ref().map(|row| row.target.key()).unwrap_or_default(),
            state: if row.is_some() { RowState::Waiting } else { RowState::Failed },
            step: None,
            revision: 1,
            attempts: 0,
            took_ms: 0,
            steps: Vec::new(),
            problem,
            device: None,
            facts: None,
            cameras: Vec::new(),
            channels: Vec::new(),
        };
        Self { new: row.as_ref().map(|row| row.new.clone()), row, seen }
    }

    /// Whether the row can be tried; one that cannot be read says why.
    fn mend(&mut self, patch: Option<&RowPatch>) -> bool {
        let mut new = self.new.clone().unwrap_or_default();
        if let Some(patch) = patch {
            if let Some(address) = &patch.address {
                new.address.clone_from(address);
                new.url = None;
            }
            new.port = patch.port.or(new.port);
            new.username = patch.username.clone().or(new.username);
            new.password = patch.password.clone().or(new.password);
            new.vendor = patch.vendor.clone().or(new.vendor);
        }
        match Row::read(self.seen.number, new.clone()) {
            Ok(row) => {
                self.seen.address = row.target.key();
                (self.row, self.new) = (Some(row), Some(new));
                self.seen.state = RowState::Waiting;
                self.seen.problem = None;
                self.seen.steps.clear();
                true
            }
            Err(problem) => {
                self.seen.problem = Some(problem);
                false
            }
        }
    }
}

/// Milliseconds, as steps count them.
pub(super) fn millis(took: Duration) -> u64 {
    u64::try_from(took.as_millis()).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cameras::onboarding::row::read_rows;
    use watchwall_model::{CredentialSetId, Secret};

    fn job(addresses: &[&str]) -> Job {
        let rows = addresses.iter().map(|address| Ok(NewRow { address: (*address).into(), ..NewRow::default() }));
        let set = |id, password| CredentialSet {
            id: CredentialSetId(id),
            name: String::new(),
            credentials: Credentials { username: "admin".into(), password: Secret::new(password) },
            position: id,
            version: 1,
        };
        let options = JobOptions { sets: vec![set(1, "a"), set(2, "b")], ..JobOptions::default() };
        Job::new(JobId(1), options, read_rows((1..).zip(rows)), CancellationToken::new(), Pulse::new(0))
    }

    #[test]
    fn rows_go_their_way_and_tell_so() {
        let job = job(&["10.0.0.1", "bad address", "10.0.0.2"]);
        assert_eq!(job.counts(), JobCounts { total: 3, waiting: 2, failed: 1, ..JobCounts::default() });
        let before = job.revision();
        let (index, row) = job.take().unwrap();
        assert_eq!((index, row.number), (0, 1));
        let step_of = |job: &Job| job.rows()[index].step;
        job.tell(index, OnboardingStep::Reach);
        let told = job.revision();
        job.tell(index, OnboardingStep::Reach);
        assert_eq!((step_of(&job), job.revision()), (Some(OnboardingStep::Reach), told));
        job.set(index, |row| row.state = RowState::Added);
        job.tell(index, OnboardingStep::Snapshot);
        assert_eq!(step_of(&job), None);
        let changed: Vec<_> = job.rows_since(before).iter().map(|row| (row.number, row.state)).collect();
        assert_eq!(changed, [(1, RowState::Added)]);
        job.cancel_waiting();
        assert!(job.is_over());
        assert!(job.take().is_none());
        // The added one stays; the unreadable one cannot be tried until it is mended.
        assert_eq!(job.retry(&[]), 1);
        let mended = RowPatch { number: 2, address: Some("10.0.0.3".into()), ..RowPatch::default() };
        assert_eq!(job.retry(std::slice::from_ref(&mended)), 1);
        assert_eq!(job.counts(), JobCounts { total: 3, waiting: 2, added: 1, ..JobCounts::default() });
    }

    #[test]
    fn the_set_that_opens_devices_comes_first() {
        let job = job(&["10.0.0.1"]);
        let first = |job: &Job| job.sets()[0].password.reveal().to_owned();
        assert_eq!(first(&job), "a");
        job.note_opened(Some(&job.options.sets[1].credentials.clone()));
        assert_eq!(first(&job), "b");
    }
}
