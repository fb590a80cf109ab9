use super::*;
use crate::rtp::{INTERLEAVED_HEADER, Stamp, WireBuilder, h264};

const SPS: &[u8] = &[0x67, 1, 2, 3];
const PPS: &[u8] = &[0x68, 9];

/// Numbers that look like chance and are the same each time.
struct Dice(u64);

impl Dice {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        self.0 >> 33
    }

    fn below(&mut self, most: u64) -> usize {
        (self.next() % most) as usize
    }
}

/// One picture as our own packetiser sends it, RTP packets one by one.
fn packets(nals: &[&[u8]], sequence: &mut u16, time: u32) -> Vec<Vec<u8>> {
    let mut out = WireBuilder::new(96);
    h264::packetise(nals.iter().copied(), &mut out);
    let wire = out.finish();
    let mut bytes = Vec::new();
    let starts: Vec<usize> =
        wire.stamp_into(Stamp { channel: 0, sequence: *sequence, time, ssrc: 7 }, &mut bytes).collect();
    *sequence = sequence.wrapping_add(starts.len() as u16);
    let ends = starts.iter().skip(1).copied().chain([bytes.len()]);
    starts.iter().zip(ends).map(|(start, end)| bytes[start + INTERLEAVED_HEADER..end].to_vec()).collect()
}

fn push(units: &mut H264Units, packet: &[u8]) -> Option<H264Unit> {
    units.push(&Packet::read(packet)?)
}

fn with_length(nals: &[&[u8]]) -> Vec<u8> {
    nals.iter().flat_map(|nal| [&(nal.len() as u32).to_be_bytes()[..], nal].concat()).collect()
}

fn slice(kind: u8, bytes: usize) -> Vec<u8> {
    [kind].into_iter().chain((0..bytes).map(|n| n as u8)).collect()
}

#[test]
fn what_our_packetiser_sends_comes_back() {
    let (mut units, mut sequence) = (H264Units::new(None, None), u16::MAX - 3);
    for (n, bytes) in [10, 1_400, 1_401, 5_000, 300_000].into_iter().enumerate() {
        let key = slice(0x65, bytes);
        let other = slice(0x41, bytes / 2);
        let time = n as u32 * 6_000;
        let mut got = Vec::new();
        for packet in packets(&[&[0x09, 0x10], SPS, PPS, &[0x06, 1, 2], &key], &mut sequence, time)
            .into_iter()
            .chain(packets(&[&other], &mut sequence, time + 3_000))
        {
            got.extend(push(&mut units, &packet));
        }
        let expect = [
            H264Unit { time, is_key: true, data: with_length(&[&[0x06, 1, 2], &key]), lost: 0 },
            H264Unit { time: time + 3_000, is_key: false, data: with_length(&[&other]), lost: 0 },
        ];
        assert_eq!(got, expect, "{bytes} bytes");
        assert_eq!(units.sets(), Some((SPS, PPS)));
    }
}

#[test]
fn a_gap_costs_the_pictures_up_to_the_next_key_frame() {
    let (mut units, mut sequence) = (H264Units::new(Some(SPS.to_vec()), Some(PPS.to_vec())), 0);
    let (key, other) = (slice(0x65, 4_000), slice(0x41, 4_000));
    let mut given = Vec::new();
    for n in 0..8_u32 {
        let nal = if n % 4 == 0 { &key } else { &other };
        for (index, packet) in packets(&[nal], &mut sequence, n).into_iter().enumerate() {
            // The second picture lacks a packet in its middle.
            if (n, index) != (1, 1) {
                given.extend(push(&mut units, &packet).map(|unit| (unit.time, unit.lost)));
            }
        }
    }
    // The packet that did not come, and the picture that could not be made of the rest.
    assert_eq!(given, [(0, 0), (4, 2), (5, 0), (6, 0), (7, 0)]);
}

#[test]
fn it_begins_with_a_key_frame_and_forgives_what_comes_twice() {
    let (mut units, mut sequence) = (H264Units::new(None, None), 9);
    let (key, other) = (slice(0x65, 20), slice(0x41, 20));
    for packet in packets(&[&other], &mut sequence, 1) {
        assert_eq!(push(&mut units, &packet), None);
    }
    let packet = packets(&[&key], &mut sequence, 2).remove(0);
    assert_eq!(push(&mut units, &packet).map(|unit| unit.time), Some(2));
    assert_eq!(push(&mut units, &packet), None);
    let packet = packets(&[&other], &mut sequence, 3).remove(0);
    assert_eq!(push(&mut units, &packet).map(|unit| (unit.time, unit.lost)), Some((3, 0)));
}

