//! What ties the recording files of a stream together: none can be changed, taken out or put in unseen.

use ring::digest::{SHA256, digest};
use watchwall_model::{FileHash, HashKind, UtcMillis};

/// What is known of a finished recording file.
#[derive(Clone, Copy, Debug)]
pub struct ChainedFile<'a> {
    pub path: &'a str,
    /// Counts the files of a stream, from one, in the order in which they were finished.
    pub number: i64,
    pub from: UtcMillis,
    pub to: UtcMillis,
    pub size_bytes: u64,
    /// Of the whole file.
    pub hash: FileHash,
}

/// The checksum of a file and of all before it: SHA-256 of seven lines, each with its line feed, that anybody can write
/// down: the checksum before it (nothing for the first file), path, number, begin, end, size and the file's hash. Checksums
/// in lower-case hexadecimal, a BLAKE3 hash with `blake3:` before it, times in milliseconds since 1970 (UTC), size in bytes.
pub fn link(previous: Option<&[u8; 32]>, file: &ChainedFile<'_>) -> [u8; 32] {
    let ChainedFile { path, number, from, to, size_bytes, hash } = file;
    let previous = previous.map(hex32).unwrap_or_default();
    let kind = match hash.kind {
        HashKind::Sha256 => "",
        HashKind::Blake3 => "blake3:",
    };
    let hash = hex32(&hash.bytes);
    let text = format!("{previous}\n{path}\n{number}\n{}\n{}\n{size_bytes}\n{kind}{hash}\n", from.0, to.0);
    let mut chained = [0; 32];
    chained.copy_from_slice(digest(&SHA256, text.as_bytes()).as_ref());
    chained
}

/// 64 lower-case hexadecimal digits.
pub fn hex32(bytes: &[u8; 32]) -> String {
    crate::digest::hex(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_link_is_what_sha256sum_says_of_its_lines() {
        let file = ChainedFile {
            path: "gate",
            number: 1,
            from: UtcMillis(1_000),
            to: UtcMillis(2_000),
            size_bytes: 3,
            hash: FileHash { kind: HashKind::Sha256, bytes: [0xab; 32] },
        };
        // printf '\ngate\n1\n1000\n2000\n3\nabab…ab\n' | sha256sum
        let first = link(None, &file);
        assert_eq!(hex32(&first), "dfd8e7bfc140bd51a5388b3cfd60f86cc091d749a9f9e26bda28f77b7083e3e7");
        let second = link(Some(&first), &ChainedFile { number: 2, ..file });
        assert_eq!(hex32(&second), "4c5c3f64e2f09d6242f0cf2c9e0543dbc405bd0a36efff5049e8c67f60c57a94");
        assert_ne!(link(None, &ChainedFile { size_bytes: 4, ..file }), first);
        let hash = FileHash { kind: HashKind::Blake3, bytes: [0xab; 32] };
        // printf '\ngate\n1\n1000\n2000\n3\nblake3:abab…ab\n' | sha256sum
        let third = link(None, &ChainedFile { hash, ..file });
        assert_eq!(hex32(&third), "c97a352840b828a6b9dde8cd348dcae9d20e45913fb897446477c817d82c8256");
    }
}
