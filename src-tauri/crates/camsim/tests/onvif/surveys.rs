//! A camera and a recorder as the client sees them.

use crate::{cameras, connected, device, farm, options, options_of, right};
use std::collections::HashSet;
use watchwall_camsim::{DeviceSpec, Farm};
use watchwall_model::StreamRole;
use watchwall_onvif::{Device, DeviceAddress, LoginSeen, soap::Service};

#[tokio::test]
async fn a_camera_tells_all_of_itself() {
    let spec = DeviceSpec { serial: Some("S-1".into()), manufacturer: "HIKVISION".into(), ..device() };
    let farm = farm(spec).await;
    let device = connected(&farm).await;
    let facts = &device.facts;
    assert_eq!((facts.information.serial_number.as_str(), facts.name.as_deref()), ("S-1", Some("Gate")));
    assert_eq!(facts.location.as_deref(), Some("site/hall"));
    assert_eq!((facts.macs.len(), facts.endpoint.as_ref().map(String::len)), (1, Some(36)));
    assert_eq!(facts.login, Some(LoginSeen::Digest));
    assert!(facts.clock_offset_ms.unwrap().abs() < 5000, "{:?}", facts.clock_offset_ms);
    for service in [Service::Media, Service::Media2, Service::Ptz, Service::Imaging, Service::Events, Service::DeviceIo]
    {
        assert!(device.services.has(&service), "{service}");
    }
    assert_eq!(device.channels.len(), 1);
    assert!(device.channels[0].ptz_profile.is_some());
    let urls: Vec<_> = device.streams.iter().map(|stream| stream.url.clone().unwrap().to_string()).collect();
    let expect = [StreamRole::Main, StreamRole::Sub].map(|role| farm.rtsp_url(0, role));
    assert!(urls.iter().zip(&expect).all(|(url, expect)| url.starts_with(expect.as_str())), "{urls:?} {expect:?}");
    let counters = farm.device_counters(0).unwrap();
    assert_eq!((counters.password_attempts_total, counters.most_at_once), (0, 1));
    farm.shutdown().await;
}

#[tokio::test]
async fn a_recorder_has_sixteen_channels_on_the_shared_port() {
    let recorder = DeviceSpec::new("Recorder", (1..17).collect());
    let single = DeviceSpec::new("Single", vec![0]);
    let farm = Farm::start(options_of(cameras(17), vec![single, recorder])).await.unwrap();
    let url = farm.device_url(1).unwrap();
    assert!(url.ends_with("/d/1/onvif/device_service"), "{url}");
    let survey = Device::connect(DeviceAddress::parse(&url).unwrap(), right(), options()).await;
    assert_eq!(survey.first_error(), None);
    let device = survey.device.unwrap();
    assert_eq!((device.channels.len(), device.streams.len(), device.profiles.len()), (16, 32, 32));
    assert_eq!((device.channels[15].number, device.channels[15].name.as_str()), (16, "Test 17"));
    let sources: HashSet<_> = device.channels.iter().map(|channel| channel.source_token.as_str()).collect();
    assert_eq!(sources.len(), 16);
    let urls: HashSet<_> = device.streams.iter().map(|stream| stream.url.clone().unwrap().to_string()).collect();
    assert_eq!(urls.len(), 32);
    assert!(urls.iter().any(|url| url.starts_with(&farm.rtsp_url(16, StreamRole::Sub))), "{urls:?}");
    // The other device was not asked.
    assert_eq!(farm.device_counters(0).unwrap().connections, 0);
    farm.shutdown().await;
}

#[tokio::test]
async fn a_device_has_an_address_of_its_own_for_soap_and_rtsp() {
    let spec = DeviceSpec::new("Own", vec![0]).at(([127, 0, 0, 7], 0).into());
    let farm = farm(spec).await;
    let device = connected(&farm).await;
    assert_eq!(device.client.address().host(), "127.0.0.7");
    let url = device.streams[0].url.clone().unwrap().to_string();
    assert!(url.starts_with("rtsp://127.0.0.7:") && url.starts_with(&farm.rtsp_url(0, StreamRole::Main)), "{url}");
    let answer = crate::rtsp::describe(&url, "admin", "right").await;
    assert!(answer.starts_with("RTSP/1.0 200"), "{answer}");
    farm.shutdown().await;
}

#[tokio::test]
async fn a_device_of_cameras_that_are_not_there_is_refused() {
    let start = |devices: Vec<DeviceSpec>| Farm::start(options_of(cameras(2), devices));
    let double = vec![DeviceSpec::new("a", vec![0]), DeviceSpec::new("b", vec![1, 0])];
    assert!(start(double).await.is_err());
    assert!(start(vec![DeviceSpec::new("c", vec![2])]).await.is_err());
    assert!(start(vec![DeviceSpec { tls: true, ..DeviceSpec::new("d", vec![0]) }]).await.is_err());
}

#[tokio::test]
async fn https_with_a_certificate_of_its_own() {
    let farm = farm(DeviceSpec { tls: true, ..device() }).await;
    assert!(farm.device_url(0).unwrap().starts_with("https://127.0.0.1:"));
    let device = connected(&farm).await;
    let uri = device.client.snapshot_uri(device.channels[0].main.as_ref().unwrap()).await.unwrap().unwrap();
    assert!(device.client.picture(&uri).await.is_ok());
    farm.shutdown().await;
}
