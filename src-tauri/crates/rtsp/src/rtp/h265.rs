//! H.265 (RFC 7798): single NAL unit packets, aggregation packets (4.4.2), fragmentation units (4.4.3). No DONL.

use super::wire::{MAX_PAYLOAD, WireBuilder};

const AGGREGATION: u8 = 48;
const FRAGMENTATION: u8 = 49;

pub fn packetise<'a>(nals: impl Iterator<Item = &'a [u8]>, out: &mut WireBuilder) {
    let mut waiting: Vec<&[u8]> = Vec::new();
    let mut waiting_size = 2;
    for nal in nals.filter(|nal| nal.len() >= 2) {
        if waiting_size + 2 + nal.len() > MAX_PAYLOAD {
            flush(&mut waiting, out);
            waiting_size = 2;
        }
        // One that fits alone goes alone: a fragment that is start and end at once is forbidden (4.4.3).
        if nal.len() > MAX_PAYLOAD {
            fragment(nal, out);
        } else {
            waiting_size += 2 + nal.len();
            waiting.push(nal);
        }
    }
    flush(&mut waiting, out);
}

fn flush(waiting: &mut Vec<&[u8]>, out: &mut WireBuilder) {
    match waiting.as_slice() {
        [] => {}
        [nal] => out.packet(&[nal]),
        nals => {
            // Layer and temporal id are the lowest of theirs (4.4.2); no camera has a second layer.
            let temporal_id = nals.iter().map(|nal| nal[1] & 7).min().unwrap_or(1);
            let mut payload = vec![AGGREGATION << 1, temporal_id];
            for nal in nals {
                payload.extend_from_slice(&(nal.len() as u16).to_be_bytes());
                payload.extend_from_slice(nal);
            }
            out.packet(&[&payload]);
        }
    }
    waiting.clear();
}

fn fragment(nal: &[u8], out: &mut WireBuilder) {
    let kind = nal[0] >> 1 & 0x3f;
    let header = [nal[0] & 0x81 | FRAGMENTATION << 1, nal[1]];
    let mut pieces = nal[2..].chunks(MAX_PAYLOAD - 3).enumerate().peekable();
    while let Some((index, piece)) = pieces.next() {
        let start = if index == 0 { 0x80 } else { 0 };
        let end = if pieces.peek().is_none() { 0x40 } else { 0 };
        out.packet(&[&header, &[start | end | kind], piece]);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sets_are_aggregated_and_a_picture_is_fragmented() {
        let picture: Vec<u8> = [0x26, 0x01].into_iter().chain((0..3000_u32).map(|i| i as u8)).collect();
        let mut out = WireBuilder::new(96);
        packetise([&[0x40, 1, 9][..], &[0x42, 1, 8], &picture].into_iter(), &mut out);
        let wire = out.finish();
        let packets = wire.payloads();
        assert_eq!(packets[0].1, [0x60, 1, 0, 3, 0x40, 1, 9, 0, 3, 0x42, 1, 8]);
        let parts = &packets[1..];
        assert_eq!(parts.iter().map(|p| p.1[2]).collect::<Vec<_>>(), [0x80 | 19, 19, 0x40 | 19]);
        assert!(parts.iter().all(|p| p.1[..2] == [0x62, 0x01] && p.1.len() <= MAX_PAYLOAD));
        let body: Vec<u8> = parts.iter().flat_map(|p| p.1[3..].to_vec()).collect();
        assert_eq!(body, picture[2..]);
        assert!(parts[2].0 && !parts[1].0);
    }

    #[test]
    fn no_fragment_is_start_and_end_at_once() {
        for size in MAX_PAYLOAD - 5..=MAX_PAYLOAD + 2 {
            let nal = [0x26, 0x01].into_iter().chain((2..size).map(|i| i as u8)).collect::<Vec<_>>();
            let mut out = WireBuilder::new(96);
            packetise([&[0x40, 1, 9][..], &nal, &[0x42, 1, 8]].into_iter(), &mut out);
            let wire = out.finish();
            let packets = wire.payloads();
            let middle = &packets[1..packets.len() - 1];
            assert!(middle.iter().all(|p| p.1.len() <= MAX_PAYLOAD));
            if size <= MAX_PAYLOAD {
                assert_eq!(middle.iter().map(|p| p.1).collect::<Vec<_>>(), [nal.as_slice()]);
            } else {
                assert_eq!(middle.iter().map(|p| p.1[2]).collect::<Vec<_>>(), [0x80 | 19, 0x40 | 19]);
            }
        }
    }
}
