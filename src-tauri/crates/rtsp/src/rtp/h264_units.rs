//! Access units of H.264 put together from packets (RFC 6184): the way back of [`super::h264`].
//!
//! What is read is untrusted. A unit is bounded, and whatever is missing or broken costs the pictures up to the next key
//! frame: a decoder is never given a picture that refers to one it did not get.

use super::Packet;

/// One picture.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct H264Unit {
    /// RTP time.
    pub time: u32,
    /// It holds an instantaneous decoding refresh.
    pub is_key: bool,
    /// NAL units behind lengths of four bytes, without parameter sets, delimiters and filler.
    pub data: Vec<u8>,
    /// What was missing since the picture before: packets, and pictures that could not be made of the rest.
    pub lost: u64,
}

/// A larger picture is none.
pub const MOST_UNIT_BYTES: usize = 4 * 1024 * 1024;
/// A larger parameter set is none.
const MOST_SET_BYTES: usize = 4_096;
/// So far back a packet is one that came twice; farther, the source has begun anew.
const LATE: u16 = 256;

const STAP_A: u8 = 24;
const FU_A: u8 = 28;

/// Reads one source.
#[derive(Debug, Default)]
pub struct H264Units {
    sps: Option<Vec<u8>>,
    pps: Option<Vec<u8>>,
    next: Option<u16>,
    ssrc: Option<u32>,
    unit: Unit,
    /// Missing since the last unit that was given.
    lost: u64,
    /// Nothing is given before the next key frame.
    needs_key: bool,
}

/// The picture under way.
#[derive(Debug, Default)]
struct Unit {
    time: Option<u32>,
    data: Vec<u8>,
    is_key: bool,
    is_broken: bool,
    /// Where the NAL unit begins whose fragments are coming.
    fragment: Option<usize>,
}

impl H264Units {
    /// With the sets of a description, where it has some.
    pub fn new(sps: Option<Vec<u8>>, pps: Option<Vec<u8>>) -> Self {
        let fits = |set: &Vec<u8>| (1..=MOST_SET_BYTES).contains(&set.len());
        Self { sps: sps.filter(fits), pps: pps.filter(fits), needs_key: true, ..Self::default() }
    }

    /// The newest of each kind, once there are both.
    pub fn sets(&self) -> Option<(&[u8], &[u8])> {
        Some((self.sps.as_deref()?, self.pps.as_deref()?))
    }

    /// Takes the next packet. A picture is complete with its marked packet, or when another one begins.
    pub fn push(&mut self, packet: &Packet<'_>) -> Option<H264Unit> {
        if !self.follows(packet) {
            return None;
        }
        let before = if self.unit.time.is_some_and(|time| time != packet.time) { self.take() } else { None };
        self.unit.time = Some(packet.time);
        self.read(packet.payload);
        let ended = if packet.marker { self.take() } else { None };
        // A picture of one packet right behind one without a marker: the older one has to give way.
        match (before, ended) {
            (Some(_), Some(ended)) if ended.is_key => Some(ended),
            (Some(before), Some(_)) => {
                self.needs_key = true;
                Some(before)
            }
            (before, ended) => before.or(ended),
        }
    }

    /// Whether this is a packet to read; counts what is missing before it.
    fn follows(&mut self, packet: &Packet<'_>) -> bool {
        let is_same = self.ssrc.replace(packet.ssrc).is_none_or(|ssrc| ssrc == packet.ssrc);
        let expected = self.next.unwrap_or(packet.sequence);
        let ahead = packet.sequence.wrapping_sub(expected);
        if is_same && ahead > u16::MAX - LATE {
            return false;
        }
        self.next = Some(packet.sequence.wrapping_add(1));
        if ahead != 0 || !is_same {
            self.lost += if is_same && ahead < u16::MAX / 2 { u64::from(ahead) } else { 1 };
            self.unit = Unit::default();
            self.needs_key = true;
            // The rest of a picture whose beginning is missing is no picture.
            self.unit.is_broken = true;
            self.unit.time = Some(packet.time);
        }
        true
    }

