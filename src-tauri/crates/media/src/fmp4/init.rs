//! The initialisation segment: `ftyp` and `moov` (ISO/IEC 14496-12, 8.2).

use super::{
    AUDIO_TRACK, BOX_HEADER, FmpError, VIDEO_TRACK,
    identity::{SegmentIdentity, identity_box},
    moof::KEY_FLAGS,
    sample_entry,
};
use crate::{AudioParams, StreamParams, VideoParams, audio};
use bytes::Bytes;
use mp4_atom::{
    Codec, Dinf, Dref, DrefEntry, Encode, FourCC, Ftyp, Hdlr, Mdhd, Mdia, Mehd, Minf, Moov, Mvex, Mvhd, Smhd, Stbl,
    Stco, Stsd, Tkhd, Trak, Trex, Url, Vmhd,
};
use watchwall_model::UtcMicros;

/// Whether the sound of a stream is wanted. Sound that MP4 cannot hold is left out either way.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Sound {
    Without,
    With,
}

impl From<bool> for Sound {
    fn from(is_wanted: bool) -> Self {
        if is_wanted { Self::With } else { Self::Without }
    }
}

/// What the segment begins.
#[derive(Clone, Copy, Debug)]
pub enum InitKind<'a> {
    /// A live view: no duration anywhere, which makes browsers play with little delay.
    Live,
    /// A recording file that says whose it is.
    File(&'a SegmentIdentity),
    /// A clip of known length.
    Clip { start: UtcMicros, duration_ms: u64 },
}

#[derive(Clone, Copy, Debug)]
pub struct InitOptions<'a> {
    pub kind: InitKind<'a>,
    pub sound: Sound,
}

/// Ticks per second of the movie header.
pub(super) const MOVIE_TIMESCALE: u32 = 1000;
/// From 1904, where MP4 counts from, to 1970.
const MP4_EPOCH_SECONDS: i64 = 2_082_844_800;

/// Writes `ftyp` and `moov`. Motion JPEG becomes a `jpeg` track, which players know and browsers do not.
///
/// # Errors
/// [`FmpError::CodecUnsupported`] and [`FmpError::ConfigInvalid`] for the video; [`FmpError::Empty`] without any track.
pub fn init_segment(params: &StreamParams, options: InitOptions<'_>) -> Result<Bytes, FmpError> {
    let start = match options.kind {
        InitKind::Live => UtcMicros(0),
        InitKind::File(identity) => identity.start,
        InitKind::Clip { start, .. } => start,
    };
    let mut moov = movie(params, start, options.sound)?;
    let trex = |trak: &Trak| match trak.tkhd.track_id {
        AUDIO_TRACK => trex(AUDIO_TRACK, KEY_FLAGS),
        id => trex(id, 0),
    };
    let mut mvex = Mvex { trex: moov.trak.iter().map(trex).collect(), ..Mvex::default() };
    if let InitKind::Clip { duration_ms, .. } = options.kind {
        mvex.mehd = Some(Mehd { fragment_duration: duration_ms });
    }
    moov.mvex = Some(mvex);
    encode(&moov, options.kind, params.video.as_ref().map_or(0, |video| video.max_reorder_frames))
}

/// A `moov` whose tracks have no samples yet.
///
/// # Errors
/// As [`init_segment`].
pub(super) fn movie(params: &StreamParams, start: UtcMicros, sound: Sound) -> Result<Moov, FmpError> {
    let created = mp4_seconds(start);
    let mut moov = Moov {
        mvhd: Mvhd {
            creation_time: created,
            modification_time: created,
            timescale: MOVIE_TIMESCALE,
            rate: 1.into(),
            volume: 1.into(),
            next_track_id: AUDIO_TRACK + 1,
            ..Mvhd::default()
        },
        ..Moov::default()
    };
    if let Some(video) = &params.video {
        moov.trak.push(video_track(video, created)?);
    }
    let sound = params.audio.as_ref().filter(|_| sound == Sound::With);
    if let Some(sound) = sound.filter(|sound| audio::is_containable(sound)) {
        moov.trak.push(audio_track(sound, created)?);
    }
    if moov.trak.is_empty() { Err(FmpError::Empty) } else { Ok(moov) }
}

