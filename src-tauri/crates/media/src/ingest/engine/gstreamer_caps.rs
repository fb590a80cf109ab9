//! What GStreamer calls a track, in our words.

use crate::{AudioParams, Track, VideoParams, ingest::assembler::with_reordering, nals};
use bytes::Bytes;
use gstreamer as gst;
use watchwall_model::{AudioCodec, VideoCodec};

/// How a parsed track is read.
#[derive(Debug)]
pub struct TrackKind {
    pub track: Track,
    /// Brings it to the form access units have.
    pub parser: Option<&'static str>,
    pub caps: gst::Caps,
}

/// `None` for a codec we do not take.
pub fn kind_of(caps: &gst::CapsRef) -> Option<TrackKind> {
    let structure = caps.structure(0)?;
    let version = structure.get::<i32>("mpegversion").unwrap_or(0);
    let (track, parser, text) = match structure.name().as_str() {
        "video/x-h264" => (Track::Video, Some("h264parse"), "video/x-h264,stream-format=avc,alignment=au"),
        "video/x-h265" => (Track::Video, Some("h265parse"), "video/x-h265,stream-format=hvc1,alignment=au"),
        "image/jpeg" => (Track::Video, Some("jpegparse"), "image/jpeg"),
        "audio/mpeg" if matches!(version, 2 | 4) => {
            (Track::Audio, Some("aacparse"), "audio/mpeg,mpegversion=4,stream-format=raw")
        }
        "audio/x-alaw" => (Track::Audio, None, "audio/x-alaw"),
        "audio/x-mulaw" => (Track::Audio, None, "audio/x-mulaw"),
        "audio/x-opus" => (Track::Audio, Some("opusparse"), "audio/x-opus"),
        "audio/x-adpcm" if structure.get::<&str>("layout") == Ok("g726") => (Track::Audio, None, "audio/x-adpcm"),
        _ => return None,
    };
    Some(TrackKind { track, parser, caps: text.parse().ok()? })
}

/// `None` until the caps are complete.
pub fn video_params(caps: &gst::CapsRef) -> Option<VideoParams> {
    let structure = caps.structure(0)?;
    let size = |field| structure.get::<i32>(field).ok().and_then(|n| u32::try_from(n).ok());
    let rate = structure.get::<gst::Fraction>("framerate").ok().filter(|f| f.numer() > 0 && f.denom() > 0);
    let config = codec_data(structure);
    let (codec, codec_string) = match structure.name().as_str() {
        "video/x-h264" => (VideoCodec::H264, avc_string(&config)?),
        "video/x-h265" => (VideoCodec::H265, hevc_string(&config)?),
        "image/jpeg" => (VideoCodec::Mjpeg, "mjpeg".to_owned()),
        _ => return None,
    };
    let frame_rate = rate.map_or(0.0, |f| f.numer() as f32 / f.denom() as f32);
    Some(with_reordering(VideoParams {
        codec,
        codec_string,
        width: size("width")?,
        height: size("height")?,
        frame_rate: if frame_rate <= 240.0 { frame_rate } else { 0.0 },
        clock_rate: 90_000,
        config,
        max_reorder_frames: 0,
    }))
}

/// `None` until the caps are complete.
pub fn audio_params(caps: &gst::CapsRef) -> Option<AudioParams> {
    let structure = caps.structure(0)?;
    let number = |field, default| structure.get::<i32>(field).ok().filter(|n| *n > 0).unwrap_or(default);
    let config = codec_data(structure);
    let (codec, codec_string, default_rate) = match structure.name().as_str() {
        "audio/mpeg" => {
            let object_type = config.first()? >> 3;
            (AudioCodec::Aac, format!("mp4a.40.{object_type}"), 48_000)
        }
        "audio/x-alaw" => (AudioCodec::Pcma, "flac".to_owned(), 8_000),
        "audio/x-mulaw" => (AudioCodec::Pcmu, "flac".to_owned(), 8_000),
        "audio/x-opus" => (AudioCodec::Opus, "opus".to_owned(), 48_000),
        "audio/x-adpcm" => (AudioCodec::G726, "flac".to_owned(), 8_000),
        _ => return None,
    };
    // Opus always counts in 48 kHz (RFC 7587 section 4.1).
    let sample_rate = if codec == AudioCodec::Opus { 48_000 } else { number("rate", default_rate).unsigned_abs() };
    let config = if codec == AudioCodec::Aac { config } else { Bytes::new() };
    let channels = u16::try_from(number("channels", 1)).unwrap_or(1);
    Some(AudioParams { codec, codec_string, sample_rate, channels, clock_rate: sample_rate, config })
}

