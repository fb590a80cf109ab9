//! The link to one device: its client, its heartbeat, its events.

use super::{
    listening::{ListenTo, Listening, Occasion},
    states::DeviceSeen,
};
use crate::cameras::{
    Cameras,
    events::{EventSourceKind, Intake},
    onboarding::services_of,
};
use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};
use tokio::{
    sync::{Notify, watch},
    task::JoinHandle,
    time::{Instant, sleep_until, timeout},
};
use tokio_util::sync::CancellationToken;
use watchwall_model::{Credentials, DeviceEndpoint, DeviceId, DeviceService, ErrorCode, Problem, UtcMillis};
use watchwall_onvif::{
    Client, ClientOptions, DeviceAddress, ErrorKind, OnvifError, PlainPassword,
    events::ListenPhase,
    operations::{GetCapabilities, GetServices, Profile, Services},
    read_clock,
};
use watchwall_store::Store;

/// A first silence is looked at again this soon: one lost packet is no outage.
const SECOND_LOOK: Duration = Duration::from_secs(5);
/// A whole heartbeat, services and profiles of a slow recorder included.
const BEAT_WITHIN: Duration = Duration::from_secs(90);
/// A clock that moved less than this is not written down again.
const CLOCK_STEP_MS: i64 = 1_000;

/// How a device is reached.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WantedLink {
    pub id: DeviceId,
    pub at: DeviceEndpoint,
    pub credentials: Option<Credentials>,
    pub services: Vec<DeviceService>,
    /// Somebody allowed the password to travel readable: the device was seen to take it so.
    pub is_plain_allowed: bool,
}

/// What links share.
#[derive(Clone)]
pub struct LinkShared {
    pub store: Store,
    pub cameras: Cameras,
    pub intake: Intake,
    /// Wakes the judge.
    pub seen: Arc<Notify>,
    pub interval: Duration,
    pub first_after: Duration,
}

/// What a link saw last.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct LinkSnapshot {
    pub device: DeviceSeen,
    /// Our login was refused, and is not tried again before a person acts.
    pub login: Option<ErrorCode>,
    pub last_seen: Option<UtcMillis>,
    pub checked_at: Option<UtcMillis>,
    pub clock_offset_ms: Option<i64>,
    /// Known once the device let us in.
    pub profiles: Arc<Vec<Profile>>,
    /// How its pull point is listened to; `None` where it has none.
    pub listening: Option<ListenPhase>,
    /// Where its events come from now; `None` while none do.
    pub event_source: Option<EventSourceKind>,
}

impl LinkSnapshot {
    /// How events are listened to, as the API spells it.
    pub fn listening_word(&self) -> Option<&'static str> {
        Some(match self.listening? {
            ListenPhase::Idle => "idle",
            ListenPhase::Subscribing => "subscribing",
            ListenPhase::Listening => "listening",
            ListenPhase::Waiting => "waiting",
            ListenPhase::NeedsAttention => "needs_attention",
            ListenPhase::Ended => "ended",
        })
    }
}

/// One device's link. Cheap to clone.
#[derive(Clone)]
pub struct DeviceLink {
    client: Client,
    snapshot: watch::Receiver<LinkSnapshot>,
    wake: Arc<Notify>,
    is_retried: Arc<AtomicBool>,
}

/// A link with the task that keeps it.
pub struct RunningLink {
    pub wanted: WantedLink,
    pub link: DeviceLink,
    cancel: CancellationToken,
    task: JoinHandle<()>,
}

impl DeviceLink {
    pub const fn client(&self) -> &Client {
        &self.client
    }

    pub fn snapshot(&self) -> LinkSnapshot {
        self.snapshot.borrow().clone()
    }

    /// Where its services are; asks again now, for there may be events.
    pub fn learn(&self, told: &[DeviceService]) {
        self.client.learn_services(services_of(told));
        self.wake.notify_one();
    }

    /// Asks again now, also for what was refused.
    pub fn retry(&self) {
        self.is_retried.store(true, Ordering::SeqCst);
        self.wake.notify_one();
    }
}

