//! Makes the running ingest actors equal to the wanted ones.

use super::{
    handle::Shared,
    running::RunningStream,
    wanted::{Change, WantedStream, changes, wanted},
};
use std::{
    collections::BTreeMap,
    sync::Arc,
    time::{Duration, Instant},
};
use tokio::time::timeout;
use tokio_util::sync::CancellationToken;
use watchwall_media::ingest::{IngestHandle, IngestRequest, start_ingest};
use watchwall_model::{IngestEngine, Phase, StreamPath};
use watchwall_store::StoreError;

/// Runs this often even when nobody called.
const INTERVAL: Duration = Duration::from_secs(30);
/// An actor gets this long for its TEARDOWN.
const STOP_DEADLINE: Duration = Duration::from_secs(3);

/// Loops until cancelled.
pub async fn run(shared: Arc<Shared>, cancel: CancellationToken) {
    loop {
        reconcile(&shared).await;
        tokio::select! {
            () = cancel.cancelled() => break,
            () = shared.wake.notified() => {}
            () = tokio::time::sleep(INTERVAL) => {}
        }
    }
    stop_all(&shared).await;
}

async fn reconcile(shared: &Arc<Shared>) {
    let stored =
        async { Ok::<_, StoreError>((shared.store.cameras().all().await?, shared.store.devices().all().await?)) };
    let (cameras, devices) = match stored.await {
        Ok(stored) => stored,
        Err(error) => {
            tracing::error!(%error, "cannot read the cameras; the running ones stay as they are");
            return;
        }
    };
    let remembered: BTreeMap<StreamPath, IngestEngine> = cameras
        .iter()
        .flat_map(|camera| &camera.streams)
        .filter_map(|stream| Some((stream.path.clone(), stream.engine_in_use?)))
        .collect();
    for change in changes(&wanted(&cameras, &devices), &shared.running.wanted()) {
        match change {
            Change::Start(stream) => {
                let engine = remembered.get(&stream.path).copied();
                start(shared, stream, engine);
            }
            Change::Update(stream) => shared.running.update(stream),
            Change::Stop(path) => {
                if let Some(stream) = shared.running.remove(&path) {
                    shared.outages.forget(stream.wanted.camera, &path);
                    stop(stream).await;
                }
            }
        }
    }
    shared.bump();
}

fn start(shared: &Arc<Shared>, stream: WantedStream, remembered: Option<IngestEngine>) {
    let ingest = start_ingest(request(&stream), shared.ingest_options.clone());
    if let Some(engine) = remembered {
        ingest.remember(engine);
    }
    let watcher = tokio::spawn(watch(shared.clone(), stream.clone(), ingest.clone()));
    shared.running.insert(stream.path.clone(), RunningStream { wanted: stream, ingest, watcher });
}

/// Carries one stream's snapshots to the change counter and stores what the next start wants to know. Ends when the actor
/// does.
async fn watch(shared: Arc<Shared>, stream: WantedStream, ingest: IngestHandle) {
    let mut snapshots = ingest.snapshot();
    let (mut stored, mut stored_engine) = (None, None);
    let mut phase = Phase::Idle;
    while snapshots.changed().await.is_ok() {
        let (facts, engine, now) = {
            let snapshot = snapshots.borrow_and_update();
            (snapshot.facts.clone(), snapshot.engine_in_use, snapshot.phase.clone())
        };
        if facts.is_some() && facts != stored {
            match shared.store.cameras().set_facts(&stream.path, facts.as_ref()).await {
                Ok(()) => stored = facts,
                Err(error) => tracing::warn!(path = %stream.path, %error, "cannot store what the stream is"),
            }
        }
        // Only what `auto` found out is worth remembering.
        if let Some(engine) =
            engine.filter(|engine| stream.engine == IngestEngine::Auto && stored_engine != Some(*engine))
        {
            match shared.store.cameras().set_engine_in_use(&stream.path, engine).await {
                Ok(()) => stored_engine = Some(engine),
                Err(error) => tracing::warn!(path = %stream.path, %error, "cannot store which engine pulls the stream"),
            }
        }
        if now != phase {
            shared.outages.note(stream.camera, &stream.path, &now, Instant::now());
            phase = now;
            shared.bump();
        }
    }
}

async fn stop(stream: RunningStream) {
    let path = stream.wanted.path.clone();
    if timeout(STOP_DEADLINE, stream.ingest.stop()).await.is_err() {
        tracing::warn!(%path, "the stream did not stop in time");
    }
    stream.watcher.abort();
    // Aborted or ended, both are fine here.
    let _ = stream.watcher.await;
}

async fn stop_all(shared: &Arc<Shared>) {
    let streams = shared.running.drain();
    futures::future::join_all(streams.into_iter().map(stop)).await;
}

/// How the ingest crate is asked for a stream.
pub fn request(stream: &WantedStream) -> IngestRequest {
    IngestRequest {
        path: stream.path.clone(),
        url: stream.url.clone(),
        credentials: stream.credentials.clone(),
        engine: stream.engine,
        transport: stream.transport,
        device_key: stream.device_key.clone(),
    }
}
