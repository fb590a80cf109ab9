//! The report that is handed over with a site: everything in one answer, as JSON or on paper.
//!
//! `gather` reads it from the site, `findings` says what is open, `machine` what it runs on, `page` puts it on paper.
//! Nothing here holds a secret: it is made of what the API shows anyway.

mod findings;
mod gather;
mod machine;
mod page;

pub use findings::{said, subject};
pub use gather::{Reader, gather};
pub use page::document;
