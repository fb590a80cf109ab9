//! How bright a picture is, at a small size.

/// One byte per pixel, row after row, no padding.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Luma {
    pub width: usize,
    pub height: usize,
    pub data: Vec<u8>,
}

/// Rows and columns of an area that are looked at: more make its mean hardly better.
const SAMPLES: usize = 3;

impl Luma {
    /// Scales a plane down to this width, never up; each pixel is the mean of the area it stands for, so that noise
    /// does not survive. `stride` is the distance of two rows. An empty picture when the plane is shorter than it says.
    pub fn scaled(plane: &[u8], stride: usize, size: (usize, usize), max_width: usize) -> Self {
        let (from_width, from_height) = size;
        let width = from_width.min(max_width.max(1));
        let height = (from_height * width).checked_div(from_width).unwrap_or(0).max(1);
        let needed = (from_height.saturating_sub(1)) * stride + from_width;
        if from_width == 0 || from_height == 0 || plane.len() < needed || stride < from_width {
            return Self { width: 0, height: 0, data: Vec::new() };
        }
        let columns: Vec<(usize, usize, usize)> = (0..width)
            .map(|x| {
                let (left, right) = (x * from_width / width, (x + 1) * from_width / width);
                (left, right, (right - left).div_ceil(SAMPLES).max(1))
            })
            .collect();
        let mut data = Vec::with_capacity(width * height);
        let mut sums = vec![0_u32; width];
        for y in 0..height {
            let (top, bottom) = (y * from_height / height, (y + 1) * from_height / height);
            let step = (bottom - top).div_ceil(SAMPLES).max(1);
            sums.fill(0);
            let mut rows = 0;
            for row in (top..bottom.max(top + 1)).step_by(step) {
                let line = &plane[row * stride..row * stride + from_width];
                for (sum, (left, right, step)) in sums.iter_mut().zip(&columns) {
                    *sum += line[*left..*right].iter().step_by(*step).map(|luma| u32::from(*luma)).sum::<u32>();
                }
                rows += 1;
            }
            let mean = |(sum, (left, right, step)): (&u32, &(usize, usize, usize))| {
                let count = (right - left).div_ceil(*step).max(1) as u32 * rows;
                u8::try_from((sum + count / 2) / count).unwrap_or(u8::MAX)
            };
            data.extend(sums.iter().zip(&columns).map(mean));
        }
        Self { width, height, data }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_size_is_scaled_and_none_is_enlarged() {
        let check = |size: (usize, usize), max_width, expect: (usize, usize)| {
            let stride = size.0 + 3;
            let plane = vec![77; stride * size.1];
            let luma = Luma::scaled(&plane, stride, size, max_width);
            assert_eq!((luma.width, luma.height), expect, "{size:?}");
            assert_eq!(luma.data, vec![77; expect.0 * expect.1], "{size:?}");
        };
        check((640, 360), 320, (320, 180));
        check((1921, 1081), 320, (320, 180));
        check((160, 120), 320, (160, 120));
        check((2, 2000), 1, (1, 1000));
        check((640, 2), 160, (160, 1));
    }

    #[test]
    fn a_pixel_is_the_mean_of_its_area_at_its_place() {
        let mut plane = vec![0_u8; 8 * 4];
        // The right half of the lower half.
        for row in 2..4 {
            plane[row * 8 + 4..row * 8 + 8].fill(200);
        }
        assert_eq!(Luma::scaled(&plane, 8, (8, 4), 4).data, [0, 0, 0, 0, 0, 0, 200, 200]);
        let checked: Vec<u8> = (0..16).map(|n| if (n + n / 4) % 2 == 0 { 0 } else { 100 }).collect();
        assert_eq!(Luma::scaled(&checked, 4, (4, 4), 2).data, [50; 4]);
    }

    #[test]
    fn a_plane_that_is_too_short_gives_no_picture() {
        assert!(Luma::scaled(&[0; 10], 8, (8, 4), 4).data.is_empty());
        assert!(Luma::scaled(&[], 0, (0, 0), 4).data.is_empty());
    }
}
