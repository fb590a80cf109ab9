//! Times of replayed packets: the header extension `0xABAC` (ONVIF Streaming Specification 6.3), or sender reports (RFC
//! 3550 6.4.1). Pure.

use watchwall_model::{ErrorCode, Problem, UtcMicros};

/// Flags of the extension. Its first one, that a decoder can start here, is not relied on: pictures say so themselves.
pub struct Flag;

impl Flag {
    /// Nothing follows without a break.
    pub const END: u8 = 0x40;
}

/// A packet's place in time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Stamped {
    /// By the device's clock.
    pub at: UtcMicros,
    /// Of the picture it belongs to.
    pub flags: u8,
    /// The last packet of its picture.
    pub is_unit_end: bool,
}

/// Keeps the time of the picture under way: only its first packet must carry one.
#[derive(Debug)]
pub struct Clock {
    clock_rate: u32,
    now: Option<Now>,
}

#[derive(Clone, Copy, Debug)]
struct Now {
    rtp: u32,
    at: UtcMicros,
    flags: u8,
}

/// Seconds from 1900 to 1970.
const NTP_EPOCH_S: i64 = 2_208_988_800;
/// The era that began in 1900 ends after so many seconds, in 2036; small times belong to the next one.
const ERA_S: i64 = 1 << 32;
const EXTENSION: u16 = 0xabac;
const HEADER: usize = 12;
const SENDER_REPORT: u8 = 200;
const BYE: u8 = 203;

impl Clock {
    pub const fn new(clock_rate: u32) -> Self {
        Self { clock_rate, now: None }
    }

    /// A sender report: at this RTP time the clock read so much.
    pub const fn note_report(&mut self, report: Report) {
        self.now = Some(Now { rtp: report.rtp, at: report.at, flags: 0 });
    }

    /// `None` for what is no RTP packet.
    ///
    /// # Errors
    /// The first packet carries no time: nobody can say what it shows.
    pub fn read(&mut self, packet: &[u8]) -> Result<Option<Stamped>, Problem> {
        let Some(header) = packet.first_chunk::<HEADER>().filter(|header| header[0] >> 6 == 2) else {
            return Ok(None);
        };
        let rtp = u32::from_be_bytes([header[4], header[5], header[6], header[7]]);
        let now = match (extension(packet), self.now) {
            (Some((at, flags)), _) => Now { rtp, at, flags },
            (None, Some(now)) if now.rtp == rtp => now,
            // A picture without a time of its own, as some devices send between key frames.
            (None, Some(now)) => {
                let ticks = i64::from(rtp.wrapping_sub(now.rtp).cast_signed());
                let us = ticks * 1_000_000 / i64::from(self.clock_rate.max(1));
                Now { rtp, at: UtcMicros(now.at.0.saturating_add(us)), flags: 0 }
            }
            (None, None) => {
                let problem = Problem::new(ErrorCode::AnswerInvalid).at("replay");
                return Err(problem.because("the first replayed packet carries no time"));
            }
        };
        self.now = Some(now);
        Ok(Some(Stamped { at: now.at, flags: now.flags, is_unit_end: header[1] & 0x80 != 0 }))
    }
}

/// What a sender report says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Report {
    pub rtp: u32,
    pub at: UtcMicros,
}

/// The sender report of a compound packet.
pub fn report(packet: &[u8]) -> Option<Report> {
    let body = part(packet, SENDER_REPORT)?;
    let ntp = u64::from_be_bytes(body.get(8..16)?.first_chunk().copied()?);
    let rtp = u32::from_be_bytes(body.get(16..20)?.first_chunk().copied()?);
    Some(Report { rtp, at: from_ntp(ntp) })
}

/// Whether an RTCP packet ends the stream (RFC 3550 6.6), alone or behind reports: the reason, which may be empty.
pub fn goodbye(packet: &[u8]) -> Option<String> {
    let body = part(packet, BYE)?;
    let sources = usize::from(body.first().copied().unwrap_or(0) & 0x1f);
    let said = body.get(4 + 4 * sources..).and_then(<[u8]>::split_first);
    let reason = said.and_then(|(length, text)| text.get(..usize::from(*length))).unwrap_or_default();
    Some(String::from_utf8_lossy(reason).into_owned())
}

/// The first part of a kind, with its header; shorter than it says when the packet is cut off.
fn part(packet: &[u8], wanted: u8) -> Option<&[u8]> {
    let mut rest = packet;
    while let Some(&[_, kind, high, low]) = rest.first_chunk() {
        let size = 4 * (usize::from(u16::from_be_bytes([high, low])) + 1);
        if kind == wanted {
            return Some(rest.get(..size).unwrap_or(rest));
        }
        rest = rest.get(size..).unwrap_or_default();
    }
    None
}

