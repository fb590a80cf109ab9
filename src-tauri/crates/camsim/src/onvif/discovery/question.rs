//! What is asked of devices, and what they answer.

use crate::onvif::{Device, Quirk, address::discovery_xaddrs, answers::fixed_scopes, call::escape, element::Element};

const DISCOVERY: &str = "http://schemas.xmlsoap.org/ws/2005/04/discovery";
const ADDRESSING: &str = "http://schemas.xmlsoap.org/ws/2004/08/addressing";

/// A Probe or Resolve of the discovery of 2005 with the addressing of 2004; others are not heard, as by many devices.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Question {
    message_id: String,
    wanted: Wanted,
}

#[derive(Debug, PartialEq, Eq)]
enum Wanted {
    /// All of the types (namespace and local name) and all of the scopes.
    Probe {
        types: Vec<(Option<String>, String)>,
        scopes: Vec<String>,
    },
    Resolve {
        endpoint: String,
    },
}

impl Question {
    pub fn read(text: &str) -> Option<Self> {
        let root = Element::parse(text)?;
        let (header, body) = (root.child("Header")?, root.child("Body")?);
        let id = header.child("MessageID").filter(|id| id.namespace == ADDRESSING)?;
        let words = |node: &Element, name: &str| -> Vec<String> {
            node.child(name)
                .map(|node| node.text.split_whitespace().map(ToOwned::to_owned).collect())
                .unwrap_or_default()
        };
        let wanted = if let Some(probe) = body.child("Probe").filter(|probe| probe.namespace == DISCOVERY) {
            let types = words(probe, "Types").into_iter().map(|written| {
                let (prefix, local) = written.split_once(':').unwrap_or(("", &written));
                let namespace = probe.child("Types").and_then(|types| types.declared(prefix));
                (namespace.map(ToOwned::to_owned), local.to_owned())
            });
            Wanted::Probe { types: types.collect(), scopes: words(probe, "Scopes") }
        } else {
            let resolve = body.child("Resolve").filter(|resolve| resolve.namespace == DISCOVERY)?;
            let endpoint = resolve.find("Address")?.text.clone();
            Wanted::Resolve { endpoint }
        };
        Some(Self { message_id: id.text.clone(), wanted })
    }

    pub fn is_for(&self, device: &Device) -> bool {
        match &self.wanted {
            Wanted::Resolve { endpoint } => *endpoint == device.endpoint(),
            Wanted::Probe { types, scopes } => {
                let quirks = device.quirks();
                let is_of = |(namespace, local): &(Option<String>, String)| {
                    let own = match local.as_str() {
                        "NetworkVideoTransmitter" if !quirks.has(Quirk::DeviceTypeOnly) => "network/wsdl",
                        "Device" if !quirks.has(Quirk::TransmitterOnly) => "device/wsdl",
                        _ => return false,
                    };
                    namespace.as_ref().is_none_or(|namespace| namespace.ends_with(own))
                };
                let is_silent =
                    types.is_empty() && (quirks.has(Quirk::TransmitterOnly) || quirks.has(Quirk::DeviceTypeOnly));
                let all_scopes = fixed_scopes(device);
                !is_silent
                    && types.iter().all(is_of)
                    && scopes.iter().all(|wanted| all_scopes.iter().any(|own| own.starts_with(wanted.as_str())))
            }
        }
    }

    pub fn answer(&self, device: &Device, instance: u64) -> String {
        let (action, outer, inner) = match self.wanted {
            Wanted::Probe { .. } => ("ProbeMatches", "ProbeMatches", "ProbeMatch"),
            Wanted::Resolve { .. } => ("ResolveMatches", "ResolveMatches", "ResolveMatch"),
        };
        let body = format!("<d:{outer}><d:{inner}>{}</d:{inner}></d:{outer}>", itself(device));
        let text = datagram(device, instance, action, Some(&self.message_id), &body);
        if device.quirks().has(Quirk::MalformedMatch) {
            // Cut off, and with a bare ampersand.
            let end = text.find("</d:XAddrs>").map_or(text.len(), |at| at + "</d:XAddrs>".len());
            return text[..end].replace("<d:Scopes>", "<d:Scopes>a & b ");
        }
        text
    }
}

