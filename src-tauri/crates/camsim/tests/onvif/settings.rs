//! What is set is what is shown afterwards, and what the stream then sends.

use crate::{connected, device, eventually, farm, options, right, rtsp};
use std::time::Duration;
use watchwall_camsim::{DeviceSpec, Farm};
use watchwall_model::{StreamRole, UtcMillis, VideoCodec};
use watchwall_onvif::{Device, DeviceAddress, OnvifError, PtzControl, operations::*, soap::FaultKind};

async fn one() -> (Farm, Device) {
    let farm = farm(device()).await;
    let device = connected(&farm).await;
    (farm, device)
}

fn profile(device: &Device) -> String {
    device.channels[0].main.clone().unwrap()
}

#[tokio::test]
async fn the_clock_is_set_and_handed_to_a_time_server() {
    let (farm, device) = one().await;
    let client = &device.client;
    let year_2030 = UtcMillis(1_900_000_000_000);
    let manual =
        SetSystemDateAndTime { manual: Some(year_2030), has_daylight_savings: false, time_zone: Some("UTC0".into()) };
    client.call(&manual).await.unwrap();
    let clock = client.call(&GetSystemDateAndTime).await.unwrap();
    let ahead = clock.shown().unwrap() - year_2030;
    assert!((-1000..60_000).contains(&ahead), "{ahead}");
    assert_eq!(clock.time_zone, "UTC0");
    assert!((farm.device_clock_ms(0).unwrap() - (year_2030 - UtcMillis::now())).abs() < 60_000);
    client
        .call(&SetNtp(NtpServers { from_dhcp: false, manual: vec!["10.0.0.1".into(), "ntp.example".into()] }))
        .await
        .unwrap();
    assert_eq!(client.call(&GetNtp).await.unwrap().manual, ["10.0.0.1", "ntp.example"]);
    client.call(&SetSystemDateAndTime { manual: None, has_daylight_savings: false, time_zone: None }).await.unwrap();
    let clock = client.call(&GetSystemDateAndTime).await.unwrap();
    assert_eq!((clock.source, farm.device_clock_ms(0).unwrap()), (TimeSource::Ntp, 0));
    let nonsense = SetSystemDateAndTime { time_zone: Some("北京".into()), ..manual };
    assert_eq!(client.call(&nonsense).await.unwrap_err().fault_kind(), Some(FaultKind::InvalidValue));
    farm.shutdown().await;
}

#[tokio::test]
async fn scopes_and_names() {
    let (farm, device) = one().await;
    let client = &device.client;
    let own = "onvif://www.onvif.org/location/cellar".to_owned();
    client.call(&SetScopes(vec![own.clone()])).await.unwrap();
    let scopes = client.call(&GetScopes).await.unwrap();
    assert!(scopes.items.iter().any(|scope| scope.uri == own && !scope.is_fixed));
    assert_eq!(scopes.values("name").collect::<Vec<_>>(), ["Gate"]);
    client.call(&SetHostname("gate-1".into())).await.unwrap();
    assert_eq!(client.call(&GetHostname).await.unwrap().as_deref(), Some("gate-1"));
    let protocols = client.call(&GetNetworkProtocols).await.unwrap();
    assert!(protocols.iter().any(|protocol| protocol.name == "RTSP" && protocol.is_enabled));
    farm.shutdown().await;
}

