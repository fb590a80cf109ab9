//! Access units from real encoders, and the tools that judge what is made of them.
#![allow(dead_code)]

pub mod encode;
pub mod tools;

use bytes::{BufMut, BytesMut};
use std::sync::Arc;
use watchwall_media::{
    AccessUnit, StreamParams, Track,
    fmp4::{self, DecodeBase, FragmentOptions, FragmentParts, InitKind, InitOptions, SegmentIdentity, Sound},
};
use watchwall_model::{Fragment, StreamPath, UtcMicros};

pub fn identity() -> SegmentIdentity {
    SegmentIdentity {
        path: StreamPath::parse("cam_10_0_0_1_ch1_main").unwrap(),
        site: "Harbour".to_owned(),
        volume_marker: "v-1".to_owned(),
        start: UtcMicros(encode::START_US),
    }
}

/// A recording file in memory, as a recorder would write it.
pub struct Recording {
    pub bytes: Vec<u8>,
    pub init_len: usize,
    pub parts: Vec<FragmentParts>,
    pub index: Vec<Fragment>,
    pub params: Arc<StreamParams>,
}

impl Recording {
    /// One fragment per GOP.
    pub fn of(units: &[Arc<AccessUnit>]) -> Self {
        let params = Arc::clone(&units[0].params);
        let identity = identity();
        let options = InitOptions { kind: InitKind::File(&identity), sound: Sound::With };
        let init = fmp4::init_segment(&params, options).unwrap();
        let mut out = BytesMut::from(&init[..]);
        let first = units.iter().position(|unit| unit.is_video_key()).unwrap();
        let base = base_of(&units[first]);
        let mut parts = Vec::new();
        let mut index = Vec::new();
        for (n, gop) in gops(&units[first..]).into_iter().enumerate() {
            let options = FragmentOptions { sequence: n as u32 + 1, base, sound: Sound::With };
            let part = fmp4::gop_fragment(&gop, options).unwrap();
            index.push(Fragment {
                offset: out.len() as u64,
                size_bytes: part.size_bytes,
                start_ms: ((part.start.0 - encode::START_US) / 1000) as u32,
                duration_ms: (part.duration * 1000 / 90_000) as u32,
                is_key: part.is_key,
            });
            let before = out.len();
            out.put_slice(&part.header);
            part.payload.iter().for_each(|bytes| out.put_slice(bytes));
            assert_eq!(out.len() - before, part.size_bytes as usize);
            parts.push(part);
        }
        Self { bytes: out.to_vec(), init_len: init.len(), parts, index, params }
    }

    pub fn closed(&self) -> Vec<u8> {
        let mut bytes = self.bytes.clone();
        bytes.extend_from_slice(&fmp4::mfra_of_index(&self.index, 90_000));
        bytes
    }
}

/// The file's time line begins at its first key frame.
pub fn base_of(key: &AccessUnit) -> DecodeBase {
    let audio_rate = key.params.audio.as_ref().map_or(1, |audio| audio.clock_rate);
    DecodeBase { video: key.dts, audio: key.dts * i64::from(audio_rate) / 90_000 }
}

pub fn gops(units: &[Arc<AccessUnit>]) -> Vec<Vec<Arc<AccessUnit>>> {
    let mut gops: Vec<Vec<Arc<AccessUnit>>> = Vec::new();
    for unit in units {
        if unit.is_video_key() || gops.is_empty() {
            gops.push(Vec::new());
        }
        gops.last_mut().unwrap().push(Arc::clone(unit));
    }
    gops
}

pub fn count(units: &[Arc<AccessUnit>], track: Track) -> usize {
    units.iter().filter(|unit| unit.track == track).count()
}

/// Repeatable noise without a dependency.
pub struct Noise(pub u64);

impl Noise {
    pub fn below(&mut self, bound: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 % bound.max(1) as u64) as usize
    }
}
