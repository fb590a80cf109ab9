//! Puts fetched pictures into files, by the rules and with the means of a recorder: same names, same cuts, same volumes,
//! same group sync, same index.

use crate::recording::{
    container::{self, NewFile},
    engine::Engine,
    recorder::{Action, Cutter, Event, Grid, Piece, file_name},
    volume::{FileFacts, Job, SegmentFile, VolumeDisk},
};
use std::{sync::Arc, time::Duration};
use tokio::time::{Instant, sleep, timeout};
use watchwall_media::{StreamParams, fmp4::Sound};
use watchwall_model::{ErrorCode, Plan, Problem, SegmentOrigin, UtcMillis};

/// While the disk has more waiting than this, of whatever stream, it gets nothing more of ours.
const QUEUED_BYTES: u64 = 16 * 1024 * 1024;
/// Waited for at most so long; then the disk is too slow for this.
const DISK_WITHIN: Duration = Duration::from_secs(30);
const LOOK_AGAIN: Duration = Duration::from_millis(50);

/// Writes the files of one stretch.
pub struct FileWriter {
    engine: Arc<Engine>,
    plan: Plan,
    origin: SegmentOrigin,
    cutter: Cutter,
    open: Option<OpenFile>,
    closing: Vec<OpenFile>,
}

struct OpenFile {
    file: Arc<SegmentFile>,
    disk: Arc<VolumeDisk>,
    /// End of what the writers were given.
    handed_end: UtcMillis,
}

impl OpenFile {
    /// The index knows all that was written, if anything was.
    fn is_settled(&self) -> bool {
        self.handed_end == self.file.facts.start || self.file.is_settled()
    }
}

impl FileWriter {
    /// `origin`: where the pictures come from.
    pub fn new(engine: Arc<Engine>, plan: Plan, origin: SegmentOrigin) -> Self {
        let grid = Grid::new(engine.zone().clone(), plan.segment_minutes, &plan.path);
        Self { cutter: Cutter::new(grid, false), engine, plan, origin, open: None, closing: Vec::new() }
    }

    /// # Errors
    /// No volume takes the file, or the disk refuses.
    pub fn on(&mut self, event: Event) -> Result<(), Problem> {
        for action in self.cutter.on(event) {
            match action {
                Action::Open { params, start } => self.open(&params, start)?,
                Action::Append(piece) => self.append(piece)?,
                Action::Close => self.close(),
                // What the camera does not have stays the gap it is, with its reason.
                Action::Gap { .. } => {}
            }
        }
        Ok(())
    }

    fn open(&mut self, params: &StreamParams, start: UtcMillis) -> Result<(), Problem> {
        let path = self.plan.path.clone();
        let disk = self.engine.reconciler.placement.disk_for(&self.plan, None);
        let disk = disk.ok_or_else(|| Problem::new(ErrorCode::VolumeNotFound))?;
        if let Some(refusal) = disk.refusal() {
            return Err(refusal);
        }
        let candidate = disk.candidate();
        if candidate.is_full && candidate.oldest_at.is_some_and(|oldest| start < oldest) {
            // It would be the first to go, and take the time of what is recorded now.
            return Err(Problem::new(ErrorCode::DiskFull).with("volume", &candidate.code));
        }
        let marker = &disk.volume.marker;
        let new = NewFile { path: &path, volume_marker: marker, start, sound: Sound::from(false) };
        let init = container::init(params, &new)?;
        let video = params.video.as_ref();
        let file = Arc::new(SegmentFile::new(FileFacts {
            path: path.clone(),
            volume: disk.volume.code.clone(),
            start,
            video_codec: video.map(|video| video.codec_string.clone()).unwrap_or_default(),
            width: video.map_or(0, |video| video.width),
            height: video.map_or(0, |video| video.height),
            has_audio: false,
            origin: self.origin,
        }));
        let zone = self.engine.zone().clone();
        let name = Box::new(move |attempt| file_name(&path, start, &zone, attempt));
        // Before there is a file: whoever finds it on the disk knows that it is being written.
        self.engine.archive.open.insert(&file);
        // Opening is always taken.
        let _ = disk.push(&file, Job::Open { name, init });
        self.open = Some(OpenFile { file, disk, handed_end: start });
        Ok(())
    }

    fn append(&mut self, piece: Piece) -> Result<(), Problem> {
        let Some(open) = &mut self.open else { return Ok(()) };
        let end_ms = i64::from(piece.start_ms) + i64::from(piece.duration_ms);
        let append = container::fragment(piece, Sound::from(false))?;
        if open.disk.push(&open.file, Job::Append(append)).is_err() {
            return Err(slow(&open.disk));
        }
        open.handed_end = open.file.facts.start.saturating_add_ms(end_ms);
        Ok(())
    }

    fn close(&mut self) {
        let Some(open) = self.open.take() else { return };
        let _ = open.disk.push(&open.file, Job::Close);
        self.closing.push(open);
    }

    /// Waits while the disk has enough to do with what is recorded now.
    ///
    /// # Errors
    /// `disk_slow`, or why a file takes no more.
    pub async fn settle(&mut self) -> Result<(), Problem> {
        self.check()?;
        let Some(open) = &self.open else { return Ok(()) };
        let until = Instant::now() + DISK_WITHIN;
        while open.disk.figures().queued_bytes > QUEUED_BYTES {
            if Instant::now() >= until {
                return Err(slow(&open.disk));
            }
            sleep(LOOK_AGAIN).await;
        }
        Ok(())
    }

    /// Ends what is being written and waits until all of it is durable and in the index.
    ///
    /// # Errors
    /// As [`Self::settle`].
    pub async fn finish(&mut self) -> Result<(), Problem> {
        self.on(Event::Stop)?;
        let mut rounds = self.engine.archive.open.rounds();
        let settled = async {
            loop {
                self.check()?;
                if self.closing.iter().all(OpenFile::is_settled) {
                    return Ok(());
                }
                // The sender lives as long as the archive.
                let _ = rounds.changed().await;
            }
        };
        match timeout(DISK_WITHIN, settled).await {
            Ok(result) => result,
            Err(_) => {
                Err(self.closing.first().map_or_else(|| Problem::new(ErrorCode::DiskSlow), |open| slow(&open.disk)))
            }
        }
    }

    /// Ends what is being written without waiting; what the writers were given is made durable by the volume.
    pub fn leave(&mut self) {
        // Whatever is wrong with the file was told before, or ends it here.
        let _ = self.on(Event::Stop);
    }

    /// How much is durable.
    pub fn safe_ms(&self) -> i64 {
        self.closing.iter().chain(&self.open).map(|open| open.file.safe_end() - open.file.facts.start).sum()
    }

    fn check(&self) -> Result<(), Problem> {
        for open in self.closing.iter().chain(&self.open) {
            if let Some(fault) = open.file.fault() {
                if !open.file.has_fragments() {
                    self.engine.archive.open.remove(&open.file);
                }
                open.disk.note_failure(fault.code);
                let problem = Problem::new(fault.code).with("volume", &open.disk.volume.code);
                return Err(problem.because(fault.detail));
            }
        }
        Ok(())
    }
}

impl Drop for FileWriter {
    /// However an attempt ends, no file is left open.
    fn drop(&mut self) {
        self.leave();
    }
}

fn slow(disk: &VolumeDisk) -> Problem {
    Problem::new(ErrorCode::DiskSlow).with("volume", &disk.volume.code)
}
