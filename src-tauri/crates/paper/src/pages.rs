//! Where things stand: pages of A4, filled from the top. Pure but for the texts, which are laid out already.

use crate::{Mark, text::Laid};

/// A4 in points.
pub const WIDTH: f64 = 595.276;
pub const HEIGHT: f64 = 841.89;
pub const MARGIN: f64 = 40.0;
const FOOT_HEIGHT: f64 = 26.0;

/// Width between the margins.
pub const INNER: f64 = WIDTH - 2.0 * MARGIN;
/// Height that one page has for its content.
pub const ROOM: f64 = HEIGHT - 2.0 * MARGIN - FOOT_HEIGHT;

/// Something to be drawn, by its upper left corner.
pub enum Item {
    Text {
        laid: Laid,
        x: f64,
        y: f64,
    },
    Mark {
        mark: Mark,
        x: f64,
        y: f64,
    },
    /// A thin line across.
    Rule {
        x: f64,
        y: f64,
        width: f64,
        shade: Shade,
    },
    /// A pale ground.
    Ground {
        x: f64,
        y: f64,
        width: f64,
        height: f64,
    },
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Shade {
    Pale,
    Strong,
}

/// Pages so far.
pub struct Pages {
    pub pages: Vec<Vec<Item>>,
    /// Used of the newest page.
    used: f64,
}

impl Pages {
    pub fn new() -> Self {
        Self { pages: vec![Vec::new()], used: 0.0 }
    }

    /// Whether so much fits on this page.
    pub fn fits(&self, height: f64) -> bool {
        self.used + height <= ROOM
    }

    pub fn is_empty(&self) -> bool {
        self.used == 0.0
    }

    pub fn turn(&mut self) {
        self.pages.push(Vec::new());
        self.used = 0.0;
    }

    /// Distance to what stands above; none at the top of a page.
    pub fn space(&mut self, height: f64) {
        if !self.is_empty() {
            self.used += height;
        }
    }

    /// Takes so much of the page, and a new page for what does not fit; where it begins.
    pub fn take(&mut self, height: f64) -> f64 {
        if !self.fits(height) && !self.is_empty() {
            self.turn();
        }
        let y = MARGIN + self.used;
        self.used += height;
        y
    }

    pub fn put(&mut self, item: Item) {
        if let Some(page) = self.pages.last_mut() {
            page.push(item);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_does_not_fit_stands_on_the_next_page() {
        let mut pages = Pages::new();
        pages.space(50.0);
        assert_eq!(pages.take(ROOM - 10.0), MARGIN);
        assert!(pages.fits(10.0) && !pages.fits(11.0));
        assert_eq!((pages.take(11.0), pages.pages.len()), (MARGIN, 2));
        // What fits nowhere stands alone.
        assert_eq!((pages.take(2.0 * ROOM), pages.pages.len()), (MARGIN, 3));
        assert_eq!((pages.take(1.0), pages.pages.len()), (MARGIN, 4));
    }
}
