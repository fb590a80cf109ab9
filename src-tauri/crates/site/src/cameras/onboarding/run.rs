//! Carries a job out: some devices at once, each row by itself.

use super::{
    address::{Target, endpoint_of},
    examine::{Look, Looked},
    examined::{Examined, Refusal},
    job::{Job, RowSnapshot, RowState, millis},
    plan,
    row::Row,
    step::{OnboardingStep, StepOutcome},
    unfinished::UnfinishedDevice,
};
use crate::cameras::handle::Shared;
use futures::{StreamExt, future::BoxFuture, stream};
use std::{
    sync::Arc,
    time::{Duration, Instant},
};
use tokio::time::timeout;
use watchwall_model::{Camera, Device, DeviceFacts, ErrorCode, Group, GroupId, Problem, StreamRole};

/// Devices of a job that are looked at together.
pub const DEVICES_AT_ONCE: usize = 64;
/// Added devices that are telling the rest, each with few and cheap requests.
const COMPLETED_AT_ONCE: usize = 256;
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

/// Works until no row waits and every device that was added has told the rest.
pub async fn run(shared: Arc<Shared>, job: Arc<Job>, follower: Arc<dyn Follower>) {
    let (shared, job, follower) = (shared.as_ref(), job.as_ref(), follower.as_ref());
    let rows = std::iter::from_fn(|| job.take());
    stream::iter(rows.map(|(index, row)| add(shared, job, index, row, follower)))
        .buffer_unordered(DEVICES_AT_ONCE)
        .filter_map(std::future::ready)
        .map(|entry| complete(shared, job, entry, follower))
        .buffer_unordered(COMPLETED_AT_ONCE)
        .for_each(std::future::ready)
        .await;
}

/// A row whose cameras are stored.
struct Entry {
    index: usize,
    row: Row,
    looked: Looked,
    added: Added,
    unfinished: Option<UnfinishedDevice>,
}

async fn add(shared: &Shared, job: &Job, index: usize, row: Row, follower: &dyn Follower) -> Option<Entry> {
    // Jobs share the turns. The semaphore is never closed.
    let _turn = shared.onboarding.devices.acquire().await;
    let started = Instant::now();
    let outcome = one(shared, job, &row, follower, index).await;
    let took = started.elapsed();
    if !job.options.is_dry_run {
        follower.attempted(took, outcome.as_ref().map(|_| ()).map_err(|refusal| refusal.problem.code));
    }
    match outcome {
        Ok(added) => added.map(|(looked, added, unfinished)| Entry { index, row, looked, added, unfinished }),
        Err(Refusal { steps, problem }) => {
            job.set(index, |seen| {
                let is_cancelled = problem.code == ErrorCode::JobCancelled;
                seen.state = if is_cancelled { RowState::Cancelled } else { RowState::Failed };
                (seen.steps, seen.problem, seen.took_ms) = (steps, Some(problem), millis(took));
            });
            None
        }
    }
}

/// Answers what was added, with what the device has still to tell.
async fn one(
    shared: &Shared,
    job: &Job,
    row: &Row,
    follower: &dyn Follower,
    index: usize,
) -> Result<Option<(Looked, Added, Option<UnfinishedDevice>)>, Refusal> {
    let began = Instant::now();
    shared.refuse_known_address(row).await.map_err(bare)?;
    let sets = job.sets();
    let examiner = &shared.onboarding.examiner;
    let tell = |step| job.tell(index, step);
    let look = Look { row, sets: &sets, tell: &tell };
    if job.options.is_dry_run {
        let mut examined = examiner.examine(look, &job.cancel).await?;
        job.note_opened(examined.credentials.as_ref());
        forget_pictures(&mut examined);
        let known = shared.refuse_known_device(&examined).await;
        known.map_err(|problem| Refusal { steps: examined.steps.clone(), problem })?;
        job.set(index, |seen| {
            describe(seen, &examined);
            (seen.state, seen.took_ms) = (RowState::Ready, millis(began.elapsed()));
        });
        return Ok(None);
    }
    let mut looked = examiner.look(look, &job.cancel).await?;
    job.note_opened(looked.examined.credentials.as_ref());
    forget_pictures(&mut looked.examined);
    tell(OnboardingStep::Register);
    let started = Instant::now();
    let mut registered = shared.register(row, &looked.examined).await;
    if matches!(&registered, Err(problem) if problem.code == ErrorCode::DeviceMoved) {
        // By its serial number, which cameras of one batch may share.
        examiner.identify(&mut looked).await;
        registered = shared.register(row, &looked.examined).await;
    }
    let outcome = registered.as_ref().map(|_| ()).map_err(Clone::clone);
    looked.examined.steps.push(StepOutcome::new(OnboardingStep::Register, started, outcome));
    let (device, cameras) = registered.map_err(|problem| Refusal {
        steps: looked.examined.steps.clone(),
        problem: problem.at(OnboardingStep::Register.as_str()),
    })?;
    let unfinished = device.as_ref().map(|device| shared.onboarding.unfinished.begin(device.id));
    if job.options.records {
        looked.close(StreamRole::Main).await;
    }
    let added = Added { device, cameras, records: job.options.records };
    follower.added(&added).await;
    job.set(index, |seen| {
        describe(seen, &looked.examined);
        seen.device = added.device.as_ref().map(|device| device.id);
        seen.cameras = added.cameras.iter().map(|camera| camera.id).collect();
        (seen.state, seen.took_ms) = (RowState::Added, millis(began.elapsed()));
    });
    Ok(Some((looked, added, unfinished)))
}

