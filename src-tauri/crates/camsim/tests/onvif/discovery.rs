//! WS-Discovery: many devices of one process, each found once, whatever they answer.

use crate::{WAIT, cameras, device, options, options_of, right};
use std::{
    collections::HashSet,
    net::{IpAddr, Ipv4Addr},
    time::Duration,
};
use tokio::{net::UdpSocket, time::timeout};
use watchwall_camsim::{CamsimError, DeviceSpec, DiscoveryInterface, DiscoverySpec, Farm, Quirk};
use watchwall_onvif::{Device, DeviceAddress, Discovery, DiscoveryOptions, FoundDevice, Targets};

fn ip(number: usize) -> Ipv4Addr {
    Ipv4Addr::new(127, 0, 3, u8::try_from(number + 1).unwrap())
}

fn spec(number: usize) -> DeviceSpec {
    DeviceSpec::new(format!("Cam {number}"), vec![number]).at((ip(number), 0).into())
}

async fn start(devices: Vec<DeviceSpec>, interfaces: Vec<DiscoveryInterface>) -> Result<Farm, CamsimError> {
    let mut options = options_of(cameras(devices.len()), devices);
    options.discovery = Some(DiscoverySpec { port: 0, interfaces, ..DiscoverySpec::default() });
    Farm::start(options).await
}

async fn find(farm: &Farm, targets: Targets) -> Vec<FoundDevice> {
    let options = DiscoveryOptions {
        targets,
        port: farm.discovery_port().unwrap(),
        round_gap: Duration::from_millis(300),
        ..DiscoveryOptions::default()
    };
    Discovery::start(options).unwrap().all().await
}

#[tokio::test]
async fn fifty_devices_are_found_and_none_twice() {
    let farm = start((0..50).map(spec).collect(), vec![]).await.unwrap();
    let found = find(&farm, Targets::Hosts((0..50).map(|number| ip(number).into()).collect())).await;
    let endpoints: HashSet<_> = found.iter().map(|device| device.endpoint.as_str()).collect();
    let senders: HashSet<_> = found.iter().map(|device| device.sender).collect();
    assert_eq!((found.len(), endpoints.len(), senders.len()), (50, 50, 50));
    let last = found.iter().find(|device| device.sender == IpAddr::V4(ip(49))).unwrap();
    assert_eq!((last.name().as_deref(), last.location().as_deref()), (Some("Cam 49"), Some("site/hall")));
    assert_eq!(last.address, farm.device_url(49).unwrap());
    assert_eq!((last.xaddrs.len(), last.types.len()), (3, 2));
    // What discovery says and what the device says are one.
    let survey = Device::connect(DeviceAddress::parse(&last.address).unwrap(), right(), options()).await;
    let facts = survey.device.unwrap().facts;
    assert_eq!((facts.endpoint, facts.macs), (Some(last.endpoint.clone()), vec![last.mac().unwrap()]));
    farm.shutdown().await;
}

#[tokio::test]
async fn a_group_on_an_interface_hears_questions_and_tells_hello_and_bye() {
    let interface = DiscoveryInterface { address: Ipv4Addr::LOCALHOST, prefix: 8 };
    let mut devices: Vec<_> = (0..3).map(spec).collect();
    // One on the shared port, at another network's address: found all the same, by the port it has.
    devices.push(DeviceSpec::new("Shared", vec![3]));
    let farm = match start(devices, vec![interface]).await {
        Ok(farm) => farm,
        Err(error) => {
            println!("skipped: no multicast on the loopback interface ({error})");
            return;
        }
    };
    let group = Ipv4Addr::new(239, 255, 255, 250);
    let socket = socket2::Socket::new(socket2::Domain::IPV4, socket2::Type::DGRAM, None).unwrap();
    socket.set_nonblocking(true).unwrap();
    socket.set_reuse_address(true).unwrap();
    socket.bind(&std::net::SocketAddr::from((group, farm.discovery_port().unwrap())).into()).unwrap();
    socket.join_multicast_v4(&group, &Ipv4Addr::LOCALHOST).unwrap();
    let listener = UdpSocket::from_std(socket.into()).unwrap();
    let found = find(&farm, Targets::Only(vec![Ipv4Addr::LOCALHOST.into()])).await;
    let names: HashSet<_> = found.iter().filter_map(FoundDevice::name).collect();
    assert_eq!((found.len(), names.len()), (4, 4), "{found:?}");
    farm.shutdown().await;
    // Every device says that it goes.
    let mut byes = HashSet::new();
    let mut buffer = vec![0; 65_536];
    while byes.len() < 4 {
        let (length, _) = timeout(WAIT, listener.recv_from(&mut buffer)).await.expect("a farewell").unwrap();
        let text = String::from_utf8_lossy(&buffer[..length]).into_owned();
        if text.contains("discovery/Bye<") {
            let endpoint = text.split("<a:Address>").nth(1).unwrap().split('<').next().unwrap();
            byes.insert(endpoint.to_owned());
        }
    }
}

/// Two devices with a habit are found, once each, at an address that works.
async fn found_with(quirk: Quirk) -> Vec<FoundDevice> {
    let devices = (0..2).map(|number| spec(number).with(quirk)).collect();
    let farm = start(devices, vec![]).await.unwrap();
    let found = find(&farm, Targets::Hosts(vec![ip(0).into(), ip(1).into()])).await;
    assert_eq!(found.len(), 2, "{found:?}");
    if quirk != Quirk::UnusableXaddrs {
        for device in &found {
            let survey = Device::connect(DeviceAddress::parse(&device.address).unwrap(), right(), options()).await;
            assert_eq!(survey.first_error(), None, "{device:?}");
        }
    }
    farm.shutdown().await;
    found
}

macro_rules! found {
    ($($test:ident $quirk:ident,)*) => {
        $(
            #[tokio::test]
            async fn $test() {
                let found = found_with(Quirk::$quirk).await;
                assert_ne!(found[0].endpoint, found[1].endpoint);
                assert!(found.iter().all(|device| device.name().is_some_and(|name| name.starts_with("Cam "))));
            }
        )*
    };
}

found! {
    quirk_transmitter_only TransmitterOnly,
    quirk_device_type_only DeviceTypeOnly,
    quirk_duplicate_answers DuplicateAnswers,
    quirk_newline_scopes NewlineScopes,
    quirk_malformed_match MalformedMatch,
}

#[tokio::test]
async fn quirk_bare_uuid() {
    let found = found_with(Quirk::BareUuid).await;
    assert!(found.iter().all(|device| device.endpoint.len() == 36), "{found:?}");
}

#[tokio::test]
async fn quirk_shared_endpoint() {
    let found = found_with(Quirk::SharedEndpoint).await;
    assert_eq!(found[0].endpoint, found[1].endpoint);
    assert_ne!(found[0].sender, found[1].sender);
}

#[tokio::test]
async fn quirk_unusable_xaddrs() {
    let found = found_with(Quirk::UnusableXaddrs).await;
    for device in found {
        assert_eq!(device.address, format!("http://{}/onvif/device_service", device.sender));
    }
    assert!(device().quirks.is_empty());
}
