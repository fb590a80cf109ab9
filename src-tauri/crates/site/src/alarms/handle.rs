//! The handle through which everybody else uses alarms.

use super::{
    clips::Clips,
    desk::{Act, Command, Desk, DeskParts},
    ground::{AlarmGround, Deed},
    news::AlarmNews,
    pictures::Pictures,
    push::{KeeperParts, PushKeeper, rule_message},
    rules::{self, Past, Trial},
};
use jiff::tz::TimeZone;
use rand::Rng;
use std::{
    path::Path,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};
use tokio::{
    sync::{Semaphore, broadcast, mpsc, oneshot},
    task::{JoinHandle, JoinSet},
    time::timeout,
};
use tokio_util::sync::CancellationToken;
use watchwall_model::{
    Alarm, AlarmAct, AlarmId, AlarmPolicy, AlarmRule, AlarmRuleId, Arming, ArmingMode, ErrorCode, Happening, Problem,
    PushChannelId, RuleMatch, Sameness, TimeRange, UtcMillis, Verdict,
};
use watchwall_push::Reach;
use watchwall_store::{ChannelChange, PushChannelRow, PushRoutes, ResultFiles, Store, StoreError};

const COMMANDS: usize = 1_024;
const HAPPENED: usize = 4_096;
/// A listener that is further behind reads the list again.
const NEWS: usize = 4_096;
const ERRANDS: usize = 4_096;
const DEEDS: usize = 256;
/// What rules want is done at most so many at a time, each within so long.
const DEEDS_AT_ONCE: usize = 16;
const DEED_WITHIN: Duration = Duration::from_secs(30);
/// A person waits for so long.
const ANSWER_WITHIN: Duration = Duration::from_secs(5);
const STOP_WITHIN: Duration = Duration::from_secs(2);
const MOST_NOTE_CHARS: usize = 1_000;
pub const MOST_AT_ONCE: usize = 500;

/// What a start needs.
pub struct AlarmsParts<'a> {
    pub store: Store,
    pub data_folder: &'a Path,
    pub ground: Arc<dyn AlarmGround>,
    pub zone: TimeZone,
    /// Channels may lead to this machine itself.
    pub reach: Reach,
}

/// All alarms. Cheap to clone; [`Alarms::stop`] ends it.
#[derive(Clone)]
pub struct Alarms {
    shared: Arc<Shared>,
}

struct Shared {
    store: Store,
    ground: Arc<dyn AlarmGround>,
    zone: TimeZone,
    commands: mpsc::Sender<Command>,
    happened: mpsc::Sender<Happening>,
    news: broadcast::Sender<AlarmNews>,
    push: PushKeeper,
    pictures: Pictures,
    policy: Arc<Mutex<Arc<AlarmPolicy>>>,
    arming: Arc<Mutex<Arc<Arming>>>,
    /// Held while a setting is read, compared and written.
    editing: tokio::sync::Mutex<()>,
    running: tokio::sync::Mutex<Option<Running>>,
}

struct Running {
    cancel: CancellationToken,
    desk: JoinHandle<()>,
    others: Vec<JoinHandle<()>>,
}

