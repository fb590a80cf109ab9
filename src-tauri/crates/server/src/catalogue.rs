//! English sentences of the error catalogue, for tools that show the answer as it is. The UI has its own copy of the
//! same file in both languages and looks sentences up by code.

use std::collections::{BTreeMap, HashMap};
use watchwall_site::language::{Language, fill_with};

/// What happened. A code without a sentence answers with itself.
pub fn sentence(code: &str, params: &BTreeMap<String, String>) -> String {
    english().get(&format!("error.{code}")).map_or_else(|| code.to_owned(), |text| fill(text, params))
}

/// What to do next.
pub fn next_step(code: &str, params: &BTreeMap<String, String>) -> Option<String> {
    english().get(&format!("error.{code}.next")).map(|text| fill(text, params))
}

/// A next step that fits better than the code's own.
pub fn suggestion(word: &str, params: &BTreeMap<String, String>) -> Option<String> {
    english().get(&format!("suggestion.{word}")).map(|text| fill(text, params))
}

/// Every English text by its key.
fn english() -> &'static HashMap<String, String> {
    Language::English.texts()
}

/// Puts parameters in place of `{name}`, in words where the catalogue has them.
fn fill(text: &str, params: &BTreeMap<String, String>) -> String {
    fill_with(text, params, spoken)
}

/// A parameter's word as people say it, where the catalogue has it.
fn spoken<'a>(name: &str, value: &'a str) -> &'a str {
    let place = match name {
        "reason" | "field" => name,
        "column" => "import.column",
        _ => return value,
    };
    english().get(&format!("{place}.{}", key(value))).map_or(value, String::as_str)
}

/// `invalid port number` as `invalid_port_number`.
fn key(text: &str) -> String {
    let mut key = String::with_capacity(text.len());
    for c in text.chars() {
        let kept = if c.is_ascii_alphanumeric() || matches!(c, '_' | '-') { c.to_ascii_lowercase() } else { '_' };
        if kept != '_' || !key.ends_with('_') {
            key.push(kept);
        }
    }
    key
}

#[cfg(test)]
mod tests {
    use super::*;
    use watchwall_model::ErrorCode;

    #[test]
    fn parameters_are_filled_in() {
        let params = BTreeMap::from([("name".to_owned(), "gate".to_owned())]);
        let check = |text: &str, expect: &str| assert_eq!(fill(text, &params), expect);
        check("no camera {name} here", "no camera gate here");
        check("{name}{name}", "gategate");
        check("{other} and {", " and {");
    }

    #[test]
    fn words_of_parameters_are_spoken() {
        let check = |name: &str, value: &str, expect: &str| assert_eq!(spoken(name, value), expect);
        check("field", "main_url", "the address of the main stream");
        check("reason", "too_long", "it is too long");
        check("reason", "invalid port number", "the port is no number from 1 to 65535");
        check("column", "user", "the user name");
        // What a device said stays as it said it.
        check("reason", "Sender not authorized", "Sender not authorized");
        check("host", "missing", "missing");
    }

    #[test]
    fn every_code_has_a_sentence_and_a_next_step() {
        for code in ErrorCode::ALL {
            assert!(english().contains_key(&format!("error.{code}")), "{code}");
            assert!(english().contains_key(&format!("error.{code}.next")), "{code}.next");
        }
    }
}
