//! Where a stream's access units arrive and fan out.
//!
//! One [`Hub`] per stream. Whoever pulls the camera calls [`Hub::push`]; viewers, recorders, tasks and the gateway
//! hold a [`Subscription`]. Units are shared (`Arc`), never copied: the GOP cache, the pre-event ring and every queue
//! point at the same bytes.
//!
//! `push` never waits: it takes two short locks, appends and wakes. A subscriber that falls behind loses units by the
//! rule of its [`SubscriberClass`] and is told so with [`Received::Lost`]; nobody else notices.
//! This folder spawns no task. What must not live here: sockets, containers, decoding.

mod backlog;
mod meter;
mod queue;
mod subscription;

pub use backlog::BacklogLimits;
pub use meter::HubStatistics;
pub use queue::{Received, SubscriberClass};
pub use subscription::Subscription;

use crate::{AccessUnit, StreamParams, UnitParts};
use backlog::Backlog;
use meter::Meter;
use queue::Queue;
use smallvec::SmallVec;
use std::{
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    task::Waker,
    time::{Duration, Instant},
};
use watchwall_model::UtcMicros;

/// The fan-out point of one stream. It outlives connections to the camera.
#[derive(Debug)]
pub struct Hub {
    core: Mutex<Core>,
}

#[derive(Debug)]
struct Core {
    backlog: Backlog,
    queues: Vec<Arc<Queue>>,
    params: Option<Arc<StreamParams>>,
    newest_video: Option<Arc<AccessUnit>>,
    newest_audio: Option<Arc<AccessUnit>>,
    meter: Meter,
    next_sequence: u64,
    is_closed: bool,
}

/// The newest unit of each track: where the next session's times continue.
#[derive(Clone, Debug, Default)]
pub struct Newest {
    pub video: Option<Arc<AccessUnit>>,
    pub audio: Option<Arc<AccessUnit>>,
}

impl Hub {
    pub fn new(limits: BacklogLimits) -> Arc<Self> {
        Arc::new(Self {
            core: Mutex::new(Core {
                backlog: Backlog::new(limits),
                queues: Vec::new(),
                params: None,
                newest_video: None,
                newest_audio: None,
                meter: Meter::default(),
                next_sequence: 0,
                is_closed: false,
            }),
        })
    }

    /// Hands a unit to everyone. Its `sequence` is set here. After [`Hub::close`] the unit is dropped.
    pub fn push(&self, mut parts: UnitParts) {
        let mut wakers: SmallVec<[Waker; 8]> = SmallVec::new();
        {
            let mut core = self.lock();
            if core.is_closed {
                return;
            }
            parts.sequence = core.next_sequence;
            core.next_sequence += 1;
            let unit = Arc::new(AccessUnit::new(parts));
            core.admit(&unit);
            wakers.extend(core.queues.iter().filter_map(|queue| queue.push(&unit)));
        }
        wakers.into_iter().for_each(Waker::wake);
    }

    /// Joins the stream. Live, gateway and recorder subscribers receive the current GOP at once,
    /// so that the first unit they get is decodable; without a GOP they begin at the next key frame.
    pub fn subscribe(self: &Arc<Self>, class: SubscriberClass) -> Subscription {
        self.join(class, |core| if class == SubscriberClass::Latest { Vec::new() } else { core.backlog.gop() })
    }

    /// Joins at the last key frame taken at or before `since` (or the oldest one kept) and goes on live without a gap.
    pub fn subscribe_since(self: &Arc<Self>, class: SubscriberClass, since: UtcMicros) -> Subscription {
        self.join(class, |core| core.backlog.since(since))
    }

    fn join(
        self: &Arc<Self>,
        class: SubscriberClass,
        history: impl FnOnce(&Core) -> Vec<Arc<AccessUnit>>,
    ) -> Subscription {
        let mut core = self.lock();
        let queue = Arc::new(Queue::new(class, history(&core)));
        if core.is_closed {
            queue.close();
        } else {
            core.queues.push(Arc::clone(&queue));
        }
        drop(core);
        Subscription::new(Arc::clone(self), queue)
    }

    /// The parameters of the newest unit, or those announced before the first one.
    pub fn current_params(&self) -> Option<Arc<StreamParams>> {
        self.lock().params.clone()
    }

    /// Makes parameters known before the first unit carries them.
    pub fn announce(&self, params: Arc<StreamParams>) {
        self.lock().params = Some(params);
    }

    /// The current GOP from its key frame to the newest unit; empty when none is whole.
    pub fn gop(&self) -> Vec<Arc<AccessUnit>> {
        self.lock().backlog.gop()
    }

    /// Everything kept from the last key frame at or before `since` (or the oldest one kept) to the newest unit.
    pub fn ring_since(&self, since: UtcMicros) -> Vec<Arc<AccessUnit>> {
        self.lock().backlog.since(since)
    }

    /// Capture time of the oldest unit kept.
    pub fn ring_start(&self) -> Option<UtcMicros> {
        self.lock().backlog.oldest()
    }

    pub fn set_limits(&self, limits: BacklogLimits) {
        self.lock().backlog.set_limits(limits);
    }

    /// Keeps at least so much of the past, whatever the limits say; zero returns to them.
    pub fn keep_at_least(&self, ring: Duration) {
        self.lock().backlog.keep_at_least(ring);
    }

    pub fn statistics(&self) -> HubStatistics {
        let core = self.lock();
        let mut stats = core.meter.stats(Instant::now());
        (stats.kept_units, stats.kept_bytes) = core.backlog.size();
        for queue in &core.queues {
            *stats.subscribers(queue.class()) += 1;
        }
        stats
    }

    pub fn newest(&self) -> Newest {
        let core = self.lock();
        Newest { video: core.newest_video.clone(), audio: core.newest_audio.clone() }
    }

    /// Forgets GOP and ring, for example while nobody pulls the stream. Times and sequence go on.
    pub fn clear(&self) {
        self.lock().backlog.clear();
    }

    /// Ends the stream for good: subscribers drain what they have and then read [`Received::Closed`].
    pub fn close(&self) {
        let queues = {
            let mut core = self.lock();
            core.is_closed = true;
            core.backlog.clear();
            std::mem::take(&mut core.queues)
        };
        queues.iter().for_each(|queue| queue.close());
    }

    fn leave(&self, queue: &Arc<Queue>) {
        let lost = queue.lost_units();
        let mut core = self.lock();
        core.meter.note_lost(queue.class(), lost);
        core.queues.retain(|q| !Arc::ptr_eq(q, queue));
    }

    fn lock(&self) -> MutexGuard<'_, Core> {
        self.core.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Core {
    fn admit(&mut self, unit: &Arc<AccessUnit>) {
        if !self.params.as_ref().is_some_and(|p| Arc::ptr_eq(p, &unit.params)) {
            self.params = Some(Arc::clone(&unit.params));
        }
        self.meter.note(unit);
        self.backlog.push(unit);
        if unit.is_video() {
            self.newest_video = Some(Arc::clone(unit));
        } else {
            self.newest_audio = Some(Arc::clone(unit));
        }
    }
}

/// Whether a consumer can begin here: a video key frame, or any unit of a stream without video.
fn is_start(unit: &AccessUnit) -> bool {
    unit.is_video_key() || unit.params.video.is_none()
}

#[cfg(test)]
mod tests;
