//! Starts and stops a worker for each channel, and knows how they fare.

use super::worker::Worker;
use crate::{
    alarms::{handle::invalid, news::AlarmNews},
    language::Language,
};
use std::{
    collections::{BTreeMap, HashMap},
    path::PathBuf,
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicU64, Ordering::Relaxed},
    },
    time::Duration,
};
use tokio::{
    sync::{Notify, broadcast, mpsc},
    task::JoinHandle,
    time::{sleep, timeout},
};
use tokio_util::sync::CancellationToken;
use watchwall_model::{ErrorCode, Happening, Problem, PushChannelId, UtcMillis};
use watchwall_push::{Answer, ChannelKind, Message, Outcome, Pusher, PusherOptions, Reach, Target};
use watchwall_store::{ChannelChange, PushChannelRow, PushOutcome, Store};

const RECONCILE_EVERY: Duration = Duration::from_secs(30);
const STOP_WITHIN: Duration = Duration::from_millis(1_000);

/// How a channel fares.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ChannelHealth {
    pub state: HealthState,
    pub last_sent_at: Option<UtcMillis>,
    pub last_failed_at: Option<UtcMillis>,
    pub last_error: Option<String>,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum HealthState {
    /// Nothing was sent since the site began.
    #[default]
    Idle,
    Ok,
    Failing,
}

/// Of all channels, since the site began.
#[derive(Default)]
pub struct Healths {
    all: Mutex<HashMap<PushChannelId, ChannelHealth>>,
    sent: AtomicU64,
    failed: AtomicU64,
}

/// How many messages there were since the site began.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct PushFigures {
    pub sent: u64,
    /// Refused, or given up after a day.
    pub failed: u64,
}

impl Healths {
    pub fn note(&self, channel: PushChannelId, outcome: PushOutcome, answer: &Answer, now: UtcMillis) {
        match outcome {
            PushOutcome::Sent | PushOutcome::Summarised => self.sent.fetch_add(1, Relaxed),
            PushOutcome::Refused | PushOutcome::GivenUp => self.failed.fetch_add(1, Relaxed),
            PushOutcome::Retry => 0,
        };
        let mut all = self.all.lock().unwrap_or_else(PoisonError::into_inner);
        let health = all.entry(channel).or_default();
        if matches!(outcome, PushOutcome::Sent | PushOutcome::Summarised) {
            health.state = HealthState::Ok;
            health.last_sent_at = Some(now);
        } else {
            health.state = HealthState::Failing;
            health.last_failed_at = Some(now);
            health.last_error = Some(answer.response.clone());
        }
    }

    pub fn of(&self, channel: PushChannelId) -> ChannelHealth {
        self.all.lock().unwrap_or_else(PoisonError::into_inner).get(&channel).cloned().unwrap_or_default()
    }

    fn forget(&self, channel: PushChannelId) {
        self.all.lock().unwrap_or_else(PoisonError::into_inner).remove(&channel);
    }
}

/// A channel made up for one request.
fn webhook(url: &str) -> ChannelChange {
    ChannelChange {
        name: url.to_owned(),
        kind: ChannelKind::Webhook.as_str().to_owned(),
        enabled: true,
        language: Language::English.tag().to_owned(),
        settings: BTreeMap::from([("url".to_owned(), url.to_owned())]),
        secrets: BTreeMap::new(),
        per_minute: 1,
    }
}

/// What the keeper works with.
pub struct KeeperParts {
    pub store: Store,
    pub data_folder: PathBuf,
    pub news: broadcast::Sender<AlarmNews>,
    pub happened: mpsc::Sender<Happening>,
    pub reach: Reach,
}

/// Cheap to clone.
#[derive(Clone)]
pub struct PushKeeper {
    shared: Arc<Shared>,
}

struct Shared {
    parts: KeeperParts,
    pusher: Pusher,
    healths: Arc<Healths>,
    /// Something was put into the outbox.
    told: Notify,
    /// Channels were edited.
    edited: Notify,
}

struct Running {
    version: i64,
    wake: Arc<Notify>,
    cancel: CancellationToken,
    task: JoinHandle<()>,
}

impl PushKeeper {
    pub fn start(parts: KeeperParts, cancel: CancellationToken) -> (Self, JoinHandle<()>) {
        let shared = Arc::new(Shared {
            pusher: Pusher::with(PusherOptions { reach: parts.reach, ..PusherOptions::default() }),
            parts,
            healths: Arc::default(),
            told: Notify::new(),
            edited: Notify::new(),
        });
        let task = tokio::spawn(keep(Arc::clone(&shared), cancel));
        (Self { shared }, task)
    }

    /// Something waits in the outbox.
    pub fn wake(&self) {
        self.shared.told.notify_one();
    }

    /// Channels were added, changed or removed.
    pub fn edited(&self) {
        self.shared.edited.notify_one();
    }

    pub fn figures(&self) -> PushFigures {
        let healths = &self.shared.healths;
        PushFigures { sent: healths.sent.load(Relaxed), failed: healths.failed.load(Relaxed) }
    }

    pub fn health(&self, channel: PushChannelId) -> ChannelHealth {
        self.shared.healths.of(channel)
    }

