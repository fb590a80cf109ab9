//! A device is taken through all steps, and each says how it went.

use crate::{
    address,
    device::{Camera, Guard, Reply, Setup},
    options, right, with_latch, wrong,
};
use watchwall_model::{ErrorCode, LockoutLatch, StreamRole, VideoCodec};
use watchwall_onvif::{Device, DeviceAddress, LoginSeen, Step, Suggestion, Survey, Vendor, soap::Service};

#[track_caller]
fn failed(survey: &Survey, step: Step, code: ErrorCode, suggestion: Suggestion) {
    let (at, error) = survey.first_error().expect("a step failed");
    assert_eq!((at, error.code, error.suggestion), (step, code, suggestion), "{}", error.message);
    assert_eq!(error.problem.step, Some(step.as_str()));
}

#[tokio::test]
async fn everything_a_site_needs_to_know() {
    for guard in [Guard::Digest(&["SHA-256", "MD5"]), Guard::Token { status: 400 }] {
        let camera = Camera::start(Setup { guard, clock_ms: 3_600_000, ..Setup::default() }).await;
        let survey = Device::connect(address(&camera), Some(right()), options()).await;
        assert!(survey.first_error().is_none(), "{:?}", survey.steps);
        let steps: Vec<_> = survey.steps.iter().map(|report| report.step).collect();
        let all = [
            Step::Reach,
            Step::Speak,
            Step::Clock,
            Step::Authenticate,
            Step::Identify,
            Step::Capabilities,
            Step::Profiles,
            Step::StreamUris,
        ];
        assert_eq!(steps, all);
        let device = survey.device.unwrap();
        let facts = &device.facts;
        assert_eq!((facts.vendor.clone(), facts.name.as_deref()), (Some(Vendor::Hikvision), Some("Gate")));
        assert_eq!((facts.endpoint.as_deref(), facts.macs[0].as_str()), (Some("e-1"), "44:19:b6:00:00:01"));
        assert_eq!(facts.information.firmware, "V5.7.13");
        assert!((facts.clock_offset_ms.unwrap() - 3_600_000).abs() < 10_000);
        let seen = if guard == (Guard::Token { status: 400 }) { LoginSeen::Wsse } else { LoginSeen::Digest };
        assert_eq!(facts.login, Some(seen));
        assert!(device.services.has(&Service::Events));
        assert_eq!(device.channels.len(), 1);
        let channel = &device.channels[0];
        assert_eq!((channel.main.as_deref(), channel.sub.as_deref()), (Some("Profile 1"), Some("Profile 2")));
        assert_eq!(channel.path("127.0.0.1", StreamRole::Main).as_str(), "cam_127_0_0_1_ch1_main");
        assert_eq!(device.profiles[0].video.as_ref().unwrap().codec, Some(VideoCodec::H264));
        let urls: Vec<_> = device.streams.iter().map(|stream| stream.url.as_ref().unwrap().as_str()).collect();
        assert_eq!(urls, ["rtsp://127.0.0.1:554/ch/101?a=1&b=2", "rtsp://127.0.0.1:554/ch/102?a=1&b=2"]);
        assert!(device.streams[0].is_invalid_after_reboot);
        assert_eq!(camera.wrong(), 0);
    }
}

#[tokio::test]
async fn nothing_there() {
    let camera = Camera::start(Setup::default()).await;
    let gone = address(&camera);
    camera.off().await;
    let survey = Device::connect(gone, Some(right()), options()).await;
    failed(&survey, Step::Reach, ErrorCode::PortRefused, Suggestion::CheckPort);
    assert!(survey.device.is_none());
    let unknown = DeviceAddress::parse("camera.invalid").unwrap();
    let survey = Device::connect(unknown, None, options()).await;
    failed(&survey, Step::Reach, ErrorCode::HostUnknown, Suggestion::CheckAddress);
}

#[tokio::test]
async fn a_web_page_is_no_camera() {
    let camera = Camera::hooked(Guard::Nothing, |_| Some(Reply::raw(200, "<html>hello</html>"))).await;
    let survey = Device::connect(address(&camera), Some(right()), options()).await;
    failed(&survey, Step::Speak, ErrorCode::NotOnvif, Suggestion::EnableOnvif);
    assert!(survey.step(Step::Reach).unwrap().outcome.is_ok());
}

