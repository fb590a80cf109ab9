//! Every crate and folder opens with `//!`: what lives here, what must not.

use crate::repository::Repository;
use anyhow::Result;

pub fn check(repository: &Repository) -> Result<Vec<String>> {
    let sources = repository.sources(&["lib.rs", "main.rs", "mod.rs"])?;
    Ok(sources
        .iter()
        .filter(|source| !source.text.starts_with("//!"))
        .map(|source| format!("{} does not open with `//!`", source.path))
        .collect())
}
