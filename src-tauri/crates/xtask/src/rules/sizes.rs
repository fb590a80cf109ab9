//! Files stay short: none over 600 lines, nine in ten under 400. Inline tests do not count.

use crate::repository::{Repository, Source};
use anyhow::Result;

const LONGEST: usize = 600;
const ENDINGS: [&str; 7] = [".rs", ".ts", ".svelte", ".mjs", ".js", ".css", ".sql"];

pub fn check(repository: &Repository) -> Result<Vec<String>> {
    Ok(measured(repository)?
        .into_iter()
        .filter(|(_, lines)| *lines > LONGEST)
        .map(|(path, lines)| format!("{path} has {lines} lines: split it by noun"))
        .collect())
}

/// One line about the whole repository.
pub fn summary(repository: &Repository) -> Result<String> {
    let mut lines: Vec<usize> = measured(repository)?.into_iter().map(|(_, lines)| lines).collect();
    lines.sort_unstable();
    let at = |share: usize| lines.get(lines.len().saturating_sub(1) * share / 100).copied().unwrap_or(0);
    Ok(format!(
        "{} files, lines: median {}, nine in ten under {}, longest {}",
        lines.len(),
        at(50),
        at(90) + 1,
        at(100)
    ))
}

fn measured(repository: &Repository) -> Result<Vec<(String, usize)>> {
    let sources = repository.sources(&ENDINGS)?;
    Ok(sources
        .into_iter()
        .filter(|source| !generated(source))
        .map(|source| (source.path, length(&source.text)))
        .collect())
}

fn generated(source: &Source) -> bool {
    source.text.lines().take(5).any(|line| line.to_lowercase().contains("do not edit"))
}

/// Lines before the inline tests, which close a file.
fn length(text: &str) -> usize {
    let tests = text.find("\n#[cfg(test)]\nmod ");
    text[..tests.unwrap_or(text.len())].trim_end().lines().count()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn inline_tests_do_not_count() {
        assert_eq!(length("one\ntwo\n\n#[cfg(test)]\nmod tests {\n}\n"), 2);
        assert_eq!(length("one\ntwo\n"), 2);
    }
}
