//! Reading the file's text and the environment, with errors that name the place and the way out.

use super::{Config, Key, KeyKind, nearest::nearest};
use crate::{ErrorCode, Problem};
use std::{fmt, ops::Range};
use toml::{Table, Value};

/// Environment variables of ours begin with this. Those without `__` belong to the command line.
pub(super) const PREFIX: &str = "WATCHWALL_";
const SEPARATOR: &str = "__";

/// Why a configuration is refused: one reason, its place, and what was probably meant.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub struct ConfigError {
    pub origin: ConfigSource,
    /// `section.key` or the part of it that is known.
    pub key: Option<String>,
    /// One English clause.
    pub reason: String,
    /// The known name nearest to an unknown one.
    pub suggestion: Option<String>,
}

/// Where a value was given.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ConfigSource {
    /// The file; both count from 1, the column in characters.
    File { line: usize, column: usize },
    /// The variable's name.
    Environment { variable: String },
}

impl fmt::Display for ConfigError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.origin {
            ConfigSource::File { line, column } => write!(f, "line {line}, column {column}: ")?,
            ConfigSource::Environment { variable } => write!(f, "environment variable {variable}: ")?,
        }
        if let Some(key) = &self.key {
            write!(f, "{key}: ")?;
        }
        f.write_str(&self.reason)?;
        match &self.suggestion {
            Some(suggestion) => write!(f, "; did you mean {suggestion}?"),
            None => Ok(()),
        }
    }
}

impl From<ConfigError> for Problem {
    fn from(error: ConfigError) -> Self {
        let mut problem = Self::new(ErrorCode::ConfigInvalid).with("reason", &error.reason).because(&error);
        match &error.origin {
            ConfigSource::File { line, column } => problem = problem.with("line", line).with("column", column),
            ConfigSource::Environment { variable } => problem = problem.with("variable", variable),
        }
        for (name, value) in [("key", &error.key), ("suggestion", &error.suggestion)] {
            if let Some(value) = value {
                problem = problem.with(name, value);
            }
        }
        problem
    }
}

impl Config {
    /// Reads the file's text (empty when there is no file), then lets the environment override it key by key.
    /// Variables that do not begin with `WATCHWALL_` or have no `__` are not looked at.
    ///
    /// # Errors
    /// The first thing that is wrong: syntax, an unknown key, a value of the wrong kind or beyond its limits.
    pub fn load(text: &str, environment: impl IntoIterator<Item = (String, String)>) -> Result<Self, Box<ConfigError>> {
        let mut config: Self = toml::from_str(text).map_err(|error| Box::new(in_file(text, &error)))?;
        for key in Self::keys() {
            if let Err(reason) = config.check(key) {
                let origin = place(text, span_of(text, key));
                return Err(Box::new(ConfigError { origin, key: Some(key.full_name()), reason, suggestion: None }));
            }
        }
        for (variable, value) in overrides(environment) {
            config = config.overridden(&variable, &value).map_err(Box::new)?;
        }
        config.tidy();
        Ok(config)
    }

    /// Every key, in the order of the file.
    pub fn keys() -> impl Iterator<Item = &'static Key> {
        Self::SECTIONS.iter().flat_map(|section| section.keys)
    }

    fn overridden(&self, variable: &str, text: &str) -> Result<Self, ConfigError> {
        let fail = |key: Option<String>, reason: String, suggestion: Option<String>| ConfigError {
            origin: ConfigSource::Environment { variable: variable.to_owned() },
            key,
            reason,
            suggestion,
        };
        let Some(key) = Self::keys().find(|key| key.environment() == variable) else {
            let known: Vec<String> = Self::keys().map(Key::environment).map(|name| name.to_lowercase()).collect();
            let near = nearest(variable, known.iter().map(String::as_str)).map(str::to_uppercase);
            return Err(fail(None, "there is no such key".to_owned(), near));
        };
        let wrong = |reason: String| fail(Some(key.full_name()), reason, None);
        let value = parse(key.kind, text).ok_or_else(|| wrong(format!("takes {}", key.kind.as_str())))?;
        let mut table = Table::try_from(self).map_err(|error| wrong(error.to_string()))?;
        if let Some(Value::Table(section)) = table.get_mut(key.section) {
            section.insert(key.name.to_owned(), value);
        }
        let config: Self = table.try_into().map_err(|error: toml::de::Error| wrong(error.message().to_owned()))?;
        config.check(key).map_err(wrong)?;
        Ok(config)
    }

    fn check(&self, key: &Key) -> Result<(), String> {
        let value = self.value(key);
        match (key.limits, value) {
            (Some((min, max)), Some(Value::Integer(number))) if !(min..=max).contains(&number) => {
                Err(format!("must lie between {min} and {max}"))
            }
            (_, Some(Value::String(text))) if key.kind == KeyKind::Text && text.trim().is_empty() => {
                Err("must not be empty".to_owned())
            }
            _ => Ok(()),
        }
    }
}

