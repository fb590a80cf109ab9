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
pub(super) fn packetise(file: &[u8], filler: usize, out: &mut WireBuilder) {
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
            // SOS: the scan is all that follows; the end marker is added again by the receiver.
            0xda => break,
            _ => {}
        }
    }
    let (width, height) = size?;
    let tables = chosen.iter().map(|i| *tables.get(*i)?).collect::<Option<Vec<_>>>()?.concat();
    let scan = rest.strip_suffix(&[0xff, 0xd9]).unwrap_or(rest);
    Some(Picture { kind: kind?, width, height, tables, scan })
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
    fn what_is_no_picture_gives_no_packet() {
        for bad in [&b""[..], b"\xff\xd8", b"GIF89a", &file(&[])[..40]] {
            let mut out = WireBuilder::new(26);
            packetise(bad, 0, &mut out);
            assert_eq!(out.finish().packets(), 0);
        }
    }
}