#[test]
fn a_picture_without_a_marker_ends_with_the_next() {
    let (mut units, mut sequence) = (H264Units::new(None, None), 9);
    let key = slice(0x65, 3_000);
    let mut first = packets(&[&key], &mut sequence, 1);
    for packet in &mut first {
        packet[1] &= 0x7f;
        assert_eq!(push(&mut units, packet), None);
    }
    let second = packets(&[&slice(0x41, 3_000)], &mut sequence, 2);
    assert_eq!(push(&mut units, &second[0]).map(|unit| unit.data), Some(with_length(&[&key])));
}

#[test]
fn what_is_broken_or_too_large_is_no_picture() {
    let read = |payloads: &[&[u8]]| {
        let mut units = H264Units::new(None, None);
        let mut given = None;
        for (n, payload) in payloads.iter().enumerate() {
            let marker = n + 1 == payloads.len();
            let sequence = n as u16;
            given = units.push(&Packet { payload_type: 96, marker, sequence, time: 1, ssrc: 1, payload });
        }
        given.is_some()
    };
    let check = |payloads: &[&[u8]], expect: bool| assert_eq!(read(payloads), expect, "{payloads:?}");
    check(&[&[0x65, 1]], true);
    check(&[&[0x7c, 0x85, 1], &[0x7c, 0x45, 2]], true);
    check(&[&[]], false);
    check(&[&[0x67, 1]], false);
    // A fragment that never ends, that never began, that begins twice, and one within which another unit comes.
    check(&[&[0x7c, 0x85, 1]], false);
    check(&[&[0x7c, 0x05, 1], &[0x7c, 0x45, 2]], false);
    check(&[&[0x7c, 0x85, 1], &[0x7c, 0x85, 1], &[0x7c, 0x45, 2]], false);
    check(&[&[0x7c, 0x85, 1], &[0x65, 1]], false);
    check(&[&[0x7c]], false);
    // Lengths beyond the packet, and kinds that are not announced.
    check(&[&[0x65, 1], &[0x78, 0, 9, 0x65]], false);
    check(&[&[0x65, 1], &[0x79, 1]], false);
    check(&[&[0x65, 1], &[0x00, 1]], false);
    let piece = [&[0x7c, 0x05][..], &vec![0; 60_000]].concat();
    let mut large: Vec<&[u8]> = vec![&[0x7c, 0x85]];
    large.extend(vec![&piece[..]; MOST_UNIT_BYTES / 60_000 + 1]);
    large.push(&[0x7c, 0x45]);
    assert!(!read(&large), "larger than a picture may be");
    assert!(read(&[&large[..20], &large[large.len() - 1..]].concat()));
}

#[test]
fn random_bytes_do_no_harm() {
    let mut dice = Dice(42);
    let kinds = [0x65, 0x41, 0x67, 0x68, 0x78, 0x7c, 0x09, 0x19, 0xff];
    let (mut units, mut sequence, mut given) = (H264Units::new(None, None), 0_u16, 0);
    for _ in 0..60_000 {
        let mut packet = vec![0x80, 96, 0, 0, 0, 0, 0, dice.below(3) as u8, 0, 0, 0, 1];
        packet.extend((0..dice.below(40)).map(|_| dice.next() as u8));
        if packet.len() > 12 {
            packet[12] = kinds[dice.below(kinds.len() as u64)];
        }
        packet[2..4].copy_from_slice(&sequence.to_be_bytes());
        if dice.below(4) == 0 {
            packet[1] |= 0x80;
        }
        // Now and then the header is hit too, or something is missing.
        if dice.below(8) == 0 {
            let at = dice.below(12);
            packet[at] = dice.next() as u8;
        }
        packet.truncate(if dice.below(16) == 0 { dice.below(packet.len() as u64) } else { packet.len() });
        sequence = sequence.wrapping_add(if dice.below(20) == 0 { 2 } else { 1 });
        if let Some(unit) = push(&mut units, &packet) {
            given += 1;
            assert!(unit.data.len() <= MOST_UNIT_BYTES && !unit.data.is_empty());
            let mut rest = &unit.data[..];
            while let Some((length, after)) = rest.split_first_chunk::<4>() {
                let (nal, after) = after.split_at_checked(u32::from_be_bytes(*length) as usize).expect("whole");
                assert!(!nal.is_empty() && !matches!(nal[0] & 0x1f, 7 | 8 | 9 | 12));
                rest = after;
            }
            assert!(rest.is_empty());
        }
    }
    assert!(given > 100, "only {given} pictures came through");
}
