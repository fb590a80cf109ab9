//! Crate `onvif-server`: WS-UsernameToken, one service per path, subscriptions named by reference parameters.

use crate::scene::{PASSWORD, USER, WITHIN, listening, look, onboard, ptz, site, stream};
use anyhow::Result;
use async_trait::async_trait;
use onvif_server::{
    DeviceService, EventService, ImagingService, MediaService, OnvifError, OnvifServer, PTZService,
    generated::DeviceInfo,
};
use serde_json::json;
use std::sync::{Arc, Mutex, PoisonError};
use tokio::{net::TcpListener, task::JoinHandle};
use watchwall_model::StreamRole;
use watchwall_tests::until;

/// A camera as a user of that crate writes one.
#[derive(Clone)]
struct Dome {
    rtsp: String,
    moves: Arc<Mutex<Vec<Motion>>>,
}

#[derive(Clone, Copy, Debug, PartialEq)]
enum Motion {
    Continuous { pan: f32, tilt: f32, zoom: f32 },
    Stop,
}

impl Dome {
    fn note(&self, motion: Motion) {
        self.moves.lock().unwrap_or_else(PoisonError::into_inner).push(motion);
    }

    fn moves(&self) -> Vec<Motion> {
        self.moves.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

#[async_trait]
impl DeviceService for Dome {
    async fn get_device_information(&self) -> Result<DeviceInfo, OnvifError> {
        Ok(DeviceInfo {
            manufacturer: "Elsewhere".into(),
            model: "Dome".into(),
            firmware_version: "1.0".into(),
            serial_number: "E-1".into(),
            hardware_id: "e1".into(),
        })
    }
}

#[async_trait]
impl MediaService for Dome {
    async fn get_stream_uri(&self, _profile: &str) -> Result<String, OnvifError> {
        Ok(self.rtsp.clone())
    }
}

#[async_trait]
impl PTZService for Dome {
    async fn continuous_move(&self, _profile: &str, pan: f32, tilt: f32, zoom: f32) -> Result<(), OnvifError> {
        self.note(Motion::Continuous { pan, tilt, zoom });
        Ok(())
    }

    async fn stop(&self, _profile: &str, _pan_tilt: bool, _zoom: bool) -> Result<(), OnvifError> {
        self.note(Motion::Stop);
        Ok(())
    }
}

impl ImagingService for Dome {}
impl EventService for Dome {}

async fn serve(dome: Dome) -> Result<(String, JoinHandle<()>)> {
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    let port = listener.local_addr()?.port();
    let server = OnvifServer::builder()
        .port(port)
        .advertised_host("127.0.0.1")
        .auth(USER, PASSWORD)
        .device_service(dome.clone())
        .media_service(dome.clone())
        .ptz_service(dome.clone())
        .imaging_service(dome.clone())
        .event_service(dome)
        .build()?;
    let router = server.into_router()?;
    let task = tokio::spawn(async move {
        let _ = axum::serve(listener, router).await;
    });
    Ok((format!("http://127.0.0.1:{port}/onvif/device_service"), task))
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn onvif_server_is_added_moved_and_listened_to() -> Result<()> {
    let farm = stream().await?;
    let dome = Dome { rtsp: farm.rtsp_url(0, StreamRole::Main), moves: Arc::default() };
    let (url, server) = serve(dome.clone()).await?;
    let site = site().await?;

    let refused = look(&site, &url, "wrong").await?;
    assert_eq!(refused.code(), "credentials_wrong", "{}", refused.text);
    let seen = look(&site, &url, PASSWORD).await?.ok()?.json;
    assert_eq!((&seen["device"]["manufacturer"], &seen["device"]["login"]), (&json!("Elsewhere"), &json!("wsse")));
    assert_eq!(seen["channels"].as_array().map(Vec::len), Some(1), "{seen}");

    let (_, camera) = onboard(&site, &url, PASSWORD).await?;
    site.health_is(&camera, "online").await?;
    listening(&site, &camera).await?;
    ptz(&site, &camera, &json!({ "action": "move", "pan": 0.5, "tilt": -0.25 })).await?.ok()?;
    ptz(&site, &camera, &json!({ "action": "stop" })).await?.ok()?;
    let moved = until("a move and its end", WITHIN, async || {
        let moves = dome.moves();
        (moves.last() == Some(&Motion::Stop)).then_some(moves)
    });
    assert_eq!(moved.await?[0], Motion::Continuous { pan: 0.5, tilt: -0.25, zoom: 0.0 });

    site.stop().await;
    server.abort();
    farm.shutdown().await;
    Ok(())
}
