//! A consumer's end of the hub.

use super::{Hub, Received, SubscriberClass, queue::Queue};
use std::{future::poll_fn, sync::Arc};

/// Reads one stream. Dropping it frees its queue at once.
#[derive(Debug)]
pub struct Subscription {
    hub: Arc<Hub>,
    queue: Arc<Queue>,
}

impl Subscription {
    pub(super) const fn new(hub: Arc<Hub>, queue: Arc<Queue>) -> Self {
        Self { hub, queue }
    }

    /// The next item; waits as long as the stream is silent. Safe to drop and call again (nothing is lost).
    pub async fn recv(&mut self) -> Received {
        poll_fn(|context| self.queue.poll(context)).await
    }

    /// The next item if one is there.
    pub fn try_recv(&mut self) -> Option<Received> {
        self.queue.try_pop()
    }

    /// Waits for at least one item, then moves up to `max` of them to `out` under one lock.
    pub async fn recv_batch(&mut self, out: &mut Vec<Received>, max: usize) -> usize {
        out.push(self.recv().await);
        1 + self.drain(out, max.saturating_sub(1))
    }

    /// Moves up to `max` items that are there to `out`; says how many.
    pub fn drain(&mut self, out: &mut Vec<Received>, max: usize) -> usize {
        self.queue.drain(out, max)
    }

    /// Wakes the reader only when so many items wait, a key frame came or the stream ended: fewer wake-ups for who
    /// writes whole GOPs. One (each unit) is the default.
    pub fn wake_every(&self, units: usize) {
        self.queue.set_wake_every(units);
    }

    pub fn class(&self) -> SubscriberClass {
        self.queue.class()
    }

    /// Items waiting.
    pub fn queued(&self) -> usize {
        self.queue.len()
    }

    /// Units this subscriber lost by being slow, so far.
    pub fn lost_units(&self) -> u64 {
        self.queue.lost_units()
    }

    pub const fn hub(&self) -> &Arc<Hub> {
        &self.hub
    }
}

impl Drop for Subscription {
    fn drop(&mut self) {
        self.hub.leave(&self.queue);
    }
}
