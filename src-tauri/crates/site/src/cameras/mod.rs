//! Cameras: which exist, how each stream stands, and the one ingest actor per stream.
//!
//! [`Cameras`] is the handle. Behind it one reconcile task compares the database with the running actors,
//! on a signal and every 30 s, and is the only code that starts or stops them; one watcher task per stream
//! carries snapshots to the change counter and stores what a stream turned out to be.
//! `onboarding` adds devices, `discovery` finds them, `devices` changes stored ones; a task of `refused` writes down what
//! devices refused. All of them end with [`Cameras::stop`]. Channels: a `Notify` wakes the reconciler, a `watch` counter
//! tells listeners that something changed (they read the state itself, so nothing queues up).

mod devices;
mod draft;
mod handle;
mod jobs;
mod outages;
mod reconcile;
mod refused;
mod running;
mod spare;
mod wanted;

pub mod control;
pub mod events;
pub mod health;

pub mod discovery;
pub mod doctor;
pub mod onboarding;

pub use devices::{DeviceEdit, DeviceSnapshot};
pub use draft::NewCamera;
pub use handle::{CameraEdit, CameraSnapshot, Cameras, StreamSnapshot};
pub use jobs::Kept;
pub use outages::{OUTAGE_BOUNDS_S, OutageFigures};
pub use refused::recall_refused;
