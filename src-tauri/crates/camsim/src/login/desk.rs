//! The accounts of a device, how often wrong passwords came, and the lock that follows.

use serde::{Deserialize, Serialize};
use std::{
    sync::{
        Mutex, MutexGuard, PoisonError, RwLock,
        atomic::{AtomicU64, Ordering::Relaxed},
    },
    time::{Duration, Instant},
};
use watchwall_model::Secret;

/// A user of a device.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Account {
    pub name: String,
    pub password: Secret,
    pub level: AccountLevel,
}

/// What a user may do (ONVIF Core, "User levels").
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum AccountLevel {
    User,
    Operator,
    Administrator,
}

/// After so many wrong passwords, through whatever door, nobody comes in for a time.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Lockout {
    pub attempts: u32,
    pub ms: u64,
}

/// Requests that carried a wrong login, by the door they came through.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct LoginAttempts {
    pub soap: u64,
    pub rtsp: u64,
    pub http: u64,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum LoginDoor {
    Soap,
    Rtsp,
    Http,
}

/// The accounts of one device and what it thinks of its visitors.
#[derive(Debug, Default)]
pub(crate) struct LoginDesk {
    web: RwLock<Vec<Account>>,
    /// Kept apart by some brands: then the web's accounts are strangers to SOAP.
    onvif: Option<RwLock<Vec<Account>>>,
    lockout: Option<Lockout>,
    guard: Mutex<Guard>,
    attempts: [AtomicU64; 3],
}

#[derive(Debug, Default)]
struct Guard {
    wrong: u32,
    locked_until: Option<Instant>,
}

/// Why the list of accounts stays as it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum AccountRefusal {
    Exists,
    Missing,
    /// The last administrator.
    Fixed,
}

impl Account {
    pub fn administrator(name: impl Into<String>, password: Secret) -> Self {
        Self { name: name.into(), password, level: AccountLevel::Administrator }
    }
}

impl AccountLevel {
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::User => "User",
            Self::Operator => "Operator",
            Self::Administrator => "Administrator",
        }
    }

    pub(crate) fn parse(text: &str) -> Option<Self> {
        [Self::User, Self::Operator, Self::Administrator].into_iter().find(|level| level.as_str() == text)
    }
}

impl LoginAttempts {
    pub const fn total(&self) -> u64 {
        self.soap + self.rtsp + self.http
    }
}

impl LoginDesk {
    /// `onvif` empty: SOAP takes the same accounts as everything else.
    pub fn new(web: Vec<Account>, onvif: Vec<Account>, lockout: Option<Lockout>) -> Self {
        Self {
            web: RwLock::new(web),
            onvif: (!onvif.is_empty()).then(|| RwLock::new(onvif)),
            lockout,
            ..Self::default()
        }
    }

    /// Whether nobody is asked for anything.
    pub fn is_open(&self) -> bool {
        read(&self.web).is_empty() && self.onvif.is_none()
    }

    /// The account of that name at a door. RTSP and pictures know both lists.
    pub fn find(&self, door: LoginDoor, name: &str) -> Option<Account> {
        let of = |list: &RwLock<Vec<Account>>| read(list).iter().find(|account| account.name == name).cloned();
        match (&self.onvif, door) {
            (Some(onvif), LoginDoor::Soap) => of(onvif),
            (Some(onvif), _) => of(&self.web).or_else(|| of(onvif)),
            (None, _) => of(&self.web),
        }
    }

    pub fn is_locked(&self) -> bool {
        self.guard().locked_until.is_some_and(|until| Instant::now() < until)
    }

    /// A wrong login came.
    pub fn refused(&self, door: LoginDoor) {
        self.attempts[door as usize].fetch_add(1, Relaxed);
        let Some(lockout) = self.lockout else { return };
        let mut guard = self.guard();
        if guard.locked_until.is_some_and(|until| Instant::now() < until) {
            return;
        }
        guard.wrong += 1;
        if guard.wrong >= lockout.attempts {
            *guard = Guard { wrong: 0, locked_until: Some(Instant::now() + Duration::from_millis(lockout.ms)) };
        }
    }

    /// A right one came: the count starts anew.
    pub fn accepted(&self) {
        self.guard().wrong = 0;
    }

