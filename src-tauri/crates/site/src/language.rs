//! The languages the product speaks, and its texts in them, for what the site itself writes: alarms, pushes, reports.
//! The UI looks its texts up by itself, in the same files.

use std::{
    collections::{BTreeMap, HashMap},
    sync::LazyLock,
};

/// Texts by key.
pub type Texts = HashMap<String, String>;

// A test proves that the files parse; a broken one must not take a running site down.
static ENGLISH: LazyLock<Texts> =
    LazyLock::new(|| serde_json::from_str(include_str!("../../../../assets/i18n/en.json")).unwrap_or_default());
static CHINESE: LazyLock<Texts> =
    LazyLock::new(|| serde_json::from_str(include_str!("../../../../assets/i18n/zh-CN.json")).unwrap_or_default());

/// A language that the product speaks.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Language {
    English,
    Chinese,
}

impl Language {
    pub const ALL: [Self; 2] = [Self::English, Self::Chinese];

    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|language| language.tag() == text)
    }

    /// BCP 47.
    pub const fn tag(self) -> &'static str {
        match self {
            Self::English => "en",
            Self::Chinese => "zh-CN",
        }
    }

    /// Every text by its key.
    pub fn texts(self) -> &'static Texts {
        match self {
            Self::English => &ENGLISH,
            Self::Chinese => &CHINESE,
        }
    }

    /// A text as it stands; `None` for a key without one.
    pub fn find(self, key: &str) -> Option<&'static str> {
        self.texts().get(key).map(String::as_str)
    }

    /// A text with its parameters. A key without a text answers with itself.
    pub fn text(self, key: &str, params: &BTreeMap<String, String>) -> String {
        self.find(key).map_or_else(|| key.to_owned(), |text| fill(text, params))
    }

    /// Between a name and what is said of it.
    pub const fn colon(self) -> &'static str {
        match self {
            Self::English => ": ",
            Self::Chinese => "：",
        }
    }

    /// Between two sentences.
    pub const fn blank(self) -> &'static str {
        match self {
            Self::English => " ",
            Self::Chinese => "",
        }
    }

    /// A text without parameters.
    pub fn word(self, key: &str) -> String {
        self.text(key, &BTreeMap::new())
    }

    /// A text with these parameters.
    pub fn say(self, key: &str, params: &[(&str, &str)]) -> String {
        let params = params.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
        self.text(key, &params)
    }
}

/// Puts parameters as they are in place of `{name}`. One that is missing becomes nothing rather than a brace on
/// somebody's screen.
pub fn fill(text: &str, params: &BTreeMap<String, String>) -> String {
    fill_with(text, params, |_, value| value)
}

/// The same; `spoken` may say a value in other words.
pub fn fill_with<'p>(
    text: &str,
    params: &'p BTreeMap<String, String>,
    spoken: impl Fn(&str, &'p str) -> &'p str,
) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some((before, after)) = rest.split_once('{') {
        out.push_str(before);
        match after.split_once('}') {
            Some((name, tail)) => {
                out.push_str(params.get(name).map_or("", |value| spoken(name, value)));
                rest = tail;
            }
            None => {
                out.push('{');
                rest = after;
            }
        }
    }
    out.push_str(rest);
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_languages_are_there_and_parameters_are_filled_in() {
        for language in Language::ALL {
            assert_eq!(Language::parse(language.tag()), Some(language));
            assert!(language.texts().len() > 1_000);
        }
        let params = BTreeMap::from([("name".to_owned(), "gate".to_owned())]);
        let check = |text: &str, expect: &str| assert_eq!(fill(text, &params), expect);
        check("no camera {name} here", "no camera gate here");
        check("{name}{name}", "gategate");
        check("{other} and {", " and {");
    }
}
