//! Watches a stream for a while, picture by picture: in a session of its own, or in the hub of one that runs.

use super::{
    probe::{ProbeReport, ProbeRequest, look},
    request::IngestOptions,
};
use crate::{
    AccessUnit, StreamParams,
    hub::{Hub, Received, SubscriberClass},
};
use std::{
    sync::Arc,
    time::{Duration, Instant},
};
use tokio::time::timeout_at;
use watchwall_model::{ErrorCode, Problem};

/// How long to watch.
#[derive(Clone, Copy, Debug)]
pub struct ObserveLimits {
    /// Whole GOPs wanted.
    pub gops: u32,
    pub at_least: Duration,
    /// Reached when key frames are far apart, or stay away.
    pub at_most: Duration,
}

/// One picture as it came.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SeenPicture {
    /// When its last byte came, after the first picture's.
    pub arrived_us: u64,
    /// When it is to be shown, after the first picture.
    pub shown_us: i64,
    pub size_bytes: u32,
    pub is_key: bool,
    /// Something was lost before it.
    pub follows_loss: bool,
}

/// What was seen.
#[derive(Clone, Debug)]
pub struct Observed {
    pub params: Arc<StreamParams>,
    /// From the first key frame on, in the order they came.
    pub pictures: Vec<SeenPicture>,
    /// How often the parameters changed.
    pub changes: u32,
    /// The last whole GOP, else what there is of the first.
    pub gop: Vec<Arc<AccessUnit>>,
    pub watched: Duration,
}

/// What was seen in a session of our own.
#[derive(Clone, Debug)]
pub struct Observation {
    pub report: ProbeReport,
    pub lost_packets: u64,
    pub observed: Observed,
}

/// Pictures remembered: 120 a second for 20 seconds.
const MOST_PICTURES: usize = 2_400;
/// Units of a GOP kept to be decoded.
const MOST_OF_GOP: usize = 600;

/// Opens the stream, watches it and closes it with a TEARDOWN. Its first picture is there by `deadline`.
///
/// # Errors
/// As [`probe`](super::probe()).
pub async fn observe(
    request: ProbeRequest,
    options: &IngestOptions,
    limits: ObserveLimits,
    deadline: Duration,
) -> Result<Observation, Problem> {
    let (_, mut watching) = look(request, options, deadline).await?;
    let hub = Arc::clone(watching.hub());
    let seen = tokio::select! {
        seen = observe_hub(&hub, limits) => seen.ok_or_else(|| Problem::new(ErrorCode::NoVideo)),
        problem = watching.ended() => Err(problem),
    };
    let (report, lost_packets) = (watching.report(), watching.lost_packets());
    watching.close().await;
    Ok(Observation { report, lost_packets, observed: seen? })
}

/// Watches what comes into a hub; `None` when no picture does.
pub async fn observe_hub(hub: &Arc<Hub>, limits: ObserveLimits) -> Option<Observed> {
    let started = Instant::now();
    let mut subscription = hub.subscribe(SubscriberClass::Recorder);
    let mut eye = Eye::default();
    let until = (started + limits.at_most).into();
    while !eye.has_enough(limits, started.elapsed()) {
        match timeout_at(until, subscription.recv()).await {
            Ok(Received::Unit(unit)) => eye.see(&unit),
            Ok(Received::Lost { .. }) => {}
            Ok(Received::Closed) | Err(_) => break,
        }
    }
    eye.end(started.elapsed())
}

#[derive(Default)]
struct Eye {
    first: Option<(Instant, i64)>,
    params: Option<Arc<StreamParams>>,
    pictures: Vec<SeenPicture>,
    keys: u32,
    changes: u32,
    growing: Vec<Arc<AccessUnit>>,
    whole: Vec<Arc<AccessUnit>>,
}

impl Eye {
    fn has_enough(&self, limits: ObserveLimits, elapsed: Duration) -> bool {
        (self.keys > limits.gops && elapsed >= limits.at_least) || self.pictures.len() >= MOST_PICTURES
    }

    fn see(&mut self, unit: &Arc<AccessUnit>) {
        let Some(video) = unit.params.video.as_ref().filter(|_| unit.is_video()) else { return };
        if self.first.is_none() && !unit.is_key {
            return;
        }
        let (first_at, first_pts) = *self.first.get_or_insert((unit.received_at, unit.pts));
        let is_changed = self.params.as_ref().is_some_and(|params| !params.is_same_coding(&unit.params));
        self.changes += u32::from(is_changed);
        self.params = Some(Arc::clone(&unit.params));
        if unit.is_key {
            self.keys += 1;
            if !self.growing.is_empty() {
                self.whole = std::mem::take(&mut self.growing);
            }
        }
        if self.growing.len() < MOST_OF_GOP {
            self.growing.push(Arc::clone(unit));
        }
        let ticks = i128::from(unit.pts - first_pts);
        self.pictures.push(SeenPicture {
            arrived_us: micros(unit.received_at.saturating_duration_since(first_at)),
            shown_us: i64::try_from(ticks * 1_000_000 / i128::from(video.clock_rate.max(1))).unwrap_or(i64::MAX),
            size_bytes: u32::try_from(unit.data.len()).unwrap_or(u32::MAX),
            is_key: unit.is_key,
            follows_loss: unit.is_discontinuity && self.pictures.len() > 1,
        });
    }

    fn end(self, watched: Duration) -> Option<Observed> {
        let Self { params, pictures, changes, growing, whole, .. } = self;
        let gop = if whole.is_empty() { growing } else { whole };
        Some(Observed { params: params?, pictures, changes, gop, watched })
    }
}

fn micros(duration: Duration) -> u64 {
    u64::try_from(duration.as_micros()).unwrap_or(u64::MAX)
}
