//! From an access unit of the hub to RTP packets, and from its parameters to what a description says.

use bytes::Bytes;
use watchwall_media::{AccessUnit, StreamParams, nals};
use watchwall_model::VideoCodec;
use watchwall_rtsp::{
    VideoFormat,
    rtp::{Wire, WireBuilder, h264, h265, jpeg},
};

/// A coding that RTP can carry. A session keeps the one it began with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Coding {
    H264,
    H265,
    Jpeg,
}

impl Coding {
    /// `None` for a stream without pictures, or with pictures that have no payload format.
    pub fn of(params: &StreamParams) -> Option<Self> {
        match params.video.as_ref()?.codec {
            VideoCodec::H264 => Some(Self::H264),
            VideoCodec::H265 => Some(Self::H265),
            VideoCodec::Mjpeg => Some(Self::Jpeg),
            VideoCodec::Other(_) => None,
        }
    }

    /// The packets of a picture. Every key frame carries its parameter sets, so that a change of them and a client that
    /// came late need nothing else. Without packets, the picture is one that RTP cannot carry.
    pub fn pack(self, unit: &AccessUnit) -> Wire {
        let mut out = WireBuilder::new(self.payload_type());
        if self == Self::Jpeg {
            jpeg::packetise(&unit.data, 0, &mut out);
            return out.finish();
        }
        let sets = match &unit.params.video {
            Some(video) if unit.is_key => video.parameter_sets(),
            _ => Vec::new(),
        };
        // A delimiter comes before everything else (ITU-T H.264 7.4.1.2.3, H.265 7.4.2.4.4).
        let delimiters = nals(&unit.data).take_while(|nal| self.is_delimiter(nal));
        let pictures = nals(&unit.data).skip_while(|nal| self.is_delimiter(nal));
        let nals = delimiters.chain(sets.iter().map(|set| &set[..])).chain(pictures);
        match self {
            Self::H264 => h264::packetise(nals, &mut out),
            _ => h265::packetise(nals, &mut out),
        }
        out.finish()
    }

    const fn payload_type(self) -> u8 {
        match self {
            Self::H264 | Self::H265 => 96,
            Self::Jpeg => VideoFormat::Jpeg.payload_type(),
        }
    }

    fn is_delimiter(self, nal: &[u8]) -> bool {
        nal.first().is_some_and(|first| match self {
            Self::H264 => first & 0x1f == 9,
            Self::H265 => first >> 1 & 0x3f == 35,
            Self::Jpeg => false,
        })
    }

    fn kind(self, nal: &[u8]) -> Option<u8> {
        let first = nal.first()?;
        Some(if self == Self::H264 { first & 0x1f } else { first >> 1 & 0x3f })
    }
}

/// The sets a description tells.
#[derive(Debug)]
pub struct Sets {
    coding: Coding,
    all: Vec<Bytes>,
}

impl Sets {
    /// `None` for what cannot be sent, or whose sets are not known.
    pub fn of(params: &StreamParams) -> Option<Self> {
        let coding = Coding::of(params)?;
        let sets = Self { coding, all: params.video.as_ref()?.parameter_sets() };
        sets.format().is_some().then_some(sets)
    }

    /// For the description; by [`Self::of`] always there.
    pub fn format(&self) -> Option<VideoFormat<'_>> {
        let find = |kind| self.all.iter().find(|set| self.coding.kind(set) == Some(kind)).map(|set| &set[..]);
        Some(match self.coding {
            Coding::H264 => VideoFormat::H264 { sps: find(7)?, pps: find(8)? },
            Coding::H265 => VideoFormat::H265 { vps: find(32)?, sps: find(33)?, pps: find(34)? },
            Coding::Jpeg => VideoFormat::Jpeg,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::{sync::Arc, time::Instant};
    use watchwall_media::{Track, UnitParts, VideoParams};
    use watchwall_model::UtcMicros;

    fn params(codec: VideoCodec, config: &[u8]) -> StreamParams {
        let video = VideoParams {
            codec,
            codec_string: String::new(),
            width: 320,
            height: 180,
            frame_rate: 25.0,
            clock_rate: 90_000,
            config: Bytes::copy_from_slice(config),
            max_reorder_frames: 0,
        };
        StreamParams::new(1, Some(video), None)
    }

    fn unit(params: StreamParams, data: &'static [u8], is_key: bool) -> AccessUnit {
        AccessUnit::new(UnitParts {
            track: Track::Video,
            data: Bytes::from_static(data),
            is_key,
            is_discontinuity: false,
            pts: 0,
            dts: 0,
            duration: 3_600,
            capture_at: UtcMicros(0),
            received_at: Instant::now(),
            sequence: 0,
            params: Arc::new(params),
        })
    }

    const AVC: [u8; 16] = [1, 0x42, 0, 30, 0xff, 0xe1, 0, 2, 0x67, 7, 1, 0, 2, 0x68, 8, 0];

    #[test]
    fn key_frames_carry_their_sets_behind_a_delimiter() {
        let check = |data, is_key, expect: &[u8]| {
            let wire = Coding::H264.pack(&unit(params(VideoCodec::H264, &AVC[..15]), data, is_key));
            assert_eq!(wire.payloads(), [(true, expect)]);
        };
        check(b"\0\0\0\x02\x65a", true, b"\x78\0\x02\x67\x07\0\x02\x68\x08\0\x02\x65a");
        check(b"\0\0\0\x02\x09\x10\0\0\0\x02\x65a", true, b"\x78\0\x02\x09\x10\0\x02\x67\x07\0\x02\x68\x08\0\x02\x65a");
        check(b"\0\0\0\x02\x41a", false, b"\x41a");
        // The rest of a broken unit is left out.
        check(b"\0\0\0\x02\x41a\0\0\0\x09b", false, b"\x41a");
    }

    #[test]
    fn what_cannot_be_described_is_not_served() {
        let check = |params: &StreamParams, expect| assert_eq!(Sets::of(params).is_some(), expect, "{params:?}");
        check(&params(VideoCodec::H264, &AVC[..15]), true);
        check(&params(VideoCodec::H264, &AVC[..10]), false);
        check(&params(VideoCodec::H265, &[]), false);
        check(&params(VideoCodec::Mjpeg, &[]), true);
        check(&params(VideoCodec::Other("av1".into()), &[]), false);
        check(&StreamParams::new(1, None, None), false);
        let sets = Sets::of(&params(VideoCodec::H264, &AVC[..15])).unwrap();
        assert_eq!(sets.format(), Some(VideoFormat::H264 { sps: &[0x67, 7], pps: &[0x68, 8] }));
    }
}