impl Alarms {
    /// Starts the desk, what sees to clips, what rules want done, and a worker for each channel.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub async fn start(parts: AlarmsParts<'_>) -> Result<Self, Problem> {
        let AlarmsParts { store, data_folder, ground, zone, reach } = parts;
        let (commands, to_desk) = mpsc::channel(COMMANDS);
        let (happened, at_desk) = mpsc::channel(HAPPENED);
        let (errands, to_clips) = mpsc::channel(ERRANDS);
        let (deeds, to_do) = mpsc::channel(DEEDS);
        let news = broadcast::Sender::new(NEWS);
        let cancel = CancellationToken::new();
        let (policy, arming) = (Arc::default(), Arc::default());
        let pictures = Pictures::new(data_folder);
        let keeper = KeeperParts {
            store: store.clone(),
            data_folder: data_folder.to_owned(),
            news: news.clone(),
            happened: happened.clone(),
            reach,
        };
        let (push, push_task) = PushKeeper::start(keeper, cancel.clone());
        let desk = Desk::open(DeskParts {
            store: store.clone(),
            ground: Arc::clone(&ground),
            zone: zone.clone(),
            news: news.clone(),
            push: push.clone(),
            errands,
            deeds,
            policy: Arc::clone(&policy),
            arming: Arc::clone(&arming),
        })
        .await?;
        let clips = Clips {
            store: store.clone(),
            ground: Arc::clone(&ground),
            pictures: pictures.clone(),
            news: news.clone(),
            policy: Arc::clone(&policy),
            failed: Mutex::default(),
        };
        let others = vec![
            push_task,
            tokio::spawn(clips.run(to_clips, cancel.clone())),
            tokio::spawn(perform(Arc::clone(&ground), push.clone(), to_do, cancel.clone())),
        ];
        let desk = tokio::spawn(desk.run(to_desk, at_desk, cancel.clone()));
        // What an earlier run left in the outbox.
        push.wake();
        let running = tokio::sync::Mutex::new(Some(Running { cancel, desk, others }));
        let editing = tokio::sync::Mutex::default();
        Ok(Self {
            shared: Arc::new(Shared {
                store,
                ground,
                zone,
                commands,
                happened,
                news,
                push,
                pictures,
                policy,
                arming,
                editing,
                running,
            }),
        })
    }

    /// What was handed in is kept; what waits to be sent waits for the next start.
    pub async fn stop(&self) {
        let Some(running) = self.shared.running.lock().await.take() else { return };
        running.cancel.cancel();
        let all = async {
            let _ = running.desk.await;
            for task in running.others {
                let _ = task.await;
            }
        };
        if timeout(STOP_WITHIN, all).await.is_err() {
            tracing::error!("alarms could not be kept in time");
        }
    }

    /// Returns when they are kept, and with them what is to be told.
    ///
    /// # Errors
    /// `alarms_busy` when the site stops first.
    pub async fn report(&self, what: Vec<Happening>) -> Result<(), Problem> {
        let (kept, is_kept) = oneshot::channel();
        let busy = || Problem::new(ErrorCode::AlarmsBusy);
        self.shared.commands.send(Command::Happened { what, kept }).await.map_err(|_| busy())?;
        is_kept.await.map_err(|_| busy())?
    }

    /// Hands something over; waits only while thousands wait already.
    pub async fn notice(&self, what: Happening) {
        if self.shared.happened.send(what).await.is_err() {
            tracing::debug!("something happened after alarms had stopped");
        }
    }

    /// What went on is over.
    pub async fn over(&self, sameness: Sameness) {
        // The desk has ended: so does the site.
        let _ = self.shared.commands.send(Command::Over(sameness)).await;
    }

    pub fn listen(&self) -> broadcast::Receiver<AlarmNews> {
        self.shared.news.subscribe()
    }

    /// # Errors
    /// `not_found`, `alarm_state` when it cannot be done as it stands, `request_invalid` for a note that is too long,
    /// `alarms_busy`.
    pub async fn act(
        &self,
        alarm: AlarmId,
        act: AlarmAct,
        verdict: Option<Verdict>,
        by: &str,
        note: Option<&str>,
    ) -> Result<Alarm, Problem> {
        let note = note.map(str::trim).filter(|note| !note.is_empty());
        if note.is_some_and(|note| note.chars().count() > MOST_NOTE_CHARS) {
            return Err(invalid("note", "too_long").with("longest", MOST_NOTE_CHARS));
        }
        if act == AlarmAct::Note && note.is_none() {
            return Err(invalid("note", "missing"));
        }
        let wanted = Act { alarm, act, verdict, by: by.to_owned(), note: note.map(str::to_owned) };
        let (done, is_done) = oneshot::channel();
        let busy = || Problem::new(ErrorCode::AlarmsBusy);
        let asked = async {
            self.shared.commands.send(Command::Act { wanted, done }).await.map_err(|_| busy())?;
            is_done.await.map_err(|_| busy())?
        };
        timeout(ANSWER_WITHIN, asked).await.map_err(|_| busy())?
    }

    /// The same with several; those that are not there or stand otherwise are named.
    ///
    /// # Errors
    /// `request_invalid` for none, too many or a note that is too long; `alarms_busy`.
    pub async fn act_on_all(
        &self,
        alarms: &[AlarmId],
        act: AlarmAct,
        verdict: Option<Verdict>,
        by: &str,
        note: Option<&str>,
    ) -> Result<(Vec<Alarm>, Vec<AlarmId>), Problem> {
        if alarms.is_empty() || alarms.len() > MOST_AT_ONCE {
            return Err(invalid("ids", "out_of_range").with("least", 1).with("most", MOST_AT_ONCE));
        }
        let (mut done, mut refused) = (Vec::new(), Vec::new());
        for alarm in alarms {
            match self.act(*alarm, act, verdict, by, note).await {
                Ok(alarm) => done.push(alarm),
                Err(problem) if matches!(problem.code, ErrorCode::NotFound | ErrorCode::AlarmState) => {
                    refused.push(*alarm);
                }
                Err(problem) => return Err(problem),
            }
        }
        Ok((done, refused))
    }

    /// # Errors
    /// `not_found`.
    pub async fn get(&self, id: AlarmId) -> Result<Alarm, Problem> {
        let alarm = self.shared.store.alarms().get(id).await?;
        alarm.ok_or_else(|| StoreError::NotFound { what: "alarm" }.into())
    }

    pub fn pictures(&self) -> &Pictures {
        &self.shared.pictures
    }

    pub fn policy(&self) -> Arc<AlarmPolicy> {
        Arc::clone(&self.shared.policy.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// Holds from the next thing that happens on.
    ///
    /// # Errors
    /// `request_invalid`, `version_conflict`.
    pub async fn set_policy(&self, policy: AlarmPolicy) -> Result<AlarmPolicy, Problem> {
        policy.check()?;
        let _editing = self.shared.editing.lock().await;
        let kept = self.shared.store.settings().get::<AlarmPolicy>(super::desk::POLICY_KEY).await?.unwrap_or_default();
        let policy = AlarmPolicy { version: next_version(policy.version, kept.version)?, ..policy };
        self.shared.store.settings().put(super::desk::POLICY_KEY, &policy).await?;
        self.in_force().await;
        Ok(policy)
    }

    pub fn arming(&self) -> Arc<Arming> {
        Arc::clone(&self.shared.arming.lock().unwrap_or_else(PoisonError::into_inner))
    }

    pub fn arming_mode(&self) -> ArmingMode {
        self.arming().at(UtcMillis::now(), &self.shared.zone)
    }

    /// # Errors
    /// `request_invalid`, `version_conflict`.
    pub async fn set_arming(&self, arming: Arming) -> Result<Arming, Problem> {
        arming.check()?;
        let _editing = self.shared.editing.lock().await;
        let kept = self.shared.store.settings().get::<Arming>(super::desk::ARMING_KEY).await?.unwrap_or_default();
        let arming = Arming { version: next_version(arming.version, kept.version)?, ..arming };
        self.shared.store.settings().put(super::desk::ARMING_KEY, &arming).await?;
        self.in_force().await;
        Ok(arming)
    }

    /// # Errors
    /// `request_invalid`.
    pub async fn add_rule(&self, rule: &AlarmRule) -> Result<AlarmRule, Problem> {
        rule.check()?;
        let rule = self.shared.store.alarm_rules().insert(rule).await?;
        self.in_force().await;
        Ok(rule)
    }

    /// # Errors
    /// `request_invalid`, `not_found`, `version_conflict`.
    pub async fn update_rule(&self, rule: &AlarmRule, expected: i64) -> Result<AlarmRule, Problem> {
        rule.check()?;
        let rule = self.shared.store.alarm_rules().update(rule, expected).await?;
        self.in_force().await;
        Ok(rule)
    }

    /// # Errors
    /// `not_found`.
    pub async fn delete_rule(&self, id: AlarmRuleId) -> Result<(), Problem> {
        self.shared.store.alarm_rules().delete(id).await?;
        self.in_force().await;
        Ok(())
    }

    /// How often a rule would have fired.
    ///
    /// # Errors
    /// `request_invalid`, or when the past cannot be read.
    pub async fn try_rule(
        &self,
        results: &ResultFiles,
        when: RuleMatch,
        rest_s: u32,
        range: TimeRange,
    ) -> Result<Trial, Problem> {
        let past = Past {
            store: &self.shared.store,
            results,
            ground: self.shared.ground.as_ref(),
            arming: Arming::clone(&self.arming()),
            zone: self.shared.zone.clone(),
        };
        rules::run(&past, when, rest_s, range).await
    }

    pub fn push(&self) -> &PushKeeper {
        &self.shared.push
    }

    /// # Errors
    /// `request_invalid`, `name_taken`.
    pub async fn add_channel(&self, new: &ChannelChange) -> Result<PushChannelRow, Problem> {
        super::push::check(new)?;
        let channel = self.shared.store.push().add_channel(new).await?;
        self.shared.push.edited();
        Ok(channel)
    }

    /// # Errors
    /// `request_invalid`, `not_found`, `version_conflict`, `name_taken`.
    pub async fn update_channel(
        &self,
        id: PushChannelId,
        change: &ChannelChange,
        expected: i64,
    ) -> Result<PushChannelRow, Problem> {
        super::push::check(change)?;
        let channel = self.shared.store.push().update_channel(id, change, expected).await?;
        self.shared.push.edited();
        Ok(channel)
    }

    /// # Errors
    /// `not_found`.
    pub async fn delete_channel(&self, id: PushChannelId) -> Result<(), Problem> {
        self.shared.store.push().delete_channel(id).await?;
        self.shared.push.edited();
        Ok(())
    }

    /// # Errors
    /// `request_invalid` for a key that cannot be, `not_found` for a channel that is not there, `version_conflict` when they
    /// are not those of `expected` any more.
    pub async fn set_routes(&self, routes: &PushRoutes, expected: i64) -> Result<(), Problem> {
        routes.keys().try_for_each(|key| watchwall_model::check_route_key(key))?;
        Ok(self.shared.store.push().put_routes(routes, expected).await?)
    }

    /// Returns when the desk goes by what is kept.
    async fn in_force(&self) {
        let (done, is_done) = oneshot::channel();
        let told = async {
            if self.shared.commands.send(Command::Edited { done }).await.is_ok() {
                let _ = is_done.await;
            }
        };
        // It is kept already; a desk that waits for a disk reads it later.
        let _ = timeout(ANSWER_WITHIN, told).await;
    }
}

/// What rules want done, so many at a time: a device that hangs does not keep the others back.
async fn perform(
    ground: Arc<dyn AlarmGround>,
    push: PushKeeper,
    mut deeds: mpsc::Receiver<Deed>,
    cancel: CancellationToken,
) {
    let (places, mut jobs) = (Arc::new(Semaphore::new(DEEDS_AT_ONCE)), JoinSet::new());
    loop {
        let deed = tokio::select! {
            () = cancel.cancelled() => break,
            Some(_) = jobs.join_next(), if !jobs.is_empty() => continue,
            deed = deeds.recv() => deed,
        };
        let Some(deed) = deed else { break };
        let Ok(place) = Arc::clone(&places).acquire_owned().await else { break };
        let (ground, push) = (Arc::clone(&ground), push.clone());
        jobs.spawn(async move {
            let said = format!("{deed:?}");
            let work = async {
                match deed {
                    Deed::Http { url, told } => push.post(&url, &rule_message(&told, random_key())).await,
                    deed => ground.perform(deed).await,
                }
            };
            match timeout(DEED_WITHIN, work).await {
                Ok(Ok(())) => {}
                Ok(Err(problem)) => tracing::warn!(deed = %said, %problem, "what a rule wants could not be done"),
                Err(_) => tracing::warn!(deed = %said, "what a rule wants was not done in time"),
            }
            drop(place);
        });
    }
    jobs.shutdown().await;
}

/// Known to nobody else, and never the same again.
pub(super) fn random_key() -> String {
    format!("{:032x}", rand::rng().random::<u128>())
}

fn next_version(given: i64, kept: i64) -> Result<i64, Problem> {
    if given == kept { Ok(kept + 1) } else { Err(StoreError::VersionConflict { what: "setting" }.into()) }
}

/// `request_invalid`, naming what is wrong.
pub(super) fn invalid(field: &'static str, reason: &'static str) -> Problem {
    Problem::new(ErrorCode::RequestInvalid).with("field", field).with("reason", reason)
}
