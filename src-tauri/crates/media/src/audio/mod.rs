//! Sound as MP4 can hold it and browsers play it.
//!
//! AAC and Opus go in as they are. G.711 and linear PCM become FLAC (RFC 9639), which loses nothing: each frame of the
//! camera becomes one FLAC frame of the same samples and times. Conversion happens once per unit and is shared by the
//! live view and the recorder. This folder is pure and spawns no task.

mod bits;
mod flac;
mod g711;
mod repack;

pub use repack::{AudioRepack, container_codec_string, container_frame, is_containable};

pub(crate) use flac::{MOST_SAMPLES as FLAC_MOST_SAMPLES, SMALLEST_BLOCK as FLAC_BLOCK, most_frame_bytes};
pub(crate) use repack::{AudioContainer, container_of, flac_bits, flac_format};

/// Codec name and RFC 6381 string of FLAC.
pub const FLAC: &str = "flac";
