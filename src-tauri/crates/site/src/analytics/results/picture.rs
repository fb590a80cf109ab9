//! Whether what a node sent as a picture is one that can be kept and shown: by its head, without decoding it. Pure.

/// A message has no room for more.
const MOST_BYTES: usize = 1_024 * 1_024;
const LEAST_SIDE: u16 = 8;
const MOST_SIDE: u16 = 16_384;
/// A browser that shows it holds four bytes for each.
const MOST_PIXELS: u32 = 64 << 20;

/// Width and height of a JPEG that decoders take (ITU-T T.81, annex B): its tables and one frame stand before its first
/// scan. `None` for anything else.
pub fn size(bytes: &[u8]) -> Option<(u16, u16)> {
    if bytes.len() > MOST_BYTES {
        return None;
    }
    let mut rest = bytes.strip_prefix(&[0xff, 0xd8])?;
    let (mut frame, mut has_table) = (None, false);
    loop {
        let marker;
        (marker, rest) = next_marker(rest)?;
        let (length, after) = rest.split_first_chunk::<2>()?;
        let body;
        (body, rest) = after.split_at_checked(usize::from(u16::from_be_bytes(*length)).checked_sub(2)?)?;
        match marker {
            0xdb => has_table = true,
            // Baseline, extended and progressive; two frames in one are no picture.
            0xc0..=0xc2 if frame.is_none() => frame = Some(frame_of(body)?),
            0xda => return frame.filter(|_| has_table && !rest.is_empty()),
            // Tables, application segments and comments.
            0xc4 | 0xcc | 0xdd | 0xe0..=0xef | 0xfe => {}
            // Other kinds of frames, the end, and what stands alone.
            _ => return None,
        }
    }
}

/// A marker may have any number of fill bytes before it.
fn next_marker(bytes: &[u8]) -> Option<(u8, &[u8])> {
    let rest = bytes.strip_prefix(&[0xff])?;
    let fill = rest.iter().take_while(|byte| **byte == 0xff).count();
    rest.get(fill..)?.split_first().map(|(marker, rest)| (*marker, rest))
}

fn frame_of(body: &[u8]) -> Option<(u16, u16)> {
    let [precision, height @ .., components] = body.first_chunk::<6>()?;
    let [h1, h2, w1, w2] = *height;
    let (height, width) = (u16::from_be_bytes([h1, h2]), u16::from_be_bytes([w1, w2]));
    let is_sane = [width, height].iter().all(|side| (LEAST_SIDE..=MOST_SIDE).contains(side))
        && u32::from(width) * u32::from(height) <= MOST_PIXELS;
    let is_whole = body.len() == 6 + 3 * usize::from(*components);
    (*precision == 8 && matches!(components, 1 | 3 | 4) && is_whole && is_sane).then_some((width, height))
}

/// The head of a picture of so many pixels, and as little after it as may be.
#[cfg(test)]
pub fn small(width: u16, height: u16) -> Vec<u8> {
    let [[w1, w2], [h1, h2]] = [width.to_be_bytes(), height.to_be_bytes()];
    [
        &[0xff, 0xd8, 0xff, 0xe0, 0, 4, 1, 2][..],
        &[0xff, 0xdb, 0, 3, 0],
        &[0xff, 0xff, 0xc0, 0, 11, 8, h1, h2, w1, w2, 1, 1, 0x11, 0],
        &[0xff, 0xda, 0, 2, 7, 0xff, 0xd9],
    ]
    .concat()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_decoders_take_is_a_picture() {
        let check = |bytes: &[u8], expect: Option<(u16, u16)>| assert_eq!(size(bytes), expect, "{bytes:02x?}");
        let good = small(640, 360);
        check(&good, Some((640, 360)));
        for end in 0..good.len() - 2 {
            check(&good[..end], None);
        }
        let with = |at: usize, byte: u8| {
            let mut bytes = good.clone();
            bytes[at] = byte;
            bytes
        };
        // Lossless, twelve bits, two components, a table that says it is shorter than its own length.
        check(&with(15, 0xc3), None);
        check(&with(18, 12), None);
        check(&with(23, 2), None);
        check(&with(11, 1), None);
        check(&small(0, 360), None);
        check(&small(640, 4), None);
        check(&small(16_384, 16_384), None);
        check(&small(16_385, 8), None);
        check(&small(8_192, 8_192), Some((8_192, 8_192)));
        // As long as one may be, and longer.
        let long = |size: usize| [good.clone(), vec![0; size - good.len()]].concat();
        assert!(size(&long(MOST_BYTES)).is_some() && size(&long(MOST_BYTES + 1)).is_none());
        check(b"GIF89a", None);
        check(&[0xff, 0xd8, 0xff, 0xd9], None);
        check(&[0xff, 0xd8, 0xff, 0xe0, 1, 2, 0xff, 0xd9], None);
    }
}
