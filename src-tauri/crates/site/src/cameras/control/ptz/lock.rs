//! Who may move a camera. Pure.

use watchwall_model::{ErrorCode, Problem, Role, UserId, UtcMillis};

/// Control ends so long after the last command.
const HOLD_MS: i64 = 10_000;
/// After so long in one piece, another of the same rank may take it.
const FAIR_MS: i64 = 300_000;

/// Somebody who moves cameras.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Operator {
    pub user: UserId,
    pub name: String,
    pub role: Role,
}

/// Who holds a camera, and until when unless another command comes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LockFacts {
    pub name: String,
    pub until: UtcMillis,
}

#[derive(Debug, Default)]
pub struct Lock(Option<Held>);

#[derive(Debug)]
struct Held {
    by: Operator,
    since: UtcMillis,
    until: UtcMillis,
}

impl Lock {
    /// Takes or keeps control. A higher role takes it from a lower one at once; among equals who came first keeps it
    /// until a pause, or until it was held for five minutes.
    ///
    /// # Errors
    /// `ptz_busy` with `name` and `until`.
    pub fn take(&mut self, who: &Operator, now: UtcMillis) -> Result<(), Problem> {
        let until = now.saturating_add_ms(HOLD_MS);
        match &mut self.0 {
            Some(held) if held.until > now && held.by.user == who.user => held.until = until,
            Some(held) if held.until > now && !held.yields_to(who, now) => {
                return Err(Problem::new(ErrorCode::PtzBusy).with("name", &held.by.name).with("until", held.until.0));
            }
            _ => self.0 = Some(Held { by: who.clone(), since: now, until }),
        }
        Ok(())
    }

    /// Gives control back; nothing happens when somebody else has it.
    pub fn release(&mut self, who: &Operator) {
        self.0.take_if(|held| held.by.user == who.user);
    }

    pub fn facts(&self, now: UtcMillis) -> Option<LockFacts> {
        let held = self.0.as_ref().filter(|held| held.until > now)?;
        Some(LockFacts { name: held.by.name.clone(), until: held.until })
    }
}

impl Held {
    fn yields_to(&self, who: &Operator, now: UtcMillis) -> bool {
        let (own, other) = (rank(self.by.role), rank(who.role));
        other > own || (other == own && now - self.since >= FAIR_MS)
    }
}

const fn rank(role: Role) -> u8 {
    match role {
        Role::Administrator => 3,
        Role::Installer => 2,
        Role::Operator => 1,
        Role::Viewer | Role::Service => 0,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn who(user: i64, role: Role) -> Operator {
        Operator { user: UserId(user), name: format!("user {user}"), role }
    }

    /// Who asks at which second, and who is refused.
    #[track_caller]
    fn check(story: &[(i64, Operator, bool)]) {
        let mut lock = Lock::default();
        for (at, operator, expect) in story {
            let taken = lock.take(operator, UtcMillis(at * 1000));
            assert_eq!(taken.is_ok(), *expect, "{at}: {operator:?}");
            if let Err(problem) = taken {
                assert_eq!(problem.code, ErrorCode::PtzBusy);
                assert!(problem.params.contains_key("name") && problem.params.contains_key("until"));
            }
        }
    }

    #[test]
    fn who_came_first_keeps_it_until_a_pause() {
        let (anna, bob) = (who(1, Role::Operator), who(2, Role::Operator));
        check(&[(0, anna.clone(), true), (5, bob.clone(), false), (9, anna.clone(), true), (15, bob.clone(), false)]);
        check(&[(0, anna.clone(), true), (10, bob.clone(), true), (11, anna, false)]);
    }

    #[test]
    fn a_higher_role_takes_it() {
        let (anna, chief) = (who(1, Role::Operator), who(3, Role::Administrator));
        check(&[(0, anna.clone(), true), (1, who(2, Role::Installer), true), (2, chief, true), (3, anna, false)]);
    }

    #[test]
    fn nobody_keeps_it_for_ever() {
        let (anna, bob) = (who(1, Role::Operator), who(2, Role::Operator));
        let mut story: Vec<_> = (0..=50).map(|n| (n * 6, anna.clone(), true)).collect();
        story.insert(49, (293, bob.clone(), false));
        story.push((301, bob, true));
        check(&story);
    }

    #[test]
    fn it_can_be_given_back() {
        let (anna, bob) = (who(1, Role::Operator), who(2, Role::Operator));
        let mut lock = Lock::default();
        lock.take(&anna, UtcMillis(0)).unwrap();
        lock.release(&bob);
        assert_eq!(lock.facts(UtcMillis(1)).map(|facts| facts.name), Some("user 1".to_owned()));
        lock.release(&anna);
        assert_eq!(lock.facts(UtcMillis(1)), None);
        assert!(lock.take(&bob, UtcMillis(2)).is_ok());
    }
}
