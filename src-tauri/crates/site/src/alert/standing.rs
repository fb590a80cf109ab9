//! What is looked at again and again: recordings, volumes, nodes. Pure; time is given.

use std::collections::BTreeMap;
use watchwall_model::{Happening, Sameness, UtcMillis};

/// What is not well, by what it is.
#[derive(Debug, Default)]
pub struct Standing {
    since: BTreeMap<Sameness, Trouble>,
}

#[derive(Clone, Copy, Debug)]
struct Trouble {
    since: UtcMillis,
    is_told: bool,
}

/// What a look came to.
#[derive(Debug, Default, PartialEq)]
pub struct News {
    pub happened: Vec<Happening>,
    pub over: Vec<Sameness>,
}

impl Standing {
    /// What an earlier run of the site told of and nobody has seen to end.
    pub fn restore(told: impl IntoIterator<Item = Sameness>, now: UtcMillis) -> Self {
        let trouble = |sameness| (sameness, Trouble { since: now, is_told: true });
        Self { since: told.into_iter().map(trouble).collect() }
    }

    /// `troubles`: all that is not well now. It is told when it has been so for `after_ms`, once, until it is well again.
    pub fn look(&mut self, troubles: Vec<Happening>, after_ms: i64, now: UtcMillis) -> News {
        let mut news = News::default();
        let mut gone = std::mem::take(&mut self.since);
        for what in troubles {
            let sameness = what.sameness();
            let mut trouble = gone.remove(&sameness).unwrap_or(Trouble { since: now, is_told: false });
            // A clock that was set back begins anew.
            trouble.since = trouble.since.min(now);
            if !trouble.is_told && now - trouble.since >= after_ms {
                trouble.is_told = true;
                news.happened.push(what);
            }
            self.since.insert(sameness, trouble);
        }
        news.over.extend(gone.into_iter().filter(|(_, trouble)| trouble.is_told).map(|(sameness, _)| sameness));
        news
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use watchwall_model::AlarmSource;

    #[test]
    fn what_lasts_is_told_once_and_its_end_too() {
        let what =
            |name: &str| Happening::new(AlarmSource::Volume, "volume_full", UtcMillis(0)).about(name).alarming(3);
        let mut standing = Standing::default();
        let mut look = |names: &[&str], second: i64| {
            let troubles = names.iter().map(|name| what(name)).collect();
            let News { happened, over } = standing.look(troubles, 10_000, UtcMillis(second * 1_000));
            let told: Vec<String> = happened.into_iter().map(|what| what.subject).collect();
            let over: Vec<String> = over.into_iter().map(|sameness| sameness.subject).collect();
            (told.join(","), over.join(","))
        };
        let check = |found: (String, String), told: &str, over: &str| {
            assert_eq!(found, (told.to_owned(), over.to_owned()));
        };
        check(look(&["a"], 0), "", "");
        check(look(&["a", "b"], 9), "", "");
        check(look(&["a", "b"], 10), "a", "");
        check(look(&["a"], 15), "", "");
        check(look(&["a", "b"], 20), "", "");
        check(look(&["b"], 30), "b", "a");
        check(look(&[], 31), "", "b");
    }

    #[test]
    fn what_was_told_before_a_restart_is_not_told_again() {
        let what = Happening::new(AlarmSource::Node, "node_lost", UtcMillis(0)).about("gpu");
        let mut standing = Standing::restore([what.sameness()], UtcMillis(0));
        assert_eq!(standing.look(vec![what.clone()], 0, UtcMillis(1)), News::default());
        assert_eq!(standing.look(vec![], 0, UtcMillis(2)).over, [what.sameness()]);
    }
}
