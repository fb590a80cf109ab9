//! What real devices do, one test each, named after the quirk: the client connects all the same.

use crate::{address, connected, device, farm, options, right, survey};
use watchwall_camsim::{DeviceSpec, EdgeStorage, Farm, Quirk, SoapLogin};
use watchwall_model::{StreamRole, VideoCodec};
use watchwall_onvif::{
    AuthMode, ClientOptions, Device, OnvifError,
    operations::{FindRecordings, GetRecordingSearchResults},
    soap::Service,
};

/// Connects to a device with that habit: every step goes well, and both streams are found where they are.
async fn copes(quirk: Quirk) -> (Farm, Device) {
    copes_with(DeviceSpec { quirks: vec![quirk], ..device() }).await
}

async fn copes_with(spec: DeviceSpec) -> (Farm, Device) {
    let farm = farm(spec).await;
    let device = connected(&farm).await;
    check_streams(&farm, &device);
    (farm, device)
}

fn check_streams(farm: &Farm, device: &Device) {
    assert_eq!(device.channels.len(), 1, "{:?}", device.channels);
    let found: Vec<_> =
        device.streams.iter().map(|stream| (stream.role, stream.url.clone().unwrap().to_string())).collect();
    let roles: Vec<_> = found.iter().map(|(role, _)| *role).collect();
    assert_eq!(roles, [StreamRole::Main, StreamRole::Sub]);
    for (role, url) in &found {
        let expect = farm.rtsp_url(0, *role);
        assert!(*url == expect || url.starts_with(&format!("{expect}?")), "{url} is not {expect}");
    }
}

macro_rules! copes {
    ($($test:ident $quirk:ident,)*) => {
        $(
            #[tokio::test]
            async fn $test() {
                let (farm, _) = copes(Quirk::$quirk).await;
                assert_eq!(farm.device_counters(0).unwrap().password_attempts_total, 0);
                farm.shutdown().await;
            }
        )*
    };
}

copes! {
    quirk_nat_xaddr NatXaddr,
    quirk_loopback_xaddr LoopbackXaddr,
    quirk_zero_xaddr ZeroXaddr,
    quirk_link_local_xaddr LinkLocalXaddr,
    quirk_ipv6_xaddr Ipv6Xaddr,
    quirk_wrong_port_xaddr WrongPortXaddr,
    quirk_double_port_xaddr DoublePortXaddr,
    quirk_wrong_path_xaddr WrongPathXaddr,
    quirk_bare_ampersand BareAmpersand,
    quirk_double_escaped DoubleEscaped,
    quirk_wrong_namespaces WrongNamespaces,
    quirk_bom_and_comments BomAndComments,
    quirk_minor_missing MinorMissing,
    quirk_unlisted_sources UnlistedSources,
    quirk_wrong_source_count WrongSourceCount,
    quirk_silent_close SilentClose,
    quirk_chunked_answers ChunkedAnswers,
    quirk_slow_lists SlowLists,
    quirk_lowercase_headers_fail LowercaseHeadersFail,
    quirk_regex_parser RegexParser,
    quirk_action_only ActionOnly,
    quirk_action_header_fails ActionHeaderFails,
    quirk_guards_all GuardsAll,
    quirk_nonce_once NonceOnce,
    quirk_no_qop NoQop,
    quirk_no_get_services NoGetServices,
    quirk_no_get_capabilities NoGetCapabilities,
    quirk_media2_crashes Media2Crashes,
    quirk_media2_bare Media2Bare,
    quirk_udp_only_uri UdpOnlyUri,
    quirk_foreign_stream_host ForeignStreamHost,
}

#[tokio::test]
async fn quirk_one_path() {
    let (farm, device) = copes(Quirk::OnePath).await;
    assert!(device.client.address().device_url().ends_with("/onvif/service"));
    farm.shutdown().await;
}

#[tokio::test]
async fn quirk_gbk_names() {
    let (farm, device) = copes(Quirk::GbkNames).await;
    assert_eq!(device.channels[0].name, "门口");
    farm.shutdown().await;
}

