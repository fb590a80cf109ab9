//! SHA-256, as it goes.

use crate::EvidenceError;
use ring::digest::{Context, SHA256};
use std::{fs::File, io::Read, path::Path};

const BLOCK_BYTES: usize = 1024 * 1024;

/// A hash that is still being fed.
#[derive(Clone)]
pub struct Digest {
    context: Context,
    len: u64,
}

impl Default for Digest {
    fn default() -> Self {
        Self { context: Context::new(&SHA256), len: 0 }
    }
}

impl Digest {
    pub fn update(&mut self, bytes: &[u8]) {
        self.context.update(bytes);
        self.len += bytes.len() as u64;
    }

    /// Bytes fed so far.
    pub const fn len(&self) -> u64 {
        self.len
    }

    pub const fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// 64 lower-case hexadecimal digits.
    pub fn finish(self) -> String {
        hex(self.context.finish().as_ref())
    }
}

/// Of bytes in memory.
pub fn sha256_hex(bytes: &[u8]) -> String {
    hex(ring::digest::digest(&SHA256, bytes).as_ref())
}

/// Size and hash of a file.
///
/// # Errors
/// When it cannot be read.
pub fn hash_file(path: &Path) -> Result<(u64, String), EvidenceError> {
    let mut file = File::open(path).map_err(EvidenceError::file("open", path))?;
    let mut block = vec![0; BLOCK_BYTES];
    let mut digest = Digest::default();
    loop {
        match file.read(&mut block).map_err(EvidenceError::file("read", path))? {
            0 => return Ok((digest.len(), digest.finish())),
            n => digest.update(&block[..n]),
        }
    }
}

pub(crate) fn hex(bytes: &[u8]) -> String {
    const DIGITS: &[u8; 16] = b"0123456789abcdef";
    let digit = |n: u8| char::from(DIGITS[usize::from(n & 0x0f)]);
    bytes.iter().flat_map(|byte| [digit(byte >> 4), digit(*byte)]).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hashes_are_those_of_the_standard() {
        // FIPS 180-2, appendix B.1.
        let expect = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";
        assert_eq!(sha256_hex(b"abc"), expect);
        let mut digest = Digest::default();
        digest.update(b"a");
        digest.update(b"bc");
        assert_eq!((digest.len(), digest.finish().as_str()), (3, expect));
    }
}
