//! What a node found, in words of the product instead of the node's own: for event types that the catalogue has a text for,
//! from the figures that come with them. Pure.

use crate::language::Language;
use serde_json::{Map, Value};
use std::collections::BTreeMap;

/// Parameters of an alarm that belong to it are called so.
const OF_ALARM: &str = "said_";

/// See the module.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Said {
    key: String,
    values: BTreeMap<String, String>,
}

impl Said {
    /// `None` for what only the node has words for: another event, or one without its figures.
    pub fn of(event_type: Option<&str>, total_count: Option<u32>, metrics: Option<&str>) -> Option<Self> {
        let event_type = event_type?;
        let metrics: Map<String, Value> = metrics.and_then(|text| serde_json::from_str(text).ok()).unwrap_or_default();
        let metric = |name: &str| metrics.get(name)?.as_f64().filter(|number| number.is_finite());
        let count = || total_count.map(|count| ("count", count.to_string()));
        let whole = |to: &'static str, from: &str| Some((to, format!("{:.0}", metric(from)?)));
        let values: Option<Vec<(&str, String)>> = match event_type {
            "motion" => {
                [metric("share").map(|share| ("percent", format!("{:.1}", share * 100.0)))].into_iter().collect()
            }
            "crossing" => [whole("over", "left_to_right"), whole("back", "right_to_left")].into_iter().collect(),
            "intrusion" | "loitering" | "parked" | "fire" | "no_helmet" | "no_vest" => {
                [count(), metric("dwell_ms").map(|ms| ("seconds", format!("{:.1}", ms / 1e3)))].into_iter().collect()
            }
            // Elsewhere such a word may mean a thing, and not the camera.
            "covered" => metric("spread").map(|_| Vec::new()),
            "defocused" => metric("sharpness").map(|_| Vec::new()),
            "moved" => metric("likeness").map(|_| Vec::new()),
            _ => None,
        };
        let values = values?.into_iter().map(|(name, value)| (name.to_owned(), value)).collect();
        Some(Self { key: format!("scene.said.{event_type}"), values })
    }

    pub fn text(&self, language: Language) -> String {
        language.text(&self.key, &self.values)
    }

    /// As parameters of an alarm.
    pub fn params(&self) -> impl Iterator<Item = (String, &str)> {
        let values = self.values.iter().map(|(name, value)| (format!("{OF_ALARM}{name}"), value.as_str()));
        values.chain([(format!("{OF_ALARM}key"), self.key.as_str())])
    }

    /// Back from those.
    pub fn of_params(params: &BTreeMap<String, String>) -> Option<Self> {
        let key = params.get(&format!("{OF_ALARM}key"))?.clone();
        let of = |(name, value): (&String, &String)| Some((name.strip_prefix(OF_ALARM)?.to_owned(), value.clone()));
        Some(Self { key, values: params.iter().filter_map(of).collect() })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_known_is_said_in_both_languages() {
        let check = |event: &str, count, metrics: &str, english: &str, chinese: &str| {
            let said = Said::of(Some(event), count, Some(metrics)).unwrap();
            assert_eq!(
                (said.text(Language::English).as_str(), said.text(Language::Chinese).as_str()),
                (english, chinese)
            );
            let params: BTreeMap<String, String> =
                said.params().map(|(name, value)| (name, value.to_owned())).collect();
            let again = Said::of_params(&params).unwrap();
            assert_eq!(again.text(Language::Chinese), chinese, "{params:?}");
        };
        check("motion", Some(2), r#"{"share":0.1234}"#, "12.3 % of the region moves", "区域内 12.3% 的画面在变化");
        check(
            "crossing",
            None,
            r#"{"left_to_right":3,"right_to_left":1.0}"#,
            "3 crossed so far, 1 the other way",
            "累计越线 3 次，反向 1 次",
        );
        check(
            "intrusion",
            Some(1),
            r#"{"dwell_ms":3250}"#,
            "1 inside, for up to 3.2 s",
            "区域内 1 个目标，最长停留 3.2 秒",
        );
        check(
            "loitering",
            Some(2),
            r#"{"dwell_ms":61000}"#,
            "2 linger, for up to 61.0 s",
            "2 个目标徘徊，最长 61.0 秒",
        );
        check("parked", Some(2), r#"{"dwell_ms":61000}"#, "2 parked, for up to 61.0 s", "2 辆车停放，最长 61.0 秒");
        check("fire", Some(1), r#"{"dwell_ms":900}"#, "1 seen, for up to 0.9 s", "发现 1 处，最长持续 0.9 秒");
        check(
            "no_helmet",
            Some(1),
            r#"{"dwell_ms":900}"#,
            "1 without a helmet, for up to 0.9 s",
            "1 人未戴安全帽，最长 0.9 秒",
        );
        check(
            "no_vest",
            Some(1),
            r#"{"dwell_ms":900}"#,
            "1 without a vest, for up to 0.9 s",
            "1 人未穿反光衣，最长 0.9 秒",
        );
        check("covered", None, r#"{"spread":1.5}"#, "The picture is almost one colour", "画面几乎只有一种颜色");
        check("defocused", None, r#"{"sharpness":0.2}"#, "The picture has lost its edges", "画面失去清晰的轮廓");
        check(
            "moved",
            None,
            r#"{"likeness":0.1}"#,
            "The camera shows something else than before",
            "画面内容与之前不同，摄像机可能被移动",
        );
    }

    #[test]
    fn what_only_the_node_knows_is_left_to_it() {
        let check =
            |event: Option<&str>, count, metrics: Option<&str>| assert_eq!(Said::of(event, count, metrics), None);
        check(None, Some(1), Some("{}"));
        check(Some("no_helmet"), Some(1), Some("{}"));
        check(Some("motion"), Some(1), None);
        check(Some("moved"), Some(1), Some(r#"{"weight":3}"#));
        check(Some("motion"), Some(1), Some("no JSON"));
        check(Some("motion"), Some(1), Some(r#"{"share":"much"}"#));
        check(Some("intrusion"), None, Some(r#"{"dwell_ms":1}"#));
        assert_eq!(Said::of_params(&BTreeMap::from([("event_type".into(), "motion".into())])), None);
    }
}
