//! What a `START_PREVIEW` asks for, as far as it can be done here. Pure.

use watchwall_engine_protocol::{Preview, StreamAddress};
use watchwall_media::pixels::DrawnSpec;
use watchwall_model::TaskId;

/// One preview.
#[derive(Clone, Debug, PartialEq)]
pub struct PreviewPlan {
    pub task: TaskId,
    pub address: StreamAddress,
    pub spec: DrawnSpec,
    /// Without: the bare picture.
    pub draw: bool,
}

const KEY_EVERY_S: u32 = 2;
const USUAL_KBPS: u32 = 3_000;

impl PreviewPlan {
    /// `None` when it is not said where to.
    pub fn of(preview: &Preview) -> Option<Self> {
        let spec = DrawnSpec {
            max_width: preview.width.clamp(160, 3_840),
            max_height: preview.height.clamp(90, 2_160),
            max_fps: preview.fps.clamp(1, 30),
            bitrate_kbps: kbps(&preview.bitrate).unwrap_or(USUAL_KBPS).clamp(64, 20_000),
            key_every_s: KEY_EVERY_S,
        };
        Some(Self { task: preview.task_id, address: preview.url.clone()?, spec, draw: preview.draw })
    }
}

/// From `3000k`, `3M` or bits a second.
fn kbps(text: &str) -> Option<u32> {
    let text = text.trim();
    let (number, kilobits) = match text.chars().last()? {
        'k' | 'K' => (&text[..text.len() - 1], 1.0),
        'm' | 'M' => (&text[..text.len() - 1], 1_000.0),
        _ => (text, 0.001),
    };
    let number: f64 = number.trim().parse().ok()?;
    (number > 0.0).then(|| (number * kilobits).min(f64::from(u32::MAX)) as u32)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rates_are_read_as_people_write_them() {
        let check = |text: &str, expect| assert_eq!(kbps(text), expect, "{text}");
        check("3000k", Some(3_000));
        check("2.5M", Some(2_500));
        check("800000", Some(800));
        check(" 64 k ", Some(64));
        check("-1k", None);
        check("fast", None);
        check("", None);
        check("k", None);
        check("nank", None);
    }

    #[test]
    fn numbers_are_bounded_and_a_place_is_needed() {
        let wish = Preview { fps: 900, width: 9, height: 99_999, bitrate: "9G".into(), ..Preview::of(TaskId(7)) };
        assert_eq!(PreviewPlan::of(&wish), None);
        let plan = PreviewPlan::of(&Preview { url: Some(StreamAddress::new("rtsp://a/b")), ..wish }).unwrap();
        let spec = DrawnSpec { max_width: 160, max_height: 2_160, max_fps: 30, bitrate_kbps: 3_000, key_every_s: 2 };
        assert_eq!((plan.spec, plan.draw), (spec, true));
    }
}
