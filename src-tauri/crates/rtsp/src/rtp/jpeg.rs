//! JPEG (RFC 2435): baseline pictures with the standard Huffman tables; quantisation tables in band (Q = 255).

use super::wire::{MAX_PAYLOAD, WireBuilder};

const TABLES_IN_BAND: u8 = 255;

/// What a JPEG file says that RTP must say otherwise.
struct Picture<'a> {
    /// 0 for 4:2:2, 1 for 4:2:0 (3.1.3).
    kind: u8,
    width: u16,
    height: u16,
    /// Luma then chroma, 64 bytes each, in zigzag order as in the file.
    tables: Vec<u8>,
    scan: &'a [u8],
}

/// A picture that RTP cannot carry gives no packet.
pub fn packetise(file: &[u8], filler: usize, out: &mut WireBuilder) {
    let Some(picture) = parse(file) else { return };
    let mut scan = picture.scan.to_vec();
    scan.resize(scan.len() + filler, 0);
    let blocks = |pixels: u16| u8::try_from(pixels.div_ceil(8)).unwrap_or(0);
    let mut offset = 0;
    while offset < scan.len() {
        let at = u32::try_from(offset).unwrap_or(0).to_be_bytes();
        let (width, height) = (blocks(picture.width), blocks(picture.height));
        let mut header = vec![0, at[1], at[2], at[3], picture.kind, TABLES_IN_BAND, width, height];
        if offset == 0 {
            header.extend_from_slice(&[0, 0]);
            header.extend_from_slice(&(picture.tables.len() as u16).to_be_bytes());
            header.extend_from_slice(&picture.tables);
        }
        let room = MAX_PAYLOAD - header.len();
        let piece = &scan[offset..(offset + room).min(scan.len())];
        out.packet(&[&header, piece]);
        offset += piece.len();
    }
}

/// Codes of each length in the four Huffman tables that a receiver assumes (RFC 2435 appendix B; ITU-T T.81 annex K.3).
const STANDARD_CODES: [[u8; 16]; 4] = [
    [0, 1, 5, 1, 1, 1, 1, 1, 1, 0, 0, 0, 0, 0, 0, 0],
    [0, 3, 1, 1, 1, 1, 1, 1, 1, 1, 1, 0, 0, 0, 0, 0],
    [0, 2, 1, 3, 3, 2, 4, 3, 5, 5, 4, 4, 0, 0, 1, 0x7d],
    [0, 2, 1, 2, 4, 4, 3, 4, 7, 5, 4, 4, 0, 1, 2, 0x77],
];
/// Width and height are told in blocks of eight pixels, in one byte each.
const MOST_PIXELS: u16 = 255 * 8;

/// ITU-T T.81 annex B, as far as RTP needs it.
fn parse(file: &[u8]) -> Option<Picture<'_>> {
    let mut rest = file.strip_prefix(&[0xff, 0xd8])?;
    let (mut kind, mut size) = (None, None);
    let mut tables = [None; 4];
    let mut chosen = [0_usize; 2];
    loop {
        let (&[0xff, marker], after) = rest.split_first_chunk::<2>()? else { return None };
        let length = usize::from(u16::from_be_bytes(*after.first_chunk()?));
        let segment = after.get(2..length)?;
        rest = after.get(length..)?;
        match marker {
            // DQT
            0xdb => {
                for table in segment.chunks_exact(65) {
                    *tables.get_mut(usize::from(table[0]))? = table.get(1..65);
                }
            }
            // SOF0: precision, height, width, three components of id, sampling, table.
            0xc0 => {
                let [_, h1, h0, w1, w0, 3, _, sampling, luma, _, 0x11, chroma, ..] = *segment else { return None };
                size = Some((u16::from_be_bytes([w1, w0]), u16::from_be_bytes([h1, h0])));
                kind = Some(match sampling {
                    0x21 => 0,
                    0x22 => 1,
                    _ => return None,
                });
                chosen = [usize::from(luma), usize::from(chroma)];
            }
            // DHT: a receiver decodes with the standard tables, whatever these are.
            0xc4 if !has_standard_codes(segment) => return None,
            // DRI: restart markers make another type of packet (3.1.7), which few receivers know.
            0xdd if segment != [0, 0] => return None,
            // SOS: the scan is all that follows; the end marker is added again by the receiver.
            0xda => break,
            _ => {}
        }
    }
    let (width, height) = size.filter(|(width, height)| *width.max(height) <= MOST_PIXELS)?;
    let tables = chosen.iter().map(|i| *tables.get(*i)?).collect::<Option<Vec<_>>>()?.concat();
    let scan = rest.strip_suffix(&[0xff, 0xd9]).unwrap_or(rest);
    Some(Picture { kind: kind?, width, height, tables, scan })
}

