//! Fragmented MP4 (ISO/IEC 14496-12): written for live view and for recording files, and read back.
//!
//! * [`init_segment`]: `ftyp` and `moov`. Track 1 is video, track 2 audio, each in the clock of its params.
//! * [`gop_fragment`]: one fragment of a recording: `prft`, `moof` and the head of an `mdat` whose payload are the
//!   units' own bytes. The `prft` holds the wall clock, the identity box in the `moov` holds whose recording it is,
//!   so that an index can be rebuilt from files alone.
//! * [`mfra`]: the box at the end that lets ordinary players seek.
//! * [`scan_init`], [`walk`], [`samples`]: reading. Bytes are taken as hostile: nothing here panics or reserves memory
//!   by what a file claims.
//! * [`ClipLayout`]: several stretches of recordings as one file whose every byte is known before any is made,
//!   fragmented for browsers and quick to lay out, or progressive for whoever keeps it.
//!
//! Everything here is pure but [`walk`] and [`read_init`], which read a file. Boxes off the hot path are encoded by
//! `mp4-atom`; fragments are written and all boxes are read by hand: the first for speed, the second because the
//! decoder configuration must come back byte for byte. This folder spawns no task.

mod boxes;
mod clip;
mod codec_string;
mod error;
mod fragment;
mod identity;
mod init;
mod mfra;
mod moof;
mod prft;
mod progressive;
mod sample_entry;
mod samples;
mod scan;
mod walk;

pub use clip::{ClipFragment, ClipLayout, ClipPart, ClipPiece};
pub use error::FmpError;
pub use fragment::{DecodeBase, FragmentOptions, FragmentParts, gop_fragment};
pub use identity::SegmentIdentity;
pub use init::{InitKind, InitOptions, Sound, init_segment};
pub use mfra::{MfraEntry, mfra, mfra_of_index};
pub use prft::PRFT_BYTES;
pub use samples::{FragmentSamples, SampleRef, samples};
pub use scan::{InitInfo, TrackInfo, TrackTable, params_from_init, read_init, scan_init};
pub use walk::{FoundFragment, Walked, walk};

pub(crate) use codec_string::of_avcc;
pub(crate) use fragment::sample as unit_sample;
pub(crate) use moof::{Run, Sample, moof_len, put_mdat_header, put_moof};

/// Track numbers in every file and message we write.
pub const VIDEO_TRACK: u32 = 1;
pub const AUDIO_TRACK: u32 = 2;
/// Ticks per second of RTP video, and so of our video tracks.
pub const VIDEO_TIMESCALE: u32 = 90_000;
/// Bytes of `size` and `type` before a box's body.
pub(crate) const BOX_HEADER: usize = 8;
