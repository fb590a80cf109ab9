//! Recording files read back: whole, torn and hostile.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::print_stdout,
    reason = "helpers of tests fail by panicking, as the tests do"
)]

mod fmp4_support;

use fmp4_support::{
    Noise, Recording,
    encode::{Audio, ClipSpec, START_US, Video, clip},
    identity,
};
use std::{io::Cursor, sync::Arc};
use watchwall_media::{AccessUnit, Track, fmp4};
use watchwall_model::{AudioCodec, UtcMicros};

fn units(video: Video, audio: Audio) -> Option<Vec<Arc<AccessUnit>>> {
    clip(ClipSpec::new(video, audio)).map_err(|why| println!("skipped: {why}")).ok()
}

#[test]
fn an_init_segment_gives_back_what_went_in() {
    for (video, audio) in [(Video::H264Reordered, Audio::Aac), (Video::H265, Audio::Opus), (Video::Mjpeg, Audio::Pcmu)]
    {
        let Some(units) = units(video, audio) else { continue };
        let recording = Recording::of(&units);
        let info = fmp4::scan_init(&recording.bytes).unwrap();
        assert_eq!(info.len, recording.init_len);
        assert_eq!(info.identity, Some(identity()));
        let (sent, read) = (recording.params.video.clone().unwrap(), info.params.video.unwrap());
        assert_eq!(read, watchwall_media::VideoParams { frame_rate: 0.0, ..sent }, "{video:?}");
        let (sent, read) = (recording.params.audio.clone().unwrap(), info.params.audio.unwrap());
        if audio == Audio::Pcmu {
            assert_eq!(read.codec, AudioCodec::Other("flac".to_owned()));
            assert_eq!((read.sample_rate, read.channels, read.clock_rate), (8000, 1, 8000));
        } else {
            assert_eq!(read, sent, "{audio:?}");
        }
        assert_eq!(info.tracks, fmp4::TrackTable::of_ours(&recording.params));
        let mut file = Cursor::new(&recording.bytes);
        assert_eq!(fmp4::read_init(&mut file).unwrap().len, recording.init_len);
    }
}

#[test]
fn fragments_give_back_units_and_wall_clock() {
    let Some(units) = units(Video::H264Reordered, Audio::Pcma) else { return };
    let recording = Recording::of(&units);
    let info = fmp4::scan_init(&recording.bytes).unwrap();
    let walked = fmp4::walk(&mut Cursor::new(recording.closed()), recording.init_len as u64, &info.tracks).unwrap();
    assert!(walked.is_closed);
    assert_eq!(walked.valid_len, recording.bytes.len() as u64);
    assert_eq!(walked.fragments.len(), recording.index.len());
    let mut pictures = units.iter().filter(|unit| unit.is_video());
    let base = units[0].dts;
    for (found, indexed) in walked.fragments.iter().zip(&recording.index) {
        assert_eq!((found.offset, found.size_bytes), (indexed.offset, u64::from(indexed.size_bytes)));
        assert_eq!(found.moof_offset, found.offset + fmp4::PRFT_BYTES as u64);
        assert!(found.is_key);
        let from = found.offset as usize;
        let bytes = &recording.bytes[from..from + found.size_bytes as usize];
        let read = fmp4::samples(bytes, &info.tracks).unwrap();
        let wall = read.wall_clock.unwrap();
        assert_eq!(Some(wall.at), found.start);
        for sample in read.of(Track::Video) {
            let unit = pictures.next().unwrap();
            assert_eq!(&bytes[sample.offset..sample.offset + sample.len], &unit.data[..]);
            assert_eq!((sample.dts, sample.pts, sample.is_key), (unit.dts - base, unit.pts - base, unit.is_key));
            assert_eq!(sample.duration, 3_600);
            if sample.pts == wall.pts {
                assert_eq!(wall.at, unit.capture_at);
            }
        }
        assert_eq!(found.duration_us, 1_000_000);
    }
    assert!(pictures.next().is_none());
    assert_eq!(walked.fragments[0].start, Some(UtcMicros(START_US)));
    assert_eq!(walked.fragments[1].decode_time_us, 1_000_000);
}

#[test]
fn a_torn_tail_is_left_out() {
    let Some(units) = units(Video::H264, Audio::Pcmu) else { return };
    let recording = Recording::of(&units);
    let info = fmp4::scan_init(&recording.bytes).unwrap();
    let closed = recording.closed();
    let ends: Vec<u64> = recording.index.iter().map(|f| f.offset + u64::from(f.size_bytes)).collect();
    for len in (recording.init_len..closed.len()).step_by(97).chain(ends.iter().map(|end| *end as usize)) {
        let walked = fmp4::walk(&mut Cursor::new(&closed[..len]), recording.init_len as u64, &info.tracks).unwrap();
        let whole: Vec<u64> = ends.iter().copied().filter(|end| *end <= len as u64).collect();
        assert_eq!(walked.fragments.len(), whole.len(), "cut at {len}");
        assert_eq!(walked.valid_len, whole.last().copied().unwrap_or(recording.init_len as u64), "cut at {len}");
        assert!(!walked.is_closed);
    }
    // Zeros, as a file system may leave after a power cut.
    let mut zeros = recording.bytes.clone();
    zeros.resize(zeros.len() + 4096, 0);
    let walked = fmp4::walk(&mut Cursor::new(&zeros), recording.init_len as u64, &info.tracks).unwrap();
    assert_eq!((walked.valid_len, walked.fragments.len()), (recording.bytes.len() as u64, ends.len()));
}

#[test]
fn hostile_bytes_never_panic() {
    let Some(units) = units(Video::H264, Audio::Aac) else { return };
    let recording = Recording::of(&units[..40]);
    let info = fmp4::scan_init(&recording.bytes).unwrap();
    let first = recording.index[0];
    let mut noise = Noise(0x9e37_79b9_7f4a_7c15);
    let mut readable = 0;
    for _ in 0..20_000 {
        let mut bytes = recording.bytes[..recording.init_len + 2_000].to_vec();
        for _ in 0..=noise.below(6) {
            let at = noise.below(bytes.len());
            bytes[at] = match noise.below(4) {
                0 => 0xff,
                1 => 0,
                2 => bytes[at] ^ (1 << noise.below(8)),
                _ => noise.below(256) as u8,
            };
        }
        bytes.truncate(bytes.len() - noise.below(bytes.len() / 2));
        if let Ok(info) = fmp4::scan_init(&bytes) {
            readable += 1;
            let _ = fmp4::walk(&mut Cursor::new(&bytes), info.len as u64, &info.tracks).unwrap();
        }
        let _ = fmp4::read_init(&mut Cursor::new(&bytes));
        let from = (first.offset as usize).min(bytes.len());
        if let Ok(read) = fmp4::samples(&bytes[from..], &info.tracks) {
            assert!(read.samples.iter().all(|sample| sample.offset + sample.len <= bytes.len() - from));
        }
        let _ = fmp4::walk(&mut Cursor::new(&bytes), from as u64, &info.tracks).unwrap();
        let parts = [fmp4::ClipPart {
            tracks: info.tracks,
            fragments: vec![fmp4::ClipFragment { offset: from as u64, size_bytes: (bytes.len() - from) as u64 }],
        }];
        let _ = fmp4::ClipLayout::new(&recording.params, UtcMicros(0), &parts, |_, offset, len| {
            let rest = &bytes[(offset as usize).min(bytes.len())..];
            Ok(bytes::Bytes::copy_from_slice(&rest[..len.min(rest.len())]))
        });
    }
    assert!(readable > 1000, "the damage was too great to test anything: {readable}");
}
