//! From a camera's sound to what stands in MP4.

use super::{FLAC, flac, g711};
use crate::{AccessUnit, AudioParams, Track};
use bytes::Bytes;
use watchwall_model::AudioCodec;

static A_LAW: [i16; 256] = g711::table(true);
static MU_LAW: [i16; 256] = g711::table(false);

/// How sound stands in MP4.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AudioContainer {
    Aac,
    Opus,
    Flac,
}

/// What is done with each frame on its way into MP4.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AudioRepack {
    /// AAC, Opus, and FLAC that was repacked before it was recorded.
    Pass,
    ALaw,
    MuLaw,
    /// 16-bit big-endian PCM, interleaved (RFC 3551, L16), also what decoders of other codecs hand over.
    Linear16,
}

impl AudioRepack {
    /// `None` for sound that MP4 cannot hold here.
    pub fn of(params: &AudioParams) -> Option<Self> {
        match &params.codec {
            AudioCodec::Aac if !params.config.is_empty() => Some(Self::Pass),
            AudioCodec::Opus if params.channels <= 2 => Some(Self::Pass),
            AudioCodec::Pcma => Some(Self::ALaw),
            AudioCodec::Pcmu => Some(Self::MuLaw),
            AudioCodec::Other(name) if name == FLAC => Some(Self::Pass),
            AudioCodec::Other(name) if name.eq_ignore_ascii_case("l16") => Some(Self::Linear16),
            _ => None,
        }
        .filter(|_| (1..=8).contains(&params.channels) && params.sample_rate > 0 && params.clock_rate > 0)
    }

    /// One frame as it stands in MP4; `None` when it is empty or cannot be repacked.
    pub fn frame(self, unit: &AccessUnit) -> Option<Bytes> {
        if unit.data.is_empty() {
            return None;
        }
        let pcm: Vec<i16> = match self {
            Self::Pass => return Some(unit.data.clone()),
            Self::ALaw => unit.data.iter().map(|byte| A_LAW[usize::from(*byte)]).collect(),
            Self::MuLaw => unit.data.iter().map(|byte| MU_LAW[usize::from(*byte)]).collect(),
            Self::Linear16 => unit.data.as_chunks::<2>().0.iter().map(|pair| i16::from_be_bytes(*pair)).collect(),
        };
        let format = unit.params.audio.as_ref().map(flac_format)?;
        let first_sample = u64::try_from(unit.dts).unwrap_or(0);
        flac::encode_frame(&pcm, format, first_sample).map(Bytes::from)
    }
}

/// Whether this sound can be put into MP4.
pub fn is_containable(params: &AudioParams) -> bool {
    AudioRepack::of(params).is_some()
}

/// RFC 6381 string of the sound as it stands in MP4.
pub fn container_codec_string(params: &AudioParams) -> Option<&str> {
    container_of(params).map(|container| match container {
        AudioContainer::Flac => FLAC,
        AudioContainer::Opus => "opus",
        AudioContainer::Aac if params.codec_string.is_empty() => "mp4a.40.2",
        AudioContainer::Aac => &params.codec_string,
    })
}

/// An audio unit's frame as it stands in MP4, made by the first who asks and shared by all.
pub fn container_frame(unit: &AccessUnit) -> Option<Bytes> {
    if unit.track != Track::Audio {
        return None;
    }
    let repack = AudioRepack::of(unit.params.audio.as_ref()?)?;
    if repack == AudioRepack::Pass {
        return repack.frame(unit);
    }
    unit.container_frame.get_or_init(|| repack.frame(unit)).clone()
}

pub fn container_of(params: &AudioParams) -> Option<AudioContainer> {
    AudioRepack::of(params).map(|repack| match (repack, &params.codec) {
        (AudioRepack::Pass, AudioCodec::Aac) => AudioContainer::Aac,
        (AudioRepack::Pass, AudioCodec::Opus) => AudioContainer::Opus,
        _ => AudioContainer::Flac,
    })
}

pub const fn flac_format(params: &AudioParams) -> flac::FrameFormat {
    flac::FrameFormat { channels: params.channels, sample_rate: params.sample_rate }
}

/// Bits per sample of every FLAC stream made here.
pub const fn flac_bits() -> u8 {
    16
}
