//! Where a scene looks: a polygon in fractions of the frame.

use watchwall_model::Point;

/// Without a polygon: everywhere.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Region {
    polygon: Vec<Point>,
}

impl Region {
    /// Fewer than three points are no polygon and mean the whole picture.
    pub fn new(polygon: Vec<Point>) -> Self {
        Self { polygon: if polygon.len() < 3 { Vec::new() } else { polygon } }
    }

    /// Empty when it is everywhere.
    pub fn polygon(&self) -> &[Point] {
        &self.polygon
    }

    pub fn is_everywhere(&self) -> bool {
        self.polygon.is_empty()
    }

    /// By the even-odd rule. A point at the lower edge of the picture counts as just inside it, because feet stand there.
    pub fn contains(&self, point: Point) -> bool {
        if self.is_everywhere() {
            return true;
        }
        let (x, y) = (point.x.clamp(0.0, ALMOST_ONE), point.y.clamp(0.0, ALMOST_ONE));
        let next = self.polygon.iter().cycle().skip(1);
        let crossings = self.polygon.iter().zip(next).filter(|(a, b)| {
            let is_beside = (a.y > y) != (b.y > y);
            is_beside && x < (b.x - a.x) * (y - a.y) / (b.y - a.y) + a.x
        });
        crossings.count() % 2 == 1
    }

    /// One flag per pixel whose centre lies in it.
    pub fn mask(&self, width: usize, height: usize) -> Vec<bool> {
        let centre = |n: usize, of: usize| (n as f32 + 0.5) / of as f32;
        let pixels = (0..height).flat_map(|y| (0..width).map(move |x| (x, y)));
        pixels.map(|(x, y)| self.contains(Point { x: centre(x, width), y: centre(y, height) })).collect()
    }
}

const ALMOST_ONE: f32 = 0.9999;

#[cfg(test)]
mod tests {
    use super::*;

    fn polygon(points: &[[f32; 2]]) -> Region {
        Region::new(points.iter().map(|point| Point::from(*point)).collect())
    }

    #[test]
    fn points_are_in_or_out() {
        let check = |region: &Region, x, y, expect| assert_eq!(region.contains(Point { x, y }), expect, "{x} {y}");
        let everywhere = polygon(&[]);
        check(&everywhere, 0.0, 0.0, true);
        check(&everywhere, 1.0, 1.0, true);
        check(&polygon(&[[0.0, 0.0], [1.0, 1.0]]), 0.9, 0.1, true);
        let lower = polygon(&[[0.0, 0.5], [1.0, 0.5], [1.0, 1.0], [0.0, 1.0]]);
        check(&lower, 0.5, 0.4, false);
        check(&lower, 0.5, 0.6, true);
        check(&lower, 0.5, 1.0, true);
        check(&lower, 1.0, 1.0, true);
        // A hollow one: the notch is outside.
        let hollow = polygon(&[[0.0, 0.0], [1.0, 0.0], [1.0, 1.0], [0.5, 0.25], [0.0, 1.0]]);
        check(&hollow, 0.5, 0.6, false);
        check(&hollow, 0.5, 0.2, true);
        check(&hollow, 0.1, 0.5, true);
    }

    #[test]
    fn a_mask_has_the_area_of_its_polygon() {
        let mask = polygon(&[[0.5, 0.0], [1.0, 0.0], [1.0, 1.0], [0.5, 1.0]]).mask(8, 4);
        assert_eq!(mask.iter().filter(|inside| **inside).count(), 16);
        assert!(!mask[3] && mask[4]);
    }
}
