//! How long a connection stays of which nothing is heard.

use std::time::{Duration, Instant};

/// A client that neither asks nor reads; told to it in seconds.
pub const IDLE: Duration = Duration::from_secs(60);
/// A client that has shown no token, whatever it says.
const UNKNOWN_FOR: Duration = Duration::from_secs(10);

#[derive(Debug)]
pub struct Life {
    last_sign: Instant,
    is_known: bool,
}

impl Life {
    /// Of a client that nobody knows.
    pub const fn begin(now: Instant) -> Self {
        Self { last_sign: now, is_known: false }
    }

    /// Its token was right.
    pub const fn is_let_in(&mut self, now: Instant) {
        *self = Self { last_sign: now, is_known: true };
    }

    /// It asks, or takes what is sent.
    pub const fn gives_a_sign(&mut self, now: Instant) {
        if self.is_known {
            self.last_sign = now;
        }
    }

    pub fn is_over(&self, now: Instant) -> bool {
        now.saturating_duration_since(self.last_sign) > if self.is_known { IDLE } else { UNKNOWN_FOR }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_signs_of_those_who_were_let_in_count() {
        let start = Instant::now();
        let at = |s| start + Duration::from_secs(s);
        let mut life = Life::begin(start);
        life.gives_a_sign(at(9));
        assert!(!life.is_over(at(10)) && life.is_over(at(11)));
        life.is_let_in(at(9));
        assert!(!life.is_over(at(69)) && life.is_over(at(70)));
        life.gives_a_sign(at(60));
        assert!(!life.is_over(at(120)) && life.is_over(at(121)));
        // It has ended its session, and may show a token again.
        life = Life::begin(at(100));
        assert!(!life.is_over(at(110)) && life.is_over(at(111)));
    }
}
