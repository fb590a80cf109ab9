//! A camera's picture at a moment: flat colour, name, clock, seconds hand, a moving box, or noise.

use super::{
    canvas::{Area, Canvas, Colour},
    font,
};
use crate::{clock_pattern, walker};
use watchwall_model::UtcMillis;

const INK: u8 = 225;
const PAPER: u8 = 28;

/// What decides a picture besides the time.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) struct SceneSpec {
    pub width: u32,
    pub height: u32,
    /// Name in the picture; empty for none.
    pub name: String,
    /// Position on the colour wheel in 256 steps.
    pub hue: u8,
    /// Share of the height that is filled with fresh noise each frame, in percent.
    pub noise_percent: u32,
}

pub(crate) struct Scene {
    canvas: Canvas,
    ground: Colour,
    scale: usize,
    name: String,
    box_area: Option<Area>,
    drawn_second: Option<i64>,
    noise_percent: usize,
    random: u64,
}

impl Scene {
    pub fn new(spec: &SceneSpec) -> Self {
        let (width, height) = (spec.width as usize, spec.height as usize);
        let ground = Colour(90, wheel(spec.hue, 0), wheel(spec.hue, 64));
        let mut canvas = Canvas::new(width, height, ground);
        let scale = (height / 180).clamp(1, 8);
        if !spec.name.is_empty() {
            canvas.write(8 * scale, name_line(scale), scale * 2, &spec.name, INK, ground.0);
        }
        Self {
            canvas,
            ground,
            scale,
            name: spec.name.clone(),
            box_area: None,
            drawn_second: None,
            noise_percent: spec.noise_percent as usize,
            random: 0x9e37_79b9_7f4a_7c15,
        }
    }

    /// Redraws what differs at `at`, with the machine-readable clock and the readable one.
    pub fn draw_live(&mut self, at: UtcMillis) -> &[u8] {
        let (width, stride) = (self.canvas.width, self.canvas.stride);
        if self.drawn_second.is_none()
            && let Some(layout) = clock_pattern::PatternLayout::for_width(width)
        {
            let (strip_width, strip_height) = layout.size();
            self.canvas.fill(Area { x: 0, y: 0, width: strip_width, height: strip_height }, Colour(16, 128, 128));
        }
        clock_pattern::paint(&mut self.canvas.data, stride, width, clock_pattern::clock_of(at));
        let of_day = at.0.rem_euclid(86_400_000);
        let (seconds, ms) = (of_day / 1000, of_day % 1000);
        let text = format!("{:02}:{:02}:{:02}.{ms:03}", seconds / 3600, seconds / 60 % 60, seconds % 60);
        self.write_clock(&text);
        if self.drawn_second != Some(seconds) {
            self.draw_hand(usize::try_from(seconds % 60).unwrap_or(0));
            self.drawn_second = Some(seconds);
        }
        let period = walker::PERIOD_MS;
        self.move_box(usize::try_from(at.0.rem_euclid(period)).unwrap_or(0), usize::try_from(period).unwrap_or(1));
        &self.canvas.data
    }

    /// Draws frame `index` of a loop of `count` frames. A loop cannot know the wall clock.
    pub fn draw_loop(&mut self, index: usize, count: usize) -> &[u8] {
        if !self.name.is_empty() {
            self.write_clock(&format!("REPLAY {index:04}"));
        }
        self.draw_noise();
        self.move_box(index, count);
        &self.canvas.data
    }

    fn write_clock(&mut self, text: &str) {
        let scale = self.scale * 2;
        let y = name_line(self.scale) + (font::HEIGHT + 3) * scale;
        self.canvas.write(8 * self.scale, y, scale, text, INK, PAPER);
    }

    /// A box that crosses the lower part of the picture once per `period`.
    fn move_box(&mut self, phase: usize, period: usize) {
        let (x, y, side) = walker::pixels(self.canvas.width, self.canvas.height, phase, period);
        if let Some(old) = self.box_area.take() {
            self.canvas.fill(old, self.ground);
        }
        let area = Area { x, y, width: side, height: side };
        self.canvas.fill(area, Colour(200, self.ground.2, self.ground.1));
        self.box_area = Some(area);
    }

    /// A dial at the right with one hand.
    fn draw_hand(&mut self, second: usize) {
        let radius = self.canvas.height / 8;
        let (cx, cy) = (self.canvas.width.saturating_sub(radius + 16), self.canvas.height / 3);
        let left = cx.saturating_sub(radius) & !1;
        let area = Area { x: left, y: cy.saturating_sub(radius) & !1, width: 2 * radius + 4, height: 2 * radius + 4 };
        self.canvas.fill(area, self.ground);
        let angle = second as f64 * std::f64::consts::TAU / 60.0;
        for step in 0..radius {
            let (dx, dy) = (angle.sin() * step as f64, -angle.cos() * step as f64);
            let (x, y) = (cx as f64 + dx, cy as f64 + dy);
            self.canvas.dot(x.max(0.0) as usize, y.max(0.0) as usize, self.scale + 1, INK);
        }
    }

    /// Fresh grey noise below the middle, so that an encoder has something to spend its bits on.
    fn draw_noise(&mut self) {
        let lines = self.canvas.height * self.noise_percent / 100;
        let top = self.canvas.height / 2;
        for y in top..(top + lines).min(self.canvas.height) {
            let start = y * self.canvas.stride;
            for eight in self.canvas.data[start..start + self.canvas.width].chunks_mut(8) {
                // xorshift64: any cheap generator will do, the same loop must come out each time.
                self.random ^= self.random << 13;
                self.random ^= self.random >> 7;
                self.random ^= self.random << 17;
                for (pixel, byte) in eight.iter_mut().zip(self.random.to_le_bytes()) {
                    *pixel = 100 + byte / 8;
                }
            }
        }
    }
}

/// Top of the name, below the clock strip of either height.
const fn name_line(scale: usize) -> usize {
    24 + 4 * scale
}

/// Chroma on a circle around grey.
fn wheel(hue: u8, quarter: u8) -> u8 {
    let angle = f64::from(hue.wrapping_add(quarter)) * std::f64::consts::TAU / 256.0;
    (128.0 + 56.0 * angle.cos()) as u8
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_size_draws_and_carries_its_clock() {
        for (width, height) in [(160, 120), (176, 144), (320, 240), (646, 362), (640, 360), (3840, 2160), (32, 32)] {
            let spec = SceneSpec { width, height, name: "Gate 1".into(), hue: 40, noise_percent: 0 };
            let mut scene = Scene::new(&spec);
            let at = UtcMillis(1_763_712_000_123);
            let (width, stride) = (scene.canvas.width, scene.canvas.stride);
            let frame = scene.draw_live(at);
            let expect = (width >= 160).then(|| clock_pattern::clock_of(at));
            assert_eq!(clock_pattern::read(frame, stride, width), expect, "{width}x{height}");
        }
    }

    #[test]
    fn two_cameras_differ_and_a_camera_moves() {
        let spec = |hue| SceneSpec { width: 320, height: 240, name: String::new(), hue, noise_percent: 0 };
        let (mut a, mut b) = (Scene::new(&spec(0)), Scene::new(&spec(100)));
        let first = a.draw_live(UtcMillis(0)).to_vec();
        assert_ne!(first, b.draw_live(UtcMillis(0)));
        assert_ne!(first, a.draw_live(UtcMillis(66)));
    }
}
