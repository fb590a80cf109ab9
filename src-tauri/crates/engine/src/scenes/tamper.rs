//! TAMPER: the camera no longer sees what it should.
//!
//! Covered: the picture is almost one colour. Defocused: its edges are gone, measured against their long mean. Moved:
//! it shows something else, whatever the light. Each has to last for a while; light alone is none of them.

use super::{AlarmEdge, AlarmTimes, Finding, Moment};
use watchwall_media::pixels::Luma;

/// Tells again that it goes on: nobody is waiting for it every few seconds.
const TIMES: AlarmTimes = AlarmTimes { repeat_ms: 60_000, quiet_ms: 4_000 };
const LOOK_EVERY_MS: i64 = 200;
/// Before it knows what the camera should see.
const LEARN_MS: i64 = 8_000;
/// Time in which the long mean follows.
const FOLLOWS_IN_MS: f32 = 60_000.0;
const LASTS_MS: i64 = 4_000;
const HEALED_MS: i64 = 3_000;
/// Somebody moved it on purpose: then that is what it should see.
const ACCEPTED_MS: i64 = 120_000;
/// Grey levels around the mean: a lens cap, a hand, a bag. A night without any light too, and nobody sees anything then.
const UNIFORM: f32 = 7.0;
/// A picture that is always so flat cannot be covered.
const LEAST_SPREAD: f32 = 12.0;
const BLURRED: f32 = 0.4;
/// Steps between neighbours that are edges and no noise, grey levels; and how much of them, on average over all
/// pixels, a picture must have so that they can be missed.
const EDGE: u8 = 8;
const LEAST_EDGES: f32 = 0.3;
/// Of the correlation of two pictures, 1 is the same whatever the light.
const OTHER: f32 = 0.5;
/// Of the parts of the picture that have something in them; a lorry hides half of them, and only those.
const OTHER_PARTS: f32 = 0.75;
const LEAST_PARTS: usize = 4;
const PART_SPREAD: f32 = 3.0;
/// Grid cells of the long mean, and how many of them, across and down, are one part.
const COLUMNS: usize = 32;
const ROWS: usize = 18;
const PART: (usize, usize) = (8, 6);

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Problem {
    Covered,
    Defocused,
    Moved,
}

impl Problem {
    const fn label(self) -> &'static str {
        match self {
            Self::Covered => "covered",
            Self::Defocused => "defocused",
            Self::Moved => "moved",
        }
    }

    const fn sentence(self) -> &'static str {
        match self {
            Self::Covered => "the picture is almost one colour",
            Self::Defocused => "the picture has lost its edges",
            Self::Moved => "the camera shows something else than before",
        }
    }
}

#[derive(Debug)]
pub struct Tamper {
    edge: AlarmEdge,
    usual: Option<Usual>,
    looked_ms: Option<i64>,
    /// Since when something is wrong without a break, and what.
    suspected: Option<(Problem, i64)>,
    told: Option<Problem>,
    fine_since_ms: Option<i64>,
    latest: Measure,
}

/// What the camera should see.
#[derive(Debug)]
struct Usual {
    begun_ms: i64,
    measure: Measure,
}

/// One picture in numbers.
#[derive(Clone, Debug, Default)]
struct Measure {
    /// Standard deviation, grey levels.
    spread: f32,
    /// Edges between neighbours, grey levels, mean over all pixels.
    edges: f32,
    grid: Vec<f32>,
}

impl Default for Tamper {
    fn default() -> Self {
        Self {
            edge: AlarmEdge::new(TIMES),
            usual: None,
            looked_ms: None,
            suspected: None,
            told: None,
            fine_since_ms: None,
            latest: Measure::default(),
        }
    }
}

impl Tamper {
    pub fn look(&mut self, moment: &Moment<'_>) -> Finding {
        let now = moment.sight.at_ms;
        let is_soon = self.looked_ms.is_some_and(|looked| (0..LOOK_EVERY_MS).contains(&(now - looked)));
        if !is_soon {
            self.measure(moment.luma, now);
        }
        let is_alarm = self.edge.on(self.told.is_some(), false, now);
        let told = self.told;
        Finding {
            is_alarm,
            confidence: if told.is_some() { 0.9 } else { 0.0 },
            event_type: told.map(Problem::label),
            event_desc: told.map(|problem| problem.sentence().to_owned()),
            problem_counts: told.map(|problem| (problem.label(), 1)).into_iter().collect(),
            metrics: self.metrics(),
            ..Finding::default()
        }
    }

