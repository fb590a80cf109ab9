//! Words burnt into real clips: every picture is there, at its time, with its sound, and carries its words.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::print_stdout,
    reason = "helpers of tests fail by panicking, as the tests do"
)]

#[path = "fmp4_support/mod.rs"]
mod fmp4_support;

use fmp4_support::{
    encode::{Audio, ClipSpec, START_US, Video, clip},
    tools::{ffprobe_entry, ffprobe_frames, has},
};
use std::{path::Path, process::Command, sync::Arc, time::Duration};
use watchwall_media::{
    AccessUnit, Track,
    pixels::{BurnPlan, BurnUnit, Burner, BurntFacts},
};
use watchwall_model::UtcMicros;

/// Burns a clip into a file; times count from its first decode time.
fn burn(units: &[Arc<AccessUnit>], watermark: &str, caption: &str, to: &Path) -> BurntFacts {
    let params = Arc::clone(&units[0].params);
    let plan = BurnPlan { params: &params, start: UtcMicros(START_US), lasts: Duration::from_secs(3), watermark };
    let mut burner = Burner::start(&plan).unwrap();
    let rate = |unit: &AccessUnit| match unit.track {
        Track::Video => 90_000,
        Track::Audio => i64::from(unit.params.audio.as_ref().map_or(1, |audio| audio.clock_rate)),
    };
    let first = units.iter().find(|unit| unit.is_video()).unwrap().dts;
    let mut file = Vec::new();
    for unit in units {
        let us = |ticks: i64| (ticks * 1_000_000) / rate(unit) - first * 1_000_000 / 90_000;
        let burnt = burner.push(BurnUnit {
            track: unit.track,
            data: unit.data.clone(),
            is_key: unit.is_key,
            dts_us: us(unit.dts),
            pts_us: us(unit.pts),
            duration_us: i64::from(unit.duration) * 1_000_000 / rate(unit),
            caption: caption.to_owned(),
        });
        burnt.unwrap().iter().for_each(|bytes| file.extend_from_slice(bytes));
    }
    let (rest, facts) = burner.finish().unwrap();
    rest.iter().for_each(|bytes| file.extend_from_slice(bytes));
    std::fs::write(to, file).unwrap();
    facts
}

/// Pixels of the left of the bottom line that are as white as letters, in the picture at so many seconds.
fn white_pixels(file: &Path, at: &str) -> usize {
    let out = Command::new("ffmpeg")
        .args(["-v", "error", "-ss", at, "-i"])
        .arg(file)
        .args(["-frames:v", "1", "-vf", "crop=iw/2:28:0:ih-28", "-f", "rawvideo", "-pix_fmt", "gray", "-"])
        .output()
        .unwrap();
    assert!(!out.stdout.is_empty(), "{}", String::from_utf8_lossy(&out.stderr));
    out.stdout.iter().filter(|pixel| **pixel > 225).count()
}

#[test]
fn every_picture_is_written_on_at_its_time() {
    if !(has("ffprobe") && has("ffmpeg")) {
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let cases = [
        (Video::H264, Audio::Aac, 640, 360),
        (Video::H264Reordered, Audio::None, 640, 360),
        (Video::H265, Audio::Pcmu, 642, 362),
        (Video::Mjpeg, Audio::None, 640, 480),
    ];
    for (video, audio, width, height) in cases {
        let spec = ClipSpec { width, height, ..ClipSpec::new(video, audio) };
        let units = match clip(spec) {
            Ok(units) => units,
            Err(why) => return println!("skipped: {why}"),
        };
        let (plain, words) = (folder.path().join("plain.mp4"), folder.path().join("words.mp4"));
        burn(&units, "", " ", &plain);
        // What could mean something to a text renderer means nothing.
        let begun = std::time::Instant::now();
        let facts = burn(&units, "<Case> & 12", "2026-11-26 10:00:00.000 +08:00  <大门> & 1", &words);
        println!("3 s of {video:?} at {width}x{height} written on in {:?}", begun.elapsed());
        assert_eq!((facts.width, facts.height, facts.pictures), (width, height, 75), "{video:?}");
        assert_eq!(facts.has_audio, audio != Audio::None, "{video:?}");
        assert_eq!(ffprobe_entry(&words, "stream=codec_name").lines().next(), Some("h264"), "{video:?}");
        let mut times: Vec<f64> =
            ffprobe_frames(&words).iter().filter(|frame| frame.stream == 0).map(|frame| frame.seconds).collect();
        times.sort_by(f64::total_cmp);
        assert_eq!(times.len(), 75, "{video:?}");
        let even = times.windows(2).all(|pair| (pair[1] - pair[0] - 0.04).abs() < 0.002);
        assert!(even, "{video:?}: {times:?}");
        for at in ["0", "2.5"] {
            let (without, with) = (white_pixels(&plain, at), white_pixels(&words, at));
            assert!(with > without + 150, "{video:?} at {at}: {with} white pixels, {without} without words");
        }
    }
}
