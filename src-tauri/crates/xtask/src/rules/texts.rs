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
    fn differences_are_found() {
        let source = catalogue(&[("a", "Wait {seconds} s on {host}"), ("b", "Hello"), ("c", "Only here")]);
        let other = catalogue(&[("a", "在 {host} 等待 {seconds} 秒"), ("b", "你好 {name}"), ("d", "多余")]);
        let complaints = compare("zh", &source, &other);
        assert_eq!(complaints.len(), 3, "{complaints:?}");
    }
}
