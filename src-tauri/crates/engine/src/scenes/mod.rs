//! What the engine looks for. Pure: pictures and their times in, findings out; no I/O, no clock of its own.
//!
//! `background` learns what a picture looks like when nothing happens and says which pixels differ, `blobs` makes boxes
//! of those, `tracks` follows the boxes from picture to picture; [`Movement`] runs the three once for all scenes.
//! [`Scene`] is one of `motion`, `tamper`, `line_crossing` and `region_intrusion` with what it remembers; `region` and
//! `line` are where it looks, `alarm` says when a state is an alarm.

mod alarm;
mod background;
mod blobs;
mod line;
mod line_crossing;
mod motion;
mod movement;
mod region;
mod region_intrusion;
mod tamper;
mod tracks;

#[cfg(test)]
mod stage;

pub use alarm::{AlarmEdge, AlarmTimes};
pub use background::{Background, BackgroundState};
pub use blobs::{Blob, BlobRules, blobs};
pub use line::{Direction, Line};
pub use line_crossing::LineCrossing;
pub use motion::Motion;
pub use movement::{Moment, Movement};
pub use region::Region;
pub use region_intrusion::RegionIntrusion;
pub use tamper::{Problem as TamperProblem, Tamper};
pub use tracks::{Track, Tracks};

use watchwall_engine_protocol::DetectedObject;

/// What one scene says about one picture.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Finding {
    /// An alarm begins, or is said again because it goes on.
    pub is_alarm: bool,
    /// 0 to 1.
    pub confidence: f32,
    pub objects: Vec<DetectedObject>,
    pub event_type: Option<&'static str>,
    pub event_desc: Option<String>,
    pub total_count: Option<u32>,
    pub label_counts: Vec<(&'static str, u32)>,
    pub problem_counts: Vec<(&'static str, u32)>,
    /// Names and numbers for whoever adjusts the scene.
    pub metrics: Vec<(&'static str, f64)>,
}

/// One thing to look for, with what it remembers.
#[derive(Debug)]
pub enum Scene {
    Motion(Motion),
    Tamper(Tamper),
    LineCrossing(LineCrossing),
    RegionIntrusion(RegionIntrusion),
}

/// What the engine can look for; the codes of the catalogue.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum SceneKind {
    Motion,
    Tamper,
    LineCrossing,
    RegionIntrusion,
}

impl SceneKind {
    pub const ALL: [Self; 4] = [Self::Motion, Self::Tamper, Self::LineCrossing, Self::RegionIntrusion];

    pub const fn code(self) -> &'static str {
        match self {
            Self::Motion => "MOTION",
            Self::Tamper => "TAMPER",
            Self::LineCrossing => "LINE_CROSSING",
            Self::RegionIntrusion => "REGION_INTRUSION",
        }
    }

    pub fn of(code: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.code() == code)
    }
}

impl Scene {
    pub fn look(&mut self, moment: &Moment<'_>) -> Finding {
        match self {
            Self::Motion(scene) => scene.look(moment),
            Self::Tamper(scene) => scene.look(moment),
            Self::LineCrossing(scene) => scene.look(moment),
            Self::RegionIntrusion(scene) => scene.look(moment),
        }
    }
}

/// What is drawn around tracks.
fn objects_of<'a>(tracks: impl IntoIterator<Item = &'a Track>) -> Vec<DetectedObject> {
    let object = |track: &Track| DetectedObject {
        label: "moving".into(),
        score: track.score,
        bbox: track.bbox,
        track_id: Some(track.id.to_string().into()),
    };
    tracks.into_iter().map(object).collect()
}
