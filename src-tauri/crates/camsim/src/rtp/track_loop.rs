//! A loop of access units with their times: what a replayed track plays for ever.

use super::packetiser::Packetiser;
use crate::content::{EncodedUnit, Profile};
use bytes::Bytes;
use watchwall_rtsp::rtp::{Wire, WireBuilder};

#[derive(Debug)]
pub(crate) struct TrackLoop {
    pub clock_hz: u32,
    pub units: Vec<LoopUnit>,
    /// Length of the loop in ticks of `clock_hz`.
    pub length: i64,
}

#[derive(Debug)]
pub(crate) struct LoopUnit {
    pub key: bool,
    /// When it is sent, in ticks from the start of the loop. Never falls.
    pub send: i64,
    /// Its RTP time, in ticks from the start of the loop. With B-frames the first may lie before it.
    pub time: i64,
    pub wire: Wire,
}

const VIDEO_HZ: u32 = 90_000;
/// Distances of a variable frame rate, in frames.
const UNEVEN: [i64; 6] = [1, 1, 3, 1, 2, 4];

impl TrackLoop {
    pub fn video(packetiser: &Packetiser, profile: &Profile, units: &[EncodedUnit], uneven: bool) -> Self {
        let hz = i64::from(VIDEO_HZ);
        let fps = i64::from(profile.fps);
        let tick = |frame: i64| if uneven { uneven_frame(frame) * hz / fps } else { frame * hz / fps };
        // A picture cannot be sent before it was taken: with B-frames all are that much late.
        let late = i64::from(profile.b_frames);
        let units_of_loop = units.iter().enumerate().map(|(index, unit)| LoopUnit {
            key: unit.key,
            send: tick(index as i64),
            time: tick(i64::from(profile.frame_index(unit.pts_ns))) - tick(late),
            wire: packetiser.pack(&unit.data),
        });
        Self { clock_hz: VIDEO_HZ, units: units_of_loop.collect(), length: tick(units.len() as i64) }
    }

    /// Frames of equal length in samples, each with its payload type.
    pub fn audio(payloads: &[(u8, Bytes)], clock_hz: u32, samples: u32) -> Self {
        let units = payloads.iter().enumerate().map(|(index, (payload_type, payload))| {
            let mut wire = WireBuilder::new(*payload_type);
            wire.packet(&[payload]);
            let at = index as i64 * i64::from(samples);
            LoopUnit { key: true, send: at, time: at, wire: wire.finish() }
        });
        Self { clock_hz, units: units.collect(), length: payloads.len() as i64 * i64::from(samples) }
    }
}

/// Start of a frame when the distances are uneven, in frames.
fn uneven_frame(frame: i64) -> i64 {
    let period: i64 = UNEVEN.iter().sum();
    let within = usize::try_from(frame.rem_euclid(UNEVEN.len() as i64)).unwrap_or(0);
    frame.div_euclid(UNEVEN.len() as i64) * period + UNEVEN[..within].iter().sum::<i64>()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn uneven_frames_keep_their_order() {
        let starts: Vec<_> = (0..8).map(uneven_frame).collect();
        assert_eq!(starts, [0, 1, 2, 5, 6, 8, 12, 13]);
    }
}
