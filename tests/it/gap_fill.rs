//! Gaps filled from the camera's own storage: found, fetched, shown, interrupted, and what devices do that lie.

use anyhow::{Context, Result, bail, ensure};
use reqwest::Method;
use serde_json::{Value, json};
use std::{
    net::Ipv4Addr,
    path::{Path, PathBuf},
    process::Stdio,
    time::{Duration, Instant},
};
use tokio::{io::AsyncWriteExt, process::Command};
use watchwall_camsim::{CameraSpec, Codec, DeviceSpec, EdgeStorage, Farm, Fault, Quirk, StreamSpec, clock_pattern};
use watchwall_model::{
    UtcMillis,
    config::{HealthConfig, RecordingConfig},
};
use watchwall_tests::{Binary, Client, DataFolder, DeviceFarm, SiteOptions, TestSite, until};

const PASSWORD: &str = "a camera's password";
/// Back-off of the camera, the search for gaps and a busy machine included.
const FILLED_WITHIN: Duration = Duration::from_secs(120);
/// A picture shows its moment this exactly: one of ten a second, and how long it was on its way when it was live.
const EXACT_MS: i64 = 300;

async fn storage(host: u8, main: StreamSpec, change: impl FnOnce(DeviceSpec) -> DeviceSpec) -> Result<Farm> {
    let edge_storage = Some(EdgeStorage { reaches_back: Duration::from_secs(3_600) });
    let with_storage = |device| change(DeviceSpec { edge_storage, ..device });
    let camera = CameraSpec::new("Gate", main);
    DeviceFarm::new().of_camera(Ipv4Addr::new(127, 0, 9, host), PASSWORD, camera, with_storage).start().await
}

fn live() -> StreamSpec {
    StreamSpec { gop_ms: 2_000, ..StreamSpec::live(320, 180, 10) }
}

fn quick() -> HealthConfig {
    HealthConfig { interval_ms: 1_000, first_after_ms: 200, ..HealthConfig::default() }
}

fn options(recording: RecordingConfig) -> SiteOptions {
    SiteOptions { health: Some(quick()), recording: Some(recording), ..SiteOptions::default() }
}

/// Adds the device with a plan for its only camera; the path of its main stream.
async fn planned(site: &TestSite, farm: &Farm) -> Result<String> {
    let row = site.add_device(&farm.device_url(0)?, PASSWORD).await?;
    let camera = site.admin.get(&format!("/api/v1/cameras/{}", row["camera_ids"][0])).await?.ok()?.json;
    let path = TestSite::path_of(&camera, "main");
    let plan = json!({ "enabled": true, "segment_minutes": 1 });
    site.admin.send_json(Method::PUT, &format!("/api/v1/plans/{path}"), &plan).await?.ok()?;
    Ok(path)
}

async fn track(client: &Client, path: &str, from: i64, to: i64) -> Result<Value> {
    let query = format!("/api/v1/timeline?paths={path}&from={from}&to={to}");
    Ok(client.get(&query).await?.ok()?.json["tracks"][0].clone())
}

async fn fills(client: &Client) -> Result<Vec<Value>> {
    Ok(client.get("/api/v1/gap-fills").await?.ok()?.json["items"].as_array().cloned().unwrap_or_default())
}

/// Waits until one is in this state.
async fn fill_is(client: &Client, id: &Value, state: &str) -> Result<Value> {
    let mut last = Value::Null;
    let reached = until(state, FILLED_WITHIN, async || {
        last = client.get(&format!("/api/v1/gap-fills/{id}")).await.ok()?.json;
        (last["state"] == state).then(|| last.clone())
    });
    reached.await.with_context(|| last.to_string())
}

/// What the pattern in a JPEG says; `None` without ffmpeg, which is said.
async fn burnt_in(jpeg: &[u8], near: UtcMillis) -> Result<Option<UtcMillis>> {
    let mut command = Command::new("ffmpeg");
    command.args("-v error -f mjpeg -i pipe:0 -f rawvideo -pix_fmt gray pipe:1".split(' '));
    let started = command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::null()).spawn();
    let mut decoder = match started {
        Ok(decoder) => decoder,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
            println!("skipped: ffmpeg is missing");
            return Ok(None);
        }
        Err(error) => return Err(error.into()),
    };
    let mut input = decoder.stdin.take().context("no stdin")?;
    let write = async {
        input.write_all(jpeg).await?;
        drop(input);
        Ok::<_, anyhow::Error>(())
    };
    let (written, output) = tokio::join!(write, decoder.wait_with_output());
    written?;
    let luma = output?.stdout;
    let clock = clock_pattern::read(&luma, 320, 320).with_context(|| format!("no clock in {} bytes", luma.len()))?;
    Ok(Some(clock_pattern::moment_near(clock, near)))
}

