//! Bits, most significant first.

/// Appends bits to bytes.
#[derive(Debug, Default)]
pub struct BitWriter {
    bytes: Vec<u8>,
    held: u64,
    held_bits: u32,
}

impl BitWriter {
    pub fn with_capacity(bytes: usize) -> Self {
        Self { bytes: Vec::with_capacity(bytes), ..Self::default() }
    }

    /// The lowest `bits` (at most 32) of `value`.
    pub fn put(&mut self, value: u32, bits: u32) {
        self.held = (self.held << bits) | (u64::from(value) & ((1 << bits) - 1));
        self.held_bits += bits;
        while self.held_bits >= 8 {
            self.held_bits -= 8;
            self.bytes.push((self.held >> self.held_bits) as u8);
        }
    }

    /// So many zeros, then a one.
    pub fn put_unary(&mut self, zeros: u32) {
        let mut left = zeros;
        while left >= 32 {
            self.put(0, 32);
            left -= 32;
        }
        self.put(0, left);
        self.put(1, 1);
    }

    /// Fills the last byte with zeros.
    pub fn align(&mut self) {
        if self.held_bits > 0 {
            self.put(0, 8 - self.held_bits);
        }
    }

    /// The whole bytes so far.
    pub fn bytes(&self) -> &[u8] {
        &self.bytes
    }

    pub fn into_bytes(mut self) -> Vec<u8> {
        self.align();
        self.bytes
    }
}
