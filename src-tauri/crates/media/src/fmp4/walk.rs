//! Which whole fragments a file holds: headers and `moof`s are read, pictures are not.

use super::{
    FmpError, TrackTable,
    boxes::{BoxRef, header},
    prft::read_prft,
    samples::{SampleRef, WallClock, read_moof, wall_clock},
};
use crate::Track;
use std::io::{self, Read, Seek, SeekFrom};
use watchwall_model::UtcMicros;

/// Read at once: enough for `prft`, `moof` and the head of the `mdat` of most fragments.
const WINDOW: usize = 4 * 1024;
/// A `moof` over this is damage.
const MOST_MOOF: u64 = 4 << 20;

/// One whole fragment of a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FoundFragment {
    /// Where it begins: at its `prft` when it has one, else at the `moof`.
    pub offset: u64,
    pub moof_offset: u64,
    /// From `offset` to the end of the `mdat`.
    pub size_bytes: u64,
    /// When its first picture was taken; in files we wrote.
    pub start: Option<UtcMicros>,
    /// Decode time of its first picture in microseconds from the file's start. By the sound when there is no video.
    pub decode_time_us: u64,
    pub duration_us: u64,
    /// Begins with a key frame.
    pub is_key: bool,
}

/// A file up to its last whole fragment.
#[derive(Clone, Debug, Default)]
pub struct Walked {
    pub fragments: Vec<FoundFragment>,
    /// End of the last whole fragment (of the initialisation segment without one). What follows is a torn tail or the `mfra`.
    pub valid_len: u64,
    /// The file was closed: after the last fragment stands a whole `mfra` and nothing else.
    pub is_closed: bool,
}

/// Walks a file from `from`, the end of the initialisation segment or of a known fragment.
///
/// # Errors
/// When the file cannot be read; damage is no error but ends the walk.
pub fn walk(file: &mut (impl Read + Seek), from: u64, tracks: &TrackTable) -> Result<Walked, FmpError> {
    let len = file.seek(SeekFrom::End(0))?;
    let mut walked = Walked { valid_len: from.min(len), ..Walked::default() };
    let mut window = Window { file, at: 0, bytes: Vec::new() };
    let mut at = from;
    let mut pending = Pending::default();
    while at < len {
        let Some((kind, header_len, size)) = window.read(at, 16)?.and_then(header) else { break };
        let Some(end) = at.checked_add(size).filter(|end| *end <= len) else { break };
        match &kind {
            b"prft" if size <= WINDOW as u64 => {
                let time = window.read(at, size as usize)?.and_then(|bytes| read_prft(bytes.get(header_len..)?));
                pending = Pending { prft: time.map(|time| (at, wall_clock(time, tracks))), moof: None };
            }
            b"moof" if size <= MOST_MOOF => {
                let Some(bytes) = window.read(at, size as usize)? else { break };
                let moof =
                    BoxRef { kind, at: 0, body_at: header_len, body: bytes.get(header_len..).unwrap_or_default() };
                let mut samples = Vec::new();
                read_moof(&moof, tracks, &mut samples);
                pending.moof = Some((at, samples));
            }
            b"mdat" => {
                if let Some(fragment) = pending.finish(at, end, tracks) {
                    walked.fragments.push(fragment);
                }
                pending = Pending::default();
                walked.valid_len = end;
            }
            b"mfra" => {
                walked.is_closed = end == len;
                break;
            }
            // Padding, indexes and boxes of others.
            kind if kind.iter().all(|byte| byte.is_ascii_graphic() || *byte == b' ') => {}
            _ => break,
        }
        at = end;
    }
    Ok(walked)
}

/// What was read before an `mdat`.
#[derive(Default)]
struct Pending {
    prft: Option<(u64, Option<WallClock>)>,
    moof: Option<(u64, Vec<SampleRef>)>,
}

impl Pending {
    fn finish(&self, mdat_at: u64, end: u64, tracks: &TrackTable) -> Option<FoundFragment> {
        let (moof_offset, samples) = self.moof.as_ref()?;
        let is_video = samples.iter().any(|sample| sample.track == Track::Video);
        let (track, info) = if is_video { (Track::Video, tracks.video?) } else { (Track::Audio, tracks.audio?) };
        let mut of_track = samples.iter().filter(|sample| sample.track == track);
        let first = of_track.next()?;
        let ticks = of_track.map(|sample| u64::from(sample.duration)).sum::<u64>() + u64::from(first.duration);
        // Data before its own `mdat` would be damage.
        let in_mdat = first.offset as u64 >= mdat_at - moof_offset;
        let wall = self.prft.and_then(|(_, wall)| wall);
        in_mdat.then(|| FoundFragment {
            offset: self.prft.map_or(*moof_offset, |(at, _)| at),
            moof_offset: *moof_offset,
            size_bytes: end - self.prft.map_or(*moof_offset, |(at, _)| at),
            start: wall.map(|wall| wall.at),
            decode_time_us: to_us(u64::try_from(first.dts).unwrap_or(0), info.timescale),
            duration_us: to_us(ticks, info.timescale),
            is_key: first.is_key,
        })
    }
}

fn to_us(ticks: u64, timescale: u32) -> u64 {
    u64::try_from(u128::from(ticks) * 1_000_000 / u128::from(timescale.max(1))).unwrap_or(u64::MAX)
}

/// A part of the file that was read, so that small boxes next to each other cost one read.
struct Window<'f, F> {
    file: &'f mut F,
    at: u64,
    bytes: Vec<u8>,
}

impl<F: Read + Seek> Window<'_, F> {
    /// `len` bytes at this place, fewer but at least one at the end of the file.
    fn read(&mut self, at: u64, len: usize) -> io::Result<Option<&[u8]>> {
        let held = at.checked_sub(self.at).and_then(|skip| usize::try_from(skip).ok());
        let is_held = held.is_some_and(|skip| skip.checked_add(len).is_some_and(|end| end <= self.bytes.len()));
        if !is_held {
            self.file.seek(SeekFrom::Start(at))?;
            self.bytes.clear();
            self.file.by_ref().take(len.max(WINDOW) as u64).read_to_end(&mut self.bytes)?;
            self.at = at;
        }
        let skip = usize::try_from(at - self.at).unwrap_or(usize::MAX);
        let rest = self.bytes.get(skip..).unwrap_or_default();
        Ok((!rest.is_empty()).then(|| &rest[..len.min(rest.len())]))
    }
}
