//! The samples of a fragment that was read from a file.

use super::{
    FmpError, TrackTable,
    boxes::{BoxRef, Boxes, Fields},
    prft::{ReferenceTime, read_prft},
};
use crate::Track;
use watchwall_model::UtcMicros;

/// No fragment holds more samples; a damaged count must not make us reserve memory without end.
const MOST_SAMPLES: usize = 100_000;
/// `sample_is_non_sync_sample` in `sample_flags`.
const NON_SYNC: u32 = 0x0001_0000;

/// One sample: where its bytes lie in the fragment, and its times in ticks of its track, counted from the file's start.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SampleRef {
    pub track: Track,
    pub offset: usize,
    pub len: usize,
    pub dts: i64,
    pub pts: i64,
    pub duration: u32,
    pub is_key: bool,
}

/// A wall-clock moment of a fragment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct WallClock {
    pub track: Track,
    /// Presentation time in ticks of that track.
    pub pts: i64,
    pub at: UtcMicros,
}

/// What a fragment holds.
#[derive(Clone, Debug, Default)]
pub struct FragmentSamples {
    /// In files we wrote.
    pub wall_clock: Option<WallClock>,
    /// In the order of the file: all of one track, then all of the next.
    pub samples: Vec<SampleRef>,
}

impl FragmentSamples {
    pub fn of(&self, track: Track) -> impl Iterator<Item = &SampleRef> {
        self.samples.iter().filter(move |sample| sample.track == track)
    }
}

/// Reads one fragment: optional boxes such as `prft`, a `moof`, its `mdat`. Samples of unknown tracks, and those that
/// do not lie in the bytes given, are left out.
///
/// # Errors
/// [`FmpError::Malformed`] without a whole `moof`.
pub fn samples(fragment: &[u8], tracks: &TrackTable) -> Result<FragmentSamples, FmpError> {
    let mut found = FragmentSamples::default();
    for boxed in Boxes::new(fragment) {
        match &boxed.kind {
            b"prft" => found.wall_clock = read_prft(boxed.body).and_then(|time| wall_clock(time, tracks)),
            b"moof" => {
                read_moof(&boxed, tracks, &mut found.samples);
                found
                    .samples
                    .retain(|sample| sample.offset.checked_add(sample.len).is_some_and(|end| end <= fragment.len()));
                return Ok(found);
            }
            _ => {}
        }
    }
    Err(FmpError::Malformed("no whole moof"))
}

pub(super) fn wall_clock(time: ReferenceTime, tracks: &TrackTable) -> Option<WallClock> {
    let (track, _) = tracks.find(time.track_id)?;
    Some(WallClock { track, pts: i64::try_from(time.media_time).ok()?, at: time.at })
}

/// Reads the samples of a whole `moof`; offsets count from where `moof.at` does.
pub(super) fn read_moof(moof: &BoxRef<'_>, tracks: &TrackTable, out: &mut Vec<SampleRef>) {
    // Without a base of its own a track's data follows that of the one before (8.8.7).
    let mut data_end = None;
    for traf in Boxes::new(moof.body).filter(|found| &found.kind == b"traf") {
        data_end = read_traf(traf.body, moof.at, data_end, tracks, out).or(data_end);
    }
}

fn read_traf(
    traf: &[u8],
    moof_at: usize,
    data_end: Option<usize>,
    tracks: &TrackTable,
    out: &mut Vec<SampleRef>,
) -> Option<usize> {
    let mut boxes = Boxes::new(traf);
    let mut tfhd = Fields::new(boxes.find(|found| &found.kind == b"tfhd")?.body);
    let (_, flags) = tfhd.full()?;
    let (track, info) = tracks.find(tfhd.u32()?)?;
    // An absolute base cannot be placed without knowing where in the file this is; nobody writes it any more.
    if flags & 0x1 != 0 {
        return None;
    }
    if flags & 0x2 != 0 {
        tfhd.u32()?;
    }
    let mut default = |bit: u32, value: u32| if flags & bit != 0 { tfhd.u32() } else { Some(value) };
    let default_duration = default(0x08, info.default_duration)?;
    let default_size = default(0x10, info.default_size)?;
    let default_flags = default(0x20, info.default_flags)?;
    let is_from_moof = flags & 0x02_0000 != 0;
    let mut at = if is_from_moof { moof_at } else { data_end.unwrap_or(moof_at) };

    let mut dts = Boxes::new(traf).find(|found| &found.kind == b"tfdt").and_then(|tfdt| {
        let mut fields = Fields::new(tfdt.body);
        let (version, _) = fields.full()?;
        i64::try_from(fields.by_version(version)?).ok()
    })?;
    for trun in Boxes::new(traf).filter(|found| &found.kind == b"trun") {
        let mut fields = Fields::new(trun.body);
        let (version, flags) = fields.full()?;
        let count = fields.u32()? as usize;
        if flags & 0x1 != 0 {
            let offset = fields.u32()? as i32;
            at = moof_at.checked_add_signed(offset as isize)?;
        }
        let first_flags = if flags & 0x4 != 0 { Some(fields.u32()?) } else { None };
        for n in 0..count.min(MOST_SAMPLES) {
            let mut field = |bit: u32, value: u32| if flags & bit != 0 { fields.u32() } else { Some(value) };
            let duration = field(0x100, default_duration)?;
            let len = field(0x200, default_size)? as usize;
            let flags = field(0x400, first_flags.filter(|_| n == 0).unwrap_or(default_flags))?;
            let composition = field(0x800, 0)?;
            let composition = if version == 0 { i64::from(composition) } else { i64::from(composition as i32) };
            if out.len() >= MOST_SAMPLES {
                return Some(at);
            }
            out.push(SampleRef {
                track,
                offset: at,
                len,
                dts,
                pts: dts.saturating_add(composition),
                duration,
                is_key: flags & NON_SYNC == 0,
            });
            at = at.checked_add(len)?;
            dts = dts.saturating_add(i64::from(duration));
        }
    }
    Some(at)
}
