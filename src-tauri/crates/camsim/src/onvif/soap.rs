//! Envelopes and faults, in the manner of the device.

use super::{
    Quirk,
    call::{Refusal, Service, escape},
    http::Page,
    odd_text,
    quirk::QuirkSet,
};

const SOAP: &str = "application/soap+xml; charset=utf-8";

/// An answer's page. `header` is XML for the SOAP header, or empty.
pub(super) fn page(quirks: QuirkSet, service: Service, body: &str, header: &str) -> Page {
    Page::new(200, SOAP, odd_text::finish(quirks, service, envelope(quirks, body, header)))
}

/// A fault's page. `operation` is the request's element with its prefix.
pub(super) fn fault_page(quirks: QuirkSet, refusal: &Refusal, operation: &str) -> Page {
    let is_unsupported = refusal.subcodes.iter().any(|code| code == "ActionNotSupported");
    if is_unsupported && quirks.has(Quirk::HtmlErrors) {
        return Page::html(500, "Internal Server Error");
    }
    if is_unsupported && quirks.has(Quirk::TextErrors) {
        let trace = format!("Traceback (most recent call last):\n  in dispatch: {operation} is not implemented\n");
        return Page::new(500, SOAP, trace);
    }
    if is_unsupported && quirks.has(Quirk::EmptyUnknown) {
        return Page::new(200, SOAP, envelope(quirks, &format!("<{operation}Response/>"), ""));
    }
    let status = match () {
        () if quirks.has(Quirk::FaultStatus200) => 200,
        () if quirks.has(Quirk::FaultStatus500) => 500,
        () => refusal.status,
    };
    let body = fault(quirks, refusal, is_unsupported, operation);
    Page::new(status, SOAP, envelope(quirks, &body, ""))
}

fn fault(quirks: QuirkSet, refusal: &Refusal, is_unsupported: bool, operation: &str) -> String {
    let code = if refusal.is_receiver { "Receiver" } else { "Sender" };
    let reason = escape(&refusal.reason);
    if quirks.has(Quirk::Soap11Faults) {
        let subcode = refusal.subcodes.last().map_or("", String::as_str);
        return format!(
            "<env:Fault><faultcode>ter:{subcode}</faultcode><faultstring>{reason}</faultstring></env:Fault>"
        );
    }
    let nested = |codes: &[String]| {
        codes.iter().rev().fold(String::new(), |inner, code| {
            format!("<env:Subcode><env:Value>ter:{code}</env:Value>{inner}</env:Subcode>")
        })
    };
    let (subcodes, detail, reason) = if quirks.has(Quirk::FaultWithoutSubcode) && is_unsupported {
        let words = format!("Method '{operation}' not implemented: method name or namespace not recognized");
        (String::new(), String::new(), words)
    } else if quirks.has(Quirk::FaultInDetail) {
        let detail = refusal.subcodes.last().map_or("", String::as_str);
        (String::new(), format!("<env:Detail><env:Code>ter:{detail}</env:Code></env:Detail>"), reason)
    } else {
        (nested(&refusal.subcodes), String::new(), reason)
    };
    let code = if refusal.subcodes.iter().any(|code| code == "MustUnderstand") { "MustUnderstand" } else { code };
    format!(
        "<env:Fault><env:Code><env:Value>env:{code}</env:Value>{subcodes}</env:Code><env:Reason>\
         <env:Text xml:lang=\"en\">{reason}</env:Text></env:Reason>{detail}</env:Fault>"
    )
}

