//! What the engine looks for. Pure: pictures and their times in, findings out; no I/O, no clock of its own.
//!
//! `background` learns what a picture looks like when nothing happens and says which pixels differ, `blobs` makes boxes
//! of those, `tracks` follows the boxes from picture to picture; [`Movement`] runs the three once for all scenes. What a
//! model sees is followed by `tracks` as well; a [`Sight`] is what is there in one picture, whoever saw it. [`Scene`] is one
//! of `motion`, `tamper`, `line_crossing` and `staying` with what it remembers; `region` and `line` are where it looks,
//! `alarm` says when a state is an alarm, `skills` which scenes there are and what they are about.

mod alarm;
mod background;
mod blobs;
mod line;
mod line_crossing;
mod motion;
mod movement;
mod region;
mod sight;
mod skills;
mod staying;
mod tamper;
mod tracks;
mod watched;

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
pub use sight::Sight;
pub use skills::{SceneKind, Skills};
pub use staying::{StayRules, Staying};
pub use tamper::{Problem as TamperProblem, Tamper};
pub(crate) use tracks::overlap;
pub use tracks::{Sighting, Track, TrackRules, Tracks};
pub use watched::{Wanted, Watched};

use std::sync::Arc;
use watchwall_engine_protocol::DetectedObject;

/// What one scene says about one picture.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Finding {
    /// An alarm begins, or is said again because it goes on.
    pub is_alarm: bool,
    /// Something happened that is in this picture only.
    pub is_event: bool,
    /// 0 to 1.
    pub confidence: f32,
    pub objects: Vec<DetectedObject>,
    pub event_type: Option<&'static str>,
    pub event_desc: Option<String>,
    pub total_count: Option<u32>,
    pub label_counts: Vec<(Arc<str>, u32)>,
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
    Staying(Staying),
}

impl Scene {
    /// At what moves.
    pub fn look(&mut self, moment: &Moment<'_>) -> Finding {
        match self {
            Self::Motion(scene) => scene.look(moment),
            Self::Tamper(scene) => scene.look(moment),
            Self::LineCrossing(scene) => scene.look(moment.sight),
            Self::Staying(scene) => scene.look(moment.sight),
        }
    }

    /// At what a model saw; `None` for scenes that are about pixels.
    pub fn look_at_things(&mut self, sight: Sight<'_>) -> Option<Finding> {
        match self {
            Self::Motion(_) | Self::Tamper(_) => None,
            Self::LineCrossing(scene) => Some(scene.look(sight)),
            Self::Staying(scene) => Some(scene.look(sight)),
        }
    }
}

/// What is drawn around tracks.
fn objects_of<'a>(tracks: impl IntoIterator<Item = &'a Track>) -> Vec<DetectedObject> {
    let object = |track: &Track| DetectedObject {
        label: track.label.as_ref().into(),
        score: track.score,
        bbox: track.bbox,
        track_id: Some(track.id.to_string().into()),
    };
    tracks.into_iter().map(object).collect()
}

/// How many there are of each label.
fn counts_of(objects: &[DetectedObject]) -> Vec<(Arc<str>, u32)> {
    let mut counts: Vec<(Arc<str>, u32)> = Vec::new();
    for object in objects {
        match counts.iter_mut().find(|(label, _)| **label == *object.label) {
            Some((_, count)) => *count += 1,
            None => counts.push((object.label.as_ref().into(), 1)),
        }
    }
    counts
}
