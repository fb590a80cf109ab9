//! The RTSP 1.0 server (RFC 2326): requests, authentication, descriptions, sessions over TCP and UDP.
//!
//! One task per connection (`connection.rs`) reads requests and sends the session's packets; it is owned by the
//! farm's task tracker and ends with the farm's token, the connection or a fault. One task per port accepts. A replay of
//! what a device recorded is drawn by a task of its own, likewise owned, which hands units over by a bounded channel.
//! Nothing waits without a limit: a client that does not read is cut after ten seconds.

mod auth;
mod connection;
mod listener;
mod methods;
mod replay;
mod sdp;
mod session;
mod target;
mod track;

pub(crate) use listener::{Door, serve_own_port, serve_shared_port};
pub(crate) use target::{path as stream_path, storage_path};
