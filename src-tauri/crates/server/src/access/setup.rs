//! First run: the code that a headless start prints, so that only who sees its console creates the first
//! administrator, and the creating itself.

use super::{Access, lock, login::Account};
use rand::Rng;
use std::{fmt, net::IpAddr, sync::Arc, time::Instant};
use tokio::sync::OwnedMutexGuard;
use watchwall_model::{ErrorCode, Problem, Role, Secret};
use watchwall_store::NewUser;

/// Counts wrong set-up codes; no user has this name.
const THROTTLED_AS: &str = "set-up code";

/// Why somebody may create the first administrator.
pub enum SetupProof<'a> {
    /// The printed code, or a one-time token.
    Code { typed: &'a str, address: IpAddr },
    /// Already inside through a one-time token.
    LocalAdministrator,
}

/// The first administrator, as typed.
pub struct FirstAdministrator {
    pub name: String,
    pub password: Secret,
    pub language: Option<String>,
}

/// A set-up that may go ahead. Others wait until it is dropped or [finished](SetUp::finish).
pub struct SetUp {
    access: Arc<Access>,
    new: NewUser,
    token: Option<Secret>,
    _turn: OwnedMutexGuard<()>,
}

impl Access {
    /// Whether somebody may set up; uses nothing up.
    ///
    /// # Errors
    /// `setup_done`, `setup_code_wrong`, `login_throttled`.
    pub fn check_set_up(&self, proof: &SetupProof<'_>) -> Result<(), Problem> {
        if !self.is_setup_needed() {
            return Err(Problem::new(ErrorCode::SetupDone));
        }
        let SetupProof::Code { typed, address } = proof else { return Ok(()) };
        self.refuse_hasty(THROTTLED_AS, *address)?;
        if self.setup_code.is(typed) || self.one_time.holds(&Secret::new(*typed)) {
            return Ok(());
        }
        lock(&self.throttle).failed(THROTTLED_AS, *address, Instant::now());
        Err(Problem::new(ErrorCode::SetupCodeWrong))
    }

    /// Everything about the first administrator that can be refused, before anything is changed.
    ///
    /// # Errors
    /// As [`Self::check_set_up`], or what is wrong with name or password.
    pub async fn begin_set_up(
        self: &Arc<Self>,
        proof: SetupProof<'_>,
        first: FirstAdministrator,
    ) -> Result<SetUp, Problem> {
        let turn = Arc::clone(&self.setup_turn).lock_owned().await;
        self.check_set_up(&proof)?;
        let new = self.checked_user(&first.name, Role::Administrator, first.language, &first.password).await?;
        let token = match proof {
            SetupProof::Code { typed, .. } => Some(Secret::new(typed)),
            SetupProof::LocalAdministrator => None,
        };
        Ok(SetUp { access: Arc::clone(self), new, token, _turn: turn })
    }
}

impl SetUp {
    /// Creates the administrator; code and token are used up.
    ///
    /// # Errors
    /// `name_taken`, or when the database cannot be written.
    pub async fn finish(self) -> Result<Account, Problem> {
        let user = self.access.store.users().insert(&self.new).await?;
        if let Some(token) = &self.token {
            self.access.one_time.take(token);
        }
        self.access.set_setup_done();
        Ok(user)
    }
}

/// Twelve characters in three groups: 60 bits, without look-alikes.
#[derive(Clone, PartialEq, Eq)]
pub struct SetupCode(String);

const ALPHABET: &[u8; 32] = b"ABCDEFGHJKLMNPQRSTUVWXYZ23456789";

impl SetupCode {
    pub fn random() -> Self {
        let mut random = rand::rng();
        let pick = |_| char::from(ALPHABET[random.random_range(0..ALPHABET.len())]);
        let letters: String = (0..12).map(pick).collect();
        Self(format!("{}-{}-{}", &letters[..4], &letters[4..8], &letters[8..]))
    }

    /// As printed for the person at the console.
    pub fn reveal(&self) -> &str {
        &self.0
    }

    /// Case, spaces and dashes do not count.
    pub fn is(&self, typed: &str) -> bool {
        let plain = |text: &str| -> Vec<u8> {
            text.bytes().filter(u8::is_ascii_alphanumeric).map(|b| b.to_ascii_uppercase()).collect()
        };
        let (want, got) = (plain(&self.0), plain(typed));
        let differing = want.iter().zip(&got).fold(0, |acc, (a, b)| acc | (a ^ b));
        want.len() == got.len() && differing == 0
    }
}

impl fmt::Debug for SetupCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("***")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_are_typed_leniently() {
        let code = SetupCode::random();
        assert_eq!(code.reveal().len(), 14);
        assert!(code.is(code.reveal()));
        assert!(code.is(&format!(" {} ", code.reveal().to_lowercase().replace('-', " "))));
        assert!(!code.is("") && !code.is("AAAA-AAAA-AAA1") && !code.is(&code.reveal()[..13]));
        assert_ne!(code, SetupCode::random());
    }
}
