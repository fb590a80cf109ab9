//! Clips laid out over several files.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::print_stdout,
    reason = "helpers of tests fail by panicking, as the tests do"
)]

mod fmp4_support;

use bytes::Bytes;
use fmp4_support::{
    Noise, Recording, count,
    encode::{Audio, ClipSpec, START_US, Video, clip},
    tools,
};
use std::{fs, io::Cursor};
use watchwall_media::{
    Track,
    fmp4::{self, ClipFragment, ClipLayout, ClipPart, ClipPiece},
};
use watchwall_model::UtcMicros;

fn bytes_of(layout: &ClipLayout, files: &[Vec<u8>], range: std::ops::Range<u64>) -> Vec<u8> {
    let mut out = Vec::new();
    for piece in layout.pieces(range) {
        match piece {
            ClipPiece::Bytes(bytes) => out.extend_from_slice(&bytes),
            ClipPiece::File { part, offset, len } => {
                out.extend_from_slice(&files[part][offset as usize..(offset + len) as usize]);
            }
        }
    }
    out
}

fn check(video: Video, audio: Audio) {
    let units = match clip(ClipSpec::new(video, audio)) {
        Ok(units) => units,
        Err(why) => return println!("skipped: {why}"),
    };
    // The same pictures in two files; of the first the last two fragments, of the second all.
    let recording = Recording::of(&units);
    let info = fmp4::scan_init(&recording.bytes).unwrap();
    let walked = fmp4::walk(&mut Cursor::new(&recording.bytes), info.len as u64, &info.tracks).unwrap();
    let all: Vec<ClipFragment> = walked
        .fragments
        .iter()
        .map(|found| ClipFragment { offset: found.offset, size_bytes: found.size_bytes })
        .collect();
    let parts = [
        ClipPart { tracks: info.tracks, fragments: all[1..].to_vec() },
        ClipPart { tracks: info.tracks, fragments: all.clone() },
    ];
    let files = [recording.bytes.clone(), recording.closed()];
    let layout = ClipLayout::new(&info.params, UtcMicros(START_US), &parts, |part, offset, len| {
        let rest = &files[part][offset as usize..];
        Ok(Bytes::copy_from_slice(&rest[..len.min(rest.len())]))
    })
    .unwrap();

    let whole = bytes_of(&layout, &files, 0..u64::MAX);
    assert_eq!(whole.len() as u64, layout.total_len());
    let mut noise = Noise(7);
    for _ in 0..300 {
        let from = noise.below(whole.len());
        let to = from + noise.below(whole.len() - from + 1);
        assert_eq!(bytes_of(&layout, &files, from as u64..to as u64), &whole[from..to], "{from}..{to}");
    }
    assert!(layout.pieces(layout.total_len()..layout.total_len() + 10).is_empty());

    if !tools::has("ffprobe") {
        return;
    }
    let pictures = count(&units, Track::Video) * 2 - 25;
    let sounds = play(&whole, video, pictures);
    let read = fmp4::walk(&mut Cursor::new(&whole), fmp4::scan_init(&whole).unwrap().len as u64, &info.tracks).unwrap();
    assert!(read.is_closed);
    assert_eq!(read.fragments.len(), 5);

    let progressive = ClipLayout::progressive(&info.params, UtcMicros(START_US), &parts, |part, offset, len| {
        let rest = &files[part][offset as usize..];
        Ok(Bytes::copy_from_slice(&rest[..len.min(rest.len())]))
    })
    .unwrap();
    assert_eq!(progressive.starts_us(), layout.starts_us());
    assert_eq!(progressive.duration_us(), layout.duration_us());
    let whole = bytes_of(&progressive, &files, 0..u64::MAX);
    assert_eq!(whole.len() as u64, progressive.total_len());
    let moof = whole.windows(4).any(|kind| kind == b"moof");
    assert!(!moof && whole.windows(4).any(|kind| kind == b"co64"));
    assert_eq!(play(&whole, video, pictures), sounds, "{audio:?}: as much sound in both");
}

/// What other programs find in a file; answers how many packets of sound.
fn play(whole: &[u8], video: Video, pictures: usize) -> usize {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("clip.mp4");
    fs::write(&file, whole).unwrap();
    let frames = tools::ffprobe_frames(&file);
    let mut seen: Vec<f64> = frames.iter().filter(|frame| frame.stream == 0).map(|frame| frame.seconds).collect();
    assert_eq!(seen.len(), pictures);
    seen.sort_by(f64::total_cmp);
    for (n, pair) in seen.windows(2).enumerate() {
        assert!((pair[1] - pair[0] - 0.04).abs() < 0.03, "{video:?}: picture {n} lasts {} s", pair[1] - pair[0]);
    }
    let duration: f64 = tools::ffprobe_entry(&file, "format=duration").parse().unwrap();
    assert!((duration - 5.0).abs() < 0.15, "{video:?}: {duration} s");
    assert_eq!(tools::qtdemux_pictures(&file), seen.len());
    frames.iter().filter(|frame| frame.stream == 1).count()
}

#[test]
fn a_clip_over_two_files_plays_without_a_hole() {
    check(Video::H264, Audio::Aac);
    check(Video::H264Reordered, Audio::Pcmu);
    check(Video::H265, Audio::None);
}
