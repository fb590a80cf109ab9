//! MOTION: something moves in the region.

use super::{AlarmEdge, AlarmTimes, Finding, Moment, Region, Track, counts_of, objects_of};

/// A smaller part of the region is not worth an alarm.
const LEAST_SHARE: f32 = 0.001;

#[derive(Debug)]
pub struct Motion {
    region: Region,
    confidence: f32,
    edge: AlarmEdge,
    /// The region's pixels, for pictures of this size.
    mask: Option<((usize, usize), Vec<bool>, usize)>,
}

impl Motion {
    pub const fn new(region: Region, confidence: f32, times: AlarmTimes) -> Self {
        Self { region, confidence, edge: AlarmEdge::new(times), mask: None }
    }

    pub fn look(&mut self, moment: &Moment<'_>) -> Finding {
        let size = (moment.luma.width, moment.luma.height);
        if self.mask.as_ref().is_none_or(|(of, ..)| *of != size) {
            let mask = self.region.mask(size.0, size.1);
            let pixels = mask.iter().filter(|inside| **inside).count();
            self.mask = Some((size, mask, pixels));
        }
        let Some((_, region, pixels)) = &self.mask else { return Finding::default() };
        // What only stands there was an alarm when it came.
        let moving: Vec<(&Track, usize)> = moment
            .sight
            .present(self.confidence)
            .filter(|track| track.is_moving())
            .map(|track| (track, differing(moment, region, track)))
            .filter(|(_, pixels)| *pixels > 0)
            .collect();
        let differing: usize = moving.iter().map(|(_, pixels)| pixels).sum();
        let share = differing as f32 / (*pixels).max(1) as f32;
        let is_active = share >= LEAST_SHARE;
        let objects = if is_active { objects_of(moving.iter().map(|(track, _)| *track)) } else { Vec::new() };
        let count = u32::try_from(objects.len()).unwrap_or(u32::MAX);
        Finding {
            is_alarm: self.edge.on(is_active, false, moment.sight.at_ms),
            confidence: objects.iter().map(|object| object.score).fold(0.0, f32::max),
            total_count: Some(count),
            event_type: is_active.then_some("motion"),
            event_desc: is_active.then(|| format!("{:.1} % of the region moves", share * 100.0)),
            label_counts: counts_of(&objects),
            metrics: vec![("share", f64::from(share))],
            objects,
            ..Finding::default()
        }
    }
}

/// Pixels of a track that differ and lie in the region.
fn differing(moment: &Moment<'_>, region: &[bool], track: &Track) -> usize {
    let (width, height) = (moment.luma.width, moment.luma.height);
    let pixel = |share: f32, of: usize| ((share * of as f32).round().max(0.0) as usize).min(of);
    let (left, right) = (pixel(track.bbox.x, width), pixel(track.bbox.x + track.bbox.width, width));
    let (top, bottom) = (pixel(track.bbox.y, height), pixel(track.bbox.y + track.bbox.height, height));
    let row = |y: usize| y * width + left..y * width + right;
    (top..bottom)
        .map(|y| {
            moment.mask[row(y)].iter().zip(&region[row(y)]).filter(|(differs, inside)| **differs && **inside).count()
        })
        .sum()
}

#[cfg(test)]
mod tests {
    use super::{
        super::{Movement, stage::Stage},
        *,
    };
    use watchwall_model::Point;

    /// Alarms, by second, while something goes from left to right at this height within so many seconds.
    fn check(region: &[[f32; 2]], top: f64, size: f64, expect: &[i64]) {
        let region = Region::new(region.iter().map(|point| Point::from(*point)).collect());
        let mut scene = Motion::new(region, 0.6, AlarmTimes::default());
        let (mut stage, mut movement) = (Stage::new(), Movement::default());
        let start = stage.now_ms();
        let mut alarms = Vec::new();
        for n in 0..15 * 14 {
            let x = (f64::from(n) / 15.0 - 4.0) / 10.0;
            if x > 0.0 {
                stage.put([x, top, size, size * 2.0]);
            }
            let (luma, at_ms) = stage.next();
            let finding = scene.look(&movement.look(&luma, at_ms));
            if finding.is_alarm {
                alarms.push((at_ms - start) / 1_000);
                assert!(finding.confidence >= 0.6 && !finding.objects.is_empty(), "{finding:?}");
            }
        }
        assert_eq!(alarms, expect, "{region:?}", region = scene.region);
    }

    #[test]
    fn an_alarm_when_it_begins_and_every_five_seconds() {
        check(&[], 0.5, 0.06, &[4, 9]);
        check(&[[0.0, 0.4], [1.0, 0.4], [1.0, 1.0], [0.0, 1.0]], 0.5, 0.06, &[4, 9]);
        // Elsewhere, and too small.
        check(&[[0.0, 0.0], [1.0, 0.0], [1.0, 0.4], [0.0, 0.4]], 0.5, 0.06, &[]);
        check(&[], 0.5, 0.012, &[]);
        // Only where the region is.
        check(&[[0.5, 0.0], [0.7, 0.0], [0.7, 1.0], [0.5, 1.0]], 0.5, 0.06, &[8]);
    }

    #[test]
    fn what_only_stands_there_is_told_once() {
        let mut scene = Motion::new(Region::default(), 0.6, AlarmTimes::default());
        let (mut stage, mut movement) = (Stage::new(), Movement::default());
        let mut alarms = 0;
        for n in 0..15 * 40 {
            if n > 60 {
                stage.put([0.2 + f64::from((n - 60).min(30)) / 100.0, 0.5, 0.08, 0.2]);
            }
            let (luma, at_ms) = stage.next();
            alarms += u32::from(scene.look(&movement.look(&luma, at_ms)).is_alarm);
        }
        assert_eq!(alarms, 1);
    }
}
