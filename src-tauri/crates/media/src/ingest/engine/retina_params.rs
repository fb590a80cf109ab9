//! Which tracks retina takes, and what they are in our words.

use super::super::{assembler::with_reordering, failure::Failure};
use crate::{AudioParams, VideoParams};
use bytes::Bytes;
use retina::{
    client::Stream,
    codec::{AudioParameters, ParametersRef, VideoParameters, VideoParametersCodec},
};
use watchwall_model::{AudioCodec, ErrorCode, Problem, VideoCodec};

/// Tracks by their number in the description.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Chosen {
    pub video: Option<usize>,
    pub audio: Option<usize>,
    /// The first of ONVIF metadata as plain XML, which is among the rest as well: it is taken only where it is wanted.
    pub metadata: Option<usize>,
    /// The rest, as `media/encoding`.
    pub skipped: Vec<String>,
    /// Among the rest is a track GStreamer could take.
    pub leaves_playable: bool,
}

/// Takes the first video and the first audio track that can be read.
///
/// # Errors
/// `no_video` without a video track, `codec_unsupported` when none of them is of a codec we take.
pub fn choose(streams: &[Stream]) -> Result<Chosen, Failure> {
    let tracks: Vec<_> = streams.iter().map(|s| (s.media(), s.encoding_name())).collect();
    choose_named(&tracks)
}

/// ONVIF Streaming Specification. Compressed forms, with names of their own, are left.
const METADATA: (&str, &str) = ("application", "vnd.onvif.metadata");

impl Chosen {
    /// The metadata track is no part of the rest any more.
    pub fn take_metadata(&mut self) {
        let name = format!("{}/{}", METADATA.0, METADATA.1);
        if let Some(at) = self.skipped.iter().position(|track| *track == name) {
            self.skipped.remove(at);
        }
    }
}

fn choose_named(tracks: &[(&str, &str)]) -> Result<Chosen, Failure> {
    let mut chosen = Chosen::default();
    let mut refused_video = None;
    for (number, (media, encoding)) in tracks.iter().enumerate() {
        let is_video = matches!(*media, "video" | "image");
        if is_video && chosen.video.is_none() && video_codec(encoding).is_some() {
            chosen.video = Some(number);
        } else if *media == "audio" && chosen.audio.is_none() && audio_codec(encoding).is_some() {
            chosen.audio = Some(number);
        } else {
            if is_video {
                refused_video.get_or_insert(*encoding);
            }
            if chosen.metadata.is_none() && (*media, *encoding) == METADATA {
                chosen.metadata = Some(number);
            }
            chosen.leaves_playable |= *media == "audio" && *encoding == "opus";
            chosen.skipped.push(format!("{media}/{encoding}"));
        }
    }
    chosen.leaves_playable &= chosen.audio.is_none();
    match (chosen.video, refused_video) {
        (Some(_), _) => Ok(chosen),
        (None, Some(codec)) => {
            Err(Problem::new(ErrorCode::CodecUnsupported).with("codec", codec).at("describe").into())
        }
        (None, None) => {
            Err(Problem::new(ErrorCode::NoVideo).with("tracks", chosen.skipped.join(", ")).at("describe").into())
        }
    }
}

fn video_codec(encoding: &str) -> Option<VideoCodec> {
    match encoding {
        "h264" => Some(VideoCodec::H264),
        "h265" => Some(VideoCodec::H265),
        "jpeg" => Some(VideoCodec::Mjpeg),
        _ => None,
    }
}

fn audio_codec(encoding: &str) -> Option<AudioCodec> {
    match encoding {
        "mpeg4-generic" => Some(AudioCodec::Aac),
        "pcma" => Some(AudioCodec::Pcma),
        "pcmu" => Some(AudioCodec::Pcmu),
        // 16, 24 and 40 kbit/s are other bit packings, which nothing here reads.
        "g726-32" => Some(AudioCodec::G726),
        _ => None,
    }
}

