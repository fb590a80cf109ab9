//! Access units as packets: with filler when a burst is ordered, in loops, with sound and documents. Pure; no sockets.

mod audio;
mod metadata;
mod packetiser;
mod track_loop;

pub(crate) use audio::{audio_payload, audio_payload_type};
pub(crate) use metadata::{METADATA_PAYLOAD_TYPE, pack_document};
pub(crate) use packetiser::{Packetiser, video_payload_type};
pub(crate) use track_loop::{LoopUnit, TrackLoop};
