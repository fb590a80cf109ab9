//! Recording at work: the mounted volumes, the reconciler, and how they end.
//!
//! Spawns one reconciler, one archivist, one writer of causes and one nightly comparison, besides what [`VolumeSet`] spawns per volume;
//! [`Engine::stop`] joins them all. When the first volume moves, the engine ends and another one starts.

use super::{
    archive::Archive,
    causes::CauseLog,
    index::Index,
    nightly,
    picture::Thumbnails,
    placement::Placement,
    reconcile::Reconciler,
    recovery::Recovered,
    smart::SmartWatch,
    streams::StreamSource,
    tiering::Archivist,
    triggers::Board,
    volume_set::{MountParts, VolumeSet, join},
    volumes,
};
use jiff::tz::TimeZone;
use std::{
    path::PathBuf,
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicU64, AtomicUsize, Ordering},
    },
};
use tokio::{
    sync::{Mutex as TurnMutex, watch},
    task::JoinHandle,
};
use tokio_util::sync::CancellationToken;
use watchwall_model::{Problem, config::RecordingConfig};

/// What an engine is built from; it outlives every engine.
#[derive(Clone)]
pub struct EngineParts {
    pub index: Index,
    /// What readers hold.
    pub archive: Archive,
    pub config: RecordingConfig,
    pub data_folder: PathBuf,
    pub source: Arc<dyn StreamSource>,
    pub board: Arc<Board>,
    pub zone: TimeZone,
    /// Raised when a plan starts, stops, or changes between recording and not.
    pub changes: Arc<watch::Sender<u64>>,
    /// Playback sessions open now.
    pub sessions: Arc<AtomicUsize>,
    /// Milliseconds lost since the start of the site, by recorders that have ended.
    pub lost_ms: Arc<AtomicU64>,
}

/// See the module.
pub struct Engine {
    pub index: Index,
    pub archive: Archive,
    pub reconciler: Arc<Reconciler>,
    pub thumbnails: Thumbnails,
    pub set: Arc<VolumeSet>,
    /// One change of the volumes at a time.
    pub volume_turn: Arc<TurnMutex<()>>,
    /// What this start had to repair.
    pub recovered: Recovered,
    zone: TimeZone,
    tasks: Mutex<Option<Tasks>>,
}

/// What a stop has to end besides the volumes.
struct Tasks {
    reconcile: (CancellationToken, JoinHandle<()>),
    nights: (CancellationToken, JoinHandle<()>),
    archivist: (CancellationToken, JoinHandle<()>),
    smart: (CancellationToken, JoinHandle<()>),
    causes: JoinHandle<()>,
}

impl Engine {
    /// Opens the volumes, repairs what a crash left, and starts the recorders that plans want.
    ///
    /// # Errors
    /// When the database cannot be read, or the first volume's folder cannot be made.
    pub async fn start(parts: &EngineParts) -> Result<Arc<Self>, Problem> {
        let index = parts.index.clone();
        let all = volumes::load(&index, &parts.config, &parts.data_folder).await?;
        let archive = parts.archive.clone();
        archive.clear();
        let set = VolumeSet::new(MountParts::new(
            index.clone(),
            archive.clone(),
            parts.zone.clone(),
            &parts.config,
            &parts.data_folder,
        ));
        let mut recovered = Recovered::default();
        for (volume, contents) in all {
            recovered.add(set.mount(volume, contents).await?);
        }
        parts.lost_ms.fetch_add(recovered.lost_ms, Ordering::Relaxed);
        let (causes, cause_task) = CauseLog::start(index.clone());
        let placement = Arc::new(Placement::new(Arc::clone(&set)));
        let reconciler = Arc::new(Reconciler::new(parts, Arc::clone(&archive.open), causes, placement));
        let engine = Arc::new(Self {
            thumbnails: Thumbnails::new(parts.data_folder.join("cache").join("thumbnails"), archive.clone()),
            tasks: Mutex::new(None),
            zone: parts.zone.clone(),
            index,
            archive,
            reconciler,
            set,
            volume_turn: Arc::default(),
            recovered,
        });
        engine.spawn(cause_task, &parts.config);
        Ok(engine)
    }

    pub const fn zone(&self) -> &TimeZone {
        &self.zone
    }

    fn spawn(self: &Arc<Self>, causes: JoinHandle<()>, config: &RecordingConfig) {
        let [reconcile, night, archiving, asking] = std::array::from_fn(|_| CancellationToken::new());
        let archivist = Archivist {
            index: self.index.clone(),
            open: Arc::clone(&self.archive.open),
            set: Arc::downgrade(&self.set),
            tiering: Arc::clone(&self.set.tiering),
            bytes_per_second: config.archive_limit_mbit_s.saturating_mul(1_000_000 / 8),
        };
        let archivist = tokio::spawn(archivist.run(archiving.clone()));
        let smart = SmartWatch { set: Arc::downgrade(&self.set), program: config.smartctl.clone() };
        let smart = tokio::spawn(smart.run(asking.clone()));
        let nights = tokio::spawn(nightly::run(Arc::downgrade(self), self.zone.clone(), night.clone()));
        let reconciling = tokio::spawn(Arc::clone(&self.reconciler).run(reconcile.clone()));
        let tasks = Tasks {
            reconcile: (reconcile, reconciling),
            nights: (night, nights),
            archivist: (archiving, archivist),
            smart: (asking, smart),
            causes,
        };
        *self.tasks.lock().unwrap_or_else(PoisonError::into_inner) = Some(tasks);
    }

    /// Closes every file, makes it durable and indexes it. Within five seconds, also when a disk hangs.
    pub async fn stop(&self) {
        let tasks = self.tasks.lock().unwrap_or_else(PoisonError::into_inner).take();
        let Some(tasks) = tasks else { return };
        tasks.reconcile.0.cancel();
        tasks.nights.0.cancel();
        tasks.archivist.0.cancel();
        tasks.smart.0.cancel();
        join("reconcile", tasks.reconcile.1).await;
        join("archivist", tasks.archivist.1).await;
        join("smart", tasks.smart.1).await;
        self.set.stop(|| self.reconciler.causes.close()).await;
        join("causes", tasks.causes).await;
        join("nightly", tasks.nights.1).await;
    }
}
