//! Width and height of a picture as its first bytes tell. Pure.

/// Of a JPEG (start of frame, ITU-T T.81 B.2.2) or a PNG; `None` for others and for damaged ones.
pub fn picture_size(bytes: &[u8]) -> Option<(u32, u32)> {
    if let Some(png) = bytes.strip_prefix(b"\x89PNG\r\n\x1a\n") {
        let number = |at: usize| Some(u32::from_be_bytes(png.get(at..at + 4)?.try_into().ok()?));
        return Some((number(8)?, number(12)?));
    }
    let mut rest = bytes.strip_prefix(&[0xff, 0xd8])?;
    loop {
        let (marker, tail) = rest.split_first_chunk::<2>()?;
        if marker[0] != 0xff {
            return None;
        }
        if marker[1] == 0xff {
            // Fill bytes may stand before a marker.
            rest = &rest[1..];
            continue;
        }
        let length = usize::from(u16::from_be_bytes(*tail.first_chunk::<2>()?));
        let is_frame = matches!(marker[1], 0xc0..=0xcf) && !matches!(marker[1], 0xc4 | 0xc8 | 0xcc);
        if is_frame {
            let number = |at: usize| Some(u32::from(u16::from_be_bytes(tail.get(at..at + 2)?.try_into().ok()?)));
            return Some((number(5)?, number(3)?));
        }
        rest = tail.get(length.max(2)..)?;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_are_read_from_the_head() {
        let jpeg = b"\xff\xd8\xff\xe0\0\x04ab\xff\xff\xc0\0\x0b\x08\x01\x68\x02\x80\x01\x01\x11\0";
        assert_eq!(picture_size(jpeg), Some((640, 360)));
        let png = b"\x89PNG\r\n\x1a\n\0\0\0\x0dIHDR\0\0\x02\x80\0\0\x01\x68\x08";
        assert_eq!(picture_size(png), Some((640, 360)));
        for broken in [&b"\xff\xd8\xff\xe0\xff"[..], b"\xff\xd8", b"<html>", b"", b"\x89PNG\r\n\x1a\n\0"] {
            assert_eq!(picture_size(broken), None);
        }
    }
}
