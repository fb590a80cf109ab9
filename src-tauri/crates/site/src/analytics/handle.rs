//! What others hold of analytics.

use super::{
    nodes::{Came, LinkParts, NodeLink, Presented},
    owners::Owners,
    results::{Lane, ResultIntake, ResultOptions, ResultRetention, ResultWriter},
    sink::AlarmSink,
    streams::TaskStreams,
    supervision::{Supervision, SupervisorFigures},
    supervisor::{Command, Picture, Supervisor},
};
use jiff::tz::TimeZone;
use std::{
    path::Path,
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicU64, AtomicUsize, Ordering::Relaxed},
    },
    time::Duration,
};
use tokio::{
    sync::{mpsc, oneshot, watch},
    task::JoinHandle,
    time::timeout,
};
use tokio_util::sync::CancellationToken;
use watchwall_model::{AiNode, AiTask, CameraId, ErrorCode, NodeId, Problem, TaskId, UtcMillis};
use watchwall_store::{ResultFiles, Store, StoreError};

/// Commands that wait for the supervisor; links wait with theirs.
const COMMANDS: usize = 1_024;
pub const MOST_NODES: usize = 64;
const STOP_WITHIN: Duration = Duration::from_secs(2);
/// An edit is kept already; how it goes is shown later when this is over.
const IN_FORCE_WITHIN: Duration = Duration::from_secs(2);

/// What a start needs.
pub struct AnalyticsParts<'a> {
    pub store: Store,
    pub data_folder: &'a Path,
    pub streams: Arc<dyn TaskStreams>,
    pub sink: Arc<dyn AlarmSink>,
    pub zone: TimeZone,
    pub results: ResultOptions,
}

/// All tasks, nodes and results. Cheap to clone.
#[derive(Clone)]
pub struct Analytics {
    store: Store,
    commands: mpsc::Sender<Command>,
    link: LinkParts,
    intake: Arc<ResultIntake>,
    files: Arc<ResultFiles>,
    picture: Arc<Mutex<Arc<Picture>>>,
    changes: watch::Receiver<u64>,
    connected: Arc<AtomicUsize>,
    numbers: Arc<AtomicU64>,
    supervision: Arc<Supervision>,
    running: Arc<tokio::sync::Mutex<Option<Running>>>,
}

struct Running {
    cancel: CancellationToken,
    supervisor: JoinHandle<()>,
    writers: Vec<JoinHandle<()>>,
    retention: JoinHandle<()>,
}

/// Counts a connected node for as long as it lives.
pub struct Place(Arc<AtomicUsize>);

impl Drop for Place {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Relaxed);
    }
}

impl Analytics {
    /// Starts the supervisor, the two writers of results and what removes old ones.
    ///
    /// # Errors
    /// When the folder of results cannot be made.
    pub fn start(parts: AnalyticsParts<'_>) -> Result<Self, Problem> {
        let AnalyticsParts { store, data_folder, streams, sink, zone, results } = parts;
        let files = Arc::new(ResultFiles::open(data_folder)?);
        let intake = Arc::new(ResultIntake::new(data_folder, results));
        let writers = [Lane::Alarms, Lane::Others]
            .into_iter()
            .map(|lane| {
                let (intake, files) = (Arc::clone(&intake), Arc::clone(&files));
                let writer = ResultWriter { intake, files, lane, sink: Arc::clone(&sink) };
                tokio::spawn(writer.run())
            })
            .collect();
        let owners = Arc::new(Owners::default());
        let picture = Arc::new(Mutex::new(Arc::new(Picture::default())));
        let (commands, heard) = mpsc::channel(COMMANDS);
        let (change, changes) = watch::channel(0);
        let cancel = CancellationToken::new();
        let retention = ResultRetention {
            files: Arc::clone(&files),
            data_folder: data_folder.to_owned(),
            keep_days: results.keep_days,
        };
        let retention = tokio::spawn(retention.run(cancel.clone()));
        let supervisor = Supervisor {
            store: store.clone(),
            streams,
            owners: Arc::clone(&owners),
            zone,
            picture: Arc::clone(&picture),
            changes: change,
        };
        let supervision = Arc::new(Supervision::default());
        let (keeper, stop) = (Arc::clone(&supervision), cancel.clone());
        let supervisor = tokio::spawn(async move { keeper.run(supervisor, heard, stop).await });
        let link = LinkParts { store: store.clone(), intake: Arc::clone(&intake), owners, commands: commands.clone() };
        let running = Running { cancel, supervisor, writers, retention };
        Ok(Self {
            store,
            commands,
            link,
            intake,
            files,
            picture,
            changes,
            connected: Arc::default(),
            numbers: Arc::default(),
            supervision,
            running: Arc::new(tokio::sync::Mutex::new(Some(running))),
        })
    }

    /// What nodes run stays theirs: the next start finds them at it. Results that were taken in are written.
    pub async fn stop(&self) {
        let Some(running) = self.running.lock().await.take() else { return };
        self.intake.close();
        running.cancel.cancel();
        let all = async {
            let _ = running.supervisor.await;
            let _ = running.retention.await;
            for writer in running.writers {
                let _ = writer.await;
            }
        };
        if timeout(STOP_WITHIN, all).await.is_err() {
            tracing::warn!("results of AI engines could not be written in time");
        }
        self.files.close().await;
    }

