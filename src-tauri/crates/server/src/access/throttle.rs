//! How often somebody may guess a password. Pure: time comes in.

use std::{
    collections::HashMap,
    hash::Hash,
    net::IpAddr,
    time::{Duration, Instant},
};

/// Wrong guesses that cost nothing: people mistype.
const FREE_PER_USER: u32 = 4;
/// Several people may sit behind one address.
const FREE_PER_ADDRESS: u32 = 19;
const FIRST_WAIT: Duration = Duration::from_secs(1);
const LONGEST_WAIT: Duration = Duration::from_secs(300);
/// Without a guess for this long all is forgotten.
const FORGOTTEN_AFTER: Duration = Duration::from_secs(3_600);
/// Names and addresses remembered; beyond it the longest silent ones go first.
const MOST_REMEMBERED: usize = 10_000;

#[derive(Clone, Copy, Debug)]
struct Failures {
    count: u32,
    last: Instant,
}

/// Wrong guesses by user name (whether it exists or not) and by address.
#[derive(Default)]
pub struct Throttle {
    by_user: HashMap<String, Failures>,
    by_address: HashMap<IpAddr, Failures>,
}

impl Throttle {
    /// How long to wait before the next guess; `None` is now.
    pub fn wait(&self, user: &str, address: IpAddr, now: Instant) -> Option<Duration> {
        let by_user = self.by_user.get(&key(user)).and_then(|f| f.wait(FREE_PER_USER, now));
        let by_address = self.by_address.get(&address).and_then(|f| f.wait(FREE_PER_ADDRESS, now));
        by_user.max(by_address)
    }

    pub fn failed(&mut self, user: &str, address: IpAddr, now: Instant) {
        note(&mut self.by_user, key(user), now);
        note(&mut self.by_address, address, now);
    }

    /// The right password clears the user and takes back its own count at the address. The address keeps its other
    /// failures, or one own account would buy free guesses at others.
    pub fn succeeded(&mut self, user: &str, address: IpAddr) {
        self.by_user.remove(&key(user));
        if let Some(failures) = self.by_address.get_mut(&address) {
            failures.count = failures.count.saturating_sub(1);
        }
    }
}

impl Failures {
    fn wait(&self, free: u32, now: Instant) -> Option<Duration> {
        let since = now.saturating_duration_since(self.last);
        let over = self.count.saturating_sub(free);
        if over == 0 || since >= FORGOTTEN_AFTER {
            return None;
        }
        let wait = FIRST_WAIT.saturating_mul(1 << (over - 1).min(16)).min(LONGEST_WAIT);
        wait.checked_sub(since).filter(|left| !left.is_zero())
    }
}

/// Names compare as the database compares them: without case.
fn key(user: &str) -> String {
    user.trim().chars().take(200).collect::<String>().to_lowercase()
}

fn note<K: Eq + Hash + Clone>(failures: &mut HashMap<K, Failures>, key: K, now: Instant) {
    if failures.len() >= MOST_REMEMBERED && !failures.contains_key(&key) {
        let mut ages: Vec<(K, Instant)> = failures.iter().map(|(k, f)| (k.clone(), f.last)).collect();
        ages.sort_by_key(|(_, last)| *last);
        for (old, _) in ages.into_iter().take(MOST_REMEMBERED / 10) {
            failures.remove(&old);
        }
    }
    let entry = failures.entry(key).or_insert(Failures { count: 0, last: now });
    if now.saturating_duration_since(entry.last) >= FORGOTTEN_AFTER {
        entry.count = 0;
    }
    *entry = Failures { count: entry.count.saturating_add(1), last: now };
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::net::Ipv4Addr;

    const HOME: IpAddr = IpAddr::V4(Ipv4Addr::new(10, 0, 0, 1));

    fn after(guesses: u32) -> (Throttle, Instant) {
        let (mut throttle, now) = (Throttle::default(), Instant::now());
        for _ in 0..guesses {
            throttle.failed("Anna", HOME, now);
        }
        (throttle, now)
    }

    #[test]
    fn waits_double_up_to_a_bound() {
        let check = |guesses: u32, expect: Option<u64>| {
            let (throttle, now) = after(guesses);
            assert_eq!(throttle.wait("anna ", HOME, now).map(|w| w.as_secs()), expect, "{guesses}");
        };
        check(4, None);
        check(5, Some(1));
        check(6, Some(2));
        check(9, Some(16));
        check(60, Some(300));
    }

    #[test]
    fn waiting_and_success_help() {
        let (mut throttle, now) = after(6);
        assert_eq!(throttle.wait("anna", HOME, now + Duration::from_secs(2)), None);
        throttle.succeeded("ANNA", HOME);
        assert_eq!(throttle.wait("anna", HOME, now), None);
        let (throttle, now) = after(60);
        assert_eq!(throttle.wait("anna", HOME, now + FORGOTTEN_AFTER), None);
    }

    #[test]
    fn an_address_that_tries_many_names_waits_too() {
        let (mut throttle, now) = (Throttle::default(), Instant::now());
        for i in 0..25 {
            throttle.failed(&format!("user{i}"), HOME, now);
        }
        assert!(throttle.wait("someone else", HOME, now).is_some());
        assert!(throttle.wait("someone else", IpAddr::V4(Ipv4Addr::LOCALHOST), now).is_none());
    }

    #[test]
    fn right_passwords_never_add_up() {
        let (mut throttle, now) = (Throttle::default(), Instant::now());
        for _ in 0..100 {
            throttle.failed("anna", HOME, now);
            throttle.succeeded("anna", HOME);
        }
        assert_eq!(throttle.wait("bert", HOME, now), None);
    }

    #[test]
    fn memory_is_bounded() {
        let (mut throttle, now) = (Throttle::default(), Instant::now());
        for i in 0..MOST_REMEMBERED as u32 + 500 {
            throttle.failed(&format!("u{i}"), IpAddr::V4(Ipv4Addr::from(i)), now);
        }
        assert!(throttle.by_user.len() <= MOST_REMEMBERED && throttle.by_address.len() <= MOST_REMEMBERED);
    }
}
