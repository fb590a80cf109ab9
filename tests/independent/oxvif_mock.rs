//! The mock server of crate `oxvif`: dispatches by the action parameter alone, strict about schemas, events at once.

use crate::{
    ports::Mended,
    scene::{PASSWORD, WITHIN, listening, look, onboard, ptz, site, stream},
};
use anyhow::{Context, Result};
use oxvif::mock::{DeviceState, MockServer};
use serde_json::json;
use watchwall_model::StreamRole;
use watchwall_tests::{Socket, soon, until};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_mock_of_oxvif_is_added_moved_and_listened_to() -> Result<()> {
    let farm = stream().await?;
    let mut state = DeviceState::default();
    let user = state.users.first_mut().context("the mock has no user")?;
    user.username = crate::scene::USER.to_owned();
    user.password = PASSWORD.to_owned();
    let server = MockServer::builder().initial_state(state).enforce_auth(true).start().await?;
    // It has no streams of its own: those it names become one of ours.
    let stream = farm.rtsp_url(0, StreamRole::Main);
    let named = ["rtsp://127.0.0.1:554/mock/stream", "rtsp://127.0.0.1:554/mock/h265"];
    let door = Mended::start(server.base_url(), &named.map(|url| (url, stream.as_str()))).await?;
    let url = server.device_url().replacen(server.base_url(), &door.base, 1);
    let site = site().await?;

    let refused = look(&site, &url, "wrong").await?;
    assert_eq!(refused.code(), "credentials_wrong", "{}", refused.text);
    let seen = look(&site, &url, PASSWORD).await?.ok()?.json;
    assert_eq!(seen["device"]["login"], "wsse", "{seen}");

    let (_, camera) = onboard(&site, &url, PASSWORD).await?;
    site.health_is(&camera, "online").await?;
    listening(&site, &camera).await?;
    let mut news = Socket::open(&site.admin, "/ws/web-notify").await?;
    news.say(&json!({ "type": "subscribe", "topics": ["events"] })).await?;
    let event = soon("an event", WITHIN, news.json("camera_event")).await??["event"].clone();
    assert!(event["kind"].as_str().is_some_and(|kind| !kind.is_empty()), "{event}");

    let before = position(&site, &camera).await?;
    let target = json!({ "action": "absolute", "position": { "pan": -0.5, "tilt": 0.25, "zoom": 0.0 } });
    ptz(&site, &camera, &target).await?.ok()?;
    let after = until("another position", WITHIN, async || {
        let now = position(&site, &camera).await.ok()?;
        (now != before).then_some(now)
    });
    assert_eq!(after.await?, (-0.5, 0.25));

    site.stop().await;
    door.stop();
    server.shutdown().await?;
    farm.shutdown().await;
    Ok(())
}

async fn position(site: &watchwall_tests::TestSite, camera: &serde_json::Value) -> Result<(f64, f64)> {
    let sight = site.admin.get(&format!("/api/v1/cameras/{camera}/ptz")).await?.ok()?.json;
    let position = &sight["position"];
    Ok((position["pan"].as_f64().context("no pan")?, position["tilt"].as_f64().context("no tilt")?))
}