#[tokio::test]
async fn moves_presets_and_home() {
    let (farm, device) = one().await;
    let (client, profile) = (&device.client, profile(&device));
    let at = async || client.call(&GetPtzStatus { profile: profile.clone() }).await.unwrap();
    let control = PtzControl::new(client.clone(), profile.clone(), None);
    control.start(PtzVector { pan_tilt: Some((1.0, 0.5)), zoom: Some(0.5) }, 5000).await.unwrap();
    eventually("it moves", async || at().await.position.unwrap().pan_tilt.unwrap().0 > 0.01).await;
    let moving = client.call(&SetPreset { profile: profile.clone(), name: Some("p".into()), token: None }).await;
    let stood = moving.as_ref().err().and_then(OnvifError::fault_kind);
    // Ten seconds are over on a machine that is busy beyond belief; then there is a preset.
    assert!(stood == Some(FaultKind::Moving) || moving.is_ok());
    control.stop().await.unwrap();
    let stopped = at().await;
    assert_eq!((stopped.pan_tilt, stopped.zoom), (Some(MoveStatus::Idle), Some(MoveStatus::Idle)));
    assert_eq!(at().await.position, stopped.position);
    let target = PtzVector { pan_tilt: Some((-0.5, 0.25)), zoom: Some(0.5) };
    client.call(&AbsoluteMove { profile: profile.clone(), position: target, speed: None }).await.unwrap();
    eventually("it arrives", async || at().await.position == Some(target)).await;
    let set = SetPreset { profile: profile.clone(), name: Some("Gate & <door>".into()), token: None };
    let token = client.call(&set).await.unwrap();
    assert_eq!(client.call(&set).await.unwrap_err().fault_kind(), Some(FaultKind::Exists));
    client.call(&SetHomePosition { profile: profile.clone() }).await.unwrap();
    let way = PtzVector { pan_tilt: Some((0.25, 0.0)), zoom: None };
    client
        .call(&RelativeMove { profile: profile.clone(), translation: way, speed: None, pan_tilt_space: None })
        .await
        .unwrap();
    eventually("it went on", async || at().await.position.unwrap().pan_tilt == Some((-0.25, 0.25))).await;
    let goto = GotoPreset { profile: profile.clone(), token: token.clone(), speed: None };
    client.call(&goto).await.unwrap();
    eventually("it is at the preset", async || at().await.position == Some(target)).await;
    let presets = client.call(&GetPresets { profile: profile.clone() }).await.unwrap();
    assert!(presets.iter().any(|preset| preset.name == "Gate & <door>" && preset.position == Some(target)));
    client.call(&RemovePreset { profile: profile.clone(), token }).await.unwrap();
    assert_eq!(client.call(&goto).await.unwrap_err().fault_kind(), Some(FaultKind::NoSuchEntity));
    client.call(&GotoHomePosition { profile: profile.clone() }).await.unwrap();
    eventually("it is home", async || at().await.position == Some(target)).await;
    let nodes = client.call(&GetNodes).await.unwrap();
    assert_eq!((nodes.len(), nodes[0].has_home, nodes[0].spaces.has_speed()), (1, true, true));
    let configurations = client.call(&GetPtzConfigurations).await.unwrap();
    let options = GetPtzConfigurationOptions { configuration: configurations[0].token.clone() };
    assert_eq!(client.call(&options).await.unwrap().timeout_ms, Some(Span { min: 1000, max: 60_000 }));
    farm.shutdown().await;
}

#[tokio::test]
async fn pictures_and_focus() {
    let (farm, device) = one().await;
    let client = &device.client;
    let source = device.channels[0].source_token.clone();
    let options = client.call(&GetImagingOptions { source: source.clone() }).await.unwrap();
    assert!(options.brightness.unwrap().contains(70.0) && options.ir_cut_filter_modes.contains(&"OFF".to_owned()));
    let mut settings = client.call(&GetImagingSettings { source: source.clone() }).await.unwrap();
    (settings.brightness, settings.ir_cut_filter) = (Some(70.0), Some("OFF".into()));
    client.call(&SetImagingSettings { source: source.clone(), settings: settings.clone() }).await.unwrap();
    assert_eq!(client.call(&GetImagingSettings { source: source.clone() }).await.unwrap(), settings);
    settings.brightness = Some(700.0);
    assert!(client.call(&SetImagingSettings { source: source.clone(), settings }).await.is_err());
    client.call(&MoveFocus { source: source.clone(), focus: FocusMove::Absolute { position: 0.75 } }).await.unwrap();
    assert_eq!(client.call(&GetFocusStatus { source: source.clone() }).await.unwrap().position, Some(0.75));
    assert!(client.call(&GetFocusOptions { source: source.clone() }).await.unwrap().speed.is_some());
    client.call(&StopFocus { source }).await.unwrap();
    farm.shutdown().await;
}

