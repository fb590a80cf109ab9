//! Discovery over real UDP on the loopback interface.

use std::{
    collections::HashSet,
    net::{IpAddr, Ipv4Addr, SocketAddr},
    time::Duration,
};
use tokio::{net::UdpSocket, task::JoinHandle, time::timeout};
use watchwall_onvif::{AddressRange, Discovery, DiscoveryOptions, Targets};

/// Devices that answer every question at once.
struct Devices {
    port: u16,
    task: JoinHandle<()>,
}

impl Drop for Devices {
    fn drop(&mut self) {
        self.task.abort();
    }
}

impl Devices {
    /// `answers` is called with the question and gives datagrams.
    async fn start(bind: SocketAddr, answers: impl Fn(&str) -> Vec<Vec<u8>> + Send + 'static) -> Self {
        let socket = UdpSocket::bind(bind).await.unwrap();
        Self::on(socket, answers)
    }

    fn on(socket: UdpSocket, answers: impl Fn(&str) -> Vec<Vec<u8>> + Send + 'static) -> Self {
        let port = socket.local_addr().unwrap().port();
        let task = tokio::spawn(async move {
            let mut buffer = vec![0; 65_536];
            while let Ok((length, from)) = socket.recv_from(&mut buffer).await {
                let question = String::from_utf8_lossy(&buffer[..length]).into_owned();
                for answer in answers(&question) {
                    let _ = socket.send_to(&answer, from).await;
                }
            }
        });
        Self { port, task }
    }
}

fn answer(endpoint: &str, port: u16) -> Vec<u8> {
    format!(
        "<SOAP-ENV:Envelope><SOAP-ENV:Body><d:ProbeMatches><d:ProbeMatch><wsa:EndpointReference><wsa:Address>urn:uuid:{endpoint}\
         </wsa:Address></wsa:EndpointReference><d:Types>dn:NetworkVideoTransmitter</d:Types><d:Scopes>\
         onvif://www.onvif.org/name/Cam%20{endpoint} {padding}</d:Scopes><d:XAddrs>http://127.0.0.1:{port}/onvif/device_service \
         </d:XAddrs></d:ProbeMatch></d:ProbeMatches></SOAP-ENV:Body></SOAP-ENV:Envelope>",
        padding = "onvif://www.onvif.org/Profile/Streaming ".repeat(20)
    )
    .into_bytes()
}

fn options(targets: Targets, port: u16) -> DiscoveryOptions {
    DiscoveryOptions {
        targets,
        port,
        round_gap: Duration::from_millis(300),
        last_wait: Duration::from_millis(1500),
        ..DiscoveryOptions::default()
    }
}

const LOOPBACK: IpAddr = IpAddr::V4(Ipv4Addr::LOCALHOST);

#[tokio::test]
async fn each_device_is_told_once_although_it_answers_every_question() {
    let devices = Devices::start("127.0.0.1:0".parse().unwrap(), |_| vec![answer("a-1", 80), answer("a-1", 80)]).await;
    let found = Discovery::start(options(Targets::Hosts(vec![LOOPBACK]), devices.port)).unwrap().all().await;
    assert_eq!(found.len(), 1);
    assert_eq!((found[0].endpoint.as_str(), found[0].name().as_deref()), ("a-1", Some("Cam a-1")));
    assert_eq!(found[0].address, "http://127.0.0.1:80/onvif/device_service");
}

#[tokio::test]
async fn three_hundred_devices_answer_at_once() {
    let devices = Devices::start("127.0.0.1:0".parse().unwrap(), |_| {
        (0..300).map(|number| answer(&format!("dev-{number}"), 8000 + number)).collect()
    })
    .await;
    let mut discovery = Discovery::start(options(Targets::Hosts(vec![LOOPBACK]), devices.port)).unwrap();
    let mut endpoints = HashSet::new();
    // They come one by one, long before the time is over.
    while endpoints.len() < 300 {
        let device = discovery.next().await.expect("more devices");
        assert!(endpoints.insert(device.endpoint), "told twice");
    }
}

#[tokio::test]
async fn a_device_that_knows_only_one_type_is_found() {
    for known in ["dn:NetworkVideoTransmitter", "tds:Device", "<d:Probe></d:Probe>"] {
        let devices = Devices::start("127.0.0.1:0".parse().unwrap(), move |question| {
            if question.contains(known) { vec![answer("one", 80)] } else { vec![] }
        })
        .await;
        let found = Discovery::start(options(Targets::Hosts(vec![LOOPBACK]), devices.port)).unwrap().all().await;
        assert_eq!(found.len(), 1, "{known}");
    }
}