#[tokio::test]
async fn quirk_spaced_tokens() {
    let (farm, device) = copes(Quirk::SpacedTokens).await;
    assert_eq!(device.channels[0].main.as_deref(), Some("Profile 1 <main&\">"));
    farm.shutdown().await;
}

#[tokio::test]
async fn quirk_numeric_tokens() {
    let (farm, device) = copes(Quirk::NumericTokens).await;
    assert_eq!(device.channels[0].profiles, ["000", "001"]);
    farm.shutdown().await;
}

#[tokio::test]
async fn quirk_empty_profiles() {
    let (farm, device) = copes(Quirk::EmptyProfiles).await;
    assert_eq!(device.profiles.len(), 3);
    let error = device.client.stream_uri("Empty_1").await.unwrap_err();
    assert_eq!(error.fault_kind(), Some(watchwall_onvif::soap::FaultKind::IncompleteConfiguration));
    farm.shutdown().await;
}

#[tokio::test]
async fn quirk_one_at_a_time() {
    let (farm, device) = copes(Quirk::OneAtATime).await;
    let calls = (0..8).map(|_| device.client.call(&watchwall_onvif::operations::GetUsers));
    for done in futures::future::join_all(calls).await {
        done.unwrap();
    }
    assert_eq!(farm.device_counters(0).unwrap().most_at_once, 1);
    farm.shutdown().await;
}

#[tokio::test]
async fn quirk_no_wsse() {
    let spec = DeviceSpec { login: SoapLogin::DigestOrToken, quirks: vec![Quirk::NoWsse], ..device() };
    let (farm, device) = copes_with(spec).await;
    assert_eq!(device.facts.login, Some(watchwall_onvif::LoginSeen::Digest));
    farm.shutdown().await;
}

#[tokio::test]
async fn quirk_echoes_security() {
    let spec = DeviceSpec { login: SoapLogin::Token, quirks: vec![Quirk::EchoesSecurity], ..device() };
    let (farm, device) = copes_with(spec).await;
    assert_eq!(device.facts.login, Some(watchwall_onvif::LoginSeen::Wsse));
    farm.shutdown().await;
}

#[tokio::test]
async fn quirk_wants_both_logins() {
    let spec = DeviceSpec { login: SoapLogin::DigestOrToken, quirks: vec![Quirk::WantsBothLogins], ..device() };
    let farm = farm(spec).await;
    // A person says so.
    let both = ClientOptions { auth: AuthMode::Both, ..options() };
    let survey = Device::connect(address(&farm, 0), right(), both).await;
    assert_eq!(survey.first_error(), None);
    check_streams(&farm, &survey.device.unwrap());
    farm.shutdown().await;
}

#[tokio::test]
async fn quirk_no_media1() {
    let (farm, device) = copes(Quirk::NoMedia1).await;
    assert!(!device.services.has(&Service::Media) && device.services.has(&Service::Media2));
    farm.shutdown().await;
}

#[tokio::test]
async fn quirk_no_media2() {
    let (farm, device) = copes(Quirk::NoMedia2).await;
    assert!(device.services.has(&Service::Media) && !device.services.has(&Service::Media2));
    farm.shutdown().await;
}

#[tokio::test]
async fn quirk_h265_in_media1() {
    let mut camera = crate::camera("Gate");
    camera.main.codec = watchwall_camsim::Codec::H265;
    let spec = DeviceSpec { quirks: vec![Quirk::H265InMedia1, Quirk::NoMedia2], ..device() };
    let farm = Farm::start(crate::options_of(vec![camera], vec![spec])).await.unwrap();
    let device = connected(&farm).await;
    assert_eq!(device.profiles[0].video.as_ref().unwrap().codec, Some(VideoCodec::H265));
    // A well-behaved one says H.264 there, and the new service corrects it.
    farm.clear_quirks(0).unwrap();
    let device = connected(&farm).await;
    assert_eq!(device.profiles[0].video.as_ref().unwrap().codec, Some(VideoCodec::H265));
    farm.shutdown().await;
}

