//! What a picture looks like when nothing happens, and which pixels differ from that now.
//!
//! Each pixel has a running mean and a running deviation. What differs is taken into the mean slowly, so that somebody
//! who stands still is seen for a minute or two; the rest follows the light within seconds. A change of all pixels
//! alike (exposure, a cloud) is taken out first. Pixels that change to and fro all the time (a clock in the picture,
//! leaves) come to have a large deviation and fall silent. When half of the picture differs at once it is light or the
//! camera, not somebody: it is learned anew, and nothing is seen meanwhile. What is learned is the median of some pictures,
//! so that who walks by just then does not become part of the ground.

use watchwall_engine_protocol::BBox;
use watchwall_media::pixels::Luma;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BackgroundState {
    /// Nothing can be said yet.
    Learning,
    Steady,
}

#[derive(Debug, Default)]
pub struct Background {
    width: usize,
    height: usize,
    pixels: Vec<Pixel>,
    raw: Vec<bool>,
    mask: Vec<bool>,
    excess: Vec<u8>,
    learning: Option<Lesson>,
    last_ms: Option<i64>,
}

/// Pictures that the ground is learned of.
#[derive(Debug)]
struct Lesson {
    begun_ms: i64,
    for_ms: i64,
    samples: Vec<Vec<u8>>,
}

#[derive(Clone, Copy, Debug, Default)]
struct Pixel {
    mean: f32,
    deviation: f32,
    /// How often a second it changes by more than noise, lately.
    jumps: f32,
    last: u8,
}

const LEARN_MS: i64 = 2_000;
const RELEARN_MS: i64 = 1_500;
/// In grey levels: what encoders and sensors do by themselves.
const NOISE: f32 = 14.0;
const DEVIATIONS: f32 = 3.5;
const FIRST_DEVIATION: f32 = 3.0;
/// Pictures that are learned of, spread over the time of learning.
const SAMPLES: usize = 16;
/// Of fewer, who walks by may be the median: where pictures come slowly it takes as long as it takes.
const LEAST_SAMPLES: usize = 5;
/// Seconds in which the mean follows: where nothing differs, and where something does.
const FOLLOWS_IN: f32 = 4.0;
const ABSORBS_IN: f32 = 60.0;
/// Jumps are counted over about so many seconds; a pixel with more a second is restless. Somebody who walks by makes a
/// few, a digit that counts tenths of seconds makes fifty.
const JUMPS_OVER: f32 = 10.0;
const RESTLESS: f32 = 1.5;
/// A change of all pixels alike beyond this is learned, not taken out.
const MOST_SHIFT: i32 = 48;
/// More of the picture than this does not move by itself.
const MOST_SHARE: f32 = 0.5;
const LONGEST_STEP: f32 = 0.5;
/// `excess` of a pixel that is exactly as different as it must be.
pub const EXCESS_ONE: u8 = 16;

impl Background {
    /// Takes the next picture. Another size begins anew.
    pub fn look(&mut self, luma: &Luma, at_ms: i64) -> BackgroundState {
        if (luma.width, luma.height) != (self.width, self.height) || self.pixels.len() != luma.data.len() {
            (self.width, self.height) = (luma.width, luma.height);
            self.pixels = vec![Pixel::default(); luma.data.len()];
            self.raw = vec![false; luma.data.len()];
            self.mask = self.raw.clone();
            self.excess = vec![0; luma.data.len()];
            self.begin_lesson(at_ms, LEARN_MS);
        }
        let step = self.last_ms.map_or(0, |last| at_ms.saturating_sub(last)).clamp(1, 60_000) as f32 / 1_000.0;
        self.last_ms = Some(at_ms);
        if self.is_learning(luma, at_ms) {
            return BackgroundState::Learning;
        }
        let differing = self.compare(luma, step.min(LONGEST_STEP));
        if differing as f32 > MOST_SHARE * luma.data.len() as f32 {
            self.begin_lesson(at_ms, RELEARN_MS);
            return BackgroundState::Learning;
        }
        self.clean();
        BackgroundState::Steady
    }