/// Stores what the device tells once it is added. The row is added whatever comes of it.
async fn complete(shared: &Shared, job: &Job, entry: Entry, follower: &dyn Follower) {
    let Entry { index, row, looked, added, unfinished } = entry;
    let known = looked.examined.channels.len();
    let own_picture = snapshot(&looked.examined);
    let (mut examined, pictured) = tokio::select! {
        () = job.cancel.cancelled() => return,
        told = async { tokio::join!(shared.onboarding.examiner.complete(looked), own_picture) } => told,
    };
    drop(unfinished);
    forget_pictures(&mut examined);
    examined.steps.extend(pictured);
    let late = match shared.learn(&row, &added, &examined, known).await {
        Ok(late) => late,
        Err(problem) => {
            tracing::warn!(address = row.target.key(), %problem, "what a device told after it was added is not stored");
            Vec::new()
        }
    };
    if !late.is_empty() {
        let late = Added { cameras: late.clone(), ..added };
        follower.added(&late).await;
    }
    job.set(index, |seen| {
        describe(seen, &examined);
        seen.cameras.extend(late.iter().map(|camera| camera.id));
    });
}

fn describe(seen: &mut RowSnapshot, examined: &Examined) {
    seen.steps.clone_from(&examined.steps);
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

/// Whether the device gives pictures of its own; `None` when there is nobody to ask.
fn snapshot(examined: &Examined) -> impl Future<Output = Option<StepOutcome>> + use<> {
    let profile = examined.channels.first().and_then(|channel| channel.streams.iter().find_map(|s| s.profile.clone()));
    let asked = examined.device.as_ref().map(|device| device.client.clone()).zip(profile);
    async move {
        let (client, profile) = asked?;
        let started = Instant::now();
        let missing = || Problem::new(ErrorCode::SnapshotFailed);
        let asked = async {
            let uri = client.snapshot_uri(&profile).await.map_err(|error| error.problem())?.ok_or_else(missing)?;
            client.picture(&uri).await.map(drop).map_err(|error| error.problem())
        };
        let result =
            timeout(SNAPSHOT_WITHIN, asked).await.unwrap_or_else(|_| Err(missing().because("no answer in time")));
        Some(StepOutcome::new(OnboardingStep::Snapshot, started, result))
    }
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

    /// Stores what was learnt of a device after it was added: its facts, its streams' figures, and the channels from
    /// `known` on, which are answered as cameras.
    async fn learn(&self, row: &Row, added: &Added, examined: &Examined, known: usize) -> Result<Vec<Camera>, Problem> {
        let streams = added.cameras.iter().flat_map(|camera| &camera.streams);
        let received = || examined.channels.iter().flat_map(|channel| &channel.streams);
        for stored in streams {
            let own = received().find(|stream| stream.url == stored.url);
            if let Some(Ok(report)) = own.map(|stream| &stream.result)
                && stored.facts.as_ref() != Some(&report.facts)
            {
                self.store.cameras().set_facts(&stored.path, Some(&report.facts)).await?;
            }
        }
        let (Some(device), Some(found)) = (&added.device, &examined.device) else { return Ok(Vec::new()) };
        self.store.devices().set_facts(device.id, &found.facts).await?;
        let mut late = Vec::new();
        if examined.channels.len() > known {
            let rows = plan::channel_rows(row, examined, self.group_of(row).await?);
            let mut device = self.device(device.id).await?;
            device.facts.clone_from(&found.facts);
            late = self.store.devices().update(&device, &[], rows.get(known..).unwrap_or_default()).await?.1;
            self.wake.notify_one();
        }
        self.bump();
        Ok(late)
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