/// The unit's bytes, and whether it is a key frame; parameter sets are taken out of H.264 and H.265. `None` when nothing
/// is left.
pub fn unit_data(buffer: &gst::BufferRef, caps: &gst::CapsRef) -> Option<(Bytes, bool)> {
    let map = buffer.map_readable().ok()?;
    let name = caps.structure(0)?.name();
    let mut has_random_access = false;
    let data = match name.as_str() {
        "video/x-h264" => without_nals(&map, |header| {
            has_random_access |= header & 0x1f == 5;
            matches!(header & 0x1f, 7 | 8)
        }),
        "video/x-h265" => without_nals(&map, |header| {
            has_random_access |= (16..=21).contains(&(header >> 1 & 0x3f));
            matches!(header >> 1 & 0x3f, 32..=34)
        }),
        _ => Bytes::copy_from_slice(&map),
    };
    // h265parse of GStreamer 1.22 now and then calls no picture of a stream a key frame.
    let is_key = has_random_access || !buffer.flags().contains(gst::BufferFlags::DELTA_UNIT);
    (!data.is_empty()).then_some((data, is_key))
}

/// Copies NAL units, leaving out those whose first byte says so.
fn without_nals(data: &[u8], mut is_left_out: impl FnMut(u8) -> bool) -> Bytes {
    let mut out = Vec::with_capacity(data.len());
    for nal in nals(data).filter(|nal| nal.first().is_some_and(|header| !is_left_out(*header))) {
        // As long as it was read: its length fits.
        out.extend_from_slice(&(nal.len() as u32).to_be_bytes());
        out.extend_from_slice(nal);
    }
    Bytes::from(out)
}

fn codec_data(structure: &gst::StructureRef) -> Bytes {
    let buffer = structure.get::<gst::Buffer>("codec_data").ok();
    let map = buffer.as_ref().and_then(|b| b.map_readable().ok());
    map.map_or_else(Bytes::new, |m| Bytes::copy_from_slice(&m))
}

/// RFC 6381 section 3.3.
fn avc_string(config: &[u8]) -> Option<String> {
    let [_, profile, constraints, level, ..] = config else { return None };
    Some(format!("avc1.{profile:02x}{constraints:02x}{level:02x}"))
}

/// ISO/IEC 14496-15 Annex E.3.
fn hevc_string(config: &[u8]) -> Option<String> {
    let profile = *config.get(1)?;
    let space = ["", "A", "B", "C"][usize::from(profile >> 6)];
    let compatibility = u32::from_be_bytes(config.get(2..6)?.try_into().ok()?).reverse_bits();
    let tier = if profile & 0x20 == 0 { 'L' } else { 'H' };
    let level = config.get(12)?;
    let mut constraints = config.get(6..12)?;
    while let [rest @ .., 0] = constraints {
        constraints = rest;
    }
    let constraints: String = constraints.iter().map(|b| format!(".{b:X}")).collect();
    Some(format!("hvc1.{space}{}.{compatibility:X}.{tier}{level}{constraints}", profile & 0x1f))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_random_access_picture_is_a_key_frame_whatever_the_flags_say() {
        gst::init().unwrap();
        let check = |caps: &str, unit: &'static [u8], is_delta: bool, expect: bool| {
            let mut buffer = gst::Buffer::from_slice(unit);
            if is_delta && let Some(buffer) = buffer.get_mut() {
                buffer.set_flags(gst::BufferFlags::DELTA_UNIT);
            }
            let caps = gst::Caps::builder(caps).build();
            assert_eq!(unit_data(&buffer, &caps).map(|(_, is_key)| is_key), Some(expect), "{unit:x?}");
        };
        check("video/x-h265", b"\0\0\0\x02\x26\x01", true, true);
        check("video/x-h265", b"\0\0\0\x02\x02\x01", true, false);
        check("video/x-h264", b"\0\0\0\x02\x65a", true, true);
        check("video/x-h264", b"\0\0\0\x02\x41a", true, false);
        // A recovery point that the parser knows of.
        check("video/x-h264", b"\0\0\0\x02\x41a", false, true);
        check("image/jpeg", b"\xff\xd8", false, true);
    }

    #[test]
    fn codec_strings_follow_the_configuration() {
        assert_eq!(avc_string(&[1, 0x4d, 0x40, 0x1f, 0xff]).as_deref(), Some("avc1.4d401f"));
        assert_eq!(avc_string(&[1]), None);
        let main = [1, 0x01, 0x60, 0, 0, 0, 0x90, 0, 0, 0, 0, 0, 93];
        assert_eq!(hevc_string(&main).as_deref(), Some("hvc1.1.6.L93.90"));
        assert_eq!(hevc_string(&main[..8]), None);
    }

    #[test]
    fn parameter_sets_are_taken_out_and_broken_lengths_survived() {
        let data = [0, 0, 0, 1, 0x67, 0, 0, 0, 2, 0x65, 9, 0, 0, 0, 1, 0x68];
        let is_set = |header: u8| matches!(header & 0x1f, 7 | 8);
        assert_eq!(&*without_nals(&data, is_set), [0, 0, 0, 2, 0x65, 9]);
        assert_eq!(&*without_nals(&[0, 0, 0, 9, 1], is_set), [0_u8; 0]);
    }
}
