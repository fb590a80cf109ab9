//! A clip as one ordinary MP4: a `moov` with the tables of all samples in front (ISO/IEC 14496-12, 8.6 and 8.7), then one
//! `mdat`. Programs that know no fragments play and cut it too.

use super::{
    AUDIO_TRACK, BOX_HEADER, ClipLayout, ClipPart, ClipPiece, FmpError, Sound, VIDEO_TRACK,
    boxes::find,
    clip::{Line, read_head, to_ticks, to_us},
    init::{MOVIE_TIMESCALE, movie},
    samples::{SampleRef, read_moof},
};
use crate::{StreamParams, Track};
use bytes::Bytes;
use mp4_atom::{
    Co64, Ctts, CttsEntry, Edts, Elst, ElstEntry, Encode, FourCC, Ftyp, Moov, Stsc, StscEntry, Stss, Stsz, StszSamples,
    Stts, SttsEntry, Trak,
};
use std::io;
use watchwall_model::UtcMicros;

/// A `mdat` whose length takes 64 bits.
const MDAT_HEADER: usize = BOX_HEADER + 8;

impl ClipLayout {
    /// Lays out a progressive file of parts that share `params`. Holds the tables in memory, about 20 bytes per sample.
    ///
    /// # Errors
    /// As [`ClipLayout::new`].
    pub fn progressive(
        params: &StreamParams,
        start: UtcMicros,
        parts: &[ClipPart],
        mut read: impl FnMut(usize, u64, usize) -> io::Result<Bytes>,
    ) -> Result<Self, FmpError> {
        let mut line = Line::default();
        let mut tables = Tables::default();
        let (mut payloads, mut starts_us, mut payload_len) = (Vec::new(), Vec::new(), 0);
        for (part, clip_part) in parts.iter().enumerate() {
            line.begin(clip_part.tracks);
            for fragment in &clip_part.fragments {
                let malformed = || FmpError::Malformed("a moof that cannot be read");
                let head = read_head(fragment, |len| read(part, fragment.offset, len))?;
                let mut samples = Vec::new();
                read_moof(&find(&head, b"moof").ok_or_else(malformed)?, &line.tracks, &mut samples);
                let shift_us = line.place(&samples).ok_or_else(malformed)?;
                starts_us.push(line.begun_us);
                let len = fragment.size_bytes - head.len() as u64;
                for sample in &samples {
                    // What lies outside of its fragment is left out, as everywhere.
                    let at = sample.offset.checked_sub(head.len()).map(|at| at as u64);
                    if let Some(at) = at.filter(|at| at + sample.len as u64 <= len) {
                        tables.of(sample.track).push(sample, at + payload_len, line.rate(sample.track), shift_us);
                    }
                }
                payloads.push(ClipPiece::File { part, offset: fragment.offset + head.len() as u64, len });
                payload_len += len;
            }
        }
        if tables.video.sizes.is_empty() && tables.audio.sizes.is_empty() {
            return Err(FmpError::Empty);
        }
        let sound = Sound::from(!tables.audio.sizes.is_empty());
        let moov = tables.fill(movie(params, start, sound)?);
        let head = head(moov, payload_len)?;
        Ok(Self::of([ClipPiece::Bytes(head)].into_iter().chain(payloads), &line, starts_us))
    }
}

/// Everything before the first payload. The chunk offsets of `moov` count from that until here.
fn head(mut moov: Moov, payload_len: u64) -> Result<Bytes, FmpError> {
    let ftyp = Ftyp {
        major_brand: FourCC::new(b"isom"),
        minor_version: 512,
        compatible_brands: [b"isom", b"iso2", b"mp41"].map(FourCC::new).to_vec(),
    };
    let invalid = |e: mp4_atom::Error| FmpError::ConfigInvalid { codec: "stream".to_owned(), detail: e.to_string() };
    let mut out = Vec::new();
    ftyp.encode(&mut out).map_err(invalid)?;
    let ftyp_len = out.len();
    moov.encode(&mut out).map_err(invalid)?;
    // Offsets take the same room whatever they are.
    let base = (out.len() + MDAT_HEADER) as u64;
    for trak in &mut moov.trak {
        let chunks = trak.mdia.minf.stbl.co64.iter_mut().flat_map(|chunks| &mut chunks.entries);
        chunks.for_each(|offset| *offset += base);
    }
    out.truncate(ftyp_len);
    moov.encode(&mut out).map_err(invalid)?;
    out.extend_from_slice(&1_u32.to_be_bytes());
    out.extend_from_slice(b"mdat");
    out.extend_from_slice(&(payload_len + MDAT_HEADER as u64).to_be_bytes());
    Ok(Bytes::from(out))
}

/// The samples of both tracks.
#[derive(Default)]
struct Tables {
    video: TrackSamples,
    audio: TrackSamples,
}

impl Tables {
    const fn of(&mut self, track: Track) -> &mut TrackSamples {
        match track {
            Track::Video => &mut self.video,
            Track::Audio => &mut self.audio,
        }
    }

    fn fill(self, mut moov: Moov) -> Moov {
        let of = |id| match id {
            VIDEO_TRACK => Some(&self.video),
            AUDIO_TRACK => Some(&self.audio),
            _ => None,
        };
        let begins = |trak: &Trak| Some(to_us(of(trak.tkhd.track_id)?.first_shown?, trak.mdia.mdhd.timescale));
        // The first picture or sound begins the file.
        let begins_us = moov.trak.iter().filter_map(begins).min().unwrap_or(0);
        for trak in &mut moov.trak {
            if let Some(samples) = of(trak.tkhd.track_id) {
                samples.fill(trak, begins_us);
            }
        }
        moov.trak.retain(|trak| trak.mdia.mdhd.duration > 0);
        moov.mvhd.duration = moov.trak.iter().map(|trak| trak.tkhd.duration).max().unwrap_or(0);
        moov
    }
}

