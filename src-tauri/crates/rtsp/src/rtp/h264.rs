//! H.264 (RFC 6184): single NAL unit packets, STAP-A for small neighbours, FU-A for large ones.

use super::wire::{MAX_PAYLOAD, WireBuilder};

const STAP_A: u8 = 24;
const FU_A: u8 = 28;

pub fn packetise<'a>(nals: impl Iterator<Item = &'a [u8]>, out: &mut WireBuilder) {
    let mut waiting: Vec<&[u8]> = Vec::new();
    let mut waiting_size = 1;
    for nal in nals.filter(|nal| !nal.is_empty()) {
        if waiting_size + 2 + nal.len() > MAX_PAYLOAD {
            flush(&mut waiting, out);
            waiting_size = 1;
        }
        // One that fits alone goes alone: a fragment that is start and end at once is forbidden (5.8).
        if nal.len() > MAX_PAYLOAD {
            fragment(nal, out);
        } else {
            waiting_size += 2 + nal.len();
            waiting.push(nal);
        }
    }
    flush(&mut waiting, out);
}

/// One unit alone, several aggregated (5.7.1: the NRI is the highest of theirs).
fn flush(waiting: &mut Vec<&[u8]>, out: &mut WireBuilder) {
    match waiting.as_slice() {
        [] => {}
        [nal] => out.packet(&[nal]),
        nals => {
            let nri = nals.iter().map(|nal| nal[0] & 0x60).max().unwrap_or(0);
            let mut payload = vec![nri | STAP_A];
            for nal in nals {
                payload.extend_from_slice(&(nal.len() as u16).to_be_bytes());
                payload.extend_from_slice(nal);
            }
            out.packet(&[&payload]);
        }
    }
    waiting.clear();
}

/// 5.8: the unit's header goes into indicator and FU header, start and end are marked.
fn fragment(nal: &[u8], out: &mut WireBuilder) {
    let (header, body) = (nal[0], &nal[1..]);
    let mut pieces = body.chunks(MAX_PAYLOAD - 2).enumerate().peekable();
    while let Some((index, piece)) = pieces.next() {
        let start = if index == 0 { 0x80 } else { 0 };
        let end = if pieces.peek().is_none() { 0x40 } else { 0 };
        out.packet(&[&[header & 0x60 | FU_A, start | end | header & 0x1f], piece]);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn packed(nals: &[&[u8]]) -> Vec<(bool, Vec<u8>)> {
        let mut out = WireBuilder::new(96);
        packetise(nals.iter().copied(), &mut out);
        out.finish().payloads().into_iter().map(|(marker, p)| (marker, p.to_vec())).collect()
    }

    #[test]
    fn a_small_unit_travels_alone() {
        assert_eq!(packed(&[&[0x41, 1, 2]]), [(true, vec![0x41, 1, 2])]);
    }

    #[test]
    fn small_neighbours_are_aggregated() {
        assert_eq!(packed(&[&[0x67, 1], &[0x48, 2]]), [(true, vec![0x78, 0, 2, 0x67, 1, 0, 2, 0x48, 2])]);
    }

    #[test]
    fn a_large_unit_is_fragmented_and_comes_back() {
        let nal: Vec<u8> = [0x65].into_iter().chain((0..5000_u32).map(|i| i as u8)).collect();
        let packets = packed(&[&[0x67, 1], &nal]);
        assert_eq!(packets[0], (false, vec![0x67, 1]));
        let parts = &packets[1..];
        assert_eq!(parts.len(), 4);
        assert_eq!(parts.iter().map(|p| p.1[1]).collect::<Vec<_>>(), [0x85, 0x05, 0x05, 0x45]);
        assert!(parts.iter().all(|p| p.1[0] == 0x7c && p.1.len() <= MAX_PAYLOAD));
        assert_eq!(parts.iter().map(|p| p.0).collect::<Vec<_>>(), [false, false, false, true]);
        let body: Vec<u8> = parts.iter().flat_map(|p| p.1[2..].to_vec()).collect();
        assert_eq!(body, nal[1..]);
    }

    #[test]
    fn no_fragment_is_start_and_end_at_once() {
        for size in MAX_PAYLOAD - 4..=MAX_PAYLOAD + 2 {
            let nal = vec![0x65; size];
            let packets = packed(&[&[0x67, 1], &nal, &[0x48, 2]]);
            let middle = &packets[1..packets.len() - 1];
            assert!(middle.iter().all(|p| p.1.len() <= MAX_PAYLOAD));
            if size <= MAX_PAYLOAD {
                assert_eq!(middle.iter().map(|p| p.1.as_slice()).collect::<Vec<_>>(), [nal.as_slice()]);
            } else {
                assert_eq!(middle.iter().map(|p| p.1[1]).collect::<Vec<_>>(), [0x85, 0x45]);
            }
        }
    }
}
