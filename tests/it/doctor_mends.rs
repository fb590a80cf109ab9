//! What an examination offers to mend is mended, also where nothing is added: the device itself is asked what it became.

use anyhow::{Context, Result};
use serde_json::{Value, json};
use std::{net::Ipv4Addr, time::Duration};
use watchwall_camsim::{CameraSpec, Codec, DeviceTime, Farm, SoapAnswer, SoapFault, StreamSpec};
use watchwall_model::StreamRole;
use watchwall_tests::{
    Binary, DeviceFarm, EXAMINED_WITHIN, TestSite, USER, at_login, demo_like, examination_ended as ended, examine,
    line_of as line, report_says as check, small_stream,
};

const PASSWORD: &str = "a camera's password";
/// An examination and a look after each mend.
const MENDED_WITHIN: Duration = Duration::from_secs(3 * EXAMINED_WITHIN.as_secs());

const fn host(last: u8) -> Ipv4Addr {
    Ipv4Addr::new(127, 0, 72, last)
}

/// Motion JPEG, and a sub stream whose key frames are six seconds apart.
async fn scene(first: u8) -> Result<Farm> {
    let costly = StreamSpec { codec: Codec::Mjpeg, ..StreamSpec::replay(640, 360, 10, 400) };
    let long = CameraSpec { sub: Some(StreamSpec { gop_ms: 6_000, ..small_stream() }), ..demo_like("Long") };
    DeviceFarm::new()
        .of_camera(host(first), PASSWORD, CameraSpec::new("Costly", costly), |device| device)
        .of_camera(host(first + 1), PASSWORD, long, |device| device)
        .start()
        .await
}

fn gop_frames(farm: &Farm) -> Result<u32> {
    Ok(farm.encoder(1, StreamRole::Sub).context("no sub stream")?.gop_frames)
}

fn codec(farm: &Farm) -> Result<Codec> {
    Ok(farm.encoder(0, StreamRole::Main).context("no main stream")?.codec)
}

fn by_ntp(servers: &[&str]) -> DeviceTime {
    let ntp_servers = servers.iter().map(|server| (*server).to_owned()).collect();
    DeviceTime { is_by_ntp: true, ntp_from_dhcp: false, ntp_servers }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_device_that_is_not_added_is_mended_at_its_address() -> Result<()> {
    let farm = scene(1).await?;
    let site = TestSite::start().await?;
    let (costly, long) = (at_login(&farm.device_url(0)?, PASSWORD), at_login(&farm.device_url(1)?, PASSWORD));
    let (costly, long) = tokio::try_join!(examine(&site, &costly), examine(&site, &long))?;
    check(&costly, "main/codec", "warning", "costly");
    check(&costly, "main/gop", "ok", "single");
    check(&long, "sub/gop", "warning", "long");
    check(&long, "ntp", "note", "off");
    assert_eq!((gop_frames(&farm)?, codec(&farm)?), (60, Codec::Mjpeg));
    assert!(!farm.device_time(1)?.is_by_ntp);

    let mend = async |report: &Value, order: Value| -> Result<Value> {
        let begun = site.admin.post(&format!("/api/v1/doctor/{}/mends", report["id"]), &order).await?.ok()?;
        assert_eq!(begun.json["state"], "running");
        ended(&site, &report["id"]).await
    };
    let (costly, long) = tokio::try_join!(
        mend(&costly, json!({ "mend": "set_codec", "stream": "main" })),
        mend(&long, json!({ "mend": "set_gop", "stream": "sub" }))
    )?;
    assert_eq!((gop_frames(&farm)?, codec(&farm)?), (20, Codec::H264));
    check(&costly, "main/codec", "ok", "as_claimed");
    check(&costly, "main/gop", "ok", "good");
    assert_eq!(line(&costly, "main/gop")["params"]["seconds"], "2.0");
    check(&long, "sub/gop", "ok", "good");
    let main = farm.encoder(1, StreamRole::Main).context("no main stream")?;
    assert_eq!(main.gop_frames, 10, "the other stream is left alone");

    let named = mend(&long, json!({ "mend": "set_ntp" })).await?;
    check(&named, "ntp", "ok", "on");
    assert_eq!(farm.device_time(1)?, by_ntp(&["pool.ntp.org"]), "those the device had");
    assert_eq!(site.admin.get("/api/v1/cameras").await?.json["items"], json!([]), "nothing is added");
    site.stop().await;
    farm.shutdown().await;
    Ok(())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_command_mends_time_servers_key_frames_and_codecs() -> Result<()> {
    let farm = scene(3).await?;
    farm.set_device_clock_ms(1, 60_000)?;
    let run = async |device: usize, more: &[&str]| -> Result<(bool, Value, String)> {
        let url = farm.device_url(device)?;
        let usual = ["doctor", "camera", url.as_str(), "--user", USER, "--password", PASSWORD, "--json"];
        let arguments: Vec<&str> = usual.iter().chain(more).copied().collect();
        let mut command = Binary::start(&arguments, "warn")?;
        let status = command.ended(MENDED_WITHIN).await?;
        let report = serde_json::from_str(&command.lines("out").join("\n")).with_context(|| command.everything())?;
        Ok((status.success(), report, command.lines("err").join("\n")))
    };
    let (ok, report, said) = run(1, &["--mend", "ntp,gop,codec", "--ntp-server", "10.0.0.7,time.example"]).await?;
    assert_eq!(farm.device_time(1)?, by_ntp(&["10.0.0.7", "time.example"]));
    assert_eq!(gop_frames(&farm)?, 20);
    check(&report, "ntp", "ok", "on");
    assert_eq!(line(&report, "ntp")["params"]["servers"], "10.0.0.7, time.example");
    // A time server is right.
    check(&report, "clock", "ok", "right");
    check(&report, "sub/gop", "ok", "good");
    check(&report, "main/gop", "ok", "good");
    assert!(ok && said.contains("The time server is set.") && said.contains("The key frames are set."), "{said}");
    assert!(said.contains("Nothing asks for this: codec."), "{said}");

    let (ok, report, said) = run(0, &["--mend", "codec"]).await?;
    assert_eq!(codec(&farm)?, Codec::H264);
    check(&report, "main/codec", "ok", "as_claimed");
    assert!(ok && said.contains("The codec is set."), "{said}");

    // One that is refused is said, and the next is done all the same.
    let answer =
        SoapAnswer::Fault { status: 400, subcodes: vec!["ActionNotSupported".into()], reason: "no such thing".into() };
    farm.soap_fault(0, SoapFault { operation: "SetNTP".into(), answer, times: None })?;
    farm.set_device_clock_ms(0, 60_000)?;
    let (ok, report, said) = run(0, &["--mend", "ntp,clock"]).await?;
    assert!(!ok && said.contains("error: ") && said.contains("The clock is set."), "{said}");
    check(&report, "clock", "ok", "right");
    assert!(farm.device_clock_ms(0)?.abs() < 2_000);
    farm.shutdown().await;
    Ok(())
}
