//! Devices, their cameras and credential sets, against real SQLite files.
#![allow(clippy::unwrap_used, reason = "helpers of tests fail by panicking, as the tests do")]

use std::path::Path;
use watchwall_model::{
    Camera, CredentialSet, Credentials, Device, DeviceEndpoint, DeviceFacts, ErrorCode, IngestEngine, SafeUrl, Secret,
    StreamFailure, StreamRole, Transport, UtcMillis,
};
use watchwall_store::{DataFolder, NewCameraRow, NewChannelRow, NewDeviceRow, NewStreamRow, Store};

async fn open(folder: &Path) -> (Store, DataFolder) {
    let lock = DataFolder::lock(folder).unwrap();
    let (store, _) = Store::open(&lock).await.unwrap();
    (store, lock)
}

fn camera(url: &str) -> NewCameraRow {
    NewCameraRow {
        name: None,
        host: "10.0.0.9".into(),
        group: None,
        credentials: None,
        streams: vec![(StreamRole::Main, SafeUrl::split(url).unwrap().0)],
        engine: IngestEngine::Auto,
        transport: Transport::Auto,
    }
}

fn device_row(host: &str, serial: &str) -> NewDeviceRow {
    NewDeviceRow {
        at: DeviceEndpoint { host: host.into(), port: 80, is_tls: false, path: "/onvif/device_service".into() },
        credentials: Some(Credentials { username: "admin".into(), password: Secret::new("p@:/%&<>\"密码") }),
        facts: DeviceFacts { serial: serial.into(), macs: vec!["02:00:00:00:00:01".into()], ..DeviceFacts::default() },
    }
}

fn channel_row(number: u32, url: &str, failure: Option<StreamFailure>) -> NewChannelRow {
    let stream = NewStreamRow {
        role: StreamRole::Main,
        url: SafeUrl::split(url).unwrap().0,
        profile: Some(format!("profile {number}")),
        engine: IngestEngine::Auto,
        transport: Transport::Auto,
        facts: None,
        engine_in_use: None,
        failure,
        is_invalid_after_reboot: true,
    };
    let source_token = Some(format!("source {number}"));
    let (name, group, ptz_profile) = (None, None, None);
    NewChannelRow { name, group, channel: number, enabled: true, source_token, ptz_profile, streams: vec![stream] }
}

#[tokio::test]
async fn a_device_is_stored_with_all_its_cameras_or_not_at_all() {
    let folder = tempfile::tempdir().unwrap();
    let (store, _lock) = open(folder.path()).await;
    let failure = StreamFailure {
        code: ErrorCode::CameraBusy,
        step: StreamFailure::PROBE_STREAMS.into(),
        message: "no more sessions".into(),
        suggestion: "try_again".into(),
        params: std::collections::BTreeMap::from([("status".into(), "453".into())]),
        at: UtcMillis(7),
    };
    let channels =
        [channel_row(1, "rtsp://10.0.0.5/1", None), channel_row(2, "rtsp://10.0.0.5/2", Some(failure.clone()))];
    let (device, cameras) = store.devices().insert(&device_row("10.0.0.5", "S1"), &channels).await.unwrap();
    assert_eq!(store.devices().get(device.id).await.unwrap().unwrap(), device);
    assert_eq!(device.credentials.as_ref().unwrap().password.reveal(), "p@:/%&<>\"密码");
    assert_eq!(store.cameras().of_device(device.id).await.unwrap(), cameras);
    let stored = &cameras[1];
    assert_eq!((stored.device, stored.source_token.as_deref()), (Some(device.id), Some("source 2")));
    assert_eq!(
        (stored.streams[0].path.as_str(), &stored.streams[0].failure),
        ("cam_10_0_0_5_ch2_main", &Some(failure))
    );
    assert!(stored.streams[0].is_invalid_after_reboot);
    assert_eq!(stored.credentials, device.credentials);
    // What is seen ends a failure.
    let facts = r#"{"video":"h264","video_codec_string":null,"width":1,"height":1,"frame_rate":1.0,"gop_ms":null,
        "has_b_frames":false,"audio":null,"audio_sample_rate":null}"#;
    let facts = serde_json::from_str(facts).unwrap();
    store.cameras().set_facts(&stored.streams[0].path, Some(&facts)).await.unwrap();
    assert_eq!(store.cameras().get(stored.id).await.unwrap().unwrap().streams[0].failure, None);
    // The same address twice, and a channel whose path is taken half-way.
    let again = store.devices().insert(&device_row("10.0.0.5", "S2"), &[]).await.unwrap_err();
    assert_eq!(again.code(), ErrorCode::DeviceExists);
    assert_eq!(store.devices().all().await.unwrap().len(), 1);
    // Found again by address, serial number or endpoint reference.
    let at = device_row("10.0.0.9", "").at;
    let alike = async |serial: &str| {
        let facts = DeviceFacts { serial: serial.into(), ..DeviceFacts::default() };
        store.devices().alike(&at, &facts).await.unwrap().len()
    };
    assert_eq!((alike("S1").await, alike("S9").await, alike("").await), (1, 0, 0));
    // The device goes with its cameras.
    store.devices().delete(device.id).await.unwrap();
    assert!(store.cameras().all().await.unwrap().is_empty());
}

