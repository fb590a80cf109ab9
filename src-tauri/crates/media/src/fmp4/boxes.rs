//! Boxes in a slice of bytes, and the fields inside them. What does not fit ends the walk; nothing panics.

use super::BOX_HEADER;

/// One whole box.
#[derive(Clone, Copy, Debug)]
pub struct BoxRef<'a> {
    pub kind: [u8; 4],
    /// Where the box begins in the slice that was given.
    pub at: usize,
    /// Where its body begins there.
    pub body_at: usize,
    pub body: &'a [u8],
}

impl BoxRef<'_> {
    pub const fn end(&self) -> usize {
        self.body_at + self.body.len()
    }
}

/// The header of a box (ISO/IEC 14496-12, 4.2): kind, bytes of the header, bytes of the whole box.
/// A box that says it reaches to the end of the file is refused: no writer of recordings makes one.
pub fn header(bytes: &[u8]) -> Option<([u8; 4], usize, u64)> {
    let mut fields = Fields::new(bytes);
    let short = fields.u32()?;
    let kind = fields.array::<4>()?;
    let (header, size) = if short == 1 { (16, fields.u64()?) } else { (BOX_HEADER, u64::from(short)) };
    (size >= header as u64).then_some((kind, header, size))
}

/// The whole boxes of a slice, in order.
#[derive(Clone, Debug)]
pub struct Boxes<'a> {
    all: &'a [u8],
    at: usize,
}

impl<'a> Boxes<'a> {
    pub const fn new(all: &'a [u8]) -> Self {
        Self { all, at: 0 }
    }
}

impl<'a> Iterator for Boxes<'a> {
    type Item = BoxRef<'a>;

    fn next(&mut self) -> Option<BoxRef<'a>> {
        let rest = self.all.get(self.at..)?;
        let (kind, header, size) = header(rest)?;
        let size = usize::try_from(size).ok().filter(|size| *size <= rest.len())?;
        let found = BoxRef { kind, at: self.at, body_at: self.at + header, body: &rest[header..size] };
        self.at += size;
        Some(found)
    }
}

/// The first box of this kind.
pub fn find<'a>(bytes: &'a [u8], kind: &[u8; 4]) -> Option<BoxRef<'a>> {
    Boxes::new(bytes).find(|found| &found.kind == kind)
}

/// The body at the end of a path of box kinds.
pub fn descend<'a>(bytes: &'a [u8], path: &[&[u8; 4]]) -> Option<&'a [u8]> {
    path.iter().try_fold(bytes, |body, kind| find(body, kind).map(|found| found.body))
}

/// Reads big-endian fields one after the other.
#[derive(Clone, Copy, Debug)]
pub struct Fields<'a> {
    rest: &'a [u8],
}

impl<'a> Fields<'a> {
    pub const fn new(rest: &'a [u8]) -> Self {
        Self { rest }
    }

    pub fn take(&mut self, bytes: usize) -> Option<&'a [u8]> {
        let (taken, rest) = self.rest.split_at_checked(bytes)?;
        self.rest = rest;
        Some(taken)
    }

    pub fn array<const N: usize>(&mut self) -> Option<[u8; N]> {
        let (taken, rest) = self.rest.split_first_chunk::<N>()?;
        self.rest = rest;
        Some(*taken)
    }

    pub fn u8(&mut self) -> Option<u8> {
        self.array().map(|[byte]| byte)
    }

    pub fn u16(&mut self) -> Option<u16> {
        self.array().map(u16::from_be_bytes)
    }

    pub fn u32(&mut self) -> Option<u32> {
        self.array().map(u32::from_be_bytes)
    }

    pub fn u64(&mut self) -> Option<u64> {
        self.array().map(u64::from_be_bytes)
    }

    /// 64 bits in a box of version 1, else 32.
    pub fn by_version(&mut self, version: u8) -> Option<u64> {
        if version == 1 { self.u64() } else { self.u32().map(u64::from) }
    }

    /// Version and flags of a full box.
    pub fn full(&mut self) -> Option<(u8, u32)> {
        let word = self.u32()?;
        Some(((word >> 24) as u8, word & 0x00ff_ffff))
    }

    pub const fn rest(self) -> &'a [u8] {
        self.rest
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_box_that_does_not_fit_ends_the_walk() {
        let check = |bytes: &[u8], expect: usize| assert_eq!(Boxes::new(bytes).count(), expect, "{bytes:x?}");
        check(b"\0\0\0\x08free\0\0\0\x08free", 2);
        check(b"\0\0\0\x08free\0\0\0\x09free", 1);
        check(b"\0\0\0\0free", 0);
        check(b"\0\0\0\x07free", 0);
        check(b"\0\0\0\x01free\0\0\0\0\0\0\0\x10", 1);
        check(b"\0\0\0\x01free\xff\xff\xff\xff\xff\xff\xff\xff", 0);
        check(b"\0\0\0", 0);
    }
}
