//! What waits to be sent. When the site reads slowly, results give way and alarms stay; what was found in recordings waits
//! before it comes here.

use std::{
    collections::VecDeque,
    sync::{Mutex, MutexGuard, PoisonError},
};
use tokio::sync::Notify;

/// Letters and bytes that may wait; alarms come with their pictures.
const MOST: usize = 256;
const MOST_BYTES: usize = 16 * 1024 * 1024;
/// Of these, results of recordings.
const MOST_RECORDED: usize = 32;

/// In what order letters give way: the last first.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Urgency {
    Alarm,
    /// How a task goes.
    State,
    /// That the node lives; a newer one takes the place of an older.
    Heartbeat,
    /// What was seen and is no alarm.
    Result,
    /// What was found in a recording: it never gives way, and [`Outbox::room`] is asked for before.
    Recorded,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Letter {
    pub urgency: Urgency,
    pub text: String,
}

#[derive(Debug, Default)]
pub struct Outbox {
    inner: Mutex<Inner>,
    arrived: Notify,
    left: Notify,
}

#[derive(Debug, Default)]
struct Inner {
    letters: VecDeque<Letter>,
    bytes: usize,
    dropped: Dropped,
}

/// What was never sent.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Dropped {
    pub results: u64,
    /// Only when nothing but alarms and states waits.
    pub alarms: u64,
}

impl Outbox {
    /// Never waits.
    pub fn push(&self, letter: Letter) {
        let mut inner = self.lock();
        if letter.urgency == Urgency::Heartbeat {
            inner.remove(|waiting| waiting.urgency == Urgency::Heartbeat);
        }
        let (urgency, size) = (letter.urgency, letter.text.len());
        while inner.letters.len() >= MOST || (inner.bytes + size > MOST_BYTES && !inner.letters.is_empty()) {
            if inner.remove(|waiting| waiting.urgency == Urgency::Result).is_some() {
                inner.dropped.results += 1;
            } else if urgency == Urgency::Result {
                inner.dropped.results += 1;
                return;
            } else if let Some(oldest) = inner.remove(|waiting| waiting.urgency != Urgency::Recorded) {
                inner.dropped.alarms += u64::from(oldest.urgency == Urgency::Alarm);
            } else {
                break;
            }
        }
        inner.bytes += size;
        inner.letters.push_back(letter);
        drop(inner);
        self.arrived.notify_one();
    }

    /// The next to be sent. Safe to drop and call again.
    pub async fn next(&self) -> Letter {
        loop {
            let letter = self.lock().remove(|_| true);
            if let Some(letter) = letter {
                self.left.notify_one();
                return letter;
            }
            self.arrived.notified().await;
        }
    }

    /// Waits until a result of a recording may come. Safe to drop and call again.
    pub async fn room(&self) {
        loop {
            let recorded = |inner: &Inner| inner.letters.iter().filter(|one| one.urgency == Urgency::Recorded).count();
            if recorded(&self.lock()) < MOST_RECORDED {
                // Others may wait for the same.
                self.left.notify_one();
                return;
            }
            self.left.notified().await;
        }
    }

    /// Back to the front: it could not be sent.
    pub fn put_back(&self, letter: Letter) {
        let mut inner = self.lock();
        inner.bytes += letter.text.len();
        inner.letters.push_front(letter);
    }

    /// Without a site only alarms are worth keeping: the rest is old when it comes back.
    pub fn keep_alarms(&self) {
        let mut inner = self.lock();
        inner.letters.retain(|letter| letter.urgency == Urgency::Alarm);
        inner.bytes = inner.letters.iter().map(|letter| letter.text.len()).sum();
        drop(inner);
        self.left.notify_one();
    }

    pub fn dropped(&self) -> Dropped {
        self.lock().dropped
    }

    fn lock(&self) -> MutexGuard<'_, Inner> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Inner {
    /// The oldest of its kind.
    fn remove(&mut self, is_it: impl Fn(&Letter) -> bool) -> Option<Letter> {
        let place = self.letters.iter().position(is_it)?;
        let letter = self.letters.remove(place)?;
        self.bytes -= letter.text.len();
        Some(letter)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn letter(urgency: Urgency, text: impl Into<String>) -> Letter {
        Letter { urgency, text: text.into() }
    }

    fn waiting(outbox: &Outbox, urgency: Urgency) -> usize {
        outbox.lock().letters.iter().filter(|letter| letter.urgency == urgency).count()
    }

    #[test]
    fn results_give_way_and_alarms_stay() {
        let outbox = Outbox::default();
        for n in 0..200 {
            outbox.push(letter(Urgency::Alarm, format!("alarm {n}")));
        }
        for n in 0..1_000 {
            outbox.push(letter(Urgency::Result, format!("result {n}")));
        }
        assert_eq!((waiting(&outbox, Urgency::Alarm), waiting(&outbox, Urgency::Result)), (200, 56));
        assert_eq!(outbox.dropped(), Dropped { results: 944, alarms: 0 });
        assert!(outbox.lock().letters.iter().any(|letter| letter.text == "result 999"), "the newest stay");
        for n in 0..MOST {
            outbox.push(letter(Urgency::Alarm, format!("more {n}")));
        }
        assert_eq!(outbox.dropped(), Dropped { results: 1_000, alarms: 200 });
        outbox.push(letter(Urgency::Result, "nobody gives way to it"));
        assert_eq!((waiting(&outbox, Urgency::Alarm), waiting(&outbox, Urgency::Result)), (MOST, 0));
    }

    #[test]
    fn pictures_are_bounded_by_their_size() {
        let outbox = Outbox::default();
        for _ in 0..40 {
            outbox.push(letter(Urgency::Alarm, "x".repeat(1_000_000)));
        }
        assert_eq!((waiting(&outbox, Urgency::Alarm), outbox.dropped().alarms), (16, 24));
    }

    #[tokio::test]
    async fn results_of_recordings_wait_instead_of_giving_way() {
        let outbox = Outbox::default();
        let in_time = |room| tokio::time::timeout(std::time::Duration::from_millis(50), room);
        for n in 0..MOST_RECORDED {
            in_time(outbox.room()).await.unwrap();
            outbox.push(letter(Urgency::Recorded, format!("recorded {n}")));
        }
        assert!(in_time(outbox.room()).await.is_err());
        for n in 0..2 * MOST {
            outbox.push(letter(Urgency::Alarm, format!("alarm {n}")));
        }
        assert_eq!(waiting(&outbox, Urgency::Recorded), MOST_RECORDED);
        assert_eq!(outbox.next().await.text, "recorded 0");
        in_time(outbox.room()).await.unwrap();
        outbox.push(letter(Urgency::Recorded, "one more"));
        // Without a site they are worth nothing.
        outbox.keep_alarms();
        in_time(outbox.room()).await.unwrap();
        assert_eq!(waiting(&outbox, Urgency::Recorded), 0);
    }

    #[tokio::test]
    async fn what_could_not_be_sent_is_the_next_again() {
        let outbox = Outbox::default();
        for (urgency, text) in [(Urgency::Heartbeat, "old"), (Urgency::Alarm, "a"), (Urgency::Result, "r")] {
            outbox.push(letter(urgency, text));
        }
        outbox.push(letter(Urgency::Heartbeat, "new"));
        let first = outbox.next().await;
        assert_eq!(first.text, "a");
        outbox.put_back(first);
        assert_eq!(outbox.next().await.text, "a");
        outbox.push(letter(Urgency::Alarm, "b"));
        outbox.keep_alarms();
        assert_eq!(outbox.next().await.text, "b");
        assert_eq!(outbox.lock().bytes, 0);
    }
}
