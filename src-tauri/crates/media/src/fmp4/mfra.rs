//! The movie fragment random access box (ISO/IEC 14496-12, 8.8.9) at the end of a file: where players may seek to.

use super::{PRFT_BYTES, VIDEO_TRACK};
use bytes::Bytes;
use mp4_atom::{Encode, FragmentInfo, Mfra, Mfro, Tfra};
use watchwall_model::Fragment;

/// A key frame that begins a fragment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct MfraEntry {
    /// Presentation time in ticks of the video track.
    pub time: u64,
    /// Of the `moof`, in the file.
    pub moof_offset: u64,
}

/// The whole box. An empty list gives an empty table, which is valid.
pub fn mfra(entries: impl IntoIterator<Item = MfraEntry>) -> Bytes {
    let entries = entries.into_iter().map(|entry| FragmentInfo {
        time: entry.time,
        moof_offset: entry.moof_offset,
        traf_number: 1,
        trun_number: 1,
        sample_delta: 1,
    });
    let mut mfra =
        Mfra { tfra: vec![Tfra { track_id: VIDEO_TRACK, entries: entries.collect() }], mfro: Mfro::default() };
    // The last field repeats the size of the whole.
    let sized = encode(&mfra);
    mfra.mfro.parent_size = sized.len() as u32;
    encode(&mfra)
}

/// From the index of a file we wrote, whose fragments begin with their `prft`.
pub fn mfra_of_index(fragments: &[Fragment], timescale: u32) -> Bytes {
    mfra(fragments.iter().filter(|fragment| fragment.is_key).map(|fragment| MfraEntry {
        time: u64::from(fragment.start_ms) * u64::from(timescale) / 1000,
        moof_offset: fragment.offset + PRFT_BYTES as u64,
    }))
}

fn encode(mfra: &Mfra) -> Bytes {
    let mut out = Vec::new();
    match mfra.encode(&mut out) {
        Ok(()) => Bytes::from(out),
        // Only a table over 4 GiB cannot be encoded; a file without one still plays.
        Err(_) => Bytes::new(),
    }
}
