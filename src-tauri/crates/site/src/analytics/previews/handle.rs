//! All previews that are looked at.

use super::course::{Course, Maker, PreviewStanding, Sight, Step};
use crate::analytics::{
    nodes::Said,
    streams::{PublishPlace, Published},
    supervisor::Command,
};
use std::{
    any::Any,
    collections::BTreeMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Instant,
};
use tokio::sync::{mpsc, watch};
use watchwall_engine_protocol::{Preview, SiteMessage, StopPreview, StreamAddress};
use watchwall_media::{
    hub::{BacklogLimits, Hub},
    ingest::IngestSnapshot,
};
use watchwall_model::{
    AiTask, Attention, ErrorCode, NodeId, Phase, Problem, StreamPath, TaskId, UtcMillis, WaitReason,
};

/// Cheap to clone.
#[derive(Clone)]
pub struct Previews {
    shared: Arc<Shared>,
}

struct Shared {
    open: Mutex<BTreeMap<TaskId, Entry>>,
    /// To whoever calls [`Previews::keep`].
    commands: mpsc::Sender<Command>,
}

struct Entry {
    hub: Arc<Hub>,
    viewers: u32,
    course: Course,
    status: watch::Sender<IngestSnapshot>,
    standing: PreviewStanding,
    publication: Option<Box<dyn Published>>,
}

/// A preview that is wanted for as long as this lives.
pub struct PreviewTap {
    pub hub: Arc<Hub>,
    pub status: watch::Receiver<IngestSnapshot>,
    pub interest: Box<dyn Any + Send + Sync>,
}

/// One who looks.
struct Viewer {
    shared: Arc<Shared>,
    task: TaskId,
}

const PREFIX: &str = "ai_task_";

/// The path under which the preview of a task is watched.
///
/// # Errors
/// `stream_path_invalid` for a number that no task has.
pub fn preview_path(task: TaskId) -> Result<StreamPath, Problem> {
    StreamPath::parse(&format!("{PREFIX}{task}"))
}

impl Previews {
    pub(in crate::analytics) fn new(commands: mpsc::Sender<Command>) -> Self {
        Self { shared: Arc::new(Shared { open: Mutex::default(), commands }) }
    }

    /// The task whose preview has this path; `None` for any other path.
    pub fn task_of(path: &StreamPath) -> Option<TaskId> {
        let number = path.as_str().strip_prefix(PREFIX)?;
        let task = TaskId(number.parse().ok()?);
        // One path for each: "007" is none.
        (preview_path(task).as_ref() == Ok(path)).then_some(task)
    }

    /// Looks at the preview of a task that is there.
    pub fn open(&self, task: TaskId, path: &StreamPath) -> PreviewTap {
        let mut open = self.shared.lock();
        let entry = open.entry(task).or_insert_with(|| Entry::new(path));
        entry.viewers += 1;
        let tap = PreviewTap {
            hub: Arc::clone(&entry.hub),
            status: entry.status.subscribe(),
            interest: Box::new(Viewer { shared: Arc::clone(&self.shared), task }),
        };
        drop(open);
        // Where it is behind, it looks by itself twice a second.
        let _ = self.shared.commands.try_send(Command::Watched);
        tap
    }

    /// How the preview of a task stands, and how many look at it.
    pub fn standing(&self, task: TaskId) -> (PreviewStanding, u32) {
        let open = self.shared.lock();
        open.get(&task).map_or((PreviewStanding::Idle, 0), |entry| (entry.standing, entry.viewers))
    }

