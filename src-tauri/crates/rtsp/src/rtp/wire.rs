//! The packets of one access unit as they go over the wire, so that a stream only patches headers.

/// Largest RTP payload. With headers it fits an Ethernet frame even in a VPN.
pub const MAX_PAYLOAD: usize = 1400;
/// `$`, channel, length (RFC 2326 10.12).
pub const INTERLEAVED_HEADER: usize = 4;
pub const RTP_HEADER: usize = 12;

/// Packets back to back, each behind an interleaved header. Channel, sequence number, time and SSRC are zero.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Wire {
    bytes: Box<[u8]>,
    /// Where each packet's interleaved header begins.
    starts: Box<[u32]>,
}

/// What differs from session to session.
#[derive(Clone, Copy, Debug)]
pub struct Stamp {
    pub channel: u8,
    pub sequence: u16,
    pub time: u32,
    pub ssrc: u32,
}

pub struct WireBuilder {
    bytes: Vec<u8>,
    starts: Vec<u32>,
    payload_type: u8,
}

impl Wire {
    pub fn packets(&self) -> usize {
        self.starts.len()
    }

    /// Bytes with interleaved headers.
    pub fn size(&self) -> usize {
        self.bytes.len()
    }

    /// Appends all packets to `out`, patched; the sequence number counts up from the stamp's.
    /// Answers where in `out` each packet's interleaved header begins.
    pub fn stamp_into(&self, stamp: Stamp, out: &mut Vec<u8>) -> impl ExactSizeIterator<Item = usize> + '_ {
        let base = out.len();
        out.extend_from_slice(&self.bytes);
        let mut sequence = stamp.sequence;
        for start in &self.starts {
            let at = base + *start as usize;
            out[at + 1] = stamp.channel;
            out[at + 6..at + 8].copy_from_slice(&sequence.to_be_bytes());
            out[at + 8..at + 12].copy_from_slice(&stamp.time.to_be_bytes());
            out[at + 12..at + 16].copy_from_slice(&stamp.ssrc.to_be_bytes());
            sequence = sequence.wrapping_add(1);
        }
        self.starts.iter().map(move |start| base + *start as usize)
    }

    /// Bytes of payload, as a sender report counts them.
    pub fn payload_bytes(&self) -> usize {
        self.bytes.len() - self.starts.len() * (INTERLEAVED_HEADER + RTP_HEADER)
    }

    /// Payload of each packet with its marker.
    pub fn payloads(&self) -> Vec<(bool, &[u8])> {
        let ends = self.starts.iter().skip(1).map(|s| *s as usize).chain([self.bytes.len()]);
        let packet = |(start, end): (&u32, usize)| &self.bytes[*start as usize + INTERLEAVED_HEADER..end];
        let split = |packet: &'_ [u8]| packet[1] & 0x80 != 0;
        self.starts.iter().zip(ends).map(packet).map(|p| (split(p), &p[RTP_HEADER..])).collect()
    }
}

impl WireBuilder {
    pub const fn new(payload_type: u8) -> Self {
        Self { bytes: Vec::new(), starts: Vec::new(), payload_type }
    }

    /// Adds one packet whose payload is the parts in a row.
    pub fn packet(&mut self, parts: &[&[u8]]) {
        let payload: usize = parts.iter().map(|p| p.len()).sum();
        // A payload is bounded by MAX_PAYLOAD, a unit by the encoder: both fit.
        self.starts.push(self.bytes.len() as u32);
        let length = (RTP_HEADER + payload) as u16;
        self.bytes.extend_from_slice(&[b'$', 0, (length >> 8) as u8, length as u8]);
        self.bytes.extend_from_slice(&[0x80, self.payload_type, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0]);
        for part in parts {
            self.bytes.extend_from_slice(part);
        }
    }

    /// Sets the marker of the last packet: the access unit is complete.
    pub fn finish(mut self) -> Wire {
        if let Some(last) = self.starts.last() {
            self.bytes[*last as usize + INTERLEAVED_HEADER + 1] |= 0x80;
        }
        Wire { bytes: self.bytes.into(), starts: self.starts.into() }
    }
}

/// A packet behind the header that carries it over an RTSP connection.
pub fn interleave(channel: u8, packet: &[u8]) -> Vec<u8> {
    // A report is far below the 64 KiB that a length can say.
    let length = (packet.len() as u16).to_be_bytes();
    [&[b'$', channel, length[0], length[1]], packet].concat()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn stamping_patches_every_header_and_nothing_else() {
        let mut builder = WireBuilder::new(96);
        builder.packet(&[b"ab", b"c"]);
        builder.packet(&[b"d"]);
        let wire = builder.finish();
        let mut out = b"before".to_vec();
        let stamp = Stamp { channel: 2, sequence: 0xffff, time: 0x0102_0304, ssrc: 0xa0b0_c0d0 };
        let starts: Vec<_> = wire.stamp_into(stamp, &mut out).collect();
        assert_eq!(starts, [6, 25]);
        let first = [b'$', 2, 0, 15, 0x80, 96, 0xff, 0xff, 1, 2, 3, 4, 0xa0, 0xb0, 0xc0, 0xd0, b'a', b'b', b'c'];
        let second = [b'$', 2, 0, 13, 0x80, 0xe0, 0, 0, 1, 2, 3, 4, 0xa0, 0xb0, 0xc0, 0xd0, b'd'];
        assert_eq!(out[6..25], first);
        assert_eq!(out[25..], second);
    }
}