    /// What is there now belongs to the ground from now on.
    pub fn absorb(&mut self, luma: &Luma, bbox: &BBox) {
        let pixel = |share: f32, of: usize| ((share * of as f32).round().max(0.0) as usize).min(of);
        let (left, right) = (pixel(bbox.x, self.width), pixel(bbox.x + bbox.width, self.width));
        for y in pixel(bbox.y, self.height)..pixel(bbox.y + bbox.height, self.height) {
            let row = y * self.width + left..y * self.width + right;
            let (Some(pixels), Some(luma)) = (self.pixels.get_mut(row.clone()), luma.data.get(row)) else { return };
            for (pixel, luma) in pixels.iter_mut().zip(luma) {
                pixel.mean = f32::from(*luma);
            }
        }
    }

    /// Which pixels differ, lone ones left out.
    pub fn mask(&self) -> &[bool] {
        &self.mask
    }

    /// How much each pixel differs, in sixteenths of what it takes.
    pub fn excess(&self) -> &[u8] {
        &self.excess
    }

    fn begin_lesson(&mut self, at_ms: i64, for_ms: i64) {
        self.learning = Some(Lesson { begun_ms: at_ms, for_ms, samples: Vec::with_capacity(SAMPLES) });
        self.mask.fill(false);
        self.raw.fill(false);
    }

    /// Takes a sample when one is due; at the end the ground is known.
    fn is_learning(&mut self, luma: &Luma, at_ms: i64) -> bool {
        let Some(lesson) = &mut self.learning else { return false };
        let since_ms = at_ms.saturating_sub(lesson.begun_ms);
        if since_ms < 0 {
            // The clock was set back: it must not learn for hours.
            lesson.begun_ms = at_ms;
        }
        if since_ms < lesson.for_ms || lesson.samples.len() < LEAST_SAMPLES {
            let due_ms = lesson.for_ms * lesson.samples.len() as i64 / SAMPLES as i64;
            if since_ms >= due_ms && lesson.samples.len() < SAMPLES {
                lesson.samples.push(luma.data.clone());
            }
            return true;
        }
        let samples = self.learning.take().map(|lesson| lesson.samples).unwrap_or_default();
        let mut values = Vec::with_capacity(SAMPLES);
        for (place, (pixel, luma)) in self.pixels.iter_mut().zip(&luma.data).enumerate() {
            values.clear();
            values.extend(samples.iter().filter_map(|sample| sample.get(place)));
            let ground = median(&mut values);
            values.iter_mut().for_each(|value| *value = value.abs_diff(ground));
            let spread = f32::from(median(&mut values));
            // Restless pixels stay known as such.
            *pixel = Pixel {
                mean: f32::from(ground),
                deviation: FIRST_DEVIATION.max(spread),
                jumps: pixel.jumps,
                last: *luma,
            };
        }
        false
    }

    /// Compares and follows; how many pixels differ.
    fn compare(&mut self, luma: &Luma, step: f32) -> usize {
        let shift = self.shift(luma);
        let share = |seconds: f32| (step / seconds).min(1.0);
        let (follows, absorbs) = (share(FOLLOWS_IN), share(ABSORBS_IN));
        let forgets = 1.0 - share(JUMPS_OVER);
        let mut differing = 0;
        let states = self.raw.iter_mut().zip(&mut self.excess);
        for ((pixel, luma), (raw, excess)) in self.pixels.iter_mut().zip(&luma.data).zip(states) {
            let away = f32::from(*luma) - pixel.mean;
            let difference = (away - shift).abs();
            let needed = (DEVIATIONS * pixel.deviation).max(NOISE);
            let differs = difference > needed;
            *excess = (difference / needed * f32::from(EXCESS_ONE)) as u8;
            pixel.jumps *= forgets;
            if f32::from(luma.abs_diff(pixel.last)) > NOISE {
                pixel.jumps += 1.0 / JUMPS_OVER;
            }
            pixel.last = *luma;
            *raw = differs;
            differing += usize::from(differs);
            let is_quiet = !differs || pixel.jumps > RESTLESS;
            pixel.mean += if is_quiet { follows } else { absorbs } * away;
            if is_quiet {
                pixel.deviation += follows * (difference - pixel.deviation);
            }
        }
        differing
    }

