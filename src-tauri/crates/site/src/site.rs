//! The whole site: opens the data folder and the database, starts the domains in order, stops them in reverse.

use crate::{
    alarms::{Alarms, AlarmsParts},
    alert::{Alert, AlertFigures, AlertParts, EngineAlarms, SiteGround},
    analytics::{Analytics, AnalyticsParts, results::ResultOptions},
    cameras::{Cameras, control::Control, doctor::Doctor, events::CameraEvents, health::Health, recall_refused},
    edge::CameraStorage,
    evidence::{Evidence, EvidenceParts},
    looks::CameraLooks,
    outlet::Outlet,
    recording::{GapFill, GapFillParts, Recording},
    sense::Sense,
    tap::CameraTaps,
    upkeep::Upkeep,
};
use std::{path::PathBuf, sync::Arc, time::Duration};
use watchwall_media::{
    ingest::IngestOptions,
    pixels::{PluginReport, TranscodePool, ensure_plugins},
};
use watchwall_model::{ErrorCode, Problem, UtcMillis, config::Config};
use watchwall_push::Reach;
use watchwall_store::{DataFolder, OpenOutcome, Store};

/// What a start needs to know.
#[derive(Clone, Debug)]
pub struct SiteOptions {
    pub data_folder: PathBuf,
    pub config: Config,
}

/// One running site. Everything it owns ends with [`Site::stop`].
pub struct Site {
    pub config: Config,
    pub data_folder: PathBuf,
    pub store: Store,
    pub cameras: Cameras,
    pub health: Health,
    pub events: CameraEvents,
    pub control: Control,
    pub doctor: Doctor,
    pub recording: Recording,
    pub gap_fill: GapFill,
    pub evidence: Evidence,
    pub alarms: Alarms,
    pub outlet: Outlet,
    pub analytics: Analytics,
    pub transcodes: TranscodePool,
    pub plugins: PluginReport,
    pub started_at: UtcMillis,
    pub notices: Vec<Notice>,
    alert: Alert,
    sense: Sense,
    upkeep: Upkeep,
    // Held for as long as the site runs: a second copy must not open the same folder.
    _lock: DataFolder,
}

