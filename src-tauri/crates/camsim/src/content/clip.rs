//! A profile of video, and encoding a loop of it.

use super::encoder::VideoEncoder;
use crate::{
    CamsimError, Codec, Look, StreamSpec,
    fault::{ContentFaults, EncoderSettings},
    picture::{Scene, SceneSpec},
};
use bytes::Bytes;
use std::{
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};
use watchwall_model::UtcMillis;

/// Everything that decides what an encoder makes. Streams with equal profiles share one loop.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Profile {
    pub codec: Codec,
    pub fps: u32,
    pub bitrate_kbps: u32,
    pub gop_frames: u32,
    pub b_frames: u32,
    /// Every second group is twice as long.
    pub is_smart: bool,
    pub scene: SceneSpec,
}

/// One access unit in decoding order: Annex B for H.264 and H.265, a whole JPEG for MJPEG.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct EncodedUnit {
    pub key: bool,
    /// Presentation time in nanoseconds, on the clock of whoever pushed the frame.
    pub pts_ns: u64,
    pub data: Bytes,
}

/// A loop lasts at least this long.
const LOOP_MS: u32 = 4000;
const LONGEST_ENCODE: Duration = Duration::from_secs(120);
const LONGEST_STILL: Duration = Duration::from_secs(20);
const B_FRAMES: u32 = 2;

impl Profile {
    pub fn new(spec: &StreamSpec, faults: ContentFaults, name: &str, hue: u8) -> Self {
        let settings = faults.encoder.unwrap_or_else(|| EncoderSettings::of(spec));
        let (mut width, mut height) = faults.size.unwrap_or((settings.width, settings.height));
        if faults.odd_size {
            (width, height) = (width + 6, height + 2);
        }
        let own = spec.look == Look::Own;
        let scene = SceneSpec {
            width: width.clamp(32, 8192),
            height: height.clamp(32, 8192),
            name: if own { name.to_owned() } else { String::new() },
            hue: if own { hue } else { 170 },
            noise_percent: if own { 0 } else { 25 },
        };
        Self {
            codec: settings.codec,
            fps: settings.fps,
            bitrate_kbps: settings.bitrate_kbps,
            gop_frames: settings.gop_frames.max(1),
            b_frames: if faults.b_frames && settings.codec != Codec::Mjpeg { B_FRAMES } else { 0 },
            is_smart: faults.smart_codec && settings.codec != Codec::Mjpeg,
            scene,
        }
    }

    /// Frames in a loop: whole GOPs.
    pub fn loop_frames(&self) -> u32 {
        (self.fps * LOOP_MS / 1000).max(1).next_multiple_of(self.pattern_frames())
    }

    /// The most frames from one key frame to the next.
    pub const fn longest_gop(&self) -> u32 {
        if self.is_smart { 2 * self.gop_frames } else { self.gop_frames }
    }

    /// Whether the encoder must be told to make this frame a key frame: by itself it makes one where a group was longest.
    pub fn wants_key(&self, index: u32) -> bool {
        self.is_smart && index % self.pattern_frames() == self.gop_frames
    }

    const fn pattern_frames(&self) -> u32 {
        if self.is_smart { 3 * self.gop_frames } else { self.gop_frames }
    }

    /// Time of a frame in a loop.
    pub fn frame_ns(&self, index: u32) -> u64 {
        u64::from(index) * 1_000_000_000 / u64::from(self.fps)
    }

    /// The frame a presentation time belongs to.
    pub fn frame_index(&self, pts_ns: u64) -> u32 {
        u32::try_from((pts_ns * u64::from(self.fps) + 500_000_000) / 1_000_000_000).unwrap_or(0)
    }
}

/// Encodes a loop. Blocks: seconds for large pictures.
pub(super) fn encode_loop(profile: &Profile) -> Result<Vec<EncodedUnit>, CamsimError> {
    let units = Arc::new(Mutex::new(Vec::new()));
    let sink = units.clone();
    let encoder = VideoEncoder::start(profile, move |unit| {
        sink.lock().unwrap_or_else(PoisonError::into_inner).push(unit);
    })?;
    let mut scene = Scene::new(&profile.scene);
    let count = profile.loop_frames();
    for index in 0..count {
        let frame = scene.draw_loop(index as usize, count as usize);
        if profile.wants_key(index) {
            encoder.force_key();
        }
        encoder.push_waiting(frame, profile.frame_ns(index))?;
    }
    encoder.finish(LONGEST_ENCODE)?;
    let units = std::mem::take(&mut *units.lock().unwrap_or_else(PoisonError::into_inner));
    if units.len() != count as usize || !units.first().is_some_and(|unit| unit.key) {
        let reason = format!("{} of {count} frames came out of {:?}", units.len(), profile.codec);
        return Err(CamsimError::Encoder { action: "encode a loop", reason });
    }
    Ok(units)
}

/// One picture as a JPEG. Blocks for a moment.
pub(crate) fn encode_still(scene: &SceneSpec, at: UtcMillis) -> Result<Bytes, CamsimError> {
    let profile = Profile {
        codec: Codec::Mjpeg,
        fps: 1,
        bitrate_kbps: 0,
        gop_frames: 1,
        b_frames: 0,
        is_smart: false,
        scene: scene.clone(),
    };
    let found = Arc::new(Mutex::new(None));
    let sink = found.clone();
    let encoder = VideoEncoder::start(&profile, move |unit| {
        sink.lock().unwrap_or_else(PoisonError::into_inner).get_or_insert(unit.data);
    })?;
    encoder.push_waiting(Scene::new(scene).draw_live(at), 0)?;
    encoder.finish(LONGEST_STILL)?;
    let picture = found.lock().unwrap_or_else(PoisonError::into_inner).take();
    picture.ok_or_else(|| CamsimError::Encoder { action: "encode a picture", reason: "nothing came out".into() })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn profile(codec: Codec, scene: SceneSpec) -> Profile {
        Profile { codec, fps: 5, bitrate_kbps: 400, gop_frames: 10, b_frames: 0, is_smart: false, scene }
    }

    #[test]
    fn a_smart_codec_makes_groups_of_two_lengths() {
        let scene = SceneSpec { width: 320, height: 180, name: String::new(), hue: 170, noise_percent: 25 };
        for codec in [Codec::H264, Codec::H265] {
            let profile = Profile { is_smart: true, gop_frames: 5, ..profile(codec, scene.clone()) };
            let units = encode_loop(&profile).unwrap();
            let keys: Vec<_> = (0..units.len()).filter(|index| units[*index].key).collect();
            assert_eq!((units.len(), keys), (30, vec![0, 5, 15, 20]), "{codec:?}");
        }
    }

    #[test]
    fn every_loop_begins_with_a_key_frame() {
        let scene = SceneSpec { width: 320, height: 180, name: String::new(), hue: 170, noise_percent: 25 };
        let of = |codec| profile(codec, scene.clone());
        // Not so before several were at work, and then now and then.
        std::thread::scope(|scope| {
            for codec in [Codec::H264, Codec::H265, Codec::H265, Codec::H265, Codec::Mjpeg] {
                let profile = of(codec);
                scope.spawn(move || {
                    for _ in 0..6 {
                        let units = encode_loop(&profile).unwrap();
                        let keys = units.iter().filter(|unit| unit.key).count();
                        let expect = if codec == Codec::Mjpeg { units.len() } else { units.len() / 10 };
                        assert!(units[0].key && keys == expect, "{codec:?}: {keys} of {}", units.len());
                    }
                });
            }
        });
    }
}
