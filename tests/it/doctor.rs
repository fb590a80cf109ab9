//! Cameras are examined: what is wrong with each is found and said, mended where that is offered, and no device loses
//! more than two logins over it.

use anyhow::{Context, Result};
use serde_json::{Value, json};
use std::{net::Ipv4Addr, time::Duration};
use watchwall_camsim::{CameraSpec, Codec, Farm, Fault, Quirk, SoapAnswer, SoapFault, StreamSpec};
use watchwall_model::StreamRole;
use watchwall_tests::{
    Binary, DeviceFarm, EXAMINED_WITHIN, Socket, TestSite, USER, at_login, demo_like, examination_ended as ended,
    examine, farm, line_of as line, report_says as check, small_stream, soon, until,
};

const PASSWORD: &str = "a camera's password";
/// One that devices are sold with.
const FACTORY: &str = "meinsm";

const fn host(last: u8) -> Ipv4Addr {
    Ipv4Addr::new(127, 0, 71, last)
}

fn findings(report: &Value) -> Vec<String> {
    let lines = report["lines"].as_array().into_iter().flatten();
    lines
        .filter(|line| ["bad", "warning"].iter().any(|verdict| line["verdict"] == *verdict))
        .map(|line| format!("{} {} {}", line["stream"], line["check"], line["outcome"]))
        .collect()
}

