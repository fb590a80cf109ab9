//! RTP and RTCP as bytes: packetisation per codec, ready-made wire images, sender reports and goodbyes; and back again, for
//! H.264 that somebody publishes. Pure; no sockets.

pub mod h264;
mod h264_units;
pub mod h265;
pub mod jpeg;
mod packet;
mod rtcp;
mod wire;

pub use h264_units::{H264Unit, H264Units, MOST_UNIT_BYTES};
pub use packet::Packet;
pub use rtcp::{Goodbye, NtpTime, SenderReport, Told, told};
pub use wire::{INTERLEAVED_HEADER, MAX_PAYLOAD, RTP_HEADER, Stamp, Wire, WireBuilder, interleave};
