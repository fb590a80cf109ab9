//! First run: the folder for recordings is looked at, refused or taken, in one act with the first administrator.

use anyhow::{Context, Result};
use serde_json::{Value, json};
use std::path::Path;
use watchwall_camsim::Farm;
use watchwall_model::{StreamRole, Volume};
use watchwall_tests::{Answer, Client, DataFolder, SiteOptions, TestSite, demo_like, farm};

fn set_up(code: &str, folder: &Path) -> Value {
    json!({ "code": code, "username": "anna", "password": "a long password", "recording_folder": folder })
}

async fn look(client: &Client, code: &str, folder: &Path) -> Result<Answer> {
    client.post("/api/v1/setup/folder", &json!({ "code": code, "folder": folder })).await
}

/// Folders that must be refused, and as what.
fn bad_folders(site: &TestSite, disk: &DataFolder) -> Result<Vec<(std::path::PathBuf, &'static str)>> {
    let foreign = disk.path().join("foreign");
    std::fs::create_dir(&foreign)?;
    std::fs::write(foreign.join(Volume::MARKER_FILE), br#"{"volume":"00ff","code":"main"}"#)?;
    let damaged = disk.path().join("damaged");
    std::fs::create_dir(&damaged)?;
    std::fs::write(damaged.join(Volume::MARKER_FILE), b"?")?;
    Ok(vec![
        ("recordings".into(), "volume_path_invalid"),
        (disk.path().join("../up"), "volume_path_invalid"),
        ("/".into(), "volume_path_invalid"),
        ("/sys/watchwall-recordings".into(), "volume_not_writable"),
        (site.data.path().join("recordings/deeper"), "volume_overlaps"),
        (site.data.path().to_owned(), "volume_overlaps"),
        (foreign.join("deeper"), "volume_overlaps"),
        (foreign, "volume_foreign"),
        (damaged, "volume_foreign"),
    ])
}

async fn roots(site: &TestSite) -> Result<Vec<String>> {
    let volumes = site.admin.get("/api/v1/volumes").await?.ok()?.json;
    let items = volumes["items"].as_array().context("no list")?;
    Ok(items.iter().filter_map(|volume| volume["root"].as_str().map(str::to_owned)).collect())
}

fn holds_films(folder: &Path) -> bool {
    let Ok(entries) = std::fs::read_dir(folder) else { return false };
    entries.flatten().any(|entry| {
        let path = entry.path();
        path.extension().is_some_and(|ending| ending == "mp4") || holds_films(&path)
    })
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_folder_is_looked_at_and_left_alone() -> Result<()> {
    let (site, disk) = (TestSite::start().await?, DataFolder::new()?);
    let nobody = site.anonymous()?;
    let code = site.setup_code().context("no code")?;
    let new = disk.path().join("films");
    assert_eq!(look(&nobody, "AAAA-AAAA-AAAA", &new).await?.code(), "setup_code_wrong");
    let default = site.data.path().join("recordings");
    let today = look(&nobody, &code, Path::new("")).await?.ok()?.json;
    assert_eq!((&today["root"], &today["default_folder"]), (&json!(default), &json!(default)));
    assert_eq!((&today["exists"], &today["is_volume"]), (&json!(true), &json!(true)));
    let report = look(&nobody, &code, &new).await?.ok()?.json;
    assert_eq!((&report["root"], &report["default_folder"]), (&json!(new), &json!(default)));
    assert_eq!((&report["exists"], &report["is_volume"]), (&json!(false), &json!(false)));
    let bytes = |name: &str| report[name].as_u64().unwrap_or_default();
    assert!(bytes("free_bytes") > 0 && bytes("free_bytes") <= bytes("total_bytes"), "{report}");
    assert!(!new.exists(), "a look made the folder");
    assert_eq!(look(&nobody, &code, disk.path()).await?.ok()?.json["exists"], true);
    for (folder, expect) in bad_folders(&site, &disk)? {
        let answer = look(&nobody, &code, &folder).await?;
        assert_eq!(answer.code(), expect, "{}: {}", folder.display(), answer.text);
        assert!(answer.json["params"]["root"].is_string(), "{}", answer.text);
    }
    // The window of this machine needs no code; afterwards nobody looks any more.
    look(&site.admin, "", &new).await?.ok()?;
    nobody.post("/api/v1/setup", &set_up(&code, Path::new(""))).await?.ok()?;
    assert_eq!(look(&nobody, &code, &new).await?.code(), "setup_done");
    assert_eq!(roots(&site).await?, [default.display().to_string()]);
    site.stop().await;
    Ok(())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_refused_folder_creates_nobody() -> Result<()> {
    let (site, disk) = (TestSite::start().await?, DataFolder::new()?);
    let nobody = site.anonymous()?;
    let code = site.setup_code().context("no code")?;
    let before = roots(&site).await?;
    for (folder, expect) in bad_folders(&site, &disk)? {
        let answer = nobody.post("/api/v1/setup", &set_up(&code, &folder)).await?;
        assert_eq!(answer.code(), expect, "{}: {}", folder.display(), answer.text);
        assert_eq!(nobody.get("/api/v1/session").await?.json["setup_needed"], true);
    }
    // What is wrong with the administrator leaves the folder alone, also when only the database can tell.
    let good = disk.path().join("films");
    let short = json!({ "code": code, "username": "anna", "password": "short", "recording_folder": good });
    assert_eq!(nobody.post("/api/v1/setup", &short).await?.code(), "password_too_short");
    site.user("anna", "viewer", "a long password").await?;
    assert_eq!(nobody.post("/api/v1/setup", &set_up(&code, &good)).await?.code(), "name_taken");
    assert!(!good.exists(), "the folder stayed");
    assert_eq!(roots(&site).await?, before);
    // Recording goes on where it was.
    let (farm, path, _) = record(&site).await?;
    assert!(holds_films(&site.data.path().join("recordings").join(&path)));
    site.stop().await;
    farm.shutdown().await;
    Ok(())
}

/// A camera that has recorded: its path and first moment.
async fn record(site: &TestSite) -> Result<(Farm, String, i64)> {
    let farm = farm(vec![demo_like("Gate")]).await?;
    let camera = site.add_camera("Gate", &farm.rtsp_url(0, StreamRole::Main), None, true).await?;
    let path = TestSite::path_of(&camera, "main");
    let from = site.recorded_since(&path, 2_000).await?;
    Ok((farm, path, from))
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn recordings_land_in_the_chosen_folder() -> Result<()> {
    let (site, disk) = (TestSite::start().await?, DataFolder::new()?);
    let chosen = disk.path().join("deep/films");
    let code = site.setup_code().context("no code")?;
    // Two at once: one is the first.
    let (one, two) = (site.anonymous()?, site.anonymous()?);
    let (set_up_one, mut set_up_two) = (set_up(&code, &chosen), set_up(&code, &chosen));
    set_up_two["username"] = json!("bert");
    let both = tokio::try_join!(one.post("/api/v1/setup", &set_up_one), two.post("/api/v1/setup", &set_up_two))?;
    let mut codes = [both.0.code().to_owned(), both.1.code().to_owned()];
    codes.sort();
    assert_eq!(codes, ["", "setup_done"]);
    assert_eq!(roots(&site).await?, [chosen.display().to_string()]);
    assert!(!site.data.path().join("recordings").exists(), "the empty default folder is still there");
    let audit = site.admin.get("/api/v1/audit?limit=5").await?.ok()?.json;
    let moved = audit["items"].as_array().into_iter().flatten().find(|entry| entry["action"] == "volume.move");
    assert_eq!(moved.context("no audit")?["new"]["root"], json!(chosen));
    let (farm, path, from) = record(&site).await?;
    assert!(holds_films(&chosen.join(&path)));
    site.admin.bytes(&format!("/api/v1/playback/{path}/frame.jpg?at={}", from + 500)).await?;
    // And stays there over a restart.
    let data = site.stop_keeping().await;
    let site = TestSite::start_with(SiteOptions { data: Some(data), ..SiteOptions::default() }).await?;
    assert_eq!(roots(&site).await?, [chosen.display().to_string()]);
    site.admin.bytes(&format!("/api/v1/playback/{path}/frame.jpg?at={}", from + 500)).await?;
    site.stop().await;
    farm.shutdown().await;
    Ok(())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_was_recorded_before_stays_readable() -> Result<()> {
    let (site, disk) = (TestSite::start().await?, DataFolder::new()?);
    let (farm, path, from) = record(&site).await?;
    let chosen = disk.path().join("films");
    let code = site.setup_code().context("no code")?;
    site.anonymous()?.post("/api/v1/setup", &set_up(&code, &chosen)).await?.ok()?;
    // The new one stands first.
    assert_eq!(
        roots(&site).await?,
        [chosen.display().to_string(), site.data.path().join("recordings").display().to_string()]
    );
    watchwall_tests::until("a file in the new folder", std::time::Duration::from_secs(20), async || {
        holds_films(&chosen.join(&path)).then_some(())
    })
    .await?;
    site.admin.bytes(&format!("/api/v1/playback/{path}/frame.jpg?at={}", from + 500)).await?;
    site.stop().await;
    farm.shutdown().await;
    Ok(())
}
