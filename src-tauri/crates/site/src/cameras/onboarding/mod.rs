//! Adding devices: one, or a thousand from a table.
//!
//! Pure: [`address`](self) what was typed, `row` and `table` a list of them, `tries` which passwords a device may meet,
//! `template` the usual stream addresses of brands, `plan` what becomes of a device that was looked at, `unfinished` which
//! of them are still asked, `report` the
//! result as a table, `examined` and `facts` what was found. At the edge: `examine` looks at one device, `streams` receives what it shows, `guess` tries the usual addresses, `run`
//! carries a job out. [`Job`] is what others see.
//!
//! Tasks: one per job or retry, which looks at 64 devices at once; all jobs of a site share these turns. They end with
//! their job, or with [`Cameras::stop`](super::Cameras::stop). One `watch` counts the changes of
//! all jobs; rows are read from the job, so nothing queues up.

mod address;
mod examine;
mod examined;
mod facts;
mod guess;
mod job;
mod plan;
mod report;
mod row;
mod run;
mod step;
mod streams;
mod table;
mod template;
mod tries;
mod unfinished;

pub use address::{Target, at_host, endpoint_of, read_target};
pub use examined::{Examined, ExaminedChannel, ExaminedDevice, ExaminedStream, Refusal};
pub use job::{Job, JobCounts, JobId, JobOptions, RowPatch, RowSnapshot, RowState};
pub use report::{ReportLine, write_report};
pub use row::{MOST_ROWS, NewRow, Row};
pub use run::{Added, Follower};
pub use step::{OnboardingStep, StepOutcome, problem_of};
pub use table::{TableRows, read_table};
pub use template::{VendorPreset, presets};

pub(super) use address::address_of;
pub(super) use facts::{facts_of, services_of};
pub(super) use plan::{Identity, Standing, standing};
pub(super) use streams::stream_failure;

use examine::{Examiner, Look};
use unfinished::Unfinished;

use super::{
    Cameras,
    jobs::{Jobs, Kept},
};
use std::{sync::Arc, time::Duration};
use tokio::sync::{Mutex, Semaphore, watch};
use tokio_util::sync::CancellationToken;
use watchwall_media::ingest::IngestOptions;
use watchwall_model::{DeviceId, ErrorCode, Problem};
use watchwall_onvif::HttpPool;

/// Streams whose first picture is waited for at once, per processor: most of that is waiting for a key frame.
const PROBES_PER_CORE: usize = 64;

/// A slow recorder takes about so long to tell the rest.
const SETTLED_WITHIN: Duration = Duration::from_secs(30);

/// What adding devices shares within a site.
pub(super) struct Onboarding {
    pub examiner: Examiner,
    /// Turns of devices.
    pub devices: Semaphore,
    /// Devices that are added and still asked.
    pub unfinished: Unfinished,
    /// Held while a device is compared with those of the site and stored.
    pub registering: Mutex<()>,
    pub jobs: Jobs<Job>,
}

impl Onboarding {
    pub fn new(ingest: IngestOptions, http: HttpPool) -> Self {
        let cores = std::thread::available_parallelism().map_or(2, std::num::NonZero::get);
        let probes = Arc::new(Semaphore::new(PROBES_PER_CORE * cores));
        Self {
            examiner: Examiner { ingest, http, refused: Arc::default(), probes },
            devices: Semaphore::new(run::DEVICES_AT_ONCE),
            registering: Mutex::new(()),
            unfinished: Unfinished::default(),
            jobs: Jobs::default(),
        }
    }
}

impl Kept for Job {
    fn number(&self) -> u64 {
        self.id.0
    }

    fn is_over(&self) -> bool {
        Self::is_over(self)
    }

    fn revision(&self) -> u64 {
        Self::revision(self)
    }
}

impl Cameras {
    /// Begins to add the rows of a list. Those that cannot be read stand in the job as failed.
    ///
    /// # Errors
    /// `request_invalid` without a row, `too_many_rows`, `too_many_jobs`.
    pub fn start_onboarding(
        &self,
        rows: TableRows,
        options: JobOptions,
        follower: Arc<dyn Follower>,
    ) -> Result<Arc<Job>, Problem> {
        if rows.is_empty() {
            return Err(Problem::new(ErrorCode::RequestInvalid).with("field", "rows").with("reason", "empty"));
        }
        if rows.len() > MOST_ROWS {
            return Err(table::too_many(rows.len()));
        }
        let rows = row::read_rows(rows);
        let cancel = self.cancel.child_token();
        let job =
            self.shared.onboarding.jobs.begin(|number, pulse| Job::new(JobId(number), options, rows, cancel, pulse))?;
        self.tasks.spawn(run::run(Arc::clone(&self.shared), Arc::clone(&job), follower));
        Ok(job)
    }

    /// Waits until a device that was added a moment ago is not asked any more.
    pub(super) async fn settled(&self, id: DeviceId) {
        self.shared.onboarding.unfinished.settled(id, SETTLED_WITHIN).await;
    }

    /// # Errors
    /// `job_not_found`.
    pub fn onboarding(&self, id: JobId) -> Result<Arc<Job>, Problem> {
        self.shared.onboarding.jobs.find(id.0)
    }

    /// The last jobs, oldest first.
    pub fn onboardings(&self) -> Vec<Arc<Job>> {
        self.shared.onboarding.jobs.all()
    }

    /// Rises when a job begins, changes or is forgotten.
    pub fn onboarding_changes(&self) -> watch::Receiver<u64> {
        self.shared.onboarding.jobs.changes()
    }

    /// Tries failed rows again: those named, mended as said, or all without a name. The number of rows.
    ///
    /// # Errors
    /// `job_not_found`, `job_cancelled` for a job that was cancelled.
    pub fn retry_onboarding(
        &self,
        id: JobId,
        patches: &[RowPatch],
        follower: Arc<dyn Follower>,
    ) -> Result<usize, Problem> {
        let job = self.onboarding(id)?;
        if job.is_cancelled() {
            return Err(Problem::new(ErrorCode::JobCancelled));
        }
        let again = job.retry(patches);
        if again > 0 {
            self.tasks.spawn(run::run(Arc::clone(&self.shared), job, follower));
        }
        Ok(again)
    }

    /// Ends a job: rows that wait or run are cancelled, what was added stays. One that is over is forgotten.
    ///
    /// # Errors
    /// `job_not_found`.
    pub fn cancel_onboarding(&self, id: JobId) -> Result<Arc<Job>, Problem> {
        let job = self.onboarding(id)?;
        if job.is_over() {
            self.shared.onboarding.jobs.forget(id.0);
        } else {
            job.cancel.cancel();
            job.cancel_waiting();
        }
        Ok(job)
    }

    /// Looks at one device, with pictures, and stores nothing.
    ///
    /// # Errors
    /// What stopped it, with the steps until there.
    pub async fn examine(&self, new: NewRow) -> Result<Examined, Refusal> {
        let row = Row::read(1, new).map_err(|problem| Refusal { steps: Vec::new(), problem })?;
        let look = Look { row: &row, sets: &[], tell: &|_| () };
        self.shared.onboarding.examiner.examine(look, &CancellationToken::new()).await
    }
}
