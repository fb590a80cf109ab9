//! Recordings as HLS, read by players that are not ours.

use anyhow::{Context, Result, ensure};
use reqwest::Method;
use std::{process::Command, time::Duration};
use watchwall_camsim::{CameraSpec, Farm, Fault, StreamSpec};
use watchwall_model::{StreamRole, UtcMillis};
use watchwall_tests::{TestSite, farm, small_stream, until};

/// 25 pictures a second, a key frame every second.
const fn stream() -> StreamSpec {
    StreamSpec { gop_ms: 1_000, ..StreamSpec::replay(320, 180, 25, 300) }
}

/// A site that has recorded for some seconds: the stream's path and its first moment.
async fn recording() -> Result<(TestSite, Farm, String, i64)> {
    let farm = farm(vec![CameraSpec { sub: Some(small_stream()), ..CameraSpec::new("Gate", stream()) }]).await?;
    let site = TestSite::start().await?;
    let camera = site.add_camera("Gate", &farm.rtsp_url(0, StreamRole::Main), None, true).await?;
    let path = TestSite::path_of(&camera, "main");
    let from = site.recorded_since(&path, 6_000).await?;
    Ok((site, farm, path, from))
}

/// One tag's value, as often as it occurs.
fn values<'a>(list: &'a str, tag: &str) -> Vec<&'a str> {
    list.lines().filter_map(|line| line.strip_prefix(tag)).collect()
}

/// Seconds of all parts together.
fn length_s(list: &str) -> f64 {
    values(list, "#EXTINF:").iter().filter_map(|text| text.trim_end_matches(',').parse::<f64>().ok()).sum()
}

/// What a player said. None without it.
async fn played(program: &'static str, arguments: Vec<String>) -> Result<Option<String>> {
    let run = move || Command::new(program).args(arguments).output();
    match tokio::time::timeout(Duration::from_secs(60), tokio::task::spawn_blocking(run)).await?? {
        Ok(output) => {
            let (said, complained) = (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
            ensure!(output.status.success(), "{program}: {complained} {said}");
            Ok(Some(said.into_owned()))
        }
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
            println!("skipped: {program} is missing");
            Ok(None)
        }
        Err(error) => Err(error.into()),
    }
}

