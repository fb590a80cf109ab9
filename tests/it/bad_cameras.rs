//! Adding cameras that cannot work: each says why, by code, and nothing is saved.

use anyhow::Result;
use serde_json::{Value, json};
use std::net::{Ipv4Addr, SocketAddr};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpListener,
};
use watchwall_camsim::{CameraSpec, Farm, Fault};
use watchwall_model::{Secret, StreamRole};
use watchwall_tests::{TestSite, demo_like, farm};

/// What stands where somebody expects a camera: says this to whatever is asked, and then goes on with that for ever.
async fn server(says: &'static [u8], goes_on: &'static [u8]) -> Result<SocketAddr> {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await?;
    let address = listener.local_addr()?;
    tokio::spawn(async move {
        while let Ok((mut stream, _)) = listener.accept().await {
            tokio::spawn(async move {
                let mut request = [0; 2_048];
                let _ = stream.read(&mut request).await;
                let mut sent = stream.write_all(says).await;
                while sent.is_ok() && !goes_on.is_empty() {
                    sent = stream.write_all(goes_on).await;
                }
            });
        }
    });
    Ok(address)
}

const PAGE: &[u8] = b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nContent-Length: 13\r\n\r\n<html></html>";

async fn closed_port() -> Result<u16> {
    Ok(TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await?.local_addr()?.port())
}

async fn faulty(name: &str, fault: Fault) -> Result<Farm> {
    farm(vec![CameraSpec { faults: vec![fault], ..demo_like(name) }]).await
}

