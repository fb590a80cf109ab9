//! What real devices do, one test each, named after the list in the design (section 2).

use crate::{
    address, client,
    device::{Camera, Guard, Reply},
    options, right,
};
use std::sync::{
    Arc,
    atomic::{AtomicU32, Ordering},
};
use watchwall_onvif::{
    Client, DeviceAddress, OnvifError, PtzControl,
    operations::{
        FindRecordings, GetCapabilities, GetOsds, GetProfiles, GetServices, GetUsers, MediaVersion, PtzVector,
        Services, Span, SystemReboot,
    },
    soap::{FaultKind, Service},
};

async fn learned(camera: &Camera) -> Client {
    let client = client(camera, None);
    client.learn_services(client.call(&GetServices).await.unwrap());
    client
}

fn services_of(items: &'static [(&'static str, &'static str)], port: u16) -> Reply {
    let list: String = items
        .iter()
        .map(|(namespace, path)| {
            format!(
                "<tds:Service><tds:Namespace>{namespace}</tds:Namespace>\
                 <tds:XAddr>http://192.168.1.9:{port}{path}</tds:XAddr></tds:Service>"
            )
        })
        .collect();
    Reply::soap(200, &format!("<tds:GetServicesResponse>{list}</tds:GetServicesResponse>"))
}

const DEVICE: (&str, &str) = ("http://www.onvif.org/ver10/device/wsdl", "/onvif/device_service");
const MEDIA: &str = "http://www.onvif.org/ver10/media/wsdl";

#[tokio::test]
async fn quirk_1_services_behind_nat_are_asked_at_our_address() {
    let camera = Camera::hooked(Guard::Nothing, |request| {
        request.is("GetServices").then(|| services_of(&[DEVICE, (MEDIA, "/media?x=1")], 80))
    })
    .await;
    assert!(learned(&camera).await.call(&GetProfiles).await.is_ok());
    assert_eq!(camera.requests().pop().unwrap().target, "/media?x=1");
}

#[tokio::test]
async fn quirk_1_a_port_that_is_dead_is_left_for_ours_and_remembered() {
    // Port 1 of the device answers nobody.
    let camera = Camera::hooked(Guard::Nothing, |request| {
        request.is("GetServices").then(|| {
            Reply::soap(
                200,
                &format!(
                    "<tds:GetServicesResponse><tds:Service><tds:Namespace>{}</tds:Namespace><tds:XAddr>http://1.2.3.4/d</tds:XAddr>\
                     </tds:Service><tds:Service><tds:Namespace>{MEDIA}</tds:Namespace><tds:XAddr>http://1.2.3.4:1/m</tds:XAddr>\
                     </tds:Service></tds:GetServicesResponse>",
                    DEVICE.0
                ),
            )
        })
    })
    .await;
    let client = learned(&camera).await;
    for _ in 0..2 {
        assert!(client.call(&GetProfiles).await.is_ok());
    }
    assert!(camera.requests().iter().skip(1).all(|request| request.target == "/m"));
}

#[tokio::test]
async fn quirk_1_a_path_that_leads_nowhere() {
    let camera = Camera::hooked(Guard::Nothing, |request| match request.target.as_str() {
        _ if request.is("GetServices") => Some(services_of(&[DEVICE, (MEDIA, "/wrong")], 80)),
        "/onvif/media_service" => None,
        _ => Some(Reply::raw(404, "<html>404</html>")),
    })
    .await;
    assert!(learned(&camera).await.call(&GetProfiles).await.is_ok());
    let targets: Vec<_> = camera.requests().into_iter().skip(1).map(|request| request.target).collect();
    assert_eq!(targets, ["/wrong", "/onvif/device_service", "/onvif/media_service"]);
}

