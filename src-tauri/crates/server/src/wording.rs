//! Texts of the catalogue in both languages, for what is printed. The UI looks its texts up by itself.

use crate::catalogue;
use std::{
    collections::{BTreeMap, HashMap},
    sync::LazyLock,
};

/// A language that the product speaks.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Language {
    English,
    Chinese,
}

type Texts = HashMap<String, String>;

// A test proves that the file parses; a broken one must not take a running site down.
static CHINESE: LazyLock<Texts> =
    LazyLock::new(|| serde_json::from_str(include_str!("../../../../assets/i18n/zh-CN.json")).unwrap_or_default());

impl Language {
    pub fn parse(text: &str) -> Option<Self> {
        [Self::English, Self::Chinese].into_iter().find(|language| language.tag() == text)
    }

    /// BCP 47.
    pub const fn tag(self) -> &'static str {
        match self {
            Self::English => "en",
            Self::Chinese => "zh-CN",
        }
    }

    /// A text with its parameters. A key without a text answers with itself.
    pub fn text(self, key: &str, params: &BTreeMap<String, String>) -> String {
        self.find(key).map_or_else(|| key.to_owned(), |text| catalogue::fill_plain(text, params))
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

    fn find(self, key: &str) -> Option<&'static str> {
        let texts = match self {
            Self::English => catalogue::english(),
            Self::Chinese => &*CHINESE,
        };
        texts.get(key).map(String::as_str)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use watchwall_site::cameras::doctor::{Area, Check, MendKind, Skip, Verdict};

    #[test]
    fn texts_are_filled_in_either_language() {
        let check = |language: Language, expect: &str| {
            assert_eq!(language.say("doctor.events.works", &[]), expect);
        };
        check(Language::English, "Events can be received.");
        assert_ne!(Language::Chinese.word("doctor.events.works"), "doctor.events.works");
        assert_eq!(Language::English.word("no such key"), "no such key");
        assert_eq!(Language::parse("zh-CN"), Some(Language::Chinese));
        assert_eq!(Language::parse("de"), None);
    }

    #[test]
    fn every_line_of_an_examination_has_its_sentence() {
        let mut keys = Vec::new();
        for check in Check::ALL {
            keys.push(format!("doctor.check.{}", check.as_str()));
            keys.extend(check.outcomes().iter().map(|outcome| format!("doctor.{}.{outcome}", check.as_str())));
        }
        keys.extend(Skip::ALL.iter().map(|skip| format!("doctor.skipped.{}", skip.as_str())));
        keys.extend(MendKind::ALL.iter().map(|kind| format!("doctor.mend.{}", kind.as_str())));
        let verdicts = [Verdict::Ok, Verdict::Note, Verdict::Warning, Verdict::Bad, Verdict::Skipped];
        keys.extend(verdicts.iter().map(|verdict| format!("doctor.verdict.{}", verdict.as_str())));
        let areas = [Area::Reach, Area::Onvif, Area::Stream, Area::Machine];
        keys.extend(areas.iter().map(|area| format!("doctor.area.{}", area.as_str())));
        for language in [Language::English, Language::Chinese] {
            let missing: Vec<_> = keys.iter().filter(|key| language.find(key).is_none()).collect();
            assert!(missing.is_empty(), "{} lacks {missing:?}", language.tag());
        }
    }
}
