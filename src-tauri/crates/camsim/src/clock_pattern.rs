//! The machine-readable clock in the top-left corner of every live frame.
//!
//! Forty square blocks, most significant bit first, carry:
//!
//! * bits 0 to 31: the wall clock in UTC milliseconds modulo 2^32, as a Gray code (`v ^ (v >> 1)`), so that a
//!   reader that catches a picture between two values is wrong by one step at most;
//! * bits 32 to 39: CRC-8 (polynomial 0x07, initial value 0, not reflected, no final XOR) over the four bytes of
//!   the *plain* value (before Gray coding), big endian.
//!
//! A set bit is white (luma 235), a clear bit black (luma 16). Chroma is neutral (128). The pattern starts at
//! pixel (0, 0) and its blocks are aligned to the macroblock grid:
//!
//! | frame width | block | arrangement | strip |
//! |---|---|---|---|
//! | 640 and more | 16x16 | one row of 40 | 640x16 |
//! | 320 to 639 | 8x8 | one row of 40 | 320x8 |
//! | 160 to 319 | 8x8 | two rows of 20, first row holds bits 0 to 19 | 160x16 |
//!
//! The value 0 is never drawn (1 stands in for it), because a black picture would read as 0 with a good checksum:
//! a reader must refuse it. Narrower frames carry no clock. Read the mean luma of the inner half of a block against 126.

use watchwall_model::UtcMillis;

/// Bits in the pattern.
pub const BITS: usize = 40;
pub const BLACK: u8 = 16;
pub const WHITE: u8 = 235;
const THRESHOLD: u32 = 126;

/// Where the blocks lie in a frame of one width.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PatternLayout {
    /// Side of a block in pixels.
    pub block: usize,
    pub columns: usize,
    pub rows: usize,
}

impl PatternLayout {
    /// `None` below 160 pixels.
    pub const fn for_width(width: usize) -> Option<Self> {
        match width {
            640.. => Some(Self { block: 16, columns: 40, rows: 1 }),
            320.. => Some(Self { block: 8, columns: 40, rows: 1 }),
            160.. => Some(Self { block: 8, columns: 20, rows: 2 }),
            _ => None,
        }
    }

    /// Size of the strip in pixels.
    pub const fn size(self) -> (usize, usize) {
        (self.block * self.columns, self.block * self.rows)
    }
}

/// The forty bits of a clock value, first block first.
pub fn encode(clock_ms: u32) -> [bool; BITS] {
    let gray = clock_ms ^ (clock_ms >> 1);
    let word = u64::from(gray) << 8 | u64::from(crc8(clock_ms.to_be_bytes()));
    std::array::from_fn(|bit| word >> (BITS - 1 - bit) & 1 == 1)
}

/// The clock value, or `None` when the checksum does not fit and for a black strip.
pub fn decode(bits: &[bool; BITS]) -> Option<u32> {
    let word = bits.iter().fold(0_u64, |word, bit| word << 1 | u64::from(*bit));
    let gray = u32::try_from(word >> 8).ok()?;
    let mut plain = gray;
    for shift in [1, 2, 4, 8, 16] {
        plain ^= plain >> shift;
    }
    (plain != 0 && u64::from(crc8(plain.to_be_bytes())) == word & 0xff).then_some(plain)
}

/// Paints the pattern into a luma plane. Does nothing to a plane that is too small.
pub fn paint(luma: &mut [u8], stride: usize, width: usize, clock_ms: u32) {
    let Some(layout) = PatternLayout::for_width(width) else { return };
    for (bit, set) in encode(clock_ms).into_iter().enumerate() {
        let (x, y) = (bit % layout.columns * layout.block, bit / layout.columns * layout.block);
        for row in y..y + layout.block {
            if let Some(line) = luma.get_mut(row * stride + x..row * stride + x + layout.block) {
                line.fill(if set { WHITE } else { BLACK });
            }
        }
    }
}

