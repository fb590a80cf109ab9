//! Pictures that somebody brings: H.264 that was published, on its way into a hub with lawful times.

use super::{
    assembler::{Assembler, IngestCounts, RawUnit, with_reordering},
    sps::avc_size,
};
use crate::{Track, VideoParams, fmp4, hub::Hub};
use bytes::Bytes;
use std::{
    sync::{Arc, atomic::Ordering},
    time::Instant,
};
use watchwall_model::{ErrorCode, Problem, VideoCodec};

const CLOCK_HZ: u32 = 90_000;

/// One picture as it was brought.
#[derive(Debug)]
pub struct Delivered {
    /// NAL units with 4-byte lengths, parameter sets taken out.
    pub data: Bytes,
    pub is_key: bool,
    /// RTP time, 90 kHz, as it wraps.
    pub rtp_time: u32,
    /// What was missing before it.
    pub lost: u64,
    pub received_at: Instant,
}

/// One who brings. Whoever comes after him to the same hub goes on where he ended.
#[derive(Debug)]
pub struct Delivery {
    assembler: Assembler,
    counts: Arc<IngestCounts>,
    /// Of the newest picture or report.
    ticks: Option<(u32, i64)>,
    sets: Option<(Vec<u8>, Vec<u8>)>,
}

impl Delivery {
    pub fn new(hub: Arc<Hub>) -> Self {
        let counts = Arc::<IngestCounts>::default();
        Self { assembler: Assembler::new(hub, Arc::clone(&counts)), counts, ticks: None, sets: None }
    }

    /// Says what the following pictures are coded by: one SPS and one PPS, whole NAL units. The same as before changes
    /// nothing.
    ///
    /// # Errors
    /// `codec_unsupported` for sets that are none.
    pub fn set_parameters(&mut self, sps: &[u8], pps: &[u8]) -> Result<(), Problem> {
        if self.sets.as_ref().is_some_and(|(own_sps, own_pps)| own_sps == sps && own_pps == pps) {
            return Ok(());
        }
        let refused = || Problem::new(ErrorCode::CodecUnsupported).with("codec", "H264").at("parameter_sets");
        let config = avcc(sps, pps).ok_or_else(refused)?;
        let (width, height) = avc_size(sps).ok_or_else(refused)?;
        let video = VideoParams {
            codec: VideoCodec::H264,
            codec_string: fmp4::of_avcc(&config).ok_or_else(refused)?,
            width,
            height,
            frame_rate: 0.0,
            clock_rate: CLOCK_HZ,
            config: Bytes::from(config),
            max_reorder_frames: 0,
        };
        self.assembler.set_params(Some(with_reordering(video)), None);
        self.sets = Some((sps.to_vec(), pps.to_vec()));
        Ok(())
    }

    /// A sender report: at this RTP time the publisher's clock showed this NTP time.
    pub fn report(&mut self, rtp_time: u32, ntp: u64) {
        // Before the parameters there is nothing that a time could be of.
        if self.sets.is_some() {
            let ticks = self.unwrapped(rtp_time);
            self.assembler.note_report(Track::Video, ticks, ntp);
        }
    }

    /// Hands a picture on; one that comes before its parameters is dropped and counted.
    pub fn push(&mut self, unit: Delivered) {
        let Delivered { data, is_key, rtp_time, lost, received_at } = unit;
        let ticks = self.unwrapped(rtp_time);
        let lost_packets = lost;
        let unit = RawUnit { track: Track::Video, data, is_key, ticks, play_us: None, received_at, lost_packets };
        self.assembler.push(unit);
    }

    /// Pictures and packets that did not get into the hub.
    pub fn lost(&self) -> u64 {
        self.counts.lost_packets.load(Ordering::Relaxed) + self.counts.lost_units.load(Ordering::Relaxed)
    }

    fn unwrapped(&mut self, rtp_time: u32) -> i64 {
        let ticks = match self.ticks {
            Some((before, ticks)) => ticks + i64::from(rtp_time.wrapping_sub(before).cast_signed()),
            None => i64::from(rtp_time),
        };
        self.ticks = Some((rtp_time, ticks));
        ticks
    }
}

