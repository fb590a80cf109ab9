//! Adding devices: one by one, from a table, with sets of passwords, again after mending. Devices count what it cost them.

use anyhow::{Context, Result};
use base64::Engine as _;
use reqwest::Method;
use serde_json::{Value, json};
use std::{net::Ipv4Addr, time::Duration};
use watchwall_camsim::{Fault, Lockout, SoapAnswer, SoapFault};
use watchwall_model::StreamRole;
use watchwall_tests::{Binary, Client, DeviceFarm, Socket, TestSite, USER, soon, until};

const DONE_WITHIN: Duration = Duration::from_secs(60);

/// Begins a job and waits for its end.
async fn onboard(client: &Client, body: &Value) -> Result<Value> {
    let job = client.post("/api/v1/onboarding", body).await?;
    assert_eq!(job.status.as_u16(), 202, "{}", job.text);
    ended(client, &job.json["id"]).await
}

async fn ended(client: &Client, id: &Value) -> Result<Value> {
    let path = format!("/api/v1/onboarding/{id}?limit=500");
    until("the end of the job", DONE_WITHIN, async || {
        let job = client.get(&path).await.ok()?.json;
        (job["state"] != "running").then_some(job)
    })
    .await
}

fn row(url: &str, password: &str) -> Value {
    json!({ "address": url, "username": USER, "password": password })
}

