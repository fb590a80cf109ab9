//! When a disk fails: what it did not make safe, and all that follows, goes to another one.

use super::{
    actor::{OpenFile, RETRY, Recorder, grid},
    cutter::{Action, Cutter, Event},
    mirror::Mirror,
    watchdog,
};
use crate::recording::volume::{VolumeDisk, WriteFault};
use std::{
    mem,
    sync::Arc,
    time::{Duration, Instant},
};
use watchwall_media::AccessUnit;
use watchwall_model::{ErrorCode, GapReason, UtcMillis};

/// A disk that has taken nothing for this long is not being recorded on, though nothing is lost yet.
const BEHIND: Duration = Duration::from_secs(5);
/// Whether the volume is still the right one is asked this often.
const PLACE_AGAIN: Duration = Duration::from_secs(1);

impl Recorder {
    /// A file that failed after its turn takes with it what it still was to hold, unless another disk takes that.
    pub(super) fn look_at_closing(&mut self) {
        let mut failed = Vec::new();
        for mut open in mem::take(&mut self.closing) {
            open.has_grown();
            if open.is_safe() {
                continue;
            }
            match open.fault() {
                Some(fault) => failed.push((open, fault)),
                None => self.closing.push(open),
            }
        }
        for (mut open, fault) in failed {
            if self.refuge_from(&open.disk).is_some() {
                self.rescue(&mut open, &fault);
            } else if open.file.fault().is_none() {
                // Away for the moment; it may still come to everything.
                self.closing.push(open);
            } else if open.seen_end < open.handed_end {
                self.context.causes.note(&self.context.plan.path, open.seen_end, GapReason::Disk);
                let lost = u64::try_from(open.handed_end - open.seen_end).unwrap_or(0);
                self.signs.send_modify(|signs| signs.lost_ms += lost);
            }
        }
    }

    /// A sound disk other than this one.
    fn refuge_from(&self, failed: &VolumeDisk) -> Option<Arc<VolumeDisk>> {
        if self.is_rescuing {
            return None;
        }
        self.context.placement.refuge(&self.context.plan, failed)
    }

    /// Writes what a closed file did not make safe as a file of its own on another disk.
    fn rescue(&mut self, open: &mut OpenFile, fault: &WriteFault) {
        self.leave_disk(open, fault);
        let units = open.kept.take();
        self.note_unkept(open, &units);
        let fresh = Cutter::new(grid(&self.context), self.context.plan.audio);
        let (cutter, file) = (mem::replace(&mut self.cutter, fresh), self.file.take());
        // The copy of what is written now goes on meanwhile.
        let mirror = mem::replace(&mut self.mirror, Mirror::off());
        self.write_again(units);
        self.on(Event::Stop);
        (self.cutter, self.file, self.mirror) = (cutter, file, mirror);
        let volume = self.file.as_ref().map(|open| open.disk.volume.code.clone());
        self.signs.send_modify(|signs| signs.volume = volume);
    }

    fn write_again(&mut self, units: Vec<Arc<AccessUnit>>) {
        self.is_rescuing = true;
        for unit in units {
            self.on(Event::Unit(unit));
        }
        self.is_rescuing = false;
    }

    /// Nothing more is asked of this file; what is queued for it is passed over.
    fn leave_disk(&self, open: &OpenFile, fault: &WriteFault) {
        open.disk.note_failure(fault.code);
        tracing::warn!(
            path = %self.context.plan.path, volume = %open.disk.volume.code, code = %fault.code, detail = %fault.detail,
            "a disk fails; recording goes on elsewhere"
        );
        if open.file.fault().is_none() {
            open.file.abandoned(fault.clone());
        }
    }

