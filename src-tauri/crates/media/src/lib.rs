//! Cameras in, pictures out: the only crate that knows retina and GStreamer.
//!
//! * [`ingest`]: one actor per stream pulls the camera (retina or GStreamer) and fills its hub.
//! * [`hub`]: where a stream's access units arrive and fan out: GOP cache, pre-event ring, subscribers.
//! * [`fmp4`]: initialisation segments and fragments, written for live view and files, and read back.
//! * [`audio`]: G.711 and friends repacked so that a browser and an MP4 file can hold them.
//! * [`pixels`]: whatever needs decoded pictures: snapshot, thumbnail, transcode. GStreamer pipelines.
//! * [`live`]: the binary message a viewer receives.
//!
//! No type of retina or GStreamer appears in a public signature.

pub mod audio;
pub mod fmp4;
pub mod hub;
pub mod ingest;
pub mod live;
mod nal;
mod parameter_sets;
mod params;
pub mod pixels;
mod unit;

pub use nal::nals;
pub use params::{AudioParams, StreamParams, VideoParams};
pub use unit::{AccessUnit, Track, UnitParts};
