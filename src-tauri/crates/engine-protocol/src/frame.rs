//! Positions in a picture.

use serde::{Deserialize, Serialize};
use watchwall_model::Point;

/// Of the picture the engine looked at, pixels.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct FrameSize {
    pub width: u32,
    pub height: u32,
}

/// `[x, y, w, h]`: top left corner, width and height, in fractions of the frame; all of it lies inside.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(from = "[f32; 4]", into = "[f32; 4]")]
pub struct BBox {
    pub x: f32,
    pub y: f32,
    pub width: f32,
    pub height: f32,
}

impl BBox {
    /// What of a box lies in the frame; `None` when that is nothing.
    pub fn inside([x, y, width, height]: [f32; 4]) -> Option<Self> {
        let (left, top) = (x.clamp(0.0, 1.0), y.clamp(0.0, 1.0));
        let (right, bottom) = ((x + width).clamp(0.0, 1.0), (y + height).clamp(0.0, 1.0));
        // False for what is not a number, too.
        let has_area = right > left && bottom > top;
        has_area.then_some(Self { x: left, y: top, width: right - left, height: bottom - top })
    }

    pub fn centre(&self) -> Point {
        Point { x: self.x + self.width / 2.0, y: self.y + self.height / 2.0 }
    }

    /// Where it stands on the ground, if the camera looks down.
    pub fn foot(&self) -> Point {
        Point { x: self.x + self.width / 2.0, y: self.y + self.height }
    }
}

impl From<[f32; 4]> for BBox {
    fn from([x, y, width, height]: [f32; 4]) -> Self {
        Self { x, y, width, height }
    }
}

impl From<BBox> for [f32; 4] {
    fn from(bbox: BBox) -> Self {
        [bbox.x, bbox.y, bbox.width, bbox.height]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn boxes_are_cut_at_the_edge_of_the_frame() {
        let check = |from: [f32; 4], expect: Option<[f32; 4]>| {
            assert_eq!(BBox::inside(from).map(<[f32; 4]>::from), expect, "{from:?}");
        };
        check([0.25, 0.5, 0.25, 0.25], Some([0.25, 0.5, 0.25, 0.25]));
        check([-0.5, -0.5, 1.0, 1.0], Some([0.0, 0.0, 0.5, 0.5]));
        check([0.75, 0.75, 1.0, 1.0], Some([0.75, 0.75, 0.25, 0.25]));
        check([1.25, 0.0, 0.5, 0.5], None);
        check([0.5, 0.5, 0.0, 0.5], None);
        check([0.5, 0.5, -0.25, 0.5], None);
        check([f32::NAN, 0.0, 0.5, 0.5], None);
        check([0.0, 0.0, f32::INFINITY, 1.0], Some([0.0, 0.0, 1.0, 1.0]));
    }
}
