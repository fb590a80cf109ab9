//! Writes a stretch of a stream that no plan records: what memory still holds of it, and what comes until its end.
//!
//! By the rules and with the means of a recorder: it lies in the recording like any other. Two that overlap are one.

use super::{
    engine::Engine,
    gap_fill::FileWriter,
    handle::Recording,
    recorder::Event,
    streams::{StreamSource, StreamTap},
};
use std::{
    collections::{HashMap, VecDeque},
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};
use tokio::{
    sync::watch,
    time::{Instant, timeout_at},
};
use watchwall_media::{
    AccessUnit,
    hub::{Received, SubscriberClass, Subscription},
};
use watchwall_model::{ErrorCode, Plan, Problem, SegmentOrigin, StreamPath, TimeRange, UtcMillis};

/// The stream may deliver its last picture so much later.
const GRACE: Duration = Duration::from_secs(5);
/// A stretch ends after this long at the latest, however often it is asked for again.
const LONGEST_MS: i64 = 3_600_000;
/// Streams written at a time.
const MOST: usize = 64;

/// Streams that are being written, and until when.
#[derive(Clone, Default)]
pub struct Keepers(Arc<Mutex<HashMap<StreamPath, Keeper>>>);

struct Keeper {
    until: watch::Sender<UtcMillis>,
    /// Moves when it has ended.
    ended: watch::Receiver<bool>,
}

/// Its place in the list, given up however it ends.
struct Place<'a> {
    keepers: &'a Keepers,
    path: &'a StreamPath,
    _ended: watch::Sender<bool>,
}

impl Drop for Place<'_> {
    fn drop(&mut self) {
        self.keepers.0.lock().unwrap_or_else(PoisonError::into_inner).remove(self.path);
    }
}

impl Keepers {
    /// Returns when it is on disk.
    ///
    /// # Errors
    /// `camera_not_found`, `no_recording` when no picture came, and what the disk says.
    pub async fn keep(
        &self,
        engine: Arc<Engine>,
        source: &dyn StreamSource,
        path: &StreamPath,
        range: TimeRange,
    ) -> Result<(), Problem> {
        let (until, place) = loop {
            match self.begin(path, range.end)? {
                Begun::New { until, place } => break (until, place),
                Begun::Longer(mut ended) => {
                    // Ended is also when its sender is gone.
                    let _ = ended.wait_for(|ended| *ended).await;
                    // It may have been about to end when it was asked for more.
                    if UtcMillis::now() >= range.end {
                        return Ok(());
                    }
                }
            }
        };
        let tap = source.stream(path).ok_or_else(|| Problem::new(ErrorCode::CameraNotFound).with("path", path))?;
        let mut writer = FileWriter::new(engine, Plan::continuous(path.clone()), SegmentOrigin::Live);
        let wrote = write(&tap, &mut writer, range, until).await;
        let finished = writer.finish().await;
        drop(place);
        if wrote? { finished } else { Err(Problem::new(ErrorCode::NoRecording).with("path", path)) }
    }

    fn begin<'a>(&'a self, path: &'a StreamPath, end: UtcMillis) -> Result<Begun<'a>, Problem> {
        let mut all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(keeper) = all.get(path) {
            keeper.until.send_if_modified(|until| {
                let is_later = end > *until;
                *until = end.max(*until);
                is_later
            });
            return Ok(Begun::Longer(keeper.ended.clone()));
        }
        if all.len() >= MOST {
            return Err(Problem::new(ErrorCode::DiskSlow).with("path", path).at("keep"));
        }
        let (until, seen) = watch::channel(end);
        let (ending, ended) = watch::channel(false);
        all.insert(path.clone(), Keeper { until, ended });
        Ok(Begun::New { until: seen, place: Place { keepers: self, path, _ended: ending } })
    }
}

enum Begun<'a> {
    New {
        until: watch::Receiver<UtcMillis>,
        place: Place<'a>,
    },
    /// It is being written already, and goes on for longer now.
    Longer(watch::Receiver<bool>),
}

/// Whether there was a picture.
async fn write(
    tap: &StreamTap,
    writer: &mut FileWriter,
    range: TimeRange,
    mut until: watch::Receiver<UtcMillis>,
) -> Result<bool, Problem> {
    // First: what comes while memory is read is in one of them, or in both.
    let mut live = tap.hub.subscribe(SubscriberClass::Recorder);
    let mut kept: VecDeque<Arc<AccessUnit>> = tap.hub.ring_since(range.start.to_micros()).into();
    let (begun, mut last) = (UtcMillis::now(), None);
    loop {
        let end = (*until.borrow_and_update()).min(begun.saturating_add_ms(LONGEST_MS));
        let unit = match kept.pop_front() {
            Some(unit) => unit,
            None => match next(&mut live, end, &mut until).await {
                Next::Unit(unit) if last.is_some_and(|last| unit.sequence <= last) => continue,
                Next::Unit(unit) => unit,
                Next::Lost => {
                    writer.on(Event::Lost)?;
                    continue;
                }
                Next::Longer => continue,
                Next::End => return Ok(last.is_some()),
            },
        };
        if unit.capture_at.to_millis() >= end && unit.is_video() {
            writer.on(Event::Pause { next: Some(unit) })?;
            return Ok(last.is_some());
        }
        last = Some(unit.sequence);
        writer.on(Event::Unit(unit))?;
        if kept.is_empty() {
            writer.settle().await?;
        }
    }
}

enum Next {
    Unit(Arc<AccessUnit>),
    Lost,
    /// The end is another one now.
    Longer,
    End,
}

async fn next(live: &mut Subscription, end: UtcMillis, until: &mut watch::Receiver<UtcMillis>) -> Next {
    let left = u64::try_from(end - UtcMillis::now()).unwrap_or(0);
    let deadline = Instant::now() + Duration::from_millis(left) + GRACE;
    tokio::select! {
        received = timeout_at(deadline, live.recv()) => match received {
            Ok(Received::Unit(unit)) => Next::Unit(unit),
            Ok(Received::Lost { .. }) => Next::Lost,
            Ok(Received::Closed) | Err(_) => Next::End,
        },
        Ok(()) = until.changed() => Next::Longer,
    }
}

impl Recording {
    /// Writes a stretch that no plan records: what memory holds of it and what comes until its end. Returns when it is
    /// on disk.
    ///
    /// # Errors
    /// `camera_not_found`, `no_recording` when no picture came, and what the disk says.
    pub async fn keep(&self, path: &StreamPath, range: TimeRange) -> Result<(), Problem> {
        self.keepers().keep(self.engine(), self.source(), path, range).await
    }

    /// What of a stretch is on disk: from its first picture to the end of the last; `None` when nothing is.
    ///
    /// # Errors
    /// When index or disk cannot be read.
    pub async fn on_disk(&self, path: &StreamPath, range: TimeRange) -> Result<Option<TimeRange>, Problem> {
        match self.clips(path, range).await {
            Ok(clips) => {
                let ends = clips.first().map(|clip| clip.range.start).zip(clips.last().map(|clip| clip.range.end));
                Ok(ends.and_then(|(start, end)| TimeRange::new(start, end)))
            }
            Err(problem) if problem.code == ErrorCode::NoRecording => Ok(None),
            Err(problem) => Err(problem),
        }
    }
}
