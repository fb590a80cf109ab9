//! Seeded noise: nothing that is read from a device may panic or take long.
//!
//! The same readers are fuzzed without end in `fuzz/`; this is the minute of it that every test run can afford.

use std::{
    net::{IpAddr, Ipv4Addr},
    time::Instant,
};
use watchwall_onvif::{
    DeviceAddress,
    discovery::read_answers,
    operations::{GetCapabilities, GetProfiles, GetServices, GetSystemDateAndTime, PullMessages},
    parse_duration_ms, parse_utc,
    soap::{Answer, Operation, Service, read_answer},
    tree::{Tree, decode},
};

/// The same numbers each time.
struct Noise(u64);

impl Noise {
    fn next(&mut self) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0
    }

    fn below(&mut self, limit: usize) -> usize {
        usize::try_from(self.next() % limit.max(1) as u64).unwrap()
    }

    /// Parts of words put together, then some bytes changed, cut out or doubled.
    fn text(&mut self, words: &[&str]) -> Vec<u8> {
        let mut text: Vec<u8> = (0..self.below(24)).flat_map(|_| words[self.below(words.len())].bytes()).collect();
        for _ in 0..self.below(6) {
            if text.is_empty() {
                break;
            }
            let at = self.below(text.len());
            match self.below(4) {
                0 => text[at] = u8::try_from(self.next() & 0xff).unwrap(),
                1 => drop(text.drain(at..(at + self.below(9)).min(text.len()))),
                2 => text.truncate(at),
                _ => {
                    let copy = text[at..].to_vec();
                    text.extend(copy);
                }
            }
        }
        text
    }
}

const XML: &[&str] = &[
    "<?xml version=\"1.0\" encoding=\"GB2312\"?>",
    "<s:Envelope xmlns:s='u'>",
    "<s:Body>",
    "</s:Body>",
    "</s:Envelope>",
    "<s:Fault>",
    "</s:Fault>",
    "<Code><Value>s:Sender</Value><Subcode><Value>ter:NotAuthorized</Value></Subcode></Code>",
    "<Reason><Text>",
    "You still have 9 attempt(s)",
    "</Text></Reason>",
    "<Detail>",
    "</Detail>",
    "<GetProfilesResponse>",
    "</GetProfilesResponse>",
    "<Profiles token='a'>",
    "</Profiles>",
    "<VideoEncoderConfiguration>",
    "<Encoding>H265</Encoding>",
    "&amp;",
    "&",
    "&#x0;",
    "&#xffffff;",
    "&unknown;",
    "<![CDATA[",
    "]]>",
    "<!--",
    "-->",
    "<!DOCTYPE x [<!ENTITY a 'b'>]>",
    "<a",
    " b='c'",
    " b=",
    ">",
    "/>",
    "</",
    "\u{feff}",
    "门口",
    "\0",
    "<Service><Namespace>http://www.onvif.org/ver10/media/wsdl</Namespace><XAddr>http://a:1:2/b</XAddr>",
    "</Service>",
    "<SystemDateAndTime><UTCDateTime><Date><Year>2147483648</Year><Month>99</Month><Day>-1</Day></Date><Time/>",
    "<NotificationMessage><Topic>tns1:a/b/.</Topic><Message><Message UtcTime='T-07:10:32Z' PropertyOperation='x'>",
];

const ANSWERS: &[&str] = &[
    "<s:Envelope>",
    "<d:ProbeMatches>",
    "<d:ProbeMatch>",
    "</d:ProbeMatch>",
    "<a:EndpointReference><a:Address>",
    "urn:uuid:",
    "1234",
    "</a:Address></a:EndpointReference>",
    "<d:Types>",
    "dn:NetworkVideoTransmitter ",
    "</d:Types>",
    "<d:Scopes>",
    "onvif://www.onvif.org/name/%",
    "%E9%97",
    "</d:Scopes>",
    "<d:XAddrs>",
    "http://10.0.0.1/x ",
    "http://[fe80::1]:99999/ ",
    "https://",
    "://",
    "</d:XAddrs>",
    "ProbeMatch",
    "XAddrs>",
    "<",
    ">",
    "\u{feff}",
    "门",
    "</s:Envelope>",
];

