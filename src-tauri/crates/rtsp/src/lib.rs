//! What an RTSP 1.0 server (RFC 2326) is made of, whoever serves: the virtual cameras do, and the site.
//!
//! Messages as text ([`Incoming`], [`Response`], [`Wish`]), what a description says of a picture ([`VideoFormat`]) and what
//! one who publishes says of his ([`Announced`]), packets and reports as bytes, written and read ([`rtp`]), and the two ways
//! to a client: over its connection ([`Outbox`]) and by UDP ([`UdpPair`]).
//!
//! No task, no session and no decision: who may see what, and what is sent when, is for whoever serves. Nothing here
//! waits but the binding of ports.

mod announced;
mod format;
mod outbox;
mod request;
mod response;
pub mod rtp;
mod transport;
mod udp;

pub use announced::{Announced, NotPublishable};
pub use format::VideoFormat;
pub use outbox::Outbox;
pub use request::{Incoming, MAX_REQUEST, Request, parse};
pub use response::Response;
pub use transport::Wish;
pub use udp::UdpPair;
