//! Who is asking, and may they: passwords, sessions, tokens, throttling, origins.
//!
//! [`Access`] is the handle. It owns one task, the session keeper (see [`keeper`]), which ends with [`Access::stop`].
//! The decision per route stands in one table, `routes::table`; [`guard`] is the only code that enforces it.
//! Pure parts: [`throttle`], [`origin`], [`sessions::Lifetime`]. Must not live here: anything about cameras.

mod caller;
mod guard;
mod keeper;
mod local_token;
mod login;
mod one_time;
pub mod origin;
mod password;
mod sessions;
mod setup;
mod throttle;
mod tickets;
mod token;

pub use caller::{Caller, MaybeCaller, Via};
pub use guard::{Need, guard, host, with_id};
pub use local_token::LocalToken;
pub use login::{Account, LOCAL_USER};
pub use sessions::{Granted, OpenSocket};
pub use setup::{FirstAdministrator, SetupCode, SetupProof};
pub use tickets::TICKET_LIFE;
pub use token::{Token, bearer};

use crate::net::Peer;
use axum::http::HeaderMap;
use one_time::OneTimeTokens;
use password::PasswordHasher;
use sessions::Sessions;
use std::{
    net::IpAddr,
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};
use throttle::Throttle;
use tickets::Tickets;
use tokio_util::sync::CancellationToken;
use watchwall_model::{Problem, SessionId, StreamPath, UserId};
use watchwall_store::Store;

/// Everything about access, shared by all requests.
pub struct Access {
    store: Store,
    sessions: Sessions,
    hasher: PasswordHasher,
    throttle: Mutex<Throttle>,
    one_time: OneTimeTokens,
    tickets: Tickets,
    local_token: LocalToken,
    setup_code: SetupCode,
    setup_needed: AtomicBool,
    /// One set-up at a time: two may not both be the first.
    setup_turn: Arc<tokio::sync::Mutex<()>>,
    cookie: String,
    cancel: CancellationToken,
    keeper: Mutex<Option<tokio::task::JoinHandle<()>>>,
}

/// What [`Access::start`] needs besides the database.
pub struct AccessOptions {
    pub local_token: LocalToken,
    /// Port the site listens on; part of the cookie's name, because browsers share cookies between ports.
    pub port: u16,
    /// A demo never asks for set-up.
    pub skip_setup: bool,
}

impl Access {
    /// # Errors
    /// When the database cannot be read.
    pub async fn start(store: Store, options: AccessOptions) -> Result<Arc<Self>, Problem> {
        let setup_needed = !options.skip_setup && !login::has_administrator(&store).await?;
        let access = Arc::new(Self {
            sessions: Sessions::new(store.clone()),
            store,
            hasher: PasswordHasher::new(),
            throttle: Mutex::default(),
            one_time: OneTimeTokens::default(),
            tickets: Tickets::default(),
            local_token: options.local_token,
            setup_code: SetupCode::random(),
            setup_needed: AtomicBool::new(setup_needed),
            setup_turn: Arc::default(),
            cookie: format!("watchwall_{}", options.port),
            cancel: CancellationToken::new(),
            keeper: Mutex::new(None),
        });
        let task = tokio::spawn(keeper::run(access.clone(), access.cancel.clone()));
        *lock(&access.keeper) = Some(task);
        Ok(access)
    }

    /// Ends the keeper.
    pub async fn stop(&self) {
        self.cancel.cancel();
        let task = lock(&self.keeper).take();
        if let Some(task) = task
            && tokio::time::timeout(Duration::from_secs(1), task).await.is_err()
        {
            tracing::warn!("the session keeper did not stop in time");
        }
    }

    /// No administrator with a password exists yet.
    pub fn is_setup_needed(&self) -> bool {
        self.setup_needed.load(Ordering::Acquire)
    }

    /// Name of the session cookie.
    pub fn cookie(&self) -> &str {
        &self.cookie
    }

    pub const fn setup_code(&self) -> &SetupCode {
        &self.setup_code
    }

    /// A token that opens one session within its short life.
    pub fn one_time_token(&self, lives: Duration) -> Token {
        self.one_time.issue(lives)
    }

    /// What a player puts into the addresses of one stream's recordings instead of a login.
    pub fn ticket(&self, caller: &Caller, path: &StreamPath) -> Token {
        self.tickets.issue(caller, path)
    }

    /// Who a ticket for the recordings of this stream was given to; `None` when it is none, or no longer.
    pub fn ticket_holder(&self, ticket: &str, path: &str) -> Option<Caller> {
        self.tickets.caller(ticket, path)
    }

    /// Who sent this request; `None` without valid credentials.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub async fn identify(&self, headers: &HeaderMap, peer: Peer) -> Result<Option<Caller>, Problem> {
        if let Some(token) = token::bearer(headers) {
            if peer.is_loopback() && self.local_token.matches(&token) {
                return Ok(Some(Caller::local_tool(peer.ip())));
            }
            return self.sessions.caller(&token, Via::Bearer, peer.ip()).await;
        }
        match token::cookie(headers, &self.cookie) {
            Some(token) => self.sessions.caller(&token, Via::Cookie, peer.ip()).await,
            None => Ok(None),
        }
    }

    /// It is that of tools on this machine; whoever asks looks where it came from.
    pub fn is_local_token(&self, token: &Token) -> bool {
        self.local_token.matches(token)
    }

    /// Opens a session for a user who proved to be one.
    ///
    /// # Errors
    /// When the database cannot be written.
    pub async fn open_session(&self, account: &Account, via: Via, from: &SessionOrigin) -> Result<Granted, Problem> {
        self.sessions.open(account, via, from).await
    }

    /// Ends one session and every socket it holds.
    ///
    /// # Errors
    /// When the database cannot be written.
    pub async fn revoke(&self, id: SessionId) -> Result<(), Problem> {
        self.store.sessions().delete(id).await?;
        self.sessions.ended(id);
        Ok(())
    }

    /// Ends all sessions of a user but the one that asks.
    ///
    /// # Errors
    /// When the database cannot be written.
    pub async fn revoke_user(&self, user: UserId, spare: Option<SessionId>) -> Result<(), Problem> {
        self.store.sessions().delete_of_user(user, spare.unwrap_or(SessionId(0))).await?;
        self.sessions.ended_of_user(user, spare);
        Ok(())
    }

    /// Counts a socket as activity of its session, for as long as the answer is held.
    pub fn open_socket(&self, caller: &Caller) -> OpenSocket {
        self.sessions.open_socket(caller)
    }

    /// A user or a right changed: the next request reads the database again.
    pub fn forget_cached(&self) {
        self.sessions.forget_cached();
    }

    fn set_setup_done(&self) {
        self.setup_needed.store(false, Ordering::Release);
    }
}

/// From where a session is opened.
#[derive(Clone, Debug)]
pub struct SessionOrigin {
    pub address: IpAddr,
    pub agent: String,
}

/// Takes a lock whose holders never panic half-way.
fn lock<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(std::sync::PoisonError::into_inner)
}
