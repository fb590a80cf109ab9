//! XML documents of a metadata track: as many packets as it takes, the marker on the last.

use watchwall_rtsp::rtp::{MAX_PAYLOAD, Wire, WireBuilder};

/// Dynamic, as real cameras number it.
pub(crate) const METADATA_PAYLOAD_TYPE: u8 = 107;

pub(crate) fn pack_document(document: &str) -> Wire {
    let mut wire = WireBuilder::new(METADATA_PAYLOAD_TYPE);
    for part in document.as_bytes().chunks(MAX_PAYLOAD) {
        wire.packet(&[part]);
    }
    wire.finish()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_marker_ends_a_document() {
        let text = "<a/>".repeat(800);
        let wire = pack_document(&text);
        let payloads = wire.payloads();
        assert_eq!(payloads.iter().map(|(marker, _)| *marker).collect::<Vec<_>>(), [false, false, true]);
        assert_eq!(payloads.iter().flat_map(|(_, part)| part.to_vec()).collect::<Vec<_>>(), text.as_bytes());
    }
}
