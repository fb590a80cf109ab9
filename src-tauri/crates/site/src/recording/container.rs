//! How recordings stand in files and messages: the only place that knows media's writing and reading of boxes.

use super::{archive::SegmentView, playback::StoredUnit, recorder::Piece, volume::Append};
use bytes::Bytes;
use std::{
    io::{self, Read, Seek},
    ops::Range,
    sync::Arc,
};
use watchwall_media::{
    StreamParams, Track,
    fmp4::{
        self, ClipFragment, ClipLayout, ClipPart, FragmentOptions, InitInfo, InitKind, InitOptions, SegmentIdentity,
        Sound, TrackTable,
    },
};
use watchwall_model::{ErrorCode, Fragment, Problem, StreamPath, UtcMillis};

/// Two fragments whose starts are further apart than this do not follow each other.
const APART_MS: i64 = 10_000;

/// What the initialisation segment of a file says.
#[derive(Debug)]
pub struct Head {
    pub params: Arc<StreamParams>,
    pub tracks: TrackTable,
    pub init_bytes: u32,
    /// In files we wrote.
    pub start: Option<UtcMillis>,
}

/// A file up to its last whole fragment.
#[derive(Debug)]
pub struct Walked {
    pub fragments: Vec<Fragment>,
    pub valid_len: u64,
    pub is_closed: bool,
}

/// How a clip is built.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ClipForm {
    /// Quick to lay out, for who watches at once.
    Fragmented,
    /// For who keeps it: every program reads it.
    Progressive,
}

/// Whose file it is to be.
pub struct NewFile<'a> {
    pub path: &'a StreamPath,
    pub volume_marker: &'a str,
    pub start: UtcMillis,
    pub sound: Sound,
}

/// The head of a recording file.
///
/// # Errors
/// `codec_unsupported` for what MP4 cannot hold.
pub fn init(params: &StreamParams, file: &NewFile<'_>) -> Result<Bytes, Problem> {
    let identity = SegmentIdentity {
        path: file.path.clone(),
        site: String::new(),
        volume_marker: file.volume_marker.to_owned(),
        start: file.start.to_micros(),
    };
    Ok(fmp4::init_segment(params, InitOptions { kind: InitKind::File(&identity), sound: file.sound })?)
}

/// A fragment, ready to be written.
///
/// # Errors
/// When its units hold nothing, or more than a fragment may.
pub fn fragment(piece: Piece, sound: Sound) -> Result<Append, Problem> {
    let parts =
        fmp4::gop_fragment(&piece.units, FragmentOptions { sequence: piece.sequence, base: piece.base, sound })?;
    Ok(Append {
        header: parts.header,
        payload: parts.payload,
        size_bytes: parts.size_bytes,
        start_ms: piece.start_ms,
        duration_ms: piece.duration_ms,
        is_key: piece.is_key,
    })
}

/// What stands at the end of a finished file.
pub fn closing(fragments: &[Fragment], _len: u64) -> Bytes {
    fmp4::mfra_of_index(fragments, fmp4::VIDEO_TIMESCALE)
}

/// # Errors
/// `no_recording` when the bytes are none.
pub fn head_of(init: &[u8]) -> Result<Head, Problem> {
    Ok(read(fmp4::scan_init(init)?))
}

/// # Errors
/// When the file cannot be read or is none.
pub fn head(file: &mut (impl Read + Seek)) -> io::Result<Head> {
    Ok(read(fmp4::read_init(file)?))
}

fn read(info: InitInfo) -> Head {
    Head {
        params: Arc::new(info.params),
        tracks: info.tracks,
        init_bytes: u32::try_from(info.len).unwrap_or(u32::MAX),
        start: info.identity.map(|identity| identity.start.to_millis()),
    }
}

