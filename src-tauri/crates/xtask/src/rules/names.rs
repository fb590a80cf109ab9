//! A file is named after its noun; these names say nothing.

use crate::repository::Repository;
use anyhow::Result;

const EMPTY_WORDS: [&str; 8] = ["util", "utils", "helper", "helpers", "common", "manager", "misc", "stuff"];

pub fn check(repository: &Repository) -> Result<Vec<String>> {
    let sources = repository.sources(&[".rs", ".ts", ".svelte", ".mjs", ".js"])?;
    Ok(sources
        .iter()
        .filter(|source| source.path.split(['/', '.']).any(|part| EMPTY_WORDS.contains(&part.to_lowercase().as_str())))
        .map(|source| format!("{}: name it after what it holds", source.path))
        .collect())
}
