//! Carries a job out: some devices at once, each row by itself.

use super::{
    address::{Target, endpoint_of},
    examined::{Examined, Refusal},
    job::{Job, RowSnapshot, RowState, millis},
    plan,
    row::Row,
    step::{OnboardingStep, StepOutcome},
};
use crate::cameras::handle::Shared;
use futures::future::{BoxFuture, join_all};
use std::{
    sync::Arc,
    time::{Duration, Instant},
};
use tokio::time::timeout;
use watchwall_model::{Camera, Device, DeviceFacts, ErrorCode, Group, GroupId, Problem};

/// Devices of a job that are looked at together.
pub const DEVICES_AT_ONCE: usize = 64;
/// The device's own picture is worth this much waiting.
const SNAPSHOT_WITHIN: Duration = Duration::from_secs(5);

/// What a row became.
#[derive(Clone, Debug)]
pub struct Added {
    pub device: Option<Device>,
    pub cameras: Vec<Camera>,
    /// The job's wish: start a continuous plan for each main stream.
    pub records: bool,
}

/// Whoever wants to know what a job does while it does it: plans, audit and figures are not the cameras' business.
pub trait Follower: Send + Sync {
    /// Cameras are stored. Called before the row counts as added.
    fn added<'a>(&'a self, added: &'a Added) -> BoxFuture<'a, ()>;
    /// A device was tried, dry runs excepted.
    fn attempted(&self, took: Duration, outcome: Result<(), ErrorCode>);
}

/// Works until no row waits.
pub async fn run(shared: Arc<Shared>, job: Arc<Job>, follower: Arc<dyn Follower>) {
    let workers = (0..DEVICES_AT_ONCE).map(|_| work(&shared, &job, follower.as_ref()));
    join_all(workers).await;
}

async fn work(shared: &Shared, job: &Job, follower: &dyn Follower) {
    while let Some((index, row)) = job.take() {
        // Jobs share the turns. The semaphore is never closed.
        let _turn = shared.onboarding.devices.acquire().await;
        let started = Instant::now();
        let outcome = one(shared, job, &row, follower, index).await;
        let took = started.elapsed();
        if !job.options.is_dry_run {
            follower.attempted(took, outcome.as_ref().map(|_| ()).map_err(|refusal| refusal.problem.code));
        }
        match outcome {
            Ok(None) => {}
            Ok(Some(examined)) => snapshot(job, index, &examined).await,
            Err(Refusal { steps, problem }) => job.set(index, |seen| {
                let is_cancelled = problem.code == ErrorCode::JobCancelled;
                seen.state = if is_cancelled { RowState::Cancelled } else { RowState::Failed };
                (seen.steps, seen.problem, seen.took_ms) = (steps, Some(problem), millis(took));
            }),
        }
    }
}

/// Answers what was added, when the device can be asked for a picture.
async fn one(
    shared: &Shared,
    job: &Job,
    row: &Row,
    follower: &dyn Follower,
    index: usize,
) -> Result<Option<Examined>, Refusal> {
    let began = Instant::now();
    shared.refuse_known_address(row).await.map_err(bare)?;
    let sets = job.sets();
    let mut examined = shared.onboarding.examiner.examine(row, &sets, &job.cancel).await?;
    job.note_opened(examined.credentials.as_ref());
    forget_pictures(&mut examined);
    let steps = std::mem::take(&mut examined.steps);
    let refuse = |problem: Problem| Refusal { steps: steps.clone(), problem };
    let started = Instant::now();
    if job.options.is_dry_run {
        shared.refuse_known_device(&examined).await.map_err(refuse)?;
        job.set(index, |seen| {
            describe(seen, &examined, steps.clone());
            (seen.state, seen.took_ms) = (RowState::Ready, millis(began.elapsed()));
        });
        return Ok(None);
    }
    let registered = shared.register(row, &examined).await;
    let (device, cameras) = registered.map_err(|problem| {
        let mut steps = steps.clone();
        steps.push(StepOutcome::new(OnboardingStep::Register, started, Err(problem.clone())));
        Refusal { steps, problem: problem.at(OnboardingStep::Register.as_str()) }
    })?;
    let added = Added { device, cameras, records: job.options.records };
    follower.added(&added).await;
    let mut steps = steps;
    steps.push(StepOutcome::new(OnboardingStep::Register, started, Ok(())));
    job.set(index, |seen| {
        describe(seen, &examined, steps);
        seen.device = added.device.as_ref().map(|device| device.id);
        seen.cameras = added.cameras.iter().map(|camera| camera.id).collect();
        (seen.state, seen.took_ms) = (RowState::Added, millis(began.elapsed()));
    });
    Ok(Some(examined))
}

fn describe(seen: &mut RowSnapshot, examined: &Examined, steps: Vec<StepOutcome>) {
    seen.steps = steps;
    seen.facts = examined.device.as_ref().map(|device| device.facts.clone());
    seen.channels.clone_from(&examined.channels);
    seen.problem = None;
}

