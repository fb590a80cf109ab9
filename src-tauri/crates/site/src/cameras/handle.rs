//! The handle other domains and the server hold.

use super::{
    discovery::DiscoveryJob,
    draft::{NewCamera, check_name, split},
    jobs::Jobs,
    onboarding::Onboarding,
    outages::{OutageFigures, Outages},
    reconcile, refused,
    running::Running,
    wanted::only_device_at,
};
use std::{sync::Arc, time::Duration};
use tokio::{
    sync::{Mutex, Notify, watch},
    task::JoinHandle,
};
use tokio_util::{sync::CancellationToken, task::TaskTracker};
use watchwall_media::ingest::{IngestHandle, IngestOptions, IngestSnapshot, Pause, ProbeReport, ProbeRequest, probe};
use watchwall_model::{
    Camera, CameraId, Credentials, ErrorCode, GroupId, IngestEngine, LockoutLatch, Problem, Secret, Stream, StreamPath,
    StreamRole, Transport,
};
use watchwall_onvif::HttpPool;
use watchwall_store::{NewCameraRow, Store};

/// A reconciler at work is done by then.
const TOLD_WITHIN: Duration = Duration::from_secs(5);

/// A camera as stored, and how each of its streams stands. Same order as `camera.streams`.
#[derive(Clone, Debug)]
pub struct CameraSnapshot {
    pub camera: Camera,
    pub streams: Vec<StreamSnapshot>,
}

/// `None` while no actor exists: the camera is disabled or was added this moment.
#[derive(Clone, Debug)]
pub struct StreamSnapshot {
    pub path: StreamPath,
    pub ingest: Option<IngestSnapshot>,
    /// Live viewers right now.
    pub viewers: u32,
}

/// Changes to a camera; `None` leaves a field as it is.
#[derive(Clone, Debug, Default)]
pub struct CameraEdit {
    pub name: Option<String>,
    /// `Some(None)` takes the camera out of its group.
    pub group: Option<Option<GroupId>>,
    pub enabled: Option<bool>,
    pub main_url: Option<String>,
    /// Empty removes the sub stream.
    pub sub_url: Option<String>,
    /// Empty removes the credentials.
    pub username: Option<String>,
    pub password: Option<Secret>,
    pub engine: Option<IngestEngine>,
    pub transport: Option<Transport>,
}

/// All cameras of the site. Cheap to clone.
#[derive(Clone)]
pub struct Cameras {
    pub(super) shared: Arc<Shared>,
    task: Arc<Mutex<Option<JoinHandle<()>>>>,
    /// Jobs and the memory of refused logins, joined by [`Cameras::stop`].
    pub(super) tasks: TaskTracker,
    pub(super) cancel: CancellationToken,
}

pub(super) struct Shared {
    pub store: Store,
    pub running: Running,
    pub ingest_options: IngestOptions,
    pub outages: Outages,
    pub onboarding: Onboarding,
    pub discoveries: Jobs<DiscoveryJob>,
    pub wake: Notify,
    changes: watch::Sender<u64>,
}

impl Shared {
    pub fn bump(&self) {
        self.changes.send_modify(|count| *count += 1);
    }
}

impl Cameras {
    /// Starts the reconciler; streams are pulled once somebody wants them.
    pub fn start(store: Store, ingest_options: IngestOptions) -> Self {
        let http = HttpPool::new(ingest_options.connect_timeout);
        let shared = Arc::new(Shared {
            store,
            running: Running::default(),
            onboarding: Onboarding::new(ingest_options.clone(), http),
            discoveries: Jobs::default(),
            ingest_options,
            outages: Outages::default(),
            wake: Notify::new(),
            changes: watch::Sender::new(0),
        });
        let cancel = CancellationToken::new();
        let task = tokio::spawn(reconcile::run(shared.clone(), cancel.clone()));
        let tasks = TaskTracker::new();
        tasks.spawn(refused::keep(shared.clone(), cancel.clone()));
        Self { shared, task: Arc::new(Mutex::new(Some(task))), tasks, cancel }
    }

    /// Stops every stream with a TEARDOWN and joins all tasks.
    pub async fn stop(&self) {
        self.cancel.cancel();
        self.tasks.close();
        if tokio::time::timeout(Duration::from_secs(2), self.tasks.wait()).await.is_err() {
            tracing::warn!("onboarding did not stop in time");
        }
        if let Some(task) = self.task.lock().await.take()
            && tokio::time::timeout(Duration::from_secs(4), task).await.is_err()
        {
            tracing::warn!("the camera reconciler did not stop in time");
        }
    }

