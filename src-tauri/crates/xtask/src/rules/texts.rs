//! The catalogues of both languages: the same keys, the same parameters, a sentence for every error.

use crate::repository::Repository;
use anyhow::Result;
use std::collections::{BTreeMap, BTreeSet};
use watchwall_model::ErrorCode;

const SOURCE: &str = "assets/i18n/en.json";
const OTHERS: [&str; 1] = ["assets/i18n/zh-CN.json"];

type Catalogue = BTreeMap<String, String>;

pub fn languages(repository: &Repository) -> Result<Vec<String>> {
    let source: Catalogue = serde_json::from_str(&repository.read(SOURCE)?)?;
    let mut complaints = Vec::new();
    for path in OTHERS {
        let other: Catalogue = serde_json::from_str(&repository.read(path)?)?;
        complaints.extend(compare(path, &source, &other));
    }
    Ok(complaints)
}

pub fn errors(repository: &Repository) -> Result<Vec<String>> {
    let source: Catalogue = serde_json::from_str(&repository.read(SOURCE)?)?;
    Ok(ErrorCode::ALL
        .iter()
        .flat_map(|code| [format!("error.{code}"), format!("error.{code}.next")])
        .filter(|key| source.get(key).is_none_or(String::is_empty))
        .map(|key| format!("{SOURCE} lacks {key}"))
        .collect())
}

/// A refusal says in one word what is wrong with which field; both are spoken in the reader's language.
pub fn reasons(repository: &Repository) -> Result<Vec<String>> {
    let catalogue: Catalogue = serde_json::from_str(&repository.read(SOURCE)?)?;
    let mut complaints = Vec::new();
    for source in repository.sources(&[".rs"])?.iter().filter(|source| source.path.contains("/src/")) {
        for (place, word) in spoken_words(&source.text) {
            if !catalogue.contains_key(&format!("{place}.{}", word.to_ascii_lowercase())) {
                complaints.push(format!("{}: {SOURCE} lacks {place}.{word}", source.path));
            }
        }
    }
    Ok(complaints)
}

/// Words given as literals: `.with("reason", "missing")`, `invalid("name", "too_long")`.
fn spoken_words(text: &str) -> Vec<(&'static str, &str)> {
    let mut words = Vec::new();
    for (start, place) in [("with(\"reason\", \"", "reason"), ("with(\"field\", \"", "field")] {
        let rests = text.split(start).skip(1);
        words.extend(rests.filter_map(|rest| Some((place, rest.split_once("\")")?.0))));
    }
    for rest in text.split("extract::invalid(\"").skip(1) {
        let Some((field, rest)) = rest.split_once("\", ") else { continue };
        words.push(("field", field));
        let literal = rest.strip_prefix('"').and_then(|rest| rest.split_once("\")"));
        words.extend(literal.map(|(reason, _)| ("reason", reason)));
    }
    words
}

fn compare(path: &str, source: &Catalogue, other: &Catalogue) -> Vec<String> {
    let mut complaints = Vec::new();
    for key in source.keys().filter(|key| !other.contains_key(*key)) {
        complaints.push(format!("{path} lacks {key}"));
    }
    for (key, text) in other {
        match source.get(key) {
            None => complaints.push(format!("{path} has {key}, which {SOURCE} lacks")),
            Some(original) if parameters(original) != parameters(text) => {
                complaints.push(format!("{path}: {key} has other parameters than {SOURCE}"));
            }
            Some(_) => {}
        }
    }
    complaints
}

/// The names in `{braces}`.
fn parameters(text: &str) -> BTreeSet<&str> {
    text.split('{').skip(1).filter_map(|rest| rest.split_once('}')).map(|(name, _)| name).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn catalogue(texts: &[(&str, &str)]) -> Catalogue {
        texts.iter().map(|(key, text)| ((*key).to_owned(), (*text).to_owned())).collect()
    }

    #[test]
    fn words_are_found() {
        let text = r#"Problem::new(code).with("field", "name").with("reason", "too_long"); crate::extract::invalid("id", why);
            crate::extract::invalid("text", "missing") .with("reason", &error)"#;
        let expect =
            [("reason", "too_long"), ("field", "name"), ("field", "id"), ("field", "text"), ("reason", "missing")];
        assert_eq!(spoken_words(text), expect);
    }

    #[test]
    fn differences_are_found() {
        let source = catalogue(&[("a", "Wait {seconds} s on {host}"), ("b", "Hello"), ("c", "Only here")]);
        let other = catalogue(&[("a", "在 {host} 等待 {seconds} 秒"), ("b", "你好 {name}"), ("d", "多余")]);
        let complaints = compare("zh", &source, &other);
        assert_eq!(complaints.len(), 3, "{complaints:?}");
    }
}
