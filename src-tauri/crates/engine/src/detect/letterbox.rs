//! A picture in the form of a model: scaled as a whole, in the middle, grey around it. Pure.

use watchwall_engine_protocol::BBox;
use watchwall_media::pixels::Rgb;

/// What models of the family are trained with around pictures.
const AROUND: f32 = 114.0 / 255.0;

/// How a picture lies in the model's input; all in the model's pixels.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Letterbox {
    pub width: usize,
    pub height: usize,
    /// Of the scaled picture.
    pub inner_width: usize,
    pub inner_height: usize,
}

impl Letterbox {
    /// Of a picture of this size, in an input of that.
    pub fn new(picture: (u32, u32), (width, height): (usize, usize)) -> Self {
        let (from_width, from_height) = (f64::from(picture.0.max(1)), f64::from(picture.1.max(1)));
        let scale = (width as f64 / from_width).min(height as f64 / from_height);
        let side = |of: f64, most: usize| ((of * scale).round() as usize).clamp(1, most);
        Self { width, height, inner_width: side(from_width, width), inner_height: side(from_height, height) }
    }

    const fn left(&self) -> usize {
        (self.width - self.inner_width) / 2
    }

    const fn top(&self) -> usize {
        (self.height - self.inner_height) / 2
    }

    /// `[1, 3, height, width]`, 0 to 1: all red, then all green, then all blue. `inner` is of the inner size.
    pub fn input(&self, inner: &Rgb) -> Vec<f32> {
        let plane = self.width * self.height;
        let mut input = vec![AROUND; 3 * plane];
        for (y, row) in inner.data.chunks_exact((inner.width * 3).max(1)).take(self.inner_height).enumerate() {
            let start = (self.top() + y) * self.width + self.left();
            for (x, pixel) in row.chunks_exact(3).take(self.inner_width).enumerate() {
                for (colour, byte) in pixel.iter().enumerate() {
                    input[colour * plane + start + x] = f32::from(*byte) / 255.0;
                }
            }
        }
        input
    }

    /// A box around a middle, in the model's pixels, as a part of the picture; `None` when it lies outside.
    pub fn bbox(&self, [x, y, width, height]: [f32; 4]) -> Option<BBox> {
        let (inner_width, inner_height) = (self.inner_width as f32, self.inner_height as f32);
        BBox::inside([
            (x - width / 2.0 - self.left() as f32) / inner_width,
            (y - height / 2.0 - self.top() as f32) / inner_height,
            width / inner_width,
            height / inner_height,
        ])
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_picture_lies_in_the_middle() {
        let check = |picture, input, inner: (usize, usize), corner: (usize, usize)| {
            let found = Letterbox::new(picture, input);
            assert_eq!((found.inner_width, found.inner_height), inner, "{picture:?} in {input:?}");
            assert_eq!((found.left(), found.top()), corner, "{picture:?} in {input:?}");
        };
        check((1280, 720), (640, 640), (640, 360), (0, 140));
        check((640, 360), (640, 640), (640, 360), (0, 140));
        check((320, 180), (640, 640), (640, 360), (0, 140));
        check((720, 1280), (640, 640), (360, 640), (140, 0));
        check((640, 640), (640, 640), (640, 640), (0, 0));
        check((1920, 1080), (640, 384), (640, 360), (0, 12));
        check((4000, 1), (640, 640), (640, 1), (0, 319));
        check((0, 0), (64, 64), (64, 64), (0, 0));
    }

    #[test]
    fn boxes_come_back_where_they_were() {
        let check = |picture, bbox: [f32; 4], expect: Option<[f32; 4]>| {
            let found = Letterbox::new(picture, (640, 640)).bbox(bbox).map(<[f32; 4]>::from);
            let is_near = |a: [f32; 4], b: [f32; 4]| a.iter().zip(b).all(|(a, b)| (a - b).abs() < 1e-5);
            assert!(
                found.is_some() == expect.is_some() && found.zip(expect).is_none_or(|(a, b)| is_near(a, b)),
                "{found:?}"
            );
        };
        check((1280, 720), [320.0, 320.0, 160.0, 90.0], Some([0.375, 0.375, 0.25, 0.25]));
        check((1280, 720), [0.0, 140.0, 64.0, 72.0], Some([0.0, 0.0, 0.05, 0.1]));
        check((720, 1280), [320.0, 320.0, 90.0, 160.0], Some([0.375, 0.375, 0.25, 0.25]));
        // All of it in the grey.
        check((1280, 720), [320.0, 60.0, 100.0, 100.0], None);
        check((1280, 720), [f32::NAN, 320.0, 10.0, 10.0], None);
    }

    #[test]
    fn the_input_has_one_plane_a_colour_and_grey_around() {
        let letterbox = Letterbox::new((2, 1), (4, 4));
        let inner = Rgb { width: 4, height: 2, data: [[255, 0, 51]; 8].concat() };
        let input = letterbox.input(&inner);
        for (colour, expect) in [1.0, 0.0, 0.2].into_iter().enumerate() {
            let plane = &input[colour * 16..][..16];
            assert_eq!(plane[4..12], [expect; 8]);
            assert_eq!((&plane[..4], &plane[12..]), (&[AROUND; 4][..], &[AROUND; 4][..]));
        }
        // Less than was asked for leaves grey and breaks nothing.
        let short = Rgb { width: 4, height: 1, data: vec![255; 12] };
        assert_eq!(letterbox.input(&short)[8..12], [AROUND; 4]);
    }
}
