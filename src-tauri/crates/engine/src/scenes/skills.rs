//! Which scenes this engine can look for: some without a model, some by what the model calls its classes. Pure.

use super::Wanted;
use std::sync::Arc;

/// What the engine can look for; the codes of the catalogue.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum SceneKind {
    Motion,
    Tamper,
    LineCrossing,
    RegionIntrusion,
    Loitering,
    VehicleParking,
    Fire,
    Helmet,
    Vest,
}

/// Words of data sets that people train with; a model that calls it otherwise gets a file of labels that does not.
const PEOPLE: &[&str] = &["person", "people", "pedestrian", "human", "man", "woman", "人", "行人", "人员"];
const VEHICLES: &[&str] = &[
    "car",
    "truck",
    "bus",
    "van",
    "motorcycle",
    "motorbike",
    "bicycle",
    "vehicle",
    "汽车",
    "卡车",
    "公交车",
    "摩托车",
    "自行车",
    "车辆",
];
const FIRE: &[&str] = &["fire", "flame", "smoke", "火", "火焰", "烟", "烟雾"];
const NO_HELMET: &[&str] = &["no_helmet", "without_helmet", "head", "未戴安全帽"];
const NO_VEST: &[&str] = &["no_vest", "without_vest", "no_safety_vest", "未穿反光衣"];

/// What an engine sees.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Skills {
    /// Of its model.
    labels: Option<Vec<Arc<str>>>,
}

impl SceneKind {
    pub const ALL: [Self; 9] = [
        Self::Motion,
        Self::Tamper,
        Self::LineCrossing,
        Self::RegionIntrusion,
        Self::Loitering,
        Self::VehicleParking,
        Self::Fire,
        Self::Helmet,
        Self::Vest,
    ];

    pub const fn code(self) -> &'static str {
        match self {
            Self::Motion => "MOTION",
            Self::Tamper => "TAMPER",
            Self::LineCrossing => "LINE_CROSSING",
            Self::RegionIntrusion => "REGION_INTRUSION",
            Self::Loitering => "LOITERING",
            Self::VehicleParking => "VEHICLE_PARKING",
            Self::Fire => "FIRE_DETECTION",
            Self::Helmet => "HELMET_DETECTION",
            Self::Vest => "VEST_DETECTION",
        }
    }
}

impl Skills {
    /// Of an engine whose model has these classes.
    pub fn of_model<'a>(labels: impl IntoIterator<Item = &'a Arc<str>>) -> Self {
        Self { labels: Some(labels.into_iter().cloned().collect()) }
    }

    /// What it can look for.
    pub fn kinds(&self) -> impl Iterator<Item = SceneKind> {
        SceneKind::ALL.into_iter().filter(|kind| self.can(*kind))
    }

    /// `None` for what it cannot look for.
    pub fn kind(&self, code: &str) -> Option<SceneKind> {
        self.kinds().find(|kind| kind.code() == code)
    }

    /// The model's things that the scene is about; `None` where it looks at what moves.
    pub fn things(&self, kind: SceneKind) -> Option<Wanted> {
        let labels = self.labels.as_ref()?;
        let named = |words: &[&[&str]]| -> Vec<Arc<str>> {
            labels.iter().filter(|label| words.concat().contains(&plain(label).as_str())).cloned().collect()
        };
        let found = match kind {
            SceneKind::Motion | SceneKind::Tamper => return None,
            SceneKind::LineCrossing | SceneKind::RegionIntrusion => {
                let found = named(&[PEOPLE, VEHICLES]);
                // A model of something else: whatever it was made for.
                return Some(if found.is_empty() { Wanted::default() } else { Wanted::of(found) });
            }
            SceneKind::Loitering => named(&[PEOPLE]),
            SceneKind::VehicleParking => named(&[VEHICLES]),
            SceneKind::Fire => named(&[FIRE]),
            SceneKind::Helmet => named(&[NO_HELMET]),
            SceneKind::Vest => named(&[NO_VEST]),
        };
        (!found.is_empty()).then(|| Wanted::of(found))
    }

    fn can(&self, kind: SceneKind) -> bool {
        let is_without_model = matches!(
            kind,
            SceneKind::Motion | SceneKind::Tamper | SceneKind::LineCrossing | SceneKind::RegionIntrusion
        );
        is_without_model || self.things(kind).is_some()
    }
}

/// As the words above are written.
fn plain(label: &str) -> String {
    label.trim().to_lowercase().replace([' ', '-'], "_")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_is_announced_that_cannot_be_seen() {
        let check = |labels: Option<&[&str]>, expect: &[&str]| {
            let labels: Option<Vec<Arc<str>>> =
                labels.map(|labels| labels.iter().map(|label| (*label).into()).collect());
            let skills = labels.map_or_else(Skills::default, |labels| Skills::of_model(&labels));
            let codes: Vec<_> = skills.kinds().map(SceneKind::code).collect();
            assert_eq!(codes, [&["MOTION", "TAMPER", "LINE_CROSSING", "REGION_INTRUSION"], expect].concat());
            assert_eq!(skills.kind("HELMET_DETECTION").is_some(), expect.contains(&"HELMET_DETECTION"));
        };
        check(None, &[]);
        check(Some(&["cat", "forklift"]), &[]);
        check(Some(&["Person"]), &["LOITERING"]);
        check(Some(&["person", "chair", "motorcycle"]), &["LOITERING", "VEHICLE_PARKING"]);
        check(Some(&["fire", "other"]), &["FIRE_DETECTION"]);
        check(Some(&["helmet", "No Helmet"]), &["HELMET_DETECTION"]);
        check(Some(&["helmet"]), &[]);
        check(Some(&["行人", "未穿反光衣"]), &["LOITERING", "VEST_DETECTION"]);
    }

    #[test]
    fn a_scene_is_about_its_things() {
        let skills = |labels: &[&str]| {
            let labels: Vec<Arc<str>> = labels.iter().map(|label| (*label).into()).collect();
            Skills::of_model(&labels)
        };
        let check = |skills: &Skills, kind, counts: &[&str], others: &[&str]| {
            let wanted = skills.things(kind).unwrap();
            assert!(counts.iter().all(|label| wanted.includes(label)), "{wanted:?}");
            assert!(!others.iter().any(|label| wanted.includes(label)), "{wanted:?}");
        };
        let many = skills(&["person", "car", "chair"]);
        check(&many, SceneKind::RegionIntrusion, &["person", "car"], &["chair"]);
        check(&many, SceneKind::Loitering, &["person"], &["car", "chair"]);
        check(&skills(&["forklift", "pallet"]), SceneKind::LineCrossing, &["forklift", "pallet"], &[]);
        assert_eq!(many.things(SceneKind::Motion), None);
        assert_eq!(Skills::default().things(SceneKind::RegionIntrusion), None);
    }
}
