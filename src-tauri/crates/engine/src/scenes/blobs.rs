//! Boxes around what differs.

use super::background::EXCESS_ONE;
use watchwall_engine_protocol::BBox;

/// Pixels that hang together, or nearly do.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Blob {
    pub bbox: BBox,
    /// Of the picture.
    pub share: f32,
    /// How much it differs, in multiples of what it takes: 1 is hardly.
    pub contrast: f32,
}

/// What counts.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct BlobRules {
    /// Smaller ones are left out; share of the picture.
    pub min_share: f32,
    /// What is nearer to each other than this belongs together; fraction of the frame.
    pub gap: f32,
    /// So many, the largest.
    pub most: usize,
}

impl Default for BlobRules {
    fn default() -> Self {
        Self { min_share: 0.000_8, gap: 0.015, most: 64 }
    }
}

/// In pixels, right and bottom exclusive.
#[derive(Clone, Copy)]
struct Part {
    left: usize,
    top: usize,
    right: usize,
    bottom: usize,
    pixels: usize,
    excess: u64,
}

/// Largest first. `excess` is that of `Background`; both have `width` columns.
pub fn blobs(mask: &[bool], excess: &[u8], width: usize, rules: &BlobRules) -> Vec<Blob> {
    if width == 0 || mask.len() < width || excess.len() != mask.len() {
        return Vec::new();
    }
    let height = mask.len() / width;
    let gap = (rules.gap * width as f32).ceil() as usize;
    let mut parts = merge(parts(mask, excess, width), gap);
    let total = (width * height) as f32;
    parts.retain(|part| part.pixels as f32 >= rules.min_share * total);
    parts.sort_by_key(|part| (std::cmp::Reverse(part.pixels), part.top, part.left));
    parts.truncate(rules.most);
    let of = |n: usize, all: usize| n as f32 / all as f32;
    let blob = |part: Part| Blob {
        bbox: BBox {
            x: of(part.left, width),
            y: of(part.top, height),
            width: of(part.right - part.left, width),
            height: of(part.bottom - part.top, height),
        },
        share: part.pixels as f32 / total,
        contrast: part.excess as f32 / (part.pixels.max(1) as f32 * f32::from(EXCESS_ONE)),
    };
    parts.into_iter().map(blob).collect()
}

/// Connected by an edge or a corner.
fn parts(mask: &[bool], excess: &[u8], width: usize) -> Vec<Part> {
    let height = mask.len() / width;
    let mut is_done = vec![false; mask.len()];
    let mut found = Vec::new();
    let mut open = Vec::new();
    for start in 0..width * height {
        if !mask[start] || is_done[start] {
            continue;
        }
        let (x, y) = (start % width, start / width);
        let mut part = Part { left: x, top: y, right: x + 1, bottom: y + 1, pixels: 0, excess: 0 };
        is_done[start] = true;
        open.push((x, y));
        while let Some((x, y)) = open.pop() {
            part.left = part.left.min(x);
            part.right = part.right.max(x + 1);
            part.top = part.top.min(y);
            part.bottom = part.bottom.max(y + 1);
            part.pixels += 1;
            part.excess += u64::from(excess[y * width + x]);
            for near_y in y.saturating_sub(1)..=(y + 1).min(height - 1) {
                for near_x in x.saturating_sub(1)..=(x + 1).min(width - 1) {
                    let near = near_y * width + near_x;
                    if mask[near] && !is_done[near] {
                        is_done[near] = true;
                        open.push((near_x, near_y));
                    }
                }
            }
        }
        found.push(part);
    }
    found
}

/// More parts than this are rain or leaves; what is left over when merged is good enough.
const MOST_PARTS: usize = 256;

fn merge(mut parts: Vec<Part>, gap: usize) -> Vec<Part> {
    parts.sort_by_key(|part| std::cmp::Reverse(part.pixels));
    parts.truncate(MOST_PARTS);
    let mut merged: Vec<Part> = Vec::new();
    while let Some(mut part) = parts.pop() {
        // Growing may bring it near to others.
        while let Some(place) = merged.iter().position(|other| are_near(&part, other, gap)) {
            let other = merged.swap_remove(place);
            part = Part {
                left: part.left.min(other.left),
                top: part.top.min(other.top),
                right: part.right.max(other.right),
                bottom: part.bottom.max(other.bottom),
                pixels: part.pixels + other.pixels,
                excess: part.excess + other.excess,
            };
        }
        merged.push(part);
    }
    merged
}

const fn are_near(a: &Part, b: &Part, gap: usize) -> bool {
    a.left <= b.right + gap && b.left <= a.right + gap && a.top <= b.bottom + gap && b.top <= a.bottom + gap
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Boxes of what is drawn, 100 pixels wide and 50 high: left, top, width and height in pixels.
    fn check(drawn: &[[usize; 4]], expect: &[[usize; 4]]) {
        let (width, height) = (100, 50);
        let mut mask = vec![false; width * height];
        for [left, top, w, h] in drawn {
            for y in *top..top + h {
                mask[y * width + left..y * width + left + w].fill(true);
            }
        }
        let found = blobs(&mask, &vec![32; mask.len()], width, &BlobRules { gap: 0.02, ..BlobRules::default() });
        let pixels = |n: f32, of: usize| (n * of as f32).round() as usize;
        let boxes: Vec<[usize; 4]> = found
            .iter()
            .map(|Blob { bbox: b, .. }| {
                [pixels(b.x, width), pixels(b.y, height), pixels(b.width, width), pixels(b.height, height)]
            })
            .collect();
        assert_eq!(boxes, expect, "{drawn:?}");
        assert!(found.iter().all(|blob| (blob.contrast - 2.0).abs() < 1e-3));
    }

    #[test]
    fn boxes_lie_around_what_hangs_together() {
        check(&[], &[]);
        check(&[[10, 10, 5, 8]], &[[10, 10, 5, 8]]);
        check(&[[10, 10, 5, 8], [50, 20, 10, 10]], &[[50, 20, 10, 10], [10, 10, 5, 8]]);
        check(&[[0, 0, 3, 3], [97, 47, 3, 3], [10, 10, 1, 1]], &[[0, 0, 3, 3], [97, 47, 3, 3]]);
        // A head and a body with a bright belt between; and a corner.
        check(&[[10, 10, 5, 5], [10, 17, 5, 8]], &[[10, 10, 5, 15]]);
        check(&[[10, 10, 5, 5], [15, 15, 5, 5]], &[[10, 10, 10, 10]]);
        check(&[[10, 10, 5, 5], [18, 10, 5, 5]], &[[10, 10, 5, 5], [18, 10, 5, 5]]);
    }

    #[test]
    fn a_storm_is_bounded() {
        let mask: Vec<bool> = (0..320 * 180).map(|n| n % 2 == 0 && n / 320 % 2 == 0).collect();
        let found = blobs(&mask, &vec![16; mask.len()], 320, &BlobRules { min_share: 0.0, gap: 0.0, most: 10 });
        assert!(found.len() <= 10, "{}", found.len());
        assert!(blobs(&[], &[], 0, &BlobRules::default()).is_empty());
    }
}
