//! The task that listens to one device.

use super::{
    handle::{Command, Shared},
    kind::CameraEvent,
    states::{Act, Happened, LIFETIME_MS, PULL_WAIT_MS, State, termination},
};
use crate::{
    Client, OnvifError,
    operations::{
        CreatePullPointSubscription, PullMessages, Renew, SetSynchronizationPoint, Subscription, Unsubscribe,
    },
};
use std::{collections::VecDeque, time::Duration};
use tokio::{
    sync::mpsc,
    time::{Instant, sleep_until, timeout},
};
use watchwall_model::UtcMillis;

/// Messages of one pull.
const MOST_MESSAGES: u32 = 100;
/// Giving a subscription back must not hold up an end.
const GOODBYE: Duration = Duration::from_secs(3);

pub(super) struct Actor {
    client: Client,
    shared: Shared,
    state: State,
    start: Instant,
    subscription: Option<Subscription>,
}

impl Actor {
    pub fn new(client: Client, shared: Shared) -> Self {
        Self { client, shared, state: State::Idle, start: Instant::now(), subscription: None }
    }

    /// Runs until it is told to stop or nobody holds its handle any more.
    pub async fn run(mut self, mut commands: mpsc::Receiver<Command>) {
        let mut acts = self.on(Happened::Started);
        loop {
            let Some(act) = acts.pop_front() else {
                if self.state == State::Ended {
                    return;
                }
                // Nothing to do by itself.
                let command = commands.recv().await;
                acts = self.command(command);
                continue;
            };
            // What the device is asked can be broken off at any moment.
            let happened = tokio::select! {
                happened = self.act(act) => happened,
                command = commands.recv(), if !matches!(act, Act::Unsubscribe) => {
                    acts = self.command(command);
                    continue;
                }
            };
            if let Some(happened) = happened {
                acts.extend(self.on(happened));
            }
        }
    }

    fn command(&mut self, command: Option<Command>) -> VecDeque<Act> {
        match command {
            Some(Command::Retry) => self.on(Happened::Retried),
            Some(Command::Stop) | None => self.on(Happened::Stopped),
        }
    }

    fn on(&mut self, happened: Happened) -> VecDeque<Act> {
        let now = u64::try_from(self.start.elapsed().as_millis()).unwrap_or(u64::MAX);
        let before = self.state.phase();
        let (state, acts) = std::mem::replace(&mut self.state, State::Idle).on(happened, now, rand::random());
        self.state = state;
        if self.state.phase() != before {
            let reason = self.state.snapshot(0).reason;
            tracing::debug!(host = %self.client.address(), phase = ?self.state.phase(), ?reason, "events");
        }
        self.shared.tell(&self.state);
        acts.into()
    }

    async fn act(&mut self, act: Act) -> Option<Happened> {
        match act {
            Act::Subscribe => Some(match self.subscribe().await {
                Ok(subscription) => {
                    let lifetime_ms = subscription.lifetime_ms();
                    self.subscription = Some(subscription);
                    Happened::Subscribed { lifetime_ms }
                }
                Err(error) => failed(&error),
            }),
            Act::Pull => Some(match self.pull().await {
                Ok(()) => Happened::Pulled,
                Err(error) => failed(&error),
            }),
            Act::Renew { is_absolute } => Some(self.renew(is_absolute).await),
            Act::Unsubscribe => {
                if let Some(subscription) = self.subscription.take() {
                    let _ = timeout(GOODBYE, self.client.call_at(&subscription.endpoint, &Unsubscribe)).await;
                }
                None
            }
            Act::WaitUntil(at) => {
                sleep_until(self.start + Duration::from_millis(at)).await;
                Some(Happened::TimeCame)
            }
        }
    }

    async fn subscribe(&self) -> Result<Subscription, OnvifError> {
        let lifetime = crate::operations::Termination::After { ms: LIFETIME_MS };
        let subscription = self.client.call(&CreatePullPointSubscription { termination: lifetime }).await?;
        // Asks for the state of everything; many devices tell it by themselves, or refuse.
        let _ = self.client.call_at(&subscription.endpoint, &SetSynchronizationPoint).await;
        Ok(subscription)
    }

    async fn pull(&mut self) -> Result<(), OnvifError> {
        let Some(subscription) = &self.subscription else { return Ok(()) };
        let request = PullMessages { wait_ms: PULL_WAIT_MS, most: MOST_MESSAGES };
        let pulled = self.client.call_at(&subscription.endpoint, &request).await?;
        let now = UtcMillis::now();
        let offset_ms = self.client.clock_offset_ms().unwrap_or(0);
        for message in &pulled.messages {
            self.shared.publish(CameraEvent::read(message, now, offset_ms));
        }
        Ok(())
    }

    async fn renew(&self, is_absolute: bool) -> Happened {
        let Some(subscription) = &self.subscription else { return Happened::RenewFailed };
        let now = UtcMillis::now().saturating_add_ms(self.client.clock_offset_ms().unwrap_or(0));
        let renew = Renew { termination: termination(is_absolute, now) };
        match self.client.call_at(&subscription.endpoint, &renew).await {
            Ok(ends) => {
                let lifetime = ends.and_then(|ends| u64::try_from(ends - now).ok()).filter(|ms| *ms > 0);
                Happened::Renewed { lifetime_ms: lifetime }
            }
            Err(_) => Happened::RenewFailed,
        }
    }
}

fn failed(error: &OnvifError) -> Happened {
    Happened::Failed { kind: error.kind(), code: error.code() }
}
