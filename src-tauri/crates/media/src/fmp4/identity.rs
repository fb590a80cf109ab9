//! Whose recording a file is: a `uuid` box at the end of the `moov` (ISO/IEC 14496-12, 4.2), so that an index that was
//! lost can be rebuilt from the files.

use super::{BOX_HEADER, boxes::Fields};
use watchwall_model::{StreamPath, UtcMicros};

/// Ours; players pass over it.
const ID: [u8; 16] = [0x5a, 0x1e, 0x0c, 0x77, 0x93, 0x4b, 0x4e, 0x2f, 0x8d, 0x46, 0x57, 0x57, 0x69, 0x64, 0x65, 0x6e];
const VERSION: u8 = 1;

/// What a recording says of itself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SegmentIdentity {
    pub path: StreamPath,
    /// The site's name or id; may be empty.
    pub site: String,
    /// Id in the marker file of the volume it was written to; may be empty.
    pub volume_marker: String,
    /// When the first picture was taken.
    pub start: UtcMicros,
}

/// The whole box: version, start (i64, UTC microseconds), B-frame depth, then path, site and marker as length (u16) and UTF-8.
pub fn identity_box(identity: &SegmentIdentity, max_reorder_frames: u8) -> Vec<u8> {
    let mut out = vec![0; 4];
    out.extend_from_slice(b"uuid");
    out.extend_from_slice(&ID);
    out.push(VERSION);
    out.extend_from_slice(&identity.start.0.to_be_bytes());
    out.push(max_reorder_frames);
    for text in [identity.path.as_str(), &identity.site, &identity.volume_marker] {
        let cut = text.floor_char_boundary(MOST_TEXT);
        out.extend_from_slice(&(cut as u16).to_be_bytes());
        out.extend_from_slice(&text.as_bytes()[..cut]);
    }
    let size = out.len() as u32;
    out[..4].copy_from_slice(&size.to_be_bytes());
    debug_assert!(out.len() >= BOX_HEADER + ID.len());
    out
}

const MOST_TEXT: usize = 1024;

/// Identity and B-frame depth from the body of a `uuid` box; `None` when it is not ours.
pub fn read_identity(body: &[u8]) -> Option<(SegmentIdentity, u8)> {
    let mut fields = Fields::new(body);
    if fields.array::<16>()? != ID || fields.u8()? < VERSION {
        return None;
    }
    let start = UtcMicros(fields.u64()? as i64);
    let max_reorder_frames = fields.u8()?;
    let path = StreamPath::parse(text(&mut fields)?).ok()?;
    let site = text(&mut fields)?.to_owned();
    let volume_marker = text(&mut fields)?.to_owned();
    Some((SegmentIdentity { path, site, volume_marker, start }, max_reorder_frames))
}

fn text<'a>(fields: &mut Fields<'a>) -> Option<&'a str> {
    let len = fields.u16()?;
    std::str::from_utf8(fields.take(usize::from(len))?).ok()
}
