//! Sessions: opening, recognising, ending. The database is the truth; a cache of a few seconds spares it a read per
//! request, and everything that ends a session or changes a user empties that cache.

use super::{Account, SessionOrigin, Via, caller::Caller, lock, token::Token};
use std::{
    collections::HashMap,
    net::IpAddr,
    sync::{
        Arc, Mutex,
        atomic::{AtomicUsize, Ordering},
    },
    time::{Duration, Instant},
};
use tokio_util::sync::CancellationToken;
use watchwall_model::{Problem, SessionId, UserId, UtcMillis};
use watchwall_store::{NewSession, SessionRow, Store};

/// How long a session lives. Pure.
pub struct Lifetime;

impl Lifetime {
    /// Without a sign of life.
    pub const IDLE: Duration = Duration::from_secs(12 * 3_600);
    /// At most, whatever happens.
    pub const MOST: Duration = Duration::from_secs(30 * 24 * 3_600);

    pub fn expires_at(created: UtcMillis, seen: UtcMillis) -> UtcMillis {
        (seen + Self::IDLE).min(created + Self::MOST)
    }
}

const CACHED_FOR: Duration = Duration::from_secs(5);
const MOST_CACHED: usize = 4_096;
/// A session in use is noted in the database this often.
const TOUCH_EVERY_MS: i64 = 60_000;
const MOST_AGENT_CHARS: usize = 200;

pub struct Sessions {
    store: Store,
    cache: Mutex<HashMap<[u8; 32], Cached>>,
    running: Mutex<HashMap<SessionId, Running>>,
}

struct Cached {
    caller: Caller,
    since: Instant,
}

/// What this process knows about a session beyond its row.
#[derive(Clone)]
struct Running {
    user: UserId,
    ended: CancellationToken,
    sockets: Arc<AtomicUsize>,
}

/// A session just opened.
pub struct Granted {
    pub token: Token,
}

/// Held by a socket: its session counts as active.
pub struct OpenSocket(Option<Arc<AtomicUsize>>);

impl Drop for OpenSocket {
    fn drop(&mut self) {
        if let Some(sockets) = &self.0 {
            sockets.fetch_sub(1, Ordering::Relaxed);
        }
    }
}

impl Sessions {
    pub fn new(store: Store) -> Self {
        Self { store, cache: Mutex::default(), running: Mutex::default() }
    }

    pub async fn open(&self, account: &Account, via: Via, from: &SessionOrigin) -> Result<Granted, Problem> {
        let (token, now) = (Token::random()?, UtcMillis::now());
        let new = NewSession {
            user: account.id,
            token_hash: token.hash(),
            kind: via.as_str().to_owned(),
            address: from.address.to_string(),
            agent: from.agent.chars().filter(|c| !c.is_control()).take(MOST_AGENT_CHARS).collect(),
            expires_at: Lifetime::expires_at(now, now),
        };
        self.store.sessions().insert(&new, now).await?;
        Ok(Granted { token })
    }

    /// `None` for a token that is unknown, expired, of another kind, or whose user is disabled.
    pub async fn caller(&self, token: &Token, via: Via, address: IpAddr) -> Result<Option<Caller>, Problem> {
        let hash = token.hash();
        if let Some(caller) = self.cached(&hash, via) {
            return Ok(Some(Caller { address, ..caller }));
        }
        let Some(row) = self.store.sessions().by_token_hash(&hash).await? else { return Ok(None) };
        let now = UtcMillis::now();
        if row.expires_at <= now || row.kind != via.as_str() {
            return Ok(None);
        }
        let Some(user) = self.store.users().get(row.user).await?.filter(|user| user.enabled) else { return Ok(None) };
        if now - row.last_seen_at >= TOUCH_EVERY_MS {
            self.touch(&row, now).await;
        }
        let running = self.running(row.id, row.user);
        let caller = Caller {
            user: user.id,
            name: user.name,
            role: user.role,
            via,
            session: Some(row.id),
            address,
            ended: running.ended,
        };
        let mut cache = lock(&self.cache);
        if cache.len() >= MOST_CACHED {
            cache.clear();
        }
        cache.insert(hash, Cached { caller: caller.clone(), since: Instant::now() });
        Ok(Some(caller))
    }

    pub fn open_socket(&self, caller: &Caller) -> OpenSocket {
        OpenSocket(caller.session.map(|id| {
            let sockets = self.running(id, caller.user).sockets;
            sockets.fetch_add(1, Ordering::Relaxed);
            sockets
        }))
    }

    pub fn ended(&self, id: SessionId) {
        self.forget_cached();
        if let Some(running) = lock(&self.running).remove(&id) {
            running.ended.cancel();
        }
    }

    pub fn ended_of_user(&self, user: UserId, spare: Option<SessionId>) {
        self.forget_cached();
        lock(&self.running).retain(|id, running| {
            let stays = running.user != user || Some(*id) == spare;
            if !stays {
                running.ended.cancel();
            }
            stays
        });
    }

    pub fn forget_cached(&self) {
        lock(&self.cache).clear();
    }

    /// Keeps sessions with open sockets alive, removes expired ones and ends what they still hold.
    pub async fn sweep(&self, now: UtcMillis) -> Result<(), Problem> {
        let rows = self.store.sessions().all().await?;
        for row in &rows {
            let has_sockets = lock(&self.running).get(&row.id).is_some_and(|r| r.sockets.load(Ordering::Relaxed) > 0);
            if has_sockets && row.expires_at > now {
                self.touch(row, now).await;
            }
        }
        self.store.sessions().prune(now).await?;
        let left: Vec<SessionId> = self.store.sessions().all().await?.into_iter().map(|row| row.id).collect();
        let gone: Vec<SessionId> = lock(&self.running).keys().filter(|id| !left.contains(id)).copied().collect();
        gone.into_iter().for_each(|id| self.ended(id));
        Ok(())
    }

    async fn touch(&self, row: &SessionRow, now: UtcMillis) {
        let expires_at = Lifetime::expires_at(row.created_at, now);
        if let Err(error) = self.store.sessions().touch(row.id, now, expires_at).await {
            tracing::warn!(session.id = row.id.0, "a session's last use cannot be noted: {}", Problem::from(error));
        }
    }

    fn cached(&self, hash: &[u8; 32], via: Via) -> Option<Caller> {
        let cache = lock(&self.cache);
        let cached = cache.get(hash).filter(|c| c.since.elapsed() < CACHED_FOR && c.caller.via == via)?;
        Some(cached.caller.clone())
    }

    fn running(&self, id: SessionId, user: UserId) -> Running {
        let fresh = || Running { user, ended: CancellationToken::new(), sockets: Arc::default() };
        lock(&self.running).entry(id).or_insert_with(fresh).clone()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_session_ends_idle_or_old() {
        let hours = |n: i64| UtcMillis(n * 3_600_000);
        let check = |seen: i64, expect: i64| assert_eq!(Lifetime::expires_at(hours(0), hours(seen)), hours(expect));
        check(0, 12);
        check(100, 112);
        check(715, 720);
        check(720, 720);
    }
}
