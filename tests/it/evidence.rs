//! Locked, remarked, gathered, exported and verified, all over HTTP and with the real command.

use anyhow::{Context, Result, ensure};
use reqwest::Method;
use serde_json::{Value, json};
use std::{path::Path, process::Output, time::Duration};
use watchwall_camsim::Farm;
use watchwall_model::StreamRole;
use watchwall_tests::{Binary, TestSite, demo_like, farm, until};

/// A site that has recorded two cameras for some seconds: their paths and the first moment of the later one.
async fn recorded() -> Result<(TestSite, Farm, [String; 2], i64)> {
    let farm = farm(vec![demo_like("Gate"), demo_like("Yard")]).await?;
    let site = TestSite::start().await?;
    let mut paths = Vec::new();
    for (n, name) in ["Gate", "Yard"].into_iter().enumerate() {
        let camera = site.add_camera(name, &farm.rtsp_url(n, StreamRole::Main), None, true).await?;
        paths.push(TestSite::path_of(&camera, "main"));
    }
    let mut from = 0;
    for path in &paths {
        from = from.max(site.recorded_since(path, 5_000).await?);
    }
    let paths = paths.try_into().map_err(|_| anyhow::anyhow!("two paths"))?;
    Ok((site, farm, paths, from))
}

fn verify(folder: &Path, more: &[&str]) -> Result<Output> {
    let folder = folder.to_str().context("a strange folder")?;
    Ok(std::process::Command::new(Binary::file()?).args([&["verify", folder], more].concat()).output()?)
}

fn said(output: &Output) -> String {
    String::from_utf8_lossy(&output.stdout).into_owned()
}

