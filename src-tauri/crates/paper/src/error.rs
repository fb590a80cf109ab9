//! What can go wrong with paper.

use std::error::Error;

/// Why a document could not be written.
#[derive(Debug, thiserror::Error)]
pub enum PaperError {
    #[error("the page could not be drawn")]
    Drawing(#[source] Box<dyn Error + Send + Sync>),
    #[error("the document was not handed over whole")]
    Incomplete,
}

impl From<cairo::Error> for PaperError {
    fn from(error: cairo::Error) -> Self {
        Self::Drawing(error.into())
    }
}
