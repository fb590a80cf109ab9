//! The task of one recorder.

use super::{
    cutter::{Action, Cutter, Event, Piece},
    gate::Gate,
    grid::{Grid, file_name},
    kept::Kept,
    mirror::Mirror,
    watchdog::{Signs, Standing},
};
use crate::recording::{
    archive::OpenFiles,
    causes::CauseLog,
    container::{self, NewFile},
    placement::Placement,
    streams::{StreamSource, StreamTap},
    triggers::Desk,
    volume::{FileFacts, Job, SegmentFile, VolumeDisk, WriteFault},
};
use jiff::tz::TimeZone;
use std::{
    sync::Arc,
    time::{Duration, Instant},
};
use tokio::sync::watch;
use watchwall_media::{
    StreamParams,
    fmp4::Sound,
    hub::{Received, Subscription},
};
use watchwall_model::{ErrorCode, GapReason, Phase, Plan, Problem, SegmentOrigin, StreamPath, UtcMicros, UtcMillis};

/// Units taken under one lock of the hub.
const INBOX: usize = 256;
/// After a refused write the next file is tried after this, doubled up to the second figure.
pub(super) const RETRY: (Duration, Duration) = (Duration::from_secs(1), Duration::from_secs(10));

/// What a recorder works with.
pub struct RecorderContext {
    pub plan: Plan,
    pub zone: TimeZone,
    pub placement: Arc<Placement>,
    pub open: Arc<OpenFiles>,
    pub causes: CauseLog,
    pub source: Arc<dyn StreamSource>,
    /// Where triggers come.
    pub desk: Arc<Desk>,
}

pub(super) struct Recorder {
    pub(super) context: RecorderContext,
    pub(super) cutter: Cutter,
    pub(super) gate: Gate,
    pub(super) signs: watch::Sender<Signs>,
    /// Where the newest file was, or why there is none.
    pub(super) disk: Option<Arc<VolumeDisk>>,
    pub(super) file: Option<OpenFile>,
    /// Given to the writers whole, and not all of it safe yet.
    pub(super) closing: Vec<OpenFile>,
    pub(super) mirror: Mirror,
    /// What a failed disk did not keep is being written again; another failure now is not answered so.
    pub(super) is_rescuing: bool,
    pub(super) placed_at: Instant,
    pub(super) gap: Option<(UtcMillis, GapReason)>,
    /// Last noted reason of a gap; it holds until another one is.
    pub(super) noted: Option<GapReason>,
    /// When the newest picture was taken that went into a file.
    pub(super) last_capture: Option<UtcMicros>,
    /// Since when the recording under way was wanted.
    pub(super) began_at: UtcMicros,
    /// While the ring is taken over: older pictures are left out.
    pub(super) stale_before: Option<Instant>,
    /// Since when nothing more is wanted while no key frame ends the file.
    pub(super) unwanted_since: Option<Instant>,
    pub(super) retry_at: Option<Instant>,
    pub(super) retry_after: Duration,
    /// Kept so that a poll allocates nothing.
    inbox: Vec<Received>,
}

/// What taking from the hub came to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Drained {
    All,
    /// The hub has closed.
    Closed,
    /// No more is wanted.
    Ended,
}

pub(super) struct OpenFile {
    pub file: Arc<SegmentFile>,
    pub disk: Arc<VolumeDisk>,
    pub kept: Kept,
    pub seen_end: UtcMillis,
    /// End of what the writers were given.
    pub handed_end: UtcMillis,
    /// Since when the writers have been holding something without taking a step.
    pub waiting_since: Option<Instant>,
}

impl OpenFile {
    fn new(file: Arc<SegmentFile>, disk: Arc<VolumeDisk>) -> Self {
        let start = file.facts.start;
        Self { file, disk, kept: Kept::default(), seen_end: start, handed_end: start, waiting_since: None }
    }

    fn handed(&mut self, end: UtcMillis) {
        self.handed_end = end;
        self.waiting_since.get_or_insert_with(Instant::now);
    }

    /// Nothing of it can be lost to this disk any more.
    pub fn is_safe(&self) -> bool {
        self.file.safe_end() >= self.handed_end
    }

    /// Why this disk is not to be waited for, if so.
    pub fn fault(&self) -> Option<WriteFault> {
        let refusal = || self.disk.refusal().map(|why| WriteFault { code: why.code, detail: why.to_string() });
        self.file.fault().or_else(refusal)
    }

    /// Notices what the writers did; true when there is more than before.
    pub fn has_grown(&mut self) -> bool {
        self.kept.safe_until(self.file.safe_end());
        let end = self.file.end();
        let grown = end > self.seen_end;
        if grown {
            self.seen_end = end;
            self.waiting_since = (end < self.handed_end).then(Instant::now);
        }
        grown
    }
}

