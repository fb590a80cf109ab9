//! RTCP sender reports (RFC 3550 6.4.1) with the source's name (6.5), as one compound packet.

use watchwall_model::UtcMicros;

/// 64-bit NTP time: seconds since 1900 in the upper half.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct NtpTime(pub u64);

/// Seconds from 1900 to 1970.
const NTP_EPOCH: i64 = 2_208_988_800;
const CNAME: &[u8] = b"camsim";

impl From<UtcMicros> for NtpTime {
    fn from(at: UtcMicros) -> Self {
        let seconds = at.0.div_euclid(1_000_000).saturating_add(NTP_EPOCH).cast_unsigned() & 0xffff_ffff;
        let fraction = (at.0.rem_euclid(1_000_000).cast_unsigned() << 32) / 1_000_000;
        Self(seconds << 32 | fraction)
    }
}

/// A report that RTP time `rtp` of source `ssrc` is wall-clock time `ntp`.
pub(crate) fn sender_report(ssrc: u32, ntp: NtpTime, rtp: u32, packets: u32, octets: u32) -> Vec<u8> {
    let mut out = vec![0x80, 200, 0, 6];
    out.extend_from_slice(&ssrc.to_be_bytes());
    out.extend_from_slice(&ntp.0.to_be_bytes());
    out.extend_from_slice(&rtp.to_be_bytes());
    out.extend_from_slice(&packets.to_be_bytes());
    out.extend_from_slice(&octets.to_be_bytes());
    let description_at = out.len();
    out.extend_from_slice(&[0x81, 202, 0, 0]);
    out.extend_from_slice(&ssrc.to_be_bytes());
    out.extend_from_slice(&[1, CNAME.len() as u8]);
    out.extend_from_slice(CNAME);
    out.push(0);
    out.resize(out.len().next_multiple_of(4), 0);
    let words = (out.len() - description_at) / 4 - 1;
    out[description_at + 3] = words as u8;
    out
}

#[cfg(test)]
mod tests {
    use super::*;

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
        let report = sender_report(7, NtpTime(0x0102_0304_0506_0708), 9, 10, 11);
        assert_eq!(report.len(), 28 + 20);
        assert_eq!(report[..12], [0x80, 200, 0, 6, 0, 0, 0, 7, 1, 2, 3, 4]);
        assert_eq!(report[28..32], [0x81, 202, 0, 4]);
    }
}
