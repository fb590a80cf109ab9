//! The binary message a viewer receives: a 16-byte header and an initialisation segment, a single-frame fragment or
//! a JPEG. Built once per unit by the first viewer and shared by all.
//!
//! | bytes | field |
//! |---|---|
//! | 0 | kind: 1 initialisation segment, 2 video fragment, 3 audio fragment, 4 JPEG still |
//! | 1 | flags: bit 0 key, bit 1 discontinuity, bit 2 audio |
//! | 2..4 | zero |
//! | 4..8 | sequence, `u32`: the unit's in the hub, wrapping; the params' generation for kind 1 |
//! | 8..16 | capture time, `i64`, UTC microseconds; zero for kind 1 |
//!
//! Numbers are big-endian. A stream of Motion JPEG is sent as stills; its initialisation message is empty, or holds
//! the sound alone. This folder is pure and spawns no task.

use crate::{
    AccessUnit, StreamParams, audio,
    fmp4::{
        AUDIO_TRACK, BOX_HEADER, FmpError, InitKind, InitOptions, Run, Sound, VIDEO_TRACK, init_segment, moof_len,
        put_mdat_header, put_moof, unit_sample,
    },
    ingest::for_live,
};
use bytes::{BufMut, Bytes, BytesMut};
use watchwall_model::VideoCodec;

/// Bytes before the segment.
pub const HEADER_BYTES: usize = 16;
pub const FLAG_KEY: u8 = 1;
pub const FLAG_DISCONTINUITY: u8 = 2;
pub const FLAG_AUDIO: u8 = 4;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub enum MessageKind {
    Init = 1,
    Video = 2,
    Audio = 3,
    Still = 4,
}

/// Whether units of this stream's sound can be sent.
pub fn carries_sound(params: &StreamParams) -> bool {
    params.audio.as_ref().is_some_and(audio::is_containable)
}

/// The media type for the player, such as `video/mp4; codecs="avc1.4d401f,flac"`; `image/jpeg` for Motion JPEG alone.
pub fn media_type(params: &StreamParams, sound: Sound) -> String {
    let video =
        params.video.as_ref().filter(|video| video.codec != VideoCodec::Mjpeg).map(|video| video.codec_string.as_str());
    let sound = params.audio.as_ref().filter(|_| sound == Sound::With).and_then(audio::container_codec_string);
    match (video, sound) {
        (Some(video), Some(sound)) => format!("video/mp4; codecs=\"{video},{sound}\""),
        (Some(video), None) => format!("video/mp4; codecs=\"{video}\""),
        (None, Some(sound)) => format!("audio/mp4; codecs=\"{sound}\""),
        (None, None) => "image/jpeg".to_owned(),
    }
}

/// The message that must come before units of these params.
///
/// # Errors
/// When MP4 cannot hold the video.
pub fn init_message(params: &StreamParams, sound: Sound) -> Result<Bytes, FmpError> {
    let cache = match sound {
        Sound::With => &params.live_init,
        Sound::Without => &params.live_init_silent,
    };
    if let Some(message) = cache.get() {
        return Ok(message.clone());
    }
    let message = build_init(params, sound)?;
    Ok(cache.get_or_init(|| message).clone())
}

fn build_init(params: &StreamParams, sound: Sound) -> Result<Bytes, FmpError> {
    let options = InitOptions { kind: InitKind::Live, sound };
    let segment = match &params.video {
        Some(video) if video.codec == VideoCodec::Mjpeg => match (params.audio.clone(), sound) {
            (Some(audio), Sound::With) if audio::is_containable(&audio) => {
                init_segment(&StreamParams::new(params.generation, None, Some(audio)), options)?
            }
            _ => Bytes::new(),
        },
        // Some decoders hold back a whole buffer of pictures unless the stream says that none are re-ordered.
        Some(video) => match for_live(video) {
            Some(video) => {
                init_segment(&StreamParams::new(params.generation, Some(video), params.audio.clone()), options)?
            }
            None => init_segment(params, options)?,
        },
        None => init_segment(params, options)?,
    };
    let mut out = BytesMut::with_capacity(HEADER_BYTES + segment.len());
    put_header(&mut out, MessageKind::Init, FLAG_KEY, params.generation, 0);
    out.put_slice(&segment);
    Ok(out.freeze())
}

/// A unit's message: one allocation, one copy of its bytes.
///
/// # Errors
/// For a unit without bytes, and for sound that MP4 cannot hold (see [`carries_sound`]).
pub fn unit_message(unit: &AccessUnit) -> Result<Bytes, FmpError> {
    if let Some(message) = unit.live_message.get() {
        return Ok(message.clone());
    }
    let message = build_unit(unit)?;
    Ok(unit.live_message.get_or_init(|| message).clone())
}

fn build_unit(unit: &AccessUnit) -> Result<Bytes, FmpError> {
    if !unit.is_video() {
        let frame = audio::container_frame(unit).ok_or_else(|| match &unit.params.audio {
            Some(audio) if !unit.data.is_empty() => {
                FmpError::CodecUnsupported { codec: audio.codec.as_str().to_owned() }
            }
            _ => FmpError::Empty,
        })?;
        return Ok(fragment(unit, MessageKind::Audio, AUDIO_TRACK, &frame));
    }
    if unit.data.is_empty() {
        return Err(FmpError::Empty);
    }
    let is_still = unit.params.video.as_ref().is_some_and(|video| video.codec == VideoCodec::Mjpeg);
    if is_still {
        let mut out = BytesMut::with_capacity(HEADER_BYTES + unit.data.len());
        put_unit_header(&mut out, MessageKind::Still, unit);
        out.put_slice(&unit.data);
        return Ok(out.freeze());
    }
    if unit.data.len() > MOST_BYTES {
        return Err(FmpError::TooLarge { bytes: unit.data.len() as u64 });
    }
    Ok(fragment(unit, MessageKind::Video, VIDEO_TRACK, &unit.data))
}

/// A picture over this is damage.
const MOST_BYTES: usize = 1 << 30;

fn fragment(unit: &AccessUnit, kind: MessageKind, track_id: u32, frame: &[u8]) -> Bytes {
    let samples = [unit_sample(unit, frame.len())];
    let runs = [Run { track_id, decode_time: u64::try_from(unit.dts).unwrap_or(0), samples: &samples }];
    let mut out = BytesMut::with_capacity(HEADER_BYTES + moof_len(&runs) + BOX_HEADER + frame.len());
    put_unit_header(&mut out, kind, unit);
    // Fragments are numbered from 1.
    put_moof(&mut out, (unit.sequence as u32).wrapping_add(1), &runs);
    put_mdat_header(&mut out, frame.len());
    out.put_slice(frame);
    out.freeze()
}

fn put_unit_header(out: &mut BytesMut, kind: MessageKind, unit: &AccessUnit) {
    let mut flags = if unit.is_key { FLAG_KEY } else { 0 };
    if unit.is_discontinuity {
        flags |= FLAG_DISCONTINUITY;
    }
    if !unit.is_video() {
        flags |= FLAG_AUDIO;
    }
    put_header(out, kind, flags, unit.sequence as u32, unit.capture_at.0);
}

fn put_header(out: &mut BytesMut, kind: MessageKind, flags: u8, sequence: u32, capture_us: i64) {
    out.put_u8(kind as u8);
    out.put_u8(flags);
    out.put_u16(0);
    out.put_u32(sequence);
    out.put_i64(capture_us);
}