const DATES: &[&str] = &[
    "2024",
    "-",
    "02",
    "30",
    "T",
    ":",
    "61",
    "00",
    ".",
    "999999999",
    "Z",
    "+08:00",
    "-99:99",
    "P",
    "D",
    "H",
    "M",
    "S",
    "9999999999",
    " ",
    "年",
];

const ADDRESSES: &[&str] = &[
    "http", "https", "rtsp", "://", "admin", ":", "@", "[", "]", "::1", "10.0.0.1", "8000", "99999", "/", "?", "a=b",
    "%", " ", "摄", "\\",
];

fn read_all(bytes: &[u8]) {
    let _ = Tree::from_bytes(bytes).map(|tree| {
        let root = tree.root();
        for node in root.descendants() {
            let _ = (node.name(), node.text(), node.token(), node.namespace(), node.number_of::<u32>("Width"));
        }
        let copy = root.to_xml();
        // What we write ourselves is read again.
        assert!(Tree::parse(&copy).is_ok() || copy.contains('\u{0}'), "{copy}");
    });
    match Answer::read(bytes) {
        Answer::Fault(fault) => drop((fault.kind(), fault.to_string())),
        Answer::Body(tree) => {
            if let Some(answer) = read_answer(&tree, "GetProfiles") {
                let _ = GetProfiles.read(answer);
                let _ = GetServices.read(answer);
                let _ = GetCapabilities.read(answer);
                let _ = GetSystemDateAndTime.read(answer).map(|clock| (clock.shown(), clock.zone_minutes()));
                let _ = PullMessages { wait_ms: 1, most: 1 }.read(answer);
            }
        }
        Answer::NotSoap(_) => {}
    }
}

#[test]
fn documents() {
    let mut noise = Noise(0x5eed_0001);
    let start = Instant::now();
    for _ in 0..20_000 {
        read_all(&noise.text(XML));
    }
    assert!(start.elapsed().as_secs() < 120, "{:?}", start.elapsed());
}

#[test]
fn answers_of_discovery() {
    let mut noise = Noise(0x5eed_0002);
    for _ in 0..20_000 {
        let text = noise.text(ANSWERS);
        for device in read_answers(&text, IpAddr::V4(Ipv4Addr::LOCALHOST)) {
            assert!(!device.address.is_empty());
            let _ = (device.name(), device.mac(), device.location(), device.serial_number());
        }
    }
}

#[test]
fn dates_and_durations() {
    let mut noise = Noise(0x5eed_0003);
    for _ in 0..50_000 {
        let bytes = noise.text(DATES);
        let text = decode(&bytes);
        if let Some(at) = parse_utc(&text) {
            // Between 1970 and the end of what four digits of years can say, give or take a zone.
            assert!((-200_000_000..=253_500_000_000_000).contains(&at.0), "{text}: {at:?}");
        }
        let _ = parse_duration_ms(&text);
    }
}

#[test]
fn addresses() {
    let mut noise = Noise(0x5eed_0004);
    let own = DeviceAddress::parse("10.0.0.7:8000").unwrap();
    for _ in 0..20_000 {
        let bytes = noise.text(ADDRESSES);
        let text = decode(&bytes);
        let _ = DeviceAddress::parse(&text);
        if let Ok(url) = own.stream_url(&text) {
            assert!(url.host() == "10.0.0.7" || url.host().starts_with("2"), "{text}: {url}");
        }
        for url in own.candidates(&Service::Media, Some(&text), Some(&text)) {
            assert!(url.starts_with("http://10.0.0.7:") || url.starts_with("https://10.0.0.7"), "{text}: {url}");
        }
    }
}
