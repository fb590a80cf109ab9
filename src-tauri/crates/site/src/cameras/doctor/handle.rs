//! What the server and the command hold.

use super::{
    job::{DoctorJob, DoctorReport, DoctorState},
    line::MendKind,
    mend::{MendOrder, Mended, mend},
    run,
    subject::{DoctorWish, Subject},
    tools::Tools,
};
use crate::cameras::{
    Cameras,
    control::Control,
    health::Health,
    jobs::{Jobs, Pulse},
    onboarding::JobId,
};
use std::sync::Arc;
use tokio::sync::watch;
use tokio_util::sync::CancellationToken;
use watchwall_model::{CameraId, ErrorCode, Problem, UtcMillis};
use watchwall_store::Store;

/// Examines cameras. Cheap to clone.
#[derive(Clone)]
pub struct Doctor {
    store: Store,
    cameras: Cameras,
    health: Health,
    control: Control,
    jobs: Arc<Jobs<DoctorJob>>,
}

impl Doctor {
    pub fn new(store: Store, cameras: Cameras, health: Health, control: Control) -> Self {
        Self { store, cameras, health, control, jobs: Arc::default() }
    }

    /// Begins to examine an address.
    ///
    /// # Errors
    /// `url_invalid` and its like, `too_many_jobs`.
    pub fn examine_address(&self, wish: &DoctorWish) -> Result<Arc<DoctorJob>, Problem> {
        self.begin(Subject::of_address(wish)?)
    }

    /// Begins to examine a camera of the site.
    ///
    /// # Errors
    /// `camera_not_found`, `camera_disabled`, `too_many_jobs`.
    pub async fn examine_camera(&self, id: CameraId) -> Result<Arc<DoctorJob>, Problem> {
        let snapshot = self.cameras.get(id).await?;
        let link = snapshot.camera.device.and_then(|device| self.health.link(device));
        let is_listened_to = link.is_some_and(|link| link.snapshot().listening_word() == Some("listening"));
        self.begin(Subject::of_camera(&self.cameras.shared, snapshot, is_listened_to).await?)
    }

    /// # Errors
    /// `job_not_found`.
    pub fn job(&self, id: JobId) -> Result<Arc<DoctorJob>, Problem> {
        self.jobs.find(id.0)
    }

    /// The last examinations, oldest first.
    pub fn jobs(&self) -> Vec<Arc<DoctorJob>> {
        self.jobs.all()
    }

    /// Rises when an examination begins, finds something, ends or is forgotten.
    pub fn changes(&self) -> watch::Receiver<u64> {
        self.jobs.changes()
    }

    /// Ends an examination; one that is over is forgotten.
    ///
    /// # Errors
    /// `job_not_found`.
    pub fn cancel(&self, id: JobId) -> Result<(), Problem> {
        let job = self.job(id)?;
        match job.state() {
            DoctorState::Running => job.cancel.cancel(),
            DoctorState::Done | DoctorState::Cancelled => self.jobs.forget(id.0),
        }
        Ok(())
    }

    /// Mends, and begins to look again at what that changed.
    ///
    /// # Errors
    /// `job_not_found`, `doctor_busy` while it runs, `job_cancelled`, `request_invalid` for what no line offers, and of
    /// the device.
    pub async fn mend(&self, id: JobId, order: &MendOrder) -> Result<(Arc<DoctorJob>, Mended), Problem> {
        let job = self.job(id)?;
        if job.cancel.is_cancelled() {
            return Err(Problem::new(ErrorCode::JobCancelled));
        }
        if !job.begin_again() {
            return Err(Problem::new(ErrorCode::DoctorBusy));
        }
        // Whatever becomes of it, also when nobody waits for it any more: a job that began ends.
        let reopened = Reopened(Some(Arc::clone(&job)));
        let mended = mend(Some(&self.control), &job, order).await?;
        let (kind, place) = (order.kind, order.place);
        job.look_again(|line| run::is_affected(line, kind, place));
        let (doctor, looked) = (self.clone(), reopened.keep());
        self.cameras.tasks.spawn(async move {
            let state = run::look_again(&Tools::of(&doctor.cameras.shared), &looked, kind, place).await;
            doctor.finish(&looked, state).await;
        });
        Ok((job, mended))
    }

