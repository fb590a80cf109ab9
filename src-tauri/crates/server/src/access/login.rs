//! Proving to be somebody: password, one-time token.

use super::{Access, lock, password::UNUSABLE};
use std::{net::IpAddr, sync::atomic::Ordering, time::Instant};
use watchwall_model::{ErrorCode, Problem, Role, Secret, User, UserId};
use watchwall_store::{NewUser, Store};

/// Name of the account behind one-time tokens while nobody set up an administrator. It has no password.
pub const LOCAL_USER: &str = "local";

/// A user who proved to be one.
pub type Account = User;

/// Whether somebody can log in as administrator with a password.
pub async fn has_administrator(store: &Store) -> Result<bool, Problem> {
    for user in store.users().all().await? {
        let can_manage = user.enabled && user.role == Role::Administrator;
        if can_manage && store.users().password_hash(user.id).await?.is_some_and(|hash| hash != UNUSABLE) {
            return Ok(true);
        }
    }
    Ok(false)
}

impl Access {
    /// # Errors
    /// `login_throttled` with `retry_after_s`, or `login_failed`: the same for an unknown name, a wrong password and
    /// a disabled user, after the same time.
    pub async fn login(&self, name: &str, password: &Secret, address: IpAddr) -> Result<Account, Problem> {
        let name = name.trim();
        self.refuse_hasty(name, address)?;
        // Counted before the hash is computed, so that guesses sent at once cannot all pass.
        lock(&self.throttle).failed(name, address, Instant::now());
        let user = self.store.users().by_name(name).await?;
        let hash = match &user {
            Some(user) => self.store.users().password_hash(user.id).await?,
            None => None,
        };
        let is_right = self.hasher.is_right(password, hash).await?;
        match user.filter(|user| is_right && user.enabled) {
            Some(user) => {
                lock(&self.throttle).succeeded(name, address);
                Ok(user)
            }
            None => Err(Problem::new(ErrorCode::LoginFailed)),
        }
    }

    /// # Errors
    /// `request_invalid`, `password_too_short`, `name_taken`.
    pub async fn new_user(
        &self,
        name: &str,
        role: Role,
        language: Option<String>,
        password: &Secret,
    ) -> Result<Account, Problem> {
        let new = self.checked_user(name, role, language, password).await?;
        Ok(self.store.users().insert(&new).await?)
    }

    /// A user fit to be stored.
    ///
    /// # Errors
    /// `request_invalid`, `password_too_short`.
    pub(super) async fn checked_user(
        &self,
        name: &str,
        role: Role,
        language: Option<String>,
        password: &Secret,
    ) -> Result<NewUser, Problem> {
        let name = check_user_name(name)?;
        let password_hash = self.hasher.hash(password).await?;
        Ok(NewUser { name, role, language, password_hash })
    }

    /// # Errors
    /// `password_too_short`.
    pub async fn set_password(&self, user: UserId, password: &Secret) -> Result<(), Problem> {
        let hash = self.hasher.hash(password).await?;
        self.store.users().set_password_hash(user, &hash).await?;
        Ok(())
    }

    /// Exchanges a one-time token: it speaks for the local administrator.
    ///
    /// # Errors
    /// `login_failed` for a token that is unknown, used or late.
    pub async fn take_one_time(&self, token: &Secret) -> Result<Account, Problem> {
        if !self.one_time.take(token) {
            return Err(Problem::new(ErrorCode::LoginFailed).with("reason", "token"));
        }
        self.local_user().await
    }

    /// The account behind tools and windows of this machine.
    ///
    /// # Errors
    /// When the database cannot be used.
    pub async fn local_user(&self) -> Result<Account, Problem> {
        if let Some(user) = self.store.users().by_name(LOCAL_USER).await? {
            return match user {
                user if user.enabled && user.role == Role::Administrator => Ok(user),
                _ => Err(Problem::new(ErrorCode::LoginFailed).with("reason", "disabled")),
            };
        }
        let new = NewUser {
            name: LOCAL_USER.to_owned(),
            role: Role::Administrator,
            language: None,
            password_hash: UNUSABLE.to_owned(),
        };
        Ok(self.store.users().insert(&new).await?)
    }

    /// Reads again whether somebody can log in as administrator.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub async fn refresh_setup(&self) -> Result<(), Problem> {
        if self.is_setup_needed() && has_administrator(&self.store).await? {
            self.setup_needed.store(false, Ordering::Release);
        }
        Ok(())
    }

    pub(super) fn refuse_hasty(&self, name: &str, address: IpAddr) -> Result<(), Problem> {
        match lock(&self.throttle).wait(name, address, Instant::now()) {
            None => Ok(()),
            Some(wait) => {
                Err(Problem::new(ErrorCode::LoginThrottled).with("retry_after_s", wait.as_millis().div_ceil(1_000)))
            }
        }
    }
}

fn check_user_name(name: &str) -> Result<String, Problem> {
    let name = name.trim();
    let chars = name.chars().count();
    if chars == 0 || chars > 64 || name.chars().any(char::is_control) || name.eq_ignore_ascii_case("local-token") {
        return Err(crate::extract::invalid("name", "not_a_name"));
    }
    Ok(name.to_owned())
}