#[tokio::test]
async fn quirk_8_a_wrong_login_suggests_the_account_of_its_own() {
    let camera = Camera::start(Setup::default()).await;
    let latch = LockoutLatch::default();
    for _ in 0..4 {
        let survey = Device::connect(address(&camera), Some(wrong()), with_latch(&latch)).await;
        failed(&survey, Step::Authenticate, ErrorCode::CredentialsWrong, Suggestion::MakeOnvifUser);
        assert!(survey.step(Step::Clock).unwrap().outcome.is_ok());
    }
    assert!((1..=2).contains(&camera.wrong()), "{}", camera.wrong());
    let survey =
        Device::connect_known(address(&camera), Some(wrong()), with_latch(&latch), Some(Vendor::Reolink)).await;
    failed(&survey, Step::Authenticate, ErrorCode::CredentialsWrong, Suggestion::CheckPassword);
    let survey = Device::connect(address(&camera), None, options()).await;
    failed(&survey, Step::Authenticate, ErrorCode::CredentialsMissing, Suggestion::EnterLogin);
}

#[tokio::test]
async fn no_profiles_means_the_address_of_a_stream() {
    let camera = Camera::hooked(Guard::Nothing, |request| {
        request.is("GetProfiles").then(|| Reply::soap(200, "<trt:GetProfilesResponse/>"))
    })
    .await;
    let survey = Device::connect(address(&camera), None, options()).await;
    failed(&survey, Step::Profiles, ErrorCode::NoVideo, Suggestion::UseStreamAddress);
    assert!(survey.device.is_some());
}

#[tokio::test]
async fn one_stream_that_fails_leaves_the_other() {
    let camera = Camera::hooked(Guard::Nothing, |request| {
        let is_sub = request.is("GetStreamUri") && request.body.contains("Profile 2");
        is_sub.then(|| Reply::fault(500, &["Action"], "no idea"))
    })
    .await;
    let survey = Device::connect(address(&camera), None, options()).await;
    assert!(survey.first_error().is_none());
    let streams = survey.device.unwrap().streams;
    assert!(streams[0].url.is_ok());
    assert_eq!(streams[1].url.as_ref().unwrap_err().code, ErrorCode::DeviceRefused);
}

#[tokio::test]
async fn an_empty_profile_is_no_failure() {
    let camera = Camera::hooked(Guard::Nothing, |request| {
        let is_sub = request.is("GetStreamUri") && request.body.contains("Profile 2");
        is_sub.then(|| Reply::fault(400, &["Action", "IncompleteConfiguration"], ""))
    })
    .await;
    let streams = Device::connect(address(&camera), None, options()).await.device.unwrap().streams;
    assert_eq!(streams.len(), 1);
}

#[tokio::test]
async fn an_old_device_without_get_services() {
    let camera = Camera::hooked(Guard::Digest(&["MD5"]), |request| match request.operation().as_str() {
        "GetServices" => Some(Reply::fault(400, &["ActionNotSupported"], "")),
        "GetCapabilities" => Some(Reply::soap(
            200,
            "<tds:GetCapabilitiesResponse><tds:Capabilities><tt:Media><tt:XAddr>http://x/old/media</tt:XAddr></tt:Media>\
             </tds:Capabilities></tds:GetCapabilitiesResponse>",
        )),
        _ => None,
    })
    .await;
    let survey = Device::connect(address(&camera), Some(right()), options()).await;
    assert!(survey.first_error().is_none(), "{:?}", survey.steps);
    assert!(camera.requests().iter().any(|request| request.target == "/old/media"));
}

#[test]
fn every_suggestion_has_a_sentence_in_both_languages() {
    for language in
        [include_str!("../../../../../assets/i18n/en.json"), include_str!("../../../../../assets/i18n/zh-CN.json")]
    {
        for suggestion in Suggestion::ALL {
            assert!(language.contains(&format!("\"suggestion.{}\": \"", suggestion.as_str())), "{suggestion:?}");
        }
    }
}