/// Reads the pattern from a decoded luma plane of `width` pixels, `stride` bytes per line.
pub fn read(luma: &[u8], stride: usize, width: usize) -> Option<u32> {
    let layout = PatternLayout::for_width(width)?;
    let inner = layout.block / 2;
    let area = u32::try_from(inner * inner).ok()?;
    let mut bits = [false; BITS];
    for (bit, value) in bits.iter_mut().enumerate() {
        let x = bit % layout.columns * layout.block + layout.block / 4;
        let y = bit / layout.columns * layout.block + layout.block / 4;
        let mut sum = 0;
        for row in y..y + inner {
            let line = luma.get(row * stride + x..row * stride + x + inner)?;
            sum += line.iter().map(|v| u32::from(*v)).sum::<u32>();
        }
        *value = sum / area > THRESHOLD;
    }
    decode(&bits)
}

/// What goes into the pattern for a moment: never 0.
pub fn clock_of(at: UtcMillis) -> u32 {
    // The remainder modulo 2^32 is what is wanted.
    ((at.0.rem_euclid(1 << 32)) as u32).max(1)
}

/// The moment nearest to `near` whose clock value is `clock_ms` (the value wraps every 49.7 days).
pub fn moment_near(clock_ms: u32, near: UtcMillis) -> UtcMillis {
    let ahead = clock_ms.wrapping_sub(clock_of(near)).cast_signed();
    UtcMillis(near.0.saturating_add(i64::from(ahead)))
}

fn crc8(bytes: [u8; 4]) -> u8 {
    bytes.into_iter().fold(0, |crc, byte| {
        (0..8).fold(crc ^ byte, |crc: u8, _| if crc & 0x80 != 0 { crc << 1 ^ 0x07 } else { crc << 1 })
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check_round_trip(width: usize, clock_ms: u32) {
        let (stride, height) = (width + 4, 24);
        let mut luma = vec![90; stride * height];
        paint(&mut luma, stride, width, clock_ms);
        assert_eq!(read(&luma, stride, width), Some(clock_ms), "{width} {clock_ms}");
    }

    #[test]
    fn every_width_reads_back_what_was_painted() {
        for width in [160, 176, 319, 320, 352, 639, 640, 1280, 1366] {
            for clock_ms in [1, 2, 999, 0x8000_0000, 0xdead_beef, u32::MAX] {
                check_round_trip(width, clock_ms);
            }
        }
    }

    #[test]
    fn the_bits_are_the_documented_ones() {
        // CRC-8/SMBUS of 00 00 00 01 is 07; the Gray code of 1 is 1.
        let text = |v| encode(v).iter().map(|b| if *b { '1' } else { '0' }).collect::<String>();
        assert_eq!(text(1), "0000000000000000000000000000000100000111");
        assert_eq!(text(2), "0000000000000000000000000000001100001110");
        assert_eq!(text(0), "0".repeat(40));
    }

    #[test]
    fn one_wrong_block_is_refused() {
        let bits = encode(1_234_567_890);
        for flipped in 0..BITS {
            let mut bits = bits;
            bits[flipped] = !bits[flipped];
            assert_eq!(decode(&bits), None, "{flipped}");
        }
    }

    #[test]
    fn a_black_or_white_picture_carries_no_clock() {
        assert_eq!(decode(&[false; BITS]), None);
        assert_eq!(decode(&[true; BITS]), None);
    }

    #[test]
    fn blurred_and_noisy_blocks_still_read() {
        let mut luma = vec![90; 640 * 16];
        paint(&mut luma, 640, 640, 4_000_000_001);
        for (i, v) in luma.iter_mut().enumerate() {
            *v = v.saturating_sub(40).max(30).saturating_add(u8::try_from(i * 37 % 50).unwrap());
        }
        assert_eq!(read(&luma, 640, 640), Some(4_000_000_001));
    }

    #[test]
    fn a_clock_value_finds_its_moment_across_the_wrap() {
        let base = 1_700_000_000_000;
        for offset in [-2_000_000_000, -1, 0, 1, 2_000_000_000] {
            let at = UtcMillis(base + offset);
            assert_eq!(moment_near(clock_of(at), UtcMillis(base)), at);
        }
    }
}
