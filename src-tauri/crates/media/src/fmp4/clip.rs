//! Several stretches of recordings as one MP4 file. Nothing is copied to know it: the heads of fragments are rewritten
//! in place, byte for byte as long as before, and the pictures stay where they are on disk.

use super::{
    BOX_HEADER, FmpError, InitKind, InitOptions, MfraEntry, Sound, TrackTable, VIDEO_TIMESCALE,
    boxes::{BoxRef, Boxes, Fields, find, header},
    init_segment, mfra,
    prft::{MEDIA_TIME_AT, PRFT_BYTES, read_prft},
    samples::{SampleRef, read_moof},
};
use crate::{StreamParams, Track};
use bytes::Bytes;
use std::{io, ops::Range};
use watchwall_model::UtcMicros;

/// Read at first of each fragment; most heads fit.
const HEAD_GUESS: usize = 2 * 1024;
const MOST_HEAD: usize = 4 << 20;

/// A fragment of a recording file: from its `prft` (or `moof`) to the end of its `mdat`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ClipFragment {
    pub offset: u64,
    pub size_bytes: u64,
}

/// Consecutive fragments of one file.
#[derive(Clone, Debug)]
pub struct ClipPart {
    pub tracks: TrackTable,
    pub fragments: Vec<ClipFragment>,
}

/// Where some bytes of the clip come from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ClipPiece {
    Bytes(Bytes),
    /// These bytes of the file of this part.
    File {
        part: usize,
        offset: u64,
        len: u64,
    },
}

/// A clip whose every byte has its place. Holds the rewritten heads in memory, about 1 kB per fragment.
#[derive(Clone, Debug)]
pub struct ClipLayout {
    spans: Vec<Span>,
    total_len: u64,
    duration_us: u64,
    /// Where each fragment begins on the clip's time line, in the order given.
    starts_us: Vec<u64>,
}

#[derive(Clone, Debug)]
struct Span {
    /// In the clip.
    at: u64,
    piece: ClipPiece,
}

impl ClipLayout {
    /// Lays out a clip of parts that share `params`. `read(part, offset, len)` reads a file; fewer bytes only at its end.
    ///
    /// # Errors
    /// When a file cannot be read or a fragment is not one we can read, and [`FmpError::Empty`] without fragments.
    pub fn new(
        params: &StreamParams,
        start: UtcMicros,
        parts: &[ClipPart],
        mut read: impl FnMut(usize, u64, usize) -> io::Result<Bytes>,
    ) -> Result<Self, FmpError> {
        let mut line = Line::default();
        let (mut heads, mut starts_us) = (Vec::new(), Vec::new());
        for (part, clip_part) in parts.iter().enumerate() {
            line.begin(clip_part.tracks);
            for fragment in &clip_part.fragments {
                let head = read_head(fragment, |len| read(part, fragment.offset, len))?;
                let (head, entry) = line.rewrite(head)?;
                starts_us.push(line.begun_us);
                heads.push((part, *fragment, head, entry));
            }
        }
        let sound = Sound::from(parts.iter().any(|part| part.tracks.audio.is_some()));
        let duration_us = line.shown_us;
        let kind = InitKind::Clip { start, duration_ms: duration_us.div_ceil(1000) };
        let mut layout = Self { spans: Vec::with_capacity(heads.len() * 2 + 2), total_len: 0, duration_us, starts_us };
        if heads.is_empty() {
            return Err(FmpError::Empty);
        }
        layout.push(ClipPiece::Bytes(init_segment(params, InitOptions { kind, sound })?));
        let mut entries = Vec::with_capacity(heads.len());
        for (part, fragment, head, entry) in heads {
            entries.extend(entry.map(|(time, moof_at)| MfraEntry { time, moof_offset: layout.total_len + moof_at }));
            let head_len = head.len() as u64;
            layout.push(ClipPiece::Bytes(head));
            layout.push(ClipPiece::File {
                part,
                offset: fragment.offset + head_len,
                len: fragment.size_bytes - head_len,
            });
        }
        layout.push(ClipPiece::Bytes(mfra(entries)));
        Ok(layout)
    }

    pub const fn total_len(&self) -> u64 {
        self.total_len
    }

    /// Playing time in microseconds.
    pub const fn duration_us(&self) -> u64 {
        self.duration_us
    }

    /// Where each fragment begins in the clip, microseconds from its beginning; in the order of the parts.
    pub fn starts_us(&self) -> &[u64] {
        &self.starts_us
    }

