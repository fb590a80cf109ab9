//! What the streams carry: encoders, loops encoded once, and their access units.
//!
//! GStreamer is used here and nowhere else in the crate. Encoding of a loop runs on a blocking thread
//! and is bounded by a semaphore; a live encoder belongs to the studio thread of `stream`.

mod audio;
mod bitstream;
mod clip;
mod clip_file;
mod encoder;
mod library;
mod recorded;

pub(crate) use audio::{AudioLoop, audio_loop};
pub(crate) use bitstream::{Parameters, nals};
pub(crate) use clip::{EncodedUnit, Profile, encode_still};
pub(crate) use encoder::VideoEncoder;
pub(crate) use library::{Clip, ClipLibrary, Packing, filler_target};
pub(crate) use recorded::encode_recorded;
