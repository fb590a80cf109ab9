//! One thing in the picture.

use crate::BBox;
use serde::{Deserialize, Serialize};

/// What an engine drew a box around.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct DetectedObject {
    pub label: Box<str>,
    /// 0 to 1.
    pub score: f32,
    pub bbox: BBox,
    /// The same thing has it in later pictures too.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub track_id: Option<Box<str>>,
}
