//! What a camera's packets say that pictures do not: whether parameter sets travel with them and stay the same, and
//! whether packets arrive over UDP at all.

use super::{
    assembler::IngestCounts,
    engine::{self, Approach, Job, Sessions},
    probe::ProbeRequest,
    request::{IngestOptions, IngestRequest},
};
use crate::hub::{BacklogLimits, Hub};
use bytes::Bytes;
use std::{collections::BTreeSet, sync::Arc, time::Duration};
use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;
use watchwall_model::{Problem, StreamPath, VideoCodec};

/// How long to listen.
#[derive(Clone, Copy, Debug)]
pub struct PacketLimits {
    /// Key frames wanted.
    pub key_frames: u32,
    /// The first packet comes within this time, or none is said to come.
    pub first_within: Duration,
    pub at_most: Duration,
}

/// What the packets of the video track held.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct PacketReport {
    /// Over UDP as they lie on the wire; over TCP nothing can be lost.
    pub packets: u64,
    pub lost: u64,
    pub key_frames: u32,
    pub parameter_sets: ParameterSets,
}

/// Parameter sets of H.264 and H.265.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ParameterSets {
    /// The codec has some.
    pub are_used: bool,
    /// The description holds them.
    pub are_described: bool,
    /// Different ones of each kind in band: 0 when they never travel with the pictures, 1 when they stay the same.
    pub variants: usize,
    /// One in band is not as the description has it.
    pub differ_from_description: bool,
}

/// Opens a session of plain RTSP by `request.transport` and listens to its packets.
///
/// # Errors
/// As [`probe`](super::probe()); `stream_stalled` when no packet comes.
pub async fn listen_to_packets(
    request: ProbeRequest,
    options: &IngestOptions,
    limits: PacketLimits,
) -> Result<PacketReport, Problem> {
    let (events, _heard) = mpsc::channel(8);
    let cancel = CancellationToken::new();
    let ProbeRequest { url, credentials, engine, transport, device_key } = request;
    let path = StreamPath::parse("packets")?;
    let job = Job {
        request: IngestRequest { path, url, credentials, engine, transport, device_key },
        options: options.clone(),
        hub: Hub::new(BacklogLimits::default()),
        counts: Arc::<IngestCounts>::default(),
        holders: Arc::default(),
        sessions: Sessions::default(),
        cancel,
        events,
        approach: Approach::Straight,
    };
    engine::listen_to_packets(&job, limits).await.map_err(|failure| failure.problem)
}

/// Reads payloads of one video track.
#[derive(Debug)]
pub(super) struct PacketReader {
    codec: VideoCodec,
    /// Of the description: `avcC` or `hvcC`; empty when it has none.
    described: Bytes,
    report: PacketReport,
    sets: BTreeSet<(u8, Vec<u8>)>,
    last_key_at: Option<u32>,
}

impl PacketReader {
    pub fn new(codec: VideoCodec, described: Bytes) -> Self {
        let are_used = matches!(codec, VideoCodec::H264 | VideoCodec::H265);
        let parameter_sets =
            ParameterSets { are_used, are_described: !described.is_empty(), ..ParameterSets::default() };
        let report = PacketReport { parameter_sets, ..PacketReport::default() };
        Self { codec, described, report, sets: BTreeSet::new(), last_key_at: None }
    }

    pub const fn report(&self) -> &PacketReport {
        &self.report
    }

    /// Takes one packet; `timestamp` tells pictures apart.
    pub fn read(&mut self, payload: &[u8], timestamp: u32, lost: u16) {
        self.report.packets += 1;
        self.report.lost += u64::from(lost);
        match self.codec {
            VideoCodec::H264 => self.read_h264(payload, timestamp),
            VideoCodec::H265 => self.read_h265(payload, timestamp),
            _ => self.note_key(timestamp),
        }
    }

    /// RFC 6184: single NAL units, STAP-A (24) and the starts of FU-A (28).
    fn read_h264(&mut self, payload: &[u8], timestamp: u32) {
        match payload {
            [head, rest @ ..] if head & 0x1f == 24 => {
                for unit in aggregated(rest) {
                    self.take_h264(unit, timestamp);
                }
            }
            [head, start, ..] if head & 0x1f == 28 => {
                if start & 0x80 != 0 && start & 0x1f == 5 {
                    self.note_key(timestamp);
                }
            }
            unit => self.take_h264(unit, timestamp),
        }
    }

    fn take_h264(&mut self, unit: &[u8], timestamp: u32) {
        match unit.first().map(|head| head & 0x1f) {
            Some(5) => self.note_key(timestamp),
            Some(kind @ 7..=8) => self.note_set(kind, unit),
            _ => {}
        }
    }

