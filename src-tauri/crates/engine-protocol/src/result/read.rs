//! From text to a result that can be stored and drawn as it is.

use super::{AiResult, Counts, DetectedObject, Repairs, SceneResult, Snapshot};
use crate::{
    BBox, FrameSize, Refusal,
    bounded::{List, Pairs, Text, words},
    lenient::{Flag, Whole},
};
use serde::{Deserialize, de::IgnoredAny};
use std::{
    borrow::Cow,
    ops::{Range, RangeInclusive},
};
use watchwall_model::{CameraId, SceneCode, TaskId, UtcMillis};

pub const TYPE: &str = "AI_RESULT";

/// A larger number in a box is a pixel. Boxes in fractions may reach a little over the edge.
pub(super) const MOST_FRACTION: f32 = 1.5;
/// A share that is more than 1 is percent.
pub(super) const MOST_PERCENT: f64 = 100.0;
/// Pixels.
pub(super) const FRAME_SIDES: RangeInclusive<u32> = 1..=32_768;
/// The years 2000 and 2100: what lies outside is in seconds, in microseconds or made up.
pub const TIMES: Range<i64> = 946_684_800_000..4_102_444_800_000;

#[derive(Deserialize)]
struct Message<'a> {
    task_id: Whole,
    camera_id: Whole,
    ts: Whole,
    #[serde(default)]
    frame_width: Option<Whole>,
    #[serde(default)]
    frame_height: Option<Whole>,
    #[serde(borrow, default)]
    snapshot: Option<Text<'a>>,
    #[serde(borrow, default)]
    snapshot_path: Option<Text<'a>>,
    #[serde(borrow, default)]
    results: Option<List<Scene<'a>, { AiResult::MOST_SCENES }>>,
    // Of the only scene, when there is no list. Not flattened: that would copy each message twice.
    #[serde(borrow, default)]
    scene_code: Option<Text<'a>>,
    #[serde(default)]
    alarm_event: Flag,
    #[serde(default)]
    confidence: Option<f64>,
    #[serde(borrow, default)]
    objects: Option<List<Object<'a>, { AiResult::MOST_OBJECTS }>>,
    #[serde(borrow, default)]
    event_type: Option<Text<'a>>,
    #[serde(borrow, default)]
    event_desc: Option<Text<'a>>,
    #[serde(default)]
    total_count: Option<Whole>,
    #[serde(borrow, default)]
    label_counts: Option<Pairs<'a, Whole, { Counts::MOST }>>,
    #[serde(borrow, default)]
    problem_counts: Option<Pairs<'a, Whole, { Counts::MOST }>>,
    #[serde(borrow, default)]
    metrics: Option<&'a serde_json::value::RawValue>,
}

#[derive(Deserialize)]
struct Scene<'a> {
    #[serde(borrow)]
    scene_code: Text<'a>,
    #[serde(default)]
    alarm_event: Flag,
    #[serde(default)]
    confidence: Option<f64>,
    #[serde(borrow, default)]
    objects: Option<List<Object<'a>, { AiResult::MOST_OBJECTS }>>,
    #[serde(borrow, default)]
    event_type: Option<Text<'a>>,
    #[serde(borrow, default)]
    event_desc: Option<Text<'a>>,
    #[serde(default)]
    total_count: Option<Whole>,
    #[serde(borrow, default)]
    label_counts: Option<Pairs<'a, Whole, { Counts::MOST }>>,
    #[serde(borrow, default)]
    problem_counts: Option<Pairs<'a, Whole, { Counts::MOST }>>,
    #[serde(borrow, default)]
    metrics: Option<&'a serde_json::value::RawValue>,
}

#[derive(Deserialize)]
struct Object<'a> {
    #[serde(borrow)]
    label: Text<'a>,
    score: f64,
    bbox: [f32; 4],
    #[serde(borrow, default)]
    track_id: Option<Track<'a>>,
}

/// A number or a text.
#[derive(Deserialize)]
#[serde(untagged)]
enum Track<'a> {
    Number(i64),
    #[serde(borrow)]
    Text(Cow<'a, str>),
    Other(IgnoredAny),
}

/// # Errors
/// [`Refusal::Field`] when something needed is missing or cannot be what it says.
pub fn read(text: &str) -> Result<AiResult, Refusal> {
    let refused = |detail: &str| Refusal::Field { of: TYPE.into(), detail: detail.into() };
    let message: Message<'_> = serde_json::from_str(text).map_err(|error| refused(&error.to_string()))?;
    if !TIMES.contains(&message.ts.0) {
        return Err(refused("ts is in UTC milliseconds, between the years 2000 and 2100"));
    }
    let frame = match (message.frame_width, message.frame_height) {
        (Some(width), Some(height)) => {
            Some(frame_of(width, height).ok_or_else(|| refused("frame_width and frame_height are 1 to 32768"))?)
        }
        _ => None,
    };
    let mut repairs = Repairs::default();
    let snapshot = match (message.snapshot, message.snapshot_path) {
        (Some(Text(base64)), _) if !base64.is_empty() => {
            let snapshot = Snapshot::from_base64(&base64);
            repairs.snapshot = snapshot.is_none();
            snapshot
        }
        (_, Some(Text(path))) if !path.is_empty() => Some(Snapshot::Path(words(&path, AiResult::MOST_TEXT_CHARS))),
        _ => None,
    };
    let scenes = match (message.results, message.scene_code) {
        (Some(results), _) => results.0,
        (None, Some(scene_code)) => vec![Scene {
            scene_code,
            alarm_event: message.alarm_event,
            confidence: message.confidence,
            objects: message.objects,
            event_type: message.event_type,
            event_desc: message.event_desc,
            total_count: message.total_count,
            label_counts: message.label_counts,
            problem_counts: message.problem_counts,
            metrics: message.metrics,
        }],
        (None, None) => return Err(refused("scene_code or results is needed")),
    };
    if scenes.is_empty() {
        return Err(refused("results is empty"));
    }
    let mut read: Vec<SceneResult> = Vec::with_capacity(scenes.len());
    for scene in scenes {
        let scene = scene_of(scene, frame, &mut repairs).map_err(refused)?;
        if read.iter().any(|earlier| earlier.scene == scene.scene) {
            return Err(refused("results names a scene twice"));
        }
        read.push(scene);
    }
    Ok(AiResult {
        task: TaskId(message.task_id.0),
        camera: CameraId(message.camera_id.0),
        at: UtcMillis(message.ts.0),
        frame,
        snapshot,
        scenes: read,
        repairs,
    })
}

