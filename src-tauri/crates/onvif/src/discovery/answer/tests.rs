use super::*;
use std::net::Ipv4Addr;

const SENDER: IpAddr = IpAddr::V4(Ipv4Addr::new(10, 0, 0, 7));

fn answer(inside: &str) -> String {
    format!(
        "<s:Envelope xmlns:s=\"http://www.w3.org/2003/05/soap-envelope\" xmlns:x=\"http://www.onvif.org/ver10/network/wsdl\" \
         xmlns:y=\"http://www.onvif.org/ver10/device/wsdl\"><s:Header><d:AppSequence InstanceId=\"7\" MessageNumber=\"3\"/></s:Header>\
         <s:Body><d:ProbeMatches><d:ProbeMatch>{inside}</d:ProbeMatch></d:ProbeMatches></s:Body></s:Envelope>"
    )
}

fn one(text: &str) -> FoundDevice {
    let mut found = read_answers(text.as_bytes(), SENDER);
    assert_eq!(found.len(), 1, "{text}");
    found.remove(0)
}

#[test]
fn a_usual_answer() {
    let device = one(&answer(
        "<a:EndpointReference><a:Address>urn:uuid:ABC-1</a:Address></a:EndpointReference>\
         <d:Types>x:NetworkVideoTransmitter y:Device q:Thing</d:Types>\
         <d:Scopes>onvif://www.onvif.org/name/Gate%20A\n onvif://www.onvif.org/hardware/X1 \
         onvif://www.onvif.org/MacAddress/00-11-22-AA-BB-CC onvif://www.onvif.org/SerialNumber/S1</d:Scopes>\
         <d:XAddrs>http://10.0.0.7/onvif/device_service</d:XAddrs>",
    ));
    assert_eq!((device.endpoint.as_str(), device.instance), ("abc-1", Some((7, 3))));
    assert_eq!(device.types, [DeviceType::Transmitter, DeviceType::Device, DeviceType::Other("Thing".to_owned())]);
    assert_eq!((device.name().as_deref(), device.hardware().as_deref()), (Some("Gate A"), Some("X1")));
    assert_eq!(device.mac().as_deref(), Some("00:11:22:aa:bb:cc"));
    assert_eq!((device.serial_number().as_deref(), device.location()), (Some("S1"), None));
}

#[test]
fn a_type_of_another_namespace_is_another_type() {
    let device = one(&answer("<d:Types xmlns:x=\"urn:printers\">x:Device</d:Types>"));
    assert_eq!(device.types, [DeviceType::Other("Device".to_owned())]);
}

#[track_caller]
fn chosen(xaddrs: &str, expect: &str) {
    assert_eq!(one(&answer(&format!("<d:XAddrs>{xaddrs}</d:XAddrs>"))).address, expect);
}

#[test]
fn the_best_of_several_addresses() {
    chosen("http://192.168.1.2/d http://10.0.0.7:8000/d", "http://10.0.0.7:8000/d");
    chosen("https://10.0.0.7/d http://10.0.0.7/d", "http://10.0.0.7/d");
    chosen("http://[2001:db8::1]/d http://192.168.1.2/d", "http://192.168.1.2/d");
    chosen("http://169.254.1.2/d http://[2001:db8::1]/d", "http://[2001:db8::1]/d");
    for useless in
        ["http://169.254.1.2/d", "http://[fe80::1]/d", "http://127.0.0.1/d", "http://0.0.0.0/d", "", "nonsense"]
    {
        chosen(useless, "http://10.0.0.7/onvif/device_service");
    }
}

#[test]
fn addresses_of_devices_that_answer_over_ipv6() {
    let check = |sender: &str, xaddrs: &str, expect: (&str, bool)| {
        let text = answer(&format!("<d:XAddrs>{xaddrs}</d:XAddrs>"));
        let device = read_answers(text.as_bytes(), sender.parse().unwrap()).remove(0);
        assert_eq!((device.address.as_str(), device.is_sure()), expect, "{sender} {xaddrs}");
    };
    check("2001:db8::9", "", ("http://[2001:db8::9]/onvif/device_service", true));
    check("fd00::9", "http://[fe80::1]/d http://[fd00::9]:81/d", ("http://[fd00::9]:81/d", true));
    check("fd00::9", "http://[fd00::9]/d http://10.0.0.7/d", ("http://[fd00::9]/d", false));
    // Link-local addresses are the last of all, and lose the device's own name of its interface.
    check("fe80::9", "http://[fe80::9]/d http://[fd00::9]/d", ("http://[fd00::9]/d", false));
    check("fe80::9", "http://[fe80::9%25eth0]:81/d http://169.254.1.1/d", ("http://[fe80::9]:81/d", false));
    check("fe80::9", "http://[fe80::8]/d", ("http://[fe80::9]/onvif/device_service", false));
    check("fe80::9", "http://camera.local/d http://[fe80::9]/d", ("http://camera.local/d", false));
}

#[test]
fn an_answer_that_is_no_xml_is_scanned() {
    let cut = "<s:Envelope><s:Body><d:ProbeMatches><d:ProbeMatch><a:EndpointReference><a:Address>urn:uuid:zz-9</a:Address>\
               </a:EndpointReference><d:Types>dn:NetworkVideoTransmitter</d:Types><d:Scopes>onvif://www.onvif.org/name/Cut \
               </d:Scopes><d:XAddrs>http://10.0.0.7/onvif/device_service</d:XAddrs><d:Metada";
    let device = one(cut);
    assert_eq!((device.endpoint.as_str(), device.name().as_deref()), ("zz-9", Some("Cut")));
    assert_eq!(device.address, "http://10.0.0.7/onvif/device_service");
    assert_eq!(device.types, [DeviceType::Transmitter]);
}

#[test]
fn what_is_no_answer() {
    for text in [
        "",
        "hello",
        "<a/>",
        "\0\0\0",
        "<s:Envelope><s:Body><d:Probe/></s:Body></s:Envelope>",
        "ProbeMatch",
        "<ProbeMatch",
    ] {
        assert!(read_answers(text.as_bytes(), SENDER).is_empty(), "{text}");
    }
}
