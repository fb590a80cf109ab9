//! When a recorder holds its stream and when it writes: what [`Gate`](super::gate::Gate) says, done.

use super::{
    actor::{Drained, Recorder},
    cutter::Event,
    gate::Stance,
    watchdog::Standing,
};
use crate::recording::streams::StreamTap;
use std::{
    sync::{Arc, LazyLock},
    time::{Duration, Instant},
};
use tokio::{sync::watch, time};
use tokio_util::sync::CancellationToken;
use watchwall_media::{AccessUnit, hub::SubscriberClass};
use watchwall_model::{GapReason, PlanMode, UtcMicros, UtcMillis};

/// What the hub gathered is taken this often.
const POLL: Duration = Duration::from_millis(200);
/// All recorders wake on the same beats: one wake-up of the processor serves several.
const BEAT_MS: u128 = 20;
/// A recorder that does not write looks at its schedule this often; triggers wake it.
const LOOK: Duration = Duration::from_millis(250);
const LOOK_WHILE_OFF: Duration = Duration::from_secs(1);
/// A stream that is not there is looked for this often, besides on every change.
const LOOK_AGAIN: Duration = Duration::from_secs(2);
/// A recording ends at a key frame; without one after this long, anywhere.
const LONGEST_GOP: Duration = Duration::from_secs(20);
/// The ring holds so much more than the plan's seconds before an event: devices tell of it late.
const TOLD_LATE: Duration = Duration::from_secs(10);
/// The ring of a schedule reaches from the look that finds a slot begun back to its beginning.
const LOOKED_LATE: Duration = Duration::from_secs(1);

impl Recorder {
    pub async fn run(mut self, cancel: CancellationToken) {
        let mut changed = self.context.source.changed();
        while !cancel.is_cancelled() {
            let stance = self.stance();
            if stance == Stance::Off {
                self.idle(Standing::Off);
                self.wait(LOOK_WHILE_OFF, &cancel).await;
                continue;
            }
            match self.context.source.stream(self.path()) {
                Some(tap) => self.attend(tap, &cancel).await,
                None => self.miss(stance, &mut changed, &cancel).await,
            }
        }
        self.on(Event::Stop);
        if let Some(at) = self.last_capture {
            self.context.desk.recorded(at);
        }
    }

    /// Holds a stream until it is not wanted any more, or has ended.
    async fn attend(&mut self, tap: StreamTap, cancel: &CancellationToken) {
        if self.context.plan.awaits_events() {
            tap.hub.keep_at_least(Duration::from_secs(self.context.plan.events.pre_seconds.into()) + TOLD_LATE);
        } else if self.context.plan.mode == PlanMode::Schedule {
            tap.hub.keep_at_least(LOOKED_LATE);
        }
        let mut looked_at = Instant::now();
        while !cancel.is_cancelled() {
            match self.stance() {
                Stance::Off => break,
                Stance::Ready => self.idle(Standing::Off),
                Stance::Armed => self.idle(Standing::Waiting),
                Stance::Open { since } => {
                    if !self.follow(&tap, since, cancel).await {
                        break;
                    }
                }
            }
            self.show(&tap);
            if looked_at.elapsed() >= LOOK_AGAIN {
                looked_at = Instant::now();
                let stream = self.context.source.stream(self.path());
                if !stream.is_some_and(|now| Arc::ptr_eq(&now.hub, &tap.hub)) {
                    break;
                }
            }
            self.wait(LOOK, cancel).await;
        }
        tap.hub.keep_at_least(Duration::ZERO);
    }

    /// Records from one hub; false when it has closed or the recorder is to stop, true when no more is wanted.
    async fn follow(&mut self, tap: &StreamTap, since: UtcMicros, cancel: &CancellationToken) -> bool {
        let mut subscription = tap.hub.subscribe_since(SubscriberClass::Recorder, since);
        self.stand(Standing::Writing);
        self.unwanted_since = None;
        self.began_at = since;
        // What a stream left behind that went away long ago is no beginning.
        let age = Duration::from_millis(u64::try_from(UtcMillis::now() - since.to_millis()).unwrap_or(0));
        self.stale_before = Instant::now().checked_sub(age + LONGEST_GOP);
        tokio::select! {
            () = cancel.cancelled() => {}
            () = time::sleep(POLL) => {}
        }
        let mut drained = self.drain(&mut subscription);
        self.stale_before = None;
        if self.file.is_none() && !matches!(self.gap, Some((_, GapReason::Disk))) && drained != Drained::Ended {
            // Until the first picture whatever is missing is missing because of the camera.
            self.pause(since.to_millis(), GapReason::CameraOffline);
        }
        loop {
            self.look_at_file();
            self.look_at_place();
            self.on(Event::Tick(Instant::now()));
            self.show(tap);
            match drained {
                Drained::Ended => return true,
                Drained::Closed => {
                    // The camera was removed or replaced; ask for the stream again, without haste.
                    time::sleep(POLL).await;
                    return false;
                }
                Drained::All if self.is_over() => {
                    self.leave();
                    return true;
                }
                Drained::All => {}
            }
            tokio::select! {
                () = cancel.cancelled() => {
                    self.drain(&mut subscription);
                    return false;
                }
                () = time::sleep(until_beat(POLL)) => {}
            }
            drained = self.drain(&mut subscription);
        }
    }