impl RunningLink {
    /// # Errors
    /// `url_invalid` for an address that cannot be one.
    pub fn start(wanted: WantedLink, shared: LinkShared) -> Result<Self, Problem> {
        let address = DeviceAddress::parse(&wanted.at.url()).map_err(|error| error.problem())?;
        let options = ClientOptions {
            plain_password: if wanted.is_plain_allowed { PlainPassword::Allowed } else { PlainPassword::default() },
            ..shared.cameras.shared.onboarding.examiner.client_options(wanted.at.key())
        };
        let client = Client::new(address, wanted.credentials.clone(), options);
        client.learn_services(services_of(&wanted.services));
        let (sender, snapshot) =
            watch::channel(LinkSnapshot { device: DeviceSeen::NotAsked, ..LinkSnapshot::default() });
        let (wake, cancel) = (Arc::new(Notify::new()), CancellationToken::new());
        let is_retried = Arc::new(AtomicBool::new(false));
        let heart = Heart {
            id: wanted.id,
            client: client.clone(),
            shared,
            snapshot: sender,
            wake: Arc::clone(&wake),
            is_retried: Arc::clone(&is_retried),
            failures: 0,
            listening: Listening::default(),
        };
        let task = tokio::spawn(heart.run(cancel.clone()));
        Ok(Self { wanted, link: DeviceLink { client, snapshot, wake, is_retried }, cancel, task })
    }

    /// Gives the subscription back and joins the task; a device that does not answer is left alone after `within`.
    pub async fn stop(self, within: Duration) {
        self.cancel.cancel();
        let abort = self.task.abort_handle();
        if timeout(within, self.task).await.is_err() {
            abort.abort();
        }
    }
}

struct Heart {
    id: DeviceId,
    client: Client,
    shared: LinkShared,
    snapshot: watch::Sender<LinkSnapshot>,
    wake: Arc<Notify>,
    is_retried: Arc<AtomicBool>,
    failures: u32,
    listening: Listening,
}

impl Heart {
    async fn run(mut self, cancel: CancellationToken) {
        let mut next = Instant::now() + jittered(self.shared.first_after);
        loop {
            tokio::select! {
                () = cancel.cancelled() => break,
                () = self.wake.notified() => {}
                () = sleep_until(next) => {}
                () = self.listening.changed() => {
                    self.look_at_events(Occasion::Change).await;
                    continue;
                }
            }
            let beaten = tokio::select! {
                () = cancel.cancelled() => break,
                beaten = timeout(BEAT_WITHIN, self.beat()) => beaten,
            };
            if beaten.is_err() {
                self.silent(ErrorCode::AnswerTimeout);
            }
            let wait = if self.failures == 1 { SECOND_LOOK.min(self.shared.interval) } else { self.shared.interval };
            next = Instant::now() + jittered(wait);
        }
        self.listening.stop().await;
    }

    /// Asks for the clock, which needs no login; once it answers, for what a login shows, once.
    async fn beat(&mut self) {
        if self.is_retried.swap(false, Ordering::SeqCst) {
            self.tell(|seen| seen.login = None);
            self.listening.retry();
        }
        match read_clock(&self.client).await {
            Ok((_, offset_ms)) => self.answered(offset_ms).await,
            Err(error) if error.kind() == ErrorKind::Unreachable => return self.silent(error.code()),
            // It answered something: it is there.
            Err(error) => {
                self.answered(None).await;
                if error.kind() == ErrorKind::Login {
                    return self.refused(error.code());
                }
            }
        }
        if self.is_introduced() {
            self.look_for_pull_point().await;
            self.look_at_events(Occasion::Beat).await;
        } else {
            self.introduce().await;
        }
        if self.snapshot.borrow().login.is_none()
            && let Err(problem) = self.shared.cameras.shared.renew_addresses(self.id, &self.client).await
        {
            tracing::debug!(device.id = self.id.0, %problem, "the addresses of its streams are not renewed");
        }
    }

    fn is_introduced(&self) -> bool {
        let seen = self.snapshot.borrow();
        seen.login.is_some() || !seen.profiles.is_empty()
    }