    /// RFC 7798: single NAL units, aggregation packets (48) and the starts of fragments (49).
    fn read_h265(&mut self, payload: &[u8], timestamp: u32) {
        match payload {
            [head, _, rest @ ..] if head >> 1 & 0x3f == 48 => {
                for unit in aggregated(rest) {
                    self.take_h265(unit, timestamp);
                }
            }
            [head, _, start, ..] if head >> 1 & 0x3f == 49 => {
                if start & 0x80 != 0 && matches!(start & 0x3f, 16..=21) {
                    self.note_key(timestamp);
                }
            }
            unit => self.take_h265(unit, timestamp),
        }
    }

    fn take_h265(&mut self, unit: &[u8], timestamp: u32) {
        match unit.first().map(|head| head >> 1 & 0x3f) {
            Some(16..=21) => self.note_key(timestamp),
            Some(kind @ 32..=34) => self.note_set(kind, unit),
            _ => {}
        }
    }

    /// A key frame of several slices is one.
    fn note_key(&mut self, timestamp: u32) {
        if self.last_key_at != Some(timestamp) {
            self.last_key_at = Some(timestamp);
            self.report.key_frames += 1;
        }
    }

    fn note_set(&mut self, kind: u8, unit: &[u8]) {
        if unit.len() > MOST_SET_BYTES || self.sets.len() >= MOST_SETS {
            return;
        }
        let sets = &mut self.report.parameter_sets;
        let is_described = self.described.windows(unit.len()).any(|window| window == unit);
        sets.differ_from_description |= sets.are_described && !is_described;
        self.sets.insert((kind, unit.to_vec()));
        let of_kind = |kind: u8| self.sets.iter().filter(|(other, _)| *other == kind).count();
        sets.variants = self.sets.iter().map(|(kind, _)| of_kind(*kind)).max().unwrap_or(0);
    }
}

const MOST_SET_BYTES: usize = 4_096;
const MOST_SETS: usize = 64;

/// NAL units with two bytes of length before each.
fn aggregated(mut rest: &[u8]) -> impl Iterator<Item = &[u8]> {
    std::iter::from_fn(move || {
        let (length, tail) = rest.split_first_chunk::<2>()?;
        let (unit, tail) = tail.split_at_checked(u16::from_be_bytes(*length).into())?;
        rest = tail;
        Some(unit)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const SPS: &[u8] = &[0x67, 1, 2, 3];
    const PPS: &[u8] = &[0x68, 9];

    #[track_caller]
    fn check(described: &[u8], packets: &[&[u8]], expect: (u32, usize, bool)) {
        let mut reader = PacketReader::new(VideoCodec::H264, Bytes::copy_from_slice(described));
        for (number, packet) in packets.iter().enumerate() {
            reader.read(packet, number as u32 / 2, 0);
        }
        let report = reader.report();
        let sets = &report.parameter_sets;
        assert_eq!((report.key_frames, sets.variants, sets.differ_from_description), expect);
    }

    #[test]
    fn parameter_sets_are_found_in_every_kind_of_packet() {
        let described = [SPS, PPS].concat();
        check(&described, &[&[0x65, 0], &[0x41, 0]], (1, 0, false));
        check(&described, &[SPS, PPS, &[0x65, 0], &[0x65, 1]], (1, 1, false));
        let stap: &[u8] = &[0x78, 0, 4, 0x67, 1, 2, 3, 0, 2, 0x68, 9, 0, 2, 0x65, 0];
        check(&described, &[stap], (1, 1, false));
        check(&described, &[&[0x7c, 0x85, 0], &[0x7c, 0x05, 0]], (1, 0, false));
        check(&described, &[&[0x67, 7, 7, 7], &[0x65, 0]], (1, 1, true));
        check(&[], &[SPS, &[0x67, 7, 7, 7], &[0x65, 0]], (1, 2, false));
        // A length beyond the packet, and nothing at all.
        check(&described, &[&[0x78, 0, 200, 0x67], &[], &[0x78]], (0, 0, false));
    }

    #[test]
    fn h265_has_kinds_of_its_own() {
        let mut reader = PacketReader::new(VideoCodec::H265, Bytes::new());
        let packets: [&[u8]; 5] =
            [&[0x40, 1, 5], &[0x42, 1, 6], &[0x44, 1, 7], &[0x62, 1, 0x93, 0], &[0x60, 1, 0, 3, 0x42, 1, 8]];
        for packet in packets {
            reader.read(packet, 7, 0);
        }
        assert_eq!((reader.report().key_frames, reader.report().parameter_sets.variants), (1, 2));
    }

    #[test]
    fn motion_jpeg_is_all_key_frames() {
        let mut reader = PacketReader::new(VideoCodec::Mjpeg, Bytes::new());
        (0..4).for_each(|number| reader.read(&[0], number / 2, 1));
        assert_eq!((reader.report().key_frames, reader.report().lost), (2, 4));
        assert!(!reader.report().parameter_sets.are_used);
    }
}
