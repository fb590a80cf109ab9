//! Verdicts as shapes that are told apart without colour.

use crate::PaperError;
use cairo::Context;

/// A verdict: its shape says it, its colour says it again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mark {
    /// A tick in a ring.
    Fine,
    /// An open ring.
    Note,
    /// A triangle.
    Warning,
    /// A filled square with a cross.
    Bad,
    /// A short line.
    Skipped,
}

/// Edge of the box a mark stands in, in points.
pub const SIZE: f64 = 7.0;

impl Mark {
    const fn colour(self) -> (f64, f64, f64) {
        match self {
            Self::Fine => (0.13, 0.45, 0.27),
            Self::Note => (0.20, 0.38, 0.62),
            Self::Warning => (0.68, 0.41, 0.02),
            Self::Bad => (0.70, 0.12, 0.13),
            Self::Skipped => (0.45, 0.48, 0.52),
        }
    }

    /// Draws it with its upper left corner at a place.
    pub(crate) fn draw(self, context: &Context, x: f64, y: f64) -> Result<(), PaperError> {
        let (red, green, blue) = self.colour();
        let at = |part: f64| part * SIZE;
        context.save()?;
        context.translate(x, y);
        // Text leaves its pen where it began.
        context.new_path();
        context.set_source_rgb(red, green, blue);
        context.set_line_width(0.9);
        match self {
            Self::Fine => {
                context.arc(at(0.5), at(0.5), at(0.46), 0.0, std::f64::consts::TAU);
                context.stroke()?;
                context.move_to(at(0.28), at(0.52));
                context.line_to(at(0.45), at(0.70));
                context.line_to(at(0.74), at(0.33));
                context.stroke()?;
            }
            Self::Note => {
                context.arc(at(0.5), at(0.5), at(0.46), 0.0, std::f64::consts::TAU);
                context.stroke()?;
                context.arc(at(0.5), at(0.5), at(0.14), 0.0, std::f64::consts::TAU);
                context.fill()?;
            }
            Self::Warning => {
                context.move_to(at(0.5), at(0.04));
                context.line_to(at(0.98), at(0.92));
                context.line_to(at(0.02), at(0.92));
                context.close_path();
                context.stroke()?;
                context.move_to(at(0.5), at(0.36));
                context.line_to(at(0.5), at(0.62));
                context.move_to(at(0.5), at(0.72));
                context.line_to(at(0.5), at(0.80));
                context.stroke()?;
            }
            Self::Bad => {
                context.rectangle(at(0.03), at(0.03), at(0.94), at(0.94));
                context.fill()?;
                context.set_source_rgb(1.0, 1.0, 1.0);
                context.set_line_width(1.1);
                context.move_to(at(0.28), at(0.28));
                context.line_to(at(0.72), at(0.72));
                context.move_to(at(0.72), at(0.28));
                context.line_to(at(0.28), at(0.72));
                context.stroke()?;
            }
            Self::Skipped => {
                context.move_to(at(0.15), at(0.5));
                context.line_to(at(0.85), at(0.5));
                context.stroke()?;
            }
        }
        context.restore()?;
        Ok(())
    }
}
