//! FLAC frames (RFC 9639, chapter 9): one per call, of any length, with fixed predictors and Rice coding.
//!
//! Telephone-grade sound in blocks of 20 to 128 ms gains next to nothing from more than this.

use super::bits::BitWriter;

/// Smallest block STREAMINFO may name; the frame itself may be shorter.
pub const SMALLEST_BLOCK: u16 = 16;
/// Samples per channel one frame holds.
pub const MOST_SAMPLES: u16 = u16::MAX;
const BITS: u32 = 16;
const MOST_ORDER: usize = 4;
/// The largest Rice parameter of the short method; 15 is the escape.
const MOST_RICE: u32 = 14;

/// What all frames of a stream share.
#[derive(Clone, Copy, Debug)]
pub struct FrameFormat {
    pub channels: u16,
    /// In Hz.
    pub sample_rate: u32,
}

/// Encodes one frame. `samples` are interleaved; `first_sample` is the frame's place in the stream.
/// `None` for no samples, for more than [`MOST_SAMPLES`] per channel, or for channels that do not divide them.
pub fn encode_frame(samples: &[i16], format: FrameFormat, first_sample: u64) -> Option<Vec<u8>> {
    let channels = usize::from(format.channels);
    if !(1..=8).contains(&channels) || samples.is_empty() || !samples.len().is_multiple_of(channels) {
        return None;
    }
    let block = u16::try_from(samples.len() / channels).ok()?;
    let mut out = BitWriter::with_capacity(samples.len() * 2 + 32);
    // Sync code, then: blocks of varying length; 16 bits of length follow, and the rate. GStreamer's flacparse refuses
    // frames that leave the rate to STREAMINFO.
    let (rate_code, rate_field, rate_bits) = coded_rate(format.sample_rate);
    out.put(0xfff9, 16);
    out.put(0b0111_0000 | rate_code, 8);
    out.put((channels as u32 - 1) << 4 | 0b1000, 8);
    put_coded_number(&mut out, first_sample & 0x000f_ffff_ffff);
    out.put(u32::from(block) - 1, 16);
    out.put(rate_field, rate_bits);
    let header_crc = crc8(out.bytes());
    out.put(u32::from(header_crc), 8);
    let mut channel = Vec::with_capacity(usize::from(block));
    for n in 0..channels {
        channel.clear();
        channel.extend(samples.iter().skip(n).step_by(channels).map(|sample| i32::from(*sample)));
        put_subframe(&mut out, &mut channel);
    }
    out.align();
    let crc = crc16(out.bytes());
    out.put(u32::from(crc), 16);
    Some(out.into_bytes())
}

/// The code of a sample rate (9.1.2), and the field with its bits that follows the block size.
const fn coded_rate(rate: u32) -> (u32, u32, u32) {
    match rate {
        8_000 => (4, 0, 0),
        16_000 => (5, 0, 0),
        22_050 => (6, 0, 0),
        24_000 => (7, 0, 0),
        32_000 => (8, 0, 0),
        44_100 => (9, 0, 0),
        48_000 => (10, 0, 0),
        96_000 => (11, 0, 0),
        rate if rate <= 0xffff => (13, rate, 16),
        rate if rate % 10 == 0 && rate / 10 <= 0xffff => (14, rate / 10, 16),
        _ => (0, 0, 0),
    }
}

/// Bytes of a frame of 128 ms, the longest that cameras send; parsers that look for the end of a frame read no further.
pub const fn most_frame_bytes(format: FrameFormat) -> u32 {
    let samples = format.sample_rate as u64 * 128 / 1000 * format.channels as u64;
    let bytes = samples * 2 + 32;
    if bytes < 0x00ff_ffff { bytes as u32 } else { 0x00ff_ffff }
}

/// A number as UTF-8 would code it, up to 36 bits (9.1.5).
fn put_coded_number(out: &mut BitWriter, value: u64) {
    if value < 0x80 {
        return out.put(value as u32, 8);
    }
    let bits = 64 - value.leading_zeros();
    // With n bytes that follow, 6n + (6 - n) bits fit, with six 36.
    let following = (1..=6).find(|n| bits <= if *n == 6 { 36 } else { 5 * n + 6 }).unwrap_or(6);
    let lead = (0xff00_u32 >> (following + 1)) & 0xff;
    out.put(lead | (value >> (6 * following)) as u32, 8);
    for n in (0..following).rev() {
        out.put(0x80 | ((value >> (6 * n)) & 0x3f) as u32, 8);
    }
}