fn frame_of(width: Whole, height: Whole) -> Option<FrameSize> {
    let side = |n: Whole| u32::try_from(n.0).ok().filter(|n| FRAME_SIDES.contains(n));
    Some(FrameSize { width: side(width)?, height: side(height)? })
}

fn scene_of(raw: Scene<'_>, frame: Option<FrameSize>, repairs: &mut Repairs) -> Result<SceneResult, &'static str> {
    let scene = SceneCode::parse(&raw.scene_code.0).ok_or("scene_code is 1 to 64 letters, digits, '_', '-' or '.'")?;
    let raw_objects = raw.objects.map(|list| list.0).unwrap_or_default();
    let is_pixels = raw_objects.iter().flat_map(|object| object.bbox).any(|n| n > MOST_FRACTION);
    let scale = match (is_pixels, frame) {
        (false, _) => [1.0, 1.0],
        (true, Some(frame)) => [frame.width as f32, frame.height as f32],
        (true, None) => return Err("bbox is in pixels, and frame_width and frame_height are missing"),
    };
    repairs.pixels |= is_pixels;
    let mut objects = Vec::with_capacity(raw_objects.len());
    for object in raw_objects {
        let score = share(object.score, repairs).ok_or("score is 0 to 1")?;
        let [x, y, width, height] = object.bbox;
        match BBox::inside([x / scale[0], y / scale[1], width / scale[0], height / scale[1]]) {
            Some(bbox) => objects.push(DetectedObject {
                label: words(&object.label.0, AiResult::MOST_LABEL_CHARS).into(),
                score,
                bbox,
                track_id: object.track_id.and_then(track_of),
            }),
            None => repairs.outside += 1,
        }
    }
    // The best of what was found, when the node gives none for the whole.
    let best = objects.iter().map(|object| object.score).fold(0.0, f32::max);
    let confidence = match raw.confidence {
        Some(confidence) => share(confidence, repairs).ok_or("confidence is 0 to 1")?,
        None => best,
    };
    let sentence = |text: Option<Text<'_>>| {
        text.map(|text| words(&text.0, AiResult::MOST_TEXT_CHARS)).filter(|text| !text.is_empty())
    };
    let metrics = raw.metrics.map(|metrics| metrics.get()).filter(|metrics| metrics.starts_with('{'));
    if metrics.is_some_and(|metrics| metrics.len() > AiResult::MOST_METRICS_BYTES) {
        return Err("metrics is at most 4096 bytes");
    }
    Ok(SceneResult {
        scene,
        is_alarm: raw.alarm_event.0,
        confidence,
        objects,
        event_type: sentence(raw.event_type),
        event_desc: sentence(raw.event_desc),
        total_count: raw.total_count.map(|n| count(n.0)),
        label_counts: counts_of(raw.label_counts),
        problem_counts: counts_of(raw.problem_counts),
        metrics: metrics.map(ToOwned::to_owned),
    })
}

/// 0 to 1, from that or from percent.
fn share(n: f64, repairs: &mut Repairs) -> Option<f32> {
    if !(0.0..=MOST_PERCENT).contains(&n) {
        return None;
    }
    if n <= 1.0 {
        return Some(n as f32);
    }
    repairs.percent = true;
    Some((n / MOST_PERCENT) as f32)
}

fn track_of(track: Track<'_>) -> Option<Box<str>> {
    match track {
        Track::Number(n) => Some(n.to_string().into()),
        Track::Text(text) => Some(words(&text, AiResult::MOST_LABEL_CHARS).into()),
        Track::Other(IgnoredAny) => None,
    }
}

fn count(n: i64) -> u32 {
    u32::try_from(n.max(0)).unwrap_or(u32::MAX)
}

fn counts_of(pairs: Option<Pairs<'_, Whole, { Counts::MOST }>>) -> Counts {
    let pairs = pairs.map(|pairs| pairs.0).unwrap_or_default();
    Counts(pairs.into_iter().map(|(key, n)| (words(&key, AiResult::MOST_LABEL_CHARS), count(n.0))).collect())
}

#[cfg(test)]
#[path = "read_tests.rs"]
mod tests;
