//! Reading an initialisation segment back: ours, and those of other writers of fragmented MP4.

use super::{
    AUDIO_TRACK, FmpError, VIDEO_TRACK,
    boxes::{Boxes, Fields, descend, find, header},
    codec_string,
    identity::{SegmentIdentity, read_identity},
};
use crate::{AudioParams, StreamParams, Track, VideoParams};
use bytes::Bytes;
use std::io::{Read, Seek, SeekFrom};
use watchwall_model::{AudioCodec, VideoCodec};

/// No initialisation segment is larger.
const MOST_BYTES: u64 = 1 << 20;
/// Bytes of a visual and an audio sample entry before their own boxes (ISO/IEC 14496-12, 12.1.3 and 12.2.3).
const VISUAL_FIELDS: usize = 78;
const AUDIO_FIELDS: usize = 28;

/// A track as fragments refer to it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TrackInfo {
    pub id: u32,
    /// Ticks per second.
    pub timescale: u32,
    pub default_duration: u32,
    pub default_size: u32,
    pub default_flags: u32,
}

/// The tracks of a file.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct TrackTable {
    pub video: Option<TrackInfo>,
    pub audio: Option<TrackInfo>,
}

impl TrackTable {
    /// The tracks as [`init_segment`](super::init_segment) writes them for these params.
    pub fn of_ours(params: &StreamParams) -> Self {
        let track = |id, timescale, default_flags| TrackInfo {
            id,
            timescale,
            default_duration: 0,
            default_size: 0,
            default_flags,
        };
        Self {
            video: params.video.as_ref().map(|video| track(VIDEO_TRACK, video.clock_rate.max(1), 0)),
            audio: params
                .audio
                .as_ref()
                .map(|audio| track(AUDIO_TRACK, audio.clock_rate.max(1), super::moof::KEY_FLAGS)),
        }
    }

    pub(super) fn find(&self, id: u32) -> Option<(Track, TrackInfo)> {
        let video = self.video.filter(|track| track.id == id).map(|track| (Track::Video, track));
        video.or_else(|| self.audio.filter(|track| track.id == id).map(|track| (Track::Audio, track)))
    }
}

/// What an initialisation segment says.
#[derive(Debug)]
pub struct InitInfo {
    /// Bytes to the end of the `moov`.
    pub len: usize,
    pub tracks: TrackTable,
    /// Clock rates are the tracks' timescales; the frame rate is unknown.
    pub params: StreamParams,
    /// In files we wrote.
    pub identity: Option<SegmentIdentity>,
}

/// Reads the segment at the start of a file.
///
/// # Errors
/// When reading fails or there is none.
pub fn read_init(file: &mut (impl Read + Seek)) -> Result<InitInfo, FmpError> {
    let mut len = 0;
    loop {
        file.seek(SeekFrom::Start(len))?;
        let mut head = Vec::with_capacity(16);
        file.by_ref().take(16).read_to_end(&mut head)?;
        let (kind, _, size) = header(&head).ok_or(FmpError::Malformed("no moov"))?;
        len = len.saturating_add(size);
        if len > MOST_BYTES {
            return Err(FmpError::Malformed("the moov is too large or far away"));
        }
        if &kind == b"moov" {
            break;
        }
    }
    file.seek(SeekFrom::Start(0))?;
    let mut bytes = Vec::new();
    file.by_ref().take(len).read_to_end(&mut bytes)?;
    scan_init(&bytes)
}

/// Reads the segment at the start of these bytes; what follows it is ignored.
///
/// # Errors
/// [`FmpError::Malformed`] without a whole `moov` that holds a track we know.
pub fn scan_init(bytes: &[u8]) -> Result<InitInfo, FmpError> {
    let moov = find(bytes, b"moov").ok_or(FmpError::Malformed("no whole moov"))?;
    let mut tracks = TrackTable::default();
    let (mut video, mut audio) = (None, None);
    for trak in Boxes::new(moov.body).filter(|found| &found.kind == b"trak") {
        let Some(read) = read_track(trak.body) else { continue };
        match read {
            ReadTrack::Video(track, params) if video.is_none() => (tracks.video, video) = (Some(track), Some(params)),
            ReadTrack::Audio(track, params) if audio.is_none() => (tracks.audio, audio) = (Some(track), Some(params)),
            _ => {}
        }
    }
    if video.is_none() && audio.is_none() {
        return Err(FmpError::Malformed("no track of a known codec"));
    }
    let trexes = find(moov.body, b"mvex").map_or(&[][..], |mvex| mvex.body);
    for trex in Boxes::new(trexes).filter(|found| &found.kind == b"trex") {
        apply_trex(trex.body, &mut tracks);
    }
    let ours = Boxes::new(moov.body).filter(|found| &found.kind == b"uuid").find_map(|found| read_identity(found.body));
    if let (Some(video), Some((_, max_reorder_frames))) = (&mut video, &ours) {
        video.max_reorder_frames = *max_reorder_frames;
    }
    Ok(InitInfo {
        len: moov.end(),
        tracks,
        params: StreamParams::new(0, video, audio),
        identity: ours.map(|(identity, _)| identity),
    })
}

/// The params of a recording from its initialisation segment.
///
/// # Errors
/// As [`scan_init`].
pub fn params_from_init(bytes: &[u8]) -> Result<StreamParams, FmpError> {
    scan_init(bytes).map(|info| info.params)
}

