//! Takes secrets out of what a target or a library said.

use crate::{outcome::RESPONSE_CHARS, sign::base64};
use percent_encoding::{NON_ALPHANUMERIC, percent_decode_str, utf8_percent_encode};
use std::fmt;

/// Everything of a target that must not be told, in every form it may come back in; the longest first.
#[derive(Clone, Default)]
pub struct Veil(Vec<String>);

impl Veil {
    pub fn over<'a>(secrets: impl IntoIterator<Item = &'a str>) -> Self {
        let mut forms = Vec::new();
        for secret in secrets.into_iter().filter(|secret| !secret.is_empty()) {
            forms.push(secret.to_owned());
            forms.push(percent_decode_str(secret).decode_utf8_lossy().into_owned());
            forms.push(utf8_percent_encode(secret, NON_ALPHANUMERIC).to_string());
            forms.push(base64(secret.as_bytes()));
            // As JSON spells it, with and without the slashes that some escape.
            let json = serde_json::Value::from(secret).to_string();
            let inner = json.trim_matches('"').to_owned();
            forms.push(inner.replace('/', "\\/"));
            forms.push(inner);
        }
        forms.sort_by(|a, b| b.len().cmp(&a.len()).then_with(|| a.cmp(b)));
        forms.dedup();
        forms.retain(|form| !form.is_empty());
        Self(forms)
    }

    /// The beginning of a text as it may be shown: without secrets, on one line.
    pub fn cut(&self, text: &str) -> String {
        let mut text = text.to_owned();
        for form in &self.0 {
            if text.contains(form.as_str()) {
                text = text.replace(form.as_str(), "***");
            }
        }
        let line: String = text.chars().map(|c| if c.is_control() { ' ' } else { c }).collect();
        line.trim().chars().take(RESPONSE_CHARS).collect()
    }
}

impl fmt::Debug for Veil {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("***")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(text: &str, expect: &str) {
        let veil = Veil::over(["a/b\"c d", "hunter2", "hunter2-long", ""]);
        assert_eq!(veil.cut(text), expect);
        assert_eq!(format!("{veil:?}"), "***");
    }

    #[test]
    fn secrets_are_cut_out_in_every_form() {
        check("nothing to hide", "nothing to hide");
        check("no: hunter2-long, hunter2", "no: ***, ***");
        check("a/b\"c d", "***");
        check("?key=a%2Fb%22c%20d&x", "?key=***&x");
        check("{\"k\":\"a/b\\\"c d\"}", "{\"k\":\"***\"}");
        check("{\"k\":\"a\\/b\\\"c d\"}", "{\"k\":\"***\"}");
        // echo -n hunter2 | base64
        check("AUTH aHVudGVyMg==", "AUTH ***");
    }

    #[test]
    fn answers_are_short_and_on_one_line() {
        check("one\r\n two\0", "one   two");
        let long = "x".repeat(495) + "hunter2" + &"y".repeat(20);
        check(&long, &("x".repeat(495) + "***yy"));
    }
}
