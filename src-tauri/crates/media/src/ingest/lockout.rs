//! One memory of refused passwords per device, so that ten streams do not lock a camera out together.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use watchwall_model::{Credentials, ErrorCode, Problem};

/// Refusals of one password by one device before nobody tries it again.
const TRIES: u32 = 2;
/// Streams of a device whose password is unproven go one after another, but none waits longer than this.
const LONGEST_TURN: Duration = Duration::from_secs(2);

/// Shared by all streams of a site. Keyed by device (host and port) and user name; another password is another story.
#[derive(Clone, Debug, Default)]
pub struct LockoutLatch {
    devices: Arc<Mutex<HashMap<(String, String), Device>>>,
}

#[derive(Debug)]
struct Device {
    credentials: Credentials,
    refusals: u32,
    is_proven: bool,
    turn: Arc<Semaphore>,
}

/// Leave to try. Say how it went with [`Admission::accepted`] or [`Admission::refused`]; dropped, it says nothing.
#[derive(Debug)]
pub struct Admission {
    latch: LockoutLatch,
    key: Option<(String, String)>,
    _turn: Option<OwnedSemaphorePermit>,
}

impl LockoutLatch {
    /// Asks whether these credentials may be tried at this device.
    ///
    /// # Errors
    /// `credentials_wrong` when the device has refused them already.
    pub async fn admit(&self, device: &str, credentials: Option<&Credentials>) -> Result<Admission, Problem> {
        let Some(credentials) = credentials else {
            return Ok(Admission { latch: self.clone(), key: None, _turn: None });
        };
        let key = (device.to_owned(), credentials.username.clone());
        let turn = self.check(&key, credentials)?;
        let turn = match turn {
            Some(turn) => tokio::time::timeout(LONGEST_TURN, turn.acquire_owned()).await.ok().and_then(Result::ok),
            None => None,
        };
        // The stream before this one may have found the password wrong meanwhile.
        self.check(&key, credentials)?;
        Ok(Admission { latch: self.clone(), key: Some(key), _turn: turn })
    }

    /// Forgets what a device refused, for example after somebody unlocked it.
    pub fn clear(&self, device: &str) {
        self.lock().retain(|(host, _), _| host != device);
    }

    fn check(&self, key: &(String, String), credentials: &Credentials) -> Result<Option<Arc<Semaphore>>, Problem> {
        let mut devices = self.lock();
        let device = devices.entry(key.clone()).or_insert_with(|| Device::new(credentials.clone()));
        if device.credentials != *credentials {
            *device = Device::new(credentials.clone());
        }
        if device.refusals >= TRIES {
            return Err(Problem::new(ErrorCode::CredentialsWrong)
                .with("host", &key.0)
                .at("latched")
                .because("the device refused this user name and password before; not tried again until they change"));
        }
        Ok((!device.is_proven).then(|| Arc::clone(&device.turn)))
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<(String, String), Device>> {
        self.devices.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Device {
    fn new(credentials: Credentials) -> Self {
        Self { credentials, refusals: 0, is_proven: false, turn: Arc::new(Semaphore::new(1)) }
    }
}

impl Admission {
    /// The device took the password.
    pub fn accepted(self) {
        self.note(|device| {
            device.refusals = 0;
            device.is_proven = true;
        });
    }

    /// The device refused it, and as often as may be tried.
    pub fn refused_for_good(self) {
        self.note(|device| {
            device.refusals = TRIES;
            device.is_proven = false;
        });
    }

    /// The device refused it.
    pub fn refused(self) {
        self.note(|device| {
            device.refusals += 1;
            device.is_proven = false;
        });
    }

    fn note(&self, change: impl FnOnce(&mut Device)) {
        if let Some(key) = &self.key
            && let Some(device) = self.latch.lock().get_mut(key)
        {
            change(device);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use watchwall_model::Secret;

    fn credentials(password: &str) -> Credentials {
        Credentials { username: "admin".into(), password: Secret::new(password) }
    }

    #[tokio::test(start_paused = true)]
    async fn two_refusals_latch_the_device_for_all_its_streams() {
        let latch = LockoutLatch::default();
        let wrong = credentials("wrong");
        for _ in 0..2 {
            latch.admit("cam", Some(&wrong)).await.unwrap().refused();
        }
        assert_eq!(latch.admit("cam", Some(&wrong)).await.unwrap_err().code, ErrorCode::CredentialsWrong);
        assert!(latch.admit("other", Some(&wrong)).await.is_ok());
        assert!(latch.admit("cam", Some(&credentials("right"))).await.is_ok(), "a new password clears it");
    }

    #[tokio::test(start_paused = true)]
    async fn streams_started_together_use_up_two_tries_between_them() {
        let latch = LockoutLatch::default();
        let tries = Arc::new(std::sync::atomic::AtomicU32::new(0));
        let streams = (0..16).map(|_| {
            let (latch, tries) = (latch.clone(), Arc::clone(&tries));
            tokio::spawn(async move {
                let Ok(admission) = latch.admit("cam", Some(&credentials("wrong"))).await else { return };
                tries.fetch_add(1, std::sync::atomic::Ordering::SeqCst);
                tokio::time::sleep(Duration::from_millis(100)).await;
                admission.refused();
            })
        });
        futures::future::join_all(streams).await;
        assert_eq!(tries.load(std::sync::atomic::Ordering::SeqCst), 2);
    }

    #[tokio::test(start_paused = true)]
    async fn a_dead_device_holds_nobody_up_for_long_and_a_proven_one_not_at_all() {
        let latch = LockoutLatch::default();
        let right = credentials("right");
        let held = latch.admit("cam", Some(&right)).await.unwrap();
        let start = tokio::time::Instant::now();
        latch.admit("cam", Some(&right)).await.unwrap().accepted();
        assert_eq!(start.elapsed(), LONGEST_TURN);
        latch.admit("cam", Some(&right)).await.unwrap();
        assert_eq!(start.elapsed(), LONGEST_TURN);
        drop(held);
    }
}