fn encode(moov: &Moov, kind: InitKind<'_>, max_reorder_frames: u8) -> Result<Bytes, FmpError> {
    let ftyp = Ftyp {
        major_brand: FourCC::new(b"iso6"),
        minor_version: 1,
        compatible_brands: [b"iso6", b"isom", b"mp41", b"dash"].map(FourCC::new).to_vec(),
    };
    let mut out = Vec::with_capacity(1024);
    let invalid = |e: mp4_atom::Error| FmpError::ConfigInvalid { codec: "stream".to_owned(), detail: e.to_string() };
    ftyp.encode(&mut out).map_err(invalid)?;
    let moov_at = out.len();
    moov.encode(&mut out).map_err(invalid)?;
    if let InitKind::File(identity) = kind {
        out.extend_from_slice(&identity_box(identity, max_reorder_frames));
        let size = (out.len() - moov_at) as u32;
        out[moov_at..moov_at + 4].copy_from_slice(&size.to_be_bytes());
    }
    debug_assert!(out.len() > moov_at + BOX_HEADER);
    Ok(Bytes::from(out))
}

fn video_track(video: &VideoParams, created: u64) -> Result<Trak, FmpError> {
    let entry = sample_entry::of_video(video)?;
    let mut trak = track(VIDEO_TRACK, created, video.clock_rate, entry);
    trak.tkhd.width = dimension(video.width).into();
    trak.tkhd.height = dimension(video.height).into();
    trak.mdia.hdlr = Hdlr { handler: FourCC::new(b"vide"), name: "Video".to_owned() };
    trak.mdia.minf.vmhd = Some(Vmhd::default());
    Ok(trak)
}

fn audio_track(sound: &AudioParams, created: u64) -> Result<Trak, FmpError> {
    let entry = sample_entry::of_audio(sound)?;
    let mut trak = track(AUDIO_TRACK, created, sound.clock_rate, entry);
    trak.tkhd.volume = 1.into();
    trak.tkhd.alternate_group = 1;
    trak.mdia.hdlr = Hdlr { handler: FourCC::new(b"soun"), name: "Sound".to_owned() };
    trak.mdia.minf.smhd = Some(Smhd::default());
    Ok(trak)
}

fn track(track_id: u32, created: u64, timescale: u32, entry: Codec) -> Trak {
    Trak {
        tkhd: Tkhd {
            creation_time: created,
            modification_time: created,
            track_id,
            enabled: true,
            in_movie: true,
            ..Tkhd::default()
        },
        mdia: Mdia {
            mdhd: Mdhd {
                creation_time: created,
                modification_time: created,
                timescale: timescale.max(1),
                duration: 0,
                language: "und".to_owned(),
            },
            minf: Minf {
                dinf: Dinf { dref: Dref { entries: vec![DrefEntry::Url(Url::default())] } },
                // A player must find the sample tables, empty.
                stbl: Stbl { stsd: Stsd { codecs: vec![entry] }, stco: Some(Stco::default()), ..Stbl::default() },
                ..Minf::default()
            },
            ..Mdia::default()
        },
        ..Trak::default()
    }
}

fn trex(track_id: u32, default_sample_flags: u32) -> Trex {
    Trex { track_id, default_sample_description_index: 1, default_sample_flags, ..Trex::default() }
}

pub fn dimension(pixels: u32) -> u16 {
    u16::try_from(pixels).unwrap_or(u16::MAX)
}

/// Seconds since 1904; zero, which means unknown, for a clock that is not set.
fn mp4_seconds(at: UtcMicros) -> u64 {
    if at.0 <= 0 { 0 } else { u64::try_from(at.0 / 1_000_000 + MP4_EPOCH_SECONDS).unwrap_or(0) }
}
