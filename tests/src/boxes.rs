//! Just enough of ISO/IEC 14496-12 to see what a message holds.

/// Types and lengths of the boxes at the top, as far as they are whole.
pub fn top_boxes(mut bytes: &[u8]) -> Vec<(String, usize)> {
    let mut found = Vec::new();
    while let Some(head) = bytes.get(..8) {
        let size = u32::from_be_bytes([head[0], head[1], head[2], head[3]]) as usize;
        if size < 8 || size > bytes.len() {
            break;
        }
        found.push((String::from_utf8_lossy(&head[4..8]).into_owned(), size));
        bytes = &bytes[size..];
    }
    found
}

/// Whether a box of this type stands anywhere inside.
pub fn has_box(bytes: &[u8], kind: &str) -> bool {
    bytes.windows(4).any(|window| window == kind.as_bytes())
}
