//! How far alarms are with the list of camera events. Pure.
//!
//! Events are told live by a bounded broadcast. When alarms are too slow for it, what they missed is read from the list,
//! where everything is kept: page by page, so that a flood costs time and no memory. Only what is further behind than
//! [`MOST`] is given up, and counted: by then it is old, and would keep what happens now from being told.

use std::sync::atomic::{AtomicU64, Ordering::Relaxed};

/// Events that alarms may be behind.
pub const MOST: i64 = 20_000;
/// Read at once.
pub const PAGE: u32 = 256;

/// What was not taken live. Counted since the start.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct AlertFigures {
    /// Read from the list.
    pub late: u64,
    /// Never looked at.
    pub missed: u64,
}

#[derive(Debug, Default)]
pub struct Counters {
    late: AtomicU64,
    missed: AtomicU64,
}

impl Counters {
    pub fn figures(&self) -> AlertFigures {
        AlertFigures { late: self.late.load(Relaxed), missed: self.missed.load(Relaxed) }
    }

    pub fn note(&self, figures: AlertFigures) {
        self.late.fetch_add(figures.late, Relaxed);
        self.missed.fetch_add(figures.missed, Relaxed);
    }
}

/// Where alarms are in the list.
#[derive(Debug, PartialEq, Eq)]
pub struct Backlog {
    /// The last event that was looked at.
    last: i64,
    is_behind: bool,
}

impl Backlog {
    /// After the newest event that there was before anybody listened: what came in between is read.
    pub const fn after(newest: i64) -> Self {
        Self { last: newest, is_behind: true }
    }

    /// Nothing is taken live until the list is read to its end: what is told would come before what was missed.
    pub const fn is_behind(&self) -> bool {
        self.is_behind
    }

    pub const fn last(&self) -> i64 {
        self.last
    }

    /// Whether an event that is told is one that was not read from the list.
    pub const fn is_new(&mut self, id: i64) -> bool {
        let is_new = id > self.last;
        if is_new {
            self.last = id;
        }
        is_new
    }

    /// Events were missed; how many of them are given up.
    pub const fn fall_behind(&mut self, newest: i64) -> u64 {
        self.is_behind = true;
        let given_up = newest.saturating_sub(self.last).saturating_sub(MOST);
        if given_up <= 0 {
            return 0;
        }
        self.last += given_up;
        given_up.unsigned_abs()
    }

    /// A page of the list was read.
    pub const fn read(&mut self, last: Option<i64>, rows: usize) {
        if let Some(last) = last {
            self.last = last;
        }
        self.is_behind = rows >= PAGE as usize;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_missed_is_read_before_anything_is_taken_live() {
        let mut backlog = Backlog::after(100);
        assert!(backlog.is_behind());
        backlog.read(None, 0);
        assert!(!backlog.is_behind() && backlog.is_new(101) && backlog.is_new(102));
        assert_eq!(backlog.fall_behind(700), 0);
        assert_eq!((backlog.is_behind(), backlog.last()), (true, 102));
        backlog.read(Some(358), PAGE as usize);
        backlog.read(Some(614), PAGE as usize);
        assert!(backlog.is_behind());
        backlog.read(Some(720), 106);
        // What the broadcast still holds of it was read already.
        assert!(!backlog.is_behind() && !backlog.is_new(700) && !backlog.is_new(720) && backlog.is_new(721));
    }

    #[test]
    fn only_what_is_too_old_is_given_up() {
        let mut backlog = Backlog::after(0);
        assert_eq!(backlog.fall_behind(MOST), 0);
        assert_eq!(backlog.fall_behind(MOST + 5), 5);
        assert_eq!(backlog.last(), 5);
        // Ids begin anew after the list was lost.
        assert_eq!(Backlog::after(9).fall_behind(1), 0);
    }
}
