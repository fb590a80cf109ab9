//! What is drawn: areas of one colour, in pixels of a picture.

/// As pictures are coded (ITU-R BT.601, 16 to 235).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Colour {
    pub y: u8,
    pub u: u8,
    pub v: u8,
}

/// What of it lies beyond the picture is not drawn.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Fill {
    pub x: i32,
    pub y: i32,
    pub width: i32,
    pub height: i32,
    pub colour: Colour,
}

/// One plane of a picture, `step` pixels of the picture to each of its own.
#[derive(Debug)]
pub(super) struct Plane<'a> {
    pub data: &'a mut [u8],
    /// Distance of two rows.
    pub stride: usize,
    pub width: usize,
    pub height: usize,
    pub step: usize,
}

impl Plane<'_> {
    pub fn fill(&mut self, fill: &Fill, value: u8) {
        let along = |start: i32, length: i32, most: usize| {
            let end = usize::try_from(i64::from(start) + i64::from(length)).unwrap_or(0).div_ceil(self.step).min(most);
            (usize::try_from(start).unwrap_or(0) / self.step, end)
        };
        let (left, right) = along(fill.x, fill.width, self.width);
        let (top, bottom) = along(fill.y, fill.height, self.height);
        for row in top..bottom {
            // A plane that is shorter than it says is left as it is.
            let place = self.data.get_mut(row * self.stride + left..row * self.stride + right.max(left));
            if let Some(place) = place {
                place.fill(value);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn filled(fill: [i32; 4], step: usize) -> Vec<String> {
        let [x, y, width, height] = fill;
        let colour = Colour { y: 235, u: 128, v: 128 };
        let (stride, rows) = (6, 3);
        let mut data = vec![b'.'; stride * rows];
        let mut plane = Plane { data: &mut data, stride, width: 5, height: rows, step };
        plane.fill(&Fill { x, y, width, height, colour }, b'#');
        data.chunks(stride).map(|row| String::from_utf8_lossy(row).into_owned()).collect()
    }

    #[test]
    fn only_what_lies_inside_is_filled() {
        let check = |fill, step, expect: [&str; 3]| assert_eq!(filled(fill, step), expect, "{fill:?}");
        check([1, 1, 2, 1], 1, ["......", ".##...", "......"]);
        check([-2, -1, 4, 2], 1, ["##....", "......", "......"]);
        check([3, 2, 9, 9], 1, ["......", "......", "...##."]);
        // Half a pixel of colour is a whole one.
        check([1, 1, 2, 1], 2, ["##....", "......", "......"]);
        for nothing in [
            [9, 0, 1, 1],
            [0, 9, 1, 1],
            [0, 0, 0, 3],
            [0, 0, -4, 2],
            [-9, 0, 3, 3],
            [i32::MAX, i32::MAX, i32::MAX, i32::MAX],
        ] {
            check(nothing, 1, ["......"; 3]);
        }
        check([i32::MIN, 0, i32::MAX, 1], 1, ["......"; 3]);
    }
}