/// What waits for this is closed by the camera, not by a client that went away.
async fn all_sessions_ended(farm: &Farm, camera: usize) -> Result<()> {
    until("the end of all sessions", Duration::from_secs(10), async || {
        (farm.counters(camera).ok()?.sessions_now() == 0).then_some(())
    })
    .await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_good_camera_is_all_fine_and_left_as_it_was() -> Result<()> {
    let farm = DeviceFarm::new().camera(host(1), PASSWORD).start().await?;
    let site = TestSite::start().await?;
    let report = examine(&site, &at_login(&farm.device_url(0)?, PASSWORD)).await?;
    assert_eq!(findings(&report), Vec::<String>::new(), "{report:#}");
    assert_eq!((&report["state"], &report["counts"]["skipped"]), (&json!("done"), &json!(0)), "{report:#}");
    assert_eq!(report["device"]["manufacturer"], "Camsim");
    for (name, outcome) in [
        ("reachable", "open"),
        ("login", "accepted"),
        ("default_password", "own"),
        ("clock", "right"),
        ("onvif", "speaks"),
        ("profiles", "good"),
        ("events", "works"),
        ("snapshot", "picture"),
        ("ptz", "works"),
        ("main/transport", "both"),
        ("main/codec", "as_claimed"),
        ("main/gop", "good"),
        ("main/parameter_sets", "stable"),
        ("sub/decode", "keeps_up"),
        ("sub/session_limit", "enough"),
    ] {
        check(&report, name, "ok", outcome);
    }
    let codec = &line(&report, "main/codec")["params"];
    assert_eq!((&codec["codec"], &codec["width"], &codec["height"]), (&json!("H.264"), &json!("640"), &json!("360")));
    assert_eq!(line(&report, "snapshot")["params"]["width"], "640");
    let counters = farm.device_counters(0)?;
    assert_eq!((counters.password_attempts_total, counters.subscriptions), (0, 0));
    all_sessions_ended(&farm, 0).await?;
    let seen = farm.counters(0)?;
    assert_eq!(seen.sessions_total(), seen.teardowns(), "every session said goodbye");
    assert_eq!(site.admin.get("/api/v1/cameras").await?.json["items"], json!([]), "nothing is stored");
    site.stop().await;
    farm.shutdown().await;
    Ok(())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_wrong_clock_and_a_long_gop_are_mended() -> Result<()> {
    let farm = DeviceFarm::new().camera(host(2), PASSWORD).start().await?;
    let site = TestSite::start().await?;
    let added = site.add_device(&farm.device_url(0)?, PASSWORD).await?;
    let camera = added["camera_ids"][0].clone();
    let last = format!("/api/v1/cameras/{camera}/doctor");
    assert_eq!(site.admin.get(&last).await?.ok()?.json, json!({ "report": null }));
    site.health_is(&camera, "online").await?;
    farm.set_device_clock_ms(0, -7_200_000)?;
    let encoders = format!("/api/v1/cameras/{camera}/encoders");
    let all = site.admin.get(&encoders).await?.ok()?.json;
    let main = all.as_array().and_then(|all| all.iter().find(|one| one["role"] == "main")).context("no main")?;
    let patch = json!({ "profile": main["profile"], "gop_length": 60 });
    site.admin.send_json(reqwest::Method::PATCH, &encoders, &patch).await?.ok()?;
    let mut pages = Socket::open(&site.admin, "/ws/web-notify").await?;
    pages.say(&json!({ "type": "subscribe", "topics": ["doctor"] })).await?;

    let report = examine(&site, &json!({ "camera_id": camera })).await?;
    check(&report, "clock", "bad", "wrong");
    check(&report, "main/gop", "warning", "long");
    check(&report, "sub/gop", "ok", "good");
    let seconds = line(&report, "main/gop")["params"]["seconds"].as_str().context("no length")?.parse::<f64>()?;
    assert!((5.5..6.5).contains(&seconds), "{seconds}");
    let heard = soon("news of the examination", EXAMINED_WITHIN, async {
        loop {
            let message = pages.json("doctor_changed").await?;
            if message["lines"].as_array().is_some_and(|lines| !lines.is_empty()) {
                return anyhow::Ok(message);
            }
        }
    });
    assert_eq!(heard.await??["job"]["camera_id"], camera);
    assert_eq!(site.admin.get(&last).await?.ok()?.json["report"]["id"], report["id"]);

    let mends = format!("/api/v1/doctor/{}/mends", report["id"]);
    for (order, code) in [
        (json!({ "mend": "repaint" }), "request_invalid"),
        (json!({ "mend": "set_codec", "stream": "main" }), "request_invalid"),
        (json!({ "mend": "set_gop" }), "request_invalid"),
    ] {
        assert_eq!(site.admin.post(&mends, &order).await?.code(), code, "{order}");
    }
    let begun = site.admin.post(&mends, &json!({ "mend": "sync_clock" })).await?.ok()?.json;
    assert_eq!(begun["state"], "running");
    let mended = ended(&site, &report["id"]).await?;
    check(&mended, "clock", "ok", "right");
    assert!(farm.device_clock_ms(0)?.abs() < 2_000);
    site.admin.post(&mends, &json!({ "mend": "set_gop", "stream": "main" })).await?.ok()?;
    assert_eq!(site.admin.post(&mends, &json!({ "mend": "sync_clock" })).await?.code(), "doctor_busy");
    let mended = ended(&site, &report["id"]).await?;
    check(&mended, "main/gop", "ok", "good");
    assert_eq!(line(&mended, "main/gop")["params"]["frames"], "20");
    let ntp = json!({ "mend": "set_ntp", "servers": ["10.0.0.1"] });
    site.admin.post(&mends, &ntp).await?.ok()?;
    let mended = ended(&site, &report["id"]).await?;
    check(&mended, "ntp", "ok", "on");
    assert_eq!(line(&mended, "ntp")["params"]["servers"], "10.0.0.1");
    let audit = site.admin.get("/api/v1/audit").await?.ok()?.text;
    for action in ["doctor.start", "device.set_clock", "camera.set_encoder"] {
        assert!(audit.contains(action), "{audit}");
    }
    assert!(!audit.contains(PASSWORD));
    // It is kept over a restart, with what was mended.
    let data = site.stop_keeping().await;
    let options = watchwall_tests::SiteOptions { data: Some(data), ..Default::default() };
    let site = TestSite::start_with(options).await?;
    let kept = site.admin.get(&last).await?.ok()?.json["report"].clone();
    assert_eq!(kept["id"], 0);
    check(&kept, "clock", "ok", "right");
    let viewer = site.user("vera", "viewer", "a long password").await?;
    assert_eq!(viewer.get(&last).await?.status.as_u16(), 200);
    assert_eq!(viewer.post("/api/v1/doctor", &json!({ "camera_id": camera })).await?.code(), "right_missing");
    site.stop().await;
    farm.shutdown().await;
    Ok(())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_wrong_password_costs_two_tries_and_is_a_line() -> Result<()> {
    let farm = DeviceFarm::new().camera(host(3), PASSWORD).start().await?;
    farm.set_device_clock_ms(0, 60_000)?;
    let site = TestSite::start().await?;
    for _ in 0..2 {
        let report = examine(&site, &at_login(&farm.device_url(0)?, "not it")).await?;
        check(&report, "login", "bad", "refused");
        let login = line(&report, "login");
        assert_eq!(
            (&login["problem"]["code"], &login["params"]["username"]),
            (&json!("credentials_wrong"), &json!(USER))
        );
        assert!(login["suggestion"].is_string(), "{login}");
        // The clock is shown to anybody, and nobody may set it.
        check(&report, "clock", "bad", "wrong");
        assert!(line(&report, "clock").get("mend").is_none());
        for name in ["default_password", "ntp", "profiles", "main/transport", "main/gop", "main/session_limit"] {
            check(&report, name, "skipped", "login_refused");
        }
        assert!(!report.to_string().contains("not it"), "{report}");
    }
    assert!(farm.device_counters(0)?.password_attempts_total <= 2);
    let report = examine(&site, &json!({ "address": farm.device_url(0)? })).await?;
    check(&report, "login", "bad", "missing");
    check(&report, "main/gop", "skipped", "login_missing");
    site.stop().await;
    farm.shutdown().await;
    Ok(())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn cameras_with_odd_streams_are_seen_through() -> Result<()> {
    let h265 = CameraSpec {
        main: StreamSpec { codec: Codec::H265, gop_ms: 1_000, ..StreamSpec::replay(640, 360, 10, 400) },
        ..demo_like("Liar")
    };
    let farm = DeviceFarm::new()
        .of_camera(host(4), FACTORY, h265, |device| device.with(Quirk::NoMedia2))
        .camera(host(5), PASSWORD)
        .start()
        .await?;
    farm.fault_stream(1, StreamRole::Main, Fault::BFrames).await?;
    farm.fault_stream(1, StreamRole::Sub, Fault::SessionLimit { sessions: 2 }).await?;
    let site = TestSite::start().await?;
    let (first, second) = (at_login(&farm.device_url(0)?, FACTORY), at_login(&farm.device_url(1)?, PASSWORD));
    let (liar, odd) = tokio::try_join!(examine(&site, &first), examine(&site, &second))?;
    check(&liar, "main/codec", "bad", "other_codec");
    let codec = line(&liar, "main/codec");
    assert_eq!(
        (&codec["params"]["codec"], &codec["params"]["claimed_codec"], &codec["mend"]["kind"]),
        (&json!("H.265"), &json!("H.264"), &json!("set_codec"))
    );
    check(&liar, "onvif", "note", "old");
    check(&liar, "default_password", "bad", "factory");
    assert!(!liar.to_string().contains(FACTORY), "{liar}");
    check(&odd, "main/b_frames", "warning", "present");
    check(&odd, "sub/b_frames", "ok", "none");
    check(&odd, "sub/session_limit", "warning", "limited");
    assert_eq!(line(&odd, "sub/session_limit")["params"]["sessions"], "2");
    site.stop().await;
    farm.shutdown().await;
    Ok(())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_recorded_stream_that_allows_one_session_goes_on() -> Result<()> {
    let farm = farm(vec![CameraSpec::new("Single", small_stream())]).await?;
    let site = TestSite::start().await?;
    let camera = site.add_camera("Single", &farm.rtsp_url(0, StreamRole::Main), None, true).await?;
    let path = TestSite::path_of(&camera, "main");
    site.recorded_since(&path, 500).await?;
    farm.fault(0, Fault::SessionLimit { sessions: 1 }).await?;
    let before = farm.counters(0)?.main.sessions_total;
    let report = examine(&site, &json!({ "camera_id": camera["id"] })).await?;
    check(&report, "main/session_limit", "bad", "full");
    assert_eq!(line(&report, "main/session_limit")["problem"]["code"], "camera_busy");
    // What the site receives anyway is looked at instead.
    check(&report, "main/gop", "ok", "good");
    check(&report, "main/codec", "ok", "received");
    check(&report, "onvif", "skipped", "stream_only");
    assert_eq!(farm.counters(0)?.main.sessions_total, before, "nobody was let in beside the recorder");
    let live = site.admin.get(&format!("/api/v1/cameras/{}", camera["id"])).await?.ok()?.json;
    assert_eq!(live["streams"][0]["status"]["reconnects"], 0);
    site.stop().await;
    farm.shutdown().await;
    Ok(())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn plain_streams_and_what_is_no_camera_are_told_apart() -> Result<()> {
    let farm = farm(vec![CameraSpec::new("Open", small_stream())]).await?;
    let site = TestSite::start().await?;
    let url = farm.rtsp_url(0, StreamRole::Main);
    let plain = examine(&site, &json!({ "address": url })).await?;
    check(&plain, "reachable", "ok", "open");
    check(&plain, "login", "note", "not_needed");
    check(&plain, "default_password", "bad", "open");
    check(&plain, "onvif", "skipped", "stream_only");
    check(&plain, "main/codec", "ok", "received");
    farm.fault(0, Fault::HtmlAnswer).await?;
    let page = examine(&site, &json!({ "address": url })).await?;
    check(&page, "main/transport", "bad", "failed");
    check(&page, "main/gop", "skipped", "stream_failed");

    // Nobody listens at the port of a listener that is gone.
    let free = std::net::TcpListener::bind((host(6), 0))?.local_addr()?;
    let gone = examine(&site, &json!({ "address": free.to_string() })).await?;
    check(&gone, "reachable", "bad", "closed");
    assert_eq!(line(&gone, "reachable")["problem"]["code"], "port_refused");
    check(&gone, "clock", "skipped", "unreachable");
    check(&gone, "main/gop", "skipped", "unreachable");

    let devices = DeviceFarm::new().camera(host(7), PASSWORD).start().await?;
    devices
        .soap_fault(0, SoapFault { operation: "*".into(), answer: SoapAnswer::Html { status: 200 }, times: None })?;
    let html = examine(&site, &at_login(&devices.device_url(0)?, PASSWORD)).await?;
    check(&html, "reachable", "ok", "open");
    check(&html, "onvif", "bad", "absent");
    check(&html, "main/gop", "skipped", "no_onvif");
    assert_eq!(site.admin.post("/api/v1/doctor", &json!({ "address": "a b" })).await?.code(), "url_invalid");
    assert_eq!(site.admin.post("/api/v1/doctor", &json!({ "camera_id": 99 })).await?.code(), "camera_not_found");
    site.stop().await;
    devices.shutdown().await;
    farm.shutdown().await;
    Ok(())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_examination_can_be_ended_and_few_run_at_once() -> Result<()> {
    let silent = SoapFault { operation: "*".into(), answer: SoapAnswer::Nothing, times: None };
    let devices = DeviceFarm::new().camera(host(8), PASSWORD).start().await?;
    devices.soap_fault(0, silent)?;
    let site = TestSite::start().await?;
    let wish = at_login(&devices.device_url(0)?, PASSWORD);
    let mut ids = Vec::new();
    for _ in 0..4 {
        ids.push(site.admin.post("/api/v1/doctor", &wish).await?.ok()?.json["id"].clone());
    }
    assert_eq!(site.admin.post("/api/v1/doctor", &wish).await?.code(), "too_many_jobs");
    for id in &ids {
        site.admin.delete(&format!("/api/v1/doctor/{id}")).await?.ok()?;
        let report = ended(&site, id).await?;
        assert_eq!(report["state"], "cancelled");
        check(&report, "clock", "skipped", "cancelled");
        assert_eq!(
            site.admin.post(&format!("/api/v1/doctor/{id}/mends"), &json!({ "mend": "sync_clock" })).await?.code(),
            "job_cancelled"
        );
        site.admin.delete(&format!("/api/v1/doctor/{id}")).await?.ok()?;
        assert_eq!(site.admin.get(&format!("/api/v1/doctor/{id}")).await?.code(), "job_not_found");
    }
    site.stop().await;
    devices.shutdown().await;
    Ok(())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_command_examines_and_mends_without_a_site() -> Result<()> {
    let farm = DeviceFarm::new().camera(host(9), PASSWORD).start().await?;
    farm.set_device_clock_ms(0, 3_600_000)?;
    let url = farm.device_url(0)?;
    let run = async |more: &[&str]| -> Result<(bool, String)> {
        let usual = ["doctor", "camera", url.as_str(), "--user", USER, "--password", PASSWORD];
        let arguments: Vec<&str> = usual.iter().chain(more).copied().collect();
        let mut command = Binary::start(&arguments, "warn")?;
        let status = command.ended(2 * EXAMINED_WITHIN).await?;
        Ok((status.success(), command.lines("out").join("\n")))
    };
    let (ok, said) = run(&["--language", "zh-CN"]).await?;
    // Devices show whole seconds.
    assert!(!ok && said.contains("时钟") && (said.contains("3599.") || said.contains("3600.")), "{said}");
    assert!(!said.contains(PASSWORD));
    let (ok, said) = run(&["--json", "--mend", "clock"]).await?;
    let report: Value = serde_json::from_str(&said)?;
    assert!(ok, "{said}");
    check(&report, "clock", "ok", "right");
    assert!(farm.device_clock_ms(0)?.abs() < 2_000);
    farm.shutdown().await;
    Ok(())
}
