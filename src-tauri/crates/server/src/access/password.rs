//! Password hashes: argon2id on blocking threads, few at a time.

use argon2::{
    Argon2, PasswordHash, PasswordHasher as _, PasswordVerifier,
    password_hash::{SaltString, rand_core::OsRng},
};
use std::{sync::Arc, time::Duration};
use tokio::sync::Semaphore;
use watchwall_model::{ErrorCode, Problem, Secret};

/// Each hash takes 19 MiB and a core; logins must not starve the wall.
const AT_ONCE: usize = 2;
const PATIENCE: Duration = Duration::from_secs(5);
/// Longer input only costs time.
const MOST_BYTES: usize = 1_000;
const FEWEST_CHARS: usize = 8;
/// No password leads to this hash: accounts that exist for one-time tokens only.
pub const UNUSABLE: &str = "!";

pub struct PasswordHasher {
    permits: Arc<Semaphore>,
    /// Verified for names that do not exist, so that the answer takes as long.
    decoy: tokio::sync::OnceCell<Result<String, Problem>>,
}

impl PasswordHasher {
    pub fn new() -> Self {
        Self { permits: Arc::new(Semaphore::new(AT_ONCE)), decoy: tokio::sync::OnceCell::new() }
    }

    /// # Errors
    /// `password_too_short`, `request_invalid` when it is absurdly long, `login_throttled` when too many hash at once.
    pub async fn hash(&self, password: &Secret) -> Result<String, Problem> {
        if password.reveal().chars().count() < FEWEST_CHARS {
            return Err(Problem::new(ErrorCode::PasswordTooShort).with("min", FEWEST_CHARS));
        }
        if password.reveal().len() > MOST_BYTES {
            return Err(crate::extract::invalid("password", "too_long"));
        }
        let password = password.clone();
        self.run(move || make(&password)).await?
    }

    /// Whether this password leads to this hash; `None` stands for an unknown user and is never right.
    ///
    /// # Errors
    /// `login_throttled` when too many hash at once.
    pub async fn is_right(&self, password: &Secret, hash: Option<String>) -> Result<bool, Problem> {
        let is_known = hash.as_deref().is_some_and(|h| h != UNUSABLE) && password.reveal().len() <= MOST_BYTES;
        let hash = match hash {
            Some(hash) if is_known => hash,
            _ => self.decoy.get_or_try_init(|| self.run(|| make(&Secret::new("decoy")))).await?.clone()?,
        };
        let password = password.clone();
        let right = self
            .run(move || {
                let parsed = PasswordHash::new(&hash);
                parsed.is_ok_and(|p| Argon2::default().verify_password(password.reveal().as_bytes(), &p).is_ok())
            })
            .await?;
        Ok(right && is_known)
    }

    async fn run<T: Send + 'static>(&self, work: impl FnOnce() -> T + Send + 'static) -> Result<T, Problem> {
        let permit = tokio::time::timeout(PATIENCE, self.permits.clone().acquire_owned()).await;
        let Ok(Ok(permit)) = permit else {
            return Err(Problem::new(ErrorCode::LoginThrottled).with("retry_after_s", PATIENCE.as_secs()));
        };
        let done = tokio::task::spawn_blocking(move || {
            let out = work();
            drop(permit);
            out
        });
        done.await.map_err(|e| Problem::new(ErrorCode::Internal).at("hash_password").because(e))
    }
}

fn make(password: &Secret) -> Result<String, Problem> {
    let salt = SaltString::generate(&mut OsRng);
    let hash = Argon2::default().hash_password(password.reveal().as_bytes(), &salt);
    hash.map(|h| h.to_string()).map_err(|e| Problem::new(ErrorCode::Internal).at("hash_password").because(e))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn only_the_right_password_fits() {
        let hasher = PasswordHasher::new();
        let hash = hasher.hash(&Secret::new("correct horse")).await.unwrap();
        assert!(hash.starts_with("$argon2id$"));
        let check = async |password: &str, hash: Option<&str>, expect: bool| {
            let got = hasher.is_right(&Secret::new(password), hash.map(Into::into)).await.unwrap();
            assert_eq!(got, expect, "{password}");
        };
        check("correct horse", Some(&hash), true).await;
        check("wrong horse", Some(&hash), false).await;
        check("correct horse", None, false).await;
        check("decoy", None, false).await;
        check("!", Some(UNUSABLE), false).await;
        check("anything", Some("not a hash"), false).await;
    }

    #[tokio::test]
    async fn short_passwords_are_refused() {
        let refused = PasswordHasher::new().hash(&Secret::new("1234567")).await.unwrap_err();
        assert_eq!(refused.code, ErrorCode::PasswordTooShort);
    }
}
