//! A database that is damaged, and one that another program locks.

use anyhow::{Context, Result};
use serde_json::json;
use sqlx::{Connection, SqliteConnection};
use std::{path::Path, time::Duration};
use watchwall_model::{StreamRole, UtcMillis};
use watchwall_tests::{SiteOptions, TestSite, demo_like, farm, until};

const PATIENCE: Duration = Duration::from_secs(60);

/// A backup that was written after this moment.
fn has_backup_since(data: &Path, at: UtcMillis) -> bool {
    let files = std::fs::read_dir(data.join("backup")).into_iter().flatten().flatten();
    let times = files.filter_map(|file| {
        let name = file.file_name().into_string().ok()?;
        name.strip_prefix("watchwall-")?.strip_suffix(".db")?.parse::<i64>().ok()
    });
    times.max().is_some_and(|newest| newest > at.0)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_damaged_database_costs_neither_cameras_nor_users_nor_recordings() -> Result<()> {
    let farm = farm(vec![demo_like("Gate")]).await?;
    let site = TestSite::start().await?;
    let camera = site.add_camera("Gate", &farm.rtsp_url(0, StreamRole::Main), None, true).await?;
    let path = TestSite::path_of(&camera, "main");
    site.user("anna", "administrator", "a long password").await?;
    let changed_at = UtcMillis::now();
    let from = site.recorded_since(&path, 3_000).await?;
    until("a backup", PATIENCE, async || has_backup_since(site.data.path(), changed_at).then_some(())).await?;
    let data = site.stop_keeping().await;
    let file = data.path().join("watchwall.db");
    let length = usize::try_from(std::fs::metadata(&file)?.len())?;
    std::fs::write(&file, vec![0xa5; length])?;
    let site = TestSite::start_with(SiteOptions { data: Some(data), ..SiteOptions::default() }).await?;
    let cameras = site.admin.get("/api/v1/cameras").await?.ok()?.json;
    assert_eq!(cameras["items"][0]["name"], "Gate");
    // A user with the old password, and no set-up for whoever comes first.
    site.login("anna", "a long password").await?;
    assert!(site.setup_code().is_none());
    site.admin.bytes(&format!("/api/v1/playback/{path}/frame.jpg?at={}", from + 500)).await?;
    let system = site.admin.get("/api/v1/system").await?.ok()?.json;
    let notice = system["notices"].as_array().into_iter().flatten().find(|notice| notice["code"] == "database_rebuilt");
    let kept = notice.context("no notice")?["params"]["moved_to"].as_str().context("no file")?.to_owned();
    assert_eq!(std::fs::metadata(kept)?.len(), length as u64);
    // It records again, too.
    site.recorded_since(&path, 3_000).await?;
    site.stop().await;
    farm.shutdown().await;
    Ok(())
}

/// Bytes of all recordings.
fn size_of(folder: &Path) -> u64 {
    let entries = std::fs::read_dir(folder).into_iter().flatten().flatten();
    entries
        .map(|entry| match entry.metadata() {
            Ok(facts) if facts.is_dir() => size_of(&entry.path()),
            Ok(facts) => facts.len(),
            Err(_) => 0,
        })
        .sum()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn recording_goes_on_while_another_program_locks_the_database() -> Result<()> {
    let farm = farm(vec![demo_like("Gate")]).await?;
    let site = TestSite::start().await?;
    let camera = site.add_camera("Gate", &farm.rtsp_url(0, StreamRole::Main), None, true).await?;
    let path = TestSite::path_of(&camera, "main");
    let from = site.recorded_since(&path, 2_000).await?;
    let file = site.data.path().join("watchwall.db");
    let mut other = SqliteConnection::connect(&format!("sqlite:{}", file.display())).await?;
    sqlx::raw_sql("BEGIN IMMEDIATE").execute(&mut other).await?;
    let locked_at = UtcMillis::now();
    let recordings = site.data.path().join("recordings").join(&path);
    let before = size_of(&recordings);
    // A change waits, then says clearly what is the matter; reading goes on.
    let refused = site.admin.post("/api/v1/groups", &json!({ "name": "Yard" })).await?;
    assert_eq!((refused.status.as_u16(), refused.code()), (503, "database_locked"));
    site.admin.get("/api/v1/cameras").await?.ok()?;
    until("the file to grow", PATIENCE, async || (size_of(&recordings) > before + 50_000).then_some(())).await?;
    let unlocked_at = UtcMillis::now();
    assert!(unlocked_at - locked_at >= 4_000, "it was not locked for long enough to mean anything");
    sqlx::raw_sql("COMMIT").execute(&mut other).await?;
    site.admin.post("/api/v1/groups", &json!({ "name": "Yard" })).await?.ok()?;
    // The index catches up with everything, the locked time included.
    until("the index", PATIENCE, async || {
        let query = format!("/api/v1/timeline?paths={path}&from={from}&to={}", UtcMillis::now().0);
        let track = site.admin.get(&query).await.ok()?.json["tracks"][0].clone();
        let end = track["coverage"][0][1].as_i64()?;
        (track["coverage"].as_array()?.len() == 1 && end > unlocked_at.0).then_some(())
    })
    .await?;
    assert_eq!(site.admin.metric("recording_lost_milliseconds_total").await?, 0.0);
    let middle = locked_at.0 + (unlocked_at - locked_at) / 2;
    site.admin.bytes(&format!("/api/v1/playback/{path}/frame.jpg?at={middle}")).await?;
    // And is durable: another start finds it all in the database.
    let data = site.stop_keeping().await;
    let site = TestSite::start_with(SiteOptions { data: Some(data), ..SiteOptions::default() }).await?;
    site.admin.bytes(&format!("/api/v1/playback/{path}/frame.jpg?at={middle}")).await?;
    site.stop().await;
    farm.shutdown().await;
    Ok(())
}