/// Ours, by name: which of two wrong ones is reported does not depend on the order of the environment.
fn overrides(environment: impl IntoIterator<Item = (String, String)>) -> Vec<(String, String)> {
    let is_ours = |(name, _): &(String, String)| name.strip_prefix(PREFIX).is_some_and(|rest| rest.contains(SEPARATOR));
    let mut ours: Vec<_> = environment.into_iter().filter(is_ours).collect();
    ours.sort_unstable();
    ours
}

fn parse(kind: KeyKind, text: &str) -> Option<Value> {
    match kind {
        KeyKind::Switch => match text.trim().to_ascii_lowercase().as_str() {
            "true" | "1" | "yes" | "on" => Some(Value::Boolean(true)),
            "false" | "0" | "no" | "off" => Some(Value::Boolean(false)),
            _ => None,
        },
        KeyKind::Number => text.trim().parse().ok().map(Value::Integer),
        KeyKind::Address => Some(Value::String(text.trim().to_owned())),
        KeyKind::Text | KeyKind::OptionalText => Some(Value::String(text.to_owned())),
    }
}

/// What the parser says, with its place; an unknown key gets its full name and its nearest neighbour.
fn in_file(text: &str, error: &toml::de::Error) -> ConfigError {
    let span = error.span().unwrap_or(0..0);
    let origin = place(text, span.clone());
    let Some(unknown) = error.message().strip_prefix("unknown field `").and_then(|rest| rest.split('`').next()) else {
        let key = key_at(text, &span);
        return ConfigError { origin, key, reason: error.message().to_owned(), suggestion: None };
    };
    // A section of that name, or a key of the section the place lies in.
    let section = section_at(text, &span);
    let (key, known): (String, Vec<&str>) = match section {
        Some(section) => (format!("{}.{unknown}", section.name), section.keys.iter().map(|key| key.name).collect()),
        None => (unknown.to_owned(), Config::SECTIONS.iter().map(|section| section.name).collect()),
    };
    let suggestion = nearest(unknown, known).map(str::to_owned);
    ConfigError { origin, key: Some(key), reason: "there is no such key".to_owned(), suggestion }
}

/// The section whose table holds the place. `None` at the top of the file.
fn section_at(text: &str, span: &Range<usize>) -> Option<&'static super::Section> {
    let table = toml::de::DeTable::parse(text).ok()?;
    let inside = table.get_ref().iter().find(|(_, value)| {
        value.as_ref().as_table().is_some_and(|keys| {
            keys.iter()
                .any(|(key, value)| key.span().start <= span.start && span.end <= value.span().end.max(key.span().end))
        })
    });
    inside.and_then(|(name, _)| Config::SECTIONS.iter().find(|section| section.name == name.as_ref()))
}

/// The key whose value the place lies in.
fn key_at(text: &str, span: &Range<usize>) -> Option<String> {
    let section = section_at(text, span)?;
    let key = section.keys.iter().find(|key| {
        let value = span_of(text, key);
        value.start <= span.start && span.end <= value.end
    })?;
    Some(key.full_name())
}

/// Where a key's value stands; the start of the file when it does not.
fn span_of(text: &str, key: &Key) -> Range<usize> {
    let found = toml::de::DeTable::parse(text).ok().and_then(|table| {
        let section = table.get_ref().get(key.section)?.as_ref().as_table()?.clone();
        Some(section.get(key.name)?.span())
    });
    found.unwrap_or(0..0)
}

