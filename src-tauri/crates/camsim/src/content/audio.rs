//! A loop of sound: one short beep per second, as AAC or Opus (by GStreamer) or G.711 (here); G.726 is
//! silent.

use crate::{
    Audio, CamsimError,
    rtp::{TrackLoop, audio_payload},
};
use bytes::Bytes;
use gstreamer::{self as gst, prelude::*};
use gstreamer_app::AppSink;
use std::sync::Arc;

/// Sound ready to be sent, and what the SDP says about it.
#[derive(Clone, Debug)]
pub(crate) struct AudioLoop {
    pub kind: Audio,
    pub track: Arc<TrackLoop>,
    /// AudioSpecificConfig (ISO/EC 14496-3) for AAC, else empty.
    pub config: Bytes,
}

pub(crate) const AAC_HZ: u32 = 16_000;
pub(crate) const G711_HZ: u32 = 8_000;
pub(crate) const OPUS_HZ: u32 = 48_000;
const AAC_FRAME: u32 = 1024;
/// 20 ms.
const OPUS_FRAME: u32 = 960;
/// 40 ms.
const G726_FRAME: u32 = 320;
/// Samples in one G.711 packet: 40 ms.
const G711_FRAME: usize = 320;
const SECONDS: u32 = 4;

/// Makes the loop; blocks for some milliseconds. `None` for a stream without sound.
pub(crate) fn audio_loop(kind: Audio) -> Result<Option<AudioLoop>, CamsimError> {
    let (frames, hz, samples, config) = match kind {
        Audio::None => return Ok(None),
        Audio::Aac => {
            let (frames, config) = encode(AAC_HZ, AAC_FRAME, "avenc_aac bitrate=48000 ! audio/mpeg,stream-format=raw")?;
            if config.is_empty() {
                return Err(CamsimError::Encoder { action: "encode AAC", reason: "no configuration".into() });
            }
            (frames, AAC_HZ, AAC_FRAME, config)
        }
        Audio::Opus => {
            let (frames, _) = encode(OPUS_HZ, OPUS_FRAME, "opusenc frame-size=20 bitrate=32000")?;
            (frames, OPUS_HZ, OPUS_FRAME, Bytes::new())
        }
        Audio::G726 => {
            // Half a byte per sample (RFC 3551 section 4.5.4). All ones is the smallest step: silence, as no encoder for
            // it is at hand.
            let frame = Bytes::from_static(&[0xff; G726_FRAME as usize / 2]);
            (vec![frame; (G711_HZ * SECONDS / G726_FRAME) as usize], G711_HZ, G726_FRAME, Bytes::new())
        }
        Audio::Pcma => (g711(a_law), G711_HZ, G711_FRAME as u32, Bytes::new()),
        Audio::Pcmu => (g711(mu_law), G711_HZ, G711_FRAME as u32, Bytes::new()),
    };
    let payloads: Vec<_> = frames.iter().map(|frame| audio_payload(kind, frame)).collect();
    let track = Arc::new(TrackLoop::audio(&payloads, hz, samples));
    Ok(Some(AudioLoop { kind, track, config }))
}

/// Sample `n` of the signal: 0.1 s of 880 Hz each second, quiet otherwise.
fn sample(n: u32, hz: u32) -> i16 {
    if n % hz >= hz / 10 {
        return 0;
    }
    let angle = f64::from(n) * 880.0 * std::f64::consts::TAU / f64::from(hz);
    (angle.sin() * 8000.0) as i16
}

fn g711(code: fn(i16) -> u8) -> Vec<Bytes> {
    let all: Vec<u8> = (0..G711_HZ * SECONDS).map(|n| code(sample(n, G711_HZ))).collect();
    all.chunks_exact(G711_FRAME).map(Bytes::copy_from_slice).collect()
}

/// ITU-T G.711 A-law of a 16-bit sample.
fn a_law(value: i16) -> u8 {
    let sign = if value >= 0 { 0xd5 } else { 0x55 };
    let magnitude = if value >= 0 { value >> 3 } else { !value >> 3 };
    let code = if magnitude < 32 {
        magnitude >> 1
    } else {
        let segment = 15 - magnitude.cast_unsigned().leading_zeros().cast_signed() as i16 - 4;
        segment << 4 | (magnitude >> segment & 0x0f)
    };
    code as u8 ^ sign
}