impl Recorder {
    pub fn new(context: RecorderContext, signs: watch::Sender<Signs>) -> Self {
        let cutter = Cutter::new(grid(&context), context.plan.audio);
        let gate = Gate::new(context.plan.clone(), context.zone.clone(), UtcMillis::now());
        Self {
            context,
            cutter,
            gate,
            signs,
            disk: None,
            file: None,
            closing: Vec::new(),
            mirror: Mirror::default(),
            is_rescuing: false,
            placed_at: Instant::now(),
            gap: None,
            noted: None,
            last_capture: None,
            began_at: UtcMicros(0),
            stale_before: None,
            unwanted_since: None,
            retry_at: None,
            retry_after: RETRY.0,
            inbox: Vec::new(),
        }
    }

    pub(super) fn path(&self) -> &StreamPath {
        &self.context.plan.path
    }

    /// Takes everything the hub has for us, as long as it is wanted.
    pub(super) fn drain(&mut self, subscription: &mut Subscription) -> Drained {
        let mut drained = Drained::All;
        let mut inbox = std::mem::take(&mut self.inbox);
        // A closed hub says so for ever.
        while drained == Drained::All && subscription.drain(&mut inbox, INBOX) > 0 {
            for received in inbox.drain(..) {
                match received {
                    Received::Unit(unit) if self.is_stale(&unit) => {}
                    Received::Unit(unit) if self.ends_at(&unit) => {
                        self.end_at(unit);
                        drained = Drained::Ended;
                        break;
                    }
                    Received::Unit(unit) if self.may_write() => {
                        if unit.is_video() {
                            self.last_capture = Some(unit.capture_at);
                        }
                        self.on(Event::Unit(unit));
                    }
                    Received::Unit(_) => {}
                    Received::Lost { units, ms } => {
                        tracing::warn!(path = %self.path(), units, ms, "a recorder fell behind its stream; a gap follows");
                        self.signs.send_modify(|signs| signs.overflowed = true);
                        self.on(Event::Lost);
                    }
                    Received::Closed => drained = Drained::Closed,
                }
            }
        }
        self.inbox = inbox;
        drained
    }

    /// A volume that refuses, or refused a moment ago, is left alone.
    fn may_write(&mut self) -> bool {
        if self.file.is_some() {
            return true;
        }
        if self.retry_at.is_some_and(|at| Instant::now() < at) {
            return false;
        }
        self.choose_disk().is_some()
    }

    /// The disk that the next file goes to; `None`, said in the signs, when none takes it.
    fn choose_disk(&mut self) -> Option<Arc<VolumeDisk>> {
        let disk = self.context.placement.disk_for(&self.context.plan, self.disk.as_deref());
        let refusal = match &disk {
            Some(disk) => disk.refusal(),
            None => Some(Problem::new(ErrorCode::VolumeNotFound)),
        };
        self.disk = disk;
        match refusal {
            None => self.disk.clone(),
            Some(problem) => {
                self.retry_later();
                self.refused(problem.code, problem.to_string());
                None
            }
        }
    }

    pub(super) fn retry_later(&mut self) {
        self.retry_at = Some(Instant::now() + self.retry_after);
        self.retry_after = (self.retry_after * 2).min(RETRY.1);
    }

    /// Notes that the disk is why nothing is recorded, once.
    pub(super) fn refused(&mut self, code: ErrorCode, detail: String) {
        if self.gap.is_none_or(|(_, reason)| reason != GapReason::Disk) {
            self.pause(UtcMillis::now(), GapReason::Disk);
        }
        self.signs.send_if_modified(|signs| {
            let reason = Some((code, detail));
            let differs = signs.disk != reason;
            signs.disk = reason;
            differs
        });
    }

    pub(super) fn pause(&mut self, from: UtcMillis, reason: GapReason) {
        self.gap = Some((from, reason));
        // Between events it holds on, and one row says so for all of them.
        if reason == GapReason::PlannedOff && self.noted == Some(reason) {
            return;
        }
        self.noted = Some(reason);
        self.context.causes.note(&self.context.plan.path, from, reason);
    }

    pub(super) fn on(&mut self, event: Event) {
        for action in self.cutter.on(event) {
            match action {
                Action::Open { params, start } => self.open(params, start),
                Action::Append(piece) => self.append(piece),
                Action::Close => self.close(),
                Action::Gap { from, reason } => self.pause(from, reason),
            }
        }
    }

    fn open(&mut self, params: Arc<StreamParams>, start: UtcMillis) {
        let Some(disk) = self.choose_disk() else {
            self.cutter.on(Event::Stop);
            return;
        };
        let file = match begin_file(&self.context, &disk, &params, start) {
            Ok(file) => file,
            Err(problem) => return self.cannot_hold(&problem),
        };
        self.mirror.open(&self.context, &disk, &params, start);
        let code = &disk.volume.code;
        self.signs.send_if_modified(|signs| signs.volume.replace(code.clone()).as_ref() != Some(code));
        self.file = Some(OpenFile::new(file, disk));
        self.end_gap(start);
    }