async fn check(site: &TestSite, new: Value, status: u16, code: &str) -> Result<()> {
    let answer = site.admin.post("/api/v1/cameras", &new).await?;
    assert_eq!((answer.status.as_u16(), answer.code()), (status, code), "{new}: {}", answer.text);
    assert!(!answer.json["title"].as_str().unwrap_or_default().is_empty());
    assert!(answer.json["details"]["suggestion"].is_string());
    Ok(())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_wrong_with_a_camera_is_said() -> Result<()> {
    let site = TestSite::start().await?;
    let url = |url: &str| json!({ "main_url": url });
    check(&site, url("not a url"), 422, "url_invalid").await?;
    check(&site, url("rtsp://127.0.0.1:99999/"), 422, "url_invalid").await?;
    check(&site, url("gopher://127.0.0.1/"), 422, "url_scheme_unsupported").await?;
    check(&site, url("rtsp:///main"), 422, "url_host_missing").await?;
    check(&site, json!({ "main_url": 5 }), 400, "request_invalid").await?;
    check(&site, json!({ "main_url": "rtsp://h/", "engine": "vlc" }), 400, "request_invalid").await?;
    check(&site, url("rtsp://no-such-host.invalid/main"), 502, "host_unknown").await?;
    check(&site, url(&format!("rtsp://127.0.0.1:{}/main", closed_port().await?)), 502, "port_refused").await?;
    for (says, goes_on, code) in [
        (PAGE, &b""[..], "not_rtsp"),
        (&b"\xa5\x00\x17"[..], &b"\xff\x00\x24\x24"[..], "not_rtsp"),
        (&b"RTSP/1.0 200 OK\r\nX: "[..], &b"aaaaaaaaaaaaaaaa"[..], "rtsp_error"),
        (&b"RTSP/1.0 200 OK\r\nCSeq: 1\r\nContent-Length: 2147483648\r\n\r\n"[..], &b"a=tool:x\r\n"[..], "rtsp_error"),
    ] {
        check(&site, url(&format!("rtsp://{}/main", server(says, goes_on).await?)), 502, code).await?;
    }

    let locked = CameraSpec { credentials: Some(("admin".into(), Secret::new("right"))), ..demo_like("Locked") };
    let cameras = farm(vec![locked]).await?;
    let main = cameras.rtsp_url(0, StreamRole::Main);
    check(&site, url(&main), 502, "credentials_missing").await?;
    let with = |password: &str| json!({ "main_url": main, "username": "admin", "password": password });
    check(&site, with("wrong"), 502, "credentials_wrong").await?;
    let attempts = cameras.counters(0)?;
    assert!(attempts.password_attempts <= 2, "{attempts:?}");
    check(
        &site,
        json!({ "main_url": format!("{main}-none"), "username": "admin", "password": "right" }),
        502,
        "stream_path_unknown",
    )
    .await?;

    let html = faulty("Html", Fault::HtmlAnswer).await?;
    check(&site, url(&html.rtsp_url(0, StreamRole::Main)), 502, "not_rtsp").await?;
    let codec = faulty("Codec", Fault::UnknownCodec).await?;
    check(&site, url(&codec.rtsp_url(0, StreamRole::Main)), 422, "codec_unsupported").await?;
    let vanished = faulty("Vanished", Fault::Vanish).await?;
    check(&site, url(&vanished.rtsp_url(0, StreamRole::Main)), 504, "connect_timeout").await?;
    let keyless = faulty("Keyless", Fault::NoKeyFrames).await?;
    check(&site, url(&keyless.rtsp_url(0, StreamRole::Main)), 504, "no_key_frame").await?;

    assert_eq!(site.admin.get("/api/v1/cameras").await?.json["items"], json!([]));
    // The right password is all that was missing.
    let added = site.admin.post("/api/v1/cameras", &with("right")).await?.ok()?;
    assert_eq!(added.status, 201);
    assert_eq!((&added.json["has_password"], &added.json["username"]), (&json!(true), &json!("admin")));
    check(&site, with("right"), 409, "camera_exists").await?;
    let probe =
        site.admin.post("/api/v1/cameras/probe", &json!({ "url": main, "camera_id": added.json["id"] })).await?.ok()?;
    assert_eq!((&probe.json["facts"]["video"], &probe.json["facts"]["width"]), (&json!("h264"), &json!(640)));
    assert!(probe.json["picture"].as_str().unwrap_or_default().starts_with("data:image/jpeg;base64,"));
    site.stop().await;
    for farm in [cameras, html, codec, vanished, keyless] {
        farm.shutdown().await;
    }
    Ok(())
}

#[tokio::test]
async fn a_camera_is_changed_grouped_and_forgotten() -> Result<()> {
    let site = TestSite::start().await?;
    let camera =
        site.add_camera("Gate", "rtsp://anna:secret@192.0.2.1/main", Some("rtsp://192.0.2.1/sub"), true).await?;
    let at = format!("/api/v1/cameras/{}", camera["id"]);
    assert_eq!(camera["streams"][0]["url"], "rtsp://192.0.2.1/main");
    assert_eq!((&camera["username"], &camera["has_password"]), (&json!("anna"), &json!(true)));
    let group = site.admin.post("/api/v1/groups", &json!({ "name": "Yard" })).await?.ok()?.json;
    let patch = json!({ "name": "Back gate", "group_id": group["id"], "enabled": false, "sub_url": "" });
    let changed = site.admin.send_json(reqwest::Method::PATCH, &at, &patch).await?.ok()?.json;
    assert_eq!((&changed["name"], &changed["group_id"]), (&json!("Back gate"), &group["id"]));
    assert_eq!(changed["streams"].as_array().map(Vec::len), Some(1));
    assert_eq!(changed["streams"][0]["status"]["phase"], "disabled");
    let path = TestSite::path_of(&changed, "main");
    let plans = site.admin.get("/api/v1/plans").await?.ok()?.json;
    assert_eq!(plans["items"][0]["path"], json!(path));
    let bad = site
        .admin
        .send_json(reqwest::Method::PUT, &format!("/api/v1/plans/{path}"), &json!({ "retention_days": 0 }))
        .await?;
    assert_eq!((bad.status.as_u16(), bad.code()), (422, "plan_invalid"));
    site.admin.delete(&at).await?.ok()?;
    assert_eq!(site.admin.get(&at).await?.code(), "camera_not_found");
    assert_eq!(site.admin.get("/api/v1/plans").await?.json["items"], json!([]));
    site.stop().await;
    Ok(())
}
