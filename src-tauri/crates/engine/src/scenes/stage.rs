//! Made-up pictures for tests: a still ground with noise, light that changes, boxes that are put there.

use watchwall_media::pixels::Luma;

pub const FPS: i64 = 15;

/// Draws one picture after the other, 15 a second.
pub struct Stage {
    pub width: usize,
    pub height: usize,
    /// Added to all pixels.
    pub light: i32,
    pub dims_a_second: f64,
    /// Of the ground, 1 is as it is.
    pub contrast: f64,
    /// Moves the ground sideways, pixels.
    pub pan: usize,
    /// How far around a pixel its neighbours count as much as it, pixels; a lens out of focus.
    pub blur: usize,
    /// Something that changes with every picture, in the top left corner.
    pub clock: bool,
    pub covered: Option<u8>,
    boxes: Vec<[f64; 4]>,
    frame: i64,
    dimmed: f64,
    random: u64,
    /// As last drawn, for this pan and blur.
    ground: Option<(usize, usize, Vec<f64>)>,
}

impl Stage {
    pub fn new() -> Self {
        Self {
            width: 160,
            height: 90,
            light: 0,
            dims_a_second: 0.0,
            contrast: 1.0,
            pan: 0,
            blur: 0,
            clock: false,
            covered: None,
            boxes: Vec::new(),
            frame: 0,
            dimmed: 0.0,
            random: 7,
            ground: None,
        }
    }

    /// Instead of those that were there: left, top, width and height in fractions.
    pub fn put(&mut self, bbox: [f64; 4]) {
        self.boxes = vec![bbox];
    }

    pub fn put_all(&mut self, boxes: &[[f64; 4]]) {
        self.boxes = boxes.to_vec();
    }

    pub fn now_ms(&self) -> i64 {
        1_772_359_200_000 + self.frame * 1_000 / FPS
    }

    /// The next picture and when it was taken.
    pub fn next(&mut self) -> (Luma, i64) {
        self.frame += 1;
        self.dimmed = (self.dimmed + self.dims_a_second / FPS as f64).clamp(0.0, 60.0);
        if self.ground.as_ref().is_none_or(|(pan, blur, _)| (*pan, *blur) != (self.pan, self.blur)) {
            self.ground = Some((self.pan, self.blur, self.draw_ground()));
        }
        let grounds = self.ground.as_ref().map(|(.., grounds)| grounds.clone()).unwrap_or_default();
        let mut data = Vec::with_capacity(self.width * self.height);
        for y in 0..self.height {
            for x in 0..self.width {
                let ground = grounds[y * self.width + x] * self.contrast + 100.0 * (1.0 - self.contrast);
                let (fx, fy) = ((x as f64 + 0.5) / self.width as f64, (y as f64 + 0.5) / self.height as f64);
                let is_in = |b: &[f64; 4]| (b[0]..b[0] + b[2]).contains(&fx) && (b[1]..b[1] + b[3]).contains(&fy);
                let mut luma = if self.boxes.iter().any(is_in) { 225.0 } else { ground };
                if self.clock && x < self.width / 8 && y < self.height / 16 {
                    luma = if (x as i64 / 2 * 7 + self.frame * 5) % 3 == 0 { 235.0 } else { 16.0 };
                }
                luma = self.covered.map_or(luma - self.dimmed + f64::from(self.light), f64::from);
                self.random ^= self.random << 13;
                self.random ^= self.random >> 7;
                self.random ^= self.random << 17;
                let noise = (self.random % 7) as f64 - 3.0;
                data.push((luma + noise).clamp(0.0, 255.0) as u8);
            }
        }
        (Luma { width: self.width, height: self.height, data }, self.now_ms())
    }

    /// Blocks of different brightness, with edges.
    fn draw_ground(&self) -> Vec<f64> {
        let block = |x: usize, y: usize| {
            let block = (x / 9) * 31 + (y / 7) * 57;
            60.0 + (block * block % 89) as f64
        };
        let around = 2 * self.blur + 1;
        let mean = |x: usize, y: usize| {
            // Far from the edge, so that nothing has to be known of it.
            let (left, top) = (x + self.pan + 90 - self.blur, y + 70 - self.blur);
            let near = (0..around * around).map(|n| block(left + n % around, top + n / around));
            near.sum::<f64>() / (around * around) as f64
        };
        let pixels = (0..self.height).flat_map(|y| (0..self.width).map(move |x| (x, y)));
        pixels.map(|(x, y)| mean(x, y)).collect()
    }
}
