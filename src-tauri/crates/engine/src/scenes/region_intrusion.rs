//! REGION_INTRUSION: somebody stands in the region for a while.

use super::{AlarmEdge, AlarmTimes, Finding, Moment, Region, objects_of};
use std::collections::HashMap;

/// One step out of the region is none.
const STEP_OUT_MS: i64 = 500;

#[derive(Debug)]
pub struct RegionIntrusion {
    region: Region,
    confidence: f32,
    dwell_ms: i64,
    edge: AlarmEdge,
    inside: HashMap<u64, Stay>,
}

#[derive(Clone, Copy, Debug)]
struct Stay {
    since_ms: i64,
    seen_ms: i64,
    is_told: bool,
}

impl RegionIntrusion {
    /// `dwell_ms`: who goes through faster is none.
    pub fn new(region: Region, confidence: f32, dwell_ms: i64, times: AlarmTimes) -> Self {
        Self { region, confidence, dwell_ms, edge: AlarmEdge::new(times), inside: HashMap::new() }
    }

    pub fn look(&mut self, moment: &Moment<'_>) -> Finding {
        let now = moment.at_ms;
        // Tracks are bounded, and so is what is remembered of them.
        self.inside.retain(|_, stay| (0..=STEP_OUT_MS).contains(&(now - stay.seen_ms)));
        let present = moment.present(self.confidence);
        let mut intruders = Vec::new();
        let (mut is_new, mut longest_ms) = (false, 0);
        for track in present.filter(|track| self.region.contains(track.bbox.foot())) {
            let stay = self.inside.entry(track.id).or_insert(Stay { since_ms: now, seen_ms: now, is_told: false });
            stay.seen_ms = now;
            let stayed_ms = now - stay.since_ms;
            if stayed_ms >= self.dwell_ms {
                is_new |= !std::mem::replace(&mut stay.is_told, true);
                longest_ms = longest_ms.max(stayed_ms);
                intruders.push(track);
            }
        }
        let is_active = !intruders.is_empty();
        let objects = objects_of(intruders);
        let count = u32::try_from(objects.len()).unwrap_or(u32::MAX);
        Finding {
            is_alarm: self.edge.on(is_active, is_new, now),
            confidence: objects.iter().map(|object| object.score).fold(0.0, f32::max),
            total_count: Some(count),
            event_type: is_active.then_some("intrusion"),
            event_desc: is_active.then(|| format!("{count} inside, for up to {:.1} s", longest_ms as f64 / 1e3)),
            label_counts: if is_active { vec![("moving", count)] } else { Vec::new() },
            problem_counts: Vec::new(),
            metrics: vec![("dwell_ms", longest_ms as f64)],
            objects,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{
        super::{Movement, stage::Stage},
        *,
    };
    use watchwall_model::Point;

    /// The right half of the lower half.
    const REGION: [[f32; 2]; 4] = [[0.5, 0.5], [1.0, 0.5], [1.0, 1.0], [0.5, 1.0]];

    /// Seconds of the alarms; `at` says where things are, by second.
    fn alarms(seconds: i32, at: impl Fn(f64) -> Vec<[f64; 4]>) -> Vec<f64> {
        let region = Region::new(REGION.iter().map(|point| Point::from(*point)).collect());
        let mut scene = RegionIntrusion::new(region, 0.6, 1_000, AlarmTimes::default());
        let (mut stage, mut movement) = (Stage::new(), Movement::default());
        let mut alarms = Vec::new();
        for n in 0..15 * seconds {
            let second = f64::from(n) / 15.0;
            stage.put_all(&at(second));
            let (luma, at_ms) = stage.next();
            let finding = scene.look(&movement.look(&luma, at_ms));
            if finding.is_alarm {
                let feet = finding.objects.iter().map(|object| object.bbox.foot());
                assert!(feet.clone().count() > 0 && feet.clone().all(|foot| scene.region.contains(foot)));
                alarms.push(second);
            }
        }
        alarms
    }

    #[track_caller]
    fn check(found: &[f64], expect: &[f64]) {
        let near = found.iter().zip(expect).all(|(a, b)| (a - b).abs() < 0.35);
        assert!(found.len() == expect.len() && near, "{found:?}, expected {expect:?}");
    }

    /// A person of this size whose feet are there.
    fn person(x: f64, foot: f64) -> [f64; 4] {
        [x - 0.03, foot - 0.2, 0.06, 0.2]
    }

    #[test]
    fn who_stays_is_told_when_it_is_long_enough_and_again() {
        // In the region from 6.5 s on; stays at 0.75.
        let walk = |second: f64| vec![person((second - 4.0).clamp(0.0, 3.75) * 0.2, 0.8)];
        let walk_after_4 = |second: f64| if second < 4.0 { vec![] } else { walk(second) };
        check(&alarms(18, walk_after_4), &[7.5, 12.5, 17.5]);
    }

    #[test]
    fn who_passes_by_or_hurries_through_is_not() {
        let above = |second: f64| if second < 4.0 { vec![] } else { vec![person((second - 4.0) * 0.2, 0.45)] };
        check(&alarms(10, above), &[]);
        let fast = |second: f64| if second < 4.0 { vec![] } else { vec![person((second - 4.0) * 0.65, 0.8)] };
        check(&alarms(8, fast), &[]);
    }

    #[test]
    fn another_one_is_told_at_once() {
        let both = |second: f64| {
            let walk =
                |begins: f64, foot: f64| (second > begins).then(|| person((second - begins).min(3.75) * 0.2, foot));
            [walk(4.0, 0.75), walk(6.0, 1.0)].into_iter().flatten().collect()
        };
        check(&alarms(11, both), &[7.5, 9.5]);
    }

    #[test]
    fn what_was_carried_away_leaves_no_intruder() {
        // There from the beginning, then gone: what is left is a hole in the learned ground.
        let taken = |second: f64| if second < 4.0 { vec![person(0.75, 0.8)] } else { vec![] };
        check(&alarms(15, taken), &[]);
    }
}