#[tokio::test]
async fn a_device_moves_with_its_cameras_and_their_paths_stay() {
    let folder = tempfile::tempdir().unwrap();
    let (store, _lock) = open(folder.path()).await;
    // Channel 1 of the new address is somebody else's.
    store.cameras().insert(camera("rtsp://10.0.0.9/other")).await.unwrap();
    let channels = [channel_row(1, "rtsp://10.0.0.5/1", None)];
    let (mut device, mut cameras) = store.devices().insert(&device_row("10.0.0.5", "S1"), &channels).await.unwrap();
    let stale = device.clone();
    device.at.host = "10.0.0.9".into();
    cameras[0].host = "10.0.0.9".into();
    let (moved, cameras) = store.devices().update(&device, &cameras, &[]).await.unwrap();
    assert_eq!((moved.at.host.as_str(), moved.version), ("10.0.0.9", 2));
    assert_eq!((cameras[0].channel, cameras[0].streams[0].path.as_str()), (2, "cam_10_0_0_5_ch1_main"));
    let refused = store.devices().update(&stale, &[], &[]).await.unwrap_err();
    assert_eq!(refused.code(), ErrorCode::VersionConflict);
    // A camera that somebody changed meanwhile keeps the device as it was.
    let gate = Camera { name: "Gate".into(), ..cameras[0].clone() };
    let renamed = store.cameras().update(&gate, gate.version).await.unwrap();
    assert!(renamed.version > cameras[0].version);
    assert!(
        store
            .devices()
            .update(&Device { facts: DeviceFacts::default(), ..moved.clone() }, &cameras, &[])
            .await
            .is_err()
    );
    assert_eq!(store.devices().get(moved.id).await.unwrap().unwrap(), moved);
}

#[tokio::test]
async fn sets_of_credentials_keep_their_order_and_their_secret() {
    let folder = tempfile::tempdir().unwrap();
    let (store, _lock) = open(folder.path()).await;
    let credentials = |password: &str| Credentials { username: "admin".into(), password: Secret::new(password) };
    let first = store.credential_sets().insert("Yard", &credentials("hunter2")).await.unwrap();
    let second = store.credential_sets().insert("Hall", &credentials("b")).await.unwrap();
    let taken = store.credential_sets().insert("Yard", &credentials("c")).await.unwrap_err();
    assert_eq!(taken.code(), ErrorCode::NameTaken);
    let moved = CredentialSet { position: 0, ..second };
    let moved = store.credential_sets().update(&moved, moved.version).await.unwrap();
    assert_eq!(store.credential_sets().all().await.unwrap(), [moved.clone(), first.clone()]);
    assert_eq!(store.credential_sets().update(&moved, 1).await.unwrap_err().code(), ErrorCode::VersionConflict);
    store.credential_sets().delete(moved.id).await.unwrap();
    assert_eq!(store.credential_sets().delete(moved.id).await.unwrap_err().code(), ErrorCode::NotFound);
    store.close().await;
    let bytes = std::fs::read(folder.path().join("watchwall.db")).unwrap();
    assert!(!bytes.windows(7).any(|piece| piece == b"hunter2"));
}
