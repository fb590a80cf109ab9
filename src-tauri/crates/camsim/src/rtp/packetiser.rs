//! From an encoded access unit to its packets, with filler when a burst is ordered.

use crate::{Codec, content::nals};
use watchwall_rtsp::rtp::{Wire, WireBuilder, h264, h265, jpeg};

#[derive(Clone, Copy, Debug)]
pub(crate) struct Packetiser {
    codec: Codec,
    /// Bytes that each unit shall have at least.
    filled_to: Option<usize>,
}

pub(crate) const fn video_payload_type(codec: Codec) -> u8 {
    match codec {
        Codec::H264 | Codec::H265 => 96,
        Codec::Mjpeg => 26,
    }
}

impl Packetiser {
    pub const fn new(codec: Codec, filled_to: Option<usize>) -> Self {
        Self { codec, filled_to }
    }

    pub fn pack(&self, unit: &[u8]) -> Wire {
        let missing = self.filled_to.unwrap_or(0).saturating_sub(unit.len());
        let mut out = WireBuilder::new(video_payload_type(self.codec));
        match self.codec {
            Codec::H264 => h264::packetise(nals(unit).chain([filler(0x0c, &[], missing).as_slice()]), &mut out),
            Codec::H265 => h265::packetise(nals(unit).chain([filler(38 << 1, &[1], missing).as_slice()]), &mut out),
            Codec::Mjpeg => jpeg::packetise(unit, missing, &mut out),
        }
        out.finish()
    }
}

/// Filler data (H.264 7.3.2.7, H.265 7.3.2.8): 0xff bytes and a stop bit. Empty when nothing is missing.
fn filler(first: u8, more: &[u8], missing: usize) -> Vec<u8> {
    if missing == 0 {
        return Vec::new();
    }
    let mut nal = vec![first];
    nal.extend_from_slice(more);
    nal.resize(nal.len() + missing, 0xff);
    nal.push(0x80);
    nal
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_burst_reaches_its_size() {
        let unit = [0, 0, 0, 1, 0x65, 1, 2, 3];
        let size = |to| Packetiser::new(Codec::H264, to).pack(&unit).size();
        assert_eq!(size(None), 4 + 12 + 4);
        assert!((500_000..520_000).contains(&size(Some(500_000))));
    }
}
