//! The producer reference time box (ISO/IEC 14496-12, 8.16.5): which moment of the wall clock a picture was taken.

use super::boxes::Fields;
use bytes::{BufMut, BytesMut};
use watchwall_model::UtcMicros;

/// Bytes of the box before each `moof` of a recording; always the same.
pub const PRFT_BYTES: usize = 32;
/// Where the media time stands in the box.
pub const MEDIA_TIME_AT: usize = 24;
/// Consistent and real time: the camera's clock, not ours.
const FLAGS: u32 = 24;
/// From 1900, where NTP counts from, to 1970.
const NTP_EPOCH_SECONDS: i64 = 2_208_988_800;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ReferenceTime {
    pub track_id: u32,
    pub at: UtcMicros,
    /// Presentation time in ticks of the track.
    pub media_time: u64,
}

pub fn put_prft(out: &mut BytesMut, time: ReferenceTime) {
    out.put_u32(PRFT_BYTES as u32);
    out.put_slice(b"prft");
    out.put_u32(0x0100_0000 | FLAGS);
    out.put_u32(time.track_id);
    out.put_u64(to_ntp(time.at));
    out.put_u64(time.media_time);
}

pub fn read_prft(body: &[u8]) -> Option<ReferenceTime> {
    let mut fields = Fields::new(body);
    let (version, _) = fields.full()?;
    let track_id = fields.u32()?;
    let at = from_ntp(fields.u64()?);
    Some(ReferenceTime { track_id, at, media_time: fields.by_version(version)? })
}

/// Seconds since 1900 in the upper half (they wrap in 2036), their fraction in the lower.
fn to_ntp(at: UtcMicros) -> u64 {
    let seconds = at.0.div_euclid(1_000_000).wrapping_add(NTP_EPOCH_SECONDS) as u64 & 0xffff_ffff;
    let micros = at.0.rem_euclid(1_000_000) as u64;
    // Rounded up so that reading it gives the same microsecond.
    (seconds << 32) | ((micros << 32).div_ceil(1_000_000))
}

/// Without the top bit the seconds belong to the era that begins in 2036.
fn from_ntp(ntp: u64) -> UtcMicros {
    let seconds = (ntp >> 32) as i64;
    let seconds = if seconds < 0x8000_0000 { seconds + (1 << 32) } else { seconds } - NTP_EPOCH_SECONDS;
    let micros = (((ntp & 0xffff_ffff) * 1_000_000) >> 32) as i64;
    UtcMicros(seconds * 1_000_000 + micros)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_come_back_to_the_microsecond() {
        for us in
            [0, 1, 999_999, 1_700_000_000_123_457, 2_085_978_495_999_999, 2_085_978_496_000_001, 4_000_000_000_000_000]
        {
            assert_eq!(from_ntp(to_ntp(UtcMicros(us))), UtcMicros(us), "{us}");
        }
    }

    #[test]
    fn the_box_has_its_fixed_size() {
        let mut out = BytesMut::new();
        let time = ReferenceTime { track_id: 1, at: UtcMicros(1_700_000_000_000_001), media_time: 77 };
        put_prft(&mut out, time);
        assert_eq!(out.len(), PRFT_BYTES);
        assert_eq!(read_prft(&out[8..]), Some(time));
    }
}
