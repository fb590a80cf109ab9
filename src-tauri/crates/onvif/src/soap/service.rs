//! The services of ONVIF by their namespaces.

use std::fmt;

/// A service of a device. Unknown ones keep their namespace.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Service {
    Device,
    Media,
    Media2,
    Ptz,
    Imaging,
    Events,
    DeviceIo,
    Recording,
    Search,
    Replay,
    Analytics,
    /// One subscription of the event service, which has an address of its own.
    Subscription,
    Other(String),
}

/// Namespace of the types that requests carry, prefix `tt`.
pub(crate) const SCHEMA: &str = "http://www.onvif.org/ver10/schema";

impl Service {
    /// All with a namespace of their own.
    pub const ALL: [Self; 11] = [
        Self::Device,
        Self::Media,
        Self::Media2,
        Self::Ptz,
        Self::Imaging,
        Self::Events,
        Self::DeviceIo,
        Self::Recording,
        Self::Search,
        Self::Replay,
        Self::Analytics,
    ];

    pub fn namespace(&self) -> &str {
        match self {
            Self::Device => "http://www.onvif.org/ver10/device/wsdl",
            Self::Media => "http://www.onvif.org/ver10/media/wsdl",
            Self::Media2 => "http://www.onvif.org/ver20/media/wsdl",
            Self::Ptz => "http://www.onvif.org/ver20/ptz/wsdl",
            Self::Imaging => "http://www.onvif.org/ver20/imaging/wsdl",
            Self::Events | Self::Subscription => "http://www.onvif.org/ver10/events/wsdl",
            Self::DeviceIo => "http://www.onvif.org/ver10/deviceIO/wsdl",
            Self::Recording => "http://www.onvif.org/ver10/recording/wsdl",
            Self::Search => "http://www.onvif.org/ver10/search/wsdl",
            Self::Replay => "http://www.onvif.org/ver10/replay/wsdl",
            Self::Analytics => "http://www.onvif.org/ver20/analytics/wsdl",
            Self::Other(namespace) => namespace,
        }
    }

    /// The service of a namespace, however it is spelt.
    pub fn of_namespace(namespace: &str) -> Self {
        let namespace = namespace.trim().trim_end_matches('/');
        let known = Self::ALL.into_iter().find(|service| service.namespace().eq_ignore_ascii_case(namespace));
        known.unwrap_or_else(|| match namespace.to_ascii_lowercase().as_str() {
            // Announced by several brands, served under ver20 all the same.
            "http://www.onvif.org/ver10/ptz/wsdl" | "http://www.onvif.org/ver10/ptz" => Self::Ptz,
            "http://www.onvif.org/ver10/imaging/wsdl" => Self::Imaging,
            "http://www.onvif.org/ver10/analytics/wsdl" => Self::Analytics,
            "http://www.onvif.org/ver20/events/wsdl" => Self::Events,
            _ => Self::Other(namespace.to_owned()),
        })
    }

    /// Where the service usually is when the address the device gave leads nowhere.
    pub(crate) const fn usual_path(&self) -> Option<&'static str> {
        match self {
            Self::Media | Self::Media2 => Some("/onvif/media_service"),
            Self::Ptz => Some("/onvif/ptz_service"),
            Self::Events => Some("/onvif/event_service"),
            Self::Imaging => Some("/onvif/imaging_service"),
            Self::DeviceIo => Some("/onvif/deviceIO_service"),
            _ => None,
        }
    }
}

impl fmt::Display for Service {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Device => "device",
            Self::Media => "media",
            Self::Media2 => "media2",
            Self::Ptz => "ptz",
            Self::Imaging => "imaging",
            Self::Events => "events",
            Self::DeviceIo => "device_io",
            Self::Recording => "recording",
            Self::Search => "search",
            Self::Replay => "replay",
            Self::Analytics => "analytics",
            Self::Subscription => "subscription",
            Self::Other(namespace) => namespace,
        })
    }
}