async fn actions(site: &TestSite) -> Result<Vec<String>> {
    let audit = site.admin.get("/api/v1/audit?limit=200").await?.ok()?.json;
    let entries = audit["items"].as_array().context("no audit")?;
    Ok(entries.iter().filter_map(|entry| entry["action"].as_str().map(str::to_owned)).collect())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn locks_bookmarks_and_cases_are_kept() -> Result<()> {
    let (site, farm, [gate, yard], from) = recorded().await?;
    let lock = json!({ "paths": [gate, yard], "from": from, "to": from + 3_600_000, "reason": "Theft" });
    let lock = site.admin.post("/api/v1/evidence-locks", &lock).await?.ok()?.json;
    assert_eq!((&lock["reason"], &lock["until"], &lock["ended_at"]), (&json!("Theft"), &Value::Null, &Value::Null));
    let bookmark = json!({ "path": gate, "from": from + 1_000, "text": "Red van", "tags": ["car", "theft", "car"] });
    let bookmark = site.admin.post("/api/v1/bookmarks", &bookmark).await?.ok()?.json;
    assert_eq!(bookmark["tags"], json!(["car", "theft"]));
    let timeline = format!("/api/v1/timeline?paths={gate},{yard}&from={from}&to={}", from + 5_000);
    let tracks = site.admin.get(&timeline).await?.ok()?.json["tracks"].clone();
    assert_eq!(tracks[0]["bookmarks"][0]["text"], "Red van");
    assert_eq!(tracks[1]["bookmarks"], json!([]));
    assert_eq!(tracks[1]["locks"], json!([[from, from + 3_600_000]]));
    let found = async |query: &str| -> Result<usize> {
        let list = site.admin.get(&format!("/api/v1/bookmarks?{query}")).await?.ok()?.json;
        Ok(list["items"].as_array().context("no list")?.len())
    };
    assert_eq!(found("search=VAN&tag=car").await?, 1);
    assert_eq!(found(&format!("path={yard}")).await?, 0);
    assert_eq!(found(&format!("from={}&to={}", from - 9_000, from)).await?, 0);
    // Two people change it at once; the second is told.
    let change = async |version: &str, text: &str| -> Result<u16> {
        let body = json!({ "path": gate, "from": from, "text": text });
        let url = format!("/api/v1/bookmarks/{}", bookmark["id"]);
        let request = site.admin.request(Method::PUT, &url).header("if-match", version).json(&body);
        Ok(site.admin.send(request).await?.status.as_u16())
    };
    assert_eq!((change("\"1\"", "White van").await?, change("\"1\"", "Blue van").await?), (200, 412));
    let case = json!({ "name": "Theft 12", "notes": "seen twice", "clips": [{ "path": gate, "from": from, "to": from + 2_000 }] });
    let case = site.admin.post("/api/v1/cases", &case).await?.ok()?.json;
    let url = format!("/api/v1/cases/{}", case["id"]);
    let more = json!({ "name": "Theft 12", "clips": [
        { "path": gate, "from": from, "to": from + 2_000, "note": "he comes" },
        { "path": yard, "from": from + 1_000, "to": from + 3_000, "note": "he goes" } ] });
    let changed = site.admin.send_json(Method::PUT, &url, &more).await?.ok()?.json;
    assert_eq!((changed["clips"].as_array().map(Vec::len), &changed["version"]), (Some(2), &json!(2)));
    let refuse = async |path: &str, body: Value, code: &str| -> Result<()> {
        assert_eq!(site.admin.post(path, &body).await?.code(), code, "{path} {body}");
        Ok(())
    };
    let backwards = json!({ "paths": [gate], "from": 5, "to": 4, "reason": "x" });
    refuse("/api/v1/evidence-locks", backwards, "range_invalid").await?;
    let wordless = json!({ "paths": [gate], "from": 4, "to": 5, "reason": " " });
    refuse("/api/v1/evidence-locks", wordless, "request_invalid").await?;
    refuse("/api/v1/bookmarks", json!({ "path": "../etc", "from": 1, "text": "x" }), "stream_path_invalid").await?;
    site.admin.delete(&format!("/api/v1/evidence-locks/{}", lock["id"])).await?.ok()?;
    assert_eq!(site.admin.delete(&format!("/api/v1/evidence-locks/{}", lock["id"])).await?.code(), "not_found");
    let all = site.admin.get("/api/v1/evidence-locks?state=all").await?.ok()?.json;
    assert!(all["items"][0]["ended_by"].is_string());
    assert_eq!(site.admin.get("/api/v1/evidence-locks").await?.ok()?.json["items"], json!([]));
    site.admin.delete(&url).await?.ok()?;
    site.admin.delete(&format!("/api/v1/bookmarks/{}", bookmark["id"])).await?.ok()?;
    let actions = actions(&site).await?;
    for action in
        ["evidence.lock", "evidence.unlock", "bookmark.create", "bookmark.update", "bookmark.delete", "case.update"]
    {
        assert!(actions.iter().any(|other| other == action), "{action} is missing in {actions:?}");
    }
    // Who may only look at live pictures neither sees nor holds evidence.
    let viewer = site.user("vera", "viewer", "a long password").await?;
    assert_eq!(viewer.get("/api/v1/evidence-locks").await?.code(), "right_missing");
    site.stop().await;
    farm.shutdown().await;
    Ok(())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_export_is_made_downloaded_and_verified_by_the_command() -> Result<()> {
    let (site, farm, [gate, yard], from) = recorded().await?;
    let clips: Vec<_> =
        [&gate, &yard].iter().map(|path| json!({ "path": path, "from": from + 1_000, "to": from + 4_000 })).collect();
    let ask = json!({ "name": "Theft 12", "note": "for the police", "clips": clips });
    let asked = site.admin.post("/api/v1/exports", &ask).await?.ok()?;
    assert_eq!(asked.status.as_u16(), 202);
    let url = format!("/api/v1/exports/{}", asked.json["id"]);
    let done = until("the export", Duration::from_secs(30), async || {
        let export = site.admin.get(&url).await.ok()?.json;
        matches!(export["state"].as_str(), Some("done" | "failed")).then_some(export)
    });
    let export = done.await?;
    assert_eq!((&export["state"], &export["problem"]), (&json!("done"), &Value::Null));
    let bytes = site.admin.bytes(&format!("{url}/export.zip")).await?;
    let out = tempfile::tempdir()?;
    zip::ZipArchive::new(std::io::Cursor::new(bytes))?.extract(out.path())?;
    let key = site.admin.get("/api/v1/evidence/key").await?.ok()?.json;
    let fingerprint = key["fingerprint"].as_str().context("no key")?;
    let verified = verify(out.path(), &["--key", fingerprint])?;
    assert!(verified.status.success() && said(&verified).contains("Unchanged"), "{}", said(&verified));
    assert!(said(&verified).contains("Gate, Yard"));
    let report: Value = serde_json::from_slice(&verify(out.path(), &["--json"])?.stdout)?;
    assert_eq!((&report["ok"], &report["kind"]), (&json!(true), &json!("export")));
    let video = report["manifest"]["recordings"][0]["videos"][0]["file"].as_str().context("no video")?;
    // One bit.
    let file = out.path().join(video);
    let mut bytes = std::fs::read(&file)?;
    let middle = bytes.len() / 2;
    bytes[middle] ^= 1;
    std::fs::write(&file, bytes)?;
    let told = verify(out.path(), &[])?;
    assert_eq!(told.status.code(), Some(1));
    assert!(said(&told).contains(&format!("{video} was changed: its SHA-256 is")), "{}", said(&told));
    ensure!(said(&told).contains("NOT VERIFIED: 1 thing does not fit."), "{}", said(&told));
    let other = verify(out.path(), &["--key", &"0".repeat(64)])?;
    assert!(said(&other).contains("that you trust."), "{}", said(&other));
    assert!(!verify(&out.path().join("none"), &[])?.status.success());
    let short = json!({ "name": "x", "clips": ask["clips"], "password": "short" });
    assert_eq!(site.admin.post("/api/v1/exports", &short).await?.code(), "password_too_short");
    let elsewhere = json!({ "name": "x", "clips": ask["clips"], "folder": "/etc" });
    assert_eq!(site.admin.post("/api/v1/exports", &elsewhere).await?.code(), "export_folder_refused");
    site.admin.delete(&url).await?.ok()?;
    assert!(!Path::new(export["result"].as_str().context("no result")?).exists());
    let actions = actions(&site).await?;
    for action in ["export.start", "export.download", "export.delete"] {
        assert!(actions.iter().any(|other| other == action), "{action} is missing in {actions:?}");
    }
    site.stop().await;
    farm.shutdown().await;
    Ok(())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_was_burnt_in_is_told_by_the_command() -> Result<()> {
    let (site, farm, [gate, _], from) = recorded().await?;
    let folders = site.admin.get("/api/v1/export-folders").await?.ok()?.json;
    assert_eq!(folders.as_array().map(Vec::len), Some(1), "{folders}");
    assert!(folders[0]["free_bytes"].as_u64().is_some_and(|free| free > 0), "{folders}");
    let clips = json!([{ "path": gate, "from": from + 1_000, "to": from + 4_000 }]);
    let long = json!({ "name": "x", "clips": clips, "burn_in": { "watermark": "x".repeat(101) } });
    assert_eq!(site.admin.post("/api/v1/exports", &long).await?.code(), "request_invalid");
    let ask = json!({ "name": "Theft 12", "clips": clips, "burn_in": { "watermark": "Case 12" } });
    let asked = site.admin.post("/api/v1/exports", &ask).await?.ok()?.json;
    assert_eq!(asked["burn_in"]["watermark"], "Case 12");
    let url = format!("/api/v1/exports/{}", asked["id"]);
    let export = until("the export", Duration::from_secs(60), async || {
        let export = site.admin.get(&url).await.ok()?.json;
        matches!(export["state"].as_str(), Some("done" | "failed")).then_some(export)
    });
    let export = export.await?;
    assert_eq!((&export["state"], &export["problem"]), (&json!("done"), &Value::Null));
    let verified = verify(Path::new(export["result"].as_str().context("no result")?), &[])?;
    let told = said(&verified);
    assert!(verified.status.success() && told.contains("Unchanged"), "{told}");
    assert!(told.contains(".mp4: transcoded, not original (from avc1."), "{told}");
    assert!(told.contains("watermark \"Case 12\""), "{told}");
    // The same by command, with times by an offset of their own.
    let time = |at: i64| -> Result<String> {
        let out =
            std::process::Command::new("date").args(["-u", "-d", &format!("@{}", at / 1_000), "+%FT%TZ"]).output()?;
        Ok(said(&out).trim().to_owned())
    };
    let (begin, end) = (time(from + 1_000)?, time(from + 4_000)?);
    let data = site.data.path().to_str().context("a strange folder")?.to_owned();
    let arguments = ["export", "--name", "By command", "--camera", "Gate", "--from", &begin, "--to", &end];
    let output = std::process::Command::new(Binary::file()?)
        .args(arguments)
        .args(["--burn-in", "--watermark", "Case 13", "--data", &data])
        .output();
    let output = output?;
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let folder = said(&output).trim().to_owned();
    assert!(said(&verify(Path::new(&folder), &[])?).contains("Case 13"), "{folder}");
    site.stop().await;
    farm.shutdown().await;
    Ok(())
}