    /// What the bytes of `range`, cut to the clip, consist of, in order.
    pub fn pieces(&self, range: Range<u64>) -> Vec<ClipPiece> {
        let range = range.start..range.end.min(self.total_len);
        let first = self.spans.partition_point(|span| span.at + span.piece.len() <= range.start);
        let touched = self.spans[first..].iter().take_while(|span| span.at < range.end);
        touched.filter_map(|span| span.cut(&range)).collect()
    }

    /// Of pieces in their order.
    pub(super) fn of(pieces: impl IntoIterator<Item = ClipPiece>, line: &Line, starts_us: Vec<u64>) -> Self {
        let mut layout = Self { spans: Vec::new(), total_len: 0, duration_us: line.shown_us, starts_us };
        pieces.into_iter().for_each(|piece| layout.push(piece));
        layout
    }

    fn push(&mut self, piece: ClipPiece) {
        let at = self.total_len;
        self.total_len += piece.len();
        self.spans.push(Span { at, piece });
    }
}

impl ClipPiece {
    pub const fn len(&self) -> u64 {
        match self {
            Self::Bytes(bytes) => bytes.len() as u64,
            Self::File { len, .. } => *len,
        }
    }

    pub const fn is_empty(&self) -> bool {
        self.len() == 0
    }
}

impl Span {
    fn cut(&self, range: &Range<u64>) -> Option<ClipPiece> {
        let from = range.start.saturating_sub(self.at);
        let to = (range.end - self.at).min(self.piece.len());
        if from >= to {
            return None;
        }
        Some(match &self.piece {
            ClipPiece::Bytes(bytes) => ClipPiece::Bytes(bytes.slice(from as usize..to as usize)),
            ClipPiece::File { part, offset, .. } => {
                ClipPiece::File { part: *part, offset: offset + from, len: to - from }
            }
        })
    }
}

/// Everything of a fragment before the payload of its `mdat`.
pub(super) fn read_head(
    fragment: &ClipFragment,
    mut read: impl FnMut(usize) -> io::Result<Bytes>,
) -> Result<Vec<u8>, FmpError> {
    let torn = || FmpError::Malformed("a fragment without moof and mdat");
    let most = usize::try_from(fragment.size_bytes).unwrap_or(usize::MAX).min(MOST_HEAD);
    let mut bytes = read(most.min(HEAD_GUESS))?;
    let mut at = 0;
    loop {
        if bytes.len() < at + 2 * BOX_HEADER && bytes.len() < most {
            bytes = read(most.min((at + 2 * BOX_HEADER).max(bytes.len() * 2)))?;
        }
        let Some((kind, header_len, size)) = bytes.get(at..).and_then(header) else { return Err(torn()) };
        if &kind == b"mdat" {
            let is_whole = at as u64 + size == fragment.size_bytes;
            let end = at + header_len;
            return if is_whole && end <= bytes.len() { Ok(bytes[..end].to_vec()) } else { Err(torn()) };
        }
        at = usize::try_from(size)
            .ok()
            .and_then(|size| at.checked_add(size))
            .filter(|at| *at < most)
            .ok_or_else(torn)?;
        if bytes.len() < at && bytes.len() == most {
            return Err(FmpError::Malformed("a fragment without mdat"));
        }
    }
}

/// The clip's time line: the parts follow each other without a hole, whatever lay between them.
#[derive(Default)]
pub(super) struct Line {
    pub(super) tracks: TrackTable,
    sequence: u32,
    /// End of the last sample in decoding order: where the next part begins.
    end_us: u64,
    /// End of the last picture shown, which B-frames put later.
    pub(super) shown_us: u64,
    /// Where the fragment placed last begins.
    pub(super) begun_us: u64,
    /// Added to this part's times, in microseconds; set by its first fragment.
    shift_us: Option<i64>,
}

impl Line {
    pub(super) fn begin(&mut self, tracks: TrackTable) {
        self.tracks = tracks;
        self.shift_us = None;
    }

    /// Puts a fragment's samples behind those before; answers what is added to this part's times, in microseconds.
    /// `None` for a part that begins without any.
    pub(super) fn place(&mut self, samples: &[SampleRef]) -> Option<i64> {
        let first_us = samples.iter().map(|sample| to_us(sample.dts, self.rate(sample.track))).min();
        let shift_us = match (self.shift_us, first_us) {
            (Some(shift), _) => shift,
            (None, Some(first)) => *self.shift_us.insert(self.end_us as i64 - first),
            (None, None) => return None,
        };
        let placed = |us: i64| u64::try_from(us.saturating_add(shift_us)).unwrap_or(0);
        self.begun_us = first_us.map_or(self.end_us, placed);
        for sample in samples {
            let rate = self.rate(sample.track);
            let end = |begin: i64| placed(to_us(begin.saturating_add(i64::from(sample.duration)), rate));
            self.end_us = self.end_us.max(end(sample.dts));
            self.shown_us = self.shown_us.max(end(sample.pts));
        }
        Some(shift_us)
    }

