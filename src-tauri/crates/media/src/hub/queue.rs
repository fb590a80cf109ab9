//! One subscriber's queue and its policy when the subscriber is slow.

use super::is_start;
use crate::AccessUnit;
use std::{
    collections::VecDeque,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    task::{Context, Poll, Waker},
    time::Instant,
};

/// Who reads, and therefore what gives when the reader is slow.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum SubscriberClass {
    /// Falls forward: what is queued goes, reading resumes at a key frame.
    Live,
    /// Deep queue; what is queued stays, what no longer fits is counted as lost until the next key frame.
    Recorder,
    /// Only the newest picture; the one before it is replaced.
    Latest,
    /// As live.
    Gateway,
}

impl SubscriberClass {
    /// Units and bytes a queue holds at most, the history it was given aside.
    const fn bounds(self) -> (usize, usize) {
        match self {
            Self::Live | Self::Gateway => (512, 24 << 20),
            Self::Recorder => (8_192, 96 << 20),
            Self::Latest => (1, usize::MAX),
        }
    }
}

/// What a subscriber reads.
#[derive(Clone, Debug)]
pub enum Received {
    Unit(Arc<AccessUnit>),
    /// The subscriber was too slow: so many units, spanning so many milliseconds, are missing here.
    /// The next unit is one at which a decoder can start.
    Lost {
        units: u64,
        ms: u64,
    },
    /// The stream is over. Repeats for ever.
    Closed,
}

#[derive(Debug)]
pub(super) struct Queue {
    class: SubscriberClass,
    max_units: usize,
    max_bytes: usize,
    inner: Mutex<Inner>,
}

#[derive(Debug)]
struct Inner {
    items: VecDeque<Received>,
    bytes: usize,
    /// Nothing is accepted before the next start.
    waits_for_start: bool,
    /// Units missing since the last one accepted.
    gap: Option<OpenGap>,
    lost_units: u64,
    wake_every: usize,
    waker: Option<Waker>,
    is_closed: bool,
}

#[derive(Clone, Copy, Debug)]
struct OpenGap {
    units: u64,
    since: Instant,
}

impl Queue {
    pub fn new(class: SubscriberClass, history: Vec<Arc<AccessUnit>>) -> Self {
        let (units, bytes) = class.bounds();
        let history_bytes: usize = history.iter().map(|u| u.data.len()).sum();
        Self {
            class,
            max_units: units.saturating_add(history.len()),
            max_bytes: bytes.saturating_add(history_bytes),
            inner: Mutex::new(Inner {
                waits_for_start: history.is_empty(),
                items: history.into_iter().map(Received::Unit).collect(),
                bytes: history_bytes,
                gap: None,
                lost_units: 0,
                wake_every: 1,
                waker: None,
                is_closed: false,
            }),
        }
    }

    pub const fn class(&self) -> SubscriberClass {
        self.class
    }

    /// Appends by the class's rule. Returns the reader's waker when it is time to wake it.
    pub fn push(&self, unit: &Arc<AccessUnit>) -> Option<Waker> {
        let mut inner = self.lock();
        match self.class {
            SubscriberClass::Latest => inner.replace(unit),
            SubscriberClass::Live | SubscriberClass::Gateway => self.push_live(&mut inner, unit),
            SubscriberClass::Recorder => self.push_recorder(&mut inner, unit),
        }
        let is_time = inner.items.len() >= inner.wake_every || (unit.is_video_key() && !inner.items.is_empty());
        if is_time { inner.waker.take() } else { None }
    }

    fn push_live(&self, inner: &mut Inner, unit: &Arc<AccessUnit>) {
        if self.is_full(inner, unit) {
            inner.fall_forward();
        }
        inner.append(unit);
    }

    fn push_recorder(&self, inner: &mut Inner, unit: &Arc<AccessUnit>) {
        if self.is_full(inner, unit) {
            inner.waits_for_start = true;
            inner.count_lost(unit, 1);
        } else {
            inner.append(unit);
        }
    }

    fn is_full(&self, inner: &Inner, unit: &AccessUnit) -> bool {
        !inner.items.is_empty()
            && (inner.items.len() >= self.max_units || inner.bytes + unit.data.len() > self.max_bytes)
    }

