//! Documents on paper: a [`Document`] of headings, facts, findings and tables goes in, the bytes of a PDF in A4 come out.
//!
//! The only crate that knows cairo and pango; pango picks the fonts, so every script that this machine has a font for
//! can stand in a name. `document` is what there is to say, `measure` where it stands, `sheet` how it is drawn. Tables
//! break over pages between rows and repeat their head. It knows nothing of cameras, languages or files, and spawns no
//! task: [`write_pdf`] works on the calling thread, for about a millisecond a row.

mod document;
mod error;
mod mark;
mod measure;
mod pages;
mod sheet;
mod text;

pub use document::{Cell, Column, Document, Finding, Part, Side, Table};
pub use error::PaperError;
pub use mark::Mark;
pub use sheet::{Pdf, write_pdf};