    fn read(&mut self, payload: &[u8]) {
        let Some(first) = payload.first() else { return };
        match first & 0x1f {
            1..=23 => self.nal(payload),
            STAP_A => {
                let mut rest = &payload[1..];
                while let Some((length, after)) = rest.split_first_chunk::<2>() {
                    let Some((nal, after)) = after.split_at_checked(u16::from_be_bytes(*length).into()) else {
                        self.unit.is_broken = true;
                        return;
                    };
                    self.nal(nal);
                    rest = after;
                }
            }
            FU_A => self.fragment(payload),
            // Interleaved modes, which were not announced, and what has no meaning.
            _ => self.unit.is_broken = true,
        }
    }

    fn nal(&mut self, nal: &[u8]) {
        if self.unit.fragment.take().is_some() {
            self.unit.is_broken = true;
        }
        let Some(first) = nal.first() else { return };
        match first & 0x1f {
            7 if nal.len() <= MOST_SET_BYTES => self.sps = Some(nal.to_vec()),
            8 if nal.len() <= MOST_SET_BYTES => self.pps = Some(nal.to_vec()),
            7 | 8 | 9 | 12 => {}
            kind => {
                self.unit.is_key |= kind == 5;
                self.unit.append(&(nal.len() as u32).to_be_bytes());
                self.unit.append(nal);
            }
        }
    }

    /// 5.8: the first fragment tells the header of the whole; its length is written when the last one is there.
    fn fragment(&mut self, payload: &[u8]) {
        let &[indicator, header, ref piece @ ..] = payload else {
            self.unit.is_broken = true;
            return;
        };
        let (is_start, is_end, kind) = (header & 0x80 != 0, header & 0x40 != 0, header & 0x1f);
        match (is_start, self.unit.fragment) {
            (true, None) => {
                self.unit.fragment = Some(self.unit.data.len());
                self.unit.is_key |= kind == 5;
                self.unit.append(&[0, 0, 0, 0, indicator & 0xe0 | kind]);
            }
            (false, Some(_)) => {}
            _ => self.unit.is_broken = true,
        }
        self.unit.append(piece);
        if is_end && let Some(start) = self.unit.fragment.take() {
            self.unit.close(start, kind);
        }
    }

    /// Ends the picture under way; what of it can be given is.
    fn take(&mut self) -> Option<H264Unit> {
        let unit = std::mem::take(&mut self.unit);
        let time = unit.time?;
        if unit.is_broken || unit.fragment.is_some() {
            self.needs_key = true;
            self.lost += 1;
            return None;
        }
        // Sets alone are no picture.
        if unit.data.is_empty() || (self.needs_key && !unit.is_key) {
            return None;
        }
        self.needs_key = false;
        Some(H264Unit { time, is_key: unit.is_key, data: unit.data, lost: std::mem::take(&mut self.lost) })
    }
}

impl Unit {
    fn append(&mut self, bytes: &[u8]) {
        if self.is_broken || self.data.len() + bytes.len() > MOST_UNIT_BYTES {
            // What is broken is not given: it need not be kept.
            (self.is_broken, self.data) = (true, Vec::new());
            return;
        }
        self.data.extend_from_slice(bytes);
    }

    /// A fragmented NAL unit is whole. Of a kind that is not kept, it is taken out again.
    fn close(&mut self, start: usize, kind: u8) {
        if self.is_broken {
            return;
        }
        if matches!(kind, 7 | 8 | 9 | 12) {
            self.data.truncate(start);
            return;
        }
        let length = self.data.len().saturating_sub(start + 4) as u32;
        if let Some(place) = self.data.get_mut(start..start + 4) {
            place.copy_from_slice(&length.to_be_bytes());
        }
    }
}

#[cfg(test)]
#[path = "h264_units_tests.rs"]
mod tests;
