//! What a decoder must know before the first access unit.

use bytes::Bytes;
use std::sync::OnceLock;
use watchwall_model::{AudioCodec, VideoCodec};

/// The parameters in force for a run of access units. Shared by all of them; a change makes a new one
/// with the next generation, and every consumer starts over at it (new initialisation segment, new file).
#[derive(Debug)]
pub struct StreamParams {
    /// Raised by one with each change of parameters of this stream.
    pub generation: u32,
    pub video: Option<VideoParams>,
    pub audio: Option<AudioParams>,
    /// The live initialisation segment, built by the first viewer and shared by all (see `live`).
    pub(crate) live_init: OnceLock<Bytes>,
    /// The same without sound.
    pub(crate) live_init_silent: OnceLock<Bytes>,
}

#[derive(Clone, Debug, PartialEq)]
pub struct VideoParams {
    pub codec: VideoCodec,
    /// RFC 6381, for example `avc1.4d401f` or `hvc1.1.6.L93.B0`; `mjpeg` for Motion JPEG.
    pub codec_string: String,
    pub width: u32,
    pub height: u32,
    /// Frames per second as announced or measured; 0 when unknown.
    pub frame_rate: f32,
    /// Ticks per second of `pts` and `dts`; 90 000 for RTP video.
    pub clock_rate: u32,
    /// Body of the `avcC` or `hvcC` box (ISO/IEC 14496-15); empty for Motion JPEG.
    pub config: Bytes,
    /// Pictures a decoder must hold back; 0 when the stream has no B-frames.
    pub max_reorder_frames: u8,
}

#[derive(Clone, Debug, PartialEq)]
pub struct AudioParams {
    pub codec: AudioCodec,
    /// RFC 6381 string of the codec as it stands in MP4 (`mp4a.40.2`, `flac`, `opus`).
    pub codec_string: String,
    pub sample_rate: u32,
    pub channels: u16,
    /// Ticks per second of `pts` and `dts`.
    pub clock_rate: u32,
    /// AAC: AudioSpecificConfig. Others: empty.
    pub config: Bytes,
}

impl StreamParams {
    pub const fn new(generation: u32, video: Option<VideoParams>, audio: Option<AudioParams>) -> Self {
        Self { generation, video, audio, live_init: OnceLock::new(), live_init_silent: OnceLock::new() }
    }

    /// Same codecs and configuration, whatever the generation.
    pub fn is_same_coding(&self, other: &Self) -> bool {
        self.video == other.video && self.audio == other.audio
    }
}