/// Walks a file that starts at `start` from the end of its head or of a known fragment.
///
/// # Errors
/// When the file cannot be read; damage ends the walk.
pub fn walk(file: &mut (impl Read + Seek), from: u64, start: UtcMillis, tracks: &TrackTable) -> io::Result<Walked> {
    let walked = fmp4::walk(file, from, tracks)?;
    let start_ms = |found: &fmp4::FoundFragment| match found.start {
        Some(at) => (at.to_millis() - start).max(0),
        None => i64::try_from(found.decode_time_us / 1000).unwrap_or(i64::MAX),
    };
    let starts: Vec<i64> = walked.fragments.iter().map(start_ms).collect();
    let fragments = walked.fragments.iter().enumerate().filter_map(|(n, found)| {
        let lasts_ms = i64::try_from(found.duration_us / 1000).unwrap_or(i64::MAX).max(1);
        // It lasts until the next begins, where one follows.
        let next = starts.get(n + 1).map(|next| next - starts[n]).filter(|apart| (1..APART_MS).contains(apart));
        Some(Fragment {
            offset: found.offset,
            size_bytes: u32::try_from(found.size_bytes).ok()?,
            start_ms: u32::try_from(starts[n]).ok()?,
            duration_ms: u32::try_from(next.unwrap_or(lasts_ms)).ok()?,
            is_key: found.is_key,
        })
    });
    Ok(Walked { fragments: fragments.collect(), valid_len: walked.valid_len, is_closed: walked.is_closed })
}

/// The units of a fragment that begins at `start_us`, in file order.
///
/// # Errors
/// `no_recording` when the bytes are no fragment.
pub fn units(head: &Head, bytes: &Bytes, start_us: i64) -> Result<Vec<StoredUnit>, Problem> {
    let found = fmp4::samples(bytes, &head.tracks)?;
    let timescale = |track| match track {
        Track::Video => head.tracks.video.map_or(1, |info| info.timescale),
        Track::Audio => head.tracks.audio.map_or(1, |info| info.timescale),
    };
    let us = |ticks: i64, track| {
        i64::try_from(i128::from(ticks) * 1_000_000 / i128::from(timescale(track).max(1))).unwrap_or(0)
    };
    // The first picture, or the first sound without one, stands at the fragment's start.
    let first = found.of(Track::Video).next().or(found.samples.first());
    let origin_us = first.map_or(0, |sample| us(sample.pts, sample.track));
    let unit = |sample: &fmp4::SampleRef| StoredUnit {
        track: sample.track,
        data: bytes.slice(sample.offset..sample.offset + sample.len),
        is_key: sample.is_key,
        dts_us: start_us + us(sample.dts, sample.track) - origin_us,
        pts_us: start_us + us(sample.pts, sample.track) - origin_us,
        duration_us: us(i64::from(sample.duration), sample.track),
    };
    Ok(found.samples.iter().map(unit).collect())
}

/// Lays out chosen fragments of some files as one; reads their heads.
///
/// # Errors
/// When a file cannot be read or holds something else.
pub fn clip(parts: &[SegmentView], chosen: &[Range<usize>], form: ClipForm) -> Result<ClipLayout, Problem> {
    let Some((first, range)) = parts.first().zip(chosen.first()) else {
        return Err(Problem::new(ErrorCode::NoRecording));
    };
    let fragments = |view: &SegmentView, range: &Range<usize>| {
        let chosen = view.fragments[range.clone()].iter();
        chosen.map(|f| ClipFragment { offset: f.offset, size_bytes: u64::from(f.size_bytes) }).collect()
    };
    let clip_parts: Vec<ClipPart> = parts
        .iter()
        .zip(chosen)
        .map(|(view, range)| ClipPart { tracks: view.head.tracks, fragments: fragments(view, range) })
        .collect();
    let start = first.start_of(range.start).to_micros();
    let read = |part: usize, offset, len| match parts.get(part) {
        Some(view) => view.read_up_to(offset, len),
        None => Err(io::ErrorKind::NotFound.into()),
    };
    let params = &first.head.params;
    Ok(match form {
        ClipForm::Fragmented => ClipLayout::new(params, start, &clip_parts, read)?,
        ClipForm::Progressive => ClipLayout::progressive(params, start, &clip_parts, read)?,
    })
}
