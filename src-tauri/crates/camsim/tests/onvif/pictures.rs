//! Snapshots, right and wrong.

use crate::{address, connected, device, farm, login, options, right};
use std::time::Duration;
use watchwall_camsim::{DeviceSpec, Farm, LoginAttempts, Quirk, SoapLogin};
use watchwall_onvif::{Client, ClientOptions, Device, OnvifError, Picture, PictureFormat, PlainPassword};

async fn uri(device: &Device) -> String {
    device.client.snapshot_uri(device.channels[0].main.as_ref().unwrap()).await.unwrap().expect("an address")
}

async fn picture(quirk: Option<Quirk>) -> (Farm, Result<Picture, OnvifError>) {
    let farm = farm(DeviceSpec { quirks: quirk.into_iter().collect(), ..device() }).await;
    let device = connected(&farm).await;
    let picture = device.client.picture(&uri(&device).await).await;
    (farm, picture)
}

/// Width and height of a JPEG, from its frame header.
fn size(jpeg: &[u8]) -> Option<(u16, u16)> {
    let at = jpeg.windows(2).position(|marker| marker == [0xff, 0xc0])?;
    let word = |at: usize| Some(u16::from_be_bytes([*jpeg.get(at)?, *jpeg.get(at + 1)?]));
    Some((word(at + 7)?, word(at + 5)?))
}

#[tokio::test]
async fn every_way_to_log_in_gives_a_picture_of_the_streams_size() {
    for way in [SoapLogin::Open, SoapLogin::Digest, SoapLogin::DigestSha256, SoapLogin::Token, SoapLogin::Basic] {
        let farm = farm(DeviceSpec { login: way, ..device() }).await;
        let options = ClientOptions { plain_password: PlainPassword::Allowed, ..options() };
        let survey = Device::connect(address(&farm, 0), right(), options).await;
        let device = survey.device.unwrap();
        let picture = device.client.picture(&uri(&device).await).await.unwrap();
        assert_eq!((picture.format, size(&picture.bytes)), (PictureFormat::Jpeg, Some((640, 360))), "{way:?}");
        let counters = farm.device_counters(0).unwrap();
        assert_eq!((counters.pictures, counters.password_attempts_total), (1, 0), "{way:?}");
        farm.shutdown().await;
    }
}

#[tokio::test]
async fn a_wrong_password_is_counted_at_the_door_of_pictures() {
    let farm = farm(device()).await;
    let uri = uri(&connected(&farm).await).await;
    let wrong = Client::new(address(&farm, 0), login("admin", "wrong"), options());
    assert!(matches!(wrong.picture(&uri).await.unwrap_err(), OnvifError::CredentialsWrong { .. }));
    let attempts = farm.device_counters(0).unwrap().password_attempts;
    assert_eq!(attempts, LoginAttempts { http: 1, ..LoginAttempts::default() });
    farm.shutdown().await;
}

#[tokio::test]
async fn quirk_snapshot_foreign_host() {
    let (farm, picture) = picture(Some(Quirk::SnapshotForeignHost)).await;
    assert_eq!(picture.unwrap().format, PictureFormat::Jpeg);
    farm.shutdown().await;
}

#[tokio::test]
async fn quirk_snapshot_credentials_in_query() {
    let (farm, picture) = picture(Some(Quirk::SnapshotCredentialsInQuery)).await;
    assert_eq!(picture.unwrap().format, PictureFormat::Jpeg);
    farm.shutdown().await;
}

#[tokio::test]
async fn quirk_snapshot_png() {
    let (farm, picture) = picture(Some(Quirk::SnapshotPng)).await;
    assert_eq!(picture.unwrap().format, PictureFormat::Png);
    farm.shutdown().await;
}

#[tokio::test]
async fn quirk_snapshot_html() {
    let (farm, picture) = picture(Some(Quirk::SnapshotHtml)).await;
    assert!(matches!(picture, Err(OnvifError::NoPicture { .. })), "{picture:?}");
    farm.shutdown().await;
}

#[tokio::test]
async fn quirk_snapshot_rtsp() {
    let (farm, picture) = picture(Some(Quirk::SnapshotRtsp)).await;
    assert!(matches!(picture, Err(OnvifError::SnapshotAddress { .. })), "{picture:?}");
    farm.shutdown().await;
}

#[tokio::test]
async fn quirk_snapshot_missing() {
    let farm = farm(DeviceSpec { quirks: vec![Quirk::SnapshotMissing], ..device() }).await;
    let device = connected(&farm).await;
    let uri = device.client.snapshot_uri(device.channels[0].main.as_ref().unwrap()).await.unwrap();
    assert_eq!(uri, None);
    farm.shutdown().await;
}

#[tokio::test]
async fn quirk_snapshot_hangs() {
    let farm = farm(DeviceSpec { quirks: vec![Quirk::SnapshotHangs], ..device() }).await;
    let uri = uri(&connected(&farm).await).await;
    let short = ClientOptions { read_timeout: Duration::from_millis(500), ..options() };
    let error = Client::new(address(&farm, 0), right(), short).picture(&uri).await.unwrap_err();
    assert!(matches!(error, OnvifError::Timeout { .. }), "{error}");
    farm.shutdown().await;
}
