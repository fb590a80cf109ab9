//! Recording files as ffprobe, ffmpeg and GStreamer see them.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::print_stdout,
    reason = "helpers of tests fail by panicking, as the tests do"
)]

mod fmp4_support;

use fmp4_support::{
    Recording, count,
    encode::{Audio, ClipSpec, Video, clip},
    tools,
};
use std::fs;
use watchwall_media::{Track, audio::AudioRepack};

#[test]
fn players_read_every_codec() {
    if !tools::has("ffprobe") {
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let check = |video, audio, codecs: &str| {
        let units = match clip(ClipSpec::new(video, audio)) {
            Ok(units) => units,
            Err(why) => return println!("skipped: {why}"),
        };
        let recording = Recording::of(&units);
        let pictures = count(&units, Track::Video);
        let name = format!("{video:?}-{audio:?}");
        // Closed, and as a crash would leave it: without the closing box.
        for (state, bytes) in [("closed", recording.closed()), ("open", recording.bytes.clone())] {
            let file = folder.path().join(format!("{name}-{state}.mp4"));
            fs::write(&file, bytes).unwrap();
            let frames = tools::ffprobe_frames(&file);
            let (seen, heard): (Vec<_>, Vec<_>) = frames.iter().partition(|frame| frame.stream == 0);
            assert_eq!(seen.len(), pictures, "{name} {state}");
            let first = seen[0].seconds;
            for (n, frame) in seen.iter().enumerate() {
                assert!(
                    (frame.seconds - first - n as f64 * 0.04).abs() < 0.001,
                    "{name} {state}: picture {n} at {}",
                    frame.seconds
                );
            }
            if audio != Audio::None {
                // Encoders may begin with a frame of priming.
                let sent = count(&units, Track::Audio);
                assert!(heard.len() + 2 >= sent && heard.len() <= sent, "{name}: {} of {sent} frames", heard.len());
            }
            assert_eq!(tools::ffprobe_entry(&file, "stream=codec_name").replace('\n', ","), codecs, "{name}");
            assert_eq!(tools::qtdemux_pictures(&file), pictures, "{name} {state} in GStreamer");
        }
    };
    check(Video::H264, Audio::None, "h264");
    check(Video::H264, Audio::Aac, "h264,aac");
    check(Video::H264, Audio::Pcmu, "h264,flac");
    check(Video::H264Reordered, Audio::Pcma, "h264,flac");
    check(Video::H265, Audio::Opus, "hevc,opus");
    check(Video::Mjpeg, Audio::Pcmu, "mjpeg,flac");
}

#[test]
fn g711_comes_back_sample_for_sample() {
    if !tools::has("ffmpeg") {
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    for audio in [Audio::Pcmu, Audio::Pcma] {
        let units = match clip(ClipSpec::new(Video::H264, audio)) {
            Ok(units) => units,
            Err(why) => return println!("skipped: {why}"),
        };
        // The decoder of FFmpeg is the judge of the law, too.
        let raw: Vec<u8> = units.iter().filter(|unit| !unit.is_video()).flat_map(|unit| unit.data.to_vec()).collect();
        let law = if audio == Audio::Pcmu { "mulaw" } else { "alaw" };
        let source = folder.path().join(law);
        fs::write(&source, &raw).unwrap();
        let out = std::process::Command::new("ffmpeg")
            .args(["-v", "error", "-f", law, "-ar", "8000", "-ac", "1", "-i"])
            .arg(&source)
            .args(["-f", "s16le", "-"])
            .output()
            .unwrap();
        let expect: Vec<i16> = out.stdout.chunks_exact(2).map(|pair| i16::from_le_bytes([pair[0], pair[1]])).collect();
        let recording = Recording::of(&units);
        let file = folder.path().join(format!("{law}.mp4"));
        fs::write(&file, recording.closed()).unwrap();
        assert_eq!(tools::ffmpeg_pcm(&file), expect, "{audio:?}");

        let audio_params = recording.params.audio.as_ref().unwrap();
        assert!(matches!(AudioRepack::of(audio_params), Some(AudioRepack::MuLaw | AudioRepack::ALaw)));
        let packed: usize = units
            .iter()
            .filter_map(|unit| watchwall_media::audio::container_frame(unit))
            .map(|frame| frame.len())
            .sum();
        println!("{audio:?}: {} bytes of G.711 became {packed} bytes of FLAC", raw.len());
        assert!(packed < raw.len() * 2);
    }
}