enum ReadTrack {
    Video(TrackInfo, VideoParams),
    Audio(TrackInfo, AudioParams),
}

fn read_track(trak: &[u8]) -> Option<ReadTrack> {
    let mut tkhd = Fields::new(find(trak, b"tkhd")?.body);
    let (version, _) = tkhd.full()?;
    tkhd.take(if version == 1 { 16 } else { 8 })?;
    let id = tkhd.u32()?;
    let mut mdhd = Fields::new(descend(trak, &[b"mdia", b"mdhd"])?);
    let (version, _) = mdhd.full()?;
    mdhd.take(if version == 1 { 16 } else { 8 })?;
    let timescale = mdhd.u32().filter(|rate| *rate > 0)?;
    let track = TrackInfo { id, timescale, default_duration: 0, default_size: 0, default_flags: 0 };
    let stsd = descend(trak, &[b"mdia", b"minf", b"stbl", b"stsd"])?;
    let entry = Boxes::new(stsd.get(8..)?).next()?;
    match &entry.kind {
        b"avc1" | b"avc3" | b"hvc1" | b"hev1" | b"jpeg" | b"mp4v" => {
            video_params(entry.kind, entry.body, timescale).map(|params| ReadTrack::Video(track, params))
        }
        b"mp4a" | b"fLaC" | b"Opus" => {
            audio_params(entry.kind, entry.body, timescale).map(|params| ReadTrack::Audio(track, params))
        }
        _ => None,
    }
}

fn video_params(kind: [u8; 4], entry: &[u8], clock_rate: u32) -> Option<VideoParams> {
    let mut size = Fields::new(entry.get(24..)?);
    let (width, height) = (u32::from(size.u16()?), u32::from(size.u16()?));
    let boxes = entry.get(VISUAL_FIELDS..)?;
    let config = |kind| find(boxes, kind).map(|found| Bytes::copy_from_slice(found.body));
    let (codec, config) = match &kind {
        b"avc1" | b"avc3" => (VideoCodec::H264, config(b"avcC")?),
        b"hvc1" | b"hev1" => (VideoCodec::H265, config(b"hvcC")?),
        _ => (VideoCodec::Mjpeg, Bytes::new()),
    };
    let codec_string = match codec {
        VideoCodec::H264 => codec_string::of_avcc(&config)?,
        VideoCodec::H265 => codec_string::of_hvcc(&config)?,
        _ => "mjpeg".to_owned(),
    };
    Some(VideoParams { codec, codec_string, width, height, frame_rate: 0.0, clock_rate, config, max_reorder_frames: 0 })
}

fn audio_params(kind: [u8; 4], entry: &[u8], clock_rate: u32) -> Option<AudioParams> {
    let mut fields = Fields::new(entry.get(16..)?);
    let channels = fields.u16()?;
    let boxes = entry.get(AUDIO_FIELDS..)?;
    let params = |codec, codec_string, sample_rate, config| AudioParams {
        codec,
        codec_string,
        sample_rate,
        channels,
        clock_rate,
        config,
    };
    Some(match &kind {
        b"mp4a" => {
            let config = Bytes::copy_from_slice(specific_config(find(boxes, b"esds")?.body)?);
            params(AudioCodec::Aac, codec_string::of_aac(&config), clock_rate, config)
        }
        b"Opus" => params(AudioCodec::Opus, "opus".to_owned(), 48_000, Bytes::new()),
        _ => {
            // Version and flags, then the header of the first block, STREAMINFO.
            let info = find(boxes, b"dfLa")?.body.get(8..)?;
            let mut rate = Fields::new(info.get(10..)?);
            let word = rate.u32()?;
            let channels = ((word >> 9) & 7) as u16 + 1;
            let codec = AudioCodec::Other(crate::audio::FLAC.to_owned());
            AudioParams { channels, ..params(codec, crate::audio::FLAC.to_owned(), word >> 12, Bytes::new()) }
        }
    })
}

/// DecoderSpecificInfo inside an `esds` (ISO/IEC 14496-1, 7.2.6).
fn specific_config(esds: &[u8]) -> Option<&[u8]> {
    let mut body = esds.get(4..)?;
    loop {
        let mut fields = Fields::new(body);
        let tag = fields.u8()?;
        let mut len = 0_usize;
        for _ in 0..4 {
            let byte = fields.u8()?;
            len = (len << 7) | usize::from(byte & 0x7f);
            if byte & 0x80 == 0 {
                break;
            }
        }
        body = match tag {
            3 => {
                fields.u16()?;
                let flags = fields.u8()?;
                let skip = if flags & 0x80 != 0 { 2 } else { 0 } + if flags & 0x20 != 0 { 2 } else { 0 };
                fields.take(skip)?;
                fields.rest()
            }
            4 => {
                fields.take(13)?;
                fields.rest()
            }
            5 => return fields.take(len),
            _ => {
                fields.take(len)?;
                fields.rest()
            }
        };
    }
}

fn apply_trex(body: &[u8], tracks: &mut TrackTable) {
    let mut fields = Fields::new(body);
    let mut next = || fields.u32();
    let (Some(_), Some(id), Some(_)) = (next(), next(), next()) else { return };
    let (Some(duration), Some(size), Some(flags)) = (next(), next(), next()) else { return };
    let track = [&mut tracks.video, &mut tracks.audio].into_iter().flatten().find(|track| track.id == id);
    if let Some(track) = track {
        (track.default_duration, track.default_size, track.default_flags) = (duration, size, flags);
    }
}
