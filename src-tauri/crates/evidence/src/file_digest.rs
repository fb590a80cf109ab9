//! Hashes of recording files, as they are written.

use ring::digest::{Context, SHA256};
use watchwall_model::{FileHash, HashKind};

/// A hash that is still being fed.
#[derive(Clone)]
pub struct FileDigest {
    state: State,
    len: u64,
}

#[derive(Clone)]
enum State {
    Sha256(Box<Context>),
    Blake3(Box<blake3::Hasher>),
}

impl Default for FileDigest {
    fn default() -> Self {
        Self::new(Self::KIND)
    }
}

impl FileDigest {
    /// What new files are hashed with: every byte of every camera passes through it.
    pub const KIND: HashKind = HashKind::Blake3;

    pub fn new(kind: HashKind) -> Self {
        let state = match kind {
            HashKind::Sha256 => State::Sha256(Box::new(Context::new(&SHA256))),
            HashKind::Blake3 => State::Blake3(Box::default()),
        };
        Self { state, len: 0 }
    }

    pub fn update(&mut self, bytes: &[u8]) {
        match &mut self.state {
            State::Sha256(context) => context.update(bytes),
            State::Blake3(hasher) => {
                hasher.update(bytes);
            }
        }
        self.len += bytes.len() as u64;
    }

    /// Bytes fed so far.
    pub const fn len(&self) -> u64 {
        self.len
    }

    pub const fn is_empty(&self) -> bool {
        self.len == 0
    }

    pub fn finish(self) -> FileHash {
        match self.state {
            State::Sha256(context) => {
                let mut bytes = [0; 32];
                bytes.copy_from_slice(context.finish().as_ref());
                FileHash { kind: HashKind::Sha256, bytes }
            }
            State::Blake3(hasher) => FileHash { kind: HashKind::Blake3, bytes: *hasher.finalize().as_bytes() },
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hashes_are_those_of_the_standards() {
        let check = |kind, expect: &str| {
            let mut digest = FileDigest::new(kind);
            digest.update(b"a");
            digest.update(b"bc");
            assert_eq!(digest.len(), 3);
            assert_eq!(digest.finish(), FileHash { kind, bytes: hex(expect) });
        };
        // FIPS 180-2, appendix B.1; and what b3sum says of the same three bytes.
        check(HashKind::Sha256, "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
        check(HashKind::Blake3, "6437b3ac38465133ffb63b75273a8db548c558465d79db03fd359c6cd5bd9d85");
    }

    fn hex(text: &str) -> [u8; 32] {
        let bytes: Vec<u8> = (0..32).map(|n| u8::from_str_radix(&text[2 * n..2 * n + 2], 16).unwrap()).collect();
        bytes.try_into().unwrap()
    }
}