/// Every half-second of a range has its own picture.
async fn check_pictures(client: &Client, path: &str, from: i64, to: i64) -> Result<usize> {
    let mut seen = 0;
    // At the very start stand, for less than a millisecond, the pictures that the first one needs.
    for at in (from + 5..to).step_by(500) {
        let jpeg = client.bytes(&format!("/api/v1/playback/{path}/frame.jpg?at={at}")).await?;
        let Some(shown) = burnt_in(&jpeg, UtcMillis(at)).await? else { return Ok(0) };
        ensure!((shown.0 - at).abs() <= EXACT_MS, "the picture of {at} shows {} ms later", shown.0 - at);
        seen += 1;
    }
    Ok(seen)
}

/// Takes the camera away until the site has a gap of so much.
async fn outage(site: &TestSite, farm: &Farm, path: &str, gap_ms: i64) -> Result<()> {
    farm.fault(0, Fault::Offline).await?;
    let gone = until("an outage", Duration::from_secs(60), async || {
        let now = UtcMillis::now().0;
        let coverage = track(&site.admin, path, now - 600_000, now).await.ok()?["coverage"].clone();
        let end = coverage.as_array()?.last()?[1].as_i64()?;
        (now - end > gap_ms).then_some(())
    });
    gone.await?;
    farm.clear(0).await?;
    Ok(())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_outage_is_filled_by_itself() -> Result<()> {
    let farm = storage(1, live(), |device| device).await?;
    let site = TestSite::start_with(options(RecordingConfig::default())).await?;
    let path = planned(&site, &farm).await?;
    let from = site.recorded_since(&path, 4_000).await?;
    outage(&site, &farm, &path, 8_000).await?;
    let back = Instant::now();
    let filled = until("the gap to be filled", FILLED_WITHIN, async || {
        let now = UtcMillis::now().0;
        let track = track(&site.admin, &path, from, now).await.ok()?;
        let is_whole = track["coverage"].as_array()?.len() == 1 && track["gaps"].as_array()?.is_empty();
        let filled = track["filled"].as_array()?.clone();
        (is_whole && !filled.is_empty()).then_some(filled)
    });
    let filled = match filled.await {
        Ok(filled) => filled,
        Err(error) => bail!(
            "{error}: {:?} {:?}",
            fills(&site.admin).await,
            track(&site.admin, &path, from, UtcMillis::now().0).await
        ),
    };
    println!("filled {:?} after the camera was back", back.elapsed());
    ensure!(!filled.is_empty());
    let list = fills(&site.admin).await?;
    let [done] = list.as_slice() else { bail!("{list:?}") };
    let done = fill_is(&site.admin, &done["id"], "done").await?;
    let filled = track(&site.admin, &path, from, UtcMillis::now().0).await?["filled"].clone();
    let (start, end) = (filled[0][0].as_i64().context("no start")?, filled[0][1].as_i64().context("no end")?);
    ensure!(end - start >= 7_000, "{filled}");
    // From before the outage to after it, and none shows another time.
    let seen = check_pictures(&site.admin, &path, start - 2_000, end + 1_500).await?;
    println!(
        "{seen} pictures from {} ms before to 1500 ms after a gap of {} ms show their own time",
        2_000,
        end - start
    );
    ensure!(done["filled_ms"].as_i64().is_some_and(|ms| (ms - (end - start)).abs() < 200), "{done} {filled}");
    ensure!(done["asked_by"].is_null() && done["read_bytes"].as_u64() > Some(10_000), "{done}");
    ensure!(site.admin.metric("gap_fill_filled_milliseconds_total").await? >= 7_000.0);
    // The files do not lie over each other, and each plays alone.
    let coverage = track(&site.admin, &path, start - 2_000, end + 1_500).await?["coverage"].clone();
    ensure!(coverage.as_array().is_some_and(|pieces| pieces.len() == 1), "{coverage}");
    // Once nothing is written any more: a file that has just begun has no picture yet.
    let data = site.stop_keeping().await;
    check_files(data.path()).await?;
    farm.shutdown().await;
    Ok(())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_range_is_asked_for_cancelled_and_asked_for_again() -> Result<()> {
    let farm = storage(2, StreamSpec { codec: Codec::Mjpeg, ..live() }, |device| device).await?;
    // Slow enough to be stopped on the way.
    let recording = RecordingConfig { gap_fill: false, gap_fill_kbps: 1_000, ..RecordingConfig::default() };
    let site = TestSite::start_with(options(recording)).await?;
    let path = planned(&site, &farm).await?;
    site.recorded_since(&path, 1_000).await?;
    let end = UtcMillis::now().0 - 120_000;
    let wish = json!({ "path": path, "from": end - 60_000, "to": end });
    let id = site.admin.post("/api/v1/gap-fills", &wish).await?.ok()?.json["id"].clone();
    let running = until("some of it", FILLED_WITHIN, async || {
        let fill = site.admin.get(&format!("/api/v1/gap-fills/{id}")).await.ok()?.json;
        (fill["filled_ms"].as_i64()? > 5_000).then_some(fill)
    });
    let begun = Instant::now();
    let running = running.await?;
    ensure!(running["state"] == "running" && running["asked_by"].is_string(), "{running}");
    // What the configuration allows is what comes, with what the system reads ahead.
    let before = running["read_bytes"].as_u64().context("no bytes")?;
    let after = until("more of it", FILLED_WITHIN, async || {
        let fill = site.admin.get(&format!("/api/v1/gap-fills/{id}")).await.ok()?.json;
        let read = fill["read_bytes"].as_u64()?;
        (read > before + 500_000).then_some(read)
    });
    let counted = Instant::now();
    let rate = (after.await? - before) as f64 * 8.0 / 1000.0 / counted.elapsed().as_secs_f64();
    println!("limit 1000 kbit/s: {rate:.0} kbit/s after {:?}", begun.elapsed());
    // Told once a second.
    ensure!(rate < 1_400.0 && rate > 500.0, "{rate} kbit/s");
    let cancelled = site.admin.post(&format!("/api/v1/gap-fills/{id}/cancel"), &json!({})).await?.ok()?.json;
    ensure!(cancelled["state"] == "cancelled", "{cancelled}");
    until("the end of the session", Duration::from_secs(10), async || {
        // The live stream goes on.
        (farm.counters(0).ok()?.sessions_now() == 1).then_some(())
    })
    .await?;
    let kept = track(&site.admin, &path, end - 60_000, end).await?["filled"].clone();
    ensure!(kept[0][0].as_i64() == Some(end - 60_000), "what came before stays: {kept}");
    let again = json!({ "path": path, "from": end - 60_000, "to": end - 30_000 });
    let id = site.admin.post("/api/v1/gap-fills", &again).await?.ok()?.json["id"].clone();
    fill_is(&site.admin, &id, "done").await?;
    let coverage = track(&site.admin, &path, end - 60_000, end - 30_000).await?["coverage"].clone();
    ensure!(coverage == json!([[end - 60_000, end - 30_000]]), "{coverage}");
    check_pictures(&site.admin, &path, end - 60_000, end - 30_000).await?;
    let refuse = async |wish: Value, code: &str| -> Result<()> {
        let answer = site.admin.post("/api/v1/gap-fills", &wish).await?;
        ensure!(answer.code() == code, "{wish}: {}", answer.text);
        Ok(())
    };
    refuse(json!({ "path": path, "from": end, "to": end - 5_000 }), "range_invalid").await?;
    refuse(json!({ "path": path, "from": end, "to": end + 1_000 }), "range_invalid").await?;
    refuse(json!({ "path": "cam_none_ch1_main", "from": end - 9_000, "to": end }), "not_found").await?;
    let audit = site.admin.get("/api/v1/audit").await?.ok()?.json;
    let acts: Vec<&str> =
        audit["items"].as_array().into_iter().flatten().filter_map(|one| one["action"].as_str()).collect();
    ensure!(acts.contains(&"gap_fill.start") && acts.contains(&"gap_fill.cancel"), "{acts:?}");
    site.stop().await;
    farm.shutdown().await;
    Ok(())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn devices_that_lie_cost_nothing() -> Result<()> {
    let farm = storage(3, live(), |device| device).await?;
    let recording = RecordingConfig { gap_fill: false, ..RecordingConfig::default() };
    let site = TestSite::start_with(options(recording)).await?;
    let path = planned(&site, &farm).await?;
    site.recorded_since(&path, 1_000).await?;
    let mut end = UtcMillis::now().0 - 120_000;
    let mut check = async |quirk: Quirk, code: &str| -> Result<Value> {
        farm.clear_quirks(0)?;
        farm.quirk(0, quirk)?;
        end -= 60_000;
        let wish = json!({ "path": path, "from": end - 10_000, "to": end });
        let id = site.admin.post("/api/v1/gap-fills", &wish).await?.ok()?.json["id"].clone();
        let mut last = Value::Null;
        let met = until(code, FILLED_WITHIN, async || {
            last = site.admin.get(&format!("/api/v1/gap-fills/{id}")).await.ok()?.json;
            (last["problem"]["code"] == code).then(|| last.clone())
        });
        let met = met.await.with_context(|| format!("{quirk:?}: {last}"))?;
        site.admin.post(&format!("/api/v1/gap-fills/{id}/cancel"), &json!({})).await?.ok()?;
        println!("{quirk:?}: {} {code}, {} ms filled", met["state"], met["filled_ms"]);
        Ok(track(&site.admin, &path, end - 10_000, end).await?["coverage"].clone())
    };
    for (quirk, code) in [
        (Quirk::SearchEmpty, "no_recording"),
        (Quirk::ReplayRefused, "operation_unsupported"),
        (Quirk::ReplayRangeMissing, "no_recording"),
        (Quirk::ReplayOtherTime, "answer_invalid"),
    ] {
        let coverage = check(quirk, code).await?;
        ensure!(coverage == json!([]), "{quirk:?} left {coverage}");
    }
    // What came before a device fell silent is kept.
    let coverage = check(Quirk::ReplayEndsEarly, "stream_stalled").await?;
    let kept = coverage[0][1].as_i64().zip(coverage[0][0].as_i64()).map(|(to, from)| to - from);
    ensure!(kept.is_some_and(|ms| (1_500..3_000).contains(&ms)), "{coverage}");
    // Once nothing is written any more: a file that has just begun has no picture yet.
    let data = site.stop_keeping().await;
    check_files(data.path()).await?;
    farm.shutdown().await;
    Ok(())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_last_session_of_a_camera_is_for_live_pictures() -> Result<()> {
    let farm = storage(4, live(), |device| device).await?;
    let recording = RecordingConfig { gap_fill: false, ..RecordingConfig::default() };
    let site = TestSite::start_with(options(recording)).await?;
    let path = planned(&site, &farm).await?;
    site.recorded_since(&path, 1_000).await?;
    farm.fault(0, Fault::SessionLimit { sessions: 1 }).await?;
    let end = UtcMillis::now().0 - 120_000;
    let wish = json!({ "path": path, "from": end - 10_000, "to": end });
    let id = site.admin.post("/api/v1/gap-fills", &wish).await?.ok()?.json["id"].clone();
    let waits = until("the refusal", FILLED_WITHIN, async || {
        let fill = site.admin.get(&format!("/api/v1/gap-fills/{id}")).await.ok()?.json;
        (fill["state"] == "waiting" && fill["problem"]["code"] == "camera_busy").then_some(fill)
    });
    let waits = waits.await?;
    ensure!(waits["attempts"] == 0, "being asked to wait is no failure: {waits}");
    farm.clear(0).await?;
    fill_is(&site.admin, &id, "done").await?;
    // All the while the live stream was recorded.
    let now = UtcMillis::now().0;
    let gaps = track(&site.admin, &path, end + 115_000, now).await?;
    ensure!(gaps["coverage"].as_array().is_some_and(|pieces| pieces.len() == 1), "{gaps}");
    ensure!(farm.counters(0)?.main.sessions_max == 2, "{:?}", farm.counters(0)?);
    site.stop().await;
    farm.shutdown().await;
    Ok(())
}

/// The real command on a folder, slow enough to be killed while it fills.
async fn serve(folder: &DataFolder) -> Result<(Binary, Client)> {
    let file = folder.path().join("watchwall.toml");
    std::fs::write(&file, "[health]\nfirst_after_ms = 200\ninterval_ms = 1000\n\n[recording]\ngap_fill_kbps = 1000\n")?;
    let data = folder.path().to_str().context("a strange folder")?;
    let program = Binary::start(&["serve", "--data", data, "--listen", "127.0.0.1:0"], "info")?;
    let address = program.ready().await?;
    let token = std::fs::read_to_string(folder.path().join("local-token"))?;
    Ok((program, Client::anonymous(&address)?.with_token(token.trim())))
}

async fn kill(mut program: Binary) -> Result<()> {
    let id = program.id()?.to_string();
    ensure!(Command::new("kill").args(["-KILL", &id]).status().await?.success());
    program.ended(Duration::from_secs(10)).await.map(drop)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn killed_on_the_way_it_goes_on_where_it_was() -> Result<()> {
    let farm = storage(5, StreamSpec { codec: Codec::Mjpeg, ..live() }, |device| device).await?;
    let folder = DataFolder::new()?;
    // The device and its plan come from a site in this process: it knows how to add them.
    let site = TestSite::start_with(SiteOptions { data: Some(folder), ..options(RecordingConfig::default()) }).await?;
    let path = planned(&site, &farm).await?;
    site.recorded_since(&path, 1_000).await?;
    let folder = site.stop_keeping().await;
    let end = UtcMillis::now().0 - 120_000;
    let from = end - 60_000;
    let (program, client) = serve(&folder).await?;
    let id =
        client.post("/api/v1/gap-fills", &json!({ "path": path, "from": from, "to": end })).await?.ok()?.json["id"]
            .clone();
    let mut reached = 0;
    let mut program = Some((program, client));
    for round in 1..=3 {
        let (running, client) = program.take().context("no program")?;
        let more = until("more of it", FILLED_WITHIN, async || {
            let filled = track(&client, &path, from, end).await.ok()?["filled"].clone();
            let last = filled.as_array()?.last()?[1].as_i64()? - from;
            (last > reached + 4_000).then_some(last)
        });
        reached = more.await.with_context(|| running.everything())?;
        kill(running).await?;
        println!("killed for the {round}. time with {reached} of 60000 ms");
        program = Some(serve(&folder).await?);
    }
    let (mut program, client) = program.context("no program")?;
    let done = fill_is(&client, &id, "done").await.with_context(|| program.everything())?;
    let track = track(&client, &path, from, end).await?;
    ensure!(track["coverage"] == json!([[from, end]]), "{track} {done}");
    // Files meet and do not overlap.
    let seen = check_pictures(&client, &path, from, end).await?;
    println!("{seen} pictures show their own time after three kills: {}", track["filled"]);
    program.terminate()?;
    program.ended(Duration::from_secs(10)).await?;
    check_files(folder.path()).await?;
    farm.shutdown().await;
    Ok(())
}

/// Every file of a data folder plays without a complaint.
async fn check_files(data: &Path) -> Result<()> {
    let mut folders = vec![data.join("recordings")];
    let mut files: Vec<PathBuf> = Vec::new();
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(&folder)?.flatten() {
            let path = entry.path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|extension| extension == "mp4") {
                files.push(path);
            }
        }
    }
    for file in &files {
        let mut command = Command::new("ffmpeg");
        command.args(["-v", "error", "-i"]).arg(file);
        // Its own ticks are kept: in those of its rate, two pictures of an uneven camera can be one.
        let decode = command.args(["-enc_time_base", "-1", "-f", "null", "-"]).output().await;
        match decode {
            Ok(output) => {
                let complaint = String::from_utf8_lossy(&output.stderr).into_owned();
                ensure!(output.status.success() && complaint.is_empty(), "{}: {complaint}", file.display());
            }
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => println!("skipped: ffmpeg is missing"),
            Err(error) => return Err(error.into()),
        }
    }
    println!("{} files play", files.len());
    Ok(())
}
