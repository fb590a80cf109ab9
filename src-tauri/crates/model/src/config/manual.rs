//! The example file, the effective file and the reference page, all from [`Config::SECTIONS`].

use super::{Config, Key};

const HEAD: &str = "\
# Watchwall configuration. Every key is optional; what stands here is the default.
# An environment variable WATCHWALL_SECTION__KEY overrides the key, for example WATCHWALL_SERVER__LISTEN.
# Cameras, users, plans and everything else that changes while the site runs are not here: use the site itself.
";

impl Config {
    /// `watchwall config example`: every key with its meaning and default, commented out.
    pub fn example() -> String {
        let defaults = Self::default();
        let mut text = HEAD.to_owned();
        for section in Self::SECTIONS {
            text.push_str(&format!("\n{}[{}]\n", comment(section.about), section.name));
            for key in section.keys {
                text.push_str(&format!("\n{}{}# {}\n", comment(key.about), limits(key), defaults.line(key)));
            }
        }
        text
    }

    /// `watchwall config print`: every key with the value in force, readable by [`Config::load`].
    pub fn print(&self) -> String {
        let sections = Self::SECTIONS.iter().map(|section| {
            let lines: String = section.keys.iter().map(|key| self.line(key) + "\n").collect();
            format!("[{}]\n{lines}", section.name)
        });
        sections.collect::<Vec<_>>().join("\n")
    }

    /// The reference page in Markdown.
    pub fn reference() -> String {
        let defaults = Self::default();
        let mut text = String::new();
        for section in Self::SECTIONS {
            text.push_str(&format!("## `[{}]`\n\n{}\n\n", section.name, sentences(section.about)));
            text.push_str("| key | takes | default | environment | meaning |\n|---|---|---|---|---|\n");
            for key in section.keys {
                let takes = match key.limits {
                    Some((min, max)) => format!("{min} to {max}"),
                    None => key.kind.as_str().to_owned(),
                };
                let default = defaults.value(key).map(|value| value.to_string()).unwrap_or_default();
                let (name, variable, about) = (key.name, key.environment(), sentences(key.about));
                text.push_str(&format!("| `{name}` | {takes} | `{default}` | `{variable}` | {about} |\n"));
            }
            text.push('\n');
        }
        text
    }

    fn line(&self, key: &Key) -> String {
        let value = self.value(key).map(|value| value.to_string()).unwrap_or_default();
        format!("{} = {value}", key.name)
    }
}

fn sentences(about: &[&str]) -> String {
    about.iter().map(|line| line.trim()).collect::<Vec<_>>().join(" ")
}

fn comment(about: &[&str]) -> String {
    about.iter().map(|line| format!("# {}\n", line.trim())).collect()
}

fn limits(key: &Key) -> String {
    key.limits.map(|(min, max)| format!("# From {min} to {max}.\n")).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    const NO_ENVIRONMENT: [(String, String); 0] = [];

    #[test]
    fn the_example_changes_nothing_and_its_lines_are_the_defaults() {
        let example = Config::example();
        assert_eq!(Config::load(&example, NO_ENVIRONMENT).unwrap(), Config::default());
        let is_key = |line: &str| Config::keys().any(|key| line.starts_with(&format!("# {} = ", key.name)));
        let uncommented: String = example
            .lines()
            .map(|line| if is_key(line) { format!("{}\n", &line[2..]) } else { format!("{line}\n") })
            .collect();
        assert_eq!(uncommented.matches(" = ").count(), Config::keys().count());
        assert_eq!(Config::load(&uncommented, NO_ENVIRONMENT).unwrap(), Config::default());
    }

    #[test]
    fn what_is_printed_reads_back() {
        let mut config = Config::default();
        config.recording.folder = Some("/srv/a \"b\"\\c".into());
        config.recording.time_zone = Some("Asia/Shanghai".into());
        config.log.level = "info,watchwall=debug".into();
        assert_eq!(Config::load(&config.print(), NO_ENVIRONMENT).unwrap(), config);
        assert_eq!(Config::load(&Config::default().print(), NO_ENVIRONMENT).unwrap(), Config::default());
    }

    #[test]
    fn the_table_lists_every_key_of_the_structs_and_defaults_keep_their_limits() {
        let table = toml::Table::try_from({
            let mut config = Config::default();
            config.recording.folder = Some("x".into());
            config.recording.time_zone = Some("x".into());
            config.recording.smartctl = Some("x".into());
            config.server.tls_certificate = Some("x".into());
            config.server.tls_key = Some("x".into());
            config.outlet.announced_host = Some("x".into());
            config.evidence.export_folder = Some("x".into());
            config
        })
        .unwrap();
        let found: Vec<String> = table
            .iter()
            .flat_map(|(section, keys)| keys.as_table().unwrap().keys().map(move |key| format!("{section}.{key}")))
            .collect();
        let mut listed: Vec<String> = Config::keys().map(Key::full_name).collect();
        let mut found = found;
        found.sort();
        listed.sort();
        assert_eq!(found, listed);
        for key in Config::keys() {
            assert!(key.about.iter().any(|line| !line.trim().is_empty()), "{} is explained", key.full_name());
            assert!(Config::reference().contains(&key.environment()));
        }
    }
}