/// The part that is the same in every message.
pub(super) fn itself(device: &Device) -> String {
    let quirks = device.quirks();
    let types = match () {
        () if quirks.has(Quirk::TransmitterOnly) => "dn:NetworkVideoTransmitter",
        () if quirks.has(Quirk::DeviceTypeOnly) => "tds:Device",
        () => "dn:NetworkVideoTransmitter tds:Device",
    };
    let mut scopes = fixed_scopes(device);
    scopes.extend(device.state().scopes.iter().cloned());
    let scopes = scopes.join(if quirks.has(Quirk::NewlineScopes) { "\n" } else { " " });
    format!(
        "<a:EndpointReference><a:Address>{}</a:Address></a:EndpointReference><d:Types>{types}</d:Types><d:Scopes>{}</d:Scopes>\
         <d:XAddrs>{}</d:XAddrs><d:MetadataVersion>1</d:MetadataVersion>",
        device.endpoint(),
        escape(&scopes),
        escape(&discovery_xaddrs(device))
    )
}

pub(super) fn datagram(device: &Device, instance: u64, action: &str, relates_to: Option<&str>, body: &str) -> String {
    let relates = relates_to.map(|id| format!("<a:RelatesTo>{}</a:RelatesTo>", escape(id))).unwrap_or_default();
    let to = if relates_to.is_some() {
        format!("{ADDRESSING}/role/anonymous")
    } else {
        "urn:schemas-xmlsoap-org:ws:2005:04:discovery".to_owned()
    };
    let number = device.next_message();
    // Grows with every start, of the farm and of the device.
    let instance = instance + device.boots();
    format!(
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?><s:Envelope xmlns:s=\"http://www.w3.org/2003/05/soap-envelope\" \
         xmlns:a=\"{ADDRESSING}\" xmlns:d=\"{DISCOVERY}\" xmlns:dn=\"http://www.onvif.org/ver10/network/wsdl\" \
         xmlns:tds=\"http://www.onvif.org/ver10/device/wsdl\"><s:Header><a:MessageID>urn:uuid:{}-{number}</a:MessageID>{relates}\
         <a:To>{to}</a:To><a:Action>{DISCOVERY}/{action}</a:Action><d:AppSequence InstanceId=\"{instance}\" \
         MessageNumber=\"{number}\"/></s:Header><s:Body>{body}</s:Body></s:Envelope>",
        device.uuid()
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    fn probe(addressing: &str, types: &str) -> String {
        format!(
            "<s:Envelope xmlns:s=\"http://www.w3.org/2003/05/soap-envelope\" xmlns:a=\"{addressing}\" xmlns:d=\"{DISCOVERY}\">\
             <s:Header><a:MessageID>urn:uuid:1</a:MessageID></s:Header><s:Body><d:Probe><d:Types \
             xmlns:x=\"http://www.onvif.org/ver10/network/wsdl\">{types}</d:Types></d:Probe></s:Body></s:Envelope>"
        )
    }

    #[test]
    fn only_the_old_addressing_is_heard() {
        let question = Question::read(&probe(ADDRESSING, "x:NetworkVideoTransmitter")).unwrap();
        let namespace = Some("http://www.onvif.org/ver10/network/wsdl".to_owned());
        let types = vec![(namespace, "NetworkVideoTransmitter".to_owned())];
        assert_eq!(question.wanted, Wanted::Probe { types, scopes: vec![] });
        assert_eq!(question.message_id, "urn:uuid:1");
        assert_eq!(Question::read(&probe("http://www.w3.org/2005/08/addressing", "x:A")), None);
        assert_eq!(Question::read("hello"), None);
    }
}
