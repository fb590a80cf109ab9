//! Every dependency has a licence of the list in `deny.toml`.

use crate::repository::{Repository, Scope};
use anyhow::{Context, Result};
use serde_json::Value;

/// Packages that name no licence in their manifest, and the one their licence file holds.
const BY_FILE: [(&str, &str); 1] = [("node_modules/svelte-toolbelt", "MIT")];

/// Packages that only a test talks to and that are never given away, with what is special about their licence:
/// the standard's own texts, which may be copied but not changed.
const TESTS_ONLY: [(&str, &str); 1] = [("onvif-server", "LicenseRef-ONVIF")];

pub fn crates(repository: &Repository) -> Result<Vec<String>> {
    let allowed = allowed(repository)?;
    let metadata = repository.metadata(Scope::Everything)?;
    let mut complaints = Vec::new();
    for package in metadata["packages"].as_array().context("packages")? {
        let name = package["name"].as_str().unwrap_or_default();
        let licence = package["license"].as_str().unwrap_or_default();
        let special =
            TESTS_ONLY.iter().filter(|(package, _)| *package == name).map(|(_, licence)| (*licence).to_owned());
        let allowed: Vec<String> = allowed.iter().cloned().chain(special).collect();
        if !allows(&allowed, licence) {
            complaints.push(format!("crate {name}: licence `{licence}` is not on the list of deny.toml"));
        }
    }
    Ok(complaints)
}

/// What is shipped to the browser; build tools are not distributed.
pub fn npm(repository: &Repository) -> Result<Vec<String>> {
    let allowed = allowed(repository)?;
    let Ok(lock) = repository.read("ui/package-lock.json") else { return Ok(Vec::new()) };
    let lock: Value = serde_json::from_str(&lock)?;
    let mut complaints = Vec::new();
    for (path, package) in lock["packages"].as_object().context("packages")? {
        let by_file = BY_FILE.iter().find(|(name, _)| name == path).map_or("", |(_, licence)| *licence);
        let licence = package["license"].as_str().unwrap_or(by_file);
        let is_shipped = !path.is_empty() && package["dev"] != true;
        if is_shipped && !allows(&allowed, licence) {
            complaints.push(format!("npm {path}: licence `{licence}` is not on the list of deny.toml"));
        }
    }
    Ok(complaints)
}

fn allowed(repository: &Repository) -> Result<Vec<String>> {
    let rules: toml::Table = repository.read("deny.toml")?.parse()?;
    let list = rules.get("licenses").and_then(|table| table.get("allow")).and_then(toml::Value::as_array);
    Ok(list.context("licenses.allow")?.iter().filter_map(toml::Value::as_str).map(str::to_owned).collect())
}

/// Whether an SPDX expression can be met from the list. `AND` binds closer than `OR`; `/` is an old `OR`.
fn allows(allowed: &[String], expression: &str) -> bool {
    let spaced = expression.replace('/', " OR ").replace('(', " ( ").replace(')', " ) ");
    let words: Vec<&str> = spaced.split_whitespace().collect();
    let mut at = 0;
    let met = any(allowed, &words, &mut at);
    met && at == words.len()
}

fn any(allowed: &[String], words: &[&str], at: &mut usize) -> bool {
    let mut met = all(allowed, words, at);
    while words.get(*at) == Some(&"OR") {
        *at += 1;
        met |= all(allowed, words, at);
    }
    met
}

fn all(allowed: &[String], words: &[&str], at: &mut usize) -> bool {
    let mut met = one(allowed, words, at);
    while words.get(*at) == Some(&"AND") {
        *at += 1;
        met &= one(allowed, words, at);
    }
    met
}

fn one(allowed: &[String], words: &[&str], at: &mut usize) -> bool {
    let Some(word) = words.get(*at) else { return false };
    *at += 1;
    if *word == "(" {
        let met = any(allowed, words, at);
        // Past the closing bracket.
        *at += 1;
        return met;
    }
    let mut licence = (*word).to_owned();
    if words.get(*at) == Some(&"WITH") {
        licence = format!("{licence} WITH {}", words.get(*at + 1).copied().unwrap_or_default());
        *at += 2;
    }
    allowed.contains(&licence)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(expression: &str, expect: bool) {
        let allowed = ["MIT", "Apache-2.0", "Apache-2.0 WITH LLVM-exception", "ISC"].map(str::to_owned);
        assert_eq!(allows(&allowed, expression), expect, "{expression}");
    }

    #[test]
    fn expressions() {
        check("MIT", true);
        check("GPL-3.0", false);
        check("", false);
        check("MIT OR GPL-3.0", true);
        check("MIT AND GPL-3.0", false);
        check("MIT/Apache-2.0", true);
        check("GPL-2.0 OR MIT AND GPL-3.0", false);
        check("(MIT OR GPL-2.0) AND ISC", true);
        check("(GPL-3.0 OR GPL-2.0) AND ISC", false);
        check("Apache-2.0 WITH LLVM-exception OR GPL-2.0", true);
        check("GPL-2.0 WITH Classpath-exception-2.0", false);
    }
}
