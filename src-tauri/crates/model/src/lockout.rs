//! One memory of refused passwords per device, for all that log in to it: RTSP, SOAP, snapshots and events.
//!
//! Cameras lock an account after three to five wrong passwords, some for half an hour. A site reaches one camera through
//! several doors at once, so the doors share this memory and a wrong password costs the device at most two tries,
//! however often, through whatever door and by whomever it is asked for.
//!
//! Waiting is by [`Waker`]: the memory knows no runtime, and whoever waits brings a time limit. What was refused can be
//! taken out and put back ([`RefusedLogin`]), so that a restart does not try it again.

mod refused;

pub use refused::{DoorStanding, RefusedLogin};

use crate::{Credentials, ErrorCode, Problem};
use std::{
    collections::HashMap,
    fmt,
    future::{Future, poll_fn},
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicU64, Ordering::Relaxed},
    },
    task::{Poll, Waker},
};

/// Refusals of one user name and password by one device before nobody tries them again.
const TRIES: u32 = 2;
/// Passwords remembered per device. A person who tries more than that forgets the oldest.
const REMEMBERED: usize = 16;

/// A device as the latch knows it: an address or name, with the port where several devices share one address.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct DeviceKey(String);

impl DeviceKey {
    pub fn new(text: impl Into<String>) -> Self {
        Self(text.into())
    }

    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for DeviceKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// Where a device is asked to log us in. Vendors keep accounts apart: one door may be open and another shut.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Door {
    Rtsp,
    /// ONVIF calls, events included.
    Soap,
    /// Snapshots and other plain HTTP.
    Http,
}

/// The memory. Clones share it.
#[derive(Clone, Debug, Default)]
pub struct LockoutLatch {
    devices: Arc<Mutex<HashMap<DeviceKey, Vec<Account>>>>,
    /// Rises when a refusal is noted or forgotten.
    revision: Arc<AtomicU64>,
}

/// One user name and password at one device; the latest asked for stands last.
#[derive(Debug)]
struct Account {
    credentials: Credentials,
    doors: [DoorStanding; 3],
    /// Refusals, since anything opened, by doors that had opened before: the password itself was changed.
    lost: u32,
    /// An unproven try is on its way.
    is_taken: bool,
    waiting: Vec<Waker>,
}

/// Leave to try once. Say how it went; dropped, it says nothing and gives the turn to the next.
#[derive(Debug)]
#[must_use = "without a verdict the device may be asked again and again"]
pub struct Admission {
    latch: LockoutLatch,
    device: DeviceKey,
    credentials: Credentials,
    door: Door,
    holds_turn: bool,
}

impl LockoutLatch {
    /// Leave to try these credentials now. While they are unproven at this door one try is on its way at a time;
    /// the others wait for its verdict, for as long as the caller lets them.
    ///
    /// # Errors
    /// `credentials_wrong` at `latched` when the device has refused them as often as it may.
    pub fn admit(
        &self,
        device: &DeviceKey,
        credentials: &Credentials,
        door: Door,
    ) -> impl Future<Output = Result<Admission, Problem>> + Send + use<> {
        let (latch, device, credentials) = (self.clone(), device.clone(), credentials.clone());
        poll_fn(move |context| latch.poll_admit(&device, &credentials, door, context.waker()))
    }

    /// Whether trying would be refused without asking the device.
    pub fn is_latched(&self, device: &DeviceKey, credentials: &Credentials, door: Door) -> bool {
        self.with(device, credentials, |account| account.is_latched(door))
    }

    /// Forgets what a device refused, because a person said so: the account was unlocked, or created just now.
    pub fn clear(&self, device: &DeviceKey) {
        if let Some(accounts) = self.lock().remove(device) {
            self.revision.fetch_add(1, Relaxed);
            accounts.into_iter().flat_map(|account| account.waiting).for_each(Waker::wake);
        }
    }

    fn poll_admit(
        &self,
        device: &DeviceKey,
        credentials: &Credentials,
        door: Door,
        waker: &Waker,
    ) -> Poll<Result<Admission, Problem>> {
        let holds_turn = self.with(device, credentials, |account| {
            if account.is_latched(door) {
                return Poll::Ready(Err(latched(device)));
            }
            if account.is_proven(door) {
                return Poll::Ready(Ok(false));
            }
            if account.is_taken {
                account.waiting.retain(|waiting| !waiting.will_wake(waker));
                account.waiting.push(waker.clone());
                return Poll::Pending;
            }
            account.is_taken = true;
            Poll::Ready(Ok(true))
        });
        holds_turn.map_ok(|holds_turn| Admission {
            latch: self.clone(),
            device: device.clone(),
            credentials: credentials.clone(),
            door,
            holds_turn,
        })
    }

