//! Encoded pictures and the recording's sound as fragments of one MP4 file.

use super::{BurnUnit, Burnt, BurntFacts, failed, is_kept};
use crate::{
    AccessUnit, AudioParams, StreamParams, Track, UnitParts, VideoParams,
    fmp4::{
        DecodeBase, FragmentOptions, InitKind, InitOptions, MfraEntry, Sound, VIDEO_TIMESCALE, gop_fragment,
        init_segment, mfra,
    },
};
use bytes::Bytes;
use std::{
    collections::VecDeque,
    sync::Arc,
    time::{Duration, Instant},
};
use watchwall_model::{Problem, UtcMicros};

/// A last picture lasts this long.
const LAST_US: i64 = 40_000;

/// A file that grows by fragments; each begins with a key frame.
pub struct NewFile {
    audio: Option<AudioParams>,
    start: UtcMicros,
    lasts: Duration,
    /// Known with the first picture.
    params: Option<Arc<StreamParams>>,
    pictures: Vec<Burnt>,
    sound: VecDeque<BurnUnit>,
    last_sound_dts: i64,
    sequence: u32,
    len: u64,
    keys: Vec<MfraEntry>,
    facts: BurntFacts,
}

impl NewFile {
    pub fn new(audio: Option<AudioParams>, start: UtcMicros, lasts: Duration) -> Self {
        let audio = audio.filter(|audio| is_kept(Some(audio)));
        Self {
            audio,
            start,
            lasts,
            params: None,
            pictures: Vec::new(),
            sound: VecDeque::new(),
            last_sound_dts: -1,
            sequence: 0,
            len: 0,
            keys: Vec::new(),
            facts: BurntFacts::default(),
        }
    }

    pub fn sound(&mut self, unit: BurnUnit) {
        if self.audio.is_some() && unit.pts_us >= 0 {
            self.sound.push_back(unit);
        }
    }

    /// Takes a picture; a key frame ends the fragment before it.
    pub fn picture(&mut self, burnt: Burnt, video: Option<&VideoParams>) -> Result<Vec<Bytes>, Problem> {
        let mut grown = Vec::new();
        if self.params.is_none() {
            let video = video.cloned().ok_or_else(|| failed("the encoder does not say what it makes"))?;
            (self.facts.width, self.facts.height) = (video.width, video.height);
            self.facts.has_audio = self.audio.is_some();
            let params = Arc::new(StreamParams::new(1, Some(video), self.audio.clone()));
            let duration_ms = u64::try_from(self.lasts.as_millis()).unwrap_or(u64::MAX);
            let kind = InitKind::Clip { start: self.start, duration_ms };
            grown.push(init_segment(&params, InitOptions { kind, sound: self.with_sound() })?);
            self.params = Some(params);
        }
        if burnt.is_key && !self.pictures.is_empty() {
            grown.append(&mut self.fragment(burnt.at_us)?);
        }
        self.facts.pictures += 1;
        self.pictures.push(burnt);
        self.len += grown.iter().map(|bytes| bytes.len() as u64).sum::<u64>();
        Ok(grown)
    }

    pub fn finish(mut self) -> Result<(Vec<Bytes>, BurntFacts), Problem> {
        if self.facts.pictures == 0 {
            return Err(failed("no picture came out of the encoder"));
        }
        let mut grown = self.fragment(i64::MAX)?;
        grown.push(mfra(self.keys));
        Ok((grown, self.facts))
    }

    fn with_sound(&self) -> Sound {
        Sound::from(self.audio.is_some())
    }

    /// What came before `until_us`.
    fn fragment(&mut self, until_us: i64) -> Result<Vec<Bytes>, Problem> {
        let Some(params) = self.params.clone() else { return Ok(Vec::new()) };
        let pictures = std::mem::take(&mut self.pictures);
        let ends = pictures.iter().skip(1).map(|next| next.at_us);
        let last_us = pictures.last().map_or(0, |last| last.at_us);
        let end_us = if until_us == i64::MAX { last_us + LAST_US } else { until_us };
        let ends: Vec<i64> = ends.chain([end_us]).collect();
        let mut units = Vec::with_capacity(pictures.len());
        for (picture, end_us) in pictures.iter().zip(ends) {
            let at = ticks(picture.at_us, VIDEO_TIMESCALE);
            let unit = UnitParts {
                track: Track::Video,
                data: picture.data.clone(),
                is_key: picture.is_key,
                is_discontinuity: false,
                pts: at,
                dts: at,
                duration: u32::try_from(ticks(end_us, VIDEO_TIMESCALE) - at).unwrap_or(1).max(1),
                capture_at: UtcMicros(self.start.0 + picture.at_us),
                received_at: Instant::now(),
                sequence: 0,
                params: Arc::clone(&params),
            };
            units.push(Arc::new(AccessUnit::new(unit)));
        }
        units.extend(self.sound_until(until_us, &params));
        self.sequence += 1;
        let options =
            FragmentOptions { sequence: self.sequence, base: DecodeBase::default(), sound: self.with_sound() };
        let parts = gop_fragment(&units, options)?;
        let moof_offset = self.len + u64::from(parts.moof_at);
        self.keys.push(MfraEntry { time: parts.decode_time, moof_offset });
        Ok([parts.header].into_iter().chain(parts.payload).collect())
    }

    fn sound_until(&mut self, until_us: i64, params: &Arc<StreamParams>) -> Vec<Arc<AccessUnit>> {
        let Some(rate) = params.audio.as_ref().map(|audio| audio.clock_rate) else { return Vec::new() };
        let mut units = Vec::new();
        while let Some(unit) = self.sound.pop_front_if(|unit| unit.pts_us < until_us) {
            // Where stretches meet, sounds may overlap by a rounding.
            let at = ticks(unit.pts_us, rate).max(self.last_sound_dts + 1);
            self.last_sound_dts = at;
            units.push(Arc::new(AccessUnit::new(UnitParts {
                track: Track::Audio,
                data: unit.data,
                is_key: true,
                is_discontinuity: false,
                pts: at,
                dts: at,
                duration: u32::try_from(ticks(unit.duration_us, rate)).unwrap_or(1).max(1),
                capture_at: UtcMicros(self.start.0 + unit.pts_us),
                received_at: Instant::now(),
                sequence: 0,
                params: Arc::clone(params),
            })));
        }
        units
    }
}

fn ticks(us: i64, rate: u32) -> i64 {
    i64::try_from(i128::from(us) * i128::from(rate) / 1_000_000).unwrap_or(0)
}
