//! Decides what to do next about a subscription. No clock, no I/O: times are given, in milliseconds of any clock that
//! only runs forward.

use crate::{ErrorKind, operations::Termination};
use watchwall_model::ErrorCode;

/// How listening goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum ListenPhase {
    Idle,
    Subscribing,
    Listening,
    /// Tried again by itself.
    Waiting,
    /// Not tried again until somebody acts: a wrong password, or a device without events.
    NeedsAttention,
    Ended,
}

/// What others see.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Snapshot {
    pub phase: ListenPhase,
    /// Failures since it last listened for a minute.
    pub attempt: u32,
    /// Why it waits or needs attention.
    pub reason: Option<ErrorCode>,
    /// Events told so far.
    pub events: u64,
}

/// What the state machine is in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum State {
    Idle,
    Subscribing { attempt: u32 },
    Listening(Listening),
    Waiting { until: u64, attempt: u32, reason: ErrorCode },
    NeedsAttention { reason: ErrorCode },
    Ended,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Listening {
    pub attempt: u32,
    since: u64,
    renew_at: u64,
    /// Not earlier than this: some answer at once although nothing happened.
    pull_at: u64,
    /// The device ignores durations.
    wants_absolute: bool,
    /// It refused to renew: pulling keeps it alive, or it is made again.
    renews: bool,
}

/// What happened.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Happened {
    Started,
    /// With the lifetime the device gave it, if that makes sense.
    Subscribed {
        lifetime_ms: Option<u64>,
    },
    Pulled,
    Renewed {
        lifetime_ms: Option<u64>,
    },
    RenewFailed,
    Failed {
        kind: ErrorKind,
        code: ErrorCode,
    },
    TimeCame,
    /// A person, or new credentials.
    Retried,
    Stopped,
}

/// What is to be done.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Act {
    Subscribe,
    Pull,
    Renew {
        is_absolute: bool,
    },
    /// Best effort: forget the old one before a new one is made.
    Unsubscribe,
    WaitUntil(u64),
}

/// Long enough to live through a slow minute, short enough that forgotten ones do not fill the device.
pub(super) const LIFETIME_MS: u64 = 120_000;
/// The device waits this long for something to happen.
pub(super) const PULL_WAIT_MS: u32 = 20_000;
const PULL_GAP_MS: u64 = 750;
const LEAST_RENEW_MS: u64 = 48_000;
const HEALTHY_AFTER_MS: u64 = 60_000;
const FIRST_WAIT_MS: u64 = 500;
const LONGEST_WAIT_MS: u64 = 60_000;

impl State {
    /// The next state and what to do. `jitter` is from 0 to 1.
    pub fn on(self, happened: Happened, now: u64, jitter: f64) -> (Self, Vec<Act>) {
        match (self, happened) {
            (Self::Ended, _) => (Self::Ended, vec![]),
            (Self::Listening(_), Happened::Stopped) => (Self::Ended, vec![Act::Unsubscribe]),
            (_, Happened::Stopped) => (Self::Ended, vec![]),
            // What was under way is begun again.
            (Self::Listening(listening), Happened::Retried) => listening.go_on(now),
            (_, Happened::Started | Happened::Retried) => (Self::Subscribing { attempt: 0 }, vec![Act::Subscribe]),
            (Self::Waiting { until, attempt, reason }, Happened::TimeCame) => {
                if now < until {
                    (Self::Waiting { until, attempt, reason }, vec![Act::WaitUntil(until)])
                } else {
                    (Self::Subscribing { attempt }, vec![Act::Subscribe])
                }
            }
            (Self::Subscribing { attempt }, Happened::Subscribed { lifetime_ms }) => {
                let listening = Listening {
                    attempt,
                    since: now,
                    renew_at: renew_at(now, lifetime_ms),
                    pull_at: now,
                    // An end that is not after the beginning: it did not understand the duration.
                    wants_absolute: lifetime_ms.is_none(),
                    renews: true,
                };
                (Self::Listening(listening), vec![Act::Pull])
            }
            (Self::Listening(listening), Happened::Pulled) => listening.go_on(now),
            (Self::Listening(listening), Happened::TimeCame) => listening.go_on(now),
            (Self::Listening(mut listening), Happened::Renewed { lifetime_ms }) => {
                listening.wants_absolute |= lifetime_ms.is_none();
                listening.renew_at = renew_at(now, lifetime_ms);
                listening.go_on(now)
            }
            (Self::Listening(mut listening), Happened::RenewFailed) => {
                // With base notification only it must; the next pull shows whether it lives.
                listening.renews = listening.wants_absolute || listening.renews && listening.attempt > 0;
                listening.wants_absolute = true;
                listening.renew_at = now + LEAST_RENEW_MS;
                listening.go_on(now)
            }
            (Self::Listening(listening), Happened::Failed { kind, code }) => {
                let attempt =
                    if now.saturating_sub(listening.since) >= HEALTHY_AFTER_MS { 0 } else { listening.attempt };
                let (state, mut acts) = failed(kind, code, attempt, now, jitter);
                acts.insert(0, Act::Unsubscribe);
                (state, acts)
            }
            (Self::Subscribing { attempt }, Happened::Failed { kind, code }) => {
                failed(kind, code, attempt, now, jitter)
            }
            (state, _) => (state, vec![]),
        }
    }

