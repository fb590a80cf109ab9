//! Usual stream addresses of brands, for devices whose ONVIF names none. Data: `assets/vendors/*.toml`.

use serde::Deserialize;
use std::sync::LazyLock;
use watchwall_model::{ErrorCode, Problem, SafeUrl};
use watchwall_onvif::Vendor;

/// One brand's preset file.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct VendorPreset {
    /// What the installer reads.
    pub label: String,
    /// Usual RTSP port.
    #[serde(default = "usual_rtsp_port")]
    pub rtsp_port: u16,
    /// ONVIF ports to try by hand, the usual one first.
    pub onvif_ports: Vec<u16>,
    #[serde(default)]
    pub streams: Vec<StreamTemplate>,
}

/// Addresses of a channel's streams. `{host}`, `{port}`, `{channel}` (from 1), `{channel0}` (from 0) and `{channel02}`
/// (from 1, two digits) are filled in.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct StreamTemplate {
    pub main: String,
    pub sub: Option<String>,
}

/// Preset file by name; `generic` is tried for every brand after its own.
const FILES: &[(&str, &str)] = &[
    ("amcrest", include_str!("../../../../../../assets/vendors/amcrest.toml")),
    ("axis", include_str!("../../../../../../assets/vendors/axis.toml")),
    ("bosch", include_str!("../../../../../../assets/vendors/bosch.toml")),
    ("dahua", include_str!("../../../../../../assets/vendors/dahua.toml")),
    ("ezviz", include_str!("../../../../../../assets/vendors/ezviz.toml")),
    ("generic", include_str!("../../../../../../assets/vendors/generic.toml")),
    ("hanwha", include_str!("../../../../../../assets/vendors/hanwha.toml")),
    ("hikvision", include_str!("../../../../../../assets/vendors/hikvision.toml")),
    ("reolink", include_str!("../../../../../../assets/vendors/reolink.toml")),
    ("tp-link", include_str!("../../../../../../assets/vendors/tp-link.toml")),
    ("uniview", include_str!("../../../../../../assets/vendors/uniview.toml")),
];
const GENERIC: &str = "generic";

static PRESETS: LazyLock<Vec<(&'static str, VendorPreset)>> = LazyLock::new(|| {
    // A test proves that every file parses; a broken one must not take a running site down.
    FILES.iter().filter_map(|(name, text)| Some((*name, toml::from_str(text).ok()?))).collect()
});

/// Every preset by name.
pub fn presets() -> &'static [(&'static str, VendorPreset)] {
    &PRESETS
}

fn preset(name: &str) -> Option<&'static VendorPreset> {
    PRESETS.iter().find(|(known, _)| *known == name).map(|(_, preset)| preset)
}

/// One way to address a device's streams.
#[derive(Clone, Debug)]
pub struct Candidate {
    template: StreamTemplate,
    host: String,
    port: u16,
}

impl Candidate {
    /// Whether other channels have other addresses.
    pub fn has_channels(&self) -> bool {
        self.template.main.contains("{channel")
    }

    /// # Errors
    /// `url_invalid` for a host that cannot stand in an address.
    pub fn main(&self, channel: u32) -> Result<SafeUrl, Problem> {
        self.fill(&self.template.main, channel)
    }

    pub fn sub(&self, channel: u32) -> Option<SafeUrl> {
        self.template.sub.as_deref().and_then(|text| self.fill(text, channel).ok())
    }

    fn fill(&self, text: &str, channel: u32) -> Result<SafeUrl, Problem> {
        let host = if self.host.contains(':') { format!("[{}]", self.host) } else { self.host.clone() };
        let text = text
            .replace("{host}", &host)
            .replace("{port}", &self.port.to_string())
            .replace("{channel02}", &format!("{channel:02}"))
            .replace("{channel0}", &channel.saturating_sub(1).to_string())
            .replace("{channel}", &channel.to_string());
        Ok(SafeUrl::split(&text)?.0)
    }
}

/// What to try at a host, best first: the brand's own, then those that many share.
pub fn candidates(vendor: Option<&str>, host: &str) -> Vec<Candidate> {
    // A preset's own name, or a brand however it is written.
    let named = |name: &str| preset(&name.to_lowercase()).or_else(|| preset(Vendor::of_name(name)?.as_str()));
    let own = vendor.filter(|name| *name != GENERIC).and_then(named);
    let mut seen = std::collections::HashSet::new();
    [own, preset(GENERIC)]
        .into_iter()
        .flatten()
        .flat_map(|preset| preset.streams.iter().map(move |template| (template, preset.rtsp_port)))
        .filter(|(template, port)| seen.insert((template.main.as_str(), *port)))
        .map(|(template, port)| Candidate { template: template.clone(), host: host.to_owned(), port })
        .collect()
}

/// Whether another address may be tried after this failure: only when this one is simply not there. A refused login, a
/// device that is busy or gone ends it, so that guessing never costs more than one try of a password.
pub const fn may_go_on(code: ErrorCode) -> bool {
    matches!(
        code,
        ErrorCode::StreamPathUnknown | ErrorCode::RtspError | ErrorCode::NoVideo | ErrorCode::CodecUnsupported
    )
}

const fn usual_rtsp_port() -> u16 {
    554
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_file_is_read_and_every_address_is_one() {
        for (name, text) in FILES {
            let preset: VendorPreset = toml::from_str(text).unwrap_or_else(|error| unreachable!("{name}: {error}"));
            assert!(!preset.label.is_empty() && !preset.onvif_ports.is_empty(), "{name}");
            assert!(!preset.streams.is_empty(), "{name}");
        }
        for (name, _) in FILES {
            for candidate in candidates(Some(name), "10.0.0.5") {
                assert!(!candidate.main(1).unwrap().as_str().contains('{'), "{name}");
                assert!(candidate.sub(1).is_none_or(|sub| !sub.as_str().contains('{')), "{name}");
            }
        }
    }

    #[test]
    fn every_brand_that_is_known_has_its_file() {
        for name in
            ["Amcrest", "Axis", "Bosch", "Dahua", "Ezviz", "Hanwha", "Hikvision", "Reolink", "TP-Link", "Uniview"]
        {
            let vendor = Vendor::of_name(name).unwrap();
            assert!(preset(vendor.as_str()).is_some(), "{name}");
        }
    }

    #[test]
    fn channels_are_filled_in() {
        let check = |vendor: &str, channel, main: &str, sub: &str| {
            let candidate = &candidates(Some(vendor), "10.0.0.5")[0];
            let sub_url = candidate.sub(channel);
            assert_eq!(candidate.main(channel).unwrap().as_str(), main);
            assert_eq!(sub_url.as_ref().map_or("", SafeUrl::as_str), sub);
        };
        check(
            "hikvision",
            3,
            "rtsp://10.0.0.5:554/Streaming/Channels/301",
            "rtsp://10.0.0.5:554/Streaming/Channels/302",
        );
        check(
            "dahua",
            2,
            "rtsp://10.0.0.5:554/cam/realmonitor?channel=2&subtype=0",
            "rtsp://10.0.0.5:554/cam/realmonitor?channel=2&subtype=1",
        );
        check("reolink", 1, "rtsp://10.0.0.5:554/h264Preview_01_main", "rtsp://10.0.0.5:554/h264Preview_01_sub");
        assert!(candidates(None, "fe80::1")[0].main(1).unwrap().as_str().starts_with("rtsp://[fe80::1]:554/"));
    }
}
