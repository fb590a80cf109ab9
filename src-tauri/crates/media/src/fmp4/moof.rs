//! The movie fragment box (ISO/IEC 14496-12, 8.8), written straight into its place.

use super::BOX_HEADER;
use bytes::{BufMut, BytesMut};

/// `sample_flags` (8.8.3.1): depends on no other; depends on others and is no sync sample.
pub const KEY_FLAGS: u32 = 0x0200_0000;
pub const DELTA_FLAGS: u32 = 0x0101_0000;

const MFHD: usize = 16;
const TFHD: usize = 16;
const TFDT: usize = 20;
const TRUN: usize = 20;
const DEFAULT_BASE_IS_MOOF: u32 = 0x02_0000;
const TRUN_DATA_OFFSET: u32 = 0x001;
const TRUN_DURATION: u32 = 0x100;
const TRUN_SIZE: u32 = 0x200;
const TRUN_FLAGS: u32 = 0x400;
const TRUN_COMPOSITION: u32 = 0x800;

/// One sample of a run.
#[derive(Clone, Copy, Debug)]
pub struct Sample {
    pub size: u32,
    pub duration: u32,
    pub flags: u32,
    /// Presentation less decode time, in ticks.
    pub composition: i32,
}

/// The consecutive samples of one track in a fragment; their data lies in the `mdat` in the order of the runs.
#[derive(Clone, Copy, Debug)]
pub struct Run<'a> {
    pub track_id: u32,
    pub decode_time: u64,
    pub samples: &'a [Sample],
}

impl Run<'_> {
    /// Sound is all key and in order: the track's defaults say so.
    fn trun_flags(&self) -> u32 {
        let is_plain = self.samples.iter().all(|s| s.flags == KEY_FLAGS);
        let is_ordered = self.samples.iter().all(|s| s.composition == 0);
        let flags = TRUN_DATA_OFFSET | TRUN_DURATION | TRUN_SIZE;
        let flags = if is_plain && self.track_id != super::VIDEO_TRACK { flags } else { flags | TRUN_FLAGS };
        if is_ordered { flags } else { flags | TRUN_COMPOSITION }
    }

    fn bytes(&self) -> u64 {
        self.samples.iter().map(|s| u64::from(s.size)).sum()
    }

    const fn traf_len(&self, trun_flags: u32) -> usize {
        let per_sample = 4 * (trun_flags >> 8).count_ones() as usize;
        BOX_HEADER + TFHD + TFDT + TRUN + per_sample * self.samples.len()
    }
}

/// Bytes of the `moof` that [`put_moof`] writes for these runs.
pub fn moof_len(runs: &[Run<'_>]) -> usize {
    BOX_HEADER + MFHD + runs.iter().map(|run| run.traf_len(run.trun_flags())).sum::<usize>()
}

/// Writes the `moof`. The `mdat` with an 8-byte header must follow at once.
pub fn put_moof(out: &mut BytesMut, sequence: u32, runs: &[Run<'_>]) {
    let len = moof_len(runs);
    put_header(out, len, b"moof");
    put_header(out, MFHD, b"mfhd");
    out.put_u32(0);
    out.put_u32(sequence);
    let mut data_offset = (len + BOX_HEADER) as u64;
    for run in runs {
        let flags = run.trun_flags();
        let traf_len = run.traf_len(flags);
        put_header(out, traf_len, b"traf");
        put_header(out, TFHD, b"tfhd");
        out.put_u32(DEFAULT_BASE_IS_MOOF);
        out.put_u32(run.track_id);
        put_header(out, TFDT, b"tfdt");
        out.put_u32(0x0100_0000);
        out.put_u64(run.decode_time);
        put_header(out, traf_len - BOX_HEADER - TFHD - TFDT, b"trun");
        out.put_u32(0x0100_0000 | flags);
        out.put_u32(run.samples.len() as u32);
        out.put_u32(data_offset as u32);
        for sample in run.samples {
            out.put_u32(sample.duration);
            out.put_u32(sample.size);
            if flags & TRUN_FLAGS != 0 {
                out.put_u32(sample.flags);
            }
            if flags & TRUN_COMPOSITION != 0 {
                out.put_i32(sample.composition);
            }
        }
        data_offset += run.bytes();
    }
}

/// Writes the head of an `mdat` with so many bytes of payload.
pub fn put_mdat_header(out: &mut BytesMut, payload: usize) {
    put_header(out, BOX_HEADER + payload, b"mdat");
}

fn put_header(out: &mut BytesMut, len: usize, kind: &[u8; 4]) {
    out.put_u32(len as u32);
    out.put_slice(kind);
}
