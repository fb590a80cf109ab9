//! Carries requests to one device and answers back, whatever the device does.
//!
//! - [`DeviceAddress`]: where the device is as the user said it, and the policy for every address the device gives.
//! - `login`: the pure decisions about signing: ask without a login, learn from the refusal, never try a password twice.
//! - `exchange`: one HTTP request with its limits: time, size, one host, no redirects.
//! - `verdict`: what an answer means, `conversation`: what goes to and fro until a call is answered.
//! - [`Client`]: what others hold. One request of a device is on its way at a time; only event pulls, which the device holds
//!   open itself, run beside it.
//!
//! No task is spawned here; a caller that drops a call ends it.

mod address;
mod challenge;
mod client;
mod conversation;
mod exchange;
mod login;
mod options;
mod sign;
mod verdict;

pub use address::DeviceAddress;
pub use client::{Client, Endpoint, LoginSeen};
pub use exchange::HttpPool;
pub use options::{AuthMode, ClientOptions, PlainPassword};

pub(crate) use address::split_address;
