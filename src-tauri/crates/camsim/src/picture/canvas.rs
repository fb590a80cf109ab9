//! One I420 frame with GStreamer's default strides.

use super::font;

pub(super) struct Canvas {
    pub width: usize,
    pub height: usize,
    pub stride: usize,
    chroma_stride: usize,
    chroma_offset: [usize; 2],
    pub data: Vec<u8>,
}

/// Luma and the two chroma values.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Colour(pub u8, pub u8, pub u8);

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Area {
    pub x: usize,
    pub y: usize,
    pub width: usize,
    pub height: usize,
}

impl Canvas {
    pub fn new(width: usize, height: usize, colour: Colour) -> Self {
        let stride = width.next_multiple_of(4);
        let lines = height.next_multiple_of(2);
        let chroma_stride = width.div_ceil(2).next_multiple_of(4);
        let chroma_size = chroma_stride * lines / 2;
        let luma_size = stride * lines;
        let mut canvas = Self {
            width,
            height,
            stride,
            chroma_stride,
            chroma_offset: [luma_size, luma_size + chroma_size],
            data: vec![128; luma_size + 2 * chroma_size],
        };
        canvas.fill(Area { x: 0, y: 0, width, height }, colour);
        canvas
    }

    /// Fills an area, clipped to the frame; chroma follows on even pixels.
    pub fn fill(&mut self, area: Area, Colour(luma, cb, cr): Colour) {
        let right = (area.x + area.width).min(self.width);
        let bottom = (area.y + area.height).min(self.height);
        if area.x >= right || area.y >= bottom {
            return;
        }
        for y in area.y..bottom {
            self.data[y * self.stride + area.x..y * self.stride + right].fill(luma);
        }
        for (offset, value) in self.chroma_offset.into_iter().zip([cb, cr]) {
            for y in area.y / 2..bottom.div_ceil(2) {
                let line = offset + y * self.chroma_stride;
                self.data[line + area.x / 2..line + right.div_ceil(2)].fill(value);
            }
        }
    }

    /// Luma only, clipped.
    pub fn dot(&mut self, x: usize, y: usize, size: usize, luma: u8) {
        for row in y..(y + size).min(self.height) {
            let right = (x + size).min(self.width);
            if x < right {
                self.data[row * self.stride + x..row * self.stride + right].fill(luma);
            }
        }
    }

    /// Writes text with its own background, `scale` pixels per dot. Answers the width used.
    pub fn write(&mut self, x: usize, y: usize, scale: usize, text: &str, ink: u8, paper: u8) -> usize {
        let mut left = x;
        for character in text.chars() {
            for (row, dots) in font::glyph(character).into_iter().enumerate() {
                for column in 0..font::ADVANCE {
                    let set = column < font::WIDTH && dots >> (font::WIDTH - 1 - column) & 1 == 1;
                    self.dot(left + column * scale, y + row * scale, scale, if set { ink } else { paper });
                }
            }
            left += font::ADVANCE * scale;
        }
        left - x
    }
}
