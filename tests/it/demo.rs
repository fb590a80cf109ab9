//! The demo, as somebody sees it who just typed one command.

use anyhow::{Context, Result, ensure};
use serde_json::json;
use std::time::{Duration, Instant};
use watchwall_tests::{Binary, Client, DataFolder, Socket, top_boxes, until};

/// From the command to an alarm with its whole clip.
const SHOWN_WITHIN: Duration = Duration::from_secs(40);

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_intruder_is_an_alarm_with_its_clip_by_itself() -> Result<()> {
    let folder = DataFolder::new()?;
    let path = folder.path().to_str().context("a strange folder")?;
    let begun = Instant::now();
    let mut program = Binary::start(&["demo", "--cameras", "2", "--data", path, "--listen", "127.0.0.1:0"], "info")?;
    let address = program.ready().await?;
    let token = std::fs::read_to_string(folder.path().join("local-token"))?;
    let admin = Client::anonymous(&address)?.with_token(token.trim());
    let preview = preview_comes_and_goes(&admin).await.with_context(|| program.everything())?;
    let alarm = until("alarm with clip", SHOWN_WITHIN + Duration::from_secs(20), async || {
        let page = admin.get("/api/v1/alarms?source=ai").await.ok()?.ok().ok()?.json;
        let ready = |alarm: &&serde_json::Value| alarm["clip"]["state"] == "ready";
        page["items"].as_array()?.iter().find(ready).cloned()
    })
    .await
    .with_context(|| program.everything())?;
    let took = begun.elapsed();
    println!("an intruder with its clip after {took:?}");
    assert_eq!(alarm["kind"], "REGION_INTRUSION");
    let length_ms = alarm["clip"]["to"].as_i64().context("to")? - alarm["clip"]["from"].as_i64().context("from")?;
    assert_eq!(length_ms, 30_000);
    ensure!(alarm["has_picture"] == true, "{alarm}");
    let clip = admin.bytes(&format!("/api/v1/alarms/{}/clip.mp4", alarm["id"])).await?;
    assert_eq!(top_boxes(&clip).iter().map(|(_, size)| size).sum::<usize>(), clip.len());
    ensure!(took < SHOWN_WITHIN, "{took:?}");

    // What it sees reaches the screen with the moment of its picture, on the box that moves.
    let camera = alarm["camera_id"].as_i64().context("no camera")?;
    let mut screen = Socket::open(&admin, "/ws/web-notify").await?;
    screen.say(&json!({"type": "subscribe", "topics": [format!("results:{camera}")]})).await?;
    let (mut looked_at, mut worst, mut places) = (0, 0.0_f32, Vec::new());
    while looked_at < 10 {
        let result = screen.json("ai_result").await?["result"].clone();
        let at = watchwall_model::UtcMillis(result["at"].as_i64().context("at")?);
        let truth = watchwall_camsim::walker::place(640, 360, at);
        for object in result["scenes"][0]["objects"].as_array().context("objects")? {
            let bbox: Vec<f32> = serde_json::from_value(object["bbox"].clone())?;
            let (seen, real) = (bbox[0] + bbox[2] / 2.0, truth[0] + truth[2] / 2.0);
            // At the turn it is at both edges.
            if (0.1..0.9).contains(&real) {
                worst = worst.max((seen - real).abs());
                looked_at += 1;
                places.push(real);
            }
        }
    }
    println!("boxes are at most {worst} of the picture's width from the truth at {places:?}");
    ensure!(places.windows(2).any(|pair| pair[0] != pair[1]), "nothing moves: {places:?}");
    // It crosses the picture in 8 s: between two pictures of 15 a second it goes 0.0083 of the width.
    ensure!(worst < 0.0084, "{worst}");
    // Nobody has looked at the preview for a while: nobody makes it.
    until("the end of the preview", Duration::from_secs(20), async || {
        let now = admin.get(&preview.at).await.ok()?.ok().ok()?.json;
        (now["state"] == "idle" && sessions(&admin).await.ok()? == preview.sessions_before).then_some(())
    })
    .await
    .with_context(|| program.everything())?;
    program.terminate()?;
    let status = program.ended(Duration::from_secs(8)).await?;
    ensure!(status.success(), "{}", program.everything());
    Ok(())
}

struct SeenPreview {
    at: String,
    /// Of the outlet: the node pulls its cameras there, too.
    sessions_before: u32,
}

/// Looks at what the node sees, until the first pictures are there, and leaves.
async fn preview_comes_and_goes(admin: &Client) -> Result<SeenPreview> {
    let task = until("a task that runs", SHOWN_WITHIN, async || {
        let task = admin.get("/api/v1/ai-tasks").await.ok()?.ok().ok()?.json["items"][0].clone();
        (task["state"]["scenes"][0]["latest"]["results"].as_u64()? > 0).then_some(task)
    })
    .await?;
    let at = format!("/api/v1/ai-tasks/{}/preview", task["id"]);
    let view = admin.get(&at).await?.ok()?.json;
    assert_eq!((&view["state"], &view["reason"], &view["viewers"]), (&json!("idle"), &json!(null), &json!(0)));
    let sessions_before = sessions(admin).await?;
    let begun = Instant::now();
    let path = view["path"].as_str().context("no path")?;
    let mut live = Socket::open(admin, &format!("/api/v1/live/{path}?codecs=h264")).await?;
    let hello = live.json("hello").await?;
    let (width, height) = (hello["width"].as_u64().unwrap_or(0), hello["height"].as_u64().unwrap_or(0));
    // As large as the stream that is looked at, in its shape.
    ensure!(hello["path"] == *path && (320..=640).contains(&width) && width * 9 == height * 16, "{hello}");
    ensure!(hello["transcoded"] == false && hello["mime"].as_str().unwrap_or_default().contains("avc1."), "{hello}");
    let first = live.video().await?;
    ensure!(first.is_key());
    println!("a preview after {:?}", begun.elapsed());
    let mut last = first;
    for _ in 0..10 {
        let next = live.video().await?;
        ensure!(next.captured_at > last.captured_at, "{} then {}", last.captured_at, next.captured_at);
        last = next;
    }
    let age_ms = (watchwall_model::UtcMicros::now().0 - last.captured_at) / 1_000;
    ensure!((0..3_000).contains(&age_ms), "{age_ms} ms old");
    let view = admin.get(&at).await?.ok()?.json;
    assert_eq!((&view["state"], &view["viewers"]), (&json!("live"), &json!(1)));
    assert_eq!(sessions(admin).await?, sessions_before + 1);
    Ok(SeenPreview { at, sessions_before })
}

async fn sessions(admin: &Client) -> Result<u32> {
    let metrics = admin.get("/metrics").await?.ok()?.text;
    let line = metrics.lines().find_map(|line| line.strip_prefix("outlet_sessions "));
    Ok(line.context("no figure of sessions")?.parse()?)
}