/// `AVCDecoderConfigurationRecord` (ISO/IEC 14496-15 section 5.3.3.1); `None` for sets that are none.
fn avcc(sps: &[u8], pps: &[u8]) -> Option<Vec<u8>> {
    let &[kind, profile, compatibility, level, ..] = sps else { return None };
    if kind & 0x1f != 7 || pps.first().is_none_or(|first| first & 0x1f != 8) {
        return None;
    }
    let mut record = vec![1, profile, compatibility, level, 0xff, 0xe1];
    record.extend_from_slice(&u16::try_from(sps.len()).ok()?.to_be_bytes());
    record.extend_from_slice(sps);
    record.push(1);
    record.extend_from_slice(&u16::try_from(pps.len()).ok()?.to_be_bytes());
    record.extend_from_slice(pps);
    Some(record)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::hub::{BacklogLimits, Received, SubscriberClass};
    use std::time::Duration;
    use watchwall_model::UtcMicros;

    /// As x264 writes them, baseline, 320 by 240.
    const SPS: &[u8] = b"\x67\x42\xc0\x0d\xd9\x01\x41\xfb\x01\x10\0\0\x03\0\x10\0\0\x03\x03\x20\xf1\x42\xa4\x80";
    const PPS: &[u8] = b"\x68\xcb\x83\xcb\x20";

    fn picture(n: u32, is_key: bool, received_at: Instant) -> Delivered {
        let rtp_time = u32::MAX.wrapping_add(n * 6_000);
        Delivered { data: Bytes::from_static(b"\0\0\0\x02\x65a"), is_key, rtp_time, lost: 0, received_at }
    }

    #[test]
    fn what_is_brought_is_in_the_hub_with_its_times() {
        let hub = Hub::new(BacklogLimits::default());
        let mut subscription = hub.subscribe(SubscriberClass::Recorder);
        let mut delivery = Delivery::new(Arc::clone(&hub));
        let born = Instant::now();
        delivery.push(picture(0, true, born));
        assert_eq!((delivery.lost(), hub.current_params().is_none()), (1, true));
        delivery.set_parameters(SPS, PPS).unwrap();
        // Taken 300 ms ago, by the publisher's clock, which is ours.
        let taken = UtcMicros::now().0 - 300_000;
        let seconds = (taken / 1_000_000 + 2_208_988_800) as u64;
        let fraction = (((taken % 1_000_000) as u64) << 32) / 1_000_000;
        let ntp = (seconds << 32) | fraction;
        delivery.report(u32::MAX, ntp);
        for n in 0..3 {
            delivery.push(picture(n, n == 0, born + Duration::from_millis(u64::from(n) * 67)));
        }
        let units: Vec<_> = std::iter::from_fn(|| match subscription.try_recv() {
            Some(Received::Unit(unit)) => Some(unit),
            _ => None,
        })
        .collect();
        let times: Vec<i64> = units.iter().map(|unit| unit.pts - units[0].pts).collect();
        assert_eq!(times, [0, 6_000, 12_000]);
        assert!((units[0].capture_at.0 - taken).abs() < 2_000, "{:?} {taken}", units[0].capture_at);
        let video = units[0].params.video.clone().unwrap();
        assert_eq!((video.width, video.height, video.codec_string.as_str()), (320, 240, "avc1.42c00d"));
        assert_eq!(video.parameter_sets(), [SPS, PPS]);

        // The next publisher goes on behind him, with the same parameters.
        let mut next = Delivery::new(Arc::clone(&hub));
        next.set_parameters(SPS, PPS).unwrap();
        next.push(Delivered { rtp_time: 77, ..picture(0, true, Instant::now()) });
        let Some(Received::Unit(unit)) = subscription.try_recv() else { panic!("no picture") };
        assert!(unit.dts > units[2].dts && unit.is_discontinuity);
        assert!(Arc::ptr_eq(&unit.params, &units[0].params));
    }

    #[test]
    fn sets_that_are_none_are_refused() {
        let mut delivery = Delivery::new(Hub::new(BacklogLimits::default()));
        let mut check = |sps: &[u8], pps: &[u8], expect: bool| {
            assert_eq!(delivery.set_parameters(sps, pps).is_ok(), expect, "{sps:x?} {pps:x?}");
        };
        check(SPS, PPS, true);
        check(PPS, SPS, false);
        check(SPS, &[], false);
        check(&[], PPS, false);
        check(&SPS[..5], PPS, false);
        check(&[0x67, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff], PPS, false);
        for seed in 0..20_000_u32 {
            // Whatever it says: it is read or refused.
            let bytes = seed.wrapping_mul(2_654_435_761).to_be_bytes().repeat(1 + seed as usize % 9);
            let _ = delivery.set_parameters(&[&[0x67, 100][..], &bytes].concat(), PPS);
        }
    }
}
