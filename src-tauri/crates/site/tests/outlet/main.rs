//! The site's own RTSP, from a virtual camera through its hub to clients: the site's two ingest engines, programs from
//! elsewhere, and one that does exactly what a test says.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::print_stdout,
    reason = "a test fails by panicking and says what it skips"
)]

mod bench;
mod client;
mod limits;
mod pictures;
mod programs;
mod publish;
mod times;
mod tokens;
