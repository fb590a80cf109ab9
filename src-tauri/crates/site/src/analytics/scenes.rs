//! What engines can look for, as the product knows it. A node may know more: its codes work without standing here.

use watchwall_model::SceneCode;

/// What people call a kind of scene.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Category {
    Safety,
    Behavior,
    Vehicle,
    Environment,
}

impl Category {
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Safety => "SAFETY",
            Self::Behavior => "BEHAVIOR",
            Self::Vehicle => "VEHICLE",
            Self::Environment => "ENVIRONMENT",
        }
    }
}

/// What has to be drawn for it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Needs {
    Nothing,
    Region,
    Lines,
}

impl Needs {
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Nothing => "nothing",
            Self::Region => "region",
            Self::Lines => "lines",
        }
    }
}

/// One entry; its name is the text `scene.{code}` of the catalogue.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SceneType {
    pub code: &'static str,
    pub category: Category,
    pub needs: Needs,
    /// What it may find wrong.
    pub problems: &'static [&'static str],
}

const fn scene(code: &'static str, category: Category, needs: Needs, problems: &'static [&'static str]) -> SceneType {
    SceneType { code, category, needs, problems }
}

/// By category, then as people look for them.
pub const CATALOGUE: &[SceneType] = &[
    scene("REGION_INTRUSION", Category::Safety, Needs::Region, &["intrusion"]),
    scene("LINE_CROSSING", Category::Safety, Needs::Lines, &["left_to_right", "right_to_left"]),
    scene("HELMET_DETECTION", Category::Safety, Needs::Region, &["no_helmet"]),
    scene("VEST_DETECTION", Category::Safety, Needs::Region, &["no_vest"]),
    scene("FIRE_DETECTION", Category::Safety, Needs::Nothing, &["fire", "smoke"]),
    scene("CLIMBING", Category::Safety, Needs::Region, &["climbing"]),
    scene("FALL_DETECTION", Category::Safety, Needs::Region, &["fallen"]),
    scene("MOTION", Category::Behavior, Needs::Region, &["motion"]),
    scene("LOITERING", Category::Behavior, Needs::Region, &["loitering"]),
    scene("CROWD_DENSITY", Category::Behavior, Needs::Region, &["crowded"]),
    scene("PEOPLE_COUNTING", Category::Behavior, Needs::Lines, &["in", "out"]),
    scene("SMOKING_DETECTION", Category::Behavior, Needs::Region, &["smoking"]),
    scene("PHONE_USE", Category::Behavior, Needs::Region, &["phone"]),
    scene("ABSENCE", Category::Behavior, Needs::Region, &["nobody_there"]),
    scene("VEHICLE_PARKING", Category::Vehicle, Needs::Region, &["parked"]),
    scene("VEHICLE_COUNTING", Category::Vehicle, Needs::Lines, &["in", "out"]),
    scene("LICENSE_PLATE", Category::Vehicle, Needs::Region, &["plate"]),
    scene("WRONG_WAY", Category::Vehicle, Needs::Lines, &["wrong_way"]),
    scene("OBJECT_LEFT", Category::Environment, Needs::Region, &["left"]),
    scene("OBJECT_REMOVED", Category::Environment, Needs::Region, &["removed"]),
    scene("TAMPER", Category::Environment, Needs::Nothing, &["covered", "defocused", "moved"]),
];

/// `None` for one that only nodes know.
pub fn find(code: &SceneCode) -> Option<&'static SceneType> {
    CATALOGUE.iter().find(|scene| scene.code == code.as_str())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::language::Language;
    use std::collections::BTreeSet;

    #[test]
    fn every_scene_has_a_code_that_can_be_and_a_name_in_both_languages() {
        let codes: BTreeSet<_> = CATALOGUE.iter().map(|scene| scene.code).collect();
        assert_eq!(codes.len(), CATALOGUE.len());
        for scene in CATALOGUE {
            assert_eq!(SceneCode::parse(scene.code).as_ref().and_then(find), Some(scene));
            for language in Language::ALL {
                assert!(language.find(&format!("scene.{}", scene.code)).is_some(), "{} {language:?}", scene.code);
            }
        }
        assert_eq!(find(&SceneCode::parse("SOMETHING_ELSE").unwrap()), None);
    }
}
