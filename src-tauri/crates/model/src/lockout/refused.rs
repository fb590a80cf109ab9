//! What devices refused, in a form that can be stored.

use super::{Account, DeviceKey, LockoutLatch, Relaxed};
use crate::Credentials;
use serde::{Deserialize, Serialize};

/// One user name and password that a device has refused at one of its doors or more.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RefusedLogin {
    pub device: DeviceKey,
    pub credentials: Credentials,
    /// In the order of [`Door`](super::Door).
    pub doors: [DoorStanding; 3],
    /// Refusals, since anything opened, by doors that had opened before.
    pub lost: u32,
}

/// What one door said.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct DoorStanding {
    /// Since it last opened.
    pub refusals: u32,
    pub has_opened: bool,
}

impl LockoutLatch {
    /// Rises when a refusal is noted or forgotten.
    pub fn revision(&self) -> u64 {
        self.revision.load(Relaxed)
    }

    /// All that is held against anybody now.
    pub fn refused(&self) -> Vec<RefusedLogin> {
        let devices = self.lock();
        let accounts =
            devices.iter().flat_map(|(device, accounts)| accounts.iter().map(move |account| (device, account)));
        let mut refused: Vec<_> = accounts
            .filter(|(_, account)| account.is_refused())
            .map(|(device, account)| RefusedLogin {
                device: device.clone(),
                credentials: account.credentials.clone(),
                doors: account.doors,
                lost: account.lost,
            })
            .collect();
        refused.sort_by(|one, other| one.device.cmp(&other.device));
        refused
    }

    /// Puts back what an earlier run was refused, before anybody asks.
    pub fn remember(&self, refused: Vec<RefusedLogin>) {
        for login in refused {
            self.with(&login.device, &login.credentials, |account| {
                (account.doors, account.lost) = (login.doors, login.lost);
            });
        }
    }
}

impl Account {
    pub(super) fn is_refused(&self) -> bool {
        self.lost > 0 || self.doors.iter().any(|door| door.refusals > 0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Door, Secret};
    use std::{
        pin::pin,
        task::{Context, Poll, Waker},
    };

    fn login(password: &str) -> Credentials {
        Credentials { username: "admin".into(), password: Secret::new(password) }
    }

    fn refuse(latch: &LockoutLatch, device: &str, password: &str, door: Door) {
        let mut asking = pin!(latch.admit(&DeviceKey::new(device), &login(password), door));
        let Poll::Ready(Ok(admission)) = asking.as_mut().poll(&mut Context::from_waker(Waker::noop())) else {
            unreachable!("{device} may be asked")
        };
        admission.refused();
    }

    #[test]
    fn a_second_run_knows_what_the_first_was_refused() {
        let first = LockoutLatch::default();
        refuse(&first, "10.0.0.5", "wrong", Door::Soap);
        refuse(&first, "10.0.0.5", "wrong", Door::Rtsp);
        refuse(&first, "10.0.0.6", "half", Door::Soap);
        let second = LockoutLatch::default();
        second.remember(first.refused());
        let is_latched =
            |device: &str, password: &str| second.is_latched(&DeviceKey::new(device), &login(password), Door::Http);
        assert!(is_latched("10.0.0.5", "wrong"));
        assert!(!is_latched("10.0.0.5", "right") && !is_latched("10.0.0.6", "half"));
        refuse(&second, "10.0.0.6", "half", Door::Rtsp);
        assert!(is_latched("10.0.0.6", "half"));
        assert_eq!(first.refused().len(), 2);
    }

    #[test]
    fn only_refusals_are_news() {
        let latch = LockoutLatch::default();
        let open = |password: &str| {
            let key = DeviceKey::new("10.0.0.5");
            let mut asking = pin!(latch.admit(&key, &login(password), Door::Soap));
            match asking.as_mut().poll(&mut Context::from_waker(Waker::noop())) {
                Poll::Ready(Ok(admission)) => admission.accepted(),
                _ => unreachable!("it may be asked"),
            }
        };
        let check = |revision: u64, refused: usize| {
            assert_eq!((latch.revision(), latch.refused().len()), (revision, refused));
        };
        open("a");
        open("a");
        check(0, 0);
        refuse(&latch, "10.0.0.5", "a", Door::Soap);
        check(1, 1);
        open("a");
        check(2, 0);
        refuse(&latch, "10.0.0.5", "b", Door::Soap);
        latch.clear(&DeviceKey::new("10.0.0.5"));
        check(4, 0);
    }
}