    /// Asks an address once, as a webhook is asked.
    ///
    /// # Errors
    /// `request_invalid` for an address that cannot be, `push_failed` with what it said.
    pub async fn post(&self, url: &str, message: &Message) -> Result<(), Problem> {
        match self.send_now(&webhook(url), message).await? {
            Outcome::Sent(_) => Ok(()),
            Outcome::Retry(answer) | Outcome::Refused(answer) => {
                Err(Problem::new(ErrorCode::PushFailed).with("answer", answer.response))
            }
        }
    }

    /// Sends one message now, past the outbox.
    ///
    /// # Errors
    /// `request_invalid` for settings that cannot be.
    pub async fn send_now(&self, channel: &ChannelChange, message: &Message) -> Result<Outcome, Problem> {
        let target = target_of(channel)?;
        if target.kind() == ChannelKind::Desktop {
            let news = AlarmNews::Notify {
                title: message.title.clone(),
                text: message.text.clone(),
                level: message.level,
                alarm: None,
            };
            let listeners = self.shared.parts.news.send(news).unwrap_or(0);
            let answer = Answer { response: format!("{listeners} open windows"), ..Answer::default() };
            return Ok(if listeners > 0 { Outcome::Sent(answer) } else { Outcome::Refused(answer) });
        }
        Ok(self.shared.pusher.send(&target, message).await)
    }
}

const MOST_NAME_CHARS: usize = 100;
const MOST_PER_MINUTE: u32 = 600;

/// # Errors
/// `request_invalid` naming what is wrong with it.
pub fn check(channel: &ChannelChange) -> Result<(), Problem> {
    let invalid =
        |field: &str, reason: &str| Problem::new(ErrorCode::RequestInvalid).with("field", field).with("reason", reason);
    match channel.name.trim().chars().count() {
        0 => return Err(invalid("name", "missing")),
        count if count > MOST_NAME_CHARS => return Err(invalid("name", "too_long").with("longest", MOST_NAME_CHARS)),
        _ => {}
    }
    if !(1..=MOST_PER_MINUTE).contains(&channel.per_minute) {
        return Err(invalid("per_minute", "out_of_range").with("least", 1).with("most", MOST_PER_MINUTE));
    }
    if Language::parse(&channel.language).is_none() {
        return Err(invalid("language", "unknown"));
    }
    target_of(channel).map(|_| ())
}

/// # Errors
/// `request_invalid` naming what is wrong with it.
pub fn target_of(channel: &ChannelChange) -> Result<Target, Problem> {
    let kind = ChannelKind::parse(&channel.kind).ok_or_else(|| invalid("kind", "unknown"))?;
    Target::read(kind, &channel.settings, &channel.secrets)
}

async fn keep(shared: Arc<Shared>, cancel: CancellationToken) {
    let mut running: BTreeMap<PushChannelId, Running> = BTreeMap::new();
    reconcile(&shared, &mut running).await;
    loop {
        tokio::select! {
            () = cancel.cancelled() => break,
            () = shared.told.notified() => running.values().for_each(|worker| worker.wake.notify_one()),
            () = shared.edited.notified() => reconcile(&shared, &mut running).await,
            () = sleep(RECONCILE_EVERY) => reconcile(&shared, &mut running).await,
        }
    }
    running.values().for_each(|worker| worker.cancel.cancel());
    for worker in running.into_values() {
        stop(worker).await;
    }
    shared.pusher.close().await;
}

/// A worker for each channel that is on, in its newest version; one whose task ended is begun anew.
async fn reconcile(shared: &Arc<Shared>, running: &mut BTreeMap<PushChannelId, Running>) {
    let channels = match shared.parts.store.push().channels().await {
        Ok(channels) => channels,
        Err(error) => {
            tracing::error!(%error, "the channels of pushes could not be read");
            return;
        }
    };
    let wanted: BTreeMap<PushChannelId, &PushChannelRow> =
        channels.iter().filter(|channel| channel.change.enabled).map(|channel| (channel.id, channel)).collect();
    let is_over = |id: &PushChannelId, worker: &Running| {
        worker.task.is_finished() || wanted.get(id).is_none_or(|channel| channel.version != worker.version)
    };
    let over: Vec<PushChannelId> =
        running.iter().filter(|(id, worker)| is_over(id, worker)).map(|(id, _)| *id).collect();
    for id in over {
        if let Some(worker) = running.remove(&id) {
            worker.cancel.cancel();
            stop(worker).await;
        }
        if !channels.iter().any(|channel| channel.id == id) {
            shared.healths.forget(id);
        }
    }
    for (id, channel) in wanted {
        running.entry(id).or_insert_with(|| begin(shared, channel));
    }
}

fn begin(shared: &Arc<Shared>, channel: &PushChannelRow) -> Running {
    let (wake, cancel) = (Arc::new(Notify::new()), CancellationToken::new());
    let worker = Worker {
        store: shared.parts.store.clone(),
        pusher: shared.pusher.clone(),
        channel: channel.clone(),
        wake: Arc::clone(&wake),
        healths: Arc::clone(&shared.healths),
        data_folder: shared.parts.data_folder.clone(),
        news: shared.parts.news.clone(),
        happened: shared.parts.happened.clone(),
    };
    let task = tokio::spawn(worker.run(cancel.clone()));
    Running { version: channel.version, wake, cancel, task }
}

async fn stop(worker: Running) {
    let abort = worker.task.abort_handle();
    if timeout(STOP_WITHIN, worker.task).await.is_err() {
        abort.abort();
    }
}