/// Whether every table of the segment is as long, for each length of code, as a standard one.
fn has_standard_codes(mut segment: &[u8]) -> bool {
    while let Some((&[_, ref codes @ ..], after)) = segment.split_first_chunk::<17>() {
        let values: usize = codes.iter().map(|count| usize::from(*count)).sum();
        if !STANDARD_CODES.contains(codes) || after.len() < values {
            return false;
        }
        segment = &after[values..];
    }
    segment.is_empty()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn file(scan: &[u8]) -> Vec<u8> {
        let mut file = vec![0xff, 0xd8];
        for id in [0, 1] {
            file.extend([0xff, 0xdb, 0, 67, id]);
            file.extend([id + 10; 64]);
        }
        file.extend([0xff, 0xc0, 0, 17, 8, 0, 120, 0, 160, 3, 1, 0x22, 0, 2, 0x11, 1, 3, 0x11, 1]);
        file.extend([0xff, 0xda, 0, 3, 0]);
        file.extend(scan);
        file.extend([0xff, 0xd9]);
        file
    }

    #[test]
    fn tables_travel_with_the_first_packet_and_the_scan_is_whole() {
        let scan: Vec<u8> = (0..3000_u32).map(|i| (i % 200) as u8).collect();
        let mut out = WireBuilder::new(26);
        packetise(&file(&scan), 0, &mut out);
        let wire = out.finish();
        let packets = wire.payloads();
        assert_eq!(packets[0].1[..12], [0, 0, 0, 0, 1, 255, 20, 15, 0, 0, 0, 128]);
        assert_eq!(packets[0].1[12..140], [[10; 64], [11; 64]].concat());
        let mut body = packets[0].1[140..].to_vec();
        for (_, payload) in &packets[1..] {
            assert_eq!(u32::from_be_bytes([0, payload[1], payload[2], payload[3]]) as usize, body.len());
            body.extend_from_slice(&payload[8..]);
        }
        assert_eq!(body, scan);
    }

    #[test]
    fn what_is_no_picture_or_no_receiver_could_show_gives_no_packet() {
        // Behind the start of the picture.
        let with = |segment: &[u8]| [&[0xff, 0xd8], segment, &file(&[1, 2, 3])[2..]].concat();
        let table = |codes: [u8; 16]| {
            let values = codes.iter().map(|count| usize::from(*count)).sum::<usize>();
            [&[0xff, 0xc4, 0, 19 + values as u8, 0], &codes[..], &vec![7; values]].concat()
        };
        let mut wide = file(&[1, 2, 3]);
        let size_at = wide.windows(2).position(|pair| pair == [0xff, 0xc0]).unwrap() + 7;
        wide[size_at..size_at + 2].copy_from_slice(&2_048_u16.to_be_bytes());
        let mut out = WireBuilder::new(26);
        packetise(&with(&table(STANDARD_CODES[0])), 0, &mut out);
        assert_eq!(out.finish().packets(), 1);
        let odd = table([0, 2, 4, 1, 1, 1, 1, 1, 1, 0, 0, 0, 0, 0, 0, 0]);
        let restarts = [0xff, 0xdd, 0, 4, 0, 20];
        for bad in [&b""[..], b"\xff\xd8", b"GIF89a", &file(&[])[..40], &with(&odd), &with(&restarts), &wide] {
            let mut out = WireBuilder::new(26);
            packetise(bad, 0, &mut out);
            assert_eq!(out.finish().packets(), 0);
        }
    }
}
