//! G.711 (ITU-T G.711, tables 1a and 2a) to 16-bit PCM.

/// A-law, left-justified: the lowest three bits are zero.
pub const fn from_a_law(byte: u8) -> i16 {
    let code = byte ^ 0x55;
    let segment = (code >> 4) & 7;
    let step = ((code & 0x0f) as i16) << 4;
    let magnitude = match segment {
        0 => step + 8,
        _ => (step + 0x108) << (segment - 1),
    };
    if code & 0x80 != 0 { magnitude } else { -magnitude }
}

/// Mu-law, left-justified: the lowest two bits are zero.
pub const fn from_mu_law(byte: u8) -> i16 {
    let code = !byte;
    let magnitude = ((((code & 0x0f) as i16) << 3) + 0x84) << ((code >> 4) & 7);
    let magnitude = magnitude - 0x84;
    if code & 0x80 != 0 { -magnitude } else { magnitude }
}

/// All 256 values of a law.
pub const fn table(is_a_law: bool) -> [i16; 256] {
    let mut values = [0; 256];
    let mut code = 0;
    while code < 256 {
        values[code] = if is_a_law { from_a_law(code as u8) } else { from_mu_law(code as u8) };
        code += 1;
    }
    values
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn known_values() {
        let check = |byte: u8, a: i16, mu: i16| assert_eq!((from_a_law(byte), from_mu_law(byte)), (a, mu), "{byte:#x}");
        check(0x00, -5504, -32124);
        check(0x80, 5504, 32124);
        check(0xd5, 8, 716);
        check(0x55, -8, -716);
        check(0x2a, -32256, -5372);
        check(0xaa, 32256, 5372);
        check(0xff, 848, 0);
        check(0x7f, -848, 0);
    }
}