    pub fn results(&self) -> &ResultIntake {
        &self.intake
    }

    pub fn kept_results(&self) -> &ResultFiles {
        &self.files
    }

    pub fn picture(&self) -> Arc<Picture> {
        Arc::clone(&self.picture.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// How whoever looks after the tasks does.
    pub fn supervisor(&self) -> SupervisorFigures {
        self.supervision.figures()
    }

    /// Counts changes of the picture.
    pub fn changes(&self) -> watch::Receiver<u64> {
        self.changes.clone()
    }

    /// A node's connection, and its place among those that may be connected at once.
    ///
    /// # Errors
    /// `nodes_too_many`.
    pub fn connect(&self, presented: Presented, came: Came) -> Result<(NodeLink, Place), Problem> {
        let before = self.connected.fetch_add(1, Relaxed);
        let place = Place(Arc::clone(&self.connected));
        if before >= MOST_NODES {
            return Err(Problem::new(ErrorCode::NodesTooMany).with("most", MOST_NODES));
        }
        let number = self.numbers.fetch_add(1, Relaxed);
        Ok((NodeLink::new(self.link.clone(), number, presented, came), place))
    }

    /// The node whose token has this SHA-256.
    ///
    /// # Errors
    /// `node_token_wrong`, also when it was switched off.
    pub async fn admit(&self, token_hash: &[u8; 32]) -> Result<AiNode, Problem> {
        let node = self.store.ai_nodes().by_token_hash(token_hash).await?;
        node.filter(|node| node.enabled).ok_or_else(|| Problem::new(ErrorCode::NodeTokenWrong))
    }

    /// # Errors
    /// `name_taken`.
    pub async fn add_node(&self, name: &str, token_hash: &[u8; 32], sees_cameras: bool) -> Result<AiNode, Problem> {
        Ok(self.store.ai_nodes().insert(name, token_hash, sees_cameras, UtcMillis::now()).await?)
    }

    /// # Errors
    /// `not_found`, `version_conflict`, `name_taken`.
    pub async fn update_node(&self, node: &AiNode, expected: i64) -> Result<AiNode, Problem> {
        let node = self.store.ai_nodes().update(node, expected).await?;
        self.edited().await;
        Ok(node)
    }

    /// A connection that stands goes on; the next needs the new token.
    ///
    /// # Errors
    /// `not_found`.
    pub async fn renew_token(&self, id: NodeId, token_hash: &[u8; 32]) -> Result<AiNode, Problem> {
        self.store.ai_nodes().set_token(id, token_hash).await?;
        let node = self.store.ai_nodes().get(id).await?;
        node.ok_or_else(|| StoreError::NotFound { what: "node" }.into())
    }

    /// Its connection ends.
    ///
    /// # Errors
    /// `not_found`.
    pub async fn delete_node(&self, id: NodeId) -> Result<(), Problem> {
        self.store.ai_nodes().delete(id).await?;
        self.edited().await;
        Ok(())
    }

    /// # Errors
    /// `task_invalid`, `camera_not_found`, `not_found` when the node is not there.
    pub async fn add_task(&self, task: &AiTask) -> Result<AiTask, Problem> {
        task.check()?;
        self.camera_is_there(task.camera).await?;
        let task = self.store.ai_tasks().insert(&AiTask { updated_at: UtcMillis::now(), ..task.clone() }).await?;
        self.edited().await;
        Ok(task)
    }

    /// # Errors
    /// The same, and `version_conflict`.
    pub async fn update_task(&self, task: &AiTask, expected: i64) -> Result<AiTask, Problem> {
        task.check()?;
        self.camera_is_there(task.camera).await?;
        let changed = AiTask { updated_at: UtcMillis::now(), ..task.clone() };
        let task = self.store.ai_tasks().update(&changed, expected).await?;
        self.edited().await;
        Ok(task)
    }

    /// # Errors
    /// `not_found`.
    pub async fn delete_task(&self, id: TaskId) -> Result<(), Problem> {
        self.store.ai_tasks().delete(id).await?;
        self.intake.latest().forget(id);
        self.edited().await;
        Ok(())
    }

    async fn camera_is_there(&self, camera: CameraId) -> Result<(), Problem> {
        match self.store.cameras().get(camera).await {
            Ok(Some(_)) => Ok(()),
            Ok(None) => Err(StoreError::NotFound { what: "camera" }.into()),
            Err(error) => Err(error.into()),
        }
    }

    /// Returns when it is in force, so that the answer shows how it stands.
    async fn edited(&self) {
        let (done, is_done) = oneshot::channel();
        // The supervisor may have ended: so does the site, and the next start reads it.
        if self.commands.send(Command::Edited { done }).await.is_ok() {
            let _ = timeout(IN_FORCE_WITHIN, is_done).await;
        }
    }
}
