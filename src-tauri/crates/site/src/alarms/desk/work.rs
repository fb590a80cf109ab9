//! What the desk does with what it hears.

use super::{
    Act, Command,
    buckets::{Buckets, Due, Waiting},
    merge::{Merged, Merger, told},
};
use crate::alarms::{
    clips::Errand,
    ground::{AlarmGround, CameraFacts, Deed},
    handle::random_key,
    news::AlarmNews,
    push::PushKeeper,
    rules::{RuleBook, Ruling},
    wording::Told,
};
use jiff::tz::TimeZone;
use std::{
    collections::HashMap,
    sync::{Arc, Mutex, PoisonError},
    time::{Duration, Instant},
};
use tokio::{
    sync::{broadcast, mpsc},
    time::{MissedTickBehavior, interval, sleep},
};
use tokio_util::sync::CancellationToken;
use watchwall_model::{
    Alarm, AlarmAct, AlarmPolicy, AlarmRuleId, AlarmState, Arming, CameraId, ErrorCode, Happening, Problem, PushMode,
    PushPolicy, RuleAction, Sameness, UtcMillis,
};
use watchwall_store::{Acted, AlarmBatch, AlarmRef, NewPush, Store, StoreError, Written};

/// Happenings of one batch.
const BATCH: usize = 1_024;
const TICK: Duration = Duration::from_millis(500);
/// Timers that count seconds are looked at this often, others more seldom.
const CLOSE_EVERY: Duration = Duration::from_secs(20);
const PRUNE_EVERY: Duration = Duration::from_secs(600);
/// What is known of a camera is good for so long.
const FACTS_FOR: Duration = Duration::from_secs(5);
/// While the database refuses.
const RETRY: Duration = Duration::from_secs(1);
const TELL_EVERY: Duration = Duration::from_secs(60);
/// Alarms that are overdue, or close, in one look.
const AT_ONCE: u32 = 200;
/// A bucket's cooldown lasts a day at most.
const BUCKETS_FOR_MS: i64 = 86_400_000;
pub const POLICY_KEY: &str = "alarm_policy";
pub const ARMING_KEY: &str = "arming";

/// What the desk works with.
pub struct DeskParts {
    pub store: Store,
    pub ground: Arc<dyn AlarmGround>,
    pub zone: TimeZone,
    pub news: broadcast::Sender<AlarmNews>,
    pub push: PushKeeper,
    pub errands: mpsc::Sender<Errand>,
    pub deeds: mpsc::Sender<Deed>,
    pub policy: Arc<Mutex<Arc<AlarmPolicy>>>,
    pub arming: Arc<Mutex<Arc<Arming>>>,
}

pub struct Desk {
    parts: DeskParts,
    merger: Merger,
    buckets: Buckets,
    rules: RuleBook,
    fired: HashMap<AlarmRuleId, UtcMillis>,
    facts: HashMap<CameraId, (Instant, Option<CameraFacts>)>,
}

/// A batch about to be kept, and what follows when it is.
#[derive(Default)]
struct Pending {
    merged: Merged,
    pushes: Vec<NewPush>,
    actions: Vec<(RuleAction, Happening)>,
}

