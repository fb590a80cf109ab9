//! Text laid out by pango.

use pangocairo::{
    functions::{create_layout, show_layout, update_layout},
    pango,
};

/// Fonts by preference; pango takes from others what these lack.
const FAMILY: &str = "Noto Sans, Noto Sans CJK SC, DejaVu Sans, Sans";
/// No cell is higher: what is longer ends with dots.
const MOST_LINES: i32 = 24;
const SCALE: f64 = pango::SCALE as f64;

/// How a text looks.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Style {
    pub points: f64,
    pub is_bold: bool,
    pub ink: Ink,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ink {
    Black,
    Grey,
    Accent,
}

pub const TITLE: Style = Style { points: 20.0, is_bold: true, ink: Ink::Black };
pub const SUBTITLE: Style = Style { points: 9.5, is_bold: false, ink: Ink::Grey };
pub const HEADING: Style = Style { points: 12.0, is_bold: true, ink: Ink::Accent };
pub const BODY: Style = Style { points: 9.0, is_bold: false, ink: Ink::Black };
pub const LABEL: Style = Style { points: 8.5, is_bold: false, ink: Ink::Grey };
pub const WORD: Style = Style { points: 8.5, is_bold: true, ink: Ink::Black };
pub const HEAD: Style = Style { points: 7.5, is_bold: true, ink: Ink::Black };
pub const CELL: Style = Style { points: 8.0, is_bold: false, ink: Ink::Black };
pub const DETAIL: Style = Style { points: 7.0, is_bold: false, ink: Ink::Grey };
pub const FOOT: Style = Style { points: 7.5, is_bold: false, ink: Ink::Grey };

/// A text with its place on a line worked out.
pub struct Laid {
    layout: pango::Layout,
    ink: Ink,
    /// In points.
    pub height: f64,
    pub width: f64,
}

/// Lays texts out for one document.
pub struct Printer<'c> {
    pub context: &'c cairo::Context,
    language: pango::Language,
}

impl<'c> Printer<'c> {
    pub fn new(context: &'c cairo::Context, language: &str) -> Self {
        Self { context, language: pango::Language::from_string(language) }
    }

    /// Breaks a text into lines of this width, in points.
    pub fn lay(&self, text: &str, style: Style, width: f64) -> Laid {
        let layout = create_layout(self.context);
        layout.context().set_language(Some(&self.language));
        layout.context_changed();
        let mut font = pango::FontDescription::from_string(FAMILY);
        font.set_absolute_size(style.points * SCALE);
        font.set_weight(if style.is_bold { pango::Weight::Bold } else { pango::Weight::Normal });
        layout.set_font_description(Some(&font));
        layout.set_width((width.max(1.0) * SCALE) as i32);
        layout.set_wrap(pango::WrapMode::WordChar);
        layout.set_ellipsize(pango::EllipsizeMode::End);
        layout.set_height(-MOST_LINES);
        layout.set_spacing((style.points * 0.12 * SCALE) as i32);
        layout.set_text(&readable(text));
        update_layout(self.context, &layout);
        let (laid_width, height) = layout.size();
        Laid { layout, ink: style.ink, height: f64::from(height) / SCALE, width: f64::from(laid_width) / SCALE }
    }

    pub fn show(&self, laid: &Laid, x: f64, y: f64) {
        let (red, green, blue) = match laid.ink {
            Ink::Black => (0.09, 0.11, 0.14),
            Ink::Grey => (0.38, 0.42, 0.47),
            Ink::Accent => (0.08, 0.30, 0.46),
        };
        self.context.set_source_rgb(red, green, blue);
        self.context.move_to(x, y);
        show_layout(self.context, &laid.layout);
    }
}

impl Laid {
    /// Moves the text to the right edge of its width.
    pub fn at_the_right(self) -> Self {
        self.layout.set_alignment(pango::Alignment::Right);
        self
    }
}

/// Control characters have no place on paper.
fn readable(text: &str) -> String {
    text.chars().map(|letter| if letter.is_control() && letter != '\n' { ' ' } else { letter }).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn control_characters_are_blanks() {
        assert_eq!(readable("a\0b\tc\nd\u{7f}"), "a b c\nd ");
    }
}
