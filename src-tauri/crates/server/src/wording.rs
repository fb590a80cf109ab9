//! Texts of the catalogue in both languages, for what is printed.

pub use watchwall_site::language::Language;

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
