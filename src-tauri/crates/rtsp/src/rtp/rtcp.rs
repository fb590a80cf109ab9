//! RTCP sender reports (RFC 3550 6.4.1) with the source's name (6.5), as one compound packet; and what one tells.

use watchwall_model::UtcMicros;

/// 64-bit NTP time: seconds since 1900 in the upper half.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NtpTime(pub u64);

/// Seconds from 1900 to 1970.
const NTP_EPOCH: i64 = 2_208_988_800;

impl From<UtcMicros> for NtpTime {
    fn from(at: UtcMicros) -> Self {
        let seconds = at.0.div_euclid(1_000_000).saturating_add(NTP_EPOCH).cast_unsigned() & 0xffff_ffff;
        let fraction = (at.0.rem_euclid(1_000_000).cast_unsigned() << 32) / 1_000_000;
        Self(seconds << 32 | fraction)
    }
}

/// A report that RTP time `rtp` of source `ssrc` is wall-clock time `ntp`.
#[derive(Clone, Copy, Debug)]
pub struct SenderReport<'a> {
    pub ssrc: u32,
    pub ntp: NtpTime,
    pub rtp: u32,
    /// Packets and bytes of payload sent so far.
    pub packets: u32,
    pub octets: u32,
    /// What the source calls itself; at most 255 bytes of it are said.
    pub name: &'a str,
}

impl SenderReport<'_> {
    pub fn render(&self) -> Vec<u8> {
        let mut out = vec![0x80, 200, 0, 6];
        out.extend_from_slice(&self.ssrc.to_be_bytes());
        out.extend_from_slice(&self.ntp.0.to_be_bytes());
        for word in [self.rtp, self.packets, self.octets] {
            out.extend_from_slice(&word.to_be_bytes());
        }
        let description_at = out.len();
        out.extend_from_slice(&[0x81, 202, 0, 0]);
        out.extend_from_slice(&self.ssrc.to_be_bytes());
        let name = &self.name.as_bytes()[..self.name.len().min(usize::from(u8::MAX))];
        out.extend_from_slice(&[1, name.len() as u8]);
        out.extend_from_slice(name);
        out.push(0);
        out.resize(out.len().next_multiple_of(4), 0);
        let words = (out.len() - description_at) / 4 - 1;
        out[description_at + 3] = words as u8;
        out
    }
}

/// That source `ssrc` sends nothing more (RFC 3550 6.6), behind an empty report as compound packets want it.
#[derive(Clone, Copy, Debug)]
pub struct Goodbye<'a> {
    pub ssrc: u32,
    /// At most 255 bytes of it are said; an empty one is left out.
    pub reason: &'a str,
}

impl Goodbye<'_> {
    pub fn render(&self) -> Vec<u8> {
        let mut out = vec![0x80, 201, 0, 1];
        out.extend_from_slice(&self.ssrc.to_be_bytes());
        let goodbye_at = out.len();
        out.extend_from_slice(&[0x81, 203, 0, 0]);
        out.extend_from_slice(&self.ssrc.to_be_bytes());
        let reason = &self.reason.as_bytes()[..self.reason.len().min(usize::from(u8::MAX))];
        if !reason.is_empty() {
            out.push(reason.len() as u8);
            out.extend_from_slice(reason);
            out.resize(out.len().next_multiple_of(4), 0);
        }
        let words = (out.len() - goodbye_at) / 4 - 1;
        out[goodbye_at + 3] = words as u8;
        out
    }
}

/// What a sender report tells: at RTP time `rtp` of source `ssrc` the clock showed `ntp`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Told {
    pub ssrc: u32,
    pub ntp: NtpTime,
    pub rtp: u32,
}

/// The sender report of a compound packet, wherever it stands; `None` for anything else.
pub fn told(packet: &[u8]) -> Option<Told> {
    const SENDER_REPORT: u8 = 200;
    let mut rest = packet;
    while let Some(&[first, kind, high, low]) = rest.first_chunk() {
        let size = 4 * (usize::from(u16::from_be_bytes([high, low])) + 1);
        let (report, behind) = rest.split_at_checked(size)?;
        if first >> 6 == 2 && kind == SENDER_REPORT {
            let word = |at: usize| report.get(at..at + 4)?.first_chunk().map(|word| u32::from_be_bytes(*word));
            let ntp = u64::from(word(8)?) << 32 | u64::from(word(12)?);
            return Some(Told { ssrc: word(4)?, ntp: NtpTime(ntp), rtp: word(16)? });
        }
        rest = behind;
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_goodbye_stands_behind_an_empty_report() {
        let check = |reason, expect: &[u8]| {
            assert_eq!(Goodbye { ssrc: 7, reason }.render()[8..], *expect, "{reason}");
        };
        assert_eq!(Goodbye { ssrc: 7, reason: "" }.render()[..8], [0x80, 201, 0, 1, 0, 0, 0, 7]);
        check("", &[0x81, 203, 0, 1, 0, 0, 0, 7]);
        check("abc", &[0x81, 203, 0, 2, 0, 0, 0, 7, 3, b'a', b'b', b'c']);
        check("abcd", &[0x81, 203, 0, 3, 0, 0, 0, 7, 4, b'a', b'b', b'c', b'd', 0, 0, 0]);
    }

    #[test]
    fn ntp_time_counts_from_1900() {
        let check = |micros, expect| assert_eq!(NtpTime::from(UtcMicros(micros)).0, expect, "{micros}");
        check(0, 2_208_988_800 << 32);
        check(500_000, 2_208_988_800 << 32 | 0x8000_0000);
        check(-1_000_000, 2_208_988_799 << 32);
        // 2036-02-07: the next era begins at zero.
        check(2_085_978_496_000_000, 0);
    }

    #[test]
    fn a_report_is_a_valid_compound_packet() {
        let ntp = NtpTime(0x0102_0304_0506_0708);
        let report = SenderReport { ssrc: 7, ntp, rtp: 9, packets: 10, octets: 11, name: "camsim" }.render();
        assert_eq!(report.len(), 28 + 20);
        assert_eq!(report[..12], [0x80, 200, 0, 6, 0, 0, 0, 7, 1, 2, 3, 4]);
        assert_eq!(report[28..32], [0x81, 202, 0, 4]);
    }
    #[test]
    fn a_report_tells_what_was_said() {
        let ntp = NtpTime(0x0102_0304_0506_0708);
        let report = SenderReport { ssrc: 7, ntp, rtp: 9, packets: 10, octets: 11, name: "engine" }.render();
        let expect = Some(Told { ssrc: 7, ntp, rtp: 9 });
        assert_eq!(told(&report), expect);
        // Behind a receiver report.
        assert_eq!(told(&[&[0x80, 201, 0, 1, 0, 0, 0, 1][..], &report].concat()), expect);
        for cut in 0..28 {
            assert_eq!(told(&report[..cut]), None, "{cut}");
        }
        assert_eq!(told(&[0x80, 200, 0, 0]), None);
    }
}
