//! Where a stream stands, on the wire.

use std::{collections::HashMap, sync::Arc};
use watchwall_api::{CameraStatus, CameraStreamStatus, StreamStatus};
use watchwall_model::{CameraHealth, CameraId, Phase, PlanRunning, StreamPath, UtcMillis};
use watchwall_site::{
    cameras::{CameraSnapshot, StreamSnapshot},
    recording::PlanView,
};

use super::{health_status, word};

/// What each plan is really doing, and how each camera stands.
#[derive(Default)]
pub struct Standing {
    plans: HashMap<StreamPath, PlanRunning>,
    health: Arc<HashMap<CameraId, CameraHealth>>,
}

impl Standing {
    pub fn new(plans: Vec<PlanView>, health: Arc<HashMap<CameraId, CameraHealth>>) -> Self {
        Self { plans: plans.into_iter().map(|view| (view.plan.path, view.running)).collect(), health }
    }

    pub fn health(&self, camera: CameraId) -> CameraHealth {
        self.health.get(&camera).copied().unwrap_or_default()
    }
}

/// `state` is `None` when no actor exists: the camera is disabled, or was added this moment.
pub fn stream_status(
    enabled: bool,
    path: &StreamPath,
    state: Option<&StreamSnapshot>,
    standing: &Standing,
) -> StreamStatus {
    let ingest = state.and_then(|state| state.ingest.as_ref()).filter(|_| enabled);
    let (code, detail, retry_at) = ingest.map_or((None, None, None), |i| reason(&i.phase));
    let (recording, recording_code) = recording_word(standing.plans.get(path));
    StreamStatus {
        phase: match ingest {
            Some(ingest) => phase_word(&ingest.phase).to_owned(),
            None if enabled => "idle".to_owned(),
            None => "disabled".to_owned(),
        },
        code,
        detail,
        retry_at,
        since: ingest.map_or(0, |i| i.since.0),
        reconnects: ingest.map_or(0, |i| i.reconnects),
        viewers: state.map_or(0, |state| state.viewers),
        recording: recording.to_owned(),
        recording_code,
        bitrate_kbps: ingest.map_or(0, |i| u32::try_from(i.bitrate / 1_000).unwrap_or(u32::MAX)),
        frame_rate: ingest.map_or(0.0, |i| i.frame_rate),
        source: ingest
            .and_then(|i| i.engine_in_use.zip(i.transport))
            .map(|(e, t)| format!("{}/{}", word(&e), word(&t))),
    }
}

pub fn camera_status(snapshot: &CameraSnapshot, standing: &Standing) -> CameraStatus {
    let camera = &snapshot.camera;
    let streams = camera.streams.iter().map(|stream| {
        let state = snapshot.streams.iter().find(|state| state.path == stream.path);
        CameraStreamStatus {
            path: stream.path.to_string(),
            role: stream.role.as_str().to_owned(),
            status: stream_status(camera.enabled, &stream.path, state, standing),
        }
    });
    CameraStatus {
        camera_id: camera.id.0,
        health: health_status(&standing.health(camera.id)),
        streams: streams.collect(),
    }
}

pub const fn phase_word(phase: &Phase) -> &'static str {
    match phase {
        Phase::Idle => "idle",
        Phase::Connecting { .. } => "connecting",
        Phase::Live => "live",
        Phase::Stalled { .. } => "stalled",
        Phase::Waiting { .. } => "waiting",
        Phase::NeedsAttention { .. } => "needs_attention",
        Phase::Draining => "draining",
    }
}

fn reason(phase: &Phase) -> (Option<String>, Option<String>, Option<i64>) {
    match phase {
        Phase::Waiting { until, reason, .. } => {
            (Some(reason.code.to_string()), Some(reason.detail.clone()), Some(until.0))
        }
        Phase::NeedsAttention { reason } => (Some(reason.code.to_string()), Some(reason.detail.clone()), None),
        Phase::Stalled { .. } => (Some("stream_stalled".to_owned()), None, None),
        _ => (None, None, None),
    }
}

/// The plan's state and, when it does not record, why.
pub fn recording_word(running: Option<&PlanRunning>) -> (&'static str, Option<String>) {
    match running {
        None | Some(PlanRunning::Off) => ("off", None),
        Some(PlanRunning::Starting) => ("starting", None),
        Some(PlanRunning::Waiting { .. }) => ("waiting", None),
        Some(PlanRunning::Recording { .. }) => ("recording", None),
        Some(PlanRunning::NotRecording { code, .. }) => ("not_recording", Some(code.to_string())),
    }
}

/// When the newest fragment of a recording was written.
pub fn last_fragment_at(running: &PlanRunning) -> Option<UtcMillis> {
    match running {
        PlanRunning::Recording { last_fragment_at, .. } => Some(*last_fragment_at),
        _ => None,
    }
}
