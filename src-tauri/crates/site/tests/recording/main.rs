//! Recording and evidence on real files: one binary, so that tests that wait for a camera or a disk wait beside each
//! other. What needs the processors for itself (kills, power cuts, faults, the drill) has a binary of its own.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::print_stdout,
    reason = "a test fails by panicking and says what it skips"
)]

mod archives;
mod clock;
mod disks;
mod end_to_end;
mod events;
mod exports;
mod gap_fill;
mod handed_on;
mod integrity;
mod mirror;
mod objects;
mod playback;
mod proofs;
#[path = "../recording_support/mod.rs"]
mod recording_support;
mod retention;
#[path = "../recording_support/store.rs"]
mod store;
mod volumes;

/// What a process that is to be killed runs, by this name.
#[tokio::test(flavor = "multi_thread")]
async fn child() {
    recording_support::victim::record_until_killed().await;
}
