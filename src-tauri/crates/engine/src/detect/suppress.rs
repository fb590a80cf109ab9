//! Of boxes around the same thing one stays. Pure.

use super::{Detection, Labels, head::Candidate, letterbox::Letterbox};
use crate::scenes::overlap;

/// Boxes of one class that have more in common are the same thing.
const SAME: f32 = 0.45;
/// In one picture.
const MOST_DETECTIONS: usize = 100;

/// `candidates`: likeliest first. Classes do not hide each other: somebody may sit in a car.
pub fn suppress(candidates: &[Candidate], letterbox: &Letterbox, labels: &Labels) -> Vec<Detection> {
    let mut kept: Vec<(usize, Detection)> = Vec::new();
    for candidate in candidates {
        let (Some(bbox), Some(label)) = (letterbox.bbox(candidate.place), labels.get(candidate.class)) else {
            continue;
        };
        let is_told = kept.iter().any(|(class, other)| *class == candidate.class && overlap(&other.bbox, &bbox) > SAME);
        if !is_told {
            kept.push((candidate.class, Detection { label: label.clone(), score: candidate.score, bbox }));
        }
        if kept.len() == MOST_DETECTIONS {
            break;
        }
    }
    kept.into_iter().map(|(_, detection)| detection).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Left and class of each box, 10 pixels wide and high; the lefts that stay.
    fn check(boxes: &[(f32, usize)], expect: &[f32]) {
        let candidates: Vec<Candidate> = boxes
            .iter()
            .map(|(left, class)| Candidate { place: [left + 5.0, 50.0, 10.0, 10.0], class: *class, score: 0.5 })
            .collect();
        let found = suppress(&candidates, &Letterbox::new((100, 100), (100, 100)), &Labels::numbered(2));
        let lefts: Vec<f32> = found.iter().map(|detection| (detection.bbox.x * 100.0).round()).collect();
        assert_eq!(lefts, expect, "{boxes:?}");
    }

    #[test]
    fn the_likeliest_of_each_thing_stays() {
        check(&[], &[]);
        check(&[(10.0, 0), (11.0, 0), (12.0, 0)], &[10.0]);
        check(&[(10.0, 0), (11.0, 1)], &[10.0, 11.0]);
        check(&[(10.0, 0), (15.0, 0)], &[10.0, 15.0]);
        // What is hidden hides nothing.
        check(&[(10.0, 0), (13.0, 0), (16.0, 0)], &[10.0, 16.0]);
        check(&[(10.0, 0), (10.0, 7)], &[10.0]);
        // Outside of the picture.
        check(&[(150.0, 0), (20.0, 0)], &[20.0]);
    }

    #[test]
    fn a_picture_full_of_them_is_bounded() {
        let crowd: Vec<Candidate> = (0_u8..200)
            .map(|n| Candidate {
                place: [f32::from(n % 20) * 5.0 + 2.0, f32::from(n / 20) * 10.0 + 4.0, 2.0, 2.0],
                class: 0,
                score: 0.5,
            })
            .collect();
        let found = suppress(&crowd, &Letterbox::new((100, 100), (100, 100)), &Labels::numbered(1));
        assert_eq!(found.len(), MOST_DETECTIONS);
    }
}
