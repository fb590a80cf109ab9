//! Which credentials may be tried on a device. Pure, but for the memory.
//!
//! Cameras lock after a few wrong passwords, and an installer's list may hold ten. So a device meets at most two wrong
//! ones of all sets, over any length of time; what it refused is remembered until it lets somebody in.

use std::{
    collections::HashMap,
    sync::{Mutex, MutexGuard, PoisonError},
};
use watchwall_model::{Credentials, DeviceKey, ErrorCode};

/// Different passwords that a device may refuse.
const MOST_WRONG: usize = 2;

/// What each device refused.
#[derive(Debug, Default)]
pub struct Refused(Mutex<HashMap<DeviceKey, Vec<Credentials>>>);

/// The next to try, given what the device refused at any time. A set is tried once: what was refused is refused again.
pub fn next_try<'a>(
    offered: &'a [Credentials],
    tried: &[Credentials],
    refused: &[Credentials],
) -> Option<&'a Credentials> {
    if refused.len() >= MOST_WRONG {
        return None;
    }
    offered.iter().find(|candidate| !tried.contains(candidate) && !refused.contains(candidate))
}

/// Whether another set may be tried after this failure: the password was wrong, and the device does not warn.
pub const fn may_go_on(code: ErrorCode) -> bool {
    matches!(code, ErrorCode::CredentialsWrong | ErrorCode::CredentialsMissing)
}

impl Refused {
    pub fn of(&self, device: &DeviceKey) -> Vec<Credentials> {
        self.lock().get(device).cloned().unwrap_or_default()
    }

    pub fn note(&self, device: &DeviceKey, credentials: &Credentials) {
        let mut devices = self.lock();
        let refused = devices.entry(device.clone()).or_default();
        if !refused.contains(credentials) {
            refused.push(credentials.clone());
        }
    }

    /// Somebody was let in, or a person says that the device was reset.
    pub fn forget(&self, device: &DeviceKey) {
        self.lock().remove(device);
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<DeviceKey, Vec<Credentials>>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use watchwall_model::Secret;

    fn set(password: &str) -> Credentials {
        Credentials { username: "admin".into(), password: Secret::new(password) }
    }

    /// Everything is refused.
    fn walk(offered: &[Credentials], refused: &mut Vec<Credentials>) -> Vec<String> {
        let mut tried = Vec::new();
        while let Some(next) = next_try(offered, &tried, refused) {
            tried.push(next.clone());
            if !refused.contains(next) {
                refused.push(next.clone());
            }
        }
        tried.iter().map(|set| set.password.reveal().to_owned()).collect()
    }

    #[test]
    fn a_device_meets_two_wrong_passwords_whatever_is_offered() {
        let mut refused = Vec::new();
        assert_eq!(walk(&[set("a"), set("b"), set("c")], &mut refused), ["a", "b"]);
        assert_eq!(walk(&[set("c"), set("a"), set("b")], &mut refused), Vec::<String>::new());
        assert_eq!(walk(&[set("a"), set("b")], &mut vec![set("a")]), ["b"]);
        assert_eq!(walk(&[set("x"), set("x")], &mut Vec::new()), ["x"]);
    }

    #[test]
    fn a_warning_ends_it() {
        assert!(may_go_on(ErrorCode::CredentialsWrong));
        assert!(!may_go_on(ErrorCode::AccountLocked));
        assert!(!may_go_on(ErrorCode::HostUnreachable));
    }
}
