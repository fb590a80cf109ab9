//! Cameras and recordings as alarms see them.

use crate::{
    alarms::{AlarmGround, CameraFacts, Deed},
    cameras::control::{Action, Control, Operator},
    evidence::{BookmarkWish, Bookmarks},
    recording::{Asked, Recording},
};
use bytes::Bytes;
use futures::future::{BoxFuture, FutureExt};
use tokio_util::sync::CancellationToken;
use watchwall_model::{
    Camera, CameraId, ErrorCode, GroupId, PlanRunning, Problem, Role, StreamPath, StreamRole, TimeRange, UserId,
    UtcMillis,
};
use watchwall_store::{Store, StoreError};

/// Who does what rules want.
const BY: &str = "rule";
/// Cameras beside one, at most.
const MOST_BESIDE: usize = 8;
/// Groups above one another, at most.
const DEEPEST: usize = 32;

/// The site under the alarms.
pub struct SiteGround {
    pub store: Store,
    pub recording: Recording,
    pub control: Control,
    pub bookmarks: Bookmarks,
}

impl SiteGround {
    async fn facts(&self, camera: CameraId) -> Result<Option<CameraFacts>, StoreError> {
        let Some(camera) = self.store.cameras().get(camera).await? else { return Ok(None) };
        let plans = self.store.plans().all().await?;
        let is_recorded = |path: &StreamPath| plans.iter().any(|plan| plan.enabled && plan.path == *path);
        // The recorded one, the main one before the sub.
        let recorded = camera.streams.iter().find(|stream| is_recorded(&stream.path));
        let stream = recorded.or_else(|| camera.stream(StreamRole::Main)).or_else(|| camera.streams.first());
        let clip_path = stream.map(|stream| stream.path.clone());
        Ok(Some(CameraFacts {
            groups: self.groups_of(camera.group).await?,
            beside: self.beside(&camera).await?,
            name: camera.name,
            clip_path,
        }))
    }

    async fn groups_of(&self, group: Option<GroupId>) -> Result<Vec<GroupId>, StoreError> {
        let (mut chain, mut next) = (Vec::new(), group);
        let all = if group.is_some() { self.store.groups().all().await? } else { Vec::new() };
        while let Some(id) = next.filter(|_| chain.len() < DEEPEST) {
            chain.push(id);
            next = all.iter().find(|group| group.id == id).and_then(|group| group.parent);
        }
        Ok(chain)
    }

    async fn beside(&self, camera: &Camera) -> Result<Vec<CameraId>, StoreError> {
        let Some(group) = camera.group else { return Ok(Vec::new()) };
        let all = self.store.cameras().all().await?;
        let others = all.iter().filter(|other| other.group == Some(group) && other.id != camera.id && other.enabled);
        Ok(others.map(|other| other.id).take(MOST_BESIDE).collect())
    }

    async fn device_of(&self, camera: CameraId) -> Result<watchwall_model::DeviceId, Problem> {
        let camera = self.store.cameras().get(camera).await?;
        let camera = camera.ok_or_else(|| Problem::new(ErrorCode::CameraNotFound))?;
        camera.device.ok_or_else(|| Problem::new(ErrorCode::DeviceNotFound).with("camera", camera.name))
    }

    async fn do_it(&self, deed: Deed) -> Result<(), Problem> {
        match deed {
            Deed::Record { path, seconds, reason } => {
                let now = UtcMillis::now();
                if self.has_plan(&path).await? {
                    let asked = Asked { start: None, seconds: Some(seconds), reason, by: BY.into() };
                    self.recording.trigger(&path, asked).await.map(|_| ())
                } else {
                    let end = now.saturating_add_ms(i64::from(seconds) * 1_000);
                    let range = TimeRange::new(now, end).ok_or_else(|| Problem::new(ErrorCode::RangeInvalid))?;
                    self.recording.keep(&path, range).await
                }
            }
            Deed::Preset { camera, preset } => {
                let who = Operator { user: UserId(0), name: BY.into(), role: Role::Operator };
                let action = Action::Preset { token: preset };
                self.control.ptz(camera, who, CancellationToken::new(), action).await.map(|_| ())
            }
            Deed::Relay { camera, relay, on } => {
                let device = self.device_of(camera).await?;
                self.control.switch_relay(device, relay, on).await
            }
            Deed::Bookmark { path, at, text } => {
                let wish = BookmarkWish { path, from: at, to: None, text, tags: vec![BY.into()] };
                self.bookmarks.put(wish, BY).await.map(|_| ())
            }
            // Spot displays come with the walls; requests are made by the alarms themselves.
            Deed::Show { .. } | Deed::Http { .. } => Err(Problem::new(ErrorCode::NotFound).with("what", "display")),
        }
    }

