//! Audio payloads: AAC-hbr (RFC 3640 3.3.6), one frame per packet; G.711, G.726 (RFC 3551) and Opus (RFC 7587) as they
//! are.

use crate::Audio;
use bytes::{BufMut, Bytes, BytesMut};

pub(crate) const fn audio_payload_type(kind: Audio) -> u8 {
    match kind {
        Audio::Pcmu => 0,
        Audio::Pcma => 8,
        Audio::Aac | Audio::None => 97,
        Audio::Opus => 98,
        Audio::G726 => 99,
    }
}

/// The payload of one frame, with its payload type in front of it.
pub(crate) fn audio_payload(kind: Audio, frame: &[u8]) -> (u8, Bytes) {
    let mut payload = BytesMut::with_capacity(frame.len() + 4);
    if kind == Audio::Aac {
        // AU-headers-length in bits, then 13 bits of size and 3 bits of index.
        payload.put_u16(16);
        payload.put_u16((frame.len() as u16) << 3);
    }
    payload.put_slice(frame);
    (audio_payload_type(kind), payload.freeze())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn aac_carries_its_size_and_g711_nothing() {
        assert_eq!(audio_payload(Audio::Aac, &[1, 2, 3]).1, [0, 16, 0, 24, 1, 2, 3][..]);
        assert_eq!(audio_payload(Audio::Pcma, &[1, 2]), (8, Bytes::from_static(&[1, 2])));
        assert_eq!(audio_payload(Audio::Pcmu, &[1, 2]).0, 0);
    }
}