fn codes(job: &Value) -> Vec<&str> {
    let rows = job["rows"].as_array().map(Vec::as_slice).unwrap_or_default();
    rows.iter()
        .map(|row| row["problem"]["code"].as_str().or_else(|| row["state"].as_str()).unwrap_or_default())
        .collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_device_is_looked_at_added_and_known() -> Result<()> {
    let farm = DeviceFarm::new().camera(Ipv4Addr::new(127, 0, 11, 1), "p@:/%&<>\"密码").start().await?;
    let site = TestSite::start().await?;
    let url = farm.device_url(0)?;
    let probe = json!({ "address": url, "username": USER, "password": "p@:/%&<>\"密码" });
    let seen = site.admin.post("/api/v1/devices/probe", &probe).await?.ok()?.json;
    assert_eq!((&seen["device"]["manufacturer"], &seen["device"]["login"]), (&json!("Camsim"), &json!("digest")));
    let streams = &seen["channels"][0]["streams"];
    assert_eq!((&streams[0]["role"], &streams[0]["facts"]["width"]), (&json!("main"), &json!(640)));
    assert_eq!((&streams[1]["role"], &streams[1]["facts"]["width"]), (&json!("sub"), &json!(320)));
    assert_eq!(streams[0]["facts"]["video"], "h264");
    assert!(streams[0]["bitrate_kbps"].as_u64().is_some_and(|rate| (50..5_000).contains(&rate)), "{streams}");
    assert!(streams[0]["picture"].as_str().unwrap_or_default().starts_with("data:image/jpeg;base64,"));
    let steps = seen["steps"].as_array().context("no steps")?;
    assert!(steps.iter().all(|step| step["ok"] == true), "{steps:?}");
    let names: Vec<&str> = steps.iter().filter_map(|step| step["step"].as_str()).collect();
    assert!(names.starts_with(&["REACH", "SPEAK", "CLOCK", "AUTHENTICATE", "IDENTIFY"]), "{names:?}");
    assert!(names.ends_with(&["STREAM_URIS", "PROBE_STREAMS"]), "{names:?}");

    let added = onboard(&site.admin, &json!({ "rows": [row(&url, "p@:/%&<>\"密码")] })).await?;
    assert_eq!(codes(&added), ["added"], "{added}");
    let id = &added["rows"][0]["camera_ids"][0];
    let camera = site.admin.get(&format!("/api/v1/cameras/{id}")).await?.ok()?.json;
    assert_eq!(camera["streams"][0]["path"], "cam_127_0_11_1_ch1_main");
    assert_eq!(camera["streams"][1]["path"], "cam_127_0_11_1_ch1_sub");
    assert_eq!((&camera["username"], &camera["device_id"]), (&json!(USER), &added["rows"][0]["device_id"]));
    site.recorded_since("cam_127_0_11_1_ch1_main", 500).await?;
    let devices = site.admin.get("/api/v1/devices").await?.ok()?.json;
    assert_eq!((devices["items"].as_array().map(Vec::len), &devices["items"][0]["camera_ids"][0]), (Some(1), id));
    assert!(devices["items"][0]["profiles"].as_array().is_some_and(|all| all.len() >= 2), "{devices}");

    let again = onboard(&site.admin, &json!({ "rows": [row(&url, "p@:/%&<>\"密码")] })).await?;
    assert_eq!(codes(&again), ["device_exists"]);
    assert_eq!(again["rows"][0]["problem"]["params"]["device_id"], json!(added["rows"][0]["device_id"].to_string()));
    assert_eq!(site.admin.metric("camera_onboarding_total").await?, 2.0);
    assert_eq!(site.admin.metric("camera_onboarding_success_total").await?, 1.0);
    assert_eq!(farm.device_counters(0)?.password_attempts_total, 0);
    assert_eq!(farm.device_counters(0)?.most_at_once, 1, "one request at a time");
    site.stop().await;
    farm.shutdown().await;
    Ok(())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_recorder_becomes_a_camera_per_channel() -> Result<()> {
    let farm = DeviceFarm::new().recorder(Ipv4Addr::new(127, 0, 12, 1), "right", 16).start().await?;
    let site = TestSite::start().await?;
    let mut wish = row(&farm.device_url(0)?, "right");
    wish["name"] = json!("Store");
    wish["group"] = json!("Ground floor/East");
    let job = onboard(&site.admin, &json!({ "rows": [wish], "record": false })).await?;
    assert_eq!(codes(&job), ["added"], "{job}");
    let cameras = site.admin.get("/api/v1/cameras?limit=100").await?.ok()?.json;
    let cameras = cameras["items"].as_array().context("no cameras")?;
    assert_eq!(cameras.len(), 16);
    let last = cameras.iter().find(|camera| camera["channel"] == 16).context("no channel 16")?;
    assert_eq!((&last["name"], &last["streams"][0]["path"]), (&json!("Store 16"), &json!("cam_127_0_12_1_ch16_main")));
    let groups = site.admin.get("/api/v1/groups").await?.ok()?.json;
    let east = groups["items"].as_array().into_iter().flatten().find(|group| group["name"] == "East");
    assert_eq!(last["group_id"], east.context("no group")?["id"]);
    assert_eq!(site.admin.get("/api/v1/plans").await?.json["items"], json!([]));
    // The device goes with its cameras.
    site.admin.delete(&format!("/api/v1/devices/{}", job["rows"][0]["device_id"])).await?.ok()?;
    assert_eq!(site.admin.get("/api/v1/cameras").await?.json["items"], json!([]));
    site.stop().await;
    farm.shutdown().await;
    Ok(())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn channels_that_are_not_wanted_are_added_switched_off_and_never_recorded() -> Result<()> {
    let farm = DeviceFarm::new().recorder(Ipv4Addr::new(127, 0, 12, 2), "right", 3).start().await?;
    let site = TestSite::start().await?;
    let mut wish = row(&farm.device_url(0)?, "right");
    wish["channels"] = json!([1, 3]);
    let job = onboard(&site.admin, &json!({ "rows": [wish], "record": true })).await?;
    assert_eq!(codes(&job), ["added"], "{job}");
    let cameras = site.admin.get("/api/v1/cameras?limit=100").await?.ok()?.json;
    let mut enabled: Vec<_> = cameras["items"]
        .as_array()
        .context("no cameras")?
        .iter()
        .map(|camera| (camera["channel"].as_i64(), camera["enabled"].as_bool()))
        .collect();
    enabled.sort_unstable();
    assert_eq!(enabled, [(Some(1), Some(true)), (Some(2), Some(false)), (Some(3), Some(true))]);
    let plans = site.admin.get("/api/v1/plans").await?.ok()?.json;
    let mut paths: Vec<_> =
        plans["items"].as_array().context("no plans")?.iter().filter_map(|plan| plan["path"].as_str()).collect();
    paths.sort_unstable();
    assert_eq!(paths, ["cam_127_0_12_2_ch1_main", "cam_127_0_12_2_ch3_main"]);
    site.recorded_since("cam_127_0_12_2_ch3_main", 500).await?;
    // The look at it was its only session.
    let second = farm.counters(1)?;
    assert_eq!((second.sessions_now(), second.sessions_total()), (0, 1));
    let off = cameras["items"].as_array().into_iter().flatten().find(|camera| camera["channel"] == 2);
    let path = format!("/api/v1/cameras/{}", off.context("no channel 2")?["id"]);
    assert_eq!(site.admin.get(&format!("{path}/encoders")).await?.code(), "camera_disabled");
    site.admin.send_json(Method::PATCH, &path, &json!({ "enabled": true })).await?.ok()?;
    site.admin.get(&format!("{path}/encoders")).await?.ok()?;
    site.stop().await;
    farm.shutdown().await;
    Ok(())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_row_that_runs_names_its_step() -> Result<()> {
    let host = |last| Ipv4Addr::new(127, 0, 12, last);
    let farm = DeviceFarm::new().camera(host(3), "right").camera(host(4), "right").start().await?;
    farm.soap_fault(0, SoapFault { operation: "GetProfiles".into(), answer: SoapAnswer::Nothing, times: None })?;
    farm.fault(1, Fault::Freeze).await?;
    let site = TestSite::start().await?;
    let rows = [row(&farm.device_url(0)?, "right"), row(&farm.device_url(1)?, "right")];
    let job = site.admin.post("/api/v1/onboarding", &json!({ "rows": rows })).await?.ok()?.json;
    let path = format!("/api/v1/onboarding/{}", job["id"]);
    until("the steps of both", DONE_WITHIN, async || {
        let rows = site.admin.get(&path).await.ok()?.json["rows"].clone();
        let steps = [&rows[0]["step"], &rows[1]["step"]];
        (steps == [&json!("AUTHENTICATE"), &json!("PROBE_STREAMS")]).then_some(())
    })
    .await?;
    site.admin.delete(&path).await?.ok()?;
    let over = ended(&site.admin, &job["id"]).await?;
    assert_eq!((&over["state"], &over["rows"][0]["step"]), (&json!("cancelled"), &Value::Null));
    site.stop().await;
    farm.shutdown().await;
    Ok(())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_device_can_be_controlled_the_moment_it_is_added() -> Result<()> {
    let host = |last| Ipv4Addr::new(127, 0, 12, last);
    let farm = DeviceFarm::new().camera(host(5), "right").camera(host(6), "right").start().await?;
    let site = TestSite::start().await?;
    for device in 0..2 {
        let wish = row(&farm.device_url(device)?, "right");
        let job = site.admin.post("/api/v1/onboarding", &json!({ "rows": [wish], "record": false })).await?.ok()?.json;
        let path = format!("/api/v1/onboarding/{}", job["id"]);
        // Not the end of the job: the row says so as soon as its cameras are stored.
        let added = until("the row", DONE_WITHIN, async || {
            let row = site.admin.get(&path).await.ok()?.json["rows"][0].clone();
            (row["state"] == "added").then_some(row)
        })
        .await?;
        let camera = &added["camera_ids"][0];
        let encoders = site.admin.get(&format!("/api/v1/cameras/{camera}/encoders")).await?.ok()?.json;
        assert_eq!(encoders.as_array().map(Vec::len), Some(2), "{encoders}");
        site.admin.get(&format!("/api/v1/devices/{}/clock", added["device_id"])).await?.ok()?;
    }
    site.stop().await;
    farm.shutdown().await;
    Ok(())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_wrong_password_costs_two_tries_however_often_it_is_tried() -> Result<()> {
    let farm = DeviceFarm::new().camera(Ipv4Addr::new(127, 0, 13, 1), "right").start().await?;
    let site = TestSite::start().await?;
    let url = farm.device_url(0)?;
    let probe = json!({ "address": url, "username": USER, "password": "wrong" });
    let refused = site.admin.post("/api/v1/devices/probe", &probe).await?;
    assert_eq!((refused.status.as_u16(), refused.code()), (502, "credentials_wrong"), "{}", refused.text);
    let details = &refused.json["details"];
    assert_eq!((&details["step"], &details["suggestion_code"]), (&json!("AUTHENTICATE"), &json!("make_onvif_user")));
    assert!(details["suggestion"].as_str().is_some_and(|text| text.contains("ONVIF users")), "{details}");
    let job = onboard(&site.admin, &json!({ "rows": [row(&url, "wrong")] })).await?;
    for _ in 0..5 {
        site.admin.post(&format!("/api/v1/onboarding/{}/retry", job["id"]), &json!({})).await?.ok()?;
        assert_eq!(codes(&ended(&site.admin, &job["id"]).await?), ["credentials_wrong"]);
        assert_eq!(site.admin.post("/api/v1/devices/probe", &probe).await?.code(), "credentials_wrong");
    }
    let counted = farm.device_counters(0)?;
    assert!((1..=2).contains(&counted.password_attempts_total), "{counted:?}");
    // Mended, the row goes through.
    let mended = json!({ "rows": [{ "row": 1, "password": "right" }] });
    site.admin.post(&format!("/api/v1/onboarding/{}/retry", job["id"]), &mended).await?.ok()?;
    assert_eq!(codes(&ended(&site.admin, &job["id"]).await?), ["added"]);
    site.stop().await;
    farm.shutdown().await;
    Ok(())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn sets_of_passwords_are_tried_and_no_device_meets_three_wrong_ones() -> Result<()> {
    let host = |last| Ipv4Addr::new(127, 0, 14, last);
    let lockout = Lockout { attempts: 3, ms: 600_000 };
    let farm = DeviceFarm::new()
        .camera(host(1), "second")
        .camera(host(2), "second")
        .camera_with(host(3), "fourth", |device| watchwall_camsim::DeviceSpec { lockout: Some(lockout), ..device })
        .start()
        .await?;
    let site = TestSite::start().await?;
    let mut ids = Vec::new();
    for password in ["first", "second", "third", "fourth"] {
        let set = json!({ "name": password, "username": USER, "password": password });
        let stored = site.admin.post("/api/v1/credential-sets", &set).await?.ok()?;
        assert!(!stored.text.contains("\"password\""), "{}", stored.text);
        ids.push(stored.json["id"].clone());
    }
    let rows: Vec<Value> = (0..3).map(|n| Ok(json!({ "address": farm.device_url(n)? }))).collect::<Result<_>>()?;
    let job = onboard(&site.admin, &json!({ "rows": rows, "credential_set_ids": ids, "record": false })).await?;
    assert_eq!(codes(&job), ["added", "added", "credentials_exhausted"], "{job}");
    for _ in 0..3 {
        site.admin.post(&format!("/api/v1/onboarding/{}/retry", job["id"]), &json!({})).await?.ok()?;
        ended(&site.admin, &job["id"]).await?;
    }
    let refused = farm.device_counters(2)?;
    assert!(!refused.is_locked && refused.password_attempts_total <= 2, "{refused:?}");
    // The row's own password is a person's decision.
    let mended = json!({ "rows": [{ "row": 3, "username": USER, "password": "fourth" }] });
    site.admin.post(&format!("/api/v1/onboarding/{}/retry", job["id"]), &mended).await?.ok()?;
    assert_eq!(codes(&ended(&site.admin, &job["id"]).await?), ["added", "added", "added"]);
    site.stop().await;
    farm.shutdown().await;
    Ok(())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_table_is_tried_dry_then_added_then_mended_and_reported() -> Result<()> {
    let host = |last| Ipv4Addr::new(127, 0, 15, last);
    let farm = DeviceFarm::new().camera(host(1), "一二三").camera(host(2), "right").start().await?;
    let site = TestSite::start().await?;
    let (first, second) = (farm.device_url(0)?, farm.device_url(1)?);
    let table = format!(
        "名称,地址,端口,用户名,密码,分组\r\n大门,{first},,{USER},一二三,一楼\r\n后院,{second},,{USER},wrong,一楼\r\n\
         重复,{first},,{USER},一二三,\r\n坏行,10.0.0.1,eighty,,,\r\n"
    );
    let bytes = encoding_rs::GB18030.encode(&table).0.into_owned();
    let file = base64::engine::general_purpose::STANDARD.encode(&bytes);
    let dry = onboard(&site.admin, &json!({ "csv_base64": file, "dry_run": true })).await?;
    assert_eq!(codes(&dry), ["ready", "credentials_wrong", "row_duplicate", "row_invalid"], "{dry}");
    assert_eq!(dry["rows"][3]["problem"]["params"], json!({ "row": "5", "column": "port", "reason": "not a port" }));
    assert_eq!(site.admin.get("/api/v1/cameras").await?.json["items"], json!([]));
    assert_eq!(site.admin.get("/api/v1/groups").await?.json["items"], json!([]));

    let job = onboard(&site.admin, &json!({ "csv_base64": file, "record": false })).await?;
    assert_eq!(codes(&job), ["added", "credentials_wrong", "row_duplicate", "row_invalid"], "{job}");
    let mended = json!({ "rows": [{ "row": 3, "password": "right" }] });
    site.admin.post(&format!("/api/v1/onboarding/{}/retry", job["id"]), &mended).await?.ok()?;
    let job = ended(&site.admin, &job["id"]).await?;
    assert_eq!((&job["added"], &job["failed"]), (&json!(2), &json!(2)));
    let report = site.admin.get(&format!("/api/v1/onboarding/{}/report.csv", job["id"])).await?.ok()?;
    assert!(report.header("content-type").starts_with("text/csv"));
    assert!(
        report.text.contains("cam_127_0_15_2_ch1_main") && report.text.contains("row_duplicate"),
        "{}",
        report.text
    );
    assert!(!report.text.contains("wrong,") && !report.text.contains("一二三"), "{}", report.text);
    let cameras = site.admin.get("/api/v1/cameras").await?.ok()?.json;
    let mut names: Vec<&str> =
        cameras["items"].as_array().into_iter().flatten().filter_map(|camera| camera["name"].as_str()).collect();
    names.sort_unstable();
    assert_eq!(names, ["后院", "大门"]);
    site.stop().await;
    farm.shutdown().await;
    Ok(())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_stream_that_fails_is_stored_with_its_reason_and_tried_again() -> Result<()> {
    let farm = DeviceFarm::new().camera(Ipv4Addr::new(127, 0, 16, 1), "right").start().await?;
    farm.fault_stream(0, StreamRole::Sub, Fault::Vanish).await?;
    let site = TestSite::start().await?;
    let job = onboard(&site.admin, &json!({ "rows": [row(&farm.device_url(0)?, "right")], "record": false })).await?;
    assert_eq!(codes(&job), ["added"], "{job}");
    let camera = format!("/api/v1/cameras/{}", job["rows"][0]["camera_ids"][0]);
    let streams = site.admin.get(&camera).await?.ok()?.json["streams"].clone();
    assert!(streams[0].get("failure").is_none(), "{streams}");
    assert_eq!(streams[1]["failure"]["step"], "PROBE_STREAMS", "{streams}");
    farm.clear(0).await?;
    let refresh = format!("/api/v1/devices/{}/refresh", job["rows"][0]["device_id"]);
    let mended = site.admin.post(&refresh, &json!({})).await?.ok()?.json;
    let sub = &mended["cameras"][0]["streams"][1];
    assert!(sub.get("failure").is_none(), "{sub}");
    assert_eq!(sub["facts"]["width"], 320);
    site.stop().await;
    farm.shutdown().await;
    Ok(())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_device_without_media_is_asked_for_usual_streams_and_a_refused_login_ends_it() -> Result<()> {
    let farm = DeviceFarm::new().camera(Ipv4Addr::new(127, 0, 17, 1), "right").start().await?;
    for operation in ["GetProfiles", "GetStreamUri"] {
        let answer =
            SoapAnswer::Fault { status: 400, subcodes: vec!["ter:ActionNotSupported".into()], reason: String::new() };
        farm.soap_fault(0, SoapFault { operation: operation.into(), answer, times: None })?;
    }
    let site = TestSite::start().await?;
    let job = onboard(&site.admin, &json!({ "rows": [row(&farm.device_url(0)?, "right")] })).await?;
    let problem = &job["rows"][0]["problem"];
    assert_eq!(problem["details"]["step"], "TEMPLATES", "{job}");
    assert_eq!(site.admin.get("/api/v1/devices").await?.json["items"], json!([]), "nothing is half added");
    assert!(farm.device_counters(0)?.password_attempts_total <= 2);
    site.stop().await;
    farm.shutdown().await;
    Ok(())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn pages_hear_how_a_job_goes_and_a_job_can_be_ended() -> Result<()> {
    let silent = SoapFault { operation: "*".into(), answer: SoapAnswer::Nothing, times: None };
    let farm = DeviceFarm::new()
        .camera(Ipv4Addr::new(127, 0, 18, 1), "right")
        .camera(Ipv4Addr::new(127, 0, 18, 2), "right")
        .start()
        .await?;
    farm.soap_fault(1, silent)?;
    let site = TestSite::start().await?;
    let mut socket = Socket::open(&site.admin, "/ws/web-notify").await?;
    socket.say(&json!({ "type": "subscribe", "topics": ["onboarding"] })).await?;
    let rows = [row(&farm.device_url(0)?, "right"), row(&farm.device_url(1)?, "right")];
    let job = site.admin.post("/api/v1/onboarding", &json!({ "rows": rows, "record": false })).await?.ok()?.json;
    let added = async {
        loop {
            let news = socket.json("onboarding_changed").await?;
            if news["job"]["added"] == 1 {
                return anyhow::Ok(news);
            }
        }
    };
    let news = soon("the first row", DONE_WITHIN, added).await??;
    assert_eq!(news["job"]["id"], job["id"]);
    site.admin.delete(&format!("/api/v1/onboarding/{}", job["id"])).await?.ok()?;
    let job = ended(&site.admin, &job["id"]).await?;
    assert_eq!((&job["state"], codes(&job)), (&json!("cancelled"), vec!["added", "job_cancelled"]));
    // A viewer of pictures hears nothing of it, and a job that is over is forgotten.
    site.admin.delete(&format!("/api/v1/onboarding/{}", job["id"])).await?.ok()?;
    assert_eq!(site.admin.get(&format!("/api/v1/onboarding/{}", job["id"])).await?.code(), "job_not_found");
    site.stop().await;
    farm.shutdown().await;
    Ok(())
}

#[tokio::test]
async fn what_cannot_begin_says_why() -> Result<()> {
    let site = TestSite::start().await?;
    let check = async |body: Value, status: u16, code: &str| -> Result<()> {
        let answer = site.admin.post("/api/v1/onboarding", &body).await?;
        assert_eq!((answer.status.as_u16(), answer.code()), (status, code), "{}", answer.text);
        Ok(())
    };
    check(json!({}), 400, "request_invalid").await?;
    check(json!({ "csv": "a,b\n1,2" }), 422, "csv_invalid").await?;
    check(json!({ "csv_base64": "***" }), 400, "request_invalid").await?;
    let many = format!("address\n{}", "10.0.0.1\n".repeat(1_001));
    check(json!({ "csv": many }), 413, "too_many_rows").await?;
    check(json!({ "rows": [{ "address": "10.0.0.1" }], "credential_set_ids": [7] }), 404, "not_found").await?;
    site.stop().await;
    Ok(())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_command_probes_adds_and_imports() -> Result<()> {
    let host = |last| Ipv4Addr::new(127, 0, 19, last);
    let farm = DeviceFarm::new().camera(host(1), "right").camera(host(2), "right").start().await?;
    let site = TestSite::start().await?;
    let data = site.data.path().to_string_lossy().into_owned();
    let run = async |arguments: &[&str]| -> Result<(bool, String)> {
        let arguments: Vec<&str> = arguments.iter().copied().chain(["--data", data.as_str()]).collect();
        let mut command = Binary::start(&arguments, "warn")?;
        let status = command.ended(DONE_WITHIN).await?;
        Ok((status.success(), command.lines("out").join("\n")))
    };
    let (first, second) = (farm.device_url(0)?, farm.device_url(1)?);
    let (ok, said) = run(&["camera", "probe", &first, "--user", USER, "--password", "right", "--json"]).await?;
    let seen: Value = serde_json::from_str(&said)?;
    assert!(ok && seen["channels"][0]["profiles"].as_array().is_some_and(|tokens| tokens.len() >= 2), "{said}");
    let (ok, said) = run(&["camera", "probe", &first, "--user", USER, "--password", "wrong", "--json"]).await?;
    let problem: Value = serde_json::from_str(&said)?;
    assert_eq!(
        (ok, &problem["code"], &problem["details"]["step"]),
        (false, &json!("credentials_wrong"), &json!("AUTHENTICATE"))
    );
    let (ok, said) = run(&["camera", "add", &first, "--user", USER, "--password", "right", "--name", "Gate"]).await?;
    assert!(ok && said.contains("added Gate"), "{said}");
    let table = site.data.path().join("cameras.csv");
    std::fs::write(
        &table,
        format!("name,address,user,password\nGate,{first},{USER},right\nYard,{second},{USER},right\n"),
    )?;
    let table = table.to_string_lossy().into_owned();
    let (ok, said) = run(&["camera", "import", &table, "--no-record"]).await?;
    assert!(!ok && said.contains("device_exists") && said.contains("added"), "{said}");
    let listed = site.admin.send_json(Method::GET, "/api/v1/cameras", &json!({})).await?.ok()?.json;
    assert_eq!(listed["items"].as_array().map(Vec::len), Some(2));
    site.stop().await;
    farm.shutdown().await;
    Ok(())
}
