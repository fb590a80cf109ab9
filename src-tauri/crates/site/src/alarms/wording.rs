//! What an alarm is called and what it says, in a language of the product. Pure.

use crate::{analytics::said::Said, language::Language};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use watchwall_model::{Alarm, AlarmSource, UtcMillis};

/// What texts are made of; kept with what waits to be sent, so that each attempt says the same.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Told {
    pub source: AlarmSource,
    pub kind: String,
    #[serde(default)]
    pub subject: String,
    pub level: u32,
    pub at: UtcMillis,
    /// How often since it was told last.
    pub count: u64,
    #[serde(default)]
    pub camera_id: Option<i64>,
    #[serde(default)]
    pub camera: Option<String>,
    #[serde(default)]
    pub params: BTreeMap<String, String>,
    #[serde(default)]
    pub confidence: Option<f32>,
    #[serde(default)]
    pub snapshot: Option<String>,
    /// Nobody came in time.
    #[serde(default)]
    pub is_escalated: bool,
}

/// A line and a sentence or two.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AlarmWords {
    pub title: String,
    pub text: String,
}

/// `camera`: as it is called now.
pub fn words(alarm: &Alarm, camera: Option<&str>, language: Language) -> AlarmWords {
    Told::of(alarm, camera.map(str::to_owned)).words(language)
}

impl Told {
    pub fn of(alarm: &Alarm, camera: Option<String>) -> Self {
        Self {
            source: alarm.source,
            kind: alarm.kind.clone(),
            subject: alarm.subject.clone(),
            level: alarm.level,
            at: alarm.last_at,
            count: alarm.count,
            camera_id: alarm.camera.map(|camera| camera.0),
            camera,
            params: alarm.params.clone(),
            confidence: alarm.confidence,
            snapshot: alarm.snapshot.clone(),
            is_escalated: alarm.is_escalated,
        }
    }

    pub fn words(&self, language: Language) -> AlarmWords {
        let mut params = self.params.clone();
        let camera = self.camera.clone().unwrap_or_else(|| language.word("alarm.no_camera"));
        params.insert("camera".into(), camera);
        params.insert("what".into(), self.what(language));
        params.insert("subject".into(), self.subject.clone());
        let title = self.key("alarm.title", language);
        let text = self.key("alarm.text", language);
        let mut sentences = vec![language.text(&text, &params)];
        let by_node = || self.params.get("event_desc").map(|said| said.trim().to_owned());
        let said = Said::of_params(&self.params).map(|said| said.text(language)).or_else(by_node);
        if let Some(said) = said.filter(|said| !said.is_empty()) {
            sentences.push(ended(&said, language));
        }
        let mut say = |key: &str, name: &str, value: String| {
            sentences.push(language.say(key, &[(name, &value)]));
        };
        if self.count > 1 {
            say("alarm.text.count", "count", self.count.to_string());
        }
        if let Some(confidence) = self.confidence {
            say("alarm.text.confidence", "percent", format!("{:.0}", confidence * 100.0));
        }
        if let Some(reason) = self.params.get("code") {
            let key = format!("error.{reason}");
            sentences.extend(language.find(&key).map(|_| language.text(&key, &params)));
        }
        if self.is_escalated {
            sentences.push(language.word("alarm.text.escalated"));
        }
        sentences.retain(|sentence| !sentence.is_empty());
        AlarmWords { title: language.text(&title, &params), text: sentences.join(language.blank()) }
    }

    /// The most exact key that has a text.
    fn key(&self, place: &str, language: Language) -> String {
        let exact = format!("{place}.{}.{}", self.source.as_str(), self.kind);
        match language.find(&exact) {
            Some(_) => exact,
            None => format!("{place}.{}", self.source.as_str()),
        }
    }

    /// What was noticed, as people call it; a word of the catalogue or what the source itself says.
    fn what(&self, language: Language) -> String {
        let key = match self.source {
            AlarmSource::Ai => format!("scene.{}", self.kind),
            AlarmSource::CameraEvent => format!("event.{}", self.kind),
            _ => format!("alarm.kind.{}", self.kind),
        };
        language.find(&key).map_or_else(|| self.kind.clone(), str::to_owned)
    }
}

/// What a node says, as a sentence.
fn ended(said: &str, language: Language) -> String {
    match (said.ends_with(['.', '!', '?', '。', '！', '？']), language) {
        (true, _) => said.to_owned(),
        (false, Language::English) => format!("{said}."),
        (false, Language::Chinese) => format!("{said}。"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(source: AlarmSource, kind: &str) -> Told {
        Told {
            source,
            kind: kind.into(),
            subject: String::new(),
            level: 3,
            at: UtcMillis(0),
            count: 1,
            camera_id: Some(1),
            camera: Some("Gate".into()),
            params: BTreeMap::new(),
            confidence: None,
            snapshot: None,
            is_escalated: false,
        }
    }

    #[test]
    fn alarms_have_words_in_both_languages() {
        let kinds: [(AlarmSource, &[&str]); 9] = [
            (AlarmSource::Ai, &["REGION_INTRUSION", "something_new"]),
            (AlarmSource::CameraEvent, &["tampering", "other"]),
            (AlarmSource::Health, &["offline"]),
            (AlarmSource::Recording, &["stopped"]),
            (AlarmSource::Volume, &["volume_full", "volume_lost"]),
            (AlarmSource::Node, &["node_lost"]),
            (AlarmSource::Push, &["push_failing"]),
            (AlarmSource::Login, &["logins_refused"]),
            (AlarmSource::Test, &["test"]),
        ];
        for (source, kinds) in kinds {
            for kind in kinds {
                let told = told(source, kind);
                for language in Language::ALL {
                    let words = told.words(language);
                    for text in [&words.title, &words.text] {
                        assert!(!text.is_empty() && !text.contains("alarm."), "{source:?} {kind}: {words:?}");
                        assert!(!text.contains(['{', '}']), "{source:?} {kind}: {words:?}");
                    }
                }
            }
        }
    }

    #[test]
    fn how_often_and_how_sure_is_said() {
        let mut told = told(AlarmSource::Ai, "REGION_INTRUSION");
        (told.count, told.confidence) = (7, Some(0.914));
        told.params.insert("event_desc".into(), " 1 inside".into());
        let words = told.words(Language::English);
        assert!(words.title.contains("Gate"), "{words:?}");
        assert!(words.text.contains('7') && words.text.contains("91"), "{words:?}");
        assert!(words.text.contains(" 1 inside. "), "{words:?}");
        assert_ne!(told.words(Language::Chinese), words);
    }
}