#[tokio::test]
async fn quirk_4_gbk_in_a_document_that_claims_utf_8() {
    let mut body = b"<?xml version=\"1.0\" encoding=\"UTF-8\"?><E:Envelope><E:Body><GetProfilesResponse><Profiles token=\"1\"><Name>"
        .to_vec();
    body.extend(b"\xc3\xc5\xbf\xda");
    body.extend(b"</Name></Profiles></GetProfilesResponse></E:Body></E:Envelope>");
    let camera = Camera::hooked(Guard::Nothing, move |_| Some(Reply::raw(200, body.clone()))).await;
    assert_eq!(client(&camera, None).call(&GetProfiles).await.unwrap()[0].name, "门口");
}

#[tokio::test]
async fn quirk_4_a_bad_field_does_not_kill_the_list() {
    let body = "<trt:GetProfilesResponse><trt:Profiles><tt:Name>no token</tt:Name></trt:Profiles>\
                <trt:Profiles token=\"ok\"><trt:Name>wrong & namespace</trt:Name><tt:VideoEncoderConfiguration token=\"e\">\
                <tt:Encoding>H265</tt:Encoding><tt:Resolution><tt:Width>wide</tt:Width></tt:Resolution>\
                <tt:Quality>NaN</tt:Quality></tt:VideoEncoderConfiguration></trt:Profiles></trt:GetProfilesResponse>";
    let camera = Camera::hooked(Guard::Nothing, move |_| Some(Reply::soap(200, body))).await;
    let profiles = client(&camera, None).call(&GetProfiles).await.unwrap();
    assert_eq!((profiles.len(), profiles[0].name.as_str()), (1, "wrong & namespace"));
    let video = profiles[0].video.clone().unwrap();
    assert_eq!((video.codec, video.size, video.quality), (Some(watchwall_model::VideoCodec::H265), None, None));
}

#[tokio::test]
async fn quirk_10_tokens_are_opaque_and_may_hold_anything() {
    let camera = Camera::hooked(Guard::Nothing, |_| None).await;
    let client = learned(&camera).await;
    client.stream_uri("Profile 1 <&>").await.unwrap();
    let body = camera.requests().pop().unwrap().body;
    assert!(body.contains("<ProfileToken>Profile 1 &lt;&amp;&gt;</ProfileToken>"), "{body}");
}

#[tokio::test]
async fn quirk_12_an_idle_connection_that_closed_is_opened_again() {
    let count = Arc::new(AtomicU32::new(0));
    let seen = Arc::clone(&count);
    let camera =
        Camera::hooked(Guard::Nothing, move |_| (seen.fetch_add(1, Ordering::SeqCst) % 2 == 1).then_some(Reply::Close))
            .await;
    let client = client(&camera, None);
    for _ in 0..3 {
        assert!(client.call(&GetProfiles).await.is_ok());
    }
    // What changes something is never sent twice.
    count.store(1, Ordering::SeqCst);
    let error = client.call(&SystemReboot).await.unwrap_err();
    assert!(matches!(error, OnvifError::Closed { .. }), "{error}");
    assert_eq!(camera.count("SystemReboot"), 1);
}

#[tokio::test]
async fn quirk_12_certificates_signed_by_nobody_are_the_rule() {
    let camera = Camera::start(crate::device::Setup { tls: true, ..Default::default() }).await;
    let address = DeviceAddress::parse(&format!("https://127.0.0.1:{}", camera.port())).unwrap();
    assert!(Client::new(address, Some(right()), options()).call(&GetProfiles).await.is_ok());
}

#[tokio::test]
async fn quirk_13_requests_are_small_and_plain() {
    let camera = Camera::hooked(Guard::Nothing, |_| None).await;
    learned(&camera).await.call(&GetUsers).await.unwrap();
    let request = camera.requests().pop().unwrap();
    assert_eq!(
        request.body,
        "<?xml version=\"1.0\" encoding=\"utf-8\"?><s:Envelope xmlns:s=\"http://www.w3.org/2003/05/soap-envelope\"><s:Body>\
         <GetUsers xmlns=\"http://www.onvif.org/ver10/device/wsdl\"/></s:Body></s:Envelope>"
    );
    assert_eq!(
        request.header("Content-Type"),
        Some("application/soap+xml; charset=utf-8; action=\"http://www.onvif.org/ver10/device/wsdl/GetUsers\"")
    );
    assert_eq!((request.header("Accept-Encoding"), request.header("Content-Length").is_some()), (None, true));
}

