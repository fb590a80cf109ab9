//! How marks look: areas of one colour on a picture of a known size. Pure.

use super::{
    letters,
    marks::{Mark, Marks},
};
use watchwall_media::pixels::{Colour, Fill};
use watchwall_model::Point;

const BOX: Colour = Colour { y: 145, u: 54, v: 34 };
const ALARM: Colour = Colour { y: 81, u: 90, v: 240 };
const REGION: Colour = Colour { y: 210, u: 16, v: 146 };
const LINE: Colour = Colour { y: 170, u: 166, v: 16 };
const PAPER: Colour = Colour { y: 32, u: 128, v: 128 };
const INK: Colour = Colour { y: 235, u: 128, v: 128 };
/// More is not drawn: a picture must not cost without end.
const MOST_FILLS: usize = 20_000;

/// Everything on a picture of so many pixels, what matters most last and so on top.
pub fn paint(marks: &Marks, width: u32, height: u32) -> Vec<Fill> {
    let side = |pixels: u32| i32::try_from(pixels).unwrap_or(i32::MAX).clamp(1, 16_384);
    let mut brush = Brush { width: side(width), height: side(height), fills: Vec::new() };
    for region in &marks.regions {
        brush.path(region.iter().chain(region.first()), REGION);
    }
    for line in &marks.lines {
        brush.path(line.iter(), LINE);
    }
    for mark in marks.boxes.iter().filter(|mark| !mark.is_alarm) {
        brush.mark(mark, BOX);
    }
    for mark in marks.boxes.iter().filter(|mark| mark.is_alarm) {
        brush.mark(mark, ALARM);
    }
    brush.fills
}

struct Brush {
    width: i32,
    height: i32,
    fills: Vec<Fill>,
}

impl Brush {
    /// Of lines, in pixels: even, because colour has half the pixels.
    const fn thickness(&self) -> i32 {
        let half = self.height / 480;
        2 * if half < 1 { 1 } else { half }
    }

    /// Pixels of the picture for one of a letter.
    const fn letter_scale(&self) -> i32 {
        let scale = self.height / 240;
        if scale < 1 { 1 } else { scale }
    }

    fn fill(&mut self, x: i32, y: i32, width: i32, height: i32, colour: Colour) {
        if self.fills.len() < MOST_FILLS {
            self.fills.push(Fill { x, y, width, height, colour });
        }
    }

    fn pixel(&self, point: Point) -> (i32, i32) {
        let place = |part: f32, of: i32| (part.clamp(0.0, 1.0) * of as f32).round() as i32;
        (place(point.x, self.width), place(point.y, self.height))
    }

