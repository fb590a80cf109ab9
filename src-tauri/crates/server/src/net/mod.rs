//! Connections: listening, per-connection limits and time-outs, and what a handler knows about the far end.
//!
//! [`serve`] runs one accept task per address and one task per connection, all tracked and joined by its caller. WebSockets leave
//! their connection task when they are upgraded; they are tracked by [`Sockets`] and end when that is closed.

mod listen;
mod request;
mod sockets;

pub use listen::{Entry, ServeLimits, bind, serve};
pub use request::{Door, Names, Peer, Reached, RequestId, Scheme, agent};
pub use sockets::{CloseCode, Sockets, WRITE_TIMEOUT, close_with, refuse_socket};