    /// Ticks per second of a track.
    pub(super) fn rate(&self, track: Track) -> u32 {
        let info = match track {
            Track::Video => self.tracks.video,
            Track::Audio => self.tracks.audio,
        };
        info.map_or(VIDEO_TIMESCALE, |info| info.timescale)
    }

    /// The head with its times and number replaced, and what the `mfra` says of it: time, and where its `moof` is.
    fn rewrite(&mut self, mut head: Vec<u8>) -> Result<(Bytes, Option<(u64, u64)>), FmpError> {
        let malformed = || FmpError::Malformed("a moof that cannot be rewritten");
        let moof = find(&head, b"moof").ok_or_else(malformed)?;
        let mut samples = Vec::new();
        read_moof(&moof, &self.tracks, &mut samples);
        let (moof_at, times) = (moof.at, tfdt_fields(&moof, &self.tracks));
        let shift_us = self.place(&samples).ok_or_else(malformed)?;
        self.sequence += 1;
        put(&mut head, moof_at + 2 * BOX_HEADER + 4, &self.sequence.to_be_bytes()).ok_or_else(malformed)?;
        for (at, rate) in times {
            shift_at(&mut head, at, shift_us, rate).ok_or_else(malformed)?;
        }
        if let Some(prft) = Boxes::new(&head).find(|found| &found.kind == b"prft") {
            let rate =
                read_prft(prft.body).and_then(|time| self.tracks.find(time.track_id)).map(|(_, track)| track.timescale);
            let is_wide = prft.end() - prft.at == PRFT_BYTES;
            let at = prft.at + MEDIA_TIME_AT;
            if let Some(rate) = rate.filter(|_| is_wide) {
                shift_at(&mut head, at, shift_us, rate).ok_or_else(malformed)?;
            }
        }
        let rate = self.tracks.video.map_or(VIDEO_TIMESCALE, |track| track.timescale);
        let begins = |track| samples.iter().find(|sample: &&SampleRef| sample.track == track);
        let entry = begins(Track::Video).filter(|sample| sample.is_key).map(|sample| {
            let time = sample.pts.saturating_add(to_ticks(shift_us, rate));
            (u64::try_from(time).unwrap_or(0), moof_at as u64)
        });
        Ok((Bytes::from(head), entry))
    }
}

/// Where the 64-bit decode times of known tracks stand, and in which timescale.
fn tfdt_fields(moof: &BoxRef<'_>, tracks: &TrackTable) -> Vec<(usize, u32)> {
    let mut fields = Vec::new();
    for traf in Boxes::new(moof.body).filter(|found| &found.kind == b"traf") {
        let id = find(traf.body, b"tfhd").and_then(|tfhd| Fields::new(tfhd.body.get(4..)?).u32());
        let track = id.and_then(|id| tracks.find(id));
        let tfdt = find(traf.body, b"tfdt").filter(|tfdt| tfdt.body.first() == Some(&1));
        if let (Some((_, track)), Some(tfdt)) = (track, tfdt) {
            fields.push((moof.body_at + traf.body_at + tfdt.body_at + 4, track.timescale));
        }
    }
    fields
}

fn shift_at(head: &mut [u8], at: usize, shift_us: i64, rate: u32) -> Option<()> {
    let field: [u8; 8] = head.get(at..at + 8)?.try_into().ok()?;
    let time = i64::try_from(u64::from_be_bytes(field)).ok()?;
    let shifted = u64::try_from(time.saturating_add(to_ticks(shift_us, rate))).unwrap_or(0);
    put(head, at, &shifted.to_be_bytes())
}

fn put(head: &mut [u8], at: usize, bytes: &[u8]) -> Option<()> {
    head.get_mut(at..at + bytes.len())?.copy_from_slice(bytes);
    Some(())
}

pub(super) fn to_us(ticks: i64, rate: u32) -> i64 {
    (i128::from(ticks) * 1_000_000 / i128::from(rate.max(1))) as i64
}

/// Rounded to the nearest tick.
pub(super) fn to_ticks(us: i64, rate: u32) -> i64 {
    ((i128::from(us) * i128::from(rate)).div_euclid(500_000) + 1).div_euclid(2) as i64
}
