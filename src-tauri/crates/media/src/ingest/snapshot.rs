//! What everyone else may know about an ingest.

use super::metadata::MetadataTrack;
use watchwall_model::{IngestEngine, Phase, Problem, StreamFacts, StreamPath, Transport, UtcMillis};

/// One stream's pull at one moment.
#[derive(Clone, Debug, PartialEq)]
pub struct IngestSnapshot {
    pub path: StreamPath,
    pub phase: Phase,
    /// Closed on purpose for a moment, whoever wants it.
    pub is_paused: bool,
    /// When the phase began.
    pub since: UtcMillis,
    /// The engine that pulls or pulled last; with `auto` the one that worked, worth remembering per stream.
    pub engine_in_use: Option<IngestEngine>,
    /// Why `auto` handed the stream from retina to GStreamer on the newest connection; `None` when it did not.
    pub handed_over: Option<Problem>,
    pub transport: Option<Transport>,
    /// What the stream is; known from the first picture on.
    pub facts: Option<StreamFacts>,
    /// Connections opened after the first.
    pub reconnects: u64,
    pub last_unit_at: Option<UtcMillis>,
    /// RTP packets missed on the way from the camera.
    pub lost_packets: u64,
    /// Access units that could not be put together.
    pub lost_units: u64,
    /// Jumps of the camera's timestamps.
    pub timestamp_jumps: u64,
    /// How far the camera's clock is behind ours, network delay included; `None` when it sends no reports.
    pub clock_skew_ms: Option<i64>,
    /// Tracks the camera offers that are not taken, as `media/encoding`.
    pub skipped_tracks: Vec<String>,
    /// Of the newest connection that played.
    pub metadata: MetadataTrack,
    /// Measured over the last seconds; 0 when silent.
    pub frame_rate: f32,
    pub bitrate: u64,
    /// Engines and actors that had to be restarted after a panic.
    pub panics: u64,
}

impl IngestSnapshot {
    /// Of a stream that nobody has wanted yet.
    pub fn new(path: StreamPath) -> Self {
        Self {
            path,
            phase: Phase::Idle,
            is_paused: false,
            since: UtcMillis::now(),
            engine_in_use: None,
            handed_over: None,
            transport: None,
            facts: None,
            reconnects: 0,
            last_unit_at: None,
            lost_packets: 0,
            lost_units: 0,
            timestamp_jumps: 0,
            clock_skew_ms: None,
            skipped_tracks: Vec::new(),
            metadata: MetadataTrack::Unknown,
            frame_rate: 0.0,
            bitrate: 0,
            panics: 0,
        }
    }
}
