//! What waits to be written. Bounded; alarms are never dropped.

use std::{
    collections::VecDeque,
    sync::{Mutex, MutexGuard, PoisonError},
    time::Instant,
};
use tokio::sync::Notify;
use watchwall_model::AiResultRow;

/// A result on its way to disk.
#[derive(Clone, Debug)]
pub struct Pending {
    pub row: AiResultRow,
    /// When its message came.
    pub received: Instant,
}

/// What became of a result that was to wait.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Pushed {
    Queued,
    /// The queue was full, and this is no alarm.
    Dropped,
    /// This is an alarm; the oldest that is none went for it.
    Displaced,
    /// The site stops.
    Closed,
}

/// Alarms and everything else, together at most so many.
pub struct ResultQueue {
    inner: Mutex<Inner>,
    capacity: usize,
    alarm_came: Notify,
    other_came: Notify,
    room: Notify,
}

#[derive(Default)]
struct Inner {
    alarms: VecDeque<Pending>,
    others: VecDeque<Pending>,
    is_closed: bool,
}

impl Inner {
    fn len(&self) -> usize {
        self.alarms.len() + self.others.len()
    }

    fn take(&mut self, lane: Lane, most: usize) -> Vec<Pending> {
        let waiting = match lane {
            Lane::Alarms => &mut self.alarms,
            Lane::Others => &mut self.others,
        };
        let count = waiting.len().min(most);
        waiting.drain(..count).collect()
    }
}

/// Which half of the queue is emptied.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Lane {
    Alarms,
    Others,
}

impl ResultQueue {
    pub const CAPACITY: usize = 20_000;

    pub fn new(capacity: usize) -> Self {
        Self {
            inner: Mutex::default(),
            capacity: capacity.max(1),
            alarm_came: Notify::new(),
            other_came: Notify::new(),
            room: Notify::new(),
        }
    }

    fn inner(&self) -> MutexGuard<'_, Inner> {
        // Nothing panics while holding the lock half-way through a change.
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// How many wait.
    pub fn len(&self) -> usize {
        self.inner().len()
    }

    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Returns at once, but for an alarm when nothing else could go for it: then when there is room.
    pub async fn push(&self, pending: Pending) -> Pushed {
        let mut waiting = Some(pending);
        loop {
            let room = self.room.notified();
            tokio::pin!(room);
            // From here on: what is taken before the wait begins ends it.
            room.as_mut().enable();
            if let Some(pushed) = self.try_push(&mut waiting) {
                return pushed;
            }
            room.await;
        }
    }

    /// `None` leaves the alarm where it is: there is nothing that could go for it.
    fn try_push(&self, waiting: &mut Option<Pending>) -> Option<Pushed> {
        let mut inner = self.inner();
        if inner.is_closed {
            return Some(Pushed::Closed);
        }
        let is_full = inner.len() >= self.capacity;
        let is_alarm = waiting.as_ref().is_some_and(|pending| pending.row.is_alarm);
        let pushed = match (is_alarm, is_full) {
            (_, false) => Pushed::Queued,
            (false, true) => return Some(Pushed::Dropped),
            (true, true) => inner.others.pop_front().map(|_| Pushed::Displaced)?,
        };
        let (lane, came) =
            if is_alarm { (&mut inner.alarms, &self.alarm_came) } else { (&mut inner.others, &self.other_came) };
        lane.extend(waiting.take());
        drop(inner);
        came.notify_one();
        Some(pushed)
    }

    /// The oldest of one half, at most so many; waits for the first. `None` when the queue is closed and that half empty.
    pub async fn take(&self, lane: Lane, most: usize) -> Option<Vec<Pending>> {
        let came = match lane {
            Lane::Alarms => &self.alarm_came,
            Lane::Others => &self.other_came,
        };
        loop {
            // Before the look: what is pushed from then on is taken.
            let is_closed = self.is_closed();
            let taken = self.try_take(lane, most.max(1));
            if !taken.is_empty() {
                return Some(taken);
            }
            if is_closed {
                return None;
            }
            came.notified().await;
        }
    }

    /// The same without waiting.
    pub fn try_take(&self, lane: Lane, most: usize) -> Vec<Pending> {
        let taken = self.inner().take(lane, most);
        if !taken.is_empty() {
            self.room.notify_waiters();
        }
        taken
    }

    pub fn is_closed(&self) -> bool {
        self.inner().is_closed
    }

    /// Nothing more is taken in; what waits is still handed out.
    pub fn close(&self) {
        self.inner().is_closed = true;
        self.room.notify_waiters();
        self.alarm_came.notify_one();
        self.other_came.notify_one();
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::Arc;
    use watchwall_model::{CameraId, SceneCode, TaskId, UtcMillis};

    fn pending(at: i64, is_alarm: bool) -> Pending {
        let row = AiResultRow {
            at: UtcMillis(at),
            task: TaskId(1),
            scene: SceneCode::parse("MOTION").unwrap(),
            camera: CameraId(1),
            node: "n".into(),
            is_alarm,
            confidence: 0.5,
            objects: "[]".into(),
            event_type: None,
            event_desc: None,
            total_count: None,
            label_counts: "[]".into(),
            problem_counts: "[]".into(),
            metrics: None,
            snapshot: None,
        };
        Pending { row, received: Instant::now() }
    }

    async fn taken(queue: &ResultQueue, lane: Lane) -> Vec<i64> {
        queue.take(lane, 100).await.unwrap_or_default().iter().map(|pending| pending.row.at.0).collect()
    }

    #[tokio::test]
    async fn a_full_queue_drops_what_is_no_alarm_and_never_an_alarm() {
        let queue = ResultQueue::new(3);
        for at in 1..=3 {
            assert_eq!(queue.push(pending(at, false)).await, Pushed::Queued);
        }
        assert_eq!(queue.push(pending(4, false)).await, Pushed::Dropped);
        assert_eq!(queue.push(pending(5, true)).await, Pushed::Displaced);
        assert_eq!(queue.push(pending(6, true)).await, Pushed::Displaced);
        assert_eq!(queue.len(), 3);
        assert_eq!(taken(&queue, Lane::Others).await, [3], "the oldest went");
        assert_eq!(taken(&queue, Lane::Alarms).await, [5, 6]);
        queue.close();
        assert_eq!(queue.push(pending(7, true)).await, Pushed::Closed);
        assert!(queue.take(Lane::Alarms, 1).await.is_none() && queue.take(Lane::Others, 1).await.is_none());
    }

    #[tokio::test]
    async fn alarms_alone_make_the_node_wait_and_none_is_lost() {
        let queue = Arc::new(ResultQueue::new(4));
        let nodes: Vec<_> = (0..8)
            .map(|node| {
                let queue = Arc::clone(&queue);
                tokio::spawn(async move {
                    for n in 0..50 {
                        assert_ne!(queue.push(pending(node * 1_000 + n, true)).await, Pushed::Dropped);
                    }
                })
            })
            .collect();
        let mut got = Vec::new();
        while got.len() < 400 {
            assert!(queue.len() <= 4);
            got.extend(queue.take(Lane::Alarms, 3).await.unwrap().into_iter().map(|pending| pending.row.at.0));
        }
        for node in nodes {
            node.await.unwrap();
        }
        assert!(queue.is_empty());
        // Each node's in its order.
        for node in 0..8 {
            let of_node: Vec<i64> = got.iter().copied().filter(|at| at / 1_000 == node).collect();
            assert_eq!(of_node, (0..50).map(|n| node * 1_000 + n).collect::<Vec<_>>());
        }
    }
}
