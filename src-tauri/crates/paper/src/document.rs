//! What there is to say. Nouns only.

use crate::Mark;

/// A whole document. Texts are shown as they are.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Document {
    pub title: String,
    /// Below the title, one line each.
    pub subtitle: Vec<String>,
    /// At the foot of every page, on the left.
    pub footer: String,
    /// At the foot on the right; `{page}` and `{pages}` are filled in.
    pub page_number: String,
    /// BCP 47, for example `zh-CN`: decides how shared characters look.
    pub language: String,
    pub parts: Vec<Part>,
}

#[derive(Clone, Debug, PartialEq)]
pub enum Part {
    Heading(String),
    Paragraph(String),
    /// Names and values in two columns.
    Facts(Vec<(String, String)>),
    Findings(Vec<Finding>),
    Table(Table),
}

/// A sentence with a mark before it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    pub mark: Mark,
    /// The mark in words.
    pub word: String,
    pub text: String,
}

/// Rows under a head that stands again on every page.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Table {
    pub columns: Vec<Column>,
    /// Cells beyond the columns are left out.
    pub rows: Vec<Vec<Cell>>,
}

#[derive(Clone, Debug, PartialEq)]
pub struct Column {
    pub title: String,
    /// Of the width, against the others'.
    pub share: f64,
    pub side: Side,
}

/// Where a column's text begins.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Side {
    Left,
    /// For figures.
    Right,
}

#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Cell {
    pub mark: Option<Mark>,
    pub text: String,
    /// Smaller, below.
    pub detail: String,
}

impl Column {
    pub fn new(title: impl Into<String>, share: f64) -> Self {
        Self { title: title.into(), share, side: Side::Left }
    }

    #[must_use]
    pub fn right(self) -> Self {
        Self { side: Side::Right, ..self }
    }
}

impl Cell {
    pub fn new(text: impl Into<String>) -> Self {
        Self { text: text.into(), ..Self::default() }
    }

    #[must_use]
    pub fn below(self, detail: impl Into<String>) -> Self {
        Self { detail: detail.into(), ..self }
    }

    #[must_use]
    pub fn marked(self, mark: Mark) -> Self {
        Self { mark: Some(mark), ..self }
    }
}
