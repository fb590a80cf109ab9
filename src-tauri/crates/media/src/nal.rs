//! NAL units with 4-byte lengths (ISO/IEC 14496-15, 5.3.3), as access units of H.264 and H.265 hold them.

/// Each without its length; ends where one would reach beyond the access unit.
pub fn nals(unit: &[u8]) -> impl Iterator<Item = &[u8]> {
    let mut rest = unit;
    std::iter::from_fn(move || {
        let (length, after) = rest.split_first_chunk::<4>()?;
        let (nal, after) = after.split_at_checked(u32::from_be_bytes(*length) as usize)?;
        rest = after;
        Some(nal)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_length_too_long_is_the_end() {
        let check = |unit: &[u8], expect: &[&[u8]]| assert_eq!(nals(unit).collect::<Vec<_>>(), expect, "{unit:?}");
        check(b"", &[]);
        check(b"\0\0\0\x01a\0\0\0\0\0\0\0\x02bc", &[b"a", b"", b"bc"]);
        check(b"\0\0\0\x01a\0\0\0\x03bc", &[b"a"]);
        check(b"\xff\xff\xff\xffabc", &[]);
        check(b"\0\0\0", &[]);
    }
}
