//! Draws the cameras' pictures: plain I420 in memory, no GStreamer, no tasks.
//!
//! Only what changes is redrawn, and what changes is little, so that the encoder may skip the rest.

mod canvas;
mod font;
mod scene;

pub(crate) use scene::{Scene, SceneSpec};