/// What the tables of one track are made of.
#[derive(Default)]
struct TrackSamples {
    sizes: Vec<u32>,
    /// In ticks from the clip's beginning.
    decode_times: Vec<i64>,
    last_duration: u32,
    /// Beginning of the first sample shown.
    first_shown: Option<i64>,
    /// End of the last sample shown, which B-frames put behind that of the last decoded.
    shown_end: i64,
    compositions: Vec<i64>,
    /// Numbers of key frames, from 1.
    keys: Vec<u32>,
    /// Where samples lie one behind the other, and how many.
    chunks: Vec<(u64, u32)>,
    chunk_end: u64,
}

impl TrackSamples {
    fn push(&mut self, sample: &SampleRef, at: u64, rate: u32, shift_us: i64) {
        let decode_time = sample.dts.saturating_add(to_ticks(shift_us, rate));
        // A clock that went back must not make a sample last for ever.
        let earliest = self.decode_times.last().copied().unwrap_or(0);
        let decode_time = decode_time.max(earliest);
        let composition = sample.pts.saturating_sub(sample.dts);
        self.decode_times.push(decode_time);
        self.compositions.push(composition);
        let shown = decode_time.saturating_add(composition);
        self.first_shown = Some(self.first_shown.map_or(shown, |first| first.min(shown)));
        self.shown_end = self.shown_end.max(shown.saturating_add(i64::from(sample.duration)));
        self.sizes.push(u32::try_from(sample.len).unwrap_or(u32::MAX));
        self.last_duration = sample.duration;
        if sample.is_key {
            self.keys.push(u32::try_from(self.sizes.len()).unwrap_or(u32::MAX));
        }
        match self.chunks.last_mut() {
            Some((_, count)) if self.chunk_end == at => *count += 1,
            _ => self.chunks.push((at, 1)),
        }
        self.chunk_end = at + sample.len as u64;
    }

    /// `begins_us`: when the first track begins; the others wait as long as they begin later.
    fn fill(&self, trak: &mut Trak, begins_us: i64) {
        let (Some(first), Some(first_shown)) = (self.decode_times.first(), self.first_shown) else { return };
        let rate = trak.mdia.mdhd.timescale;
        let movie = |us: i64| u64::try_from(us).unwrap_or(0) * u64::from(MOVIE_TIMESCALE) / 1_000_000;
        let media = |ticks: i64| u64::try_from(ticks).unwrap_or(0);
        trak.mdia.mdhd.duration = media(self.shown_end - first);
        let delay = movie(to_us(first_shown, rate) - begins_us);
        // An edit that ended earlier would cut the last pictures off.
        let shown = movie(to_us(self.shown_end - first_shown, rate)) + 1;
        trak.tkhd.duration = delay + shown;
        let edit = |segment_duration, media_time| ElstEntry { segment_duration, media_time, media_rate: 1.into() };
        let mut entries = vec![edit(shown, Some(media(first_shown - first)))];
        if delay > 0 {
            entries.insert(0, edit(delay, None));
        }
        trak.edts = Some(Edts { elst: Some(Elst { entries }) });
        let stbl = &mut trak.mdia.minf.stbl;
        stbl.stts = Stts { entries: self.durations() };
        stbl.ctts = self.compositions.iter().any(|offset| *offset != 0).then(|| Ctts { entries: self.offsets() });
        stbl.stss = (self.keys.len() < self.sizes.len()).then(|| Stss { entries: self.keys.clone() });
        stbl.stsz = Stsz { samples: StszSamples::Different { sizes: self.sizes.clone() } };
        stbl.stsc = Stsc { entries: self.chunk_sizes() };
        stbl.stco = None;
        stbl.co64 = Some(Co64 { entries: self.chunks.iter().map(|(at, _)| *at).collect() });
    }

    /// A sample lasts until the next begins.
    fn durations(&self) -> Vec<SttsEntry> {
        let deltas = self.decode_times.windows(2).map(|pair| u32::try_from(pair[1] - pair[0]).unwrap_or(u32::MAX));
        let runs = runs(deltas.chain([self.last_duration]));
        runs.into_iter().map(|(sample_count, sample_delta)| SttsEntry { sample_count, sample_delta }).collect()
    }

    fn offsets(&self) -> Vec<CttsEntry> {
        let runs = runs(self.compositions.iter().copied());
        runs.into_iter().map(|(sample_count, sample_offset)| CttsEntry { sample_count, sample_offset }).collect()
    }

    fn chunk_sizes(&self) -> Vec<StscEntry> {
        let mut first_chunk = 1;
        let mut entries = Vec::new();
        for (chunks, samples_per_chunk) in runs(self.chunks.iter().map(|(_, count)| *count)) {
            entries.push(StscEntry { first_chunk, samples_per_chunk, sample_description_index: 1 });
            first_chunk += chunks;
        }
        entries
    }
}

/// How often each value stands behind the other.
fn runs<T: PartialEq>(values: impl Iterator<Item = T>) -> Vec<(u32, T)> {
    let mut runs: Vec<(u32, T)> = Vec::new();
    for value in values {
        match runs.last_mut() {
            Some((count, last)) if *last == value => *count += 1,
            _ => runs.push((1, value)),
        }
    }
    runs
}