    /// Of disks alone: what a camera does not give now may still be read from its own storage.
    async fn refused(&self, path: &StreamPath) -> Result<Option<ErrorCode>, Problem> {
        let plan = self.recording.plans().await?.into_iter().find(|view| view.plan.path == *path);
        Ok(match plan.map(|view| view.running) {
            Some(PlanRunning::NotRecording { code, .. }) if is_of_disk(code) => Some(code),
            _ => None,
        })
    }

    async fn has_plan(&self, path: &StreamPath) -> Result<bool, Problem> {
        Ok(self.store.plans().all().await?.iter().any(|plan| plan.enabled && plan.path == *path))
    }

    async fn see_to(&self, path: &StreamPath, range: TimeRange) -> Result<(), Problem> {
        if !self.has_plan(path).await? {
            self.recording.keep(path, range).await?;
            // It may have been written together with another stretch, and come to nothing.
            let on_disk = self.recording.on_disk(path, range).await?;
            return on_disk.map(|_| ()).ok_or_else(|| Problem::new(ErrorCode::NoRecording).with("path", path));
        }
        let seconds = u32::try_from((range.end - UtcMillis::now()).max(1_000) / 1_000).unwrap_or(1);
        let asked = |start| Asked { start, seconds: Some(seconds), reason: "alarm".into(), by: BY.into() };
        // What is recorded all the time takes no harm from being asked for.
        match self.recording.trigger(path, asked(None)).await {
            Ok(_) => Ok(()),
            Err(problem) => Err(problem),
        }
    }
}

const fn is_of_disk(code: ErrorCode) -> bool {
    matches!(
        code,
        ErrorCode::DiskFull
            | ErrorCode::DiskSlow
            | ErrorCode::DiskFailed
            | ErrorCode::VolumeNotFound
            | ErrorCode::VolumeNotWritable
            | ErrorCode::VolumeMarkerMissing
            | ErrorCode::VolumeForeign
    )
}

impl AlarmGround for SiteGround {
    fn camera(&self, camera: CameraId) -> BoxFuture<'_, Option<CameraFacts>> {
        async move {
            match self.facts(camera).await {
                Ok(facts) => facts,
                Err(error) => {
                    tracing::error!(%error, camera.id = camera.0, "a camera could not be looked up for its alarm");
                    None
                }
            }
        }
        .boxed()
    }

    fn secure<'a>(&'a self, path: &'a StreamPath, range: TimeRange) -> BoxFuture<'a, Result<(), Problem>> {
        self.see_to(path, range).boxed()
    }

    fn on_disk<'a>(
        &'a self,
        path: &'a StreamPath,
        range: TimeRange,
    ) -> BoxFuture<'a, Result<Option<TimeRange>, Problem>> {
        self.recording.on_disk(path, range).boxed()
    }

    fn refusal<'a>(&'a self, path: &'a StreamPath) -> BoxFuture<'a, Option<ErrorCode>> {
        async move {
            let refused = self.refused(path).await;
            refused
                .inspect_err(|problem| tracing::warn!(%problem, %path, "how a stream is recorded is not known"))
                .ok()?
        }
        .boxed()
    }

    fn picture<'a>(&'a self, path: &'a StreamPath, at: UtcMillis) -> BoxFuture<'a, Result<Bytes, Problem>> {
        async move {
            match self.recording.frame_in_memory(path, at).await {
                Ok(picture) => Ok(picture.jpeg),
                Err(_) => Ok(self.recording.frame_jpeg(path, at, None).await?.jpeg),
            }
        }
        .boxed()
    }

    fn perform(&self, deed: Deed) -> BoxFuture<'_, Result<(), Problem>> {
        self.do_it(deed).boxed()
    }
}
