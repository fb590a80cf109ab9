//! Which moments of a scene came already.

use std::collections::BTreeSet;
use watchwall_model::UtcMillis;

/// More than a minute at 15 results a second: what is older is told apart by the files.
const KEPT: usize = 1_024;

/// The newest moments of one scene. Bounded.
#[derive(Debug, Default)]
pub struct Recent(BTreeSet<UtcMillis>);

impl Recent {
    /// Notes a moment; false when it came before.
    pub fn is_new(&mut self, at: UtcMillis) -> bool {
        let is_new = self.0.insert(at);
        if self.0.len() > KEPT {
            self.0.pop_first();
        }
        is_new
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_moment_is_new_once_in_whatever_order() {
        let mut recent = Recent::default();
        let mut check = |at: i64, expect: bool| assert_eq!(recent.is_new(UtcMillis(at)), expect, "{at}");
        check(100, true);
        check(50, true);
        check(100, false);
        check(50, false);
        for at in 1_000..3_000 {
            check(at, true);
        }
        check(2_999, false);
        check(1_976, false);
        assert_eq!(recent.0.len(), KEPT);
    }
}
