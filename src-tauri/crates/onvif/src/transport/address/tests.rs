use super::*;

#[track_caller]
fn parses(text: &str, url: &str, shown: &str) {
    let address = DeviceAddress::parse(text).unwrap();
    assert_eq!((address.device_url().as_str(), address.to_string().as_str()), (url, shown));
}

#[test]
fn an_address_is_typed_in_many_ways() {
    parses("192.168.1.64", "http://192.168.1.64/onvif/device_service", "192.168.1.64");
    parses(" 192.168.1.64:8000 ", "http://192.168.1.64:8000/onvif/device_service", "192.168.1.64:8000");
    parses("https://cam.local", "https://cam.local/onvif/device_service", "cam.local");
    parses("Gate-2", "http://gate-2/onvif/device_service", "gate-2");
    parses("fe80::1", "http://[fe80::1]/onvif/device_service", "[fe80::1]");
    parses("[2001:db8::5]:8080", "http://[2001:db8::5]:8080/onvif/device_service", "[2001:db8::5]:8080");
    parses("http://10.0.0.9:2020/onvif/service", "http://10.0.0.9:2020/onvif/service", "10.0.0.9:2020");
    parses("http://u:p@10.0.0.9/", "http://10.0.0.9/onvif/device_service", "10.0.0.9");
}

#[test]
fn what_is_no_address_is_refused_without_its_password() {
    for text in ["", "   ", "rtsp://10.0.0.1/", "http://", "10.0.0.1:99999", "a b"] {
        assert!(matches!(DeviceAddress::parse(text), Err(OnvifError::AddressInvalid { .. })), "{text}");
    }
    for text in ["fe80::1%eth0", "[fe80::1%eth0]:8000", "http://[fe80::1%25eth0]/onvif/device_service", "u:p@fe80::1%2"]
    {
        let refused = DeviceAddress::parse(text);
        assert!(matches!(&refused, Err(OnvifError::LinkLocal { host }) if host == "[fe80::1]"), "{text} {refused:?}");
    }
    let error = DeviceAddress::parse("http://admin:hunter2@[bad").unwrap_err();
    assert!(!error.to_string().contains("hunter2"), "{error}");
}

#[track_caller]
fn first(service: &Service, own: &str, xaddr: &str, device: &str) -> String {
    DeviceAddress::parse(own).unwrap().candidates(service, Some(xaddr), Some(device)).remove(0)
}

#[test]
fn quirk_1_xaddr_of_another_host_keeps_only_path_and_query() {
    for host in ["192.168.0.5", "127.0.0.1", "0.0.0.0", "10.8.0.1", "[fe80::1]", "camera.invalid"] {
        let given = format!("http://{host}/onvif/media?x=1");
        let device = format!("http://{host}/onvif/device_service");
        assert_eq!(
            first(&Service::Media, "cam.example:8081", &given, &device),
            "http://cam.example:8081/onvif/media?x=1"
        );
    }
}

#[test]
fn quirk_1_port_twice() {
    let url =
        first(&Service::Media, "10.0.0.5:8106", "http://10.0.0.5:8106:8106/onvif/media", "http://10.0.0.5:8106:8106/x");
    assert_eq!(url, "http://10.0.0.5:8106/onvif/media");
}

#[test]
fn quirk_1_another_port_is_tried_first_and_ours_next() {
    let own = DeviceAddress::parse("10.0.0.5:8000").unwrap();
    let urls = own.candidates(
        &Service::Ptz,
        Some("http://192.168.1.2:8999/onvif/PTZ"),
        Some("http://192.168.1.2/onvif/device_service"),
    );
    assert_eq!(
        urls,
        [
            "http://10.0.0.5:8999/onvif/PTZ",
            "http://10.0.0.5:8000/onvif/PTZ",
            "http://10.0.0.5:8000/onvif/device_service",
            "http://10.0.0.5:8000/onvif/ptz_service"
        ]
    );
}

#[test]
fn quirk_1_two_xaddrs_in_one_and_ipv6() {
    let both = "http://10.0.0.5/onvif/media http://169.254.3.4/onvif/media";
    assert_eq!(first(&Service::Media, "10.0.0.5", both, both), "http://10.0.0.5/onvif/media");
    assert_eq!(
        first(&Service::Media, "[2001:db8::5]", "http://[fe80::1]:80/onvif/media", "http://[fe80::1]/d"),
        "http://[2001:db8::5]/onvif/media"
    );
}

#[test]
fn quirk_2_a_subscription_stays_on_the_host_and_its_wrong_port_is_only_a_suggestion() {
    let own = DeviceAddress::parse("10.0.0.5:2020").unwrap();
    let urls = own.candidates(
        &Service::Subscription,
        Some("http://10.0.0.5:1024/event-0_2020"),
        Some("http://10.0.0.5:2020/onvif/device_service"),
    );
    assert_eq!(urls, ["http://10.0.0.5:1024/event-0_2020", "http://10.0.0.5:2020/event-0_2020"]);
}

#[test]
fn streams_keep_their_port_and_lose_their_host_and_login() {
    let own = DeviceAddress::parse("cam.example").unwrap();
    let check = |uri: &str, expect: &str| assert_eq!(own.stream_url(uri).unwrap().as_str(), expect);
    check("rtsp://192.168.1.2:554/", "rtsp://cam.example:554/");
    check("rtsp://192.168.1.2/a?b=1&c=2", "rtsp://cam.example/a?b=1&c=2");
    check("rtsp://admin:secret@192.168.1.2:8554/a", "rtsp://cam.example:8554/a");
    check("rtsp://192.168.1.2:554", "rtsp://cam.example:554");
    check("rtsp://239.1.2.3:40000/a", "rtsp://239.1.2.3:40000/a");
    for wrong in ["", "192.168.1.2/a", "gopher://x/", "rtsp:///a"] {
        assert!(own.stream_url(wrong).is_err(), "{wrong}");
    }
}

#[test]
fn quirk_6_a_snapshot_by_rtsp_is_none() {
    let own = DeviceAddress::parse("10.0.0.5").unwrap();
    for wrong in ["rtsp://10.0.0.5/a.jpg", "", "/snap.jpg"] {
        assert!(matches!(own.picture_urls(wrong, None), Err(OnvifError::SnapshotAddress { .. })), "{wrong}");
    }
    assert_eq!(own.picture_urls("http://evil.example/snap.jpg?a=1", None).unwrap(), ["http://10.0.0.5/snap.jpg?a=1"]);
}