    fn measure(&mut self, luma: &Luma, now: i64) {
        let step_ms = self.looked_ms.map_or(LOOK_EVERY_MS, |looked| (now - looked).clamp(0, 1_000));
        self.looked_ms = Some(now);
        self.latest = Measure::of(luma);
        let Some(usual) = &mut self.usual else {
            // What is flat from the beginning may be covered already: nothing can be learned from it.
            if self.latest.spread >= UNIFORM {
                self.usual = Some(Usual { begun_ms: now, measure: self.latest.clone() });
            }
            return;
        };
        let is_learning = (0..LEARN_MS).contains(&(now - usual.begun_ms));
        let problem = if is_learning { None } else { usual.measure.problem(&self.latest) };
        let Some(problem) = problem else {
            let rate = if is_learning { 0.2 } else { step_ms as f32 / FOLLOWS_IN_MS };
            usual.measure.follow(&self.latest, rate);
            self.suspected = None;
            let fine_since = *self.fine_since_ms.get_or_insert(now);
            if now - fine_since >= HEALED_MS {
                self.told = None;
            }
            return;
        };
        self.fine_since_ms = None;
        // Another suspicion (a cap that is put on shows something else first) does not begin anew.
        let since = self.suspected.map_or(now, |(_, since)| since);
        self.suspected = Some((problem, since));
        if now - since >= LASTS_MS {
            self.told = Some(problem);
        }
        if now - since >= ACCEPTED_MS && problem != Problem::Covered {
            (self.usual, self.suspected, self.told) = (None, None, None);
        }
    }

    fn metrics(&self) -> Vec<(&'static str, f64)> {
        let usual = self.usual.as_ref().map(|usual| &usual.measure);
        let sharpness = usual.map_or(1.0, |usual| self.latest.edges / usual.edges.max(0.1));
        let likeness = usual.map_or(1.0, |usual| correlation(&usual.grid, &self.latest.grid));
        let round = |n: f32| (f64::from(n) * 100.0).round() / 100.0;
        vec![("spread", round(self.latest.spread)), ("sharpness", round(sharpness)), ("likeness", round(likeness))]
    }
}

impl Measure {
    fn of(luma: &Luma) -> Self {
        let (width, height) = (luma.width, luma.height);
        if width < 2 || height < 2 {
            return Self { grid: vec![0.0; COLUMNS * ROWS], ..Self::default() };
        }
        let count = (width * height) as f32;
        let mean = luma.data.iter().map(|n| f32::from(*n)).sum::<f32>() / count;
        let spread = (luma.data.iter().map(|n| (f32::from(*n) - mean).powi(2)).sum::<f32>() / count).sqrt();
        let rows = luma.data.chunks_exact(width);
        let edge = |a: u8, b: u8| Some(a.abs_diff(b)).filter(|step| *step >= EDGE).map_or(0, u64::from);
        let across: u64 = rows.clone().flat_map(|row| row.windows(2)).map(|pair| edge(pair[0], pair[1])).sum();
        let below = luma.data.iter().zip(luma.data.iter().skip(width));
        let down: u64 = below.map(|(a, b)| edge(*a, *b)).sum();
        let (mut sums, mut counts) = (vec![0.0; COLUMNS * ROWS], vec![0_u32; COLUMNS * ROWS]);
        for (y, row) in rows.enumerate() {
            let line = y * ROWS / height * COLUMNS;
            for (x, luma) in row.iter().enumerate() {
                let cell = line + x * COLUMNS / width;
                sums[cell] += f32::from(*luma);
                counts[cell] += 1;
            }
        }
        let grid = sums.iter().zip(&counts).map(|(sum, count)| sum / (*count).max(1) as f32).collect();
        Self { spread, edges: (across + down) as f32 / (2.0 * count), grid }
    }

    /// What is wrong with a picture when this is the usual one.
    fn problem(&self, now: &Self) -> Option<Problem> {
        if now.spread < UNIFORM && self.spread >= LEAST_SPREAD {
            return Some(Problem::Covered);
        }
        // Less contrast makes weaker edges, and is no lens out of focus.
        let dimmed = (now.spread / self.spread.max(1.0)).clamp(0.2, 1.0);
        if self.edges >= LEAST_EDGES && now.edges < BLURRED * dimmed * self.edges {
            return Some(Problem::Defocused);
        }
        let (parts, other) = self.other_parts(now);
        (parts >= LEAST_PARTS && other as f32 >= OTHER_PARTS * parts as f32).then_some(Problem::Moved)
    }

    /// How many parts have something in them, and how many of those show something else now.
    fn other_parts(&self, now: &Self) -> (usize, usize) {
        let (mut parts, mut other) = (0, 0);
        let (across, down) = PART;
        for part in 0..COLUMNS / across * (ROWS / down) {
            let (left, top) = (part % (COLUMNS / across) * across, part / (COLUMNS / across) * down);
            let cut = |grid: &[f32]| -> Vec<f32> {
                let row = |y: usize| grid.iter().skip((top + y) * COLUMNS + left).take(across);
                (0..down).flat_map(row).copied().collect()
            };
            let (usual, now) = (cut(&self.grid), cut(&now.grid));
            if spread(&usual) >= PART_SPREAD {
                parts += 1;
                other += usize::from(correlation(&usual, &now) < OTHER);
            }
        }
        (parts, other)
    }

