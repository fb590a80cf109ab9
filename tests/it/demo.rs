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
    program.terminate()?;
    let status = program.ended(Duration::from_secs(8)).await?;
    ensure!(status.success(), "{}", program.everything());
    Ok(())
}