#[tokio::test]
async fn quirk_invalid_after_reboot() {
    let (farm, device) = copes(Quirk::InvalidAfterReboot).await;
    assert!(device.streams.iter().all(|stream| stream.is_invalid_after_reboot));
    farm.shutdown().await;
}

/// The clock as a token sees it: the login must come through.
async fn clock(quirk: Quirk) -> (Farm, Device) {
    copes_with(DeviceSpec { login: SoapLogin::Token, quirks: vec![quirk], ..device() }).await
}

#[tokio::test]
async fn quirk_local_clock() {
    let (farm, device) = clock(Quirk::LocalClock).await;
    let hours = device.facts.clock_offset_ms.unwrap() / 3_600_000;
    assert!((7..=8).contains(&hours), "{hours}");
    farm.shutdown().await;
}

#[tokio::test]
async fn quirk_no_utc_clock() {
    let (farm, device) = clock(Quirk::NoUtcClock).await;
    let clock = device.facts.clock.unwrap();
    assert!(clock.utc.is_none() && clock.local.is_some());
    farm.shutdown().await;
}

#[tokio::test]
async fn quirk_clock_unset() {
    let (farm, device) = clock(Quirk::ClockUnset).await;
    assert_eq!(device.facts.clock.unwrap().utc.unwrap().year, 2000);
    assert_eq!(farm.device_counters(0).unwrap().password_attempts_total, 0);
    farm.shutdown().await;
}

#[tokio::test]
async fn quirk_odd_time_zone() {
    let (farm, device) = clock(Quirk::OddTimeZone).await;
    assert_eq!(device.facts.clock.as_ref().unwrap().zone_minutes(), Some(480));
    farm.shutdown().await;
}

#[tokio::test]
async fn quirk_attempt_countdown() {
    let lockout = Some(watchwall_camsim::Lockout { attempts: 5, ms: 60_000 });
    let spec = DeviceSpec { lockout, quirks: vec![Quirk::AttemptCountdown], ..device() };
    let farm = farm(spec).await;
    let client = watchwall_onvif::Client::new(address(&farm, 0), crate::login("admin", "wrong"), options());
    let error = client.call(&watchwall_onvif::operations::GetUsers).await.unwrap_err();
    assert!(matches!(error, OnvifError::Locked { attempts_left: Some(4), .. }), "{error:?}");
    assert!(client.call(&watchwall_onvif::operations::GetUsers).await.is_err());
    assert_eq!(farm.device_counters(0).unwrap().password_attempts_total, 1);
    assert_eq!(survey(&farm, right()).await.first_error(), None);
    farm.shutdown().await;
}

#[tokio::test]
async fn quirk_search_empty() {
    for (quirks, expect) in [(vec![], 1), (vec![Quirk::SearchEmpty], 0)] {
        let edge_storage = Some(EdgeStorage { reaches_back: std::time::Duration::from_secs(600) });
        let farm = farm(DeviceSpec { quirks, edge_storage, ..device() }).await;
        let client = &connected(&farm).await.client;
        let token = client.call(&FindRecordings::default()).await.unwrap();
        let results = client.call(&GetRecordingSearchResults { token, most: 10 }).await.unwrap();
        assert_eq!((results.is_complete, results.recordings.len()), (true, expect));
        farm.shutdown().await;
    }
}

/// Whoever adds a quirk adds its test.
#[test]
fn every_quirk_has_a_test_of_its_name() {
    let tests = concat!(
        include_str!("quirks.rs"),
        include_str!("quirks_of_events.rs"),
        include_str!("quirks_of_faults.rs"),
        include_str!("quirks_of_motors.rs"),
        include_str!("pictures.rs"),
        include_str!("discovery.rs"),
        // What replays do is seen by who replays.
        include_str!("../../../media/tests/ingest/replays.rs"),
    );
    let missing: Vec<_> = Quirk::all().filter(|quirk| !tests.contains(&format!("quirk_{}", quirk.name()))).collect();
    assert_eq!(missing, []);
}