fn put_subframe(out: &mut BitWriter, samples: &mut [i32]) {
    if samples.iter().all(|sample| *sample == samples[0]) {
        out.put(0, 8);
        out.put(samples[0] as u32, BITS);
        return;
    }
    // G.711 leaves its lowest bits zero; they are told once instead of in each sample.
    let wasted = samples.iter().fold(0, |all, sample| all | sample).trailing_zeros().min(BITS - 1);
    samples.iter_mut().for_each(|sample| *sample >>= wasted);
    let bits = BITS - wasted;
    let (order, residual) = best_prediction(samples);
    let rice = best_rice(&residual);
    let coded_bits = order as u64 * u64::from(bits) + 10 + rice_bits(&residual, rice);
    let is_coded = coded_bits < samples.len() as u64 * u64::from(bits);
    let kind = if is_coded { 0b00_1000 | order as u32 } else { 0b00_0001 };
    out.put(kind << 1 | u32::from(wasted > 0), 8);
    if wasted > 0 {
        out.put_unary(wasted - 1);
    }
    let plain = if is_coded { &samples[..order] } else { &*samples };
    plain.iter().for_each(|sample| out.put(*sample as u32, bits));
    if is_coded {
        // Rice codes with 4-bit parameters, one partition.
        out.put(0, 6);
        out.put(rice, 4);
        for value in residual.iter().map(|value| fold(*value)) {
            out.put_unary(value >> rice);
            out.put(value, rice);
        }
    }
}

/// The fixed predictor (9.2.5) with the smallest residual.
fn best_prediction(samples: &[i32]) -> (usize, Vec<i32>) {
    let mut best = (0, samples.to_vec());
    let mut best_sum = magnitude(samples);
    let mut residual = samples.to_vec();
    for order in 1..=MOST_ORDER.min(samples.len() - 1) {
        // The next difference of the differences before it.
        for n in (order..samples.len()).rev() {
            residual[n] -= residual[n - 1];
        }
        let sum = magnitude(&residual[order..]);
        if sum < best_sum {
            best_sum = sum;
            best = (order, residual[order..].to_vec());
        }
    }
    best
}

fn magnitude(values: &[i32]) -> u64 {
    values.iter().map(|value| u64::from(value.unsigned_abs())).sum()
}

fn best_rice(residual: &[i32]) -> u32 {
    (0..=MOST_RICE).min_by_key(|rice| rice_bits(residual, *rice)).unwrap_or(0)
}

fn rice_bits(residual: &[i32], rice: u32) -> u64 {
    residual.iter().map(|value| u64::from(fold(*value) >> rice) + 1 + u64::from(rice)).sum()
}

/// Signed to unsigned, small stays small.
const fn fold(value: i32) -> u32 {
    ((value << 1) ^ (value >> 31)) as u32
}

fn crc8(bytes: &[u8]) -> u8 {
    bytes.iter().fold(0, |crc, byte| CRC8[usize::from(crc ^ byte)])
}

fn crc16(bytes: &[u8]) -> u16 {
    bytes.iter().fold(0, |crc, byte| (crc << 8) ^ CRC16[usize::from((crc >> 8) as u8 ^ byte)])
}

static CRC8: [u8; 256] = {
    let mut table = [0; 256];
    let mut n = 0;
    while n < 256 {
        let mut crc = n as u8;
        let mut bit = 0;
        while bit < 8 {
            crc = if crc & 0x80 != 0 { (crc << 1) ^ 0x07 } else { crc << 1 };
            bit += 1;
        }
        table[n] = crc;
        n += 1;
    }
    table
};

static CRC16: [u16; 256] = {
    let mut table = [0; 256];
    let mut n = 0;
    while n < 256 {
        let mut crc = (n as u16) << 8;
        let mut bit = 0;
        while bit < 8 {
            crc = if crc & 0x8000 != 0 { (crc << 1) ^ 0x8005 } else { crc << 1 };
            bit += 1;
        }
        table[n] = crc;
        n += 1;
    }
    table
};

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_coded_as_utf8_does() {
        let check = |value: u64| {
            let mut out = BitWriter::default();
            put_coded_number(&mut out, value);
            let text = char::from_u32(value as u32).unwrap().to_string();
            assert_eq!(out.bytes(), text.as_bytes(), "{value:#x}");
        };
        [0, 0x7f, 0x80, 0x7ff, 0x800, 0xffff, 0x1_0000, 0x10_ffff].into_iter().for_each(check);
        let mut out = BitWriter::default();
        put_coded_number(&mut out, 0x000f_ffff_ffff);
        assert_eq!(out.bytes(), [0xfe, 0xbf, 0xbf, 0xbf, 0xbf, 0xbf, 0xbf]);
    }

    #[test]
    fn checksums_are_those_of_the_standard() {
        assert_eq!(crc8(b"123456789"), 0xf4);
        assert_eq!(crc16(b"123456789"), 0xfee8);
    }

    #[test]
    fn what_cannot_be_a_frame_is_refused() {
        let check = |samples: &[i16], channels, expect| {
            let format = FrameFormat { channels, sample_rate: 8_000 };
            assert_eq!(encode_frame(samples, format, 0).is_some(), expect);
        };
        check(&[], 1, false);
        check(&[1, 2, 3], 2, false);
        check(&[1], 0, false);
        check(&vec![1; 65_536], 1, false);
        check(&[7], 1, true);
    }
}
