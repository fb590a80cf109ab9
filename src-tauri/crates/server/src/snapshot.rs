//! The picture of now, made at most once a second per stream and height.

use bytes::Bytes;
use std::{
    collections::HashMap,
    sync::{Arc, Mutex, PoisonError},
    time::{Duration, Instant},
};
use tokio::{
    sync::Mutex as AsyncMutex,
    time::{timeout, timeout_at},
};
use watchwall_media::{
    AccessUnit,
    hub::{Received, SubscriberClass},
    ingest::{IngestHandle, InterestKind, ProbeReport},
    pixels::{self, PluginReport},
};
use watchwall_model::{ErrorCode, Phase, Problem, StreamPath, UtcMillis};
use watchwall_site::Site;

/// A picture younger than this is handed out again.
const FRESH_FOR: Duration = Duration::from_secs(1);
/// A stream nobody watches must be opened first.
const FIRST_PICTURE: Duration = Duration::from_secs(8);
const DECODE: Duration = Duration::from_secs(3);
/// Of JPEG, 1 to 100.
const QUALITY: u8 = 85;
const MOST_KEPT: usize = 256;

/// A JPEG and its moment.
#[derive(Clone)]
pub struct Picture {
    pub jpeg: Bytes,
    pub at: UtcMillis,
}

type Key = (StreamPath, Option<u32>);
type Slot = Arc<AsyncMutex<Option<(Instant, Picture)>>>;

/// The newest picture of each stream that was asked for.
#[derive(Default)]
pub struct Snapshots(Mutex<HashMap<Key, Slot>>);

impl Snapshots {
    /// Many who ask at once share one picture.
    ///
    /// # Errors
    /// `camera_not_found`, `camera_disabled`, the reason why a stream does not play, `snapshot_failed`.
    pub async fn get(&self, site: &Site, path: &StreamPath, max_height: Option<u32>) -> Result<Picture, Problem> {
        let slot = self.slot((path.clone(), max_height));
        let mut kept = slot.lock().await;
        if let Some((made, picture)) = kept.as_ref()
            && made.elapsed() < FRESH_FOR
        {
            return Ok(picture.clone());
        }
        let picture = make(site, path, max_height).await?;
        *kept = Some((Instant::now(), picture.clone()));
        Ok(picture)
    }

    fn slot(&self, key: Key) -> Slot {
        let mut slots = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if slots.len() >= MOST_KEPT {
            // Slots in use live on with those who hold them.
            slots.clear();
        }
        slots.entry(key).or_default().clone()
    }
}

async fn make(site: &Site, path: &StreamPath, max_height: Option<u32>) -> Result<Picture, Problem> {
    let deadline = tokio::time::Instant::now() + FIRST_PICTURE;
    let ingest = opened(site, path, deadline).await?;
    let units = current_gop(&ingest, deadline).await?;
    decode(&units, max_height, path).await
}

/// The stream's ingest. One of a camera that was added a moment ago may not have begun yet.
async fn opened(site: &Site, path: &StreamPath, deadline: tokio::time::Instant) -> Result<IngestHandle, Problem> {
    let mut changes = site.cameras.changes();
    loop {
        changes.borrow_and_update();
        if let Some(ingest) = site.cameras.ingest(path) {
            return Ok(ingest);
        }
        let why = absent(site, path).await;
        if why.code != ErrorCode::CameraOffline || !matches!(timeout_at(deadline, changes.changed()).await, Ok(Ok(())))
        {
            return Err(why);
        }
    }
}

async fn decode(units: &[Arc<AccessUnit>], max_height: Option<u32>, path: &StreamPath) -> Result<Picture, Problem> {
    let failed = || Problem::new(ErrorCode::SnapshotFailed).with("path", path);
    let newest = units.iter().rfind(|unit| unit.is_video()).ok_or_else(failed)?;
    let jpeg = pixels::snapshot(&newest.params, units, max_height, QUALITY, DECODE).await?;
    Ok(Picture { jpeg, at: newest.capture_at.to_millis() })
}

/// The GOP at hand, or the first key frame to come.
async fn current_gop(ingest: &IngestHandle, deadline: tokio::time::Instant) -> Result<Vec<Arc<AccessUnit>>, Problem> {
    let _interest = ingest.interest(InterestKind::Viewer);
    let hub = ingest.hub();
    let gop = hub.gop();
    if gop.iter().any(|unit| unit.is_video_key()) {
        return Ok(gop);
    }
    let mut subscription = hub.subscribe(SubscriberClass::Live);
    let mut status = ingest.snapshot();
    loop {
        let why = |status: &watchwall_media::ingest::IngestSnapshot| match &status.phase {
            Phase::NeedsAttention { reason } => Some(Problem::new(reason.code).with("path", &status.path)),
            Phase::Waiting { reason, .. } => Some(Problem::new(reason.code).with("path", &status.path)),
            _ => None,
        };
        if let Some(problem) = why(&status.borrow_and_update()) {
            return Err(problem);
        }
        let received = tokio::select! {
            received = timeout_at(deadline, subscription.recv()) => received,
            Ok(()) = status.changed() => continue,
        };
        match received {
            Ok(Received::Unit(unit)) if unit.is_video_key() => return Ok(vec![unit]),
            Ok(Received::Closed) => return Err(Problem::new(ErrorCode::CameraOffline).with("path", ingest.path())),
            Ok(_) => {}
            Err(_) => return Err(Problem::new(ErrorCode::CameraOffline).with("path", ingest.path())),
        }
    }
}

async fn absent(site: &Site, path: &StreamPath) -> Problem {
    match site.store.cameras().by_path(path).await {
        Ok(Some(camera)) if camera.enabled => Problem::new(ErrorCode::CameraOffline).with("path", path),
        Ok(Some(_)) => Problem::new(ErrorCode::CameraDisabled).with("path", path),
        Ok(None) => Problem::new(ErrorCode::CameraNotFound).with("path", path),
        Err(error) => error.into(),
    }
}

/// The picture a probe saw; none when it cannot be decoded, which is no reason to fail the probe.
pub async fn of_probe(report: &ProbeReport) -> Option<Bytes> {
    let path = StreamPath::parse("probe").ok()?;
    let made = timeout(DECODE, decode(&report.picture, Some(360), &path)).await;
    made.ok()?.ok().map(|picture| picture.jpeg)
}

/// Missing elements and the package that brings each.
pub fn missing_plugins(report: &PluginReport) -> Vec<(String, String)> {
    report.missing.iter().map(|missing| (missing.element.to_string(), missing.package.to_string())).collect()
}
