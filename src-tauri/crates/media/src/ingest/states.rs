//! The life of one stream's pull, as pure rules: what happened, what it is now, what to do.

use super::{
    backoff::backoff,
    demand::Demand,
    failure::{Failure, FailureKind},
};
use std::time::{Duration, Instant};
use watchwall_model::{ErrorCode, Problem};

/// Time limits of the rules.
#[derive(Clone, Copy, Debug)]
pub struct Rules {
    /// A stream nobody wants any more stays open this long.
    pub drain_after: Duration,
    /// Silence that counts as stalled.
    pub stall_after: Duration,
    /// A stalled stream is given this long to go on by itself before the connection is opened anew.
    pub reconnect_after: Duration,
    /// The first key frame must come within this time after PLAY.
    pub key_frame_within: Duration,
    /// Whatever an engine does before PLAY ends within this time.
    pub connect_within: Duration,
}

/// Health that lasts this long forgives earlier failures.
const HEALTHY_AFTER: Duration = Duration::from_secs(60);
/// The single second try after a wrong password.
const CREDENTIALS_RETRY: Duration = Duration::from_secs(2);
const CREDENTIALS_TRIES: u32 = 2;
/// A lasting failure that is not about credentials is looked at again after this.
const LASTING_RETRY: Duration = Duration::from_secs(600);
/// A new viewer shortens a long wait to this.
const WATCHED_WAIT: Duration = Duration::from_millis(500);

#[derive(Clone, Debug, Default)]
pub struct State {
    pub stage: Stage,
    demand: Demand,
    /// Failures in a row.
    failures: u32,
    credential_failures: u32,
}

#[derive(Clone, Debug, Default)]
pub enum Stage {
    #[default]
    Idle,
    /// An engine is at work. `drain_until` is set while nobody wants it.
    Running {
        health: Health,
        drain_until: Option<Instant>,
    },
    Waiting {
        until: Instant,
        problem: Problem,
    },
    NeedsAttention {
        problem: Problem,
        again_at: Option<Instant>,
    },
    Stopped,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Health {
    Connecting {
        since: Instant,
    },
    /// PLAY was answered; no key frame yet.
    Starting {
        since: Instant,
    },
    Live {
        since: Instant,
    },
    Stalled {
        since: Instant,
        live_since: Instant,
    },
}

#[derive(Clone, Debug)]
pub enum Event {
    /// Somebody came or left: how urgently the stream is wanted now.
    Demand(Demand),
    Playing,
    FirstPicture,
    /// The engine ended by itself. `dice` is uniform in 0..1.
    Failed {
        failure: Failure,
        dice: f64,
    },
    /// Time passed. `last_unit` is when the newest unit of this connection arrived.
    Tick {
        last_unit: Option<Instant>,
        dice: f64,
    },
    /// New address, credentials, engine or transport; or a person asks to try again.
    Updated,
    /// To be closed for a while. The demand has to be told anew afterwards.
    Paused,
    Stop,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Action {
    StartEngine,
    StopEngine,
    /// Nobody wants the stream: GOP and ring are freed.
    ForgetPictures,
}

impl State {
    /// The next state and what to do, in order.
    #[must_use]
    pub fn on(mut self, event: Event, now: Instant, rules: &Rules) -> (Self, Vec<Action>) {
        let mut actions = Vec::new();
        if matches!(self.stage, Stage::Stopped) {
            return (self, actions);
        }
        match event {
            Event::Demand(demand) => self.on_demand(demand, now, rules, &mut actions),
            Event::Playing => self.set_health(Health::Starting { since: now }),
            Event::FirstPicture => self.set_health(Health::Live { since: now }),
            Event::Failed { failure, dice } => self.on_failed(&failure, dice, now, &mut actions),
            Event::Tick { last_unit, dice } => self.on_tick(last_unit, dice, now, rules, &mut actions),
            Event::Updated => self.on_updated(now, &mut actions),
            Event::Paused => {
                if matches!(self.stage, Stage::Running { .. }) {
                    actions.push(Action::StopEngine);
                }
                self = Self::default();
            }
            Event::Stop => {
                if matches!(self.stage, Stage::Running { .. }) {
                    actions.push(Action::StopEngine);
                }
                self.stage = Stage::Stopped;
            }
        }
        (self, actions)
    }

    /// Whether time can change anything; a resting actor needs no tick.
    pub const fn is_resting(&self) -> bool {
        matches!(self.stage, Stage::Idle | Stage::Stopped | Stage::NeedsAttention { again_at: None, .. })
    }

    /// Failures in a row so far.
    pub const fn attempt(&self) -> u32 {
        self.failures
    }

    /// How urgently the stream is wanted.
    pub const fn demand(&self) -> Demand {
        self.demand
    }

    fn is_wanted(&self) -> bool {
        self.demand > Demand::Nobody
    }

    fn set_health(&mut self, new: Health) {
        if let Stage::Running { health, .. } = &mut self.stage {
            *health = new;
        }
    }

    fn start(&mut self, now: Instant, actions: &mut Vec<Action>) {
        self.stage = Stage::Running { health: Health::Connecting { since: now }, drain_until: None };
        actions.push(Action::StartEngine);
    }

    fn rest(&mut self, actions: &mut Vec<Action>) {
        self.stage = Stage::Idle;
        actions.push(Action::ForgetPictures);
    }