/// The video track's parameters, once they are known.
pub fn video_params(stream: &Stream) -> Option<VideoParams> {
    let Some(ParametersRef::Video(found)) = stream.parameters() else { return None };
    let (width, height) = found.pixel_dimensions();
    let is_jpeg = matches!(found.codec_params(), VideoParametersCodec::Jpeg);
    Some(with_reordering(VideoParams {
        codec: video_codec(stream.encoding_name())?,
        codec_string: if is_jpeg { "mjpeg".to_owned() } else { codec_string_as_usual(found.rfc6381_codec()) },
        width,
        height,
        frame_rate: frame_rate(stream, found),
        clock_rate: stream.clock_rate_hz(),
        config: Bytes::copy_from_slice(found.extra_data()),
        max_reorder_frames: 0,
    }))
}

/// H.264 in lower case as everywhere else; H.265 strings are upper case by their standard.
fn codec_string_as_usual(text: &str) -> String {
    if text.starts_with("avc1.") { text.to_ascii_lowercase() } else { text.to_owned() }
}

/// As announced in the SPS or the description; absurd values count as unknown.
fn frame_rate(stream: &Stream, found: &VideoParameters) -> f32 {
    let in_sps = found.frame_rate().filter(|(ticks, scale)| *ticks > 0 && *scale > 0);
    let rate = in_sps.map(|(ticks, scale)| scale as f32 / ticks as f32).or(stream.framerate()).unwrap_or(0.0);
    if (0.1..=240.0).contains(&rate) { rate } else { 0.0 }
}

/// The audio track's parameters.
pub fn audio_params(stream: &Stream) -> Option<AudioParams> {
    let Some(ParametersRef::Audio(found)) = stream.parameters() else { return None };
    let codec = audio_codec(stream.encoding_name())?;
    Some(AudioParams {
        codec_string: codec_string(&codec, found),
        codec,
        sample_rate: found.clock_rate(),
        channels: found.channels().get(),
        clock_rate: stream.clock_rate_hz(),
        config: Bytes::copy_from_slice(found.extra_data()),
    })
}

fn codec_string(codec: &AudioCodec, found: &AudioParameters) -> String {
    match (codec, found.rfc6381_codec()) {
        (AudioCodec::Aac, Some(text)) => text.to_owned(),
        (AudioCodec::Aac, None) => "mp4a.40.2".to_owned(),
        // As it stands in MP4 after the lossless repack.
        _ => "flac".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_readable_tracks_are_taken_and_the_rest_is_named() {
        let got = choose_named(&[
            ("video", "h265"),
            ("audio", "pcma"),
            ("audio", "mpeg4-generic"),
            ("application", "vnd.onvif.metadata"),
        ]);
        let mut got = got.unwrap();
        assert_eq!((got.video, got.audio, got.metadata), (Some(0), Some(1), Some(3)));
        assert_eq!(got.skipped, ["audio/mpeg4-generic", "application/vnd.onvif.metadata"]);
        got.take_metadata();
        assert_eq!(got.skipped, ["audio/mpeg4-generic"]);
    }

    #[test]
    fn an_unknown_codec_is_named_and_spares_the_others() {
        let got = choose_named(&[("video", "av1"), ("video", "h264"), ("audio", "speex")]).unwrap();
        assert_eq!((got.video, got.audio, got.leaves_playable), (Some(1), None, false));
        let refused = choose_named(&[("video", "av1")]).unwrap_err();
        assert_eq!(refused.problem.code, ErrorCode::CodecUnsupported);
        assert_eq!(refused.problem.params["codec"], "av1");
        assert_eq!(choose_named(&[("audio", "pcmu")]).unwrap_err().problem.code, ErrorCode::NoVideo);
    }

    #[test]
    fn opus_is_left_to_gstreamer_unless_other_audio_is_there() {
        assert!(choose_named(&[("video", "h264"), ("audio", "opus")]).unwrap().leaves_playable);
        assert!(!choose_named(&[("video", "h264"), ("audio", "opus"), ("audio", "pcmu")]).unwrap().leaves_playable);
    }
}