    /// The last examination of a camera that came to its end, kept over restarts.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub async fn last(&self, camera: CameraId) -> Result<Option<DoctorReport>, Problem> {
        Ok(self.store.doctor_reports().get(camera).await?.and_then(|text| read(&text)).map(|report| self.named(report)))
    }

    /// The last ones of all cameras.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub async fn all_last(&self) -> Result<Vec<DoctorReport>, Problem> {
        let reports = self.store.doctor_reports().all().await?;
        Ok(reports.iter().filter_map(|text| read(text)).map(|report| self.named(report)).collect())
    }

    fn begin(&self, subject: Subject) -> Result<Arc<DoctorJob>, Problem> {
        let cancel = self.cameras.cancel.child_token();
        let job = self.jobs.begin(|number, pulse| DoctorJob::new(JobId(number), subject, cancel, pulse))?;
        let (doctor, own) = (self.clone(), Arc::clone(&job));
        self.cameras.tasks.spawn(async move {
            let state = run::run(&Tools::of(&doctor.cameras.shared), &own).await;
            doctor.finish(&own, state).await;
        });
        Ok(job)
    }

    /// A stored report knows its job while that is kept.
    fn named(&self, report: DoctorReport) -> DoctorReport {
        let is_own = |job: &Arc<DoctorJob>| job.camera() == report.camera && job.started_at == report.started_at;
        let id = self.jobs.all().iter().find(|job| is_own(job)).map_or(JobId(0), |job| job.id);
        DoctorReport { id, ..report }
    }

    /// Who sees that it is over finds it kept.
    async fn finish(&self, job: &DoctorJob, state: DoctorState) {
        if state == DoctorState::Done {
            self.keep(job, DoctorReport { state, ended_at: Some(UtcMillis::now()), ..job.report() }).await;
        }
        job.end(state);
    }

    async fn keep(&self, job: &DoctorJob, report: DoctorReport) {
        let Some(camera) = report.camera else { return };
        let kept = match serde_json::to_string(&report) {
            Ok(text) => self.store.doctor_reports().put(camera, job.started_at, &text).await.map_err(Problem::from),
            Err(error) => Err(Problem::new(ErrorCode::Internal).because(error)),
        };
        match kept {
            Ok(()) => {}
            // It was removed this moment: nobody misses its report.
            Err(problem) if problem.code == ErrorCode::CameraNotFound => {}
            Err(problem) => tracing::warn!(camera.id = camera.0, "the report on a camera is not kept: {problem}"),
        }
    }
}

/// A job that began again ends, also when its mend fails or is dropped half-way.
struct Reopened(Option<Arc<DoctorJob>>);

impl Reopened {
    fn keep(mut self) -> Arc<DoctorJob> {
        self.0.take().expect("it is taken once")
    }
}

impl Drop for Reopened {
    fn drop(&mut self) {
        if let Some(job) = &self.0 {
            job.end(DoctorState::Done);
        }
    }
}

/// An unreadable one, of another version, is as good as none.
fn read(text: &str) -> Option<DoctorReport> {
    serde_json::from_str(text).ok()
}

/// One examination without a site.
pub struct Visit {
    tools: Tools,
    job: DoctorJob,
}

impl Visit {
    /// # Errors
    /// `url_invalid` and its like.
    pub fn of(wish: &DoctorWish) -> Result<Self, Problem> {
        let subject = Subject::of_address(wish)?;
        let job = DoctorJob::new(JobId(0), subject, CancellationToken::new(), Pulse::new(0));
        Ok(Self { tools: Tools::alone(), job })
    }

    pub const fn job(&self) -> &DoctorJob {
        &self.job
    }

    /// Examines; a minute at most, a recorder's channels four at a time.
    pub async fn examine(&self) {
        self.job.end(run::run(&self.tools, &self.job).await);
    }

    /// Does what is offered of a kind, on every stream that offers it, and looks again. How often it was done. `servers`
    /// are time servers instead of those the line names.
    ///
    /// # Errors
    /// Of the device.
    pub async fn mend(&self, kind: MendKind, servers: Option<&[String]>) -> Result<u32, Problem> {
        let offers: Vec<_> = self
            .job
            .report()
            .lines
            .into_iter()
            .filter(|line| line.mend.as_ref().is_some_and(|mend| mend.kind() == kind))
            .map(|line| line.place())
            .collect();
        let mut done = 0;
        for place in offers {
            let servers = servers.map(<[String]>::to_vec);
            mend(None, &self.job, &MendOrder { kind, place, servers }).await?;
            self.job.begin_again();
            self.job.look_again(|line| run::is_affected(line, kind, place));
            self.job.end(run::look_again(&self.tools, &self.job, kind, place).await);
            done += 1;
        }
        Ok(done)
    }
}
