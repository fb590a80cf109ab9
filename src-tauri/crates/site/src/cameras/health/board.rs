//! Judges every camera whenever something was seen, and keeps the book of absences.

use super::{
    handle::{OfflineAlarm, Shared},
    offline::OfflineBook,
    states::{DeviceSeen, MediaSeen, Seen, judge},
};
use crate::cameras::CameraSnapshot;
use std::{
    collections::HashMap,
    sync::Arc,
    time::{Duration, Instant},
};
use tokio_util::sync::CancellationToken;
use watchwall_model::{CameraHealth, CameraId, Problem, UtcMillis};
use watchwall_store::OfflineChange;

/// Looks this often even when nothing was told: absences go on, and some become alarms.
const INTERVAL: Duration = Duration::from_secs(2);
/// What changes together is judged together.
const GATHER: Duration = Duration::from_millis(100);
const PRUNE_EVERY: Duration = Duration::from_secs(3_600);
/// Absences are kept for a year and a month: a report of a year needs them.
const KEEP_MS: i64 = 397 * 86_400_000;

/// Loops until cancelled.
pub async fn run(shared: Arc<Shared>, cancel: CancellationToken) {
    let mut book: Option<OfflineBook> = None;
    let mut changes = shared.cameras.changes();
    let mut prune_at = Instant::now();
    loop {
        if Instant::now() >= prune_at {
            prune_at += PRUNE_EVERY;
            if let Err(error) = shared.store.offline_events().prune(UtcMillis::now().saturating_add_ms(-KEEP_MS)).await
            {
                tracing::warn!(%error, "old absences could not be forgotten");
            }
        }
        let looked = async {
            if book.is_none() {
                let open = shared.store.offline_events().open().await?;
                book = Some(OfflineBook::new(open, shared.alarm_after_ms));
            }
            match &mut book {
                Some(book) => look(&shared, book).await,
                None => Ok(()),
            }
        };
        if let Err(problem) = looked.await {
            tracing::error!("the cameras' health could not be judged: {problem}");
        }
        tokio::select! {
            () = cancel.cancelled() => return,
            Ok(()) = changes.changed() => {}
            () = shared.seen.notified() => {}
            () = tokio::time::sleep(INTERVAL) => {}
        }
        tokio::select! {
            () = cancel.cancelled() => return,
            () = tokio::time::sleep(GATHER) => {}
        }
        changes.mark_unchanged();
    }
}

async fn look(shared: &Shared, book: &mut OfflineBook) -> Result<(), Problem> {
    let cameras = shared.cameras.all().await?;
    let now = UtcMillis::now();
    let before = shared.board.borrow().clone();
    let mut after = HashMap::with_capacity(cameras.len());
    let mut written = Vec::new();
    for camera in &cameras {
        let id = camera.camera.id;
        let previous = before.get(&id).copied().unwrap_or_default();
        let health = judge(previous, &seen(shared, camera), now);
        if health.state != previous.state {
            tracing::info!(camera.id = id.0, from = ?previous.state, to = ?health.state, code = ?health.code, "camera health");
        }
        written.extend(book.note(id, &health, camera.camera.enabled, now));
        after.insert(id, health);
    }
    book.keep(|id| after.contains_key(&id));
    write(shared, book, written, &after).await?;
    let is_changed = is_changed(&before, &after);
    shared.board.send_replace(Arc::new(after));
    if is_changed {
        shared.changes.send_modify(|count| *count += 1);
    }
    Ok(())
}

/// Written at once, so that a crash loses nothing of an absence but its last half minute.
async fn write(
    shared: &Shared,
    book: &OfflineBook,
    changes: Vec<OfflineChange>,
    health: &HashMap<CameraId, CameraHealth>,
) -> Result<(), Problem> {
    if changes.is_empty() {
        return Ok(());
    }
    shared.store.offline_events().apply(&changes).await?;
    for change in changes {
        let OfflineChange::Alarm { camera } = change else { continue };
        let code = health.get(&camera).and_then(|health| health.code);
        let since = book.since(camera).unwrap_or_default();
        tracing::warn!(camera.id = camera.0, since = since.0, code = ?code, "a camera has been away for too long");
        // Nobody listens: the event itself is stored.
        let _ = shared.alarms.send(OfflineAlarm { camera, since, code });
    }
    Ok(())
}

fn seen(shared: &Shared, camera: &CameraSnapshot) -> Seen {
    let ingests = || camera.streams.iter().filter_map(|stream| stream.ingest.as_ref());
    let media = MediaSeen::of(ingests().map(|ingest| &ingest.phase));
    let last_picture = ingests().filter_map(|ingest| ingest.last_unit_at).max();
    let link = camera.camera.device.map(|device| shared.links.get(device).map(|link| link.snapshot()));
    let (device, login, answered) = match link {
        None => (DeviceSeen::None, None, None),
        Some(None) => (DeviceSeen::NotAsked, None, None),
        Some(Some(link)) => (link.device, link.login, link.last_seen),
    };
    Seen { is_enabled: camera.camera.enabled, device, login, media, last_seen: last_picture.max(answered) }
}

/// When a camera was seen last changes all the time and is no news.
fn is_changed(before: &HashMap<CameraId, CameraHealth>, after: &HashMap<CameraId, CameraHealth>) -> bool {
    let told = |health: &CameraHealth| (health.state, health.since, health.code);
    before.len() != after.len() || after.iter().any(|(id, health)| before.get(id).map(told) != Some(told(health)))
}
