//! Whatever retina does not speak, through a GStreamer pipeline.

use super::{
    EngineEvent, Job,
    gstreamer_pipeline::{Found, Pipeline, Reach},
};
use crate::{
    AudioParams, Track, VideoParams,
    ingest::{
        assembler::{Assembler, RawUnit},
        failure::Failure,
        interface,
        login::Login,
        metadata::MetadataTrack,
        reach,
    },
};
use std::{sync::Arc, time::Instant};
use tokio::{sync::mpsc, time::timeout};
use watchwall_model::{ErrorCode, IngestEngine, Problem, Transport};

/// See [`super::run`].
pub async fn run(job: &Job) -> Result<(), Failure> {
    let request = &job.request;
    let transport = match request.transport {
        Transport::Auto => Transport::Tcp,
        other => other,
    };
    let login = Login::ask(request, &job.options, job.options.login_within()).await?;
    let reach = Reach {
        transport,
        connect_timeout: job.options.connect_timeout,
        interface: match (transport, request.port()) {
            (Transport::Multicast, Some(port)) => interface::towards(request.url.host(), port).await,
            _ => None,
        },
    };
    let (pipeline, found) = Pipeline::start(request, &reach)?;
    let mut receiver = Receiver::new(job, transport, found, login);
    let outcome = tokio::select! {
        biased;
        () = job.cancel.cancelled() => Ok(()),
        outcome = receiver.run() => outcome,
    };
    pipeline.stop().await;
    if matches!(&outcome, Err(failure) if failure.problem.code == ErrorCode::CredentialsWrong) {
        // It may have gone out twice.
        receiver.login.refused_for_good();
    }
    match outcome {
        Err(failure) if !receiver.is_playing && is_unclear(&failure) => Err(diagnose(job, failure).await),
        other => other,
    }
}

fn is_unclear(failure: &Failure) -> bool {
    let problem = &failure.problem;
    matches!(problem.code, ErrorCode::HostUnreachable | ErrorCode::RtspError) && !problem.params.contains_key("status")
}

/// GStreamer says "could not open" for many things; a connection of our own says which.
async fn diagnose(job: &Job, failure: Failure) -> Failure {
    let Some(port) = job.request.port() else { return failure };
    match reach::connect(job.request.url.host(), port, job.options.connect_timeout).await {
        Ok(_) => {
            let detail = failure.problem.detail.unwrap_or_default();
            Problem::new(ErrorCode::RtspError).at("connect").because(detail).into()
        }
        Err(problem) => problem.into(),
    }
}

struct Receiver<'a> {
    job: &'a Job,
    found: mpsc::Receiver<Found>,
    login: Login,
    assembler: Assembler,
    transport: Transport,
    video: Option<VideoParams>,
    audio: Option<AudioParams>,
    skipped: Vec<String>,
    started: Instant,
    is_playing: bool,
    has_told: bool,
}

impl<'a> Receiver<'a> {
    fn new(job: &'a Job, transport: Transport, found: mpsc::Receiver<Found>, login: Login) -> Self {
        Self {
            job,
            found,
            login,
            assembler: Assembler::new(Arc::clone(&job.hub), Arc::clone(&job.counts)),
            transport,
            video: None,
            audio: None,
            skipped: Vec::new(),
            started: Instant::now(),
            is_playing: false,
            has_told: false,
        }
    }

    async fn run(&mut self) -> Result<(), Failure> {
        let limit = self.job.options.connect_timeout + 3 * self.job.options.read_timeout;
        while !self.is_playing {
            match timeout(limit, self.found.recv()).await {
                Ok(Some(found)) => self.take(found).await?,
                Ok(None) => return Ok(()),
                Err(_) => return Err(self.silent(limit)),
            }
        }
        // From here on the age of the newest unit decides, and the actor watches that.
        while let Some(found) = self.found.recv().await {
            self.take(found).await?;
        }
        Ok(())
    }

    /// Says which codecs the camera offered when none of them is ours.
    fn named(&self, failure: Failure) -> Failure {
        if failure.problem.code != ErrorCode::CodecUnsupported || self.skipped.is_empty() {
            return failure;
        }
        let video: Vec<_> = self.skipped.iter().filter_map(|track| track.strip_prefix("video/")).collect();
        match video.first() {
            Some(codec) => Failure { problem: failure.problem.with("codec", codec), ..failure },
            None => Problem::new(ErrorCode::NoVideo).with("tracks", self.skipped.join(", ")).at("describe").into(),
        }
    }

    fn silent(&self, limit: std::time::Duration) -> Failure {
        let code = if self.skipped.is_empty() { ErrorCode::ConnectTimeout } else { ErrorCode::NoVideo };
        let problem = Problem::new(code).at("stream").with("timeout_ms", limit.as_millis());
        problem.with("tracks", self.skipped.join(", ")).into()
    }

    async fn take(&mut self, found: Found) -> Result<(), Failure> {
        match found {
            Found::Video(params) => {
                self.video = Some(params);
                self.announce();
            }
            Found::Audio(params) => {
                self.audio = Some(params);
                self.announce();
            }
            Found::Skipped(name) => self.skipped.push(name),
            Found::Opened => self.login.accepted(),
            Found::Unit { track, data, is_key, pts_us, received_at, is_broken } => {
                self.begin().await;
                if is_broken && self.has_told {
                    self.assembler.note_break(track, 1);
                }
                self.push(track, data, is_key, pts_us, received_at);
                if !self.has_told && self.assembler.has_picture() {
                    self.has_told = true;
                    self.job.tell(EngineEvent::FirstPicture).await;
                }
            }
            Found::Failed(failure) => return Err(self.named(failure)),
            Found::Ended => return Err(Problem::new(ErrorCode::StreamEnded).at("stream").into()),
        }
        Ok(())
    }

    /// Before the picture's parameters are known there is nothing to announce: no stream begins without video.
    fn announce(&mut self) {
        if self.video.is_some() {
            self.assembler.set_params(self.video.clone(), self.audio.clone());
        }
    }

    async fn begin(&mut self) {
        if !self.is_playing {
            self.is_playing = true;
            self.login.accepted();
            let skipped_tracks = self.skipped.clone();
            let (engine, transport) = (IngestEngine::Gstreamer, self.transport);
            // Its pipeline takes no application tracks.
            let metadata = MetadataTrack::Absent;
            self.job.tell(EngineEvent::Playing { engine, transport, skipped_tracks, metadata }).await;
        }
    }

    fn push(&mut self, track: Track, data: bytes::Bytes, is_key: bool, pts_us: Option<i64>, received_at: Instant) {
        let clock_rate = match track {
            Track::Video => self.video.as_ref().map(|v| v.clock_rate),
            Track::Audio if self.video.is_some() => self.audio.as_ref().map(|a| a.clock_rate),
            Track::Audio => None,
        };
        let Some(clock_rate) = clock_rate else { return };
        let arrived_us = received_at.saturating_duration_since(self.started).as_micros();
        let us = pts_us.unwrap_or_else(|| i64::try_from(arrived_us).unwrap_or(0));
        let ticks = (i128::from(us) * i128::from(clock_rate) / 1_000_000) as i64;
        self.assembler.push(RawUnit { track, data, is_key, ticks, play_us: pts_us, received_at, lost_packets: 0 });
    }
}
