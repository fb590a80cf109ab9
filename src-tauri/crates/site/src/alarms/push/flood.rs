//! What a channel may send now: at most so many a minute, the rest together. Pure; time is given.

use std::collections::VecDeque;
use watchwall_model::UtcMillis;
use watchwall_store::OutboxRow;

const MINUTE_MS: i64 = 60_000;
/// Told together at most.
pub const MOST_TOGETHER: usize = 200;

/// What has been sent in the last minute.
#[derive(Debug)]
pub struct Flood {
    per_minute: usize,
    sent: VecDeque<UtcMillis>,
    /// It was full, and what waits since then is told together.
    was_full: bool,
}

/// What is to be done now.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Next {
    /// Nothing waits.
    Idle,
    WaitUntil(UtcMillis),
    /// The oldest.
    One,
    /// The oldest so many as one.
    Together(usize),
}

impl Flood {
    pub fn new(per_minute: u32) -> Self {
        Self { per_minute: per_minute.max(1) as usize, sent: VecDeque::new(), was_full: false }
    }

    /// `rows`: what waits, oldest first.
    pub fn next(&mut self, rows: &[OutboxRow], now: UtcMillis) -> Next {
        // A clock that was set back forgets what it cannot date.
        self.sent.retain(|at| now - *at < MINUTE_MS && *at <= now);
        let Some(head) = rows.first() else {
            self.was_full = false;
            return Next::Idle;
        };
        if head.next_at > now {
            return Next::WaitUntil(head.next_at);
        }
        if self.sent.len() >= self.per_minute {
            self.was_full = true;
            let free_at = self.sent.front().map_or(now, |at| at.saturating_add_ms(MINUTE_MS));
            return Next::WaitUntil(free_at);
        }
        // What was tried together is tried together again: only then is it known by the same key.
        let alike = rows.iter().take(MOST_TOGETHER).take_while(|row| row.attempts == head.attempts).count();
        if alike > 1 && (head.attempts > 0 || self.was_full) { Next::Together(alike) } else { Next::One }
    }

    /// Something was handed to the target, whatever it said.
    pub fn sent(&mut self, now: UtcMillis) {
        self.sent.push_back(now);
        self.was_full = false;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use watchwall_model::PushChannelId;

    fn rows(attempts: &[u32]) -> Vec<OutboxRow> {
        let row = |(n, attempts): (usize, &u32)| OutboxRow {
            id: n as i64,
            channel: PushChannelId(1),
            key: n.to_string(),
            alarm: None,
            content: String::new(),
            created_at: UtcMillis(0),
            attempts: *attempts,
            next_at: UtcMillis(0),
        };
        attempts.iter().enumerate().map(row).collect()
    }

    #[test]
    fn what_is_too_much_is_told_together_when_there_is_room() {
        let mut flood = Flood::new(2);
        assert_eq!(flood.next(&[], UtcMillis(0)), Next::Idle);
        for at in [0, 1_000] {
            assert_eq!(flood.next(&rows(&[0, 0, 0, 0]), UtcMillis(at)), Next::One);
            flood.sent(UtcMillis(at));
        }
        assert_eq!(flood.next(&rows(&[0, 0]), UtcMillis(2_000)), Next::WaitUntil(UtcMillis(60_000)));
        assert_eq!(flood.next(&rows(&[0, 0, 0]), UtcMillis(60_000)), Next::Together(3));
        flood.sent(UtcMillis(60_000));
        assert_eq!(flood.next(&rows(&[0]), UtcMillis(61_000)), Next::One);
    }

    #[test]
    fn one_alone_is_no_summary() {
        let mut flood = Flood::new(1);
        flood.sent(UtcMillis(0));
        assert_eq!(flood.next(&rows(&[0]), UtcMillis(1)), Next::WaitUntil(UtcMillis(60_000)));
        assert_eq!(flood.next(&rows(&[0]), UtcMillis(60_000)), Next::One);
    }

    #[test]
    fn what_was_tried_together_stays_together() {
        let mut flood = Flood::new(9);
        assert_eq!(flood.next(&rows(&[1, 1, 0]), UtcMillis(0)), Next::Together(2));
        assert_eq!(flood.next(&rows(&[3, 0, 0]), UtcMillis(0)), Next::One);
        let mut later = rows(&[1, 0]);
        later[0].next_at = UtcMillis(7);
        assert_eq!(flood.next(&later, UtcMillis(0)), Next::WaitUntil(UtcMillis(7)));
    }

    #[test]
    fn a_clock_set_back_stops_nothing() {
        let mut flood = Flood::new(1);
        flood.sent(UtcMillis(1_000_000));
        assert_eq!(flood.next(&rows(&[0]), UtcMillis(0)), Next::One);
    }
}
