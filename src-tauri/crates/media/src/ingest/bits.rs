//! Bits of a parameter set: Exp-Golomb codes, read and written (ITU-T H.264 section 9.1), and emulation prevention.

/// Reads bits, most significant first. `None` past the end.
#[derive(Clone, Debug)]
pub struct BitReader<'a> {
    data: &'a [u8],
    position: usize,
}

impl<'a> BitReader<'a> {
    pub const fn new(data: &'a [u8]) -> Self {
        Self { data, position: 0 }
    }

    /// Bits read so far.
    pub const fn position(&self) -> usize {
        self.position
    }

    pub fn flag(&mut self) -> Option<bool> {
        let byte = *self.data.get(self.position / 8)?;
        let bit = (byte >> (7 - self.position % 8)) & 1;
        self.position += 1;
        Some(bit == 1)
    }

    /// Up to 32 bits.
    pub fn bits(&mut self, count: u32) -> Option<u32> {
        let mut value = 0;
        for _ in 0..count {
            value = value << 1 | u32::from(self.flag()?);
        }
        Some(value)
    }

    pub fn skip(&mut self, count: usize) -> Option<()> {
        self.position += count;
        (self.position <= self.data.len() * 8).then_some(())
    }

    /// `ue(v)`.
    pub fn unsigned(&mut self) -> Option<u32> {
        let mut zeros = 0;
        while !self.flag()? {
            zeros += 1;
            if zeros > 31 {
                return None;
            }
        }
        let rest = self.bits(zeros)?;
        Some((1_u32 << zeros) - 1 + rest)
    }

    /// `se(v)`.
    pub fn signed(&mut self) -> Option<i32> {
        let code = i64::from(self.unsigned()?);
        let value = (code + 1) / 2;
        i32::try_from(if code % 2 == 0 { -value } else { value }).ok()
    }
}

/// Writes bits, most significant first.
#[derive(Debug, Default)]
pub struct BitWriter {
    data: Vec<u8>,
    used: usize,
}

impl BitWriter {
    pub fn flag(&mut self, bit: bool) {
        if self.used.is_multiple_of(8) {
            self.data.push(0);
        }
        if bit && let Some(last) = self.data.last_mut() {
            *last |= 1 << (7 - self.used % 8);
        }
        self.used += 1;
    }

    /// `ue(v)`.
    pub fn unsigned(&mut self, value: u32) {
        let code = u64::from(value) + 1;
        let length = 64 - code.leading_zeros();
        for _ in 1..length {
            self.flag(false);
        }
        for bit in (0..length).rev() {
            self.flag(code >> bit & 1 == 1);
        }
    }

    /// Copies the first `count` bits of `data`.
    pub fn copy(&mut self, data: &[u8], count: usize) {
        let mut reader = BitReader::new(data);
        for _ in 0..count {
            self.flag(reader.flag().unwrap_or(false));
        }
    }

    /// Ends with the stop bit and zeros to the byte (`rbsp_trailing_bits`).
    pub fn finish(mut self) -> Vec<u8> {
        self.flag(true);
        self.data
    }
}

/// Takes the emulation prevention bytes out of a NAL unit (H.264 section 7.4.1, H.265 section 7.4.2).
pub fn without_emulation(nal: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(nal.len());
    let mut zeros = 0;
    for &byte in nal {
        if zeros >= 2 && byte == 3 {
            zeros = 0;
            continue;
        }
        zeros = if byte == 0 { zeros + 1 } else { 0 };
        out.push(byte);
    }
    out
}

/// Puts them back.
pub fn with_emulation(rbsp: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(rbsp.len() + 4);
    let mut zeros = 0;
    for &byte in rbsp {
        if zeros >= 2 && byte <= 3 {
            out.push(3);
            zeros = 0;
        }
        zeros = if byte == 0 { zeros + 1 } else { 0 };
        out.push(byte);
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_survive_a_round_trip() {
        for value in [0, 1, 2, 7, 254, 255, 65_535, u32::MAX - 1] {
            let mut writer = BitWriter::default();
            writer.flag(true);
            writer.unsigned(value);
            let data = writer.finish();
            let mut reader = BitReader::new(&data);
            assert_eq!(reader.flag(), Some(true));
            assert_eq!(reader.unsigned(), Some(value));
        }
    }

    #[test]
    fn signed_codes_alternate() {
        // ue 0..4 = 1, 010, 011, 00100, 00101
        let mut reader = BitReader::new(&[0b1010_0110, 0b0100_0010, 0b1000_0000]);
        let values: Vec<_> = (0..5).map(|_| reader.signed().unwrap()).collect();
        assert_eq!(values, [0, 1, -1, 2, -2]);
    }

    #[test]
    fn emulation_prevention_goes_and_comes() {
        for rbsp in [&[0, 0, 1, 9][..], &[0, 0, 0, 0, 3], &[1, 2, 3], &[0, 0, 3, 0, 0, 2]] {
            let nal = with_emulation(rbsp);
            assert!(!nal.windows(3).any(|w| w[0] == 0 && w[1] == 0 && w[2] < 3));
            assert_eq!(without_emulation(&nal), rbsp);
        }
    }

    #[test]
    fn reading_past_the_end_is_none() {
        assert_eq!(BitReader::new(&[]).flag(), None);
        assert_eq!(BitReader::new(&[0; 8]).unsigned(), None);
    }
}