#[tokio::test]
async fn overlays_of_both_services() {
    let (farm, device) = one().await;
    let client = &device.client;
    for version in [MediaVersion::Media, MediaVersion::Media2] {
        let list = || GetOsds { version, source_configuration: None };
        let before = client.call(&list()).await.unwrap();
        assert_eq!(before.len(), 2);
        let configuration = before[0].source_configuration.clone();
        let text = OsdText { kind: "Plain".into(), plain: Some("Hof & 门口".into()), ..Default::default() };
        let position = OsdPosition::Custom { x: -0.5, y: 0.5 };
        let mut osd =
            Osd { token: String::new(), source_configuration: configuration.clone(), position, text: Some(text) };
        osd.token = client.call(&CreateOsd { version, osd: osd.clone() }).await.unwrap();
        let find = async || {
            let all = client.call(&list()).await.unwrap();
            all.into_iter().find(|other| other.token == osd.token)
        };
        let made = find().await.unwrap();
        assert_eq!(made.text.unwrap().plain.as_deref(), Some("Hof & 门口"));
        assert_eq!(made.position, OsdPosition::Custom { x: -0.5, y: 0.5 });
        let changed = Osd { position: OsdPosition::LowerRight, ..osd.clone() };
        client.call(&SetOsd { version, osd: changed }).await.unwrap();
        assert_eq!(find().await.unwrap().position, OsdPosition::LowerRight);
        client.call(&DeleteOsd { version, token: osd.token.clone() }).await.unwrap();
        assert_eq!(find().await, None);
        let options = client.call(&GetOsdOptions { version, source_configuration: configuration }).await.unwrap();
        assert_eq!((options.most, options.positions.len()), (Some(4), 5));
    }
    farm.shutdown().await;
}

/// The parameter sets and the frame rate of the description.
async fn described(farm: &Farm) -> (String, String) {
    let answer = rtsp::describe(&farm.rtsp_url(0, StreamRole::Main), "admin", "right").await;
    let line = |name: &str| answer.lines().find(|line| line.contains(name)).unwrap_or_default().to_owned();
    (line("sprop"), line("a=framerate"))
}

#[tokio::test]
async fn an_encoder_that_is_set_changes_the_stream() {
    let (farm, device) = one().await;
    let client = &device.client;
    farm.ready().await.unwrap();
    let before = described(&farm).await;
    let encoders = client.call(&GetVideoEncoderConfigurations).await.unwrap();
    assert_eq!((encoders.len(), encoders[0].size), (2, Some(Size { width: 640, height: 360 })));
    let options = GetVideoEncoderConfigurationOptions { configuration: Some(encoders[0].token.clone()), profile: None };
    let options = client.call(&options).await.unwrap();
    let half = Size { width: 320, height: 180 };
    assert!(options[0].sizes.contains(&half) && options[0].gop_length.unwrap().contains(20));
    let wanted = VideoEncoder { size: Some(half), frame_rate: Some(10.0), gop_length: Some(20), ..encoders[0].clone() };
    client.call(&SetVideoEncoderConfiguration(wanted)).await.unwrap();
    let now = client.call(&GetVideoEncoders2).await.unwrap();
    assert_eq!((now[0].size, now[0].gop_length, now[0].frame_rate), (Some(half), Some(20), Some(10.0)));
    eventually("the stream follows", async || {
        let (sets, rate) = described(&farm).await;
        sets != before.0 && rate == "a=framerate:10"
    })
    .await;
    // The new service alone sets H.265.
    assert!(client.call(&GetEncoderOptions2::default()).await.unwrap().iter().any(|o| o.codec == VideoCodec::H265));
    client.call(&SetVideoEncoder2(VideoEncoder { codec: Some(VideoCodec::H265), ..now[0].clone() })).await.unwrap();
    eventually("the codec follows", async || described(&farm).await.0.contains("sprop-vps")).await;
    let old = client.call(&GetVideoEncoderConfigurations).await.unwrap();
    assert_eq!(old[0].codec, Some(VideoCodec::H264), "the old service knows no better");
    let nonsense = VideoEncoder { size: Some(Size { width: 100, height: 100 }), ..now[0].clone() };
    assert!(client.call(&SetVideoEncoder2(nonsense)).await.is_err());
    // Healing is no factory reset.
    farm.clear(0).await.unwrap();
    assert_eq!(client.call(&GetVideoEncoders2).await.unwrap()[0].size, Some(half));
    farm.shutdown().await;
}

#[tokio::test]
async fn a_reboot_takes_the_device_and_its_streams_along() {
    let farm = farm(DeviceSpec { reboot: Duration::from_millis(500), ..device() }).await;
    let device = connected(&farm).await;
    let address: DeviceAddress = device.client.address().clone();
    device.client.call(&SystemReboot).await.unwrap();
    eventually("it is away", async || farm.faults(0, StreamRole::Main).unwrap().offline).await;
    eventually("it is back", async || !farm.faults(0, StreamRole::Sub).unwrap().offline).await;
    eventually("it answers", async || {
        let survey = Device::connect(address.clone(), right(), options()).await;
        survey.first_error().is_none()
    })
    .await;
    let answer = rtsp::describe(&farm.rtsp_url(0, StreamRole::Main), "admin", "right").await;
    assert!(answer.starts_with("RTSP/1.0 200"), "{answer}");
    farm.shutdown().await;
}
