//! The metadata stream: the notifications of a pull point, carried within RTP (`tt:MetadataStream` of the ONVIF Streaming
//! Specification).

use super::kind::CameraEvent;
use crate::{
    operations::Notification,
    tree::{Limits, Tree, decode},
};
use thiserror::Error;
use watchwall_model::UtcMillis;

/// Bytes of a document that are looked at.
pub const LARGEST_DOCUMENT: usize = 1024 * 1024;
/// Notifications of one document; a hostile one may not fill memory.
const MOST_NOTIFICATIONS: usize = 256;
/// Of one notification.
const LIMITS: Limits = Limits { depth: 32, nodes: 2_000 };
const NAME: &str = "NotificationMessage";
/// Of the name, with `<` and `/`.
const LONGEST_PREFIX: usize = 64;

/// Why a document is not read.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum MetadataError {
    #[error("the metadata document has {size} bytes, more than {LARGEST_DOCUMENT}")]
    TooLarge { size: usize },
    #[error("the metadata document declares a type of its own")]
    DeclaresType,
}

/// The events in a document that came at `now`; `offset_ms` is how far the device's clock is ahead of ours.
///
/// Each notification is read by itself: what else is in the document (boxes of objects, positions of motors) costs one
/// look, and may be damaged. So a document may come in pieces, several may come as one, and what was lost takes no more
/// along than the notification it was in.
///
/// # Errors
/// A document that is too large, or that declares entities or a type, which no camera has a reason to do.
pub fn read_metadata(document: &[u8], now: UtcMillis, offset_ms: i64) -> Result<Vec<CameraEvent>, MetadataError> {
    if document.len() > LARGEST_DOCUMENT {
        return Err(MetadataError::TooLarge { size: document.len() });
    }
    // Most documents of a camera with analytics tell of objects only.
    if !document.windows(NAME.len()).any(|window| window == NAME.as_bytes()) {
        return Ok(Vec::new());
    }
    let text = decode(document);
    if text.contains("<!DOCTYPE") || text.contains("<!ENTITY") {
        return Err(MetadataError::DeclaresType);
    }
    let events = notifications(&text).take(MOST_NOTIFICATIONS).filter_map(|piece| {
        let tree = Tree::parse_within(piece, LIMITS).ok()?;
        Some(CameraEvent::read(&Notification::read(tree.root())?, now, offset_ms))
    });
    Ok(events.collect())
}

/// The text of each whole notification. One way through the text, whatever stands in it.
fn notifications(text: &str) -> impl Iterator<Item = &str> {
    let mut open = None;
    tags(text).filter_map(move |tag| match tag {
        // One that is open still was cut off.
        Tag::Start(at) => {
            open = Some(at);
            None
        }
        Tag::End(end) => open.take().map(|start| &text[start..end]),
    })
}

/// A tag of a notification, whatever its prefix.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Tag {
    /// Where it begins.
    Start(usize),
    /// Where it has ended.
    End(usize),
}

fn tags(text: &str) -> impl Iterator<Item = Tag> {
    text.match_indices(NAME).filter_map(|(at, name)| {
        let after = at + name.len();
        let start = text.as_bytes()[..at].iter().rev().take(LONGEST_PREFIX).position(|byte| *byte == b'<')?;
        let start = at - 1 - start;
        let before = &text[start + 1..at];
        let prefix = before.strip_prefix('/').unwrap_or(before);
        let is_prefix =
            prefix.is_empty() || prefix.strip_suffix(':').is_some_and(|name| !name.contains([' ', '=', '>', ':']));
        if !is_prefix {
            return None;
        }
        if before.starts_with('/') {
            let close = text[after..].find(|c: char| !c.is_whitespace()).map(|at| after + at)?;
            return text[close..].starts_with('>').then_some(Tag::End(close + 1));
        }
        text[after..].starts_with(|c: char| c.is_whitespace() || c == '>').then_some(Tag::Start(start))
    })
}

#[cfg(test)]
mod tests;
