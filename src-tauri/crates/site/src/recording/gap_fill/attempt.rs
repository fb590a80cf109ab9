//! One try at one stretch.

use super::{
    edge::{EdgeRecording, EdgeStorage},
    find::{self, missing},
    fit::{Fit, Fitter},
    progress::Progress,
    retry::Ended,
    writer::FileWriter,
};
use crate::recording::{handle::Recording, recorder::Event};
use std::{sync::Arc, time::Duration};
use tokio::time::{MissedTickBehavior, interval};
use tokio_util::sync::CancellationToken;
use watchwall_media::ingest::{Bandwidth, Replay, ReplayRequest, replay};
use watchwall_model::{ErrorCode, GapFillRow, Plan, Problem, SegmentOrigin, TimeRange, UtcMillis};

/// Whether live pictures suffer is looked at this often.
const LOOK_EVERY: Duration = Duration::from_secs(1);

/// What an attempt works with.
pub struct Attempt {
    pub recording: Recording,
    pub edge: Arc<dyn EdgeStorage>,
    pub bandwidth: Bandwidth,
    pub row: GapFillRow,
    pub progress: Arc<Progress>,
    pub stop: CancellationToken,
}

impl Attempt {
    /// Fetches what is missing of the stretch and what the camera has of it.
    pub async fn run(&self) -> Ended {
        match self.try_all().await {
            Ok(()) => Ended::Complete,
            Err(problem) => Ended::Broken(problem),
        }
    }

    async fn try_all(&self) -> Result<(), Problem> {
        let path = &self.row.path;
        let plan = self.recording.index().plan(path).await?;
        let plan = plan.ok_or_else(|| Problem::new(ErrorCode::NotFound).with("what", "plan"))?;
        if self.missing(&plan).await?.is_empty() {
            return Ok(());
        }
        self.yield_to_live()?;
        let held = self.held().await?;
        let stretches = |missing: Vec<TimeRange>| -> Vec<TimeRange> {
            let held = missing.into_iter().filter_map(|stretch| stretch.intersect(held.range));
            held.filter(|stretch| stretch.duration_ms() >= find::SHORTEST_MS).collect()
        };
        let wanted = stretches(self.missing(&plan).await?);
        if wanted.is_empty() {
            return Err(Problem::new(ErrorCode::NoRecording).with("path", path));
        }
        let mut so_far = Sofar::default();
        for stretch in wanted {
            self.fetch(&plan, &held, stretch, &mut so_far).await?;
        }
        // A camera may have holes of its own: what it did not give twice it does not have.
        let is_whole = stretches(self.missing(&plan).await?).is_empty();
        match (is_whole, so_far.filled_ms) {
            (true, _) => Ok(()),
            (false, 0) => Err(Problem::new(ErrorCode::NoRecording).with("path", path)),
            (false, _) => Err(Problem::new(ErrorCode::StreamEnded).at("replay").with("path", path)),
        }
    }

    async fn held(&self) -> Result<EdgeRecording, Problem> {
        tokio::select! {
            () = self.stop.cancelled() => Err(cancelled()),
            held = self.edge.recording(&self.row.path) => held,
        }
    }

    /// What is not recorded of the stretch and would be kept.
    async fn missing(&self, plan: &Plan) -> Result<Vec<TimeRange>, Problem> {
        let range = self.row.range;
        let kept_since = find::since(UtcMillis::now(), u32::MAX, plan.retention_days);
        let Some(range) = TimeRange::new(range.start.max(kept_since), range.end) else { return Ok(Vec::new()) };
        let tracks = self.recording.timeline(std::slice::from_ref(&plan.path), range, 0).await?;
        let covered: Vec<TimeRange> = tracks.into_iter().flat_map(|(_, track)| track.coverage).collect();
        Ok(missing(&[range], &covered, range))
    }

    /// # Errors
    /// `camera_busy` while the camera does not give its live streams.
    fn yield_to_live(&self) -> Result<(), Problem> {
        if self.edge.is_clear(&self.row.path) {
            return Ok(());
        }
        Err(Problem::new(ErrorCode::CameraBusy).at("live").with("path", &self.row.path))
    }

    async fn fetch(
        &self,
        plan: &Plan,
        held: &EdgeRecording,
        stretch: TimeRange,
        so_far: &mut Sofar,
    ) -> Result<(), Problem> {
        let request = ReplayRequest { range: stretch, ..held.request.clone() };
        tracing::info!(
            path = %plan.path, from = stretch.start.0, ms = stretch.duration_ms(),
            "a gap is fetched from the camera's storage"
        );
        let opened = tokio::select! {
            () = self.stop.cancelled() => return Err(cancelled()),
            opened = replay(&request, self.edge.options(), self.bandwidth.clone()) => opened,
        };
        let mut session = opened?;
        let mut writer = FileWriter::new(self.recording.engine(), plan.clone(), SegmentOrigin::Camera);
        let mut fitter = Fitter::new(stretch);
        let copied = self.copy(&mut session, &mut fitter, &mut writer, so_far).await;
        so_far.read_bytes += session.read_bytes();
        self.progress.set_read(so_far.read_bytes);
        session.stop().await;
        // What came is kept, whatever ended it.
        let finished = match &copied {
            Err(problem) if problem.code == ErrorCode::JobCancelled => {
                writer.leave();
                Ok(())
            }
            _ => writer.finish().await,
        };
        so_far.filled_ms += writer.safe_ms();
        self.progress.set_filled(so_far.filled_ms);
        copied.and(finished)?;
        if !fitter.has_begun() {
            return Err(Problem::new(ErrorCode::NoRecording).at("replay").with("path", &plan.path));
        }
        Ok(())
    }

    /// Until the stretch or the device ends.
    async fn copy(
        &self,
        session: &mut Replay,
        fitter: &mut Fitter,
        writer: &mut FileWriter,
        so_far: &Sofar,
    ) -> Result<(), Problem> {
        let mut look = interval(LOOK_EVERY);
        look.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            let unit = tokio::select! {
                biased;
                () = self.stop.cancelled() => return Err(cancelled()),
                _ = look.tick() => {
                    self.yield_to_live()?;
                    writer.settle().await?;
                    self.progress.set_read(so_far.read_bytes + session.read_bytes());
                    self.progress.set_filled(so_far.filled_ms + writer.safe_ms());
                    continue;
                }
                unit = session.next() => unit?,
            };
            let Some(unit) = unit else {
                return match fitter.end() {
                    Some(next) => writer.on(Event::Pause { next: Some(next) }),
                    None => Ok(()),
                };
            };
            match fitter.take(unit)? {
                Fit::Write(units) => {
                    for unit in units {
                        writer.on(Event::Unit(unit))?;
                    }
                }
                Fit::End(next) => return writer.on(Event::Pause { next: Some(next) }),
            }
        }
    }
}

/// What an attempt has come to.
#[derive(Default)]
struct Sofar {
    read_bytes: u64,
    filled_ms: i64,
}

fn cancelled() -> Problem {
    Problem::new(ErrorCode::JobCancelled).at("gap_fill")
}