/// Time and flags of a packet, when it carries them.
fn extension(packet: &[u8]) -> Option<(UtcMicros, u8)> {
    let first = *packet.first()?;
    if first & 0x10 == 0 {
        return None;
    }
    let at = HEADER + 4 * usize::from(first & 0x0f);
    let header = packet.get(at..at + 4)?;
    let words = u16::from_be_bytes([header[2], header[3]]);
    if u16::from_be_bytes([header[0], header[1]]) != EXTENSION || words < 3 {
        return None;
    }
    let body = packet.get(at + 4..at + 16)?;
    let ntp = u64::from_be_bytes(body.first_chunk().copied()?);
    Some((from_ntp(ntp), body[8]))
}

fn from_ntp(ntp: u64) -> UtcMicros {
    let seconds = i64::from((ntp >> 32) as u32);
    let seconds = if seconds < NTP_EPOCH_S { seconds + ERA_S } else { seconds } - NTP_EPOCH_S;
    let micros = ((ntp & 0xffff_ffff) * 1_000_000 + (1 << 31)) >> 32;
    UtcMicros(seconds * 1_000_000 + i64::try_from(micros).unwrap_or(0))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn packet(rtp: u32, marker: bool, extension: Option<(u64, u8)>) -> Vec<u8> {
        let first = 0x80 | if extension.is_some() { 0x10 } else { 0 };
        let mut packet = vec![first, 96 | if marker { 0x80 } else { 0 }, 0, 1];
        packet.extend(rtp.to_be_bytes());
        packet.extend([0; 4]);
        if let Some((ntp, flags)) = extension {
            packet.extend([0xab, 0xac, 0, 3]);
            packet.extend(ntp.to_be_bytes());
            packet.extend([flags, 1, 0, 0]);
        }
        packet.push(0x65);
        packet
    }

    #[test]
    fn packets_take_the_time_of_their_picture() {
        let second = |seconds: u64| (NTP_EPOCH_S.unsigned_abs() + seconds) << 32;
        let mut clock = Clock::new(90_000);
        let mut check = |packet: Vec<u8>, micros, flags, is_unit_end| {
            let expect = Stamped { at: UtcMicros(micros), flags, is_unit_end };
            assert_eq!(clock.read(&packet).unwrap(), Some(expect));
        };
        check(packet(100, false, Some((second(10) | 1 << 31, 0xa0))), 10_500_000, 0xa0, false);
        check(packet(100, true, None), 10_500_000, 0xa0, true);
        // One without a time, 40 ms later, and one that knows better.
        check(packet(3_700, true, None), 10_540_000, 0, true);
        check(packet(7_300, true, Some((second(20), Flag::END))), 20_000_000, Flag::END, true);
        // After February 2036 NTP begins anew.
        check(packet(9_999, true, Some((0, 0))), 2_085_978_496_000_000, 0, true);
    }

    #[test]
    fn packets_that_say_nothing() {
        let mut clock = Clock::new(90_000);
        assert_eq!(clock.read(b"no").unwrap(), None);
        assert_eq!(clock.read(&packet(1, true, None)).unwrap_err().code, ErrorCode::AnswerInvalid);
        // Cut off, of another kind, or too short.
        let whole = packet(1, true, Some((1 << 40, 0)));
        assert_eq!(extension(&whole[..20]), None);
        assert_eq!(extension(&[&[0x90_u8; 12][..], &[0xbe, 0xde, 0, 3], &[0; 12]].concat()), None);
        assert_eq!(extension(&[&[0x90_u8; 12][..], &[0xab, 0xac, 0, 1], &[0; 12]].concat()), None);
    }

    #[test]
    fn a_goodbye_may_follow_a_report() {
        let report = [[0x80, 200, 0, 6].as_slice(), &[0; 24]].concat();
        let said = |goodbye: &[u8]| super::goodbye(&[report.as_slice(), goodbye].concat());
        assert_eq!(said(&[]), None);
        assert_eq!(said(&[0x81, BYE, 0, 1, 0, 0, 0, 0]).as_deref(), Some(""));
        assert_eq!(said(&[0x81, BYE, 0, 2, 0, 0, 0, 0, 3, b'e', b'n', b'd']).as_deref(), Some("end"));
        // Cut off.
        assert_eq!(said(&[0x81, BYE, 0, 2, 0, 0, 0, 0, 9, b'e']).as_deref(), Some(""));
        assert_eq!(super::goodbye(&[0x80, 200]), None);
    }

    #[test]
    fn without_times_in_headers_reports_say_them() {
        let ntp = ((NTP_EPOCH_S.unsigned_abs() + 10) << 32) | 1 << 31;
        let text =
            [[0x80, 200, 0, 6, 0, 0, 0, 7].as_slice(), &ntp.to_be_bytes(), &100_u32.to_be_bytes(), &[0; 8]].concat();
        let mut clock = Clock::new(90_000);
        clock.note_report(report(&text).unwrap());
        let mut at = |rtp| clock.read(&packet(rtp, true, None)).unwrap().map(|stamped| stamped.at.0);
        assert_eq!((at(100), at(3_700), at(100)), (Some(10_500_000), Some(10_540_000), Some(10_500_000)));
        assert_eq!(report(&text[..12]), None);
    }
}