    fn on_demand(&mut self, demand: Demand, now: Instant, rules: &Rules, actions: &mut Vec<Action>) {
        let before = std::mem::replace(&mut self.demand, demand);
        let is_wanted = self.is_wanted();
        match &mut self.stage {
            Stage::Idle if is_wanted => self.start(now, actions),
            Stage::Running { drain_until, .. } => {
                *drain_until = if is_wanted { None } else { drain_until.or(Some(now + rules.drain_after)) };
            }
            Stage::Waiting { .. } if !is_wanted => self.rest(actions),
            Stage::Waiting { until, .. } if demand > before => {
                let wait = match demand {
                    Demand::Watched => WATCHED_WAIT,
                    other => backoff(self.failures, other, 0.0),
                };
                *until = (*until).min(now + wait);
            }
            _ => {}
        }
    }

    fn on_failed(&mut self, failure: &Failure, dice: f64, now: Instant, actions: &mut Vec<Action>) {
        let Stage::Running { health, drain_until } = self.stage else { return };
        if health.has_been_live(now) >= HEALTHY_AFTER {
            self.failures = 0;
        }
        if health.has_been_live(now) > Duration::ZERO {
            self.credential_failures = 0;
        }
        self.failures += 1;
        let problem = failure.problem.clone();
        match failure.kind() {
            FailureKind::Lasting => {
                let again_at = (problem.code != ErrorCode::CredentialsMissing).then(|| now + LASTING_RETRY);
                self.stage = Stage::NeedsAttention { problem, again_at };
            }
            FailureKind::Credentials => {
                self.credential_failures += 1;
                self.stage = if self.credential_failures < CREDENTIALS_TRIES {
                    Stage::Waiting { until: now + CREDENTIALS_RETRY, problem }
                } else {
                    Stage::NeedsAttention { problem, again_at: None }
                };
            }
            FailureKind::Passing => {
                let until = now + backoff(self.failures, self.demand, dice);
                self.stage = Stage::Waiting { until, problem };
            }
        }
        if drain_until.is_some() && matches!(self.stage, Stage::Waiting { .. }) {
            self.rest(actions);
        }
    }

    fn on_tick(
        &mut self,
        last_unit: Option<Instant>,
        dice: f64,
        now: Instant,
        rules: &Rules,
        actions: &mut Vec<Action>,
    ) {
        match &mut self.stage {
            Stage::Running { drain_until: Some(until), .. } if now >= *until => {
                actions.push(Action::StopEngine);
                self.rest(actions);
            }
            Stage::Running { health, .. } => {
                let (next, failed) = health.after(last_unit, now, rules);
                *health = next;
                if let Some(code) = failed {
                    actions.push(Action::StopEngine);
                    self.on_failed(&Failure::new(Problem::new(code)), dice, now, actions);
                }
            }
            Stage::Waiting { until, .. } if now >= *until => self.start(now, actions),
            Stage::NeedsAttention { again_at: Some(at), .. } if now >= *at => {
                if self.is_wanted() {
                    self.start(now, actions)
                } else {
                    self.rest(actions)
                }
            }
            _ => {}
        }
    }

    fn on_updated(&mut self, now: Instant, actions: &mut Vec<Action>) {
        (self.failures, self.credential_failures) = (0, 0);
        if matches!(self.stage, Stage::Running { .. }) {
            actions.push(Action::StopEngine);
        }
        if self.is_wanted() {
            self.start(now, actions);
        } else {
            self.rest(actions);
        }
    }
}

impl Health {
    /// A key frame came on this connection.
    pub const fn has_played(self) -> bool {
        matches!(self, Self::Live { .. } | Self::Stalled { .. })
    }

    /// How long the stream has been live without a break until now; zero when it is not.
    fn has_been_live(self, now: Instant) -> Duration {
        match self {
            Self::Live { since } => now.saturating_duration_since(since),
            Self::Stalled { since, live_since } => since.saturating_duration_since(live_since),
            Self::Connecting { .. } | Self::Starting { .. } => Duration::ZERO,
        }
    }

    /// Judges by the age of the newest unit; the code says why the connection is given up.
    fn after(self, last_unit: Option<Instant>, now: Instant, rules: &Rules) -> (Self, Option<ErrorCode>) {
        let age_from = |since: Instant| now.saturating_duration_since(last_unit.map_or(since, |at| at.max(since)));
        match self {
            Self::Connecting { since } if now.saturating_duration_since(since) >= rules.connect_within => {
                (self, Some(ErrorCode::ConnectTimeout))
            }
            Self::Starting { since } if now.saturating_duration_since(since) >= rules.key_frame_within => {
                let has_units = last_unit.is_some_and(|at| at >= since);
                (self, Some(if has_units { ErrorCode::NoKeyFrame } else { ErrorCode::StreamStalled }))
            }
            Self::Live { since } if age_from(since) >= rules.stall_after => {
                (Self::Stalled { since: now, live_since: since }, None)
            }
            Self::Stalled { since, .. } if last_unit.is_some_and(|at| at > since) => (Self::Live { since: now }, None),
            Self::Stalled { since, .. } if now.saturating_duration_since(since) >= rules.reconnect_after => {
                (self, Some(ErrorCode::StreamStalled))
            }
            _ => (self, None),
        }
    }
}

#[cfg(test)]
mod tests;