    fn path<'a>(&mut self, points: impl Iterator<Item = &'a Point>, colour: Colour) {
        if self.fills.len() >= MOST_FILLS {
            return;
        }
        let points: Vec<(i32, i32)> = points.map(|point| self.pixel(*point)).collect();
        for pair in points.windows(2) {
            self.line(pair[0], pair[1], colour);
        }
    }

    /// Squares in a row, each beside or across from the one before.
    fn line(&mut self, from: (i32, i32), to: (i32, i32), colour: Colour) {
        let thick = self.thickness();
        let (dx, dy) = (to.0 - from.0, to.1 - from.1);
        let steps = (dx.abs().max(dy.abs()) / thick).max(1);
        for step in 0..=steps {
            let (x, y) = (from.0 + dx * step / steps, from.1 + dy * step / steps);
            self.fill(x - thick / 2, y - thick / 2, thick, thick, colour);
        }
    }

    fn mark(&mut self, mark: &Mark, colour: Colour) {
        let thick = self.thickness();
        let bbox = mark.bbox;
        let (left, top) = self.pixel(Point { x: bbox.x, y: bbox.y });
        let (right, bottom) = self.pixel(Point { x: bbox.x + bbox.width, y: bbox.y + bbox.height });
        let (width, height) = ((right - left).max(thick), (bottom - top).max(thick));
        self.fill(left, top, width, thick, colour);
        self.fill(left, top + height - thick, width, thick, colour);
        self.fill(left, top, thick, height, colour);
        self.fill(left + width - thick, top, thick, height, colour);
        self.words(&mark.words, left, top, colour);
    }

    /// Above the box, or inside where there is no room.
    fn words(&mut self, words: &str, left: i32, top: i32, edge: Colour) {
        let scale = self.letter_scale();
        let count = i32::try_from(words.chars().count()).unwrap_or(0);
        let (width, height) = ((count * (letters::WIDTH + 1) + 1) * scale, (letters::HEIGHT + 2) * scale);
        let x = left.min(self.width - width).max(0);
        let y = if top >= height { top - height } else { top + self.thickness() };
        self.fill(x, y, width, height, PAPER);
        self.fill(x, y, scale, height, edge);
        for (number, letter) in (0..).zip(words.chars()) {
            let start = x + (number * (letters::WIDTH + 1) + 1) * scale;
            for (row, bits) in (0..).zip(letters::rows(letter)) {
                for column in (0..letters::WIDTH).filter(|column| bits >> (letters::WIDTH - 1 - column) & 1 == 1) {
                    self.fill(start + column * scale, y + (row + 1) * scale, scale, scale, INK);
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use watchwall_engine_protocol::BBox;

    /// The picture as letters: B box, A alarm, R region, L line, p paper, i ink.
    fn drawn(marks: &Marks, width: usize, height: usize) -> Vec<String> {
        let mut rows = vec![vec![b'.'; width]; height];
        for fill in paint(marks, width as u32, height as u32) {
            let letter = match fill.colour {
                BOX => b'B',
                ALARM => b'A',
                REGION => b'R',
                LINE => b'L',
                PAPER => b'p',
                _ => b'i',
            };
            for y in fill.y.max(0)..(fill.y + fill.height).min(height as i32) {
                for x in fill.x.max(0)..(fill.x + fill.width).min(width as i32) {
                    rows[y as usize][x as usize] = letter;
                }
            }
        }
        rows.into_iter().map(|row| String::from_utf8(row).unwrap()).collect()
    }

    fn mark(bbox: [f32; 4], words: &str, is_alarm: bool) -> Mark {
        Mark { bbox: BBox::from(bbox), words: words.into(), is_alarm }
    }

    #[test]
    fn a_box_stands_on_its_object_with_its_words_above() {
        let marks = Marks { boxes: vec![mark([0.25, 0.5, 0.5, 0.5], "1", false)], ..Marks::default() };
        let rows = drawn(&marks, 16, 24);
        // Nine rows of words right above the box, which begins in row 12.
        assert_eq!(rows[2], "................");
        assert_eq!(rows[3], "....Bpppppp.....");
        assert_eq!(rows[4], "....Bppippp.....");
        assert_eq!(rows[11], "....Bpppppp.....");
        assert_eq!(rows[12], "....BBBBBBBB....");
        assert_eq!(rows[14], "....BB....BB....");
        assert_eq!(rows[23], "....BBBBBBBB....");
    }

    #[test]
    fn words_without_room_above_stand_inside_and_in_the_picture() {
        let marks = Marks { boxes: vec![mark([0.75, 0.0, 0.25, 1.0], "MOVING", true)], ..Marks::default() };
        let rows = drawn(&marks, 64, 24);
        assert!(rows[0].ends_with("AAAAAAAAAAAAAAAA"), "{}", rows[0]);
        assert!(rows[2].contains('p') && rows[2].find('A') < Some(48), "{rows:#?}");
    }

    #[test]
    fn regions_are_closed_lines_are_not_and_alarms_are_on_top() {
        let points = |points: &[[f32; 2]]| points.iter().map(|point| Point::from(*point)).collect::<Vec<_>>();
        let marks = Marks {
            boxes: vec![mark([0.0, 0.0, 1.0, 1.0], "", true), mark([0.0, 0.0, 1.0, 1.0], "", false)],
            regions: vec![points(&[[0.2, 0.2], [0.8, 0.2], [0.5, 0.8]])],
            lines: vec![points(&[[0.5, 0.4], [0.5, 0.9]])],
        };
        let rows = drawn(&marks, 40, 40);
        assert!(rows[0].contains("AAAA") && !rows[0].contains('B'), "{}", rows[0]);
        assert!(rows[8].contains("RRRRRRRR") && rows[20].matches('R').count() >= 4, "{rows:#?}");
        assert_eq!(&rows[24][19..21], "LL");
    }

    #[test]
    fn whatever_is_said_it_is_bounded() {
        let odd = [f32::NAN, -9.0, 1e30, f32::INFINITY];
        let words: String = "8".repeat(2_000);
        let marks = Marks {
            boxes: vec![mark(odd, &words, false), mark([0.0, 0.0, 0.0, 0.0], "", true)],
            regions: vec![vec![Point { x: f32::NAN, y: 1e30 }, Point { x: -1.0, y: 2.0 }, Point { x: 1.0, y: 0.0 }]],
            lines: vec![vec![Point { x: 0.0, y: 0.0 }, Point { x: 1.0, y: 1.0 }]; 9_000],
        };
        for (width, height) in [(0, 0), (1, 1), (3_840, 2_160), (u32::MAX, u32::MAX)] {
            assert!(paint(&marks, width, height).len() <= MOST_FILLS);
        }
    }
}