    /// By how much all pixels are brighter: the median.
    fn shift(&self, luma: &Luma) -> f32 {
        let mut counts = [0_u32; 2 * MOST_SHIFT as usize + 1];
        let mut total = 0;
        // A prime: no column is looked at more often than others.
        for (pixel, luma) in self.pixels.iter().zip(&luma.data).step_by(7) {
            let away = (f32::from(*luma) - pixel.mean).round() as i32;
            if let Some(count) = usize::try_from(away + MOST_SHIFT).ok().and_then(|place| counts.get_mut(place)) {
                *count += 1;
            }
            total += 1;
        }
        let mut below = 0;
        for (place, count) in counts.iter().enumerate() {
            below += count;
            if below * 2 >= total {
                return place as f32 - MOST_SHIFT as f32;
            }
        }
        0.0
    }

    /// A pixel is what most of its neighbours are.
    fn clean(&mut self) {
        let (width, height) = (self.width, self.height);
        if width < 3 || height < 3 {
            self.mask.copy_from_slice(&self.raw);
            return;
        }
        self.mask.fill(false);
        for y in 1..height - 1 {
            let row = |y: usize| &self.raw[y * width..(y + 1) * width];
            let (above, here, below) = (row(y - 1), row(y), row(y + 1));
            let column = |x: usize| u8::from(above[x]) + u8::from(here[x]) + u8::from(below[x]);
            let (mut left, mut middle) = (column(0), column(1));
            for x in 1..width - 1 {
                let right = column(x + 1);
                self.mask[y * width + x] = left + middle + right >= 5;
                (left, middle) = (middle, right);
            }
        }
    }
}

/// Zero of nothing.
fn median(values: &mut [u8]) -> u8 {
    let middle = values.len() / 2;
    if values.is_empty() { 0 } else { *values.select_nth_unstable(middle).1 }
}

#[cfg(test)]
mod tests {
    use super::{
        super::stage::{FPS, Stage},
        *,
    };

    /// Shares of the picture that differ, once it is learned, one for each of the pictures.
    fn shares(stage: &mut Stage, background: &mut Background, seconds: f64) -> Vec<f32> {
        let mut shares = Vec::new();
        for _ in 0..(seconds * 15.0) as usize {
            let (luma, at_ms) = stage.next();
            background.look(&luma, at_ms);
            let differing = background.mask().iter().filter(|differs| **differs).count();
            shares.push(differing as f32 / luma.data.len() as f32);
        }
        shares
    }

    fn learned() -> (Stage, Background) {
        let (mut stage, mut background) = (Stage::new(), Background::default());
        shares(&mut stage, &mut background, 4.0);
        (stage, background)
    }

    fn most(shares: &[f32]) -> f32 {
        shares.iter().copied().fold(0.0, f32::max)
    }

    #[test]
    fn noise_is_nothing() {
        let (mut stage, mut background) = learned();
        assert_eq!(most(&shares(&mut stage, &mut background, 20.0)), 0.0);
    }

    #[test]
    fn what_stands_is_seen_for_long_and_then_belongs_to_the_picture() {
        let (mut stage, mut background) = learned();
        stage.put([0.4, 0.5, 0.1, 0.2]);
        let seen = shares(&mut stage, &mut background, 60.0);
        assert!(seen.iter().all(|share| (0.015..=0.022).contains(share)), "{:?}", &seen[..5]);
        shares(&mut stage, &mut background, 150.0);
        assert_eq!(most(&shares(&mut stage, &mut background, 1.0)), 0.0);
    }

    #[test]
    fn who_walks_by_while_it_learns_leaves_nothing_behind() {
        let (mut stage, mut background) = (Stage::new(), Background::default());
        for n in 0..60 {
            stage.put([f64::from(n) / 120.0, 0.5, 0.05, 0.2]);
            shares(&mut stage, &mut background, 1.0 / 14.9);
        }
        stage.put_all(&[]);
        assert_eq!(most(&shares(&mut stage, &mut background, 2.0)), 0.0);
    }