    fn end_gap(&mut self, at: UtcMillis) {
        if let Some((from, GapReason::Disk | GapReason::Us)) = self.gap.take() {
            let lost = u64::try_from(at - from).unwrap_or(0);
            self.signs.send_modify(|signs| signs.lost_ms += lost);
        }
    }

    fn cannot_hold(&mut self, problem: &Problem) {
        tracing::warn!(path = %self.path(), error = %problem, "this stream cannot be recorded");
        self.retry_later();
        self.refused(problem.code, problem.to_string());
        self.cutter.on(Event::Stop);
    }

    fn append(&mut self, piece: Piece) {
        let Some(open) = &mut self.file else { return };
        let (start_ms, end_ms) = (piece.start_ms, piece.start_ms.saturating_add(piece.duration_ms));
        let from = open.file.facts.start.saturating_add_ms(i64::from(start_ms));
        open.kept.push(from, piece.is_key, piece.units.clone());
        let append = match container::fragment(piece, Sound::from(self.context.plan.audio)) {
            Ok(append) => append,
            Err(problem) => return self.cannot_hold(&problem),
        };
        self.mirror.append(&self.context, &append);
        let pushed = open.disk.push(&open.file, Job::Append(append));
        open.handed(open.file.facts.start.saturating_add_ms(i64::from(end_ms)));
        if pushed.is_err() {
            let detail = "the queue to the disk is full".to_owned();
            self.give_up_file(from, WriteFault { code: ErrorCode::DiskSlow, detail });
        }
    }

    pub(super) fn close(&mut self) {
        self.mirror.close(&self.context);
        let Some(open) = self.file.take() else { return };
        self.signs.send_modify(|signs| signs.volume = None);
        let _ = open.disk.push(&open.file, Job::Close);
        let has_failed = open.file.fault().is_some();
        if has_failed && !open.file.has_fragments() {
            self.context.open.remove(&open.file);
        }
        // It may have failed since it was looked at last: what it did not make safe is still at hand.
        if !has_failed || !open.kept.is_empty() {
            self.closing.push(open);
        }
    }

    pub(super) fn show(&self, tap: &StreamTap) {
        let phase = (tap.phase)();
        let live_at = matches!(phase, Phase::Live).then(UtcMillis::now);
        self.signs.send_if_modified(|signs| {
            signs.live_at = live_at.or(signs.live_at);
            let phase = Some(phase);
            let differs = signs.phase != phase;
            signs.phase = phase;
            differs
        });
    }

    /// What it stands at counts from now on.
    pub(super) fn stand(&self, standing: Standing) {
        self.signs.send_if_modified(|signs| {
            let differs = signs.standing != standing;
            if differs {
                *signs = Signs {
                    standing,
                    phase: signs.phase.take(),
                    lost_ms: signs.lost_ms,
                    ..Signs::starting(UtcMillis::now())
                };
            }
            differs
        });
    }
}

/// Has a disk make a file for what begins.
///
/// # Errors
/// When a file cannot hold this stream.
pub(super) fn begin_file(
    context: &RecorderContext,
    disk: &VolumeDisk,
    params: &StreamParams,
    start: UtcMillis,
) -> Result<Arc<SegmentFile>, Problem> {
    let (path, with_audio) = (context.plan.path.clone(), context.plan.audio);
    let volume = &disk.volume;
    let new = NewFile { path: &path, volume_marker: &volume.marker, start, sound: Sound::from(with_audio) };
    let init = container::init(params, &new)?;
    let video = params.video.as_ref();
    let file = Arc::new(SegmentFile::new(FileFacts {
        path: path.clone(),
        volume: volume.code.clone(),
        start,
        video_codec: video.map(|v| v.codec_string.clone()).unwrap_or_default(),
        width: video.map_or(0, |v| v.width),
        height: video.map_or(0, |v| v.height),
        has_audio: with_audio && params.audio.is_some(),
        origin: SegmentOrigin::Live,
    }));
    let zone = context.zone.clone();
    let name = Box::new(move |attempt| file_name(&path, start, &zone, attempt));
    // Before there is a file: whoever finds it on the disk knows that it is being written.
    context.open.insert(&file);
    // Opening is always taken.
    let _ = disk.push(&file, Job::Open { name, init });
    Ok(file)
}

pub(super) fn grid(context: &RecorderContext) -> Grid {
    Grid::new(context.zone.clone(), context.plan.segment_minutes, &context.plan.path)
}
