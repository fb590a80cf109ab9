//! How a request is signed and what a refusal means: decisions only.
//!
//! A login is learnt without spending a password: the first request goes without one, and its refusal says what the
//! device wants. After that at most two requests of a call may carry a refused password, and the latch that all
//! callers share makes it two altogether.
//!
//! A refusal of a login that has worked means a changed password, a clock that jumped, or a user without the right to
//! do this. One request that is known to have been allowed (the witness) tells them apart.

use super::{
    challenge::{Challenge, Offers},
    options::AuthMode,
};
use crate::soap::Login as Need;
use std::collections::HashSet;

/// How a request is signed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) enum Way {
    Open,
    Digest,
    Token,
    Both,
    Basic,
}

/// What a client knows of its device's login.
#[derive(Debug)]
pub(super) struct Login {
    mode: AuthMode,
    plain: Plain,
    learnt: Option<Way>,
    pub challenge: Option<Challenge>,
    pub clock: Clock,
    has_token: bool,
    /// A password was taken for something that is refused without one.
    is_proven: bool,
    /// Operations seen refused without a login: their success proves the password.
    guarded: HashSet<&'static str>,
    /// The device wants a login even where the standard says that none is needed.
    guards_all: bool,
}

/// Whether the password may travel readable.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Plain {
    Refused,
    Allowed,
}

/// The device's clock against ours.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Clock {
    Unknown,
    Offset {
        ms: i64,
    },
    /// It gives a time that its own login does not use.
    Lies,
}

/// What one call has been through.
#[derive(Debug)]
pub(super) struct Course {
    pub operation: &'static str,
    need: Need,
    refusals: u32,
    was_stale: bool,
    was_clock_read: bool,
    is_witnessed: bool,
    has_dropped_token: bool,
}

/// A refusal as far as it matters here.
#[derive(Debug, Default)]
pub(super) struct Refusal {
    pub offers: Offers,
    /// It came as a SOAP fault.
    pub is_fault: bool,
    pub is_not_understood: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Next {
    Send(Way),
    /// Ask the device's clock, then [`Login::after_clock`].
    ReadClock(Way),
    /// Send what was allowed before; then [`Login::after_witness`].
    AskWitness(Way),
    Fail(Failure),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Failure {
    Missing,
    Wrong,
    PlainOnly,
    SchemeUnknown,
    /// The password is right; this user may not do this.
    Forbidden,
}

/// Whether there is something to log in with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Have {
    Credentials,
    Nothing,
}

/// Whether there is a request known to be allowed, other than the refused one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Witness {
    Known,
    Unknown,
}

/// A clock off by less does not explain a refusal.
const TOLERABLE_SKEW_MS: i64 = 2000;

impl Course {
    pub const fn new(operation: &'static str, need: Need) -> Self {
        Self {
            operation,
            need,
            refusals: 0,
            was_stale: false,
            was_clock_read: false,
            is_witnessed: false,
            has_dropped_token: false,
        }
    }

    /// The password was found right during this call: a refusal is about rights.
    pub const fn is_witnessed(&self) -> bool {
        self.is_witnessed
    }
}

impl Login {
    pub fn new(mode: AuthMode, plain: Plain) -> Self {
        Self {
            mode,
            plain,
            learnt: None,
            challenge: None,
            clock: Clock::Unknown,
            has_token: true,
            is_proven: false,
            guarded: HashSet::new(),
            guards_all: false,
        }
    }

    /// Other credentials: what the device wants stays known, what it took is not.
    pub fn forget_proof(&mut self) {
        self.is_proven = false;
        self.challenge = None;
        // It may have been the password and not the clock.
        if self.clock == Clock::Lies {
            self.clock = Clock::Unknown;
        }
    }

    pub const fn learnt(&self) -> Option<Way> {
        self.learnt
    }

    /// Milliseconds to add to our clock for a token.
    pub const fn offset_ms(&self) -> i64 {
        match self.clock {
            Clock::Offset { ms } => ms,
            Clock::Unknown | Clock::Lies => 0,
        }
    }

    pub fn first(&self, course: &Course, have: Have) -> Next {
        let is_public = course.need == Need::NotNeeded && !self.guards_all;
        if have == Have::Nothing || self.mode == AuthMode::Open || is_public {
            return Next::Send(Way::Open);
        }
        match (self.mode, self.learnt) {
            (_, Some(way)) if way == Way::Open || self.is_ready(way) => self.timed(way),
            // A forgotten challenge is asked for again.
            (AuthMode::Wsse, _) if self.has_token => self.timed(Way::Token),
            _ => Next::Send(Way::Open),
        }
    }