    #[test]
    fn one_picture_a_second_is_learned_of_as_well() {
        let (mut stage, mut background) = (Stage::new(), Background::default());
        for second in 0..7 {
            stage.put([f64::from(second) / 8.0, 0.5, 0.05, 0.2]);
            let (luma, at_ms) = stage.next();
            background.look(&luma, at_ms);
            (0..FPS - 1).for_each(|_| drop(stage.next()));
        }
        stage.put_all(&[]);
        let (luma, at_ms) = stage.next();
        assert_eq!(background.look(&luma, at_ms), BackgroundState::Steady);
        assert!(background.mask().iter().all(|differs| !differs), "somebody who walked by is part of the ground");
    }

    #[test]
    fn what_is_absorbed_is_ground() {
        let (mut stage, mut background) = learned();
        stage.put([0.4, 0.5, 0.1, 0.2]);
        shares(&mut stage, &mut background, 1.0);
        let (luma, _) = stage.next();
        background.absorb(&luma, &BBox { x: 0.39, y: 0.49, width: 0.12, height: 0.22 });
        background.absorb(&luma, &BBox { x: -1.0, y: 0.9, width: 9.0, height: 9.0 });
        assert_eq!(most(&shares(&mut stage, &mut background, 1.0)), 0.0);
    }

    #[test]
    fn light_is_no_movement() {
        let check = |what: &str, change: fn(&mut Stage), second: fn(&mut Stage)| {
            let (mut stage, mut background) = learned();
            change(&mut stage);
            let first = most(&shares(&mut stage, &mut background, 5.0));
            second(&mut stage);
            let then = most(&shares(&mut stage, &mut background, 5.0));
            assert!(first.max(then) < 0.001, "{what}: {first} {then}");
        };
        check("a lamp goes on and off", |stage| stage.light = 60, |stage| stage.light = 0);
        check("a cloud", |stage| stage.light = -25, |stage| stage.light = 20);
        check("dusk", |stage| stage.dims_a_second = 10.0, |stage| stage.dims_a_second = -10.0);
        check("contrast", |stage| stage.contrast = 0.4, |stage| stage.contrast = 1.0);
    }

    #[test]
    fn after_a_lamp_somebody_is_seen_again() {
        let (mut stage, mut background) = learned();
        stage.light = 70;
        shares(&mut stage, &mut background, 4.0);
        stage.put([0.4, 0.5, 0.1, 0.2]);
        assert!(most(&shares(&mut stage, &mut background, 1.0)) > 0.015);
    }

    #[test]
    fn a_clock_in_the_picture_falls_silent_and_what_walks_over_it_does_not() {
        let (mut stage, mut background) = (Stage::new(), Background::default());
        stage.clock = true;
        shares(&mut stage, &mut background, 12.0);
        assert!(most(&shares(&mut stage, &mut background, 10.0)) < 0.002);
        stage.put([0.0, 0.0, 0.3, 0.3]);
        assert!(most(&shares(&mut stage, &mut background, 1.0)) > 0.05);
    }

    #[test]
    fn other_sizes_and_times_begin_anew() {
        let mut background = Background::default();
        let picture = |width: usize, height: usize| Luma { width, height, data: vec![90; width * height] };
        for (width, height) in [(320, 180), (1, 1), (2, 2), (0, 0), (64, 3)] {
            assert_eq!(background.look(&picture(width, height), 1_000), BackgroundState::Learning);
            assert_eq!(background.mask().len(), width * height);
        }
        for at_ms in [2_000, 3_000, 4_000, 5_000] {
            assert_eq!(background.look(&picture(64, 3), at_ms), BackgroundState::Learning, "too few were seen");
        }
        assert_eq!(background.look(&picture(64, 3), 6_000), BackgroundState::Steady);
        assert_eq!(background.look(&picture(64, 3), -1_000_000), BackgroundState::Steady, "the clock was set back");
    }
}