/// Something a person should know, by catalogue code `notice.{code}`.
#[derive(Clone, Debug)]
pub struct Notice {
    pub code: &'static str,
    pub params: Vec<(&'static str, String)>,
    pub since: UtcMillis,
}

impl Site {
    /// # Errors
    /// `data_folder_in_use`, `database_newer`, `database_locked`, `volume_*` and whatever a domain refuses to start with.
    pub async fn start(options: SiteOptions) -> Result<Arc<Self>, Problem> {
        let SiteOptions { data_folder, config } = options;
        let lock = DataFolder::lock(&data_folder)?;
        let plugins = tokio::task::spawn_blocking(ensure_plugins)
            .await
            .map_err(|e| Problem::new(ErrorCode::Internal).at("check_plugins").because(e))?;
        for missing in &plugins.missing {
            tracing::warn!(element = %missing.element, package = %missing.package, "a media element is missing");
        }
        let (store, outcome) = Store::open(&lock).await?;
        let notices = notices(&outcome);
        let ingest = IngestOptions::from(&config.ingest);
        recall_refused(&store, &ingest.lockout).await;
        let cameras = Cameras::start(store.clone(), ingest);
        let events = CameraEvents::start(store.clone());
        let health = Health::start(store.clone(), cameras.clone(), &config.health, events.intake());
        let control = Control::new(store.clone(), cameras.clone(), health.clone());
        if let Err(problem) = control.resume_patrols().await {
            tracing::error!("the rounds of cameras do not go on: {problem}");
        }
        let doctor = Doctor::new(store.clone(), cameras.clone(), health.clone(), control.clone());
        let taps = Arc::new(CameraTaps::new(cameras.clone()));
        let recording =
            Recording::start(store.clone(), &config.recording, &data_folder, Arc::<CameraTaps>::clone(&taps)).await?;
        if let OpenOutcome::Rebuilt { .. } = outcome {
            recording.reindex().await?;
        }
        let gap_fill = GapFill::start(GapFillParts {
            store: store.clone(),
            recording: recording.clone(),
            edge: Arc::new(CameraStorage { store: store.clone(), cameras: cameras.clone(), health: health.clone() }),
            config: config.recording.clone(),
        });
        let evidence = Evidence::start(EvidenceParts {
            store: store.clone(),
            recording: recording.clone(),
            data_folder: data_folder.clone(),
            config: config.evidence.clone(),
        })
        .await?;
        let alarms = Alarms::start(AlarmsParts {
            store: store.clone(),
            data_folder: &data_folder,
            ground: Arc::new(SiteGround {
                store: store.clone(),
                recording: recording.clone(),
                control: control.clone(),
                bookmarks: evidence.bookmarks.clone(),
            }),
            zone: recording.zone().clone(),
            reach: if config.push.allow_this_machine { Reach::Everywhere } else { Reach::Others },
        })
        .await?;
        let outlet = Outlet::start(&config.outlet, taps);
        let looks = CameraLooks { cameras: cameras.clone(), health: health.clone(), outlet: outlet.clone() };
        let analytics = Analytics::start(AnalyticsParts {
            store: store.clone(),
            data_folder: &data_folder,
            streams: Arc::new(looks),
            sink: Arc::new(EngineAlarms::new(store.clone(), alarms.clone())),
            zone: recording.zone().clone(),
            results: ResultOptions::from(&config.analytics),
        })?;
        let transcodes = TranscodePool::new(config.live.max_transcodes);
        let alert = Alert::start(AlertParts {
            store: store.clone(),
            alarms: alarms.clone(),
            events: events.clone(),
            health: health.clone(),
            recording: recording.clone(),
            analytics: analytics.clone(),
        });
        Ok(Arc::new(Self {
            started_at: UtcMillis::now(),
            alert,
            sense: Sense::start(store.clone(), &events, recording.clone()),
            upkeep: Upkeep::start(store.clone()),
            config,
            data_folder,
            store,
            cameras,
            health,
            events,
            control,
            doctor,
            recording,
            gap_fill,
            evidence,
            alarms,
            outlet,
            analytics,
            transcodes,
            plugins,
            notices,
            _lock: lock,
        }))
    }

    /// How alarms keep up with the events of cameras.
    pub fn alert_figures(&self) -> AlertFigures {
        self.alert.figures()
    }

    /// Upkeep and evidence, which nobody waits for; recorders, so that their last fragments reach the disk, then what watches cameras, then
    /// the cameras, then the database.
    pub async fn stop(&self) {
        let started = std::time::Instant::now();
        bounded("upkeep", self.upkeep.stop()).await;
        bounded("alert", self.alert.stop()).await;
        bounded("analytics", self.analytics.stop()).await;
        // After those that raise them.
        bounded("alarms", self.alarms.stop()).await;
        bounded("outlet", self.outlet.stop()).await;
        bounded("evidence", self.evidence.stop()).await;
        bounded("gap_fill", self.gap_fill.stop()).await;
        bounded("sense", self.sense.stop()).await;
        bounded("recording", self.recording.stop()).await;
        bounded("control", self.control.stop()).await;
        bounded("health", self.health.stop()).await;
        bounded("events", self.events.stop()).await;
        bounded("cameras", self.cameras.stop()).await;
        bounded("transcodes", self.transcodes.stop()).await;
        bounded("database", self.store.close()).await;
        tracing::info!(took_ms = started.elapsed().as_millis() as u64, "the site stopped");
    }
}

/// Each part gets a share of the five seconds a stop may take.
async fn bounded(part: &'static str, work: impl Future<Output = ()>) {
    if tokio::time::timeout(Duration::from_millis(2_500), work).await.is_err() {
        tracing::error!(part, "did not stop in time");
    }
}

fn notices(outcome: &OpenOutcome) -> Vec<Notice> {
    match outcome {
        OpenOutcome::Rebuilt { moved_to, .. } => {
            tracing::error!(moved_to = %moved_to.display(), "the database was damaged; it was moved aside and is rebuilt");
            vec![Notice {
                code: "database_rebuilt",
                params: vec![("moved_to", moved_to.display().to_string())],
                since: UtcMillis::now(),
            }]
        }
        _ => Vec::new(),
    }
}