#[tokio::test]
async fn unsupported_in_every_dress() {
    let replies = [
        Reply::fault(400, &["ActionNotSupported", "NotImplemented"], "Optional"),
        Reply::fault(500, &["ActionNotSupported"], ""),
        Reply::fault(200, &["UnknownAction"], ""),
        Reply::fault(400, &[], "Method 'tds:GetUsers' not implemented: method name or namespace not recognized"),
        Reply::raw(500, "Method not implemented"),
    ];
    for reply in replies {
        let camera = Camera::hooked(Guard::Nothing, move |_| Some(reply.clone())).await;
        let error = client(&camera, None).call(&GetUsers).await.unwrap_err();
        assert_eq!(error.fault_kind(), Some(FaultKind::Unsupported), "{error}");
        assert_eq!(error.code().as_str(), "operation_unsupported");
    }
}

#[tokio::test]
async fn a_service_that_is_not_there_is_not_asked() {
    let camera = Camera::hooked(Guard::Nothing, |_| None).await;
    let client = learned(&camera).await;
    let error = client.call(&FindRecordings::default()).await.unwrap_err();
    assert!(matches!(error, OnvifError::Unsupported { .. }), "{error}");
    assert_eq!(camera.operations(), ["GetServices"]);
    let overlays = GetOsds { version: MediaVersion::Media2, source_configuration: None };
    assert!(client.call(&overlays).await.is_err());
}

#[tokio::test]
async fn both_lists_of_services_are_merged() {
    let camera = Camera::hooked(Guard::Nothing, |request| match request.operation().as_str() {
        "GetServices" => Some(services_of(
            &[DEVICE, ("http://www.onvif.org/ver20/media/wsdl", "/m2"), ("http://www.onvif.org/ver10/ptz/wsdl", "/ptz")],
            80,
        )),
        "GetCapabilities" => Some(Reply::soap(
            200,
            "<tds:GetCapabilitiesResponse><tds:Capabilities><tt:Media><tt:XAddr>http://x/m1</tt:XAddr></tt:Media>\
             <tt:PTZ><tt:XAddr>http://x/other</tt:XAddr></tt:PTZ><tt:Extension><tt:DeviceIO><tt:XAddr>http://x/io</tt:XAddr>\
             </tt:DeviceIO></tt:Extension></tds:Capabilities></tds:GetCapabilitiesResponse>",
        )),
        _ => None,
    })
    .await;
    let client = client(&camera, None);
    let mut services: Services = client.call(&GetServices).await.unwrap();
    services.merge(client.call(&GetCapabilities).await.unwrap());
    assert_eq!(services.address(&Service::Media), Some("http://x/m1"));
    assert_eq!(services.address(&Service::DeviceIo), Some("http://x/io"));
    // The newer call counts, and PTZ under the wrong number is PTZ.
    assert_eq!(services.address(&Service::Ptz), Some("http://192.168.1.9:80/ptz"));
    assert!(services.has(&Service::Media2));
}

