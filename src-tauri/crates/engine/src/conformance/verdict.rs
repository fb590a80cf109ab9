//! What came of a check.

use std::fmt;

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outcome {
    Passed,
    Failed(String),
    /// Could not be looked at.
    Skipped(String),
}

/// One line per promise, in the order they were looked at.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Verdict {
    pub lines: Vec<(&'static str, Outcome)>,
}

impl Verdict {
    pub(super) fn note(&mut self, promise: &'static str, outcome: Result<(), String>) {
        self.lines.push((promise, outcome.map_or_else(Outcome::Failed, |()| Outcome::Passed)));
    }

    pub(super) fn skip(&mut self, promise: &'static str, why: impl Into<String>) {
        self.lines.push((promise, Outcome::Skipped(why.into())));
    }

    /// Nothing failed, and something was looked at.
    pub fn is_good(&self) -> bool {
        let has = |is_it: fn(&Outcome) -> bool| self.lines.iter().any(|(_, outcome)| is_it(outcome));
        has(|outcome| *outcome == Outcome::Passed) && !has(|outcome| matches!(outcome, Outcome::Failed(_)))
    }
}

impl fmt::Display for Verdict {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (promise, outcome) in &self.lines {
            match outcome {
                Outcome::Passed => writeln!(f, "passed   {promise}")?,
                Outcome::Failed(why) => writeln!(f, "FAILED   {promise}\n         {why}")?,
                Outcome::Skipped(why) => writeln!(f, "skipped  {promise}\n         {why}")?,
            }
        }
        let count = |is_it: fn(&Outcome) -> bool| self.lines.iter().filter(|(_, outcome)| is_it(outcome)).count();
        let failed = count(|outcome| matches!(outcome, Outcome::Failed(_)));
        let skipped = count(|outcome| matches!(outcome, Outcome::Skipped(_)));
        write!(f, "{} looked at, {failed} failed, {skipped} skipped", self.lines.len())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_failure_is_enough_and_nothing_is_not() {
        let mut verdict = Verdict::default();
        assert!(!verdict.is_good());
        verdict.skip("a", "no stream");
        assert!(!verdict.is_good());
        verdict.note("b", Ok(()));
        assert!(verdict.is_good());
        verdict.note("c", Err("it said nothing".into()));
        assert!(!verdict.is_good());
        assert!(verdict.to_string().ends_with("3 looked at, 1 failed, 1 skipped"), "{verdict}");
    }
}