    /// Rises with every change of a camera or of a stream's phase.
    pub fn changes(&self) -> watch::Receiver<u64> {
        self.shared.changes.subscribe()
    }

    /// Shared by everything that logs in to cameras.
    pub fn lockout(&self) -> &LockoutLatch {
        &self.shared.ingest_options.lockout
    }

    /// Limits of connections to cameras, and what all of them share.
    pub fn ingest_options(&self) -> &IngestOptions {
        &self.shared.ingest_options
    }

    /// How long cameras were away that have come back since the start.
    pub fn outages(&self) -> OutageFigures {
        self.shared.outages.figures()
    }

    /// The actor behind a path, while its camera is enabled.
    pub fn ingest(&self, path: &StreamPath) -> Option<IngestHandle> {
        self.shared.running.ingest(path)
    }

    pub async fn all(&self) -> Result<Vec<CameraSnapshot>, Problem> {
        let cameras = self.shared.store.cameras().all().await?;
        Ok(cameras.into_iter().map(|camera| self.snapshot(camera)).collect())
    }

    pub async fn get(&self, id: CameraId) -> Result<CameraSnapshot, Problem> {
        let camera = self.shared.store.cameras().get(id).await?;
        Ok(self.snapshot(camera.ok_or_else(|| not_found(id))?))
    }

    /// Adds how the streams stand to a stored camera.
    pub fn snapshot(&self, camera: Camera) -> CameraSnapshot {
        let streams = camera.streams.iter().map(|stream| self.stream_snapshot(stream)).collect();
        CameraSnapshot { camera, streams }
    }

    fn stream_snapshot(&self, stream: &Stream) -> StreamSnapshot {
        let ingest = self.ingest(&stream.path);
        StreamSnapshot {
            path: stream.path.clone(),
            viewers: ingest.as_ref().map_or(0, |i| i.hub().statistics().live_subscribers),
            ingest: ingest.map(|i| i.snapshot().borrow().clone()),
        }
    }

    /// Stores a camera. Whether it answers is the caller's question ([`Cameras::probe`]).
    pub async fn add(&self, new: NewCamera) -> Result<CameraSnapshot, Problem> {
        let draft = new.draft()?;
        self.refuse_duplicate(&draft).await?;
        let camera = self.shared.store.cameras().insert(draft).await?;
        self.woken(camera)
    }

    /// Changes a camera if nobody else did since `version` was read; `None` does not ask.
    pub async fn update(
        &self,
        id: CameraId,
        version: Option<i64>,
        edit: CameraEdit,
    ) -> Result<CameraSnapshot, Problem> {
        let mut camera = self.shared.store.cameras().get(id).await?.ok_or_else(|| not_found(id))?;
        let expected = version.unwrap_or(camera.version);
        edit.apply(&mut camera)?;
        let camera = self.shared.store.cameras().update(&camera, expected).await?;
        self.woken(camera)
    }

    /// Forgets a camera. Its recordings stay until retention takes them.
    pub async fn remove(&self, id: CameraId) -> Result<Camera, Problem> {
        let camera = self.shared.store.cameras().get(id).await?.ok_or_else(|| not_found(id))?;
        self.shared.store.cameras().delete(id).await?;
        if let Some(device) = camera.device {
            self.shared.store.devices().delete_if_empty(device).await?;
        }
        self.shared.wake.notify_one();
        self.shared.bump();
        Ok(camera)
    }

    /// Looks at a stream without saving anything. Bounded by `deadline`. A stream of a stored device counts with it, so
    /// that looking at it costs no tries of its own.
    pub async fn probe(&self, mut request: ProbeRequest, deadline: Duration) -> Result<ProbeReport, Problem> {
        if request.device_key.is_none() {
            let devices = self.shared.store.devices().all().await?;
            request.device_key = only_device_at(request.url.host(), &devices);
        }
        probe(request, &self.shared.ingest_options, deadline).await
    }

    /// Closes the streams of these cameras, each with a goodbye, until what is returned is dropped. Who watches and who
    /// records stays.
    pub async fn pause(&self, cameras: &[CameraId]) -> Vec<Pause> {
        let streams = self.shared.running.of_cameras(cameras);
        futures::future::join_all(streams.iter().map(IngestHandle::pause)).await
    }

