//! No secret that the site knows may appear in an answer, a log or a file.

use anyhow::{Context, Result};
use reqwest::Method;
use serde_json::json;
use std::time::Duration;
use watchwall_camsim::CameraSpec;
use watchwall_model::{Secret, StreamRole};
use watchwall_tests::{Binary, Client, DataFolder, Socket, demo_like, farm, until};

const CAMERA_PASSWORD: &str = "cam-Geheim-4711";
const WRONG_PASSWORD: &str = "cam-Falsch-0815";
const USER_PASSWORD: &str = "user-Geheim-1234";

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn secrets_stay_inside() -> Result<()> {
    let locked =
        CameraSpec { credentials: Some(("admin".into(), Secret::new(CAMERA_PASSWORD))), ..demo_like("Locked") };
    let farm = farm(vec![locked]).await?;
    let folder = DataFolder::new()?;
    let data = folder.path().to_str().context("a strange folder")?;
    let mut program = Binary::start(&["serve", "--data", data, "--listen", "127.0.0.1:0"], "debug")?;
    let address = program.ready().await?;
    let token = std::fs::read_to_string(folder.path().join("local-token"))?.trim().to_owned();
    let admin = Client::anonymous(&address)?.with_token(&token);
    let main = farm.rtsp_url(0, StreamRole::Main);
    let in_url = |password: &str| main.replacen("rtsp://", &format!("rtsp://admin:{password}@"), 1);

    let mut heard = Vec::new();
    let mut note = |answer: watchwall_tests::Answer| heard.push(format!("{:?} {}", answer.headers, answer.text));
    note(admin.post("/api/v1/cameras", &json!({ "main_url": in_url(WRONG_PASSWORD) })).await?);
    note(admin.post("/api/v1/cameras", &json!({ "main_url": 7, "password": WRONG_PASSWORD })).await?);
    note(admin.post("/api/v1/cameras", &json!({ "main_url": format!("rtsp://admin:{CAMERA_PASSWORD}@[bad/") })).await?);
    note(admin.post("/api/v1/cameras/probe", &json!({ "url": in_url(CAMERA_PASSWORD) })).await?);
    let added = admin.post("/api/v1/cameras", &json!({ "main_url": in_url(CAMERA_PASSWORD) })).await?.ok()?;
    let at = format!("/api/v1/cameras/{}", added.json["id"]);
    let path = watchwall_tests::TestSite::path_of(&added.json, "main");
    note(added);
    note(admin.send_json(Method::PATCH, &at, &json!({ "password": CAMERA_PASSWORD })).await?);
    let user = json!({ "name": "anna", "role": "administrator", "password": USER_PASSWORD });
    note(admin.post("/api/v1/users", &user).await?);
    note(admin.post("/api/v1/login", &json!({ "username": "anna", "password": WRONG_PASSWORD })).await?);
    let login = json!({ "username": "anna", "password": USER_PASSWORD, "bearer": true });
    let session =
        admin.post("/api/v1/login", &login).await?.ok()?.json["token"].as_str().context("no token")?.to_owned();
    let one_time =
        admin.post("/api/v1/one-time-tokens", &json!({})).await?.json["token"].as_str().context("no token")?.to_owned();
    Socket::open(&admin, &format!("/api/v1/live/{path}")).await?.video().await?;
    for read in [
        "/api/v1/cameras",
        &at,
        "/api/v1/users",
        "/api/v1/sessions",
        "/api/v1/audit",
        "/api/v1/settings",
        "/api/v1/system",
        "/metrics",
    ] {
        note(admin.get(read).await?);
    }
    until("an audit of it all", Duration::from_secs(5), async || {
        let audit = admin.get("/api/v1/audit").await.ok()?;
        audit.text.contains("user.create").then_some(())
    })
    .await?;
    program.terminate()?;
    program.ended(Duration::from_secs(8)).await?;

    let secrets = [CAMERA_PASSWORD, WRONG_PASSWORD, USER_PASSWORD, &session, &one_time, &token];
    let log = program.everything();
    for secret in secrets {
        assert!(!log.contains(secret), "in the log: {secret}");
        assert!(!heard.iter().any(|answer| answer.contains(secret)), "in an answer: {secret}");
    }
    for entry in std::fs::read_dir(folder.path())?.flatten().filter(|entry| entry.path().is_file()) {
        let bytes = std::fs::read(entry.path())?;
        for secret in secrets {
            let found = bytes.windows(secret.len()).any(|window| window == secret.as_bytes());
            assert!(!found, "in {}: {secret}", entry.path().display());
        }
    }
    farm.shutdown().await;
    Ok(())
}
