//! Holds a session with a camera open, to see how many it allows.

use super::{
    assembler::IngestCounts,
    engine::{self, Approach, EngineEvent, Job, Sessions, TEARDOWN_WITHIN},
    failure::Failure,
    probe::ProbeRequest,
    request::{IngestOptions, IngestRequest},
};
use crate::hub::{BacklogLimits, Hub};
use std::{sync::Arc, time::Duration};
use tokio::{
    sync::mpsc,
    task::{JoinError, JoinHandle},
    time::{Instant, timeout, timeout_at},
};
use tokio_util::sync::{CancellationToken, DropGuard};
use watchwall_model::{ErrorCode, Problem, StreamPath};

/// A session that plays. Dropped, it ends by itself; [`HeldSession::release`] waits for the camera's goodbye.
#[derive(Debug)]
pub struct HeldSession {
    cancel: DropGuard,
    task: JoinHandle<Result<(), Failure>>,
    _events: mpsc::Receiver<EngineEvent>,
}

/// Opens a session and waits until the camera has said that it plays.
///
/// # Errors
/// Why it does not, by catalogue code: `camera_busy` when no further session is allowed.
pub async fn hold(request: ProbeRequest, options: &IngestOptions, within: Duration) -> Result<HeldSession, Problem> {
    let (news, mut events) = mpsc::channel(8);
    let cancel = CancellationToken::new();
    let ProbeRequest { url, credentials, engine, transport, device_key } = request;
    let path = StreamPath::parse("held")?;
    let job = Job {
        request: IngestRequest { path, url, credentials, engine, transport, device_key },
        options: options.clone(),
        hub: Hub::new(BacklogLimits { gop_units: 1, ..BacklogLimits::default() }),
        counts: Arc::<IngestCounts>::default(),
        holders: Arc::default(),
        sessions: Sessions::default(),
        cancel: cancel.clone(),
        events: news,
        approach: Approach::Straight,
    };
    let mut task = tokio::spawn(async move { engine::run(&job, None).await });
    let cancel = cancel.drop_guard();
    let until = Instant::now() + within;
    loop {
        let event = tokio::select! {
            event = timeout_at(until, events.recv()) => event,
            ended = &mut task => return Err(why(ended)),
        };
        match event {
            Ok(Some(EngineEvent::Playing { .. })) => return Ok(HeldSession { cancel, task, _events: events }),
            Ok(Some(_)) => {}
            // The engine is ending; its task says why.
            Ok(None) => {
                if let Ok(ended) = timeout_at(until + TEARDOWN_WITHIN, &mut task).await {
                    return Err(why(ended));
                }
                break;
            }
            Err(_) => break,
        }
    }
    drop(cancel);
    let _ = timeout(TEARDOWN_WITHIN, &mut task).await;
    task.abort();
    Err(Problem::new(ErrorCode::ConnectTimeout).with("timeout_ms", within.as_millis()).at("play"))
}

fn why(ended: Result<Result<(), Failure>, JoinError>) -> Problem {
    match ended {
        Ok(Err(failure)) => failure.problem,
        Ok(Ok(())) => Problem::new(ErrorCode::StreamEnded),
        Err(_) => Problem::new(ErrorCode::Internal).at("engine"),
    }
}

impl HeldSession {
    /// Ends it with a TEARDOWN; a camera that does not answer is left alone after a while.
    pub async fn release(self) {
        let Self { cancel, mut task, _events } = self;
        drop(cancel);
        if timeout(TEARDOWN_WITHIN + Duration::from_secs(1), &mut task).await.is_err() {
            task.abort();
        }
    }
}