    pub fn poll(&self, context: &mut Context<'_>) -> Poll<Received> {
        let mut inner = self.lock();
        match inner.pop() {
            Some(received) => Poll::Ready(received),
            None => {
                if !inner.waker.as_ref().is_some_and(|w| w.will_wake(context.waker())) {
                    inner.waker = Some(context.waker().clone());
                }
                Poll::Pending
            }
        }
    }

    pub fn try_pop(&self) -> Option<Received> {
        self.lock().pop()
    }

    /// Moves up to `max` items to `out`; says how many.
    pub fn drain(&self, out: &mut Vec<Received>, max: usize) -> usize {
        let mut inner = self.lock();
        let count = inner.items.len().min(max);
        for _ in 0..count {
            out.extend(inner.pop());
        }
        count
    }

    pub fn len(&self) -> usize {
        self.lock().items.len()
    }

    pub fn lost_units(&self) -> u64 {
        self.lock().lost_units
    }

    pub fn set_wake_every(&self, units: usize) {
        self.lock().wake_every = units.max(1);
    }

    pub fn close(&self) {
        let waker = {
            let mut inner = self.lock();
            inner.is_closed = true;
            inner.waker.take()
        };
        if let Some(waker) = waker {
            waker.wake();
        }
    }

    fn lock(&self) -> MutexGuard<'_, Inner> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Inner {
    fn append(&mut self, unit: &Arc<AccessUnit>) {
        if self.waits_for_start && !is_start(unit) {
            if self.gap.is_some() {
                self.count_lost(unit, 1);
            }
            return;
        }
        self.waits_for_start = false;
        if let Some(gap) = self.gap.take() {
            let ms = unit.received_at.saturating_duration_since(gap.since).as_millis();
            self.items.push_back(Received::Lost { units: gap.units, ms: u64::try_from(ms).unwrap_or(u64::MAX) });
        }
        self.bytes += unit.data.len();
        self.items.push_back(Received::Unit(Arc::clone(unit)));
    }

    /// Drops the queue up to its newest start, or all of it when it holds none but the first.
    fn fall_forward(&mut self) {
        let newest_start = self
            .items
            .iter()
            .enumerate()
            .skip(1)
            .filter(|(_, item)| matches!(item, Received::Unit(u) if is_start(u)))
            .map(|(index, _)| index)
            .next_back();
        let (mut units, mut since, mut resumed) = (0, None, None);
        for item in self.items.drain(..newest_start.unwrap_or(self.items.len())) {
            match item {
                Received::Unit(unit) => {
                    units += 1;
                    since = since.or(Some(unit.received_at));
                    resumed = Some(unit.received_at);
                    self.bytes -= unit.data.len();
                }
                Received::Lost { units: earlier, .. } => units += earlier,
                Received::Closed => {}
            }
        }
        let (Some(since), Some(resumed)) = (since, resumed) else { return };
        self.lost_units += units;
        if newest_start.is_some() {
            let ms = u64::try_from(resumed.saturating_duration_since(since).as_millis()).unwrap_or(u64::MAX);
            self.items.push_front(Received::Lost { units, ms });
        } else {
            self.waits_for_start = true;
            self.gap = Some(OpenGap { units, since });
        }
    }

    fn replace(&mut self, unit: &Arc<AccessUnit>) {
        if unit.is_video() {
            self.lost_units += self.items.len() as u64;
            self.items.clear();
            self.items.push_back(Received::Unit(Arc::clone(unit)));
        }
    }

    fn count_lost(&mut self, unit: &AccessUnit, units: u64) {
        self.lost_units += units;
        self.gap.get_or_insert(OpenGap { units: 0, since: unit.received_at }).units += units;
    }

    fn pop(&mut self) -> Option<Received> {
        match self.items.pop_front() {
            Some(received) => {
                if let Received::Unit(unit) = &received {
                    self.bytes = self.bytes.saturating_sub(unit.data.len());
                }
                // A burst (history, a stall) must not leave its room allocated for hours.
                if self.items.is_empty() && self.items.capacity() > 256 {
                    self.items = VecDeque::new();
                }
                Some(received)
            }
            None => self.is_closed.then_some(Received::Closed),
        }
    }
}
