//! Whether recordings are still what they were, over HTTP and by the real command.

use anyhow::{Context, Result, ensure};
use reqwest::Method;
use serde_json::{Value, json};
use std::{process::Output, time::Duration};
use watchwall_model::StreamRole;
use watchwall_tests::{Binary, TestSite, demo_like, farm, until};

fn command(site: &TestSite, more: &[&str]) -> Result<Output> {
    let data = site.data.path().to_str().context("a strange folder")?;
    let arguments = [&["recording", "check", "--data", data], more].concat();
    Ok(std::process::Command::new(Binary::file()?).args(arguments).output()?)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_changed_recording_is_found_by_everybody_who_looks() -> Result<()> {
    let farm = farm(vec![demo_like("Gate")]).await?;
    let site = TestSite::start().await?;
    let camera = site.add_camera("Gate", &farm.rtsp_url(0, StreamRole::Main), None, true).await?;
    let path = TestSite::path_of(&camera, "main");
    let from = site.recorded_since(&path, 3_000).await?;
    // A changed plan begins a new file.
    site.admin
        .send_json(Method::PUT, &format!("/api/v1/plans/{path}"), &json!({ "segment_minutes": 5 }))
        .await?
        .ok()?;
    let range = format!("from={from}&to={}", from + 600_000);
    let asked = format!("/api/v1/recording/{path}/integrity?{range}");
    until("a finished file", Duration::from_secs(30), async || {
        let answer = site.admin.get(&asked).await.ok()?;
        (answer.json["files"] == 1).then_some(())
    })
    .await?;
    let sound = command(&site, &[&path])?;
    let said = String::from_utf8_lossy(&sound.stdout).into_owned();
    ensure!(sound.status.success() && said.contains("1 files of 1 streams read"), "{said}");

    let folder = site.data.path().join("recordings").join(&path);
    let day = std::fs::read_dir(folder)?.next().context("no day")??.path();
    let mut files: Vec<_> =
        std::fs::read_dir(day)?.map(|entry| entry.map(|entry| entry.path())).collect::<Result<_, _>>()?;
    files.sort();
    let first = files.first().context("no file")?;
    let mut bytes = std::fs::read(first)?;
    let middle = bytes.len() / 2;
    bytes[middle] ^= 1;
    std::fs::write(first, bytes)?;
    let found = site.admin.get(&asked).await?.ok()?.json;
    assert_eq!((&found["files"], &found["findings"][0]["flaw"]), (&json!(0), &json!("changed")));
    let changed = command(&site, &["--json"])?;
    let told: Value = serde_json::from_slice(&changed.stdout)?;
    ensure!(!changed.status.success(), "{told}");
    assert_eq!((&told["ok"], &told["findings"][0]["path"]), (&json!(false), &json!(path)));

    let forever = format!("/api/v1/recording/{path}/integrity?from=0&to={}", i64::MAX);
    assert_eq!(site.admin.get(&forever).await?.code(), "range_invalid");
    let viewer = site.user("eve", "viewer", "a viewer's password").await?;
    assert_eq!(viewer.get(&asked).await?.status.as_u16(), 403);
    site.stop().await;
    farm.shutdown().await;
    Ok(())
}