    /// Whether the recording ends before this unit. The key frame it begins at may come before what is wanted.
    pub(super) fn ends_at(&mut self, unit: &AccessUnit) -> bool {
        unit.is_video_key() && unit.capture_at > self.began_at && !self.wants(unit.capture_at.to_millis())
    }

    pub(super) fn is_stale(&self, unit: &AccessUnit) -> bool {
        self.stale_before.is_some_and(|before| unit.received_at < before)
    }

    /// Ends the recording at a key frame, which the next one may begin with.
    pub(super) fn end_at(&mut self, unit: Arc<AccessUnit>) {
        self.context.desk.recorded(unit.capture_at);
        let at = unit.capture_at.to_millis();
        self.on(Event::Pause { next: Some(unit) });
        self.pause(at, GapReason::PlannedOff);
    }

    /// Nothing more is wanted and no key frame will end it: none comes, or nothing is being written.
    fn is_over(&mut self) -> bool {
        if self.wants(UtcMillis::now()) {
            self.unwanted_since = None;
            return false;
        }
        let since = *self.unwanted_since.get_or_insert_with(Instant::now);
        self.file.is_none() || since.elapsed() >= LONGEST_GOP
    }

    fn leave(&mut self) {
        self.context.desk.recorded(UtcMicros::now());
        self.on(Event::Pause { next: None });
        self.pause(UtcMillis::now(), GapReason::PlannedOff);
    }

    /// The camera has no such stream now.
    async fn miss(&mut self, stance: Stance, changed: &mut watch::Receiver<u64>, cancel: &CancellationToken) {
        match stance {
            Stance::Off | Stance::Ready => self.idle(Standing::Off),
            Stance::Armed => self.idle(Standing::Waiting),
            Stance::Open { .. } => {
                self.stand(Standing::Writing);
                if self.noted != Some(GapReason::CameraOffline) {
                    self.pause(UtcMillis::now(), GapReason::CameraOffline);
                }
                // There is no ring to go back to.
                self.context.desk.recorded(UtcMicros::now());
            }
        }
        self.signs.send_if_modified(|signs| signs.phase.take().is_some());
        tokio::select! {
            () = cancel.cancelled() => {}
            () = self.context.desk.changed.notified() => {}
            _ = time::timeout(LOOK_AGAIN, changed.changed()) => {}
        }
    }

    /// Nothing is to be written now.
    fn idle(&mut self, standing: Standing) {
        self.stand(standing);
        self.look_at_file();
        if self.noted != Some(GapReason::PlannedOff) {
            self.pause(UtcMillis::now(), GapReason::PlannedOff);
        }
    }

    async fn wait(&self, most: Duration, cancel: &CancellationToken) {
        tokio::select! {
            () = cancel.cancelled() => {}
            () = self.context.desk.changed.notified() => {}
            () = time::sleep(most) => {}
        }
    }

    fn stance(&mut self) -> Stance {
        let (now, recorded) = (UtcMillis::now(), self.context.desk.recorded_until());
        let gate = &mut self.gate;
        self.context.desk.ask(|windows| gate.stance(now, windows, recorded))
    }

    fn wants(&mut self, at: UtcMillis) -> bool {
        let gate = &mut self.gate;
        self.context.desk.ask(|windows| gate.wants(at, windows))
    }
}

/// From now to the first beat after so long.
fn until_beat(wait: Duration) -> Duration {
    static BEGUN: LazyLock<Instant> = LazyLock::new(Instant::now);
    let passed_ms = (BEGUN.elapsed() + wait).as_millis();
    let over_ms = u64::try_from(BEAT_MS - passed_ms % BEAT_MS).unwrap_or(0);
    wait + Duration::from_millis(over_ms)
}
