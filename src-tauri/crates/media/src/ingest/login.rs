//! Leave to log in to a camera, from the memory of refused passwords that all doors of a site share.

use super::request::{IngestOptions, IngestRequest};
use futures::FutureExt;
use std::time::Duration;
use tokio::time::timeout;
use watchwall_model::{Admission, Credentials, DeviceKey, Door, ErrorCode, LockoutLatch, Problem};

/// One attempt's leave to send the password. A request without credentials needs none, and nothing it meets is noted.
#[derive(Debug)]
pub struct Login {
    latch: LockoutLatch,
    device: DeviceKey,
    door: Door,
    credentials: Option<Credentials>,
    /// Taken by the verdict.
    admission: Option<Admission>,
}

impl Login {
    /// Waits for this attempt's turn. While a password is unproven one attempt of a device sends it at a time, and an
    /// attempt whose turn does not come within `limit` has not sent it.
    ///
    /// # Errors
    /// `credentials_wrong` at `latched` when the device has refused the password as often as it may; `login_pending`
    /// when another login was still under way.
    pub async fn ask(request: &IngestRequest, options: &IngestOptions, limit: Duration) -> Result<Self, Problem> {
        let mut login = Self {
            latch: options.lockout.clone(),
            device: request.device(),
            door: request.door(),
            credentials: request.credentials.clone(),
            admission: None,
        };
        if let Some(credentials) = &login.credentials {
            let turn = login.latch.admit(&login.device, credentials, login.door);
            let admission = timeout(limit, turn).await.map_err(|_| pending(&login.device, limit))?;
            login.admission = Some(admission?);
        }
        Ok(login)
    }

    /// The camera took the password. The next attempt need not wait any longer.
    pub fn accepted(&mut self) {
        if let Some(admission) = self.admission.take() {
            admission.accepted();
        }
    }

    /// The camera refused it, perhaps after it had taken it for an earlier step.
    pub fn refused(&mut self) {
        if let Some(admission) = self.take_again() {
            admission.refused();
        }
    }

    /// The camera refused it more than once within this attempt.
    pub fn refused_for_good(&mut self) {
        if let Some(admission) = self.take_again() {
            admission.refused_for_good();
        }
    }

    /// The leave, or once it is spent another: a password that was accepted waits for nobody.
    fn take_again(&mut self) -> Option<Admission> {
        let spent = || {
            let admission = self.latch.admit(&self.device, self.credentials.as_ref()?, self.door).now_or_never()?;
            admission.ok()
        };
        self.admission.take().or_else(spent)
    }
}

fn pending(device: &DeviceKey, limit: Duration) -> Problem {
    Problem::new(ErrorCode::LoginPending).with("host", device).with("timeout_ms", limit.as_millis()).at("login")
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::{
        Arc,
        atomic::{AtomicU32, Ordering},
    };
    use watchwall_model::{IngestEngine, SafeUrl, Secret, StreamPath, Transport};

    const LIMIT: Duration = Duration::from_secs(3);

    fn request(password: &str) -> IngestRequest {
        IngestRequest {
            path: StreamPath::parse("a").unwrap(),
            url: SafeUrl::split("rtsp://cam/main").unwrap().0,
            credentials: Some(Credentials { username: "admin".into(), password: Secret::new(password) }),
            engine: IngestEngine::Auto,
            transport: Transport::Auto,
            device_key: None,
        }
    }

    #[tokio::test(start_paused = true)]
    async fn a_turn_that_does_not_come_spends_nothing() {
        let options = IngestOptions::default();
        let held = Login::ask(&request("new"), &options, LIMIT).await.unwrap();
        let started = tokio::time::Instant::now();
        let waiting = (0..8).map(|_| async { Login::ask(&request("new"), &options, LIMIT).await.unwrap_err().code });
        let codes = futures::future::join_all(waiting).await;
        assert_eq!(codes, [ErrorCode::LoginPending; 8]);
        assert_eq!(started.elapsed(), LIMIT);
        drop(held);
        drop(Login::ask(&request("new"), &options, LIMIT).await.unwrap());
        assert_eq!(started.elapsed(), LIMIT, "nobody is before it any more");
    }

    #[tokio::test(start_paused = true)]
    async fn streams_started_together_use_up_two_tries_between_them() {
        let options = IngestOptions::default();
        let tries = Arc::new(AtomicU32::new(0));
        let streams = (0..16).map(|_| {
            let (options, tries) = (options.clone(), Arc::clone(&tries));
            async move {
                let mut login = match Login::ask(&request("wrong"), &options, LIMIT).await {
                    Ok(login) => login,
                    Err(problem) => return problem.code,
                };
                tries.fetch_add(1, Ordering::SeqCst);
                tokio::time::sleep(Duration::from_millis(100)).await;
                login.refused();
                ErrorCode::CredentialsWrong
            }
        });
        let codes = futures::future::join_all(streams).await;
        assert_eq!(codes, [ErrorCode::CredentialsWrong; 16]);
        assert_eq!(tries.load(Ordering::SeqCst), 2);
    }

    #[tokio::test(start_paused = true)]
    async fn a_step_that_refuses_what_an_earlier_one_took_is_noted() {
        let options = IngestOptions::default();
        let mut login = Login::ask(&request("half"), &options, LIMIT).await.unwrap();
        login.accepted();
        login.refused_for_good();
        let refused = Login::ask(&request("half"), &options, LIMIT).await.unwrap_err();
        assert_eq!((refused.code, refused.step), (ErrorCode::CredentialsWrong, Some("latched")));
    }

    #[tokio::test(start_paused = true)]
    async fn streams_without_a_password_wait_for_nobody() {
        let options = IngestOptions::default();
        let open = IngestRequest { credentials: None, ..request("") };
        let _first = Login::ask(&open, &options, LIMIT).await.unwrap();
        let mut second = Login::ask(&open, &options, Duration::ZERO).await.unwrap();
        second.refused();
        drop(Login::ask(&open, &options, Duration::ZERO).await.unwrap());
    }
}