fn place(text: &str, span: Range<usize>) -> ConfigSource {
    let before = text.get(..span.start).unwrap_or(text);
    let line = before.matches('\n').count() + 1;
    let column = before.rsplit('\n').next().unwrap_or_default().chars().count() + 1;
    ConfigSource::File { line, column }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn load(text: &str, environment: &[(&str, &str)]) -> Result<Config, Box<ConfigError>> {
        Config::load(text, environment.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())))
    }

    #[test]
    fn nothing_is_the_defaults() {
        assert_eq!(load("", &[]).unwrap(), Config::default());
        assert_eq!(load("[server]\n[log]\n", &[("PATH", "/bin"), ("WATCHWALL_DATA", "x")]).unwrap(), Config::default());
    }

    #[test]
    fn the_file_is_read_and_the_environment_wins() {
        let text = "[server]\nlisten = \"[::1]:9000\"\n[ingest]\nring_seconds = 5\n[recording]\nfolder = \"/a\"\n";
        let config = load(text, &[("WATCHWALL_INGEST__RING_SECONDS", "7"), ("WATCHWALL_LOG__JSON", "yes")]).unwrap();
        assert_eq!(config.server.listen.port(), 9000);
        assert_eq!((config.ingest.ring_seconds, config.log.json), (7, true));
        assert_eq!(config.recording.folder.as_deref(), Some(std::path::Path::new("/a")));
        let unset = load(text, &[("WATCHWALL_RECORDING__FOLDER", "")]).unwrap();
        assert_eq!(unset.recording.folder, None);
    }

    fn check(text: &str, environment: &[(&str, &str)], expect: &str) {
        let error = load(text, environment).expect_err(text);
        assert_eq!(error.to_string(), expect);
        let problem = Problem::from(*error);
        assert_eq!(problem.code, ErrorCode::ConfigInvalid);
    }

    #[test]
    fn mistakes_in_the_file_name_their_place_and_the_way_out() {
        check(
            "[server]\nlisen = \"127.0.0.1:1\"\n",
            &[],
            "line 2, column 1: server.lisen: there is no such key; did you mean listen?",
        );
        check("[recoding]\n", &[], "line 1, column 2: recoding: there is no such key; did you mean recording?");
        check("[server]\npassword = 1\n", &[], "line 2, column 1: server.password: there is no such key");
        check(
            "\n[ingest]\n  ring_seconds = 0\n",
            &[],
            "line 3, column 18: ingest.ring_seconds: must lie between 1 and 600",
        );
        check("[log]\nlevel = \"\"\n", &[], "line 2, column 9: log.level: must not be empty");
    }

    #[test]
    fn wrong_kinds_and_broken_syntax_name_their_place() {
        for (text, line, key) in [
            ("[server]\nlisten = 8080\n", 2, Some("server.listen")),
            ("[server]\nlisten = \"nowhere\"\n", 2, Some("server.listen")),
            ("[live]\nmax_viewers = -1\n", 2, Some("live.max_viewers")),
            ("[log]\njson = \"yes\"\n", 2, Some("log.json")),
            ("[log]\n\njson = \n", 3, None),
            ("[log\n", 1, None),
            ("[log]\njson = true\njson = false\n", 3, None),
        ] {
            let error = load(text, &[]).expect_err(text);
            assert!(matches!(error.origin, ConfigSource::File { line: found, .. } if found == line), "{text}: {error}");
            assert_eq!(error.key.as_deref(), key, "{text}: {error}");
        }
    }

    #[test]
    fn mistakes_in_the_environment_name_the_variable() {
        check(
            "",
            &[("WATCHWALL_SERVER__LISEN", "127.0.0.1:1")],
            "environment variable WATCHWALL_SERVER__LISEN: there is no such key; did you mean WATCHWALL_SERVER__LISTEN?",
        );
        check(
            "",
            &[("WATCHWALL_LIVE__MAX_VIEWERS", "many")],
            "environment variable WATCHWALL_LIVE__MAX_VIEWERS: live.max_viewers: takes whole number",
        );
        check(
            "",
            &[("WATCHWALL_INGEST__RING_SECONDS", "601")],
            "environment variable WATCHWALL_INGEST__RING_SECONDS: ingest.ring_seconds: must lie between 1 and 600",
        );
        let error = load("", &[("WATCHWALL_SERVER__LISTEN", "localhost")]).unwrap_err();
        assert_eq!(error.key.as_deref(), Some("server.listen"));
    }
}
