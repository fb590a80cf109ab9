//! What is known of one stream before it is judged. Nouns only.

use watchwall_media::{
    AudioParams,
    ingest::{PacketReport, SeenPicture},
};
use watchwall_model::{Problem, StreamFacts, Transport, VideoCodec};
use watchwall_onvif::operations::{Size, VideoEncoder};

/// What ONVIF claims of a stream; nothing where it claims nothing.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Claim {
    pub codec: Option<VideoCodec>,
    pub size: Option<Size>,
    pub frame_rate: Option<f32>,
    /// Frames from one key frame to the next.
    pub gop_length: Option<u32>,
}

impl Claim {
    pub fn of(encoder: &VideoEncoder) -> Self {
        Self {
            codec: encoder.codec.clone(),
            size: encoder.size,
            frame_rate: encoder.frame_rate.filter(|rate| *rate > 0.0),
            gop_length: encoder.gop_length.filter(|length| *length > 0),
        }
    }
}

/// A stream that was received.
#[derive(Clone, Debug)]
pub struct Watched {
    /// How it came.
    pub transport: Option<Transport>,
    pub facts: StreamFacts,
    /// Pictures a decoder must hold back.
    pub reorder_frames: u8,
    pub pictures: Vec<SeenPicture>,
    /// How often the parameters changed.
    pub changes: u32,
    pub lost_packets: u64,
    /// From PLAY to the first key frame; `None` when the site's own session was looked at.
    pub first_picture_ms: Option<u64>,
    pub audio: Option<AudioParams>,
    /// Tracks that are not taken, as `media/encoding`.
    pub skipped_tracks: Vec<String>,
    pub watched_ms: u64,
}

/// What its packets told: over UDP where that works, else over TCP.
#[derive(Clone, Debug)]
pub struct Packets {
    pub over_udp: Result<(), Problem>,
    pub report: Option<PacketReport>,
}

/// How many sessions there were at once.
#[derive(Clone, Debug)]
pub struct Sessions {
    /// Ours of this look, all playing.
    pub held: u32,
    /// The site's own.
    pub of_site: u32,
    /// What the camera said to the next one.
    pub refusal: Option<Problem>,
}
