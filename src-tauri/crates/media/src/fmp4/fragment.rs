//! One fragment of a recording file.

use super::{
    AUDIO_TRACK, BOX_HEADER, FmpError, Run, Sample, Sound, VIDEO_TRACK,
    moof::{DELTA_FLAGS, KEY_FLAGS, moof_len, put_mdat_header, put_moof},
    prft::{PRFT_BYTES, ReferenceTime, put_prft},
};
use crate::{AccessUnit, Track, audio};
use bytes::{Bytes, BytesMut};
use smallvec::SmallVec;
use std::sync::Arc;
use watchwall_model::UtcMicros;

/// A fragment never holds more; offsets in it are 31 bits.
const MOST_BYTES: u64 = 1 << 30;

/// Where the tracks' decode times count from: those of the file's first key frame, each in its own ticks.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct DecodeBase {
    pub video: i64,
    pub audio: i64,
}

#[derive(Clone, Copy, Debug)]
pub struct FragmentOptions {
    /// Raised by one within a file, from 1.
    pub sequence: u32,
    pub base: DecodeBase,
    pub sound: Sound,
}

/// A fragment ready to be written in one go: `header`, then `payload` in order.
#[derive(Clone, Debug)]
pub struct FragmentParts {
    /// `prft`, `moof` and the head of the `mdat`.
    pub header: Bytes,
    /// The units' own bytes, video first.
    pub payload: Vec<Bytes>,
    /// All of it.
    pub size_bytes: u32,
    /// Where the `moof` begins, counted from the fragment's first byte.
    pub moof_at: u32,
    /// When the first picture was taken.
    pub start: UtcMicros,
    /// Decode time of the first picture and length of all of them, in video ticks (audio ticks without video).
    pub decode_time: u64,
    pub duration: u64,
    /// Begins with a key frame.
    pub is_key: bool,
}

/// Builds a fragment from units that share their params, in decode order per track. Sound that MP4 cannot hold, and
/// sound from before the file's start, is left out.
///
/// # Errors
/// [`FmpError::Empty`] when nothing is left to write, [`FmpError::TooLarge`] over 1 GiB.
pub fn gop_fragment(units: &[Arc<AccessUnit>], options: FragmentOptions) -> Result<FragmentParts, FmpError> {
    let mut payload = Vec::with_capacity(units.len());
    let mut video = Gathered::new(VIDEO_TRACK);
    let mut sound = Gathered::new(AUDIO_TRACK);
    for unit in units.iter().filter(|unit| unit.is_video() && !unit.data.is_empty()) {
        video.add(unit, unit.data.len(), options.base.video);
        payload.push(unit.data.clone());
    }
    if options.sound == Sound::With {
        for unit in units.iter().filter(|unit| unit.track == Track::Audio && unit.dts >= options.base.audio) {
            let Some(frame) = audio::container_frame(unit) else { continue };
            sound.add(unit, frame.len(), options.base.audio);
            payload.push(frame);
        }
    }
    let runs: SmallVec<[Run<'_>; 2]> = [&video, &sound].into_iter().filter_map(Gathered::run).collect();
    let first = if video.first.is_some() { &video } else { &sound };
    let (Some(lead), Some(run)) = (first.first, runs.first()) else { return Err(FmpError::Empty) };

    let payload_bytes: u64 = payload.iter().map(|bytes| bytes.len() as u64).sum();
    let header_len = PRFT_BYTES + moof_len(&runs) + BOX_HEADER;
    let size = payload_bytes + header_len as u64;
    if size > MOST_BYTES {
        return Err(FmpError::TooLarge { bytes: size });
    }
    let mut header = BytesMut::with_capacity(header_len);
    let media_time = run.decode_time.saturating_add_signed(lead.pts - lead.dts);
    put_prft(&mut header, ReferenceTime { track_id: run.track_id, at: lead.capture_at, media_time });
    put_moof(&mut header, options.sequence, &runs);
    put_mdat_header(&mut header, payload_bytes as usize);
    Ok(FragmentParts {
        start: lead.capture_at,
        decode_time: run.decode_time,
        duration: run.samples.iter().map(|sample| u64::from(sample.duration)).sum(),
        is_key: lead.is_key,
        header: header.freeze(),
        payload,
        size_bytes: size as u32,
        moof_at: PRFT_BYTES as u32,
    })
}

/// The samples of one track.
struct Gathered<'a> {
    track_id: u32,
    first: Option<&'a AccessUnit>,
    decode_time: u64,
    last_dts: i64,
    samples: SmallVec<[Sample; 64]>,
}

impl<'a> Gathered<'a> {
    const fn new(track_id: u32) -> Self {
        Self { track_id, first: None, decode_time: 0, last_dts: 0, samples: SmallVec::new_const() }
    }

    /// A sample lasts until the next begins; the last one as long as its unit says.
    fn add(&mut self, unit: &'a AccessUnit, size: usize, base: i64) {
        if self.first.is_none() {
            self.first = Some(unit);
            self.decode_time = u64::try_from(unit.dts.saturating_sub(base)).unwrap_or(0);
        }
        if let Some(last) = self.samples.last_mut() {
            last.duration = u32::try_from(unit.dts.saturating_sub(self.last_dts)).unwrap_or(last.duration);
        }
        self.last_dts = unit.dts;
        self.samples.push(sample(unit, size));
    }

    fn run(&self) -> Option<Run<'_>> {
        self.first.map(|_| Run { track_id: self.track_id, decode_time: self.decode_time, samples: &self.samples })
    }
}

/// A unit as a sample of so many bytes.
pub fn sample(unit: &AccessUnit, size: usize) -> Sample {
    Sample {
        size: u32::try_from(size).unwrap_or(u32::MAX),
        duration: unit.duration,
        flags: if unit.is_key { KEY_FLAGS } else { DELTA_FLAGS },
        composition: i32::try_from(unit.pts.saturating_sub(unit.dts)).unwrap_or(0),
    }
}
