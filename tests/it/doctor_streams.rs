//! Examinations of what streams do, and of recorders, whose channels are all looked at.

use anyhow::{Context, Result};
use serde_json::{Value, json};
use std::{net::Ipv4Addr, time::Duration};
use watchwall_camsim::{CameraSpec, Fault, StreamSpec};
use watchwall_model::StreamRole;
use watchwall_tests::{
    Binary, DeviceFarm, EXAMINED_WITHIN, TestSite, USER, at_login, examination_ended as ended, examine,
    line_of as line, report_says as check, small_stream,
};

const PASSWORD: &str = "a camera's password";

const fn host(last: u8) -> Ipv4Addr {
    Ipv4Addr::new(127, 0, 73, last)
}

fn number(value: &Value) -> Result<f64> {
    Ok(value.as_str().context("no number")?.parse()?)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_codec_that_adapts_and_packets_that_get_lost_are_seen() -> Result<()> {
    let farm = DeviceFarm::new().camera(host(1), PASSWORD).camera(host(2), PASSWORD).start().await?;
    farm.fault_stream(0, StreamRole::Main, Fault::SmartCodec).await?;
    farm.fault_stream(1, StreamRole::Main, Fault::PacketLoss { percent: 5.0 }).await?;
    let site = TestSite::start().await?;
    let (first, second) = (at_login(&farm.device_url(0)?, PASSWORD), at_login(&farm.device_url(1)?, PASSWORD));
    let (smart, lossy) = tokio::try_join!(examine(&site, &first), examine(&site, &second))?;
    check(&smart, "main/smart_codec", "warning", "smart");
    let lengths = &line(&smart, "main/smart_codec")["params"];
    let (shortest, longest) = (number(&lengths["shortest_s"])?, number(&lengths["longest_s"])?);
    assert!((0.9..=1.1).contains(&shortest) && (1.9..=2.1).contains(&longest), "{lengths}");
    check(&smart, "sub/smart_codec", "ok", "steady");
    check(&smart, "main/arrival", "ok", "steady");

    check(&lossy, "main/arrival", "bad", "loss");
    let lost = &line(&lossy, "main/arrival")["params"];
    assert!(number(&lost["lost"])? >= 1.0 && (1.0..=60.0).contains(&number(&lost["percent"])?), "{lost}");
    check(&lossy, "main/smart_codec", "ok", "steady");
    check(&lossy, "sub/arrival", "ok", "steady");
    // Healed, both are fine.
    farm.clear(0).await?;
    farm.clear(1).await?;
    let (smart, lossy) = tokio::try_join!(examine(&site, &first), examine(&site, &second))?;
    check(&smart, "main/smart_codec", "ok", "steady");
    check(&lossy, "main/arrival", "ok", "steady");
    site.stop().await;
    farm.shutdown().await;
    Ok(())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_channel_of_a_recorder_is_examined_and_mended_by_itself() -> Result<()> {
    let channel = |number: usize| {
        let gop_ms = if number == 2 { 6_000 } else { 1_000 };
        CameraSpec::new(format!("Channel {number}"), StreamSpec { gop_ms, ..small_stream() })
    };
    let farm = DeviceFarm::new().recorder_of(host(3), PASSWORD, (1..=6).map(channel).collect()).start().await?;
    farm.fault(4, Fault::BFrames).await?;
    let site = TestSite::start().await?;
    let url = farm.device_url(0)?;
    let report = examine(&site, &at_login(&url, PASSWORD)).await?;
    assert_eq!((&report["state"], &report["counts"]["skipped"]), (&json!("done"), &json!(0)), "{report:#}");
    for name in ["reachable", "login", "clock", "onvif", "events"] {
        assert_eq!(line(&report, name)["channel"], Value::Null);
    }
    for number in 1..=6 {
        check(&report, &format!("{number}:profiles"), "warning", "no_sub");
        check(&report, &format!("{number}:snapshot"), "ok", "picture");
        check(&report, &format!("{number}:main/codec"), "ok", "as_claimed");
        check(&report, &format!("{number}:main/decode"), "ok", "keeps_up");
        let gop = if number == 2 { ("warning", "long") } else { ("ok", "good") };
        check(&report, &format!("{number}:main/gop"), gop.0, gop.1);
        let b_frames = if number == 5 { ("warning", "present") } else { ("ok", "none") };
        check(&report, &format!("{number}:main/b_frames"), b_frames.0, b_frames.1);
    }
    let lines = report["lines"].as_array().context("no lines")?;
    let counted: Vec<_> = lines.iter().filter(|line| line["check"] == "session_limit").collect();
    assert_eq!((counted.len(), &counted[0]["channel"]), (1, &json!(1)), "{counted:?}");
    let channels: Vec<_> =
        lines.iter().filter(|line| line["check"] == "gop").map(|line| line["channel"].clone()).collect();
    assert_eq!(json!(channels), json!([1, 2, 3, 4, 5, 6]));
    assert_eq!(farm.device_counters(0)?.most_at_once, 1, "one request at a time");

    let mends = format!("/api/v1/doctor/{}/mends", report["id"]);
    let order = json!({ "mend": "set_gop", "stream": "main" });
    assert_eq!(site.admin.post(&mends, &order).await?.code(), "request_invalid", "of no channel");
    let order = json!({ "mend": "set_gop", "channel": 2, "stream": "main" });
    site.admin.post(&mends, &order).await?.ok()?;
    let mended = ended(&site, &report["id"]).await?;
    check(&mended, "2:main/gop", "ok", "good");
    check(&mended, "5:main/b_frames", "warning", "present");
    let frames: Vec<_> =
        (0..6).filter_map(|camera| farm.encoder(camera, StreamRole::Main)).map(|now| now.gop_frames).collect();
    assert_eq!(frames, [10, 20, 10, 10, 10, 10]);
    site.stop().await;
    farm.shutdown().await;
    Ok(())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_command_names_channels_and_looks_at_one_alone() -> Result<()> {
    let farm = DeviceFarm::new().recorder(host(4), PASSWORD, 3).start().await?;
    let url = farm.device_url(0)?;
    let run = async |more: &[&str]| -> Result<String> {
        let usual = ["doctor", "camera", url.as_str(), "--user", USER, "--password", PASSWORD];
        let arguments: Vec<&str> = usual.iter().chain(more).copied().collect();
        let mut command = Binary::start(&arguments, "warn")?;
        command.ended(Duration::from_secs(2 * EXAMINED_WITHIN.as_secs())).await?;
        Ok(command.lines("out").join("\n"))
    };
    let said = run(&[]).await?;
    for name in ["Channel 1 · Main stream · Key frames", "Channel 3 · Main stream · Key frames", "Channel 2 · Profiles"]
    {
        assert!(said.contains(name), "{said}");
    }
    let second: Value = serde_json::from_str(&run(&["--json", "--channel", "2"]).await?)?;
    check(&second, "2:main/gop", "ok", "good");
    let others = second["lines"]
        .as_array()
        .into_iter()
        .flatten()
        .filter(|line| line["channel"].as_u64().is_some_and(|number| number != 2));
    assert_eq!(others.count(), 0, "{second:#}");
    let none: Value = serde_json::from_str(&run(&["--json", "--channel", "9"]).await?)?;
    check(&none, "main/transport", "skipped", "no_stream");
    farm.shutdown().await;
    Ok(())
}