    pub fn after_refusal(
        &mut self,
        course: &mut Course,
        sent: Way,
        refusal: Refusal,
        have: Have,
        witness: Witness,
    ) -> Next {
        let is_stale = refusal.offers.digest.as_ref().is_some_and(Challenge::is_stale);
        let was_reused = self.challenge.as_ref().is_some_and(|challenge| challenge.uses() > 1);
        if let Some(challenge) = refusal.offers.digest.clone() {
            self.challenge = Some(challenge);
        }
        if have == Have::Nothing || self.mode == AuthMode::Open {
            return Next::Fail(Failure::Missing);
        }
        if sent == Way::Open {
            return self.after_open(course, &refusal);
        }
        if refusal.is_not_understood && !course.has_dropped_token {
            // The device has no WS-Security and says so.
            course.has_dropped_token = true;
            self.has_token = false;
            self.learnt = None;
            return Next::Send(Way::Open);
        }
        if is_stale && !course.was_stale && matches!(sent, Way::Digest | Way::Both) {
            course.was_stale = true;
            return Next::Send(sent);
        }
        if course.is_witnessed {
            return Next::Fail(Failure::Forbidden);
        }
        course.refusals += 1;
        let uses_clock = matches!(sent, Way::Token | Way::Both);
        if course.refusals >= 2 {
            return Next::Fail(Failure::Wrong);
        }
        if uses_clock && !course.was_clock_read && self.clock != Clock::Lies {
            return Next::ReadClock(sent);
        }
        if self.is_proven {
            return if witness == Witness::Known { Next::AskWitness(sent) } else { Next::Send(sent) };
        }
        if uses_clock && self.distrust_clock() {
            return Next::Send(sent);
        }
        match sent {
            Way::Digest
                if self.mode == AuthMode::Auto && refusal.is_fault && refusal.offers.is_empty() && self.has_token =>
            {
                self.timed(Way::Token)
            }
            Way::Digest if was_reused => Next::Send(Way::Digest),
            Way::Token if self.mode == AuthMode::Auto && refusal.offers.digest.is_some() => Next::Send(Way::Digest),
            _ => Next::Fail(Failure::Wrong),
        }
    }

    /// `read` is the offset the device's clock shows now; `None` when it shows none.
    pub fn after_clock(&mut self, course: &mut Course, sent: Way, read: Option<i64>, witness: Witness) -> Next {
        let before = self.clock;
        course.was_clock_read = true;
        let now = read.unwrap_or(0);
        if before == Clock::Unknown {
            self.clock = Clock::Offset { ms: now };
            return Next::Send(sent);
        }
        let used = self.offset_ms();
        if (now - used).abs() > TOLERABLE_SKEW_MS {
            self.clock = Clock::Offset { ms: now };
            return Next::Send(sent);
        }
        if self.is_proven {
            return if witness == Witness::Known { Next::AskWitness(sent) } else { Next::Fail(Failure::Wrong) };
        }
        if self.distrust_clock() {
            return Next::Send(sent);
        }
        Next::Fail(Failure::Wrong)
    }

    pub const fn after_witness(&self, course: &mut Course, sent: Way, opened: bool) -> Next {
        course.is_witnessed = opened;
        if opened { Next::Send(sent) } else { Next::Fail(Failure::Wrong) }
    }

    /// A request was not refused. Says whether that proves the password.
    pub fn after_success(&mut self, course: &Course, sent: Way) -> Proof {
        if sent == Way::Open {
            return Proof::Nothing;
        }
        self.learnt = Some(sent);
        let is_guarded = match self.mode {
            AuthMode::Auto | AuthMode::Digest | AuthMode::Open => self.guarded.contains(course.operation),
            // Never asked without a login. These are served to anybody by some.
            AuthMode::Wsse | AuthMode::Both => {
                course.need == Need::Needed && !matches!(course.operation, "GetDeviceInformation" | "GetScopes")
            }
        };
        if !is_guarded {
            return Proof::Nothing;
        }
        self.is_proven = true;
        Proof::Password
    }

    fn after_open(&mut self, course: &mut Course, refusal: &Refusal) -> Next {
        self.guarded.insert(course.operation);
        if course.need == Need::NotNeeded {
            self.guards_all = true;
        }
        let is_plain_allowed = self.plain == Plain::Allowed;
        let way = match self.mode {
            AuthMode::Wsse => Some(Way::Token),
            AuthMode::Both if refusal.offers.digest.is_some() => Some(Way::Both),
            AuthMode::Both => Some(Way::Token),
            _ if refusal.offers.digest.is_some() => Some(Way::Digest),
            AuthMode::Auto if refusal.offers.basic && is_plain_allowed => Some(Way::Basic),
            AuthMode::Auto if refusal.offers.basic => return Next::Fail(Failure::PlainOnly),
            AuthMode::Auto if self.has_token => Some(Way::Token),
            _ => None,
        };
        match way {
            Some(Way::Token) if course.has_dropped_token => Next::Fail(Failure::SchemeUnknown),
            Some(way) => self.timed(way),
            None => Next::Fail(Failure::SchemeUnknown),
        }
    }

    /// Whether the next token is to carry our own time: the clock the device shows is hours off, and the login that used
    /// it was refused. Some show local time as UTC while their login uses the real one.
    fn distrust_clock(&mut self) -> bool {
        let is_suspect = self.clock != Clock::Lies && self.offset_ms().abs() > TOLERABLE_SKEW_MS;
        if is_suspect {
            self.clock = Clock::Lies;
        }
        is_suspect
    }

    /// Tokens carry the device's time, so its clock is read first.
    fn timed(&self, way: Way) -> Next {
        let needs_clock = matches!(way, Way::Token | Way::Both) && self.clock == Clock::Unknown;
        if needs_clock { Next::ReadClock(way) } else { Next::Send(way) }
    }

    const fn is_ready(&self, way: Way) -> bool {
        match way {
            Way::Digest | Way::Both => self.challenge.is_some(),
            Way::Open | Way::Token | Way::Basic => true,
        }
    }
}

/// What a success says about the password.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Proof {
    Password,
    Nothing,
}

#[cfg(test)]
mod tests;
