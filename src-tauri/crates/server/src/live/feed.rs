//! One stream held open for a viewer, in the coding the viewer plays.

use super::{
    pick::{Candidate, Coding, Health, Question, coding, pick, transcode_height},
    wish::Wish,
};
use crate::app::App;
use std::{any::Any, sync::Arc};
use tokio::sync::watch;
use watchwall_media::{
    AccessUnit, StreamParams,
    hub::{Hub, SubscriberClass, Subscription},
    ingest::{IngestSnapshot, InterestKind},
    pixels::{VariantLease, VariantSpec, VariantState},
};
use watchwall_model::{ErrorCode, Phase, Problem, StreamPath, StreamRole};
use watchwall_site::{
    analytics::Previews,
    cameras::{CameraSnapshot, StreamSnapshot},
};

pub struct Feed {
    pub path: StreamPath,
    pub role: StreamRole,
    pub reason: &'static str,
    pub status: watch::Receiver<IngestSnapshot>,
    source: Arc<Hub>,
    _interest: Box<dyn Any + Send + Sync>,
    variant: Option<VariantLease>,
    subscription: Option<Subscription>,
    /// What the client was told last.
    pub told: Option<Arc<StreamParams>>,
}

impl Feed {
    /// Finds the camera, picks a stream and opens it; or the preview of an AI task.
    ///
    /// # Errors
    /// `camera_not_found`, `camera_disabled`, `preview_unsupported`, or when the database cannot be read.
    pub async fn open(app: &App, wish: &Wish) -> Result<Self, Problem> {
        if Previews::task_of(&wish.path).is_some() {
            return Self::preview(app, &wish.path);
        }
        let camera = app.site.store.cameras().by_path(&wish.path).await?;
        let camera = camera.ok_or_else(|| Problem::new(ErrorCode::CameraNotFound).with("path", &wish.path))?;
        let disabled = || Problem::new(ErrorCode::CameraDisabled).with("path", &wish.path);
        if !camera.enabled {
            return Err(disabled());
        }
        let camera = app.site.cameras.snapshot(camera);
        let (role, reason) = pick(&question(&camera, wish)).ok_or_else(disabled)?;
        let stream = camera.camera.stream(role).ok_or_else(disabled)?;
        // The actor of a camera added this moment may not run yet.
        let ingest = app.site.cameras.ingest(&stream.path);
        let ingest = ingest.ok_or_else(|| Problem::new(ErrorCode::CameraOffline).with("path", &stream.path))?;
        let interest = ingest.interest(InterestKind::Viewer);
        let subscription = ingest.hub().subscribe(SubscriberClass::Live);
        Ok(Self {
            path: stream.path.clone(),
            role,
            reason,
            status: ingest.snapshot(),
            _interest: Box::new(interest),
            source: ingest.hub(),
            variant: None,
            subscription: Some(subscription),
            told: None,
        })
    }

    /// It has one stream, whatever height is asked for.
    fn preview(app: &App, path: &StreamPath) -> Result<Self, Problem> {
        let tap = app.site.analytics.open_preview(path)?;
        Ok(Self {
            path: path.clone(),
            role: StreamRole::Main,
            reason: "only_stream",
            status: tap.status,
            _interest: tap.interest,
            subscription: Some(tap.hub.subscribe(SubscriberClass::Live)),
            source: tap.hub,
            variant: None,
            told: None,
        })
    }

    pub fn subscription(&mut self) -> Option<&mut Subscription> {
        self.subscription.as_mut()
    }

    pub const fn is_transcoded(&self) -> bool {
        self.variant.is_some()
    }

    /// Stops taking units; the camera stays connected.
    pub fn pause(&mut self) {
        self.subscription = None;
    }

    /// Takes units again, from the last key frame.
    pub fn resume(&mut self) {
        self.subscription = Some(self.hub().subscribe(SubscriberClass::Live));
    }

    /// Starts over from the last key frame with a new `hello`.
    pub fn restart(&mut self) {
        self.told = None;
        if self.subscription.is_some() {
            self.resume();
        }
    }

    /// Makes sure that what comes is what the client plays, given the first unit of a coding.
    /// True when the unit itself can be sent; false when another source was subscribed instead.
    ///
    /// # Errors
    /// `codec_impossible`, `too_many_transcodes`, `transcode_failed`.
    pub async fn suits(&mut self, app: &App, wish: &Wish, unit: &AccessUnit) -> Result<bool, Problem> {
        let Some(video) = unit.params.video.as_ref().filter(|_| self.variant.is_none()) else {
            return Ok(true);
        };
        match coding(&video.codec, wish.codecs) {
            Coding::AsIs => Ok(true),
            Coding::Impossible => Err(Problem::new(ErrorCode::CodecImpossible)
                .with("codec", video.codec.as_str())
                .with("path", &self.path)),
            Coding::Transcoded => {
                let spec = VariantSpec::for_height(transcode_height(wish.max_height));
                let lease = app.site.transcodes.acquire(&self.path, Arc::clone(&self.source), spec).await?;
                self.variant = Some(lease);
                self.reason = "transcoded_codec";
                self.resume();
                Ok(false)
            }
        }
    }

    /// Why re-encoding ended; `None` when nothing is re-encoded or it did not fail.
    pub fn transcode_failure(&self) -> Option<Problem> {
        match self.variant.as_ref().map(VariantLease::state) {
            Some(VariantState::Failed(problem)) => Some(problem),
            _ => None,
        }
    }

    fn hub(&self) -> Arc<Hub> {
        self.variant.as_ref().map_or_else(|| Arc::clone(&self.source), VariantLease::hub)
    }
}

fn question(camera: &CameraSnapshot, wish: &Wish) -> Question {
    let streams = camera.camera.streams.iter().zip(&camera.streams);
    let candidate = |role| {
        let (stream, state) = streams.clone().find(|(stream, _)| stream.role == role)?;
        let running = state.ingest.as_ref().and_then(|ingest| ingest.facts.as_ref());
        Some(Candidate { height: running.or(stream.facts.as_ref()).map_or(0, |f| f.height), health: health(state) })
    };
    let asked =
        camera.camera.streams.iter().find(|stream| stream.path == wish.path).map_or(StreamRole::Main, |s| s.role);
    Question {
        asked,
        choice: wish.choice(asked),
        max_height: wish.max_height,
        main: candidate(StreamRole::Main),
        sub: candidate(StreamRole::Sub),
    }
}

fn health(state: &StreamSnapshot) -> Health {
    match state.ingest.as_ref().map(|ingest| &ingest.phase) {
        Some(Phase::Live) => Health::Live,
        Some(Phase::Waiting { .. } | Phase::NeedsAttention { .. } | Phase::Stalled { .. }) => Health::Down,
        _ => Health::Unknown,
    }
}