    fn follow(&mut self, now: &Self, rate: f32) {
        let rate = rate.clamp(0.0, 1.0);
        self.spread += rate * (now.spread - self.spread);
        self.edges += rate * (now.edges - self.edges);
        for (usual, now) in self.grid.iter_mut().zip(&now.grid) {
            *usual += rate * (now - *usual);
        }
    }
}

fn spread(grid: &[f32]) -> f32 {
    let mean = grid.iter().sum::<f32>() / grid.len().max(1) as f32;
    (grid.iter().map(|n| (n - mean).powi(2)).sum::<f32>() / grid.len().max(1) as f32).sqrt()
}

/// From -1 to 1: how alike two pictures are, brightness and contrast aside.
fn correlation(a: &[f32], b: &[f32]) -> f32 {
    let mean = |grid: &[f32]| grid.iter().sum::<f32>() / grid.len().max(1) as f32;
    let (mean_a, mean_b) = (mean(a), mean(b));
    let (mut both, mut of_a, mut of_b) = (0.0, 0.0, 0.0);
    for (a, b) in a.iter().zip(b) {
        let (a, b) = (a - mean_a, b - mean_b);
        both += a * b;
        of_a += a * a;
        of_b += b * b;
    }
    if of_a <= 0.0 || of_b <= 0.0 { 0.0 } else { both / (of_a * of_b).sqrt() }
}

#[cfg(test)]
mod tests {
    use super::{
        super::{Movement, stage::Stage},
        *,
    };

    /// What is told, and in which second first; something happens at 20 s and ends at 30 s.
    fn told(happens: impl Fn(&mut Stage), ends: impl Fn(&mut Stage)) -> (Vec<(i64, &'static str)>, bool) {
        let (mut scene, mut stage, mut movement) = (Tamper::default(), Stage::new(), Movement::default());
        let mut alarms = Vec::new();
        let mut is_wrong = false;
        for n in 0..15 * 40 {
            match n {
                300 => happens(&mut stage),
                450 => ends(&mut stage),
                _ => {}
            }
            let (luma, at_ms) = stage.next();
            let finding = scene.look(&movement.look(&luma, at_ms));
            is_wrong = finding.event_type.is_some();
            if finding.is_alarm {
                alarms.push((n / 15, finding.event_type.unwrap()));
            }
        }
        (alarms, is_wrong)
    }

    #[test]
    fn what_lasts_is_told_once_and_heals() {
        let check = |what: &'static str, happens: fn(&mut Stage), ends: fn(&mut Stage)| {
            let (alarms, is_wrong) = told(happens, ends);
            assert_eq!((alarms, is_wrong), (vec![(24, what)], false), "{what}");
        };
        check("covered", |stage| stage.covered = Some(9), |stage| stage.covered = None);
        check("covered", |stage| stage.covered = Some(180), |stage| stage.covered = None);
        check("defocused", |stage| stage.blur = 6, |stage| stage.blur = 0);
        check("moved", |stage| stage.pan = 50, |stage| stage.pan = 0);
    }

    #[test]
    fn light_and_people_are_no_tamper() {
        let check = |what: &str, happens: fn(&mut Stage)| {
            let (alarms, is_wrong) = told(happens, |_| {});
            assert_eq!((alarms, is_wrong), (vec![], false), "{what}");
        };
        check("a lamp", |stage| stage.light = 60);
        check("dusk", |stage| stage.dims_a_second = 5.0);
        check("fog", |stage| stage.contrast = 0.5);
        check("a lorry", |stage| stage.put([0.0, 0.4, 0.5, 0.5]));
        check("nothing", |_| {});
    }

    #[test]
    fn a_new_direction_is_the_usual_one_after_a_while() {
        let (mut scene, mut stage, mut movement) = (Tamper::default(), Stage::new(), Movement::default());
        let mut look = |stage: &mut Stage, seconds: usize| {
            let mut alarms = 0;
            let mut is_wrong = false;
            for _ in 0..15 * seconds {
                let (luma, at_ms) = stage.next();
                let finding = scene.look(&movement.look(&luma, at_ms));
                alarms += u32::from(finding.is_alarm);
                is_wrong = finding.event_type.is_some();
            }
            (alarms, is_wrong)
        };
        assert_eq!(look(&mut stage, 15), (0, false));
        stage.pan = 50;
        assert_eq!(look(&mut stage, 100), (2, true), "again after a minute");
        assert_eq!(look(&mut stage, 40), (0, false));
        stage.pan = 0;
        assert_eq!(look(&mut stage, 10), (1, true));
    }
}
