//! Addresses to ask one by one.

use std::{net::Ipv4Addr, str::FromStr};

/// IPv4 addresses from first to last, at most 65536.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct AddressRange {
    first: u32,
    last: u32,
}

const MOST: u32 = 65_536;

impl AddressRange {
    /// `None` when it is the wrong way round or too long.
    pub fn new(first: Ipv4Addr, last: Ipv4Addr) -> Option<Self> {
        let (first, last) = (u32::from(first), u32::from(last));
        (first <= last && last - first < MOST).then_some(Self { first, last })
    }

    pub const fn count(&self) -> usize {
        (self.last - self.first) as usize + 1
    }

    pub fn addresses(&self) -> impl Iterator<Item = Ipv4Addr> + use<> {
        (self.first..=self.last).map(Ipv4Addr::from)
    }
}

/// Not a range of addresses that can be asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("write 192.168.1.0/24, 192.168.1.10-192.168.1.40 or 192.168.1.10-40, at most 65536 addresses")]
pub struct RangeInvalid;

/// `192.168.1.0/24`, `192.168.1.10-192.168.1.40`, `192.168.1.10-40` or one address. Of a subnet the first and last
/// addresses, which no device has, are left out.
impl FromStr for AddressRange {
    type Err = RangeInvalid;

    fn from_str(text: &str) -> Result<Self, RangeInvalid> {
        let text = text.trim();
        let address = |text: &str| text.trim().parse::<Ipv4Addr>().map_err(|_| RangeInvalid);
        if let Some((base, bits)) = text.split_once('/') {
            let bits: u32 = bits.trim().parse().map_err(|_| RangeInvalid)?;
            if !(16..=32).contains(&bits) {
                return Err(RangeInvalid);
            }
            let mask = u32::MAX << (32 - bits);
            let first = u32::from(address(base)?) & mask;
            let last = first | !mask;
            let (first, last) = if bits < 31 { (first + 1, last - 1) } else { (first, last) };
            return Ok(Self { first, last });
        }
        let Some((first, last)) = text.split_once('-') else {
            let only = address(text)?;
            return Self::new(only, only).ok_or(RangeInvalid);
        };
        let first = address(first)?;
        let last = match last.trim().parse::<u8>() {
            Ok(last) => {
                let [a, b, c, _] = first.octets();
                Ipv4Addr::new(a, b, c, last)
            }
            Err(_) => address(last)?,
        };
        Self::new(first, last).ok_or(RangeInvalid)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(text: &str, expect: Option<(&str, &str, usize)>) {
        let got = text.parse::<AddressRange>().ok().map(|range| {
            let all: Vec<_> = range.addresses().collect();
            (all[0].to_string(), all[all.len() - 1].to_string(), range.count())
        });
        let expect = expect.map(|(first, last, count)| (first.to_owned(), last.to_owned(), count));
        assert_eq!(got, expect, "{text}");
    }

    #[test]
    fn ranges() {
        check("192.168.1.77/24", Some(("192.168.1.1", "192.168.1.254", 254)));
        check("10.0.0.5/32", Some(("10.0.0.5", "10.0.0.5", 1)));
        check("10.0.0.4/31", Some(("10.0.0.4", "10.0.0.5", 2)));
        check("192.168.1.10 - 192.168.2.9", Some(("192.168.1.10", "192.168.2.9", 256)));
        check("192.168.1.10-40", Some(("192.168.1.10", "192.168.1.40", 31)));
        check("192.168.1.10", Some(("192.168.1.10", "192.168.1.10", 1)));
        for wrong in
            ["", "10.0.0.0/8", "10.0.0.9-10.0.0.1", "10.0.0.0-10.9.0.0", "cam", "1.2.3/24", "::1", "10.0.0.1-300"]
        {
            check(wrong, None);
        }
    }
}