fn envelope(quirks: QuirkSet, body: &str, header: &str) -> String {
    let notification = if quirks.has(Quirk::UndeclaredPrefixes) {
        ""
    } else {
        " xmlns:wsa=\"http://www.w3.org/2005/08/addressing\" xmlns:wsnt=\"http://docs.oasis-open.org/wsn/b-2\""
    };
    let services: String =
        Service::ALL.iter().map(|service| format!(" xmlns:{}=\"{}\"", service.prefix(), service.namespace())).collect();
    let header = if header.is_empty() { String::new() } else { format!("<env:Header>{header}</env:Header>") };
    format!(
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<env:Envelope xmlns:env=\"http://www.w3.org/2003/05/soap-envelope\"\
         {services}{notification} xmlns:tt=\"http://www.onvif.org/ver10/schema\" \
         xmlns:ter=\"http://www.onvif.org/ver10/error\" xmlns:tns1=\"http://www.onvif.org/ver10/topics\">\
         {header}<env:Body>{body}</env:Body></env:Envelope>"
    )
}

/// A document of so many bytes, well formed.
pub(super) fn huge(bytes: usize) -> Vec<u8> {
    let item = "<tt:Filler>0123456789012345678901234567890123456789</tt:Filler>";
    let body = format!("<x:BigResponse>{}</x:BigResponse>", item.repeat(bytes / item.len() + 1));
    envelope(QuirkSet::default(), &body, "").into_bytes()
}

/// Elements in each other.
pub(super) fn deep(depth: usize) -> Vec<u8> {
    let body = "<tt:a>".repeat(depth) + &"</tt:a>".repeat(depth);
    envelope(QuirkSet::default(), &body, "").into_bytes()
}

/// Ten entities, each ten times the one before.
pub(super) fn entity_bomb() -> Vec<u8> {
    let mut text = String::from("<?xml version=\"1.0\"?><!DOCTYPE b [<!ENTITY e0 \"boom\">");
    for level in 1..10 {
        let inner = format!("&e{};", level - 1).repeat(10);
        text.push_str(&format!("<!ENTITY e{level} \"{inner}\">"));
    }
    text.push_str("]>");
    let envelope = envelope(QuirkSet::default(), "<x>&e9;</x>", "");
    text.push_str(envelope.split_once('\n').map_or("", |(_, rest)| rest));
    text.into_bytes()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::onvif::element::Element;

    #[test]
    fn faults_in_every_dress() {
        let text = |quirk: Option<Quirk>, refusal: &Refusal| {
            let page = fault_page(quirk.into_iter().collect(), refusal, "tds:GetX");
            (page.status, String::from_utf8(page.body).unwrap())
        };
        let refusal = Refusal::sender(&["InvalidArgVal", "NoProfile"], "a < b");
        let (status, plain) = text(None, &refusal);
        let fault = Element::parse(&plain).unwrap();
        let code = fault.find("Code").unwrap();
        assert_eq!((status, code.text_of("Value")), (400, Some("env:Sender")));
        assert_eq!(code.find("Subcode").unwrap().find("Subcode").unwrap().text_of("Value"), Some("ter:InvalidArgVal"));
        assert_eq!(fault.find("Text").unwrap().text, "a < b");
        assert_eq!(text(Some(Quirk::FaultStatus200), &refusal).0, 200);
        assert!(text(Some(Quirk::Soap11Faults), &refusal).1.contains("<faultcode>ter:NoProfile</faultcode>"));
        assert!(!text(Some(Quirk::FaultInDetail), &refusal).1.contains("Subcode"));
        let unsupported = Refusal::unsupported();
        assert!(text(Some(Quirk::HtmlErrors), &unsupported).1.contains("<html>"));
        assert!(text(Some(Quirk::TextErrors), &unsupported).1.starts_with("Traceback"));
        assert!(text(Some(Quirk::EmptyUnknown), &unsupported).1.contains("<tds:GetXResponse/>"));
        assert!(text(Some(Quirk::FaultWithoutSubcode), &unsupported).1.contains("not recognized"));
    }

    #[test]
    fn hostile_bodies_are_as_hostile_as_ordered() {
        assert!(huge(100_000).len() > 100_000 && huge(100_000).len() < 110_000);
        let deep = String::from_utf8(deep(500)).unwrap();
        assert_eq!(deep.matches("<tt:a>").count(), 500);
        assert!(String::from_utf8(entity_bomb()).unwrap().contains("<!ENTITY e9 \"&e8;&e8;"));
    }
}
