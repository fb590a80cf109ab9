//! A picture in colours, at a size that somebody asks for.

/// Red, green and blue of each pixel, row after row, no padding.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rgb {
    pub width: usize,
    pub height: usize,
    pub data: Vec<u8>,
}

/// One component of a picture as its decoder laid it out.
#[derive(Clone, Copy, Debug)]
pub struct Component<'a> {
    pub bytes: &'a [u8],
    /// Distance of two rows, and of two pixels of a row, in bytes.
    pub stride: usize,
    pub step: usize,
    pub width: usize,
    pub height: usize,
}

/// How bytes become colours (ITU-T H.273).
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Coding {
    /// Of black and of no colour, and how far it is from there to white and to full colour.
    pub offset: [f32; 3],
    pub scale: [f32; 3],
    /// Shares of red and blue in the brightness.
    pub red: f32,
    pub blue: f32,
}

/// What a decoder made, before it is read.
#[derive(Clone, Copy, Debug)]
pub struct Planes<'a> {
    pub luma: Component<'a>,
    /// Blue and red against the brightness; none of a grey picture.
    pub chroma: Option<[Component<'a>; 2]>,
    pub coding: Coding,
}

impl Component<'_> {
    /// Whether all that it says of itself is there.
    fn is_whole(&self) -> bool {
        let last = self.height.saturating_sub(1) * self.stride + self.width.saturating_sub(1) * self.step;
        self.width > 0 && self.height > 0 && self.step > 0 && last < self.bytes.len()
    }

    fn at(&self, x: usize, y: usize) -> f32 {
        f32::from(self.bytes[y.min(self.height - 1) * self.stride + x.min(self.width - 1) * self.step])
    }

    /// Between the four pixels around a place; `x` and `y` count in pixels, a pixel's middle is at a half.
    fn near(&self, x: f32, y: f32) -> f32 {
        let (x, y) = ((x - 0.5).max(0.0), (y - 0.5).max(0.0));
        let (left, top) = (x as usize, y as usize);
        let (right_share, lower_share) = (x - left as f32, y - top as f32);
        let row = |y: usize| self.at(left, y) * (1.0 - right_share) + self.at(left + 1, y) * right_share;
        row(top) * (1.0 - lower_share) + row(top + 1) * lower_share
    }
}

impl Rgb {
    /// Scaled to this size, larger or smaller. `None` of a picture that is not all there, or for no size.
    pub fn scaled(planes: &Planes<'_>, width: usize, height: usize) -> Option<Self> {
        let Planes { luma, chroma, coding } = planes;
        let is_whole = luma.is_whole() && chroma.iter().flatten().all(Component::is_whole);
        if !is_whole || width == 0 || height == 0 {
            return None;
        }
        let green = 1.0 - coding.red - coding.blue;
        let part = |n: usize, of: f32| (of - coding.offset[n]) / coding.scale[n].max(1.0);
        let byte = |share: f32| (share * 255.0).round().clamp(0.0, 255.0) as u8;
        let mut data = Vec::with_capacity(width * height * 3);
        for row in 0..height {
            let y = (row as f32 + 0.5) / height as f32;
            for column in 0..width {
                let x = (column as f32 + 0.5) / width as f32;
                let bright = part(0, luma.near(x * luma.width as f32, y * luma.height as f32));
                let Some([of_blue, of_red]) = chroma else {
                    data.extend([byte(bright); 3]);
                    continue;
                };
                let colour = |n: usize, of: &Component<'_>| {
                    part(n, of.at((x * of.width as f32) as usize, (y * of.height as f32) as usize))
                };
                let blue = bright + 2.0 * (1.0 - coding.blue) * colour(1, of_blue);
                let red = bright + 2.0 * (1.0 - coding.red) * colour(2, of_red);
                data.extend([byte(red), byte((bright - coding.red * red - coding.blue * blue) / green), byte(blue)]);
            }
        }
        Some(Self { width, height, data })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// BT.601 in 16 to 235.
    const CODING: Coding =
        Coding { offset: [16.0, 128.0, 128.0], scale: [219.0, 224.0, 224.0], red: 0.299, blue: 0.114 };

    fn component(bytes: &[u8], width: usize, height: usize, step: usize) -> Component<'_> {
        Component { bytes, stride: width * step, step, width, height }
    }

    #[test]
    fn colours_are_those_that_were_coded() {
        let check = |yuv: [u8; 3], expect: [u8; 3]| {
            let luma = [yuv[0]; 16];
            // As NV12 has them: side by side.
            let chroma = [yuv[1], yuv[2]].repeat(4);
            let chroma = [component(&chroma, 2, 2, 2), component(&chroma[1..], 2, 2, 2)];
            let planes = Planes { luma: component(&luma, 4, 4, 1), chroma: Some(chroma), coding: CODING };
            let rgb = Rgb::scaled(&planes, 3, 5).unwrap();
            assert_eq!((rgb.width, rgb.height, rgb.data.len()), (3, 5, 45));
            for (found, expect) in rgb.data.chunks(3).flat_map(|pixel| pixel.iter().zip(&expect)) {
                assert!(found.abs_diff(*expect) <= 2, "{yuv:?}: {:?}, expected {expect:?}", &rgb.data[..3]);
            }
        };
        check([16, 128, 128], [0, 0, 0]);
        check([235, 128, 128], [255, 255, 255]);
        check([81, 90, 240], [255, 0, 0]);
        check([145, 54, 34], [0, 255, 0]);
        check([41, 240, 110], [0, 0, 255]);
    }

    #[test]
    fn a_place_stays_where_it_is() {
        let coding = Coding { offset: [0.0; 3], scale: [255.0; 3], ..CODING };
        let check = |from: &[u8], size: (usize, usize), to: (usize, usize), expect: &[u8]| {
            let planes = Planes { luma: component(from, size.0, size.1, 1), chroma: None, coding };
            let rgb = Rgb::scaled(&planes, to.0, to.1).unwrap();
            let red: Vec<u8> = rgb.data.iter().step_by(3).copied().collect();
            assert_eq!(red, expect, "{size:?} to {to:?}");
        };
        check(&[0, 100, 200, 50], (2, 2), (2, 2), &[0, 100, 200, 50]);
        check(&[0, 0, 200, 200], (4, 1), (2, 1), &[0, 200]);
        check(&[0, 200], (2, 1), (4, 1), &[0, 50, 150, 200]);
        check(&[0, 200], (1, 2), (1, 4), &[0, 50, 150, 200]);
    }

    #[test]
    fn what_is_not_all_there_is_none() {
        let luma = [0; 15];
        let planes = |luma: Component<'static>| Planes { luma, chroma: None, coding: CODING };
        assert!(Rgb::scaled(&planes(component(&[0; 16], 4, 4, 1)), 4, 4).is_some());
        assert!(Rgb::scaled(&planes(component(&[0; 16], 4, 4, 1)), 0, 4).is_none());
        assert!(Rgb::scaled(&planes(component(&[], 0, 0, 1)), 4, 4).is_none());
        let short = Planes { luma: component(&luma, 4, 4, 1), chroma: None, coding: CODING };
        assert!(Rgb::scaled(&short, 4, 4).is_none());
    }
}
