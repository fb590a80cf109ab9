//! Brands, and what is known of each: which accounts ONVIF takes, which stream addresses are usual.

use std::fmt;

/// A brand whose devices behave alike. Its stream templates lie in `assets/vendors/<name>.toml`.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Vendor {
    Amcrest,
    Axis,
    Bosch,
    Dahua,
    Ezviz,
    Hanwha,
    Hikvision,
    Reolink,
    TpLink,
    Uniview,
    Other(String),
}

/// Words in manufacturers, models and scopes, lower case; the first that fits wins, brands before their makers.
const NAMES: &[(&str, Vendor)] = &[
    ("amcrest", Vendor::Amcrest),
    ("lorex", Vendor::Dahua),
    ("imou", Vendor::Dahua),
    ("dahua", Vendor::Dahua),
    ("ezviz", Vendor::Ezviz),
    ("hiwatch", Vendor::Hikvision),
    ("hilook", Vendor::Hikvision),
    ("annke", Vendor::Hikvision),
    ("hikvision", Vendor::Hikvision),
    ("axis", Vendor::Axis),
    ("bosch", Vendor::Bosch),
    ("hanwha", Vendor::Hanwha),
    ("wisenet", Vendor::Hanwha),
    ("samsung techwin", Vendor::Hanwha),
    ("reolink", Vendor::Reolink),
    ("tp-link", Vendor::TpLink),
    ("tplink", Vendor::TpLink),
    ("tapo", Vendor::TpLink),
    ("uniview", Vendor::Uniview),
    ("unv", Vendor::Uniview),
];

/// First three bytes of hardware addresses, lower case. A few of each brand: enough to guess, never to decide.
const MAC_PREFIXES: &[(&str, Vendor)] = &[
    ("00:40:8c", Vendor::Axis),
    ("ac:cc:8e", Vendor::Axis),
    ("b8:a4:4f", Vendor::Axis),
    ("00:07:5f", Vendor::Bosch),
    ("3c:ef:8c", Vendor::Dahua),
    ("4c:11:bf", Vendor::Dahua),
    ("9c:8e:cd", Vendor::Amcrest),
    ("00:09:18", Vendor::Hanwha),
    ("00:16:6c", Vendor::Hanwha),
    ("28:57:be", Vendor::Hikvision),
    ("44:19:b6", Vendor::Hikvision),
    ("c0:56:e3", Vendor::Hikvision),
    ("ec:71:db", Vendor::Reolink),
    ("48:ea:63", Vendor::Uniview),
];

impl Vendor {
    /// The brand of a manufacturer's or a model's name; `None` for an empty one.
    pub fn of_name(name: &str) -> Option<Self> {
        let lower = name.trim().to_ascii_lowercase();
        let known = NAMES.iter().find(|(word, _)| contains_word(&lower, word));
        known
            .map(|(_, vendor)| vendor.clone())
            .or_else(|| (!lower.is_empty()).then(|| Self::Other(name.trim().to_owned())))
    }

    /// A guess by hardware address, in any of its forms.
    pub fn of_mac(mac: &str) -> Option<Self> {
        let mac = crate::operations::hardware_address(mac);
        MAC_PREFIXES.iter().find(|(prefix, _)| mac.starts_with(prefix)).map(|(_, vendor)| vendor.clone())
    }

    /// Whether the brand keeps ONVIF accounts apart from those of its web page.
    pub const fn keeps_onvif_users_apart(&self) -> bool {
        matches!(self, Self::Hikvision | Self::Dahua | Self::Amcrest | Self::Ezviz | Self::Axis | Self::TpLink)
    }

    /// Whether ONVIF is off until somebody switches it on.
    pub const fn has_onvif_switched_off(&self) -> bool {
        matches!(self, Self::Hikvision | Self::Reolink | Self::TpLink | Self::Ezviz)
    }

    /// Name of its preset file.
    pub fn as_str(&self) -> &str {
        match self {
            Self::Amcrest => "amcrest",
            Self::Axis => "axis",
            Self::Bosch => "bosch",
            Self::Dahua => "dahua",
            Self::Ezviz => "ezviz",
            Self::Hanwha => "hanwha",
            Self::Hikvision => "hikvision",
            Self::Reolink => "reolink",
            Self::TpLink => "tp-link",
            Self::Uniview => "uniview",
            Self::Other(name) => name,
        }
    }
}

impl fmt::Display for Vendor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// Short words must stand alone: `unv` is not part of another name.
fn contains_word(text: &str, word: &str) -> bool {
    text.match_indices(word).any(|(at, _)| {
        let before = text[..at].chars().next_back();
        let after = text[at + word.len()..].chars().next();
        let is_edge = |c: Option<char>| c.is_none_or(|c| !c.is_alphanumeric());
        is_edge(before) && (word.len() > 4 || is_edge(after))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_and_addresses() {
        let check = |name: &str, expect: Option<Vendor>| assert_eq!(Vendor::of_name(name), expect, "{name}");
        check("HIKVISION", Some(Vendor::Hikvision));
        check("Hangzhou Hikvision Digital Technology Co., Ltd", Some(Vendor::Hikvision));
        check("Dahua Technology", Some(Vendor::Dahua));
        check("AXIS", Some(Vendor::Axis));
        check("Praxis Cams", Some(Vendor::Other("Praxis Cams".into())));
        check("UNV", Some(Vendor::Uniview));
        check("TP-Link", Some(Vendor::TpLink));
        check("tp-link Tapo", Some(Vendor::TpLink));
        check("Amcrest", Some(Vendor::Amcrest));
        check("Milesight Technology Co.,Ltd.", Some(Vendor::Other("Milesight Technology Co.,Ltd.".into())));
        check("  ", None);
        assert_eq!(Vendor::of_mac("EC-71-DB-00-11-22"), Some(Vendor::Reolink));
        assert_eq!(Vendor::of_mac("02:00:00:00:00:01"), None);
    }
}