    pub fn phase(&self) -> ListenPhase {
        match self {
            Self::Idle => ListenPhase::Idle,
            Self::Subscribing { .. } => ListenPhase::Subscribing,
            Self::Listening(_) => ListenPhase::Listening,
            Self::Waiting { .. } => ListenPhase::Waiting,
            Self::NeedsAttention { .. } => ListenPhase::NeedsAttention,
            Self::Ended => ListenPhase::Ended,
        }
    }

    pub fn snapshot(&self, events: u64) -> Snapshot {
        let (attempt, reason) = match self {
            Self::Waiting { attempt, reason, .. } => (*attempt, Some(*reason)),
            Self::NeedsAttention { reason } => (0, Some(*reason)),
            Self::Subscribing { attempt } => (*attempt, None),
            Self::Listening(listening) => (listening.attempt, None),
            Self::Idle | Self::Ended => (0, None),
        };
        Snapshot { phase: self.phase(), attempt, reason, events }
    }
}

impl Listening {
    /// Renews when it is time, pulls when it may, waits otherwise.
    fn go_on(mut self, now: u64) -> (State, Vec<Act>) {
        if self.renews && now >= self.renew_at {
            let act = Act::Renew { is_absolute: self.wants_absolute };
            return (State::Listening(self), vec![act]);
        }
        if now < self.pull_at {
            let at = self.pull_at;
            return (State::Listening(self), vec![Act::WaitUntil(at)]);
        }
        self.pull_at = now + PULL_GAP_MS;
        if now.saturating_sub(self.since) >= HEALTHY_AFTER_MS {
            self.attempt = 0;
        }
        (State::Listening(self), vec![Act::Pull])
    }
}

fn renew_at(now: u64, lifetime_ms: Option<u64>) -> u64 {
    now + (lifetime_ms.unwrap_or(LIFETIME_MS) / 10 * 8).max(LEAST_RENEW_MS)
}

fn failed(kind: ErrorKind, code: ErrorCode, attempt: u32, now: u64, jitter: f64) -> (State, Vec<Act>) {
    match kind {
        ErrorKind::Login | ErrorKind::Unsupported | ErrorKind::Invalid => {
            (State::NeedsAttention { reason: code }, vec![])
        }
        ErrorKind::Unreachable | ErrorKind::NotOnvif | ErrorKind::Refused => {
            let until = now + wait_ms(attempt, jitter);
            (State::Waiting { until, attempt: attempt + 1, reason: code }, vec![Act::WaitUntil(until)])
        }
    }
}

/// Half a second, doubled each time to a minute, a quarter of it by chance.
fn wait_ms(attempt: u32, jitter: f64) -> u64 {
    let full = (FIRST_WAIT_MS << attempt.min(10)).min(LONGEST_WAIT_MS);
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        clippy::cast_precision_loss,
        reason = "at most a minute"
    )]
    let part = (full as f64 * 0.25 * jitter.clamp(0.0, 1.0)) as u64;
    full - full / 4 + part
}

/// The end to ask for.
pub(super) fn termination(is_absolute: bool, device_now: watchwall_model::UtcMillis) -> Termination {
    if is_absolute {
        Termination::At(device_now.saturating_add_ms(i64::try_from(LIFETIME_MS).unwrap_or(i64::MAX)))
    } else {
        Termination::After { ms: LIFETIME_MS }
    }
}

#[cfg(test)]
mod tests;
