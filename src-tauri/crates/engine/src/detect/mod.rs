//! What a model of the YOLO family sees in a picture: boxes with labels.
//!
//! [`Detector`] is a model with its labels, ready to look. `model` runs it and is the only place that knows the runtime;
//! `letterbox` brings a picture into the model's form and boxes back, `head` reads what comes out, `suppress` leaves one
//! box of each thing, `labels` reads what classes are called, `turns` says whose turn it is. [`Spotter`] lets one task's
//! newest picture be looked at: one task of its own per task of the site, joined by its `stop`; pictures go in by a
//! `watch` (only the newest counts), what was seen comes out by a channel of one, which waits for its reader.

mod detector;
mod error;
mod head;
mod labels;
mod letterbox;
mod model;
mod spotter;
mod suppress;
mod turns;

pub use detector::{Detector, ModelFiles};
pub use error::ModelError;
pub use labels::Labels;
pub(crate) use spotter::look_at;
pub use spotter::{Sighted, Spotter};

use std::sync::Arc;
use watchwall_engine_protocol::BBox;

/// One thing that a model saw.
#[derive(Clone, Debug, PartialEq)]
pub struct Detection {
    pub label: Arc<str>,
    /// 0 to 1.
    pub score: f32,
    pub bbox: BBox,
}
