//! The header of an RTP packet (RFC 3550 5.1), read.

use super::RTP_HEADER;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Packet<'a> {
    pub payload_type: u8,
    /// The last packet of its picture, for codecs that say so.
    pub marker: bool,
    pub sequence: u16,
    pub time: u32,
    pub ssrc: u32,
    /// Without padding.
    pub payload: &'a [u8],
}

impl<'a> Packet<'a> {
    /// `None` for what is no RTP packet, or breaks off.
    pub fn read(bytes: &'a [u8]) -> Option<Self> {
        let header = bytes.first_chunk::<RTP_HEADER>().filter(|header| header[0] >> 6 == 2)?;
        let word = |at: usize| u32::from_be_bytes([header[at], header[at + 1], header[at + 2], header[at + 3]]);
        let mut start = RTP_HEADER + 4 * usize::from(header[0] & 0x0f);
        if header[0] & 0x10 != 0 {
            // 5.3.1: two bytes of the profile's, then how many words follow.
            let &[_, _, high, low] = bytes.get(start..)?.first_chunk()?;
            start += 4 + 4 * usize::from(u16::from_be_bytes([high, low]));
        }
        let mut payload = bytes.get(start..)?;
        if header[0] & 0x20 != 0 {
            let padding = usize::from(*payload.last()?);
            payload = payload.get(..payload.len().checked_sub(padding.max(1))?)?;
        }
        Some(Self {
            payload_type: header[1] & 0x7f,
            marker: header[1] & 0x80 != 0,
            sequence: u16::from_be_bytes([header[2], header[3]]),
            time: word(4),
            ssrc: word(8),
            payload,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const HEADER: [u8; RTP_HEADER] = [0x80, 0xe0, 0, 7, 1, 2, 3, 4, 5, 6, 7, 8];

    #[test]
    fn the_payload_stands_behind_everything_optional() {
        let check = |first: u8, rest: &[u8], expect: Option<&[u8]>| {
            let mut bytes = HEADER.to_vec();
            bytes[0] = first;
            bytes.extend_from_slice(rest);
            let read = Packet::read(&bytes);
            assert_eq!(read.map(|packet| packet.payload), expect, "{first:#x} {rest:?}");
            if let Some(packet) = read {
                let numbers = (packet.payload_type, packet.marker, packet.sequence, packet.time, packet.ssrc);
                assert_eq!(numbers, (96, true, 7, 0x0102_0304, 0x0506_0708));
            }
        };
        check(0x80, b"abc", Some(b"abc"));
        check(0x80, b"", Some(b""));
        check(0x82, b"11112222abc", Some(b"abc"));
        check(0x90, b"\xbe\xde\0\x011111abc", Some(b"abc"));
        check(0xa0, b"abc\0\0\x03", Some(b"abc"));
        check(0xb1, b"cccc\0\0\0\x01eeeeabc\x01", Some(b"abc"));
        // Other versions, and what breaks off.
        check(0x40, b"abc", None);
        check(0x8f, b"1111", None);
        check(0x90, b"\xbe\xde\xff", None);
        check(0x90, b"\xbe\xde\xff\xff1111", None);
        check(0xa0, b"", None);
        check(0xa0, b"ab\x09", None);
        // A padding of none counts itself at least.
        check(0xa0, b"ab\0", Some(b"ab"));
        assert_eq!(Packet::read(&HEADER[..11]), None);
    }
}
