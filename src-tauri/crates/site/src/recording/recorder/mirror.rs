//! The second copy of a recorder's file, on a mirror volume: both are given the same. A copy that fails is let go and
//! costs the first nothing; the next one begins with the next file, which is begun early for it.

use super::{
    actor::{RecorderContext, begin_file},
    watchdog::Signs,
};
use crate::recording::volume::{Append, Job, SegmentFile, VolumeDisk, WriteFault};
use std::{
    sync::Arc,
    time::{Duration, Instant},
};
use tokio::sync::watch;
use watchwall_media::StreamParams;
use watchwall_model::{ErrorCode, UtcMillis};

/// After a failure no new copy is begun for so long, doubled up to the second figure: each one cuts the first too.
const RETRY: (Duration, Duration) = (Duration::from_secs(10), Duration::from_secs(600));

/// See the module.
#[derive(Default)]
pub(super) struct Mirror {
    /// Begins nothing: what is written has its copy.
    is_off: bool,
    open: Option<(Arc<SegmentFile>, Arc<VolumeDisk>)>,
    fault: Option<ErrorCode>,
    retry_at: Option<Instant>,
    retry_after: Duration,
}

impl Mirror {
    pub fn off() -> Self {
        Self { is_off: true, ..Self::default() }
    }

    /// Begins a copy of a file that begins, if its plan wants one and a mirror that is not its own volume takes it.
    pub fn open(&mut self, context: &RecorderContext, first: &VolumeDisk, params: &StreamParams, start: UtcMillis) {
        if self.is_off || !context.plan.mirror || self.retry_at.is_some_and(|at| Instant::now() < at) {
            return;
        }
        let Some(disk) = context.placement.mirror_for(Some(&first.volume.code)) else {
            self.fault = Some(ErrorCode::MirrorMissing);
            return;
        };
        match begin_file(context, &disk, params, start) {
            Ok(file) => {
                if self.fault.take().is_some() {
                    tracing::info!(path = %context.plan.path, volume = %disk.volume.code, "a recording has its second copy");
                }
                self.open = Some((file, disk));
            }
            Err(problem) => self.note(problem.code),
        }
    }

    pub fn append(&mut self, context: &RecorderContext, append: &Append) {
        let Some((file, disk)) = &self.open else { return };
        if disk.push(file, Job::Append(append.clone())).is_err() {
            let detail = "the queue to the disk is full".to_owned();
            self.let_go(context, WriteFault { code: ErrorCode::DiskSlow, detail });
        }
    }

    pub fn close(&mut self, context: &RecorderContext) {
        let Some((file, disk)) = self.open.take() else { return };
        let _ = disk.push(&file, Job::Close);
        match file.fault() {
            Some(_) if !file.has_fragments() => context.open.remove(&file),
            Some(_) => {}
            None => self.retry_after = RETRY.0,
        }
    }

    /// Sees what became of the copy. True when one could begin and the first file is to be ended for it.
    pub fn look(&mut self, context: &RecorderContext, first: &VolumeDisk) -> bool {
        if let Some((file, disk)) = &self.open {
            let refusal = || disk.refusal().map(|why| WriteFault { code: why.code, detail: why.to_string() });
            match file.fault().or_else(refusal) {
                Some(fault) => self.let_go(context, fault),
                // It is being removed: nothing is wrong.
                None if !disk.mirror_candidate().can_record => self.close(context),
                None => {}
            }
            return false;
        }
        let may_try = context.plan.mirror && self.retry_at.is_none_or(|at| Instant::now() >= at);
        may_try && context.placement.mirror_for(Some(&first.volume.code)).is_some()
    }

    fn let_go(&mut self, context: &RecorderContext, fault: WriteFault) {
        let Some((file, disk)) = self.open.clone() else { return };
        tracing::warn!(
            path = %context.plan.path, volume = %disk.volume.code, code = %fault.code, detail = %fault.detail,
            "the second copy of a recording fails; the first goes on"
        );
        disk.note_failure(fault.code);
        self.note(fault.code);
        if file.fault().is_none() {
            file.abandoned(fault);
        }
        self.close(context);
    }

    fn note(&mut self, code: ErrorCode) {
        self.fault = Some(code);
        self.retry_after = if self.retry_after.is_zero() { RETRY.0 } else { (self.retry_after * 2).min(RETRY.1) };
        self.retry_at = Some(Instant::now() + self.retry_after);
    }

    /// Where the copy is, or why there is none.
    pub fn show(&self, signs: &watch::Sender<Signs>) {
        let place = self.open.as_ref().map(|(_, disk)| disk.volume.code.clone());
        let fault = self.fault.filter(|_| place.is_none());
        signs.send_if_modified(|signs| {
            let differs = signs.copied_on != place || signs.copy_fault != fault;
            (signs.copied_on, signs.copy_fault) = (place, fault);
            differs
        });
    }
}
