//! Pulling cameras: one actor per stream, and a probe for streams nobody has saved yet.
//!
//! [`start_ingest`] spawns an actor that connects when somebody holds an [`Interest`], fills its hub and keeps the
//! connection alive by the rules in `states`. `observe`, `packets` and `hold` look at a camera more closely, each in a
//! session of its own that ends with a TEARDOWN. Everything that can be decided without a camera is pure:
//! `states` and `backoff` (when to connect, wait, give up), `timeline` and `clock` (times), `sps` (parameter sets).
//! `delivery` takes pictures that somebody brings instead of being asked for them.
//! `replay` fetches what a device recorded itself, in a session of its own that whoever asks for it owns.
//! `engine` holds the two ways to read a camera, `assembler` turns either's output into access units.
//!
//! Tasks: one actor per stream (owned by its [`IngestHandle`], joined by [`IngestHandle::stop`]) and, while connected,
//! one engine (owned and joined by the actor). Channels: a `watch` of the request in, a `watch` of the snapshot out,
//! a bounded `mpsc` of rare engine news; access units go straight to the hub, documents of a wanted metadata track into
//! the bounded, lossy queue of `metadata`.
//! What must not live here: containers, decoding, anything that knows what a camera is for.

mod actor;
mod assembler;
mod backoff;
mod bits;
mod clock;
mod delivery;
mod demand;
mod engine;
mod facts;
mod failure;
mod handle;
mod hold;
mod interface;
mod login;
mod metadata;
mod observe;
mod pace;
mod packets;
mod probe;
mod reach;
mod replay;
mod request;
mod snapshot;
mod sps;
mod states;
mod timeline;

pub use delivery::{Delivered, Delivery};
pub use handle::{IngestHandle, Interest, InterestKind, Pause, start_ingest};
pub use hold::{HeldSession, hold};
pub use metadata::{LARGEST_DOCUMENT, MetadataTap, MetadataTrack, Tapped};
pub use observe::{Observation, ObserveLimits, Observed, SeenPicture, observe, observe_hub};
pub use pace::Pace;
pub use packets::{PacketLimits, PacketReport, ParameterSets, listen_to_packets};
pub use probe::{ProbeReport, ProbeRequest, ProbeStep, Watching, look, probe};
pub use replay::{Bandwidth, Replay, ReplayDialect, ReplayRequest, replay};
pub use request::{IngestOptions, IngestRequest, device_at};
pub use snapshot::IngestSnapshot;
pub use sps::for_live;
