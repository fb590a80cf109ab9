//! The bright box that crosses the lower part of every picture, from the left edge to the right and then from the left
//! again. Of a live picture its place follows from the time in it, so that whoever looks for things that move can be
//! told the truth.

use watchwall_model::UtcMillis;

/// So long it takes to cross a live picture.
pub const PERIOD_MS: i64 = 8_000;

/// Left, top, width and height in fractions of a live picture of this size taken at this time. In the last moment it is
/// at the right edge, in the next at the left.
pub fn place(width: u32, height: u32, at: UtcMillis) -> [f32; 4] {
    let phase = usize::try_from(at.0.rem_euclid(PERIOD_MS)).unwrap_or(0);
    let (width, height) = (width as usize, height as usize);
    let (x, y, side) = pixels(width, height, phase, usize::try_from(PERIOD_MS).unwrap_or(1));
    let share = |n: usize, of: usize| n as f32 / of.max(1) as f32;
    [share(x, width), share(y, height), share(side, width), share(side, height)]
}

/// Left, top and side in pixels; at even places, so that chroma follows.
pub(crate) fn pixels(width: usize, height: usize, phase: usize, period: usize) -> (usize, usize, usize) {
    let side = (height / 8).max(16) & !15;
    let way = width.saturating_sub(side).max(1);
    let y = (height * 3 / 4).saturating_sub(side / 2) & !15;
    ((phase * way / period.max(1)) & !1, y, side)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_crosses_the_picture_and_begins_anew() {
        let check = |ms: i64, expect: [f32; 4]| assert_eq!(place(640, 360, UtcMillis(ms)), expect, "{ms}");
        let (size, top) = ([32.0 / 640.0, 32.0 / 360.0], 240.0 / 360.0);
        check(0, [0.0, top, size[0], size[1]]);
        check(4_000, [304.0 / 640.0, top, size[0], size[1]]);
        check(7_999, [606.0 / 640.0, top, size[0], size[1]]);
        check(8_000, [0.0, top, size[0], size[1]]);
    }
}
