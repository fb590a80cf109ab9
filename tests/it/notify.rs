//! What changed, over its socket.

use anyhow::{Context, Result};
use serde_json::json;
use std::time::Duration;
use watchwall_camsim::Fault;
use watchwall_model::StreamRole;
use watchwall_tests::{Socket, TestSite, demo_like, farm, soon};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn listeners_see_states_and_edits() -> Result<()> {
    let farm = farm(vec![demo_like("Gate")]).await?;
    let site = TestSite::start().await?;
    let mut socket = Socket::open(&site.admin, "/ws/web-notify").await?;
    socket.say(&json!({ "type": "subscribe", "topics": ["cameras", "recording", "system"] })).await?;
    let empty = socket.json("cameras_snapshot").await?;
    assert_eq!(empty["cameras"], json!([]));
    let camera = site.add_camera("Gate", &farm.rtsp_url(0, StreamRole::Main), None, true).await?;
    assert_eq!(socket.json("edited").await?["what"], "cameras");
    let mut sequence = 0;
    let mut main_is = async |phase: &str, recording: &str| -> Result<()> {
        loop {
            let message = match socket.hear().await? {
                watchwall_tests::Heard::Json(message) => message,
                other => anyhow::bail!("{other:?}"),
            };
            let next = message["sequence"].as_u64().context("no sequence")?;
            anyhow::ensure!(next > sequence, "{next} after {sequence}");
            sequence = next;
            let stream = &message["cameras"][0]["streams"][0];
            if stream["phase"] == phase && stream["recording"] == recording {
                return Ok(());
            }
        }
    };
    soon("recording", Duration::from_secs(20), main_is("live", "recording")).await??;
    farm.fault(0, Fault::Offline).await?;
    soon("the loss", Duration::from_secs(20), main_is("waiting", "recording")).await??;
    farm.clear(0).await?;
    soon("the return", Duration::from_secs(20), main_is("live", "recording")).await??;
    site.admin.delete(&format!("/api/v1/cameras/{}", camera["id"])).await?.ok()?;
    let gone = async {
        loop {
            let snapshot = socket.json("cameras_snapshot").await?;
            if snapshot["cameras"] == json!([]) {
                return anyhow::Ok(());
            }
        }
    };
    soon("the removal", Duration::from_secs(10), gone).await??;
    site.stop().await;
    farm.shutdown().await;
    Ok(())
}