    /// Brings every preview a step nearer to what it is to be. `tell` sends to a node and says whether it listens; it is
    /// called in order.
    pub(in crate::analytics) fn keep(
        &self,
        maker: impl Fn(TaskId) -> (Maker, Option<AiTask>),
        place: impl Fn(&StreamPath, Arc<Hub>, NodeId) -> Option<PublishPlace>,
        mut tell: impl FnMut(NodeId, Said) -> bool,
    ) {
        let now = Instant::now();
        let mut open = self.shared.lock();
        open.retain(|id, entry| {
            let (maker, task) = maker(*id);
            let is_live = entry.publication.as_ref().is_some_and(|publication| publication.is_live());
            let mut sight = Sight { is_watched: entry.viewers > 0, maker, is_live };
            let mut is_kept = true;
            for step in entry.course.on(&sight, now) {
                match step {
                    Step::Stop { node } => {
                        (entry.publication, sight.is_live) = (None, false);
                        entry.hub.clear();
                        tell(node, SiteMessage::StopPreview { data: StopPreview { task_id: *id } });
                    }
                    Step::Start { node } => {
                        let path = entry.status.borrow().path.clone();
                        // The place before, if any, is left for this one.
                        (entry.publication, sight.is_live) = (None, false);
                        let started = place(&path, Arc::clone(&entry.hub), node).zip(task.as_ref());
                        let is_asked = started.is_some_and(|(place, task)| {
                            entry.publication = Some(place.publication);
                            tell(node, SiteMessage::StartPreview { data: preview(task, &path, place.address) })
                        });
                        if !is_asked {
                            entry.course.not_asked();
                        }
                    }
                    Step::Forget => is_kept = false,
                }
            }
            if is_kept {
                entry.tell(entry.course.standing(&sight));
            } else {
                entry.hub.close();
            }
            is_kept
        });
    }
}

impl Shared {
    fn lock(&self) -> MutexGuard<'_, BTreeMap<TaskId, Entry>> {
        self.open.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Entry {
    fn new(path: &StreamPath) -> Self {
        let mut snapshot = IngestSnapshot::new(path.clone());
        snapshot.phase = Phase::Connecting { attempt: 1 };
        Self {
            hub: Hub::new(BacklogLimits::default()),
            viewers: 0,
            course: Course::default(),
            status: watch::Sender::new(snapshot),
            standing: PreviewStanding::Starting,
            publication: None,
        }
    }

    fn tell(&mut self, standing: PreviewStanding) {
        if std::mem::replace(&mut self.standing, standing) == standing {
            return;
        }
        self.status.send_modify(|status| (status.phase, status.since) = (phase_of(standing), UtcMillis::now()));
    }
}

impl Drop for Viewer {
    fn drop(&mut self) {
        if let Some(entry) = self.shared.lock().get_mut(&self.task) {
            entry.viewers = entry.viewers.saturating_sub(1);
        }
    }
}

impl PreviewStanding {
    /// Why there is no picture, by the catalogue.
    pub const fn reason(self) -> Option<ErrorCode> {
        match self {
            Self::Idle | Self::Starting | Self::Live => None,
            Self::Silent => Some(ErrorCode::PreviewSilent),
            Self::NotRunning => Some(ErrorCode::PreviewNotRunning),
            Self::Unsupported => Some(ErrorCode::PreviewUnsupported),
            Self::Unreachable => Some(ErrorCode::PreviewUnreachable),
        }
    }
}

fn phase_of(standing: PreviewStanding) -> Phase {
    let detail = String::new();
    match (standing, standing.reason()) {
        (PreviewStanding::Live, _) => Phase::Live,
        (PreviewStanding::Silent, Some(code)) => {
            Phase::Waiting { until: UtcMillis::now(), attempt: 1, reason: WaitReason { code, detail } }
        }
        (_, Some(code)) => Phase::NeedsAttention { reason: Attention { code, detail } },
        (_, None) => Phase::Connecting { attempt: 1 },
    }
}

fn preview(task: &AiTask, path: &StreamPath, url: StreamAddress) -> Preview {
    Preview {
        preview_path: path.to_string(),
        fps: task.params.output_fps,
        bitrate: format!("{}k", task.params.bitrate_kbps),
        width: task.params.width,
        height: task.params.height,
        url: Some(url),
        ..Preview::of(task.id)
    }
}

#[cfg(test)]
#[path = "tests.rs"]
mod tests;