/// Rows are kept long after they are done; pictures are not.
fn forget_pictures(examined: &mut Examined) {
    let streams = examined.channels.iter_mut().flat_map(|channel| &mut channel.streams);
    for report in streams.filter_map(|stream| stream.result.as_mut().ok()) {
        report.picture = Vec::new();
    }
}

/// Whether the device gives pictures of its own. The row is added whatever comes of it.
async fn snapshot(job: &Job, index: usize, examined: &Examined) {
    let (Some(device), Some(channel)) = (&examined.device, examined.channels.first()) else { return };
    let Some(profile) = channel.streams.iter().find_map(|stream| stream.profile.clone()) else { return };
    let started = Instant::now();
    let missing = || Problem::new(ErrorCode::SnapshotFailed);
    let asked = async {
        let uri = device.client.snapshot_uri(&profile).await.map_err(|error| error.problem())?.ok_or_else(missing)?;
        device.client.picture(&uri).await.map(drop).map_err(|error| error.problem())
    };
    let result = tokio::select! {
        () = job.cancel.cancelled() => return,
        asked = timeout(SNAPSHOT_WITHIN, asked) => asked.unwrap_or_else(|_| Err(missing().because("no answer in time"))),
    };
    job.set(index, |seen| seen.steps.push(StepOutcome::new(OnboardingStep::Snapshot, started, result)));
}

const fn bare(problem: Problem) -> Refusal {
    Refusal { steps: Vec::new(), problem }
}

impl Shared {
    /// What the site has at this address, before any device is disturbed.
    ///
    /// # Errors
    /// `device_exists`, `camera_exists`.
    pub(super) async fn refuse_known_address(&self, row: &Row) -> Result<(), Problem> {
        match &row.target {
            Target::Device(address) => {
                let at = endpoint_of(address);
                let devices = self.store.devices().alike(&at, &DeviceFacts::default()).await?;
                let Some(device) = devices.first() else { return Ok(()) };
                let cameras = self.store.cameras().of_device(device.id).await?;
                Err(plan::known(device.id, &at, &devices, &cameras, ErrorCode::DeviceExists))
            }
            Target::Stream(url) => match self.store.cameras().by_url(url).await? {
                Some(camera) => {
                    Err(Problem::new(ErrorCode::CameraExists).with("name", &camera.name).with("id", camera.id))
                }
                None => Ok(()),
            },
        }
    }

    /// # Errors
    /// `device_exists`, `device_moved`, `camera_exists`.
    pub(super) async fn refuse_known_device(&self, examined: &Examined) -> Result<(), Problem> {
        let devices = match &examined.device {
            Some(device) => self.store.devices().alike(&device.at, &device.facts).await?,
            None => Vec::new(),
        };
        let mut cameras = Vec::new();
        for device in &devices {
            cameras.extend(self.store.cameras().of_device(device.id).await?);
        }
        for stream in examined.channels.iter().flat_map(|channel| &channel.streams) {
            cameras.extend(self.store.cameras().by_url(&stream.url).await?);
        }
        plan::refuse_known(examined, &devices, &cameras)
    }

    /// Stores a device with its cameras, all or nothing. Who else is being added at this moment waits: two rows may turn
    /// out to be one device.
    ///
    /// # Errors
    /// `device_exists`, `device_moved`, `camera_exists`, and those of the database.
    pub(super) async fn register(
        &self,
        row: &Row,
        examined: &Examined,
    ) -> Result<(Option<Device>, Vec<Camera>), Problem> {
        let registering = self.onboarding.registering.lock().await;
        self.refuse_known_device(examined).await?;
        let group = self.group_of(row).await?;
        let channels = plan::channel_rows(row, examined, group);
        let stored = match plan::device_row(examined) {
            Some(device) => {
                let (device, cameras) = self.store.devices().insert(&device, &channels).await?;
                (Some(device), cameras)
            }
            None => {
                let credentials = examined.credentials.as_ref();
                (None, self.store.devices().insert_plain(&examined.host, credentials, &channels).await?)
            }
        };
        drop(registering);
        self.wake.notify_one();
        self.bump();
        Ok(stored)
    }

    /// The row's group; a path of names is made where it is missing.
    async fn group_of(&self, row: &Row) -> Result<Option<GroupId>, Problem> {
        if let Some(id) = row.new.group {
            let group = self.store.groups().get(id).await?;
            return group
                .map(|group| Some(group.id))
                .ok_or_else(|| Problem::new(ErrorCode::NotFound).with("what", "group"));
        }
        let names = row.new.group_path.as_deref().unwrap_or_default().split('/').map(str::trim);
        let mut groups: Vec<Group> = Vec::new();
        let mut parent = None;
        for (depth, name) in names.filter(|name| !name.is_empty()).enumerate() {
            if depth == 0 {
                groups = self.store.groups().all().await?;
            }
            let name: String = name.chars().filter(|c| !c.is_control()).take(100).collect();
            let known = groups.iter().find(|group| group.parent == parent && group.name == name);
            parent = Some(match known {
                Some(group) => group.id,
                None => self.store.groups().insert(&name, parent).await?.id,
            });
        }
        Ok(parent)
    }
}