    /// What the memory could not hold until another disk was there for it is missing, and said.
    fn note_unkept(&self, open: &OpenFile, units: &[Arc<AccessUnit>]) {
        let end = if open.file.is_abandoned() { open.file.safe_end() } else { open.file.end() };
        let first = units.iter().find(|unit| unit.is_video()).map_or(end, |unit| unit.capture_at.to_millis());
        if first > end {
            self.context.causes.note(&self.context.plan.path, end, GapReason::Disk);
            self.signs.send_modify(|signs| signs.lost_ms += u64::try_from(first - end).unwrap_or(0));
        }
    }

    /// Leaves a file that takes no more. What it did not make safe, and all that follows, goes to another disk; without
    /// one nothing is recorded from here on, and this one is tried again later.
    pub(super) fn give_up_file(&mut self, from: UtcMillis, fault: WriteFault) {
        let Some(open) = &mut self.file else { return };
        let mut units = open.kept.take();
        let (disk, safe_end) = (Arc::clone(&open.disk), open.file.safe_end());
        let is_rescued = self.refuge_from(&disk).is_some();
        units.extend(self.cutter.take_gathered());
        if is_rescued && let Some(open) = &self.file {
            self.leave_disk(open, &fault);
            self.note_unkept(open, &units);
        }
        if !is_rescued {
            disk.note_failure(fault.code);
            self.retry_later();
        }
        // Actions of a fault never lead to another one.
        for action in self.cutter.on(Event::Faulted { from: if is_rescued { safe_end } else { from } }) {
            match action {
                Action::Close => self.close(),
                Action::Gap { from, reason } if !is_rescued => self.pause(from, reason),
                Action::Gap { .. } | Action::Open { .. } | Action::Append(_) => {}
            }
        }
        if is_rescued {
            self.retry_at = None;
            self.write_again(units);
        } else {
            self.refused(fault.code, fault.detail);
        }
    }

    /// A volume that is full, is taken away, or stood in for another is left at the next key frame; one that is not
    /// there any more, at once.
    pub(super) fn look_at_place(&mut self) {
        if self.placed_at.elapsed() < PLACE_AGAIN {
            return;
        }
        self.placed_at = Instant::now();
        let Some(open) = &self.file else { return };
        let disk = Arc::clone(&open.disk);
        match disk.refusal() {
            Some(why) if self.refuge_from(&disk).is_some() => {
                let from = open.seen_end;
                self.give_up_file(from, WriteFault { code: why.code, detail: why.to_string() });
            }
            Some(_) => {}
            // It goes at its next key frame: what it were told now another recorder waits for.
            None if self.cutter.is_moving() => {}
            None if self.context.placement.moves_on(&self.context.plan, &disk) => {
                tracing::info!(path = %self.path(), volume = %disk.volume.code, "recording goes on to another volume");
                self.on(Event::Move);
            }
            None if self.mirror.look(&self.context, &disk) => self.on(Event::Move),
            None => {}
        }
        self.mirror.show(&self.signs);
    }

    /// Sees what became of the file: progress, or a fault of the writer.
    pub(super) fn look_at_file(&mut self) {
        self.look_at_closing();
        let Some(open) = &mut self.file else { return };
        let grown = open.has_grown();
        let end = open.seen_end;
        if grown {
            self.retry_after = RETRY.0;
            let now = UtcMillis::now();
            self.signs.send_modify(|signs| {
                let was_silent = signs.last_fragment_at.is_none_or(|last| now - last >= watchdog::SILENCE_MS);
                if was_silent || signs.disk.is_some() {
                    signs.recording_since = Some(now);
                }
                signs.last_fragment_at = Some(now);
                signs.disk = None;
                signs.overflowed = false;
            });
        }
        if let Some(fault) = open.file.fault() {
            self.give_up_file(end, fault);
        } else if open.waiting_since.is_some_and(|since| since.elapsed() >= BEHIND) {
            self.signs.send_if_modified(|signs| {
                let reason =
                    (ErrorCode::DiskSlow, "the disk takes nothing; what is recorded waits in memory".to_owned());
                signs.disk.replace(reason.clone()) != Some(reason)
            });
        }
    }
}