impl Desk {
    /// Takes over what an earlier run left.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub async fn open(parts: DeskParts) -> Result<Self, Problem> {
        let now = UtcMillis::now();
        let policy = parts.store.settings().get::<AlarmPolicy>(POLICY_KEY).await?.unwrap_or_default();
        let since = now.saturating_add_ms(-i64::from(policy.repeat_s) * 2_000);
        let merger = Merger::restore(&parts.store.alarms().since(since).await?);
        let buckets = Buckets::restore(parts.store.push().buckets().await?);
        *parts.policy.lock().unwrap_or_else(PoisonError::into_inner) = Arc::new(policy);
        let rules = RuleBook::new(Vec::new(), Arming::default(), parts.zone.clone());
        let mut desk = Self { parts, merger, buckets, rules, fired: HashMap::new(), facts: HashMap::new() };
        desk.read_rules().await?;
        Ok(desk)
    }

    /// Until cancelled and what was handed in by then is kept.
    pub async fn run(
        mut self,
        mut commands: mpsc::Receiver<Command>,
        mut happened: mpsc::Receiver<Happening>,
        cancel: CancellationToken,
    ) {
        let mut tick = interval(TICK);
        tick.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let (mut close_at, mut prune_at) = (Instant::now(), Instant::now() + PRUNE_EVERY);
        loop {
            let mut told = Vec::new();
            tokio::select! {
                biased;
                () = cancel.cancelled() => break,
                command = commands.recv() => match command {
                    Some(command) => self.obey(command, &mut commands, &cancel).await,
                    None => break,
                },
                count = happened.recv_many(&mut told, BATCH) => if count > 0 {
                    let _ = self.happen(told, &cancel).await;
                },
                () = self.next_due() => self.tell_due(&cancel).await,
                _ = tick.tick() => {
                    self.escalate().await;
                    if close_at <= Instant::now() {
                        close_at = Instant::now() + CLOSE_EVERY;
                        self.close().await;
                        self.note_fired().await;
                    }
                    if prune_at <= Instant::now() {
                        prune_at = Instant::now() + PRUNE_EVERY;
                        self.prune().await;
                    }
                }
            }
        }
        commands.close();
        happened.close();
        let mut rest = Vec::new();
        while let Some(what) = happened.recv().await {
            rest.push(what);
        }
        while let Some(command) = commands.recv().await {
            self.obey(command, &mut commands, &cancel).await;
        }
        let _ = self.happen(rest, &cancel).await;
        self.note_fired().await;
    }

    async fn obey(&mut self, command: Command, commands: &mut mpsc::Receiver<Command>, cancel: &CancellationToken) {
        match command {
            Command::Happened { what, kept } => self.gather(what, kept, commands, cancel).await,
            Command::Act { wanted, done } => {
                let _ = done.send(self.act(wanted).await);
            }
            Command::Over(sameness) => self.over(&sameness).await,
            Command::Edited { done } => {
                if let Err(problem) = self.read_rules().await {
                    tracing::error!(%problem, "rules and policy of alarms could not be read again");
                }
                let _ = done.send(());
            }
        }
    }

    /// What waits behind it is kept with it: one transaction for all who came meanwhile.
    async fn gather(
        &mut self,
        what: Vec<Happening>,
        kept: tokio::sync::oneshot::Sender<Result<(), Problem>>,
        commands: &mut mpsc::Receiver<Command>,
        cancel: &CancellationToken,
    ) {
        let (mut all, mut answers, mut other) = (what, vec![kept], None);
        while all.len() < BATCH {
            match commands.try_recv() {
                Ok(Command::Happened { what, kept }) => {
                    all.extend(what);
                    answers.push(kept);
                }
                Ok(command) => {
                    other = Some(command);
                    break;
                }
                Err(_) => break,
            }
        }
        let result = self.happen(all, cancel).await;
        for answer in answers {
            let _ = answer.send(result.clone());
        }
        if let Some(command) = other {
            // Not another batch: what was taken out of the queue is answered at once.
            Box::pin(self.obey(command, commands, cancel)).await;
        }
    }

    /// Returns when they are kept.
    ///
    /// # Errors
    /// When the site stops before they could be.
    async fn happen(&mut self, all: Vec<Happening>, cancel: &CancellationToken) -> Result<(), Problem> {
        if all.is_empty() {
            return Ok(());
        }
        let (now, policy) = (UtcMillis::now(), self.policy());
        let mut pending = Pending::default();
        for what in all {
            let facts = match what.camera {
                Some(camera) => self.facts(camera).await,
                None => None,
            };
            let ruling = self.rules.judge(&what, facts.as_ref(), now);
            self.fired.extend(ruling.fired.iter().map(|id| (*id, what.at)));
            let Ruling { level, actions, .. } = ruling;
            let alarm = level.map(|level| {
                let waiting = waiting_of(&what, level, facts.as_ref(), &policy);
                let bucket = bucket_of(&what);
                let alarm = self.merger.take(&mut pending.merged, what.clone(), level, facts.as_ref(), &policy, now);
                if let Some(due) = self.buckets.occur(bucket, waiting, alarm, now) {
                    pending.pushes.extend(new_push(due.route, due.alarm, &due.told));
                }
                alarm
            });
            for action in actions {
                match action {
                    RuleAction::Push { route } => {
                        let told = told(&what, level.unwrap_or(1), facts.as_ref());
                        pending.pushes.extend(new_push(route, alarm, &told));
                    }
                    action => pending.actions.push((action, what.clone())),
                }
            }
        }
        self.keep(pending, now, cancel).await
    }

    async fn keep(&mut self, pending: Pending, now: UtcMillis, cancel: &CancellationToken) -> Result<(), Problem> {
        let Pending { merged, mut pushes, actions } = pending;
        for due in self.buckets.take_due(now) {
            let Due { route, told, alarm, .. } = due;
            pushes.extend(new_push(route, alarm, &told));
        }
        let batch = AlarmBatch {
            raised: merged.raised,
            repeated: merged.repeated.into_values().collect(),
            pushes,
            buckets: self.buckets.changed(),
        };
        if !batch.is_empty() {
            let Some(written) = self.write(&batch, cancel).await else {
                self.merger.unwritten();
                return Err(Problem::new(ErrorCode::AlarmsBusy));
            };
            self.merger.written(|alarm| written.id_of(alarm));
            self.buckets.written(|place| written.id_of(AlarmRef::Raised(place)).map(AlarmRef::Kept));
            self.announce(written);
        }
        for (action, what) in actions {
            self.perform(action, &what);
        }
        Ok(())
    }

    /// Tries until it succeeds; `None` when the site stops first.
    async fn write(&self, batch: &AlarmBatch, cancel: &CancellationToken) -> Option<Written> {
        let mut told: Option<Instant> = None;
        loop {
            match self.parts.store.alarms().write(batch, UtcMillis::now()).await {
                Ok(written) => return Some(written),
                Err(error) => {
                    if told.is_none_or(|told| told.elapsed() >= TELL_EVERY) {
                        told = Some(Instant::now());
                        tracing::error!(%error, alarms = batch.raised.len(), "alarms cannot be kept; they wait");
                    }
                }
            }
            tokio::select! {
                () = sleep(RETRY) => {}
                () = cancel.cancelled() => return None,
            }
        }
    }

    fn announce(&self, written: Written) {
        for alarm in written.raised {
            let alarm = Arc::new(alarm);
            // Full means that thousands wait already: its clip is still looked for in the database, its picture is not taken.
            let _ = self.parts.errands.try_send(Errand::Raised(Arc::clone(&alarm)));
            self.tell(AlarmNews::Raised(alarm));
        }
        for alarm in written.repeated {
            self.tell(AlarmNews::Changed(Arc::new(alarm)));
        }
        if written.told > 0 {
            self.parts.push.wake();
        }
    }

    fn tell(&self, news: AlarmNews) {
        // Without a listener there is nobody to tell.
        let _ = self.parts.news.send(news);
    }

    async fn act(&mut self, wanted: Act) -> Result<Alarm, Problem> {
        let Act { alarm, act, verdict, by, note } = wanted;
        let now = UtcMillis::now();
        let acted = self.parts.store.alarms().act(alarm, act, verdict, Some(&by), note.as_deref(), now).await?;
        match acted {
            Acted::Done(alarm) => {
                self.changed(&alarm);
                Ok(*alarm)
            }
            Acted::Refused(state) => {
                Err(Problem::new(ErrorCode::AlarmState).with("id", alarm).with("state", state.as_str()))
            }
        }
    }

    fn changed(&mut self, alarm: &Alarm) {
        if !alarm.state.is_open() && self.merger.of(&alarm.sameness()) == Some(alarm.id) {
            self.merger.closed(&alarm.sameness());
        }
        self.tell(AlarmNews::Changed(Arc::new(alarm.clone())));
    }

    async fn over(&mut self, sameness: &Sameness) {
        let work = async {
            let open = self.parts.store.alarms().open_of(sameness).await?;
            let mut changed = Vec::new();
            for alarm in open {
                let now = UtcMillis::now();
                let acted = self.parts.store.alarms().act(alarm.id, AlarmAct::Close, None, None, None, now).await?;
                if let Acted::Done(alarm) = acted {
                    changed.push(*alarm);
                }
            }
            Ok::<_, StoreError>(changed)
        };
        match work.await {
            Ok(changed) => changed.iter().for_each(|alarm| self.changed(alarm)),
            Err(error) => tracing::error!(%error, "alarms of what is over could not be closed"),
        }
    }

    /// When the next bucket is to be told of; never when none waits.
    async fn next_due(&self) {
        match self.buckets.next_due() {
            Some(at) => {
                let ms = u64::try_from(at - UtcMillis::now()).unwrap_or(0);
                // Looked at again after a while: the clock may be set.
                sleep(Duration::from_millis(ms).min(TELL_EVERY)).await;
            }
            None => std::future::pending().await,
        }
    }

    async fn tell_due(&mut self, cancel: &CancellationToken) {
        let _ = self.keep(Pending::default(), UtcMillis::now(), cancel).await;
    }

    async fn escalate(&mut self) {
        let now = UtcMillis::now();
        let due = match self.parts.store.alarms().due(now, AT_ONCE).await {
            Ok(due) => due,
            Err(error) => {
                tracing::error!(%error, "alarms that are overdue could not be read");
                return;
            }
        };
        let policy = self.policy();
        for alarm in due {
            let level = (alarm.level + 1).min(4);
            let name = self.name_of(&alarm).await;
            let told = Told { level, is_escalated: true, count: 1, ..Told::of(&alarm, name) };
            let route = policy.of(level).push.route.clone();
            let Some(push) = new_push(route, Some(AlarmRef::Kept(alarm.id)), &told) else { continue };
            match self.parts.store.alarms().escalate(alarm.id, &push, now).await {
                Ok(Some(raised)) => {
                    self.tell(AlarmNews::Raised(Arc::new(raised)));
                    self.parts.push.wake();
                }
                Ok(None) => {}
                Err(error) => tracing::error!(%error, alarm = %alarm.id, "an overdue alarm could not be raised"),
            }
        }
    }

    async fn name_of(&mut self, alarm: &Alarm) -> Option<String> {
        match alarm.camera {
            Some(camera) => self.facts(camera).await.map(|facts| facts.name).or_else(|| alarm.camera_name.clone()),
            None => None,
        }
    }

    async fn close(&mut self) {
        let now = UtcMillis::now();
        let ids = match self.parts.store.alarms().to_close(now, AT_ONCE).await {
            Ok(ids) => ids,
            Err(error) => {
                tracing::error!(%error, "alarms that close by themselves could not be read");
                return;
            }
        };
        for id in ids {
            match self.parts.store.alarms().act(id, AlarmAct::Close, None, None, None, now).await {
                Ok(Acted::Done(alarm)) if alarm.state == AlarmState::AutoClosed => self.changed(&alarm),
                Ok(_) => {}
                Err(error) => tracing::error!(%error, alarm = %id, "an alarm could not close itself"),
            }
        }
    }

    async fn note_fired(&mut self) {
        let fired: Vec<_> = std::mem::take(&mut self.fired).into_iter().collect();
        if fired.is_empty() {
            return;
        }
        if let Err(error) = self.parts.store.alarm_rules().fired(&fired).await {
            tracing::warn!(%error, "when rules fired could not be noted");
        }
    }

    async fn prune(&mut self) {
        let now = UtcMillis::now();
        self.merger.prune(&self.policy(), now);
        self.facts.retain(|_, (looked_at, _)| looked_at.elapsed() < FACTS_FOR);
        let old = now.saturating_add_ms(-BUCKETS_FOR_MS);
        self.buckets.prune(old);
        if let Err(error) = self.parts.store.push().prune_buckets(old).await {
            tracing::warn!(%error, "old buckets of pushes could not be removed");
        }
    }

    fn perform(&self, action: RuleAction, what: &Happening) {
        if let RuleAction::Sound { sound } = action {
            self.tell(AlarmNews::Sound { sound, level: what.level.unwrap_or(1) });
            return;
        }
        let facts = self.facts.get(&what.camera.unwrap_or(CameraId(0))).and_then(|(_, facts)| facts.as_ref());
        let Some(deed) = deed_of(action, what, facts) else { return };
        if let Err(error) = self.parts.deeds.try_send(deed) {
            tracing::error!(%error, "what a rule wants could not be done: too much waits already");
        }
    }

    async fn facts(&mut self, camera: CameraId) -> Option<CameraFacts> {
        if let Some((looked_at, facts)) = self.facts.get(&camera)
            && looked_at.elapsed() < FACTS_FOR
        {
            return facts.clone();
        }
        let facts = self.parts.ground.camera(camera).await;
        self.facts.insert(camera, (Instant::now(), facts.clone()));
        facts
    }

    fn policy(&self) -> Arc<AlarmPolicy> {
        Arc::clone(&self.parts.policy.lock().unwrap_or_else(PoisonError::into_inner))
    }

    async fn read_rules(&mut self) -> Result<(), Problem> {
        let policy = self.parts.store.settings().get::<AlarmPolicy>(POLICY_KEY).await?.unwrap_or_default();
        let arming = self.parts.store.settings().get::<Arming>(ARMING_KEY).await?.unwrap_or_default();
        let rules = self.parts.store.alarm_rules().all().await?;
        *self.parts.policy.lock().unwrap_or_else(PoisonError::into_inner) = Arc::new(policy);
        *self.parts.arming.lock().unwrap_or_else(PoisonError::into_inner) = Arc::new(arming.clone());
        self.rules = RuleBook::new(rules, arming, self.parts.zone.clone()).after(&self.rules);
        Ok(())
    }
}

