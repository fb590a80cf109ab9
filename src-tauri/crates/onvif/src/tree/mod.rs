//! An answer's XML as a tree that forgives what cameras do to XML.
//!
//! Elements and attributes are found by local name: prefixes may be undeclared and namespaces wrong, a field is read
//! all the same. Nothing here knows SOAP. Text arrives here already decoded ([`decode`]).
//!
//! Reading is strict first. Only when that fails, a repair pass mends the usual damage (bare `&` and `<` in text,
//! attributes given twice, end tags that do not match) and the text is read once more.
//! Entities beyond the five of XML are never expanded, and a document that declares any is refused.

mod arena;
mod decode;
mod parse;
mod repair;

pub use arena::{Node, Number, Tree};
pub use decode::decode;

use thiserror::Error;

/// What one document may cost. Real answers stay far below: a recorder with 64 channels answers with 1 MB, depth 20.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    pub depth: usize,
    /// Elements and attributes together.
    pub nodes: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self { depth: 64, nodes: 500_000 }
    }
}

/// Why a text is no tree.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum TreeError {
    #[error("the answer is empty")]
    Empty,
    #[error("the answer is not XML")]
    NotXml,
    #[error("the answer ends in the middle")]
    Truncated,
    #[error("the answer is nested deeper than {limit} elements")]
    TooDeep { limit: usize },
    #[error("the answer has more than {limit} elements and attributes")]
    TooManyNodes { limit: usize },
    #[error("the answer declares entities")]
    DeclaresEntities,
    #[error("the XML is damaged near byte {offset}: {reason}")]
    Damaged { offset: u64, reason: String },
}

impl Tree {
    /// Reads a document.
    ///
    /// # Errors
    /// Whatever remains wrong after the repair pass.
    pub fn parse(text: &str) -> Result<Self, TreeError> {
        Self::parse_within(text, Limits::default())
    }

    /// Reads a document that may cost no more than `limits`.
    ///
    /// # Errors
    /// As [`Tree::parse`].
    pub fn parse_within(text: &str, limits: Limits) -> Result<Self, TreeError> {
        let text = text.trim_start_matches(['\u{feff}', '\0']).trim().trim_end_matches('\0').trim_end();
        if text.is_empty() {
            return Err(TreeError::Empty);
        }
        if !text.starts_with('<') {
            return Err(TreeError::NotXml);
        }
        match parse::read(text, limits, parse::Strictness::Strict) {
            Err(TreeError::Damaged { .. }) => parse::read(&repair::mend(text), limits, parse::Strictness::Lenient),
            read => read,
        }
    }

    /// Decodes and reads the bytes of a body.
    ///
    /// # Errors
    /// As [`Tree::parse`].
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, TreeError> {
        Self::parse(&decode(bytes))
    }
}

#[cfg(test)]
mod tests;