    fn with<T>(&self, device: &DeviceKey, credentials: &Credentials, act: impl FnOnce(&mut Account) -> T) -> T {
        let mut devices = self.lock();
        if !devices.contains_key(device) {
            devices.insert(device.clone(), Vec::new());
        }
        let accounts = devices.get_mut(device).expect("the device was inserted above");
        let known = accounts.iter().position(|account| account.credentials == *credentials);
        let account = match known {
            Some(index) => accounts.remove(index),
            None => Account::new(credentials.clone()),
        };
        if accounts.len() >= REMEMBERED {
            accounts.remove(0);
        }
        accounts.push(account);
        act(accounts.last_mut().expect("the account was pushed above"))
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<DeviceKey, Vec<Account>>> {
        self.devices.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Account {
    fn new(credentials: Credentials) -> Self {
        Self { credentials, doors: [DoorStanding::default(); 3], lost: 0, is_taken: false, waiting: Vec::new() }
    }

    /// A door that has opened is not shut by another that never did: vendors keep accounts apart. When one refuses
    /// that did open, the password was changed and all are judged together, as are those that never opened.
    fn is_latched(&self, door: Door) -> bool {
        let own = self.standing(door);
        let together: u32 = self.doors.iter().map(|standing| standing.refusals).sum();
        own.refusals >= TRIES || self.lost >= TRIES || (!own.has_opened && together >= TRIES)
    }

    const fn is_proven(&self, door: Door) -> bool {
        let own = self.standing(door);
        own.has_opened && own.refusals == 0 && self.lost == 0
    }

    fn refuse(&mut self, door: Door, times: u32) {
        let standing = &mut self.doors[door as usize];
        standing.refusals = standing.refusals.saturating_add(times);
        if standing.has_opened {
            self.lost = self.lost.saturating_add(times);
        }
    }

    const fn standing(&self, door: Door) -> DoorStanding {
        self.doors[door as usize]
    }
}

impl Admission {
    /// The device took the password.
    pub fn accepted(self) {
        self.note(|account| {
            account.doors[self.door as usize] = DoorStanding { refusals: 0, has_opened: true };
            account.lost = 0;
        });
    }

    /// The device refused it.
    pub fn refused(self) {
        self.note(|account| account.refuse(self.door, 1));
    }

    /// The device refused it and says that the account is, or is about to be, locked.
    pub fn refused_for_good(self) {
        self.note(|account| account.refuse(self.door, TRIES));
    }

    /// Whether it is not known that these credentials open this door.
    pub const fn is_first(&self) -> bool {
        self.holds_turn
    }

    fn note(&self, change: impl FnOnce(&mut Account)) {
        let is_news = self.latch.with(&self.device, &self.credentials, |account| {
            let before = account.is_refused();
            change(account);
            before || account.is_refused()
        });
        if is_news {
            self.latch.revision.fetch_add(1, Relaxed);
        }
    }
}

impl Drop for Admission {
    fn drop(&mut self) {
        if !self.holds_turn {
            return;
        }
        let waiting = self.latch.with(&self.device, &self.credentials, |account| {
            account.is_taken = false;
            std::mem::take(&mut account.waiting)
        });
        waiting.into_iter().for_each(Waker::wake);
    }
}

fn latched(device: &DeviceKey) -> Problem {
    Problem::new(ErrorCode::CredentialsWrong)
        .with("host", device)
        .at("latched")
        .because("the device refused this user name and password before; not tried again until they change")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Secret;
    use std::{pin::pin, task::Context};

    fn credentials(password: &str) -> Credentials {
        Credentials { username: "admin".into(), password: Secret::new(password) }
    }

    fn camera() -> DeviceKey {
        DeviceKey::new("10.0.0.5")
    }

    /// The answer now; `None` when it would wait.
    fn ask(latch: &LockoutLatch, password: &str, door: Door) -> Option<Result<Admission, Problem>> {
        let mut asking = pin!(latch.admit(&camera(), &credentials(password), door));
        match asking.as_mut().poll(&mut Context::from_waker(Waker::noop())) {
            Poll::Ready(answer) => Some(answer),
            Poll::Pending => None,
        }
    }

    #[track_caller]
    fn try_once(latch: &LockoutLatch, password: &str, door: Door) -> Admission {
        ask(latch, password, door).expect("nobody is before us").expect("the device may be asked")
    }

    #[track_caller]
    fn is_refused(latch: &LockoutLatch, password: &str, door: Door) {
        assert_eq!(ask(latch, password, door).unwrap().unwrap_err().code, ErrorCode::CredentialsWrong);
    }

    #[test]
    fn two_refusals_through_any_doors_shut_all_of_them() {
        let latch = LockoutLatch::default();
        try_once(&latch, "wrong", Door::Rtsp).refused();
        try_once(&latch, "wrong", Door::Soap).refused();
        for door in [Door::Rtsp, Door::Soap, Door::Http] {
            is_refused(&latch, "wrong", door);
        }
        assert!(latch.is_latched(&camera(), &credentials("wrong"), Door::Http));
        drop(try_once(&latch, "right", Door::Rtsp));
    }

    #[test]
    fn a_password_typed_back_is_remembered() {
        let latch = LockoutLatch::default();
        for _ in 0..2 {
            try_once(&latch, "wrong", Door::Soap).refused();
        }
        try_once(&latch, "other", Door::Soap).refused();
        is_refused(&latch, "wrong", Door::Soap);
        latch.clear(&camera());
        drop(try_once(&latch, "wrong", Door::Soap));
    }

    #[test]
    fn a_door_that_opens_does_not_give_another_new_tries() {
        // Hikvision: the web account opens RTSP, and there is no ONVIF account at all.
        let latch = LockoutLatch::default();
        try_once(&latch, "web", Door::Rtsp).accepted();
        for _ in 0..2 {
            try_once(&latch, "web", Door::Soap).refused();
            try_once(&latch, "web", Door::Rtsp).accepted();
        }
        is_refused(&latch, "web", Door::Soap);
        try_once(&latch, "web", Door::Rtsp).accepted();
    }

    #[test]
    fn a_proven_door_may_be_refused_once_and_open_again() {
        let latch = LockoutLatch::default();
        try_once(&latch, "right", Door::Soap).accepted();
        try_once(&latch, "right", Door::Soap).refused();
        try_once(&latch, "right", Door::Soap).accepted();
        try_once(&latch, "right", Door::Soap).refused();
        drop(try_once(&latch, "right", Door::Soap));
    }

    #[test]
    fn a_changed_password_costs_two_tries_through_all_doors_together() {
        let latch = LockoutLatch::default();
        for door in [Door::Rtsp, Door::Soap, Door::Http] {
            try_once(&latch, "old", door).accepted();
        }
        try_once(&latch, "old", Door::Rtsp).refused();
        try_once(&latch, "old", Door::Soap).refused();
        for door in [Door::Rtsp, Door::Soap, Door::Http] {
            is_refused(&latch, "old", door);
        }
    }

    #[test]
    fn unproven_tries_go_one_after_another() {
        let latch = LockoutLatch::default();
        let first = try_once(&latch, "new", Door::Soap);
        assert!(ask(&latch, "new", Door::Rtsp).is_none());
        first.accepted();
        let _second = try_once(&latch, "new", Door::Rtsp);
        // The other door is proven and waits for nobody.
        assert!(!try_once(&latch, "new", Door::Soap).is_first());
        assert!(ask(&latch, "new", Door::Http).is_none());
    }

    #[test]
    fn who_waits_is_woken_by_the_verdict() {
        struct Count(std::sync::atomic::AtomicU32);
        impl std::task::Wake for Count {
            fn wake(self: Arc<Self>) {
                self.0.fetch_add(1, std::sync::atomic::Ordering::SeqCst);
            }
        }
        let latch = LockoutLatch::default();
        let first = try_once(&latch, "wrong", Door::Soap);
        let count = Arc::new(Count(std::sync::atomic::AtomicU32::new(0)));
        let waker = Waker::from(Arc::clone(&count));
        let mut waiting = pin!(latch.admit(&camera(), &credentials("wrong"), Door::Soap));
        for _ in 0..3 {
            assert!(waiting.as_mut().poll(&mut Context::from_waker(&waker)).is_pending());
        }
        first.refused_for_good();
        assert_eq!(count.0.load(std::sync::atomic::Ordering::SeqCst), 1);
        assert!(matches!(waiting.as_mut().poll(&mut Context::from_waker(&waker)), Poll::Ready(Err(_))));
    }

    #[test]
    fn passwords_are_remembered_within_bounds() {
        let latch = LockoutLatch::default();
        for number in 0..100 {
            try_once(&latch, &number.to_string(), Door::Soap).refused();
        }
        assert_eq!(latch.lock()[&camera()].len(), REMEMBERED);
    }
}