#[tokio::test]
async fn the_question_is_of_the_discovery_of_2005_and_the_addressing_of_2004() {
    let (sender, mut questions) = tokio::sync::mpsc::unbounded_channel();
    let devices = Devices::start("127.0.0.1:0".parse().unwrap(), move |question| {
        let _ = sender.send(question.to_owned());
        vec![]
    })
    .await;
    let _running = Discovery::start(options(Targets::Hosts(vec![LOOPBACK]), devices.port)).unwrap();
    let first = timeout(Duration::from_secs(30), questions.recv()).await.unwrap().unwrap();
    let second = timeout(Duration::from_secs(30), questions.recv()).await.unwrap().unwrap();
    for question in [&first, &second] {
        assert!(question.contains("http://schemas.xmlsoap.org/ws/2004/08/addressing\""), "{question}");
        assert!(question.contains("http://schemas.xmlsoap.org/ws/2005/04/discovery/Probe</a:Action>"), "{question}");
        assert!(question.contains("role/anonymous") && question.contains("s:mustUnderstand=\"1\""), "{question}");
    }
    assert!(first.contains("dn:NetworkVideoTransmitter") && second.contains("tds:Device"));
}

#[tokio::test]
async fn a_range_is_asked_address_by_address() {
    // One device on 127.0.0.2, one on 127.0.0.9, on the same port, with the same endpoint reference.
    let first = Devices::start("127.0.0.2:0".parse().unwrap(), |_| vec![answer("same", 80)]).await;
    let bind = SocketAddr::new(IpAddr::V4(Ipv4Addr::new(127, 0, 0, 9)), first.port);
    let Ok(socket) = UdpSocket::bind(bind).await else {
        println!("skipped: port {} of 127.0.0.9 is taken", first.port);
        return;
    };
    let _second = Devices::on(socket, |_| vec![answer("same", 80)]);
    let range: AddressRange = "127.0.0.0/28".parse().unwrap();
    let found = Discovery::start(options(Targets::Ranges(vec![range]), first.port)).unwrap().all().await;
    let senders: HashSet<_> = found.iter().map(|device| device.sender.to_string()).collect();
    assert_eq!(senders, HashSet::from(["127.0.0.2".to_owned(), "127.0.0.9".to_owned()]));
}

#[tokio::test]
async fn multicast_on_an_interface() {
    let socket = socket2::Socket::new(socket2::Domain::IPV4, socket2::Type::DGRAM, None).unwrap();
    socket.set_nonblocking(true).unwrap();
    socket.bind(&SocketAddr::from(([0, 0, 0, 0], 0)).into()).unwrap();
    let group = Ipv4Addr::new(239, 255, 255, 250);
    if let Err(error) = socket.join_multicast_v4(&group, &Ipv4Addr::LOCALHOST) {
        println!("skipped: no multicast on the loopback interface ({error})");
        return;
    }
    let devices = Devices::on(UdpSocket::from_std(socket.into()).unwrap(), |_| vec![answer("multi", 80)]);
    let found = Discovery::start(options(Targets::Only(vec![LOOPBACK]), devices.port)).unwrap().all().await;
    assert_eq!(found.iter().map(|device| device.endpoint.as_str()).collect::<Vec<_>>(), ["multi"]);
}

#[tokio::test]
async fn noise_is_no_device() {
    let devices = Devices::start("127.0.0.1:0".parse().unwrap(), |_| {
        let mut noise =
            vec![vec![], b"hello".to_vec(), vec![0xff; 2000], b"<a><b></a>".to_vec(), b"<ProbeMatch>".to_vec()];
        noise.push(("<d>".repeat(5000) + "ProbeMatch").into_bytes());
        noise.push(answer("real", 80));
        noise
    })
    .await;
    let found = Discovery::start(options(Targets::Hosts(vec![LOOPBACK]), devices.port)).unwrap().all().await;
    assert_eq!(found.iter().map(|device| device.endpoint.as_str()).collect::<Vec<_>>(), ["real"]);
}

#[tokio::test]
async fn nobody_answers_and_it_ends() {
    let silent = UdpSocket::bind("127.0.0.1:0").await.unwrap();
    let port = silent.local_addr().unwrap().port();
    let quick = DiscoveryOptions {
        rounds: 1,
        last_wait: Duration::from_millis(200),
        ..options(Targets::Hosts(vec![LOOPBACK]), port)
    };
    let found = timeout(Duration::from_secs(30), Discovery::start(quick).unwrap().all()).await.expect("it ends");
    assert!(found.is_empty());
    // Real interfaces, real port: whatever is there, it begins and ends.
    let real = DiscoveryOptions { rounds: 1, last_wait: Duration::from_millis(50), ..DiscoveryOptions::default() };
    match Discovery::start(real) {
        Ok(discovery) => drop(timeout(Duration::from_secs(30), discovery.all()).await.expect("it ends")),
        Err(error) => println!("skipped: {error}"),
    }
}
