//! Somebody or something stays in the region for a while: an intruder, a loiterer, a parked car, a head without a
//! helmet.

use super::{AlarmEdge, AlarmTimes, Finding, Sight, Watched, counts_of, objects_of};
use std::collections::HashMap;

/// One step out of the region is none.
const STEP_OUT_MS: i64 = 500;

/// What such a scene is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct StayRules {
    /// Who goes through faster is none.
    pub dwell_ms: i64,
    /// What it is called.
    pub event: &'static str,
    /// Counted as a problem too, where the thing is one by itself.
    pub problem: Option<&'static str>,
    pub times: AlarmTimes,
}

#[derive(Debug)]
pub struct Staying {
    watched: Watched,
    rules: StayRules,
    edge: AlarmEdge,
    inside: HashMap<u64, Stay>,
}

#[derive(Clone, Copy, Debug)]
struct Stay {
    since_ms: i64,
    seen_ms: i64,
    is_told: bool,
}

impl Staying {
    pub fn new(watched: Watched, rules: StayRules) -> Self {
        Self { watched, rules, edge: AlarmEdge::new(rules.times), inside: HashMap::new() }
    }

    pub fn look(&mut self, sight: Sight<'_>) -> Finding {
        let now = sight.at_ms;
        // Tracks are bounded, and so is what is remembered of them.
        let step_out_ms = sight.at_least(STEP_OUT_MS);
        self.inside.retain(|_, stay| (0..=step_out_ms).contains(&(now - stay.seen_ms)));
        let mut staying = Vec::new();
        let (mut is_new, mut longest_ms) = (false, 0);
        for track in self.watched.present(sight) {
            let stay = self.inside.entry(track.id).or_insert(Stay { since_ms: now, seen_ms: now, is_told: false });
            stay.seen_ms = now;
            let stayed_ms = now - stay.since_ms;
            if stayed_ms >= self.rules.dwell_ms {
                is_new |= !std::mem::replace(&mut stay.is_told, true);
                longest_ms = longest_ms.max(stayed_ms);
                staying.push(track);
            }
        }
        let is_active = !staying.is_empty();
        let objects = objects_of(staying);
        let count = u32::try_from(objects.len()).unwrap_or(u32::MAX);
        Finding {
            is_alarm: self.edge.on(is_active, is_new, now),
            confidence: objects.iter().map(|object| object.score).fold(0.0, f32::max),
            total_count: Some(count),
            event_type: is_active.then_some(self.rules.event),
            event_desc: is_active.then(|| format!("{count} inside, for up to {:.1} s", longest_ms as f64 / 1e3)),
            label_counts: counts_of(&objects),
            problem_counts: self
                .rules
                .problem
                .filter(|_| is_active)
                .map(|problem| (problem, count))
                .into_iter()
                .collect(),
            metrics: vec![("dwell_ms", longest_ms as f64)],
            objects,
            ..Finding::default()
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{
        super::{Movement, Region, Sighting, TrackRules, Tracks, Wanted, stage::Stage},
        *,
    };
    use watchwall_engine_protocol::BBox;
    use watchwall_model::Point;

    const INTRUSION: StayRules = StayRules {
        dwell_ms: 1_000,
        event: "intrusion",
        problem: None,
        times: AlarmTimes { repeat_ms: 5_000, quiet_ms: 2_000 },
    };

    /// The right half of the lower half.
    const REGION: [[f32; 2]; 4] = [[0.5, 0.5], [1.0, 0.5], [1.0, 1.0], [0.5, 1.0]];

    /// Seconds of the alarms; `at` says where things are, by second.
    fn alarms(seconds: i32, at: impl Fn(f64) -> Vec<[f64; 4]>) -> Vec<f64> {
        let region = Region::new(REGION.iter().map(|point| Point::from(*point)).collect());
        let mut scene = Staying::new(Watched { region, confidence: 0.6, wanted: Wanted::default() }, INTRUSION);
        let (mut stage, mut movement) = (Stage::new(), Movement::default());
        let mut alarms = Vec::new();
        for n in 0..15 * seconds {
            let second = f64::from(n) / 15.0;
            stage.put_all(&at(second));
            let (luma, at_ms) = stage.next();
            let finding = scene.look(movement.look(&luma, at_ms).sight);
            if finding.is_alarm {
                let feet = finding.objects.iter().map(|object| object.bbox.foot());
                assert!(feet.clone().count() > 0 && feet.clone().all(|foot| scene.watched.region.contains(foot)));
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

    #[test]
    fn only_what_it_is_about_counts_and_what_is_a_problem_is_said_to_be_one() {
        let rules = StayRules { dwell_ms: 500, event: "no_helmet", problem: Some("no_helmet"), ..INTRUSION };
        let wanted = Wanted::of(["head"]);
        let mut scene = Staying::new(Watched { region: Region::default(), confidence: 0.5, wanted }, rules);
        let mut tracks = Tracks::new(TrackRules { lost_ms: 3_000, sure_hits: 2, longest_gap_ms: 5_000 });
        let thing = |label: &str, x: f32, score: f32| Sighting {
            bbox: BBox { x, y: 0.5, width: 0.1, height: 0.2 },
            score,
            label: label.into(),
        };
        let mut findings = Vec::new();
        for n in 0..6 {
            tracks.look(&[thing("head", 0.1, 0.8), thing("helmet", 0.5, 0.9), thing("head", 0.8, 0.3)], n * 250);
            findings.push(scene.look(Sight { at_ms: n * 250, tracks: &tracks, least_travel: 0.0 }));
        }
        let alarms: Vec<bool> = findings.iter().map(|finding| finding.is_alarm).collect();
        assert_eq!(alarms, [false, false, false, true, false, false]);
        let alarm = &findings[3];
        assert_eq!((alarm.objects.len(), &*alarm.objects[0].label), (1, "head"));
        assert_eq!((alarm.problem_counts.as_slice(), alarm.event_type), (&[("no_helmet", 1)][..], Some("no_helmet")));
        assert_eq!(alarm.label_counts, [("head".into(), 1)]);
    }
}