    /// A refused password is not tried again: the latch would refuse it unasked, and this does not even ask.
    async fn introduce(&mut self) {
        if !self.client.services().is_known() {
            match learn_services(&self.client).await {
                Ok(services) => self.client.learn_services(services),
                Err(error) => return self.hindered(&error),
            }
        }
        match self.client.profiles().await {
            Ok(profiles) => {
                self.snapshot.send_modify(|seen| seen.profiles = Arc::new(profiles));
                self.look_at_events(Occasion::Beat).await;
            }
            Err(error) => self.hindered(&error),
        }
    }

    fn hindered(&self, error: &OnvifError) {
        match error.kind() {
            ErrorKind::Login => self.refused(error.code()),
            _ => tracing::debug!(device.id = self.id.0, %error, "the device does not tell what it has"),
        }
    }

    /// A pull point may come with a new firmware, or be let in again.
    async fn look_for_pull_point(&mut self) {
        if self.snapshot.borrow().login.is_some() || !self.listening.should_look_again() {
            return;
        }
        if self.listening.has_pull_point() {
            self.listening.retry();
        } else if let Ok(services) = learn_services(&self.client).await {
            self.client.learn_services(services);
        }
    }

    /// The events' door may be shut while the others are open, or be heard of late.
    async fn look_at_events(&mut self, occasion: Occasion) {
        if self.snapshot.borrow().login.is_some() && !self.listening.has_pull_point() {
            return;
        }
        let profiles = Arc::clone(&self.snapshot.borrow().profiles);
        let to = ListenTo { id: self.id, client: &self.client, profiles: &profiles, shared: &self.shared };
        let heard = self.listening.look(to, occasion).await;
        self.tell(|seen| {
            (seen.listening, seen.event_source) = (heard.pull_point, heard.via);
            if heard.refused_login.is_some() {
                seen.login = heard.refused_login;
            }
        });
    }

    async fn answered(&mut self, clock_offset_ms: Option<i64>) {
        self.failures = 0;
        let now = UtcMillis::now();
        let known = self.snapshot.borrow().clock_offset_ms;
        if let Some(offset) = clock_offset_ms
            && known.is_none_or(|known| (known - offset).abs() >= CLOCK_STEP_MS)
            && let Err(error) = self.shared.store.devices().set_clock_offset(self.id, Some(offset)).await
        {
            tracing::warn!(device.id = self.id.0, %error, "cannot store how far the device's clock is ahead");
        }
        self.tell(|seen| {
            seen.device = DeviceSeen::Answered;
            (seen.last_seen, seen.checked_at) = (Some(now), Some(now));
            seen.clock_offset_ms = clock_offset_ms.or(seen.clock_offset_ms);
        });
    }

    fn silent(&mut self, code: ErrorCode) {
        self.failures = self.failures.saturating_add(1);
        let is_certain = self.failures > 1;
        self.tell(|seen| {
            seen.checked_at = Some(UtcMillis::now());
            if is_certain {
                seen.device = DeviceSeen::Silent(code);
            }
        });
    }

    fn refused(&self, code: ErrorCode) {
        self.tell(|seen| seen.login = Some(code));
    }

    fn tell(&self, change: impl FnOnce(&mut LinkSnapshot)) {
        let before = self.snapshot.borrow().clone();
        self.snapshot.send_modify(change);
        let after = self.snapshot.borrow();
        if (before.device, before.login) != (after.device, after.login) {
            self.shared.seen.notify_one();
        }
    }
}

/// Both lists merged; old devices have but one.
async fn learn_services(client: &Client) -> Result<Services, OnvifError> {
    match client.call(&GetServices).await {
        Ok(mut services) => {
            if let Ok(old) = client.call(&GetCapabilities).await {
                services.merge(old);
            }
            Ok(services)
        }
        Err(error) if matches!(error.kind(), ErrorKind::Login | ErrorKind::Unreachable) => Err(error),
        Err(_) => client.call(&GetCapabilities).await,
    }
}

/// Up to a tenth more or less, so that three hundred devices are not asked in the same moment.
fn jittered(wait: Duration) -> Duration {
    wait.mul_f64(0.9 + 0.2 * rand::random::<f64>())
}
