//! Live messages, and what they cost.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::print_stdout,
    reason = "helpers of tests fail by panicking, as the tests do"
)]

mod fmp4_support;

use fmp4_support::{
    count,
    encode::{Audio, ClipSpec, Video, clip},
    tools,
};
use std::{fs, sync::Arc, time::Instant};
use watchwall_media::{AccessUnit, Track, UnitParts, fmp4::Sound, live};

#[test]
fn a_message_has_its_header_and_is_built_once() {
    let Ok(units) = clip(ClipSpec::new(Video::H264, Audio::Pcmu)) else { return println!("skipped: no encoder") };
    let init = live::init_message(&units[0].params, Sound::With).unwrap();
    assert_eq!(&init[..8], [1, 1, 0, 0, 0, 0, 0, 1]);
    assert_eq!(&init[20..24], b"ftyp");
    let silent = live::init_message(&units[0].params, Sound::Without).unwrap();
    assert!(silent.len() < init.len());
    for unit in &units {
        let message = live::unit_message(unit).unwrap();
        let kind = if unit.is_video() { 2 } else { 3 };
        let flags = u8::from(unit.is_key) | if unit.is_video() { 0 } else { live::FLAG_AUDIO };
        assert_eq!((message[0], message[1]), (kind, flags));
        assert_eq!(message[4..8], (unit.sequence as u32).to_be_bytes());
        assert_eq!(message[8..16], unit.capture_at.0.to_be_bytes());
        assert_eq!(&message[20..24], b"moof");
        assert_eq!(live::unit_message(unit).unwrap().as_ptr(), message.as_ptr(), "shared, not rebuilt");
    }
    assert_eq!(
        live::media_type(&units[0].params, Sound::With),
        format!("video/mp4; codecs=\"{},flac\"", units[0].params.video.as_ref().unwrap().codec_string)
    );
}

#[test]
fn motion_jpeg_is_sent_as_stills() {
    let Ok(units) = clip(ClipSpec::new(Video::Mjpeg, Audio::None)) else { return println!("skipped: no encoder") };
    let init = live::init_message(&units[0].params, Sound::With).unwrap();
    assert_eq!(init.len(), live::HEADER_BYTES);
    let message = live::unit_message(&units[0]).unwrap();
    assert_eq!(message[0], 4);
    assert_eq!(message[16..], units[0].data[..]);
    assert_eq!(live::media_type(&units[0].params, Sound::With), "image/jpeg");
}

#[test]
fn the_messages_of_a_stream_are_one_file() {
    if !tools::has("ffprobe") {
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    for (video, audio) in [(Video::H264, Audio::Pcma), (Video::H264Reordered, Audio::Aac), (Video::H265, Audio::Opus)] {
        let units = match clip(ClipSpec::new(video, audio)) {
            Ok(units) => units,
            Err(why) => return println!("skipped: {why}"),
        };
        let mut bytes = live::init_message(&units[0].params, Sound::With).unwrap()[16..].to_vec();
        units.iter().for_each(|unit| bytes.extend_from_slice(&live::unit_message(unit).unwrap()[16..]));
        let file = folder.path().join("live.mp4");
        fs::write(&file, bytes).unwrap();
        let frames = tools::ffprobe_frames(&file);
        assert_eq!(frames.iter().filter(|frame| frame.stream == 0).count(), count(&units, Track::Video), "{video:?}");
    }
}

#[test]
fn muxing_a_frame_costs_microseconds() {
    let Ok(units) = clip(ClipSpec { frames: 250, ..ClipSpec::new(Video::H264, Audio::None) }) else { return };
    let fresh = |unit: &Arc<AccessUnit>| AccessUnit::new(UnitParts::clone(unit));
    let mut spent = std::time::Duration::ZERO;
    let rounds = 40;
    for _ in 0..rounds {
        let fresh: Vec<AccessUnit> = units.iter().map(fresh).collect();
        let start = Instant::now();
        fresh.iter().for_each(|unit| drop(live::unit_message(unit).unwrap()));
        spent += start.elapsed();
    }
    let bytes: usize = units.iter().map(|unit| unit.data.len()).sum();
    let each = spent.as_nanos() / (rounds * units.len()) as u128;
    println!("live message: {each} ns per frame of {} bytes", bytes / units.len());
    let start = Instant::now();
    for _ in 0..rounds {
        drop(fmp4_support::Recording::of(&units));
    }
    println!("recording in memory: {} ns per frame", start.elapsed().as_nanos() / (rounds * units.len()) as u128);
    assert!(each < 50_000, "{each} ns");
}
