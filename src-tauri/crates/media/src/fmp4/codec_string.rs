//! Codec strings (RFC 6381) from decoder configurations.

use super::boxes::Fields;
use std::fmt::Write;

/// `avc1.PPCCLL` from an `avcC` body.
pub fn of_avcc(config: &[u8]) -> Option<String> {
    let mut fields = Fields::new(config);
    fields.u8()?;
    let [profile, compatibility, level] = fields.array()?;
    Some(format!("avc1.{profile:02x}{compatibility:02x}{level:02x}"))
}

/// `hvc1.` with profile, compatibility, tier, level and constraints (ISO/IEC 14496-15, annex E) from an `hvcC` body.
pub fn of_hvcc(config: &[u8]) -> Option<String> {
    let mut fields = Fields::new(config);
    fields.u8()?;
    let profile = fields.u8()?;
    let compatibility = fields.u32()?.reverse_bits();
    let constraints: [u8; 6] = fields.array()?;
    let level = fields.u8()?;
    let space = ["", "A", "B", "C"][usize::from(profile >> 6)];
    let tier = if profile & 0x20 == 0 { 'L' } else { 'H' };
    let mut text = format!("hvc1.{space}{}.{compatibility:X}.{tier}{level}", profile & 0x1f);
    let used = constraints.iter().rposition(|byte| *byte != 0).map_or(0, |last| last + 1);
    for byte in &constraints[..used] {
        // Writing to a string cannot fail.
        let _ = write!(text, ".{byte:X}");
    }
    Some(text)
}

/// `mp4a.40.N` from an AudioSpecificConfig (ISO/IEC 14496-3, 1.6.2.1).
pub fn of_aac(config: &[u8]) -> String {
    let object = config.first().map_or(2, |byte| byte >> 3);
    let object = match (object, config.get(1)) {
        (31, Some(next)) => 32 + (((config[0] & 7) << 3) | (next >> 5)),
        _ => object,
    };
    format!("mp4a.40.{object}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn strings_follow_the_configuration() {
        assert_eq!(of_avcc(&[1, 0x4d, 0x40, 0x1f]).as_deref(), Some("avc1.4d401f"));
        assert_eq!(of_avcc(&[1, 0x4d]), None);
        let hvcc = [1, 1, 0x60, 0, 0, 0, 0xb0, 0, 0, 0, 0, 0, 93];
        assert_eq!(of_hvcc(&hvcc).as_deref(), Some("hvc1.1.6.L93.B0"));
        assert_eq!(of_aac(&[0x12, 0x10]), "mp4a.40.2");
        assert_eq!(of_aac(&[]), "mp4a.40.2");
    }
}
