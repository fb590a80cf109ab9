//! RTP and RTCP as bytes: packetisation per codec, ready-made wire images, sender reports. Pure; no sockets.

mod audio;
mod h264;
mod h265;
mod jpeg;
mod metadata;
mod packetiser;
mod rtcp;
mod track_loop;
mod wire;

pub(crate) use audio::{audio_payload, audio_payload_type};
pub(crate) use metadata::{METADATA_PAYLOAD_TYPE, pack_document};
pub(crate) use packetiser::{Packetiser, video_payload_type};
pub(crate) use rtcp::{NtpTime, sender_report};
pub(crate) use track_loop::{LoopUnit, TrackLoop};
#[cfg(test)]
pub(crate) use wire::WireBuilder;
pub(crate) use wire::{Stamp, Wire};
