//! The few sentences the shell shows itself, out of the same catalogue as the pages.

use std::collections::BTreeMap;
use watchwall_model::Problem;

const ENGLISH: &str = include_str!("../../assets/i18n/en.json");
const CHINESE: &str = include_str!("../../assets/i18n/zh-CN.json");

/// The sentences of one language.
pub struct Texts(BTreeMap<String, String>);

impl Texts {
    /// In the language of the desktop session.
    pub fn of_session() -> Self {
        let variables = ["LC_ALL", "LC_MESSAGES", "LANG"];
        let locale = variables.iter().filter_map(|name| std::env::var(name).ok()).find(|value| !value.is_empty());
        Self::of_locale(locale.as_deref().unwrap_or_default())
    }

    /// `zh_CN.UTF-8` and its kin are Chinese, everything else English.
    fn of_locale(locale: &str) -> Self {
        let catalogue = if locale.to_ascii_lowercase().starts_with("zh") { CHINESE } else { ENGLISH };
        Self(serde_json::from_str(catalogue).unwrap_or_default())
    }

    /// The sentence of `key`; the key itself when the catalogue lacks it.
    pub fn get(&self, key: &str) -> String {
        self.0.get(key).cloned().unwrap_or_else(|| key.to_owned())
    }

    /// What happened, and what to do about it.
    pub fn problem(&self, problem: &Problem) -> (String, String) {
        let fill = |key: &str| {
            let start = self.get(key);
            problem.params.iter().fold(start, |text, (name, value)| text.replace(&format!("{{{name}}}"), value))
        };
        (fill(&format!("error.{}", problem.code)), fill(&format!("error.{}.next", problem.code)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_text_of_the_shell_exists_in_both_languages() {
        for locale in ["en_GB.UTF-8", "zh_CN.UTF-8"] {
            let texts = Texts::of_locale(locale);
            for key in [
                "desktop.open",
                "desktop.quit",
                "desktop.retry",
                "desktop.save.cancel",
                "desktop.save.failed",
                "desktop.save.failed.next",
                "desktop.save.save",
                "desktop.save.title",
                "desktop.starting",
            ] {
                assert_ne!(texts.get(key), key, "{key} in {locale}");
            }
        }
    }

    #[test]
    fn the_locale_decides() {
        assert_eq!(Texts::of_locale("zh_TW").get("desktop.quit"), Texts::of_locale("zh_CN").get("desktop.quit"));
        assert_eq!(Texts::of_locale("").get("desktop.quit"), Texts::of_locale("C").get("desktop.quit"));
    }
}