    /// Waits until every running stream of these cameras was told these credentials. Gives up after a while: the
    /// reconciler tells them later.
    pub async fn told(&self, cameras: &[CameraId], credentials: &Credentials) {
        let mut changes = self.changes();
        let is_told = || {
            let wanted = self.shared.running.wanted();
            let mut theirs = wanted.values().filter(|stream| cameras.contains(&stream.camera));
            theirs.all(|stream| stream.credentials.as_ref() == Some(credentials))
        };
        let told = async { while !is_told() && changes.changed().await.is_ok() {} };
        if tokio::time::timeout(TOLD_WITHIN, told).await.is_err() {
            tracing::warn!("streams were not told a new password in time");
        }
    }

    /// Cameras were stored past this handle: streams follow at once.
    pub fn reconcile(&self) {
        self.shared.wake.notify_one();
        self.shared.bump();
    }

    fn woken(&self, camera: Camera) -> Result<CameraSnapshot, Problem> {
        self.shared.wake.notify_one();
        self.shared.bump();
        Ok(self.snapshot(camera))
    }

    /// The same URL twice would mean two RTSP sessions for one stream.
    async fn refuse_duplicate(&self, draft: &NewCameraRow) -> Result<(), Problem> {
        let Some((_, main)) = draft.streams.first() else { return Ok(()) };
        let cameras = self.shared.store.cameras().all().await?;
        match cameras.iter().find(|c| c.streams.iter().any(|s| s.url == *main)) {
            Some(camera) => Err(Problem::new(ErrorCode::CameraExists).with("name", &camera.name).with("id", camera.id)),
            None => Ok(()),
        }
    }
}

impl CameraEdit {
    fn apply(self, camera: &mut Camera) -> Result<(), Problem> {
        if let Some(name) = check_name(self.name)? {
            camera.name = name;
        }
        if let Some(group) = self.group {
            camera.group = group;
        }
        camera.enabled = self.enabled.unwrap_or(camera.enabled);
        let mut in_url = None;
        for (role, text, field) in
            [(StreamRole::Main, self.main_url, "main_url"), (StreamRole::Sub, self.sub_url, "sub_url")]
        {
            let Some(text) = text else { continue };
            if role == StreamRole::Sub && text.trim().is_empty() {
                camera.streams.retain(|stream| stream.role != StreamRole::Sub);
                continue;
            }
            let (url, credentials) = split(&text, field)?;
            in_url = in_url.or(credentials);
            set_url(camera, role, url);
        }
        apply_credentials(camera, self.username, self.password, in_url);
        for stream in &mut camera.streams {
            if let Some(engine) = self.engine.filter(|engine| *engine != stream.engine) {
                (stream.engine, stream.engine_in_use) = (engine, None);
            }
            stream.transport = self.transport.unwrap_or(stream.transport);
        }
        Ok(())
    }
}

fn set_url(camera: &mut Camera, role: StreamRole, url: watchwall_model::SafeUrl) {
    match camera.streams.iter_mut().find(|stream| stream.role == role) {
        Some(stream) if stream.url == url => {}
        Some(stream) => {
            stream.url = url;
            (stream.facts, stream.engine_in_use) = (None, None);
            // Somebody typed it: it is no profile's any more.
            (stream.profile, stream.failure, stream.is_invalid_after_reboot) = (None, None, false);
        }
        None => {
            let (engine, transport) =
                camera.streams.first().map_or_else(Default::default, |main| (main.engine, main.transport));
            let path = StreamPath::for_camera(&camera.host, camera.channel, role);
            camera.streams.push(Stream {
                path,
                role,
                url,
                engine,
                transport,
                facts: None,
                engine_in_use: None,
                profile: None,
                failure: None,
                is_invalid_after_reboot: false,
            });
        }
    }
}

fn apply_credentials(
    camera: &mut Camera,
    username: Option<String>,
    password: Option<Secret>,
    in_url: Option<Credentials>,
) {
    if let Some(in_url) = in_url {
        camera.credentials = Some(in_url);
    }
    match (username, password) {
        (None, None) => {}
        (Some(username), None) if username.is_empty() => camera.credentials = None,
        (username, password) => {
            let old = camera.credentials.take();
            let username = username.or_else(|| old.as_ref().map(|c| c.username.clone())).unwrap_or_default();
            let password = password.or_else(|| old.map(|c| c.password)).unwrap_or_default();
            camera.credentials = Some(Credentials { username, password });
        }
    }
}

fn not_found(id: CameraId) -> Problem {
    Problem::new(ErrorCode::CameraNotFound).with("id", id)
}