    /// Wrong passwords until the lock falls; `None` without one.
    pub fn attempts_left(&self) -> Option<u32> {
        self.lockout.map(|lockout| lockout.attempts.saturating_sub(self.guard().wrong))
    }

    pub fn attempts(&self) -> LoginAttempts {
        let [soap, rtsp, http] = &self.attempts;
        LoginAttempts { soap: soap.load(Relaxed), rtsp: rtsp.load(Relaxed), http: http.load(Relaxed) }
    }

    /// The accounts that SOAP manages.
    pub fn accounts(&self) -> Vec<Account> {
        read(self.managed()).clone()
    }

    pub fn create(&self, account: Account) -> Result<(), AccountRefusal> {
        let mut list = write(self.managed());
        if list.iter().any(|known| known.name == account.name) {
            return Err(AccountRefusal::Exists);
        }
        list.push(account);
        Ok(())
    }

    /// Changes password and level. Without a password it is cleared, as the standard allows.
    pub fn change(&self, account: Account) -> Result<(), AccountRefusal> {
        let mut list = write(self.managed());
        let known = list.iter_mut().find(|known| known.name == account.name).ok_or(AccountRefusal::Missing)?;
        *known = account;
        Ok(())
    }

    pub fn delete(&self, name: &str) -> Result<(), AccountRefusal> {
        let mut list = write(self.managed());
        let at = list.iter().position(|known| known.name == name).ok_or(AccountRefusal::Missing)?;
        let administrators = list.iter().filter(|known| known.level == AccountLevel::Administrator).count();
        if list[at].level == AccountLevel::Administrator && administrators == 1 {
            return Err(AccountRefusal::Fixed);
        }
        list.remove(at);
        Ok(())
    }

    fn managed(&self) -> &RwLock<Vec<Account>> {
        self.onvif.as_ref().unwrap_or(&self.web)
    }

    fn guard(&self) -> MutexGuard<'_, Guard> {
        self.guard.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn read(list: &RwLock<Vec<Account>>) -> std::sync::RwLockReadGuard<'_, Vec<Account>> {
    list.read().unwrap_or_else(PoisonError::into_inner)
}

fn write(list: &RwLock<Vec<Account>>) -> std::sync::RwLockWriteGuard<'_, Vec<Account>> {
    list.write().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn admin(name: &str) -> Account {
        Account::administrator(name, Secret::new("12345"))
    }

    #[test]
    fn brands_that_keep_accounts_apart_do_so_at_soap_only() {
        let desk = LoginDesk::new(vec![admin("web")], vec![admin("onvif")], None);
        let knows = |door, name| desk.find(door, name).is_some();
        assert!(!knows(LoginDoor::Soap, "web") && knows(LoginDoor::Soap, "onvif"));
        assert!(knows(LoginDoor::Rtsp, "web") && knows(LoginDoor::Http, "onvif"));
        assert!(!desk.is_open() && LoginDesk::default().is_open());
    }

    #[test]
    fn the_lock_falls_after_so_many_wrong_ones_and_counts_every_door() {
        let desk = LoginDesk::new(vec![admin("a")], vec![], Some(Lockout { attempts: 3, ms: 60_000 }));
        desk.refused(LoginDoor::Soap);
        desk.accepted();
        desk.refused(LoginDoor::Soap);
        desk.refused(LoginDoor::Rtsp);
        assert_eq!((desk.is_locked(), desk.attempts_left()), (false, Some(1)));
        desk.refused(LoginDoor::Http);
        assert!(desk.is_locked());
        assert_eq!(desk.attempts(), LoginAttempts { soap: 2, rtsp: 1, http: 1 });
        assert_eq!(desk.attempts().total(), 4);
    }

    #[test]
    fn the_last_administrator_stays() {
        let desk = LoginDesk::new(vec![admin("a")], vec![], None);
        assert_eq!(desk.delete("a"), Err(AccountRefusal::Fixed));
        assert_eq!(desk.create(admin("a")), Err(AccountRefusal::Exists));
        desk.create(admin("b")).unwrap();
        desk.delete("a").unwrap();
        assert_eq!(desk.change(admin("a")), Err(AccountRefusal::Missing));
        assert_eq!(desk.accounts().len(), 1);
    }
}
