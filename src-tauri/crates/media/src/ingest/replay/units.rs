//! From pictures with wall-clock times to access units, as if they had arrived when they were taken.

use super::depay::Picture;
use crate::{AccessUnit, StreamParams, Track, UnitParts, VideoParams, ingest::timeline::Timeline};
use std::{
    sync::Arc,
    time::{Duration, Instant},
};
use watchwall_model::{ErrorCode, Problem, UtcMicros};

/// A picture that lies further back than this behind another is not reordered: the device jumps about.
const BACK_US: i64 = 1_000_000;
/// Frames per second where the device does not say.
const USUAL_RATE: f32 = 25.0;

#[derive(Debug)]
pub struct UnitMaker {
    clock_offset_us: i64,
    params: Option<Arc<StreamParams>>,
    generation: u32,
    timeline: Option<Timeline>,
    first: Option<(UtcMicros, Instant)>,
    newest: Option<UtcMicros>,
    sequence: u64,
}

impl UnitMaker {
    pub const fn new(clock_offset_ms: i64) -> Self {
        Self {
            clock_offset_us: clock_offset_ms * 1000,
            params: None,
            generation: 0,
            timeline: None,
            first: None,
            newest: None,
            sequence: 0,
        }
    }

    pub fn set_params(&mut self, video: VideoParams) {
        if self.params.as_ref().is_some_and(|params| params.video.as_ref() == Some(&video)) {
            return;
        }
        self.generation += 1;
        let depth = video.max_reorder_frames;
        match &mut self.timeline {
            Some(timeline) => timeline.set_reorder_depth(depth),
            None => {
                let rate = if video.frame_rate > 0.0 { video.frame_rate } else { USUAL_RATE };
                let duration = (video.clock_rate as f32 / rate) as u32;
                self.timeline = Some(Timeline::new(video.clock_rate, duration.max(1), depth, None));
            }
        }
        self.params = Some(Arc::new(StreamParams::new(self.generation, Some(video), None)));
    }

    /// `None` while nothing is known of the picture.
    ///
    /// # Errors
    /// `answer_invalid` for a picture that goes back in time.
    pub fn make(&mut self, picture: Picture) -> Result<Option<Arc<AccessUnit>>, Problem> {
        let (Some(params), Some(timeline)) = (&self.params, &mut self.timeline) else { return Ok(None) };
        if self.newest.is_some_and(|newest| picture.at.0 < newest.0 - BACK_US) {
            let problem = Problem::new(ErrorCode::AnswerInvalid).at("replay");
            return Err(problem.because("replayed pictures go back in time"));
        }
        self.newest = self.newest.max(Some(picture.at));
        let (first_at, born) = *self.first.get_or_insert_with(|| (picture.at, Instant::now()));
        let since_us = picture.at.0.saturating_sub(first_at.0);
        // As they arrived when they were taken: whoever compares the two finds that they agree.
        let received_at = born + Duration::from_micros(u64::try_from(since_us).unwrap_or(0));
        let clock_rate = params.video.as_ref().map_or(90_000, |video| video.clock_rate);
        let ticks = (i128::from(picture.at.0) * i128::from(clock_rate) / 1_000_000) as i64;
        let times = timeline.place(ticks, received_at, || 0);
        self.sequence += 1;
        Ok(Some(Arc::new(AccessUnit::new(UnitParts {
            track: Track::Video,
            data: picture.data,
            is_key: picture.is_key,
            is_discontinuity: self.sequence == 1,
            pts: times.pts,
            dts: times.dts,
            duration: times.duration,
            capture_at: UtcMicros(picture.at.0.saturating_sub(self.clock_offset_us)),
            received_at,
            sequence: self.sequence,
            params: Arc::clone(params),
        }))))
    }
}