/// Pictures that ffprobe decodes without a complaint.
async fn frames(url: &str) -> Result<Option<usize>> {
    let arguments = "-v error -select_streams v -count_frames -show_entries stream=nb_read_frames -of csv=p=0";
    let mut arguments: Vec<String> = arguments.split(' ').map(str::to_owned).collect();
    arguments.push(url.to_owned());
    let Some(said) = played("ffprobe", arguments).await? else { return Ok(None) };
    // It tells a list's stream once more, as part of a programme.
    let first = said.lines().next().unwrap_or_default();
    Ok(Some(first.trim_end_matches(',').parse().with_context(|| format!("ffprobe: {said}"))?))
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_ticket_lets_any_player_in_and_nothing_else() -> Result<()> {
    let (site, farm, path, from) = recording().await?;
    let nobody = site.anonymous()?;
    let address = |more: &str| format!("/api/v1/playback/{path}/index.m3u8?from={from}&to={}{more}", from + 5_000);
    assert_eq!(nobody.get(&address("")).await?.code(), "login_required");
    assert_eq!(nobody.get(&address("&ticket=guess")).await?.code(), "login_required");
    let operator = site.user("olga", "operator", "a long password").await?;
    let viewer = site.user("vera", "viewer", "a long password").await?;
    let tickets = format!("/api/v1/playback/{path}/tickets");
    assert_eq!(viewer.post(&tickets, &serde_json::json!({})).await?.code(), "right_missing");
    let ticket = operator.post(&tickets, &serde_json::json!({})).await?.ok()?.json;
    let with = format!("&ticket={}", ticket["ticket"].as_str().context("no ticket")?);
    assert!(ticket["playlist"].as_str().context("no address")?.ends_with(&with[1..]));
    let list = nobody.get(&address(&with)).await?.ok()?;
    assert_eq!(list.header("content-type"), "application/vnd.apple.mpegurl");
    let file = list.text.lines().find(|line| line.starts_with("segments/")).context("no file")?.to_owned();
    let file = format!("/api/v1/playback/{path}/{file}");
    let whole = nobody.bytes(&file).await?;
    let check = async |range: &str, status: u16, expect: &[u8]| -> Result<()> {
        let answer = nobody.request(Method::GET, &file).header("range", range).send().await?;
        assert_eq!(answer.status().as_u16(), status, "{range}");
        assert_eq!(&answer.bytes().await?[..], expect, "{range}");
        Ok(())
    };
    check("bytes=0-99", 206, &whole[..100]).await?;
    check("bytes=700-1999", 206, &whole[700..2_000]).await?;
    check("bytes=99999999999-", 416, &[]).await?;
    let head = nobody.send(nobody.request(Method::HEAD, &file)).await?.ok()?;
    assert_eq!(head.header("accept-ranges"), "bytes");
    // Every range lies in its file, and the parts follow each other.
    let mut end = values(&list.text, "#EXT-X-MAP:")[0]
        .split("BYTERANGE=\"")
        .nth(1)
        .and_then(|text| text.split('@').next())
        .context("no head")?
        .parse::<usize>()?;
    for part in values(&list.text, "#EXT-X-BYTERANGE:") {
        let (len, at) = part.split_once('@').context("no offset")?;
        assert_eq!(at.parse::<usize>()?, end);
        end += len.parse::<usize>()?;
        assert!(end <= whole.len());
    }
    // It opens this stream's recordings as a list, and nothing else.
    let refused = async |address: String| -> Result<()> {
        assert_eq!(nobody.get(&address).await?.code(), "login_required", "{address}");
        Ok(())
    };
    refused(format!("/api/v1/playback/{path}/clip.mp4?from={from}&to={}{with}", from + 2_000)).await?;
    refused(format!("/api/v1/playback/{path}/frame.jpg?at={from}{with}")).await?;
    refused(format!("/api/v1/cameras?x=1{with}")).await?;
    refused(address(&with).replace("_main/", "_sub/")).await?;
    refused(file.replace("_main/", "_sub/")).await?;
    let other = site.admin.get(&format!("/api/v1/playback/{path}/segments/424242.mp4")).await?;
    assert_eq!(other.code(), "no_recording");
    // It ends with the session it was given in.
    let audit = site.admin.get("/api/v1/audit").await?.ok()?.text;
    assert!(audit.contains("playback.ticket") && !audit.contains(&with[8..]));
    operator.post("/api/v1/logout", &serde_json::json!({})).await?.ok()?;
    assert_eq!(nobody.get(&address(&with)).await?.code(), "login_required");
    site.stop().await;
    farm.shutdown().await;
    Ok(())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn players_read_what_was_recorded_over_a_gap_and_another_coding() -> Result<()> {
    let (site, farm, path, from) = recording().await?;
    let ticket = site.admin.post(&format!("/api/v1/playback/{path}/tickets"), &serde_json::json!({})).await?.ok()?.json;
    let playlist = ticket["playlist"].as_str().context("no address")?.to_owned();
    // While it is recorded the list has no end, keeps what it has said, and grows.
    let growing = format!("{playlist}&from={from}");
    let nobody = site.anonymous()?;
    let early = nobody.get(&growing).await?.ok()?.text;
    assert!(early.contains("PLAYLIST-TYPE:EVENT") && !early.contains("ENDLIST"), "{early}");
    let late = until("more parts", Duration::from_secs(20), async || {
        let list = nobody.get(&growing).await.ok()?.text;
        (values(&list, "#EXTINF:").len() > values(&early, "#EXTINF:").len() + 1).then_some(list)
    })
    .await?;
    assert!(late.starts_with(&early), "what was listed stays:\n{early}\n{late}");
    // The camera goes away, comes back, and later sends another size.
    farm.fault(0, Fault::Reboot { ms: 4_000 }).await?;
    let lists_files = async |count: usize| {
        until("another file", Duration::from_secs(40), async || {
            let list = nobody.get(&growing).await.ok()?.text;
            let behind = list.rsplit("#EXT-X-MAP:").next().map_or(0, |text| values(text, "#EXTINF:").len());
            (values(&list, "#EXT-X-MAP:").len() == count && behind > 0).then_some(())
        })
        .await
    };
    lists_files(2).await?;
    let gap_to = UtcMillis::now().0 - 500;
    let over_a_gap = format!("{playlist}&from={from}&to={gap_to}");
    farm.fault(0, Fault::ParameterChange { width: 480, height: 272 }).await?;
    lists_files(3).await?;
    let to = UtcMillis::now().0 - 1_000;
    // What ended a moment ago is complete as soon as its last pictures are on the disk.
    let complete = async |address: &str| {
        until("the end of a list", Duration::from_secs(20), async || {
            let list = nobody.get(address).await.ok()?.text;
            (list.ends_with("#EXT-X-ENDLIST\n") && list.contains("PLAYLIST-TYPE:VOD")).then_some(list)
        })
        .await
    };
    let list = complete(&format!("{playlist}&from={from}&to={to}")).await?;
    let heads = values(&list, "#EXT-X-MAP:");
    assert_eq!((heads.len(), list.matches("#EXT-X-DISCONTINUITY\n").count()), (3, 2), "{list}");
    assert!(values(&list, "#EXT-X-PROGRAM-DATE-TIME:").is_sorted(), "{list}");
    // FFmpeg keeps the parameter sets it began with, so it is given what has one coding.
    let list = complete(&over_a_gap).await?;
    assert_eq!(values(&list, "#EXT-X-MAP:").len(), 2, "{list}");
    // A clip of the same range holds the same pictures; a stretch that the camera lost lasts longer than they do.
    let clip = site.admin.bytes(&format!("/api/v1/playback/{path}/clip.mp4?from={from}&to={gap_to}")).await?;
    let folder = tempfile::tempdir()?;
    let file = folder.path().join("clip.mp4");
    std::fs::write(&file, clip)?;
    let expect = frames(&file.display().to_string()).await?;
    if let Some((found, expect)) = frames(&format!("{}{over_a_gap}", site.admin.base())).await?.zip(expect) {
        println!("HLS over a gap: ffprobe decodes {found} pictures of {:.1} s, {expect} of the clip", length_s(&list));
        // FFmpeg 5.1 drops the fragment behind a new head, here a second, in lists of its own files as well.
        assert!([found, found + 25].contains(&expect), "{found} {expect} {list}");
    }
    site.stop().await;
    farm.shutdown().await;
    Ok(())
}