/// What is told together.
fn bucket_of(what: &Happening) -> String {
    match (what.task, what.camera) {
        (Some(task), _) => format!("task {task} {}", what.kind),
        (None, Some(camera)) => format!("{} {} {camera}", what.source.as_str(), what.kind),
        (None, None) => format!("{} {} {}", what.source.as_str(), what.kind, what.subject),
    }
}

fn waiting_of(what: &Happening, level: u32, facts: Option<&CameraFacts>, policy: &AlarmPolicy) -> Waiting {
    let of_level = &policy.of(level).push;
    let push = match &what.push {
        // Route and cooldown of the task hold, mode and figures of the level.
        Some(own) if own.mode == PushMode::LevelDefault => PushPolicy {
            route: own.route.clone(),
            cooldown_s: own.cooldown_s.max(of_level.cooldown_s),
            ..of_level.clone()
        },
        Some(own) => own.clone(),
        None => of_level.clone(),
    };
    Waiting { policy: push, told: told(what, level, facts) }
}

fn new_push(route: String, alarm: Option<AlarmRef>, told: &Told) -> Option<NewPush> {
    // All of it can be written as JSON; without a text there would be nothing to send.
    let content = serde_json::to_string(told).ok()?;
    Some(NewPush { route, key: random_key(), alarm, content })
}

/// `None` for what needs a camera and has none.
fn deed_of(action: RuleAction, what: &Happening, facts: Option<&CameraFacts>) -> Option<Deed> {
    let path = || facts.and_then(|facts| facts.clip_path.clone());
    match action {
        RuleAction::Record { seconds } => Some(Deed::Record { path: path()?, seconds, reason: what.kind.clone() }),
        RuleAction::Show { camera, seconds } => Some(Deed::Show { camera: camera.or(what.camera)?, seconds }),
        RuleAction::Preset { camera, preset } => Some(Deed::Preset { camera: camera.or(what.camera)?, preset }),
        RuleAction::Relay { camera, relay, on } => Some(Deed::Relay { camera: camera.or(what.camera)?, relay, on }),
        RuleAction::Bookmark { text } => Some(Deed::Bookmark { path: path()?, at: what.at, text }),
        RuleAction::Http { url } => {
            Some(Deed::Http { url, told: Box::new(told(what, what.level.unwrap_or(1), facts)) })
        }
        RuleAction::RaiseAlarm { .. } | RuleAction::Suppress | RuleAction::Push { .. } | RuleAction::Sound { .. } => {
            None
        }
    }
}

#[cfg(test)]
#[path = "work_tests.rs"]
mod tests;
