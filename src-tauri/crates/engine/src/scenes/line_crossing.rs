//! LINE_CROSSING: something goes over a line.

use super::{Direction, Finding, Line, Sight, Watched, objects_of};
use std::collections::HashMap;
use watchwall_engine_protocol::DetectedObject;
use watchwall_model::Point;

/// Nearer to the line than this nobody is on either side yet; fractions of the frame.
const BESIDE: f32 = 0.008;
/// Crossings within this time are one alarm, which names all of them.
const TOGETHER_MS: i64 = 1_000;
/// In one alarm.
const MOST_TOGETHER: usize = 64;
/// What is not seen for so long is another one when it comes back.
const GONE_MS: i64 = 2_000;

#[derive(Debug)]
pub struct LineCrossing {
    watched: Watched,
    lines: Vec<Line>,
    /// Where each track was last clearly beside each line.
    beside: HashMap<(u64, usize), (i64, Point)>,
    /// Crossed, and not told yet.
    crossed: Vec<DetectedObject>,
    told_ms: Option<i64>,
    over: u32,
    back: u32,
}

impl LineCrossing {
    /// What crosses from left to right is an alarm; the other direction is only counted.
    pub fn new(watched: Watched, lines: Vec<Line>) -> Self {
        Self { watched, lines, beside: HashMap::new(), crossed: Vec::new(), told_ms: None, over: 0, back: 0 }
    }

    pub fn look(&mut self, sight: Sight<'_>) -> Finding {
        let now = sight.at_ms;
        let gone_ms = sight.at_least(GONE_MS);
        self.beside.retain(|_, (seen_ms, _)| (0..=gone_ms).contains(&(now - *seen_ms)));
        let (mut over, mut back) = (0, 0);
        let present: Vec<_> = self.watched.present(sight).collect();
        for track in &present {
            let foot = track.bbox.foot();
            for (number, line) in self.lines.iter().enumerate() {
                let Some((seen_ms, from)) = self.beside.get_mut(&(track.id, number)) else {
                    if line.distance(foot) >= BESIDE {
                        self.beside.insert((track.id, number), (now, foot));
                    }
                    continue;
                };
                *seen_ms = now;
                if line.distance(foot) < BESIDE {
                    continue;
                }
                match line.crossed(*from, foot) {
                    Some(Direction::LeftToRight) => {
                        over += 1;
                        if self.crossed.len() < MOST_TOGETHER {
                            self.crossed.extend(objects_of([*track]));
                        }
                    }
                    Some(Direction::RightToLeft) => back += 1,
                    None => {}
                }
                *from = foot;
            }
        }
        (self.over, self.back) = (self.over.saturating_add(over), self.back.saturating_add(back));
        let is_together = self.told_ms.is_some_and(|told| (0..TOGETHER_MS).contains(&(now - told)));
        let is_alarm = !self.crossed.is_empty() && !is_together;
        if is_alarm {
            self.told_ms = Some(now);
        }
        let objects = if is_alarm { std::mem::take(&mut self.crossed) } else { objects_of(present) };
        let counts = [("left_to_right", over), ("right_to_left", back)];
        let counts = counts.into_iter().filter(|(_, count)| *count > 0);
        Finding {
            is_alarm,
            is_event: over + back > 0,
            confidence: objects.iter().map(|object| object.score).fold(0.0, f32::max),
            total_count: Some(over),
            event_type: (is_alarm || over + back > 0).then_some("crossing"),
            event_desc: is_alarm.then(|| format!("{} so far, {} the other way", self.over, self.back)),
            label_counts: counts.map(|(direction, count)| (direction.into(), count)).collect(),
            problem_counts: Vec::new(),
            metrics: vec![("left_to_right", f64::from(self.over)), ("right_to_left", f64::from(self.back))],
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

    /// A line upwards in the middle, below the middle: its left is the left of the picture.
    fn scene() -> LineCrossing {
        let line = Line::new(vec![Point { x: 0.5, y: 1.0 }, Point { x: 0.5, y: 0.5 }]).unwrap();
        LineCrossing::new(Watched { confidence: 0.6, ..Watched::default() }, vec![line])
    }

    /// Where something is, by second; how often it crosses and comes back, and how many alarms that makes.
    fn check(seconds: i32, at: impl Fn(f64) -> Vec<[f64; 4]>, expect: (u32, u32, u32)) {
        let (mut scene, mut stage, mut movement) = (scene(), Stage::new(), Movement::default());
        let (mut alarms, mut named) = (0, 0);
        for n in 0..15 * seconds {
            stage.put_all(&at(f64::from(n) / 15.0));
            let (luma, at_ms) = stage.next();
            let finding = scene.look(movement.look(&luma, at_ms).sight);
            if finding.is_alarm {
                alarms += 1;
                named += finding.objects.len() as u32;
            }
        }
        assert_eq!((scene.over, scene.back, alarms), expect);
        assert_eq!(named, scene.over, "every crossing is named in an alarm");
    }

    fn person(x: f64, foot: f64) -> Vec<[f64; 4]> {
        vec![[x - 0.03, foot - 0.2, 0.06, 0.2]]
    }

    #[test]
    fn crossings_are_counted_by_direction() {
        let across = |second: f64| if second < 4.0 { vec![] } else { person((second - 4.0) * 0.2, 0.8) };
        check(9, across, (1, 0, 1));
        let back = |second: f64| if second < 4.0 { vec![] } else { person(1.0 - (second - 4.0) * 0.2, 0.8) };
        check(9, back, (0, 1, 0));
        // Above the end of the line.
        let beside = |second: f64| if second < 4.0 { vec![] } else { person((second - 4.0) * 0.2, 0.4) };
        check(9, beside, (0, 0, 0));
        let there_and_back =
            |second: f64| if second < 4.0 { vec![] } else { person(0.5 - 0.3 * ((second - 4.0) * 0.8).cos(), 0.8) };
        check(17, there_and_back, (2, 1, 2));
    }

    #[test]
    fn who_sways_on_the_line_does_not_cross_it() {
        let sway = |second: f64| match second {
            ..4.0 => vec![],
            4.0..6.0 => person(0.2 + (second - 4.0) * 0.148, 0.8),
            _ => person(0.496 + 0.006 * (second * 9.0).sin(), 0.8),
        };
        check(15, sway, (0, 0, 0));
    }

    #[test]
    fn two_at_once_are_one_alarm_that_names_both_or_two() {
        let both = |second: f64| {
            let walk = |foot: f64, ahead: f64| person((second - 4.0) * 0.2 + ahead, foot).remove(0);
            if second < 4.0 { vec![] } else { vec![walk(0.7, 0.02), walk(1.0, 0.0)] }
        };
        check(9, both, (2, 0, 2));
    }
}
