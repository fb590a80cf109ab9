//! What a stream turned out to be, from its parameters and what came so far.

use crate::{StreamParams, hub::HubStatistics};
use watchwall_model::StreamFacts;

/// Facts worth storing. Measured figures are rounded, and kept while they change little, so that watching a steady
/// stream does not look like news every second.
pub fn facts(params: &StreamParams, statistics: &HubStatistics, before: Option<&StreamFacts>) -> StreamFacts {
    let video = params.video.as_ref();
    let announced = video.map_or(0.0, |v| v.frame_rate);
    let measured = (measured_rate(statistics) * 2.0).round() / 2.0;
    let frame_rate = if announced > 0.0 { announced } else { steady(before.map(|f| f.frame_rate), measured) };
    let gop_ms = (statistics.gop_ms > 0).then(|| (statistics.gop_ms + 50) / 100 * 100).filter(|ms| *ms > 0);
    let gop_before = before.and_then(|f| f.gop_ms);
    StreamFacts {
        video: video.map(|v| v.codec.clone()),
        video_codec_string: video.map(|v| v.codec_string.clone()),
        width: video.map_or(0, |v| v.width),
        height: video.map_or(0, |v| v.height),
        frame_rate,
        gop_ms: match (gop_before, gop_ms) {
            (Some(old), Some(new)) => Some(steady(Some(old as f32), new as f32) as u32),
            (old, new) => new.or(old),
        },
        has_b_frames: video.is_some_and(|v| v.max_reorder_frames > 0),
        audio: params.audio.as_ref().map(|a| a.codec.clone()),
        audio_sample_rate: params.audio.as_ref().map(|a| a.sample_rate),
    }
}

/// Over the last seconds; of a stream just begun, over its first GOP.
fn measured_rate(statistics: &HubStatistics) -> f32 {
    if statistics.frame_rate > 0.0 || statistics.gop_ms == 0 {
        return statistics.frame_rate;
    }
    statistics.gop_units as f32 * 1_000.0 / statistics.gop_ms as f32
}

/// The old value unless the new one differs by more than a fifth.
fn steady(old: Option<f32>, new: f32) -> f32 {
    match old {
        Some(old) if old > 0.0 && (new <= 0.0 || (new - old).abs() <= old / 5.0) => old,
        _ => new,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_stream_just_begun_has_the_rate_of_its_first_gop() {
        let first = HubStatistics { gop_units: 25, gop_ms: 1_000, ..HubStatistics::default() };
        assert_eq!(measured_rate(&first), 25.0);
        assert_eq!(measured_rate(&HubStatistics { frame_rate: 12.0, ..first }), 12.0);
        assert_eq!(measured_rate(&HubStatistics::default()), 0.0);
    }

    #[test]
    fn measured_figures_change_only_when_they_really_do() {
        let check = |old, new, expect| assert_eq!(steady(old, new), expect);
        check(None, 25.0, 25.0);
        check(Some(25.0), 24.5, 25.0);
        check(Some(25.0), 12.5, 12.5);
        check(Some(25.0), 0.0, 25.0);
        check(Some(0.0), 5.0, 5.0);
    }
}