#[tokio::test]
async fn media2_that_crashes_on_all_is_asked_for_less() {
    let encoder = "<tr2:VideoEncoder token=\"e\" GovLength=\"50\" Profile=\"Main\"><tt:Encoding>H265</tt:Encoding>\
                   <tt:Resolution><tt:Width>3840</tt:Width><tt:Height>2160</tt:Height></tt:Resolution></tr2:VideoEncoder>";
    let camera = Camera::hooked(Guard::Nothing, move |request| match request.operation().as_str() {
        "GetServices" => {
            Some(services_of(&[DEVICE, (MEDIA, "/m1"), ("http://www.onvif.org/ver20/media/wsdl", "/m2")], 80))
        }
        "GetProfiles" if request.target == "/m2" && request.body.contains("<Type>All</Type>") => {
            Some(Reply::raw(500, "<html>CGI segfault</html>"))
        }
        "GetProfiles" if request.target == "/m2" => Some(Reply::soap(
            200,
            &format!(
                "<tr2:GetProfilesResponse><tr2:Profiles token=\"Profile 1\"><tr2:Name>a</tr2:Name><tr2:Configurations>{encoder}\
                 </tr2:Configurations></tr2:Profiles></tr2:GetProfilesResponse>"
            ),
        )),
        _ => None,
    })
    .await;
    let profiles = learned(&camera).await.profiles().await.unwrap();
    let video = profiles[0].video.clone().unwrap();
    // Media1 said H264 and 1920.
    assert_eq!((video.codec, video.gop_length), (Some(watchwall_model::VideoCodec::H265), Some(50)));
    assert_eq!((profiles.len(), video.size.unwrap().width), (2, 3840));
    assert_eq!(profiles[0].source.as_ref().unwrap().source_token, "v1");
}

#[tokio::test]
async fn a_camera_without_stop_is_stopped_by_a_move() {
    let camera = Camera::hooked(Guard::Nothing, |request| match request.operation().as_str() {
        "Stop" => Some(Reply::fault(400, &["InvalidArgVal"], "no")),
        "ContinuousMove" if !request.body.contains("space=") => {
            Some(Reply::fault(400, &["InvalidArgVal", "SpaceNotSupported"], "no"))
        }
        _ => None,
    })
    .await;
    let client = learned(&camera).await;
    let control = PtzControl::new(client, "p".to_owned(), None);
    control.start(PtzVector { pan_tilt: Some((0.5, -0.25)), zoom: None }, 5000).await.unwrap();
    control.stop().await.unwrap();
    let moves: Vec<_> =
        camera.requests().into_iter().filter(|request| request.is("ContinuousMove")).map(|r| r.body).collect();
    assert_eq!(moves.len(), 4);
    assert!(moves[1].contains("x=\"0.5\" y=\"-0.25\" space=\"http"), "{}", moves[1]);
    assert!(moves[3].contains("<tt:PanTilt x=\"0\" y=\"0\"") && moves[3].contains("<tt:Zoom x=\"0\""), "{}", moves[3]);
    assert!(moves.iter().all(|body| !body.contains("Timeout")));
}

#[tokio::test]
async fn a_timeout_is_sent_only_within_what_the_device_lists() {
    let camera = Camera::hooked(Guard::Nothing, |_| None).await;
    let control = PtzControl::new(learned(&camera).await, "p".to_owned(), Some(Span { min: 1000, max: 10_000 }));
    control.start(PtzVector { pan_tilt: None, zoom: Some(1.0) }, 60_000).await.unwrap();
    assert!(camera.requests().pop().unwrap().body.contains("<Timeout>PT10S</Timeout>"));
}

#[tokio::test]
async fn logins_never_reach_another_host() {
    // The device claims to be somebody else, everywhere.
    let stranger = Camera::hooked(Guard::Nothing, |_| None).await;
    let port = stranger.port();
    let camera = Camera::hooked(Guard::Token { status: 400 }, move |request| {
        let elsewhere = format!("http://localhost:{port}/x");
        request.is("GetServices").then(|| {
            Reply::soap(
                200,
                &format!(
                    "<tds:GetServicesResponse><tds:Service><tds:Namespace>{}</tds:Namespace><tds:XAddr>{elsewhere}</tds:XAddr>\
                     </tds:Service><tds:Service><tds:Namespace>{MEDIA}</tds:Namespace><tds:XAddr>{elsewhere}</tds:XAddr>\
                     </tds:Service></tds:GetServicesResponse>",
                    DEVICE.0
                ),
            )
        })
    })
    .await;
    let client = Client::new(address(&camera), Some(right()), options());
    client.learn_services(client.call(&GetServices).await.unwrap());
    assert!(client.call(&GetProfiles).await.is_ok());
    assert_eq!(stranger.connections(), 0);
}
