//! One coded picture or audio frame, shared by everything that wants it.

use crate::StreamParams;
use bytes::Bytes;
use std::{
    sync::{Arc, OnceLock},
    time::Instant,
};
use watchwall_model::UtcMicros;

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Track {
    Video,
    Audio,
}

/// One access unit. Handed around as `Arc<AccessUnit>`; nothing in it is ever copied per consumer.
#[derive(Debug)]
pub struct AccessUnit {
    parts: UnitParts,
    /// The live message, built by the first viewer and shared by all (see `live`).
    pub(crate) live_message: OnceLock<Bytes>,
    /// Sound repacked for MP4, made once (see `audio`); `None` when it cannot be.
    pub(crate) container_frame: OnceLock<Option<Bytes>>,
}

/// The fields of an access unit.
#[derive(Debug, Clone)]
pub struct UnitParts {
    pub track: Track,
    /// H.264 and H.265: NAL units with 4-byte lengths (ISO/IEC 14496-15), parameter sets taken out.
    /// Motion JPEG: one whole JPEG. Audio: one raw frame as the params name it.
    pub data: Bytes,
    /// A decoder can start here. Always true for audio.
    pub is_key: bool,
    /// Units were lost before this one.
    pub is_discontinuity: bool,
    /// Presentation time in ticks of the track's clock rate; unwrapped, counted from an arbitrary start,
    /// the same start for both tracks of a stream.
    pub pts: i64,
    /// Decode time, same ticks: strictly increasing within a track, never after `pts`.
    pub dts: i64,
    /// The previous unit's length in ticks, taken as this one's until the next arrives.
    pub duration: u32,
    /// When the camera took the picture: RTCP sender report, else arrival minus a smoothed delay.
    pub capture_at: UtcMicros,
    /// When its last byte was read from the socket.
    pub received_at: Instant,
    /// Per hub, raised by one with each unit of either track.
    pub sequence: u64,
    pub params: Arc<StreamParams>,
}

impl AccessUnit {
    pub const fn new(parts: UnitParts) -> Self {
        Self { parts, live_message: OnceLock::new(), container_frame: OnceLock::new() }
    }

    pub fn is_video(&self) -> bool {
        self.parts.track == Track::Video
    }

    /// A video unit at which a decoder can start.
    pub fn is_video_key(&self) -> bool {
        self.is_video() && self.parts.is_key
    }
}

impl std::ops::Deref for AccessUnit {
    type Target = UnitParts;
    fn deref(&self) -> &UnitParts {
        &self.parts
    }
}
