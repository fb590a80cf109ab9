//! RTP and RTCP as bytes: packetisation per codec, ready-made wire images, sender reports and goodbyes. Pure; no sockets.

pub mod h264;
pub mod h265;
pub mod jpeg;
mod rtcp;
mod wire;

pub use rtcp::{Goodbye, NtpTime, SenderReport};
pub use wire::{INTERLEAVED_HEADER, MAX_PAYLOAD, RTP_HEADER, Stamp, Wire, WireBuilder, interleave};
