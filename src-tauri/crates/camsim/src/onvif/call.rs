//! One SOAP request on its way to its answer.

use super::{Device, Quirk, element::Element, quirk::QuirkSet};
use crate::{house::House, login::AccountLevel};
use std::sync::Arc;
use watchwall_model::StreamRole;

/// The services, by what an operation's namespace says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Service {
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
}

pub(super) struct Call<'a> {
    pub house: &'a Arc<House>,
    pub device: &'a Device,
    pub quirks: QuirkSet,
    pub service: Service,
    pub operation: &'a str,
    pub body: &'a Element,
    pub header: Option<&'a Element>,
    /// Path and query it was sent to.
    pub target: &'a str,
    /// Host and port it was sent to.
    pub authority: &'a str,
    /// Of the account that asks.
    pub level: AccountLevel,
}

/// A fault.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Refusal {
    pub status: u16,
    pub is_receiver: bool,
    /// Outermost first.
    pub subcodes: Vec<String>,
    pub reason: String,
}

/// The body's element, or a fault.
pub(super) type Answer = Result<String, Refusal>;

impl Service {
    pub const ALL: [Self; 10] = [
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
    ];

    pub const fn namespace(self) -> &'static str {
        match self {
            Self::Device => "http://www.onvif.org/ver10/device/wsdl",
            Self::Media => "http://www.onvif.org/ver10/media/wsdl",
            Self::Media2 => "http://www.onvif.org/ver20/media/wsdl",
            Self::Ptz => "http://www.onvif.org/ver20/ptz/wsdl",
            Self::Imaging => "http://www.onvif.org/ver20/imaging/wsdl",
            Self::Events => "http://www.onvif.org/ver10/events/wsdl",
            Self::DeviceIo => "http://www.onvif.org/ver10/deviceIO/wsdl",
            Self::Recording => "http://www.onvif.org/ver10/recording/wsdl",
            Self::Search => "http://www.onvif.org/ver10/search/wsdl",
            Self::Replay => "http://www.onvif.org/ver10/replay/wsdl",
        }
    }

    pub const fn prefix(self) -> &'static str {
        match self {
            Self::Device => "tds",
            Self::Media => "trt",
            Self::Media2 => "tr2",
            Self::Ptz => "tptz",
            Self::Imaging => "timg",
            Self::Events => "tev",
            Self::DeviceIo => "tmd",
            Self::Recording => "trc",
            Self::Search => "tse",
            Self::Replay => "trp",
        }
    }

    /// Last part of its path.
    pub const fn path(self) -> &'static str {
        match self {
            Self::Device => "device_service",
            Self::Media => "media_service",
            Self::Media2 => "media2_service",
            Self::Ptz => "ptz_service",
            Self::Imaging => "imaging_service",
            Self::Events => "event_service",
            Self::DeviceIo => "deviceIO_service",
            Self::Recording => "recording_service",
            Self::Search => "search_service",
            Self::Replay => "replay_service",
        }
    }

    /// Of an operation's namespace, or of an action that begins with it. Renew and Unsubscribe belong to the
    /// notification standard.
    pub fn of(namespace: &str) -> Option<Self> {
        if namespace.starts_with("http://docs.oasis-open.org/wsn/") {
            return Some(Self::Events);
        }
        Self::ALL.into_iter().find(|service| namespace.starts_with(service.namespace()))
    }
}

impl Refusal {
    /// A fault of the sender.
    pub fn sender(subcodes: &[&str], reason: impl Into<String>) -> Self {
        let subcodes = subcodes.iter().map(|code| (*code).to_owned()).collect();
        Self { status: 400, is_receiver: false, subcodes, reason: reason.into() }
    }

    pub fn receiver(subcodes: &[&str], reason: impl Into<String>) -> Self {
        Self { status: 500, is_receiver: true, ..Self::sender(subcodes, reason) }
    }

    pub fn not_authorized() -> Self {
        Self::sender(&["NotAuthorized"], "Sender not authorized")
    }

    pub fn invalid(reason: impl Into<String>) -> Self {
        Self::sender(&["InvalidArgVal"], reason)
    }

    pub fn no_profile() -> Self {
        Self::sender(&["InvalidArgVal", "NoProfile"], "The requested profile token does not exist")
    }

    /// The operation does not exist here.
    pub fn unsupported() -> Self {
        Self::receiver(&["ActionNotSupported", "NotImplemented"], "The requested operation is not implemented")
    }
}

impl Call<'_> {
    pub fn has(&self, quirk: Quirk) -> bool {
        self.quirks.has(quirk)
    }

    /// The response element around its content.
    pub fn answer(&self, content: impl AsRef<str>) -> Answer {
        let (prefix, operation) = (self.service.prefix(), self.operation);
        Ok(format!("<{prefix}:{operation}Response>{}</{prefix}:{operation}Response>", content.as_ref()))
    }

    pub fn done(&self) -> Answer {
        self.answer("")
    }

    /// The text of a child of the request.
    pub fn text(&self, name: &str) -> Result<&str, Refusal> {
        self.body.text_of(name).ok_or_else(|| Refusal::sender(&["InvalidArgs"], format!("{name} is missing")))
    }

    pub fn at_least(&self, level: AccountLevel) -> Result<(), Refusal> {
        if self.level >= level { Ok(()) } else { Err(Refusal::not_authorized()) }
    }

    pub fn channels(&self) -> usize {
        self.device.spec.cameras.len()
    }

    /// The name of a channel's camera.
    pub fn channel_name(&self, channel: usize) -> &str {
        let camera = self.device.spec.cameras.get(channel).and_then(|number| self.house.cameras.get(*number));
        camera.map_or("", |camera| camera.spec.name.as_str())
    }

    /// Channels with the streams they have.
    pub fn streams(&self) -> Vec<(usize, StreamRole)> {
        let roles = [StreamRole::Main, StreamRole::Sub];
        let all = (0..self.channels()).flat_map(|channel| roles.map(|role| (channel, role)));
        all.filter(|(channel, role)| self.device.stream(self.house, *channel, *role).is_some()).collect()
    }
}

/// Escapes text for elements and attributes.
pub(super) fn escape(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\'' => out.push_str("&apos;"),
            c if c < ' ' && !matches!(c, '\t' | '\n' | '\r') => {}
            c => out.push(c),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn services_are_known_by_namespace_and_action() {
        let check = |text, expect| assert_eq!(Service::of(text), expect, "{text}");
        check("http://www.onvif.org/ver20/media/wsdl", Some(Service::Media2));
        check(
            "http://www.onvif.org/ver10/events/wsdl/PullPointSubscription/PullMessagesRequest",
            Some(Service::Events),
        );
        check("http://docs.oasis-open.org/wsn/b-2", Some(Service::Events));
        check("urn:other", None);
    }
}
