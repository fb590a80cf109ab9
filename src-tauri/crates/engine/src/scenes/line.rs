//! Lines that are crossed from one side to the other.

use watchwall_model::Point;

/// Two points or more. What goes from its left to its right, seen along it, crosses it.
#[derive(Clone, Debug, PartialEq)]
pub struct Line {
    points: Vec<Point>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Direction {
    LeftToRight,
    RightToLeft,
}

impl Line {
    /// `None` for what is no line.
    pub fn new(points: Vec<Point>) -> Option<Self> {
        (points.len() >= 2 && points.windows(2).all(|pair| pair[0] != pair[1])).then_some(Self { points })
    }

    pub fn points(&self) -> &[Point] {
        &self.points
    }

    /// How a way from one point to another crosses it; `None` when it does not, or crosses it and comes back.
    pub fn crossed(&self, from: Point, to: Point) -> Option<Direction> {
        let sum: i32 = self.points.windows(2).map(|pair| crossing(pair[0], pair[1], from, to)).sum();
        match sum {
            0 => None,
            n if n > 0 => Some(Direction::LeftToRight),
            _ => Some(Direction::RightToLeft),
        }
    }

    /// To the nearest point of it, in fractions of the frame.
    pub fn distance(&self, point: Point) -> f32 {
        let to_segment = |pair: &[Point]| {
            let (along, to) = (minus(pair[1], pair[0]), minus(point, pair[0]));
            let share = ((along.x * to.x + along.y * to.y) / (along.x * along.x + along.y * along.y)).clamp(0.0, 1.0);
            (to.x - along.x * share).hypot(to.y - along.y * share)
        };
        self.points.windows(2).map(to_segment).fold(f32::INFINITY, f32::min)
    }
}

/// 1 from left to right of the segment, -1 the other way, 0 beside it.
fn crossing(a: Point, b: Point, from: Point, to: Point) -> i32 {
    let (start, end) = (side(a, b, from), side(a, b, to));
    // What stands on the line counts as right of it, so that no step over it is counted twice or not at all.
    let crosses_endless = (start >= 0.0) != (end >= 0.0);
    let cuts_way = (side(from, to, a) >= 0.0) != (side(from, to, b) >= 0.0);
    match (crosses_endless && cuts_way, end >= 0.0) {
        (false, _) => 0,
        (true, true) => 1,
        (true, false) => -1,
    }
}

/// Positive to the right of the way from `a` to `b`: y grows downwards.
fn side(a: Point, b: Point, point: Point) -> f32 {
    let (along, to) = (minus(b, a), minus(point, a));
    along.x * to.y - along.y * to.x
}

fn minus(a: Point, b: Point) -> Point {
    Point { x: a.x - b.x, y: a.y - b.y }
}

#[cfg(test)]
mod tests {
    use super::*;
    use Direction::{LeftToRight, RightToLeft};

    fn line(points: &[[f32; 2]]) -> Line {
        Line::new(points.iter().map(|point| Point::from(*point)).collect()).unwrap()
    }

    #[test]
    fn a_way_crosses_in_a_direction() {
        let check = |line: &Line, from: [f32; 2], to: [f32; 2], expect| {
            assert_eq!(line.crossed(from.into(), to.into()), expect, "{line:?} {from:?} {to:?}");
        };
        // Drawn upwards: its left is where x is smaller.
        let up = line(&[[0.5, 1.0], [0.5, 0.0]]);
        check(&up, [0.4, 0.5], [0.6, 0.5], Some(LeftToRight));
        check(&up, [0.6, 0.5], [0.4, 0.5], Some(RightToLeft));
        check(&up, [0.1, 0.5], [0.4, 0.5], None);
        let down = line(&[[0.5, 0.0], [0.5, 1.0]]);
        check(&down, [0.4, 0.5], [0.6, 0.5], Some(RightToLeft));
        let short = line(&[[0.5, 0.4], [0.5, 0.0]]);
        check(&short, [0.4, 0.5], [0.6, 0.5], None);
        // Both legs of a corner: in at one, out at the other.
        let corner = line(&[[0.2, 0.8], [0.5, 0.2], [0.8, 0.8]]);
        check(&corner, [0.1, 0.6], [0.9, 0.6], None);
        check(&corner, [0.5, 0.1], [0.5, 0.7], Some(LeftToRight));
    }

    #[test]
    fn a_stop_on_the_line_is_counted_once() {
        let up = line(&[[0.5, 1.0], [0.5, 0.0]]);
        let steps = [[0.4, 0.5], [0.5, 0.5], [0.6, 0.5]].map(Point::from);
        let crossed: Vec<_> = steps.windows(2).filter_map(|pair| up.crossed(pair[0], pair[1])).collect();
        assert_eq!(crossed, [LeftToRight]);
    }

    #[test]
    fn no_line_without_a_length() {
        assert!(Line::new(vec![Point { x: 0.5, y: 0.5 }]).is_none());
        assert!(Line::new(vec![Point { x: 0.5, y: 0.5 }; 2]).is_none());
        let distance = line(&[[0.5, 1.0], [0.5, 0.0]]).distance(Point { x: 0.25, y: 0.5 });
        assert!((distance - 0.25).abs() < 1e-6);
    }
}