/// ITU-T G.711 mu-law of a 16-bit sample.
fn mu_law(value: i16) -> u8 {
    let sign = if value < 0 { 0x80 } else { 0 };
    let magnitude = (i32::from(value).abs().min(32_635)) + 132;
    let segment = 31 - magnitude.leading_zeros().cast_signed() - 7;
    let code = segment << 4 | (magnitude >> (segment + 3) & 0x0f);
    !(sign | code as u8)
}

/// What an encoder makes of the beeps: its frames, and the `codec_data` of its caps if it has any.
fn encode(hz: u32, frame: u32, encoder: &str) -> Result<(Vec<Bytes>, Bytes), CamsimError> {
    let refused = |reason: String| CamsimError::Encoder { action: "encode sound", reason };
    gst::init().map_err(|e| refused(e.to_string()))?;
    let count = (hz * SECONDS / frame) as usize;
    let text = format!(
        "audiotestsrc wave=ticks freq=880 sine-periods-per-tick=88 volume=0.25 samplesperbuffer={frame} \
         num-buffers={} ! audio/x-raw,rate={hz},channels=1 ! audioconvert ! {encoder} ! appsink name=sink sync=false",
        count + 2
    );
    let pipeline = gst::parse::launch(&text)
        .map_err(|e| refused(e.to_string()))?
        .downcast::<gst::Pipeline>()
        .map_err(|_| refused("not a pipeline".into()))?;
    let sink =
        pipeline.by_name("sink").and_then(|e| e.downcast::<AppSink>().ok()).ok_or_else(|| refused("no sink".into()))?;
    pipeline.set_state(gst::State::Playing).map_err(|e| refused(e.to_string()))?;
    let mut frames = Vec::new();
    let mut config = Bytes::new();
    while frames.len() < count {
        let Some(sample) = sink.try_pull_sample(gst::ClockTime::from_seconds(10)) else { break };
        if let Some(caps) = sample.caps().and_then(|caps| caps.structure(0).map(ToOwned::to_owned))
            && let Ok(data) = caps.get::<gst::Buffer>("codec_data")
            && let Ok(map) = data.map_readable()
        {
            config = Bytes::copy_from_slice(&map);
        }
        if let Some(map) = sample.buffer().and_then(|buffer| buffer.map_readable().ok()) {
            frames.push(Bytes::copy_from_slice(&map));
        }
    }
    // Going to Null cannot fail in a way that leaves something to do.
    let _ = pipeline.set_state(gst::State::Null);
    if frames.is_empty() { Err(refused(format!("no frames came out of {encoder}"))) } else { Ok((frames, config)) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn g711_codes_are_those_of_the_recommendation() {
        let check = |value, a, mu| assert_eq!((a_law(value), mu_law(value)), (a, mu), "{value}");
        check(0, 0xd5, 0xff);
        check(-1, 0x55, 0x7f);
        check(32_767, 0xaa, 0x80);
        check(-32_768, 0x2a, 0x00);
        check(1000, 0xfa, 0xce);
        check(-1000, 0x7a, 0x4e);
    }

    #[test]
    fn every_kind_of_sound_comes_out() {
        assert!(audio_loop(Audio::None).unwrap().is_none());
        let check = |kind, frames, hz| {
            let sound = audio_loop(kind).unwrap().unwrap();
            assert_eq!((sound.track.units.len(), sound.track.clock_hz), (frames, hz), "{kind:?}");
            assert_eq!(sound.config.is_empty(), kind != Audio::Aac);
        };
        check(Audio::Aac, 62, AAC_HZ);
        check(Audio::Opus, 200, OPUS_HZ);
        check(Audio::G726, 100, G711_HZ);
        check(Audio::Pcma, 100, G711_HZ);
        check(Audio::Pcmu, 100, G711_HZ);
    }
}
