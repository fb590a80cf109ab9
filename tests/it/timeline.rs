//! A month of a whole site on the timeline.

use anyhow::{Context, Result};
use serde_json::json;
use sqlx::{Connection, SqliteConnection};
use std::time::{Duration, Instant};
use watchwall_model::UtcMillis;
use watchwall_tests::{DataFolder, SiteOptions, TestSite};

const DAY_MS: i64 = 86_400_000;
const SEGMENT_MS: i64 = 600_000;
const DAYS: i64 = 30;
const CAMERAS: usize = 64;
/// Of every so many files the last ones are missing: the camera was away for an hour.
const GAP_EVERY: i64 = 97;
const GAP_FILES: i64 = 6;
const EVENTS_PER_DAY: i64 = 40;
/// The goal is 50 ms on a machine of its own; tests run beside others, and unoptimised.
const MOST: Duration = Duration::from_millis(250);

const SEGMENT: &str = "INSERT INTO segments (path, volume, file, start_ms, end_ms, size_bytes, video_codec, width, height, \
     has_audio, state, init_bytes, fragments) VALUES (?1, 'v1', ?2, ?3, ?4, 45000000, 'avc1.4d401f', 1920, 1080, 0, \
     'complete', 800, x'')";
const CAUSE: &str = "INSERT INTO recording_events (path, at_ms, kind) VALUES (?1, ?2, 'camera_offline')";
const EVENT: &str = "INSERT INTO camera_events (camera_id, kind, state, at) VALUES (?1, 'motion', ?2, ?3)";

/// A site with cameras that nobody answers for: their streams' paths.
async fn cameras() -> Result<(DataFolder, Vec<(i64, String)>)> {
    let site = TestSite::start().await?;
    let mut paths = Vec::new();
    for n in 0..CAMERAS {
        let camera = site.add_camera(&format!("C{n}"), &format!("rtsp://127.0.0.1:1/{n}"), None, false).await?;
        paths.push((camera["id"].as_i64().context("no id")?, TestSite::path_of(&camera, "main")));
    }
    Ok((site.stop_keeping().await, paths))
}

/// A full archive from `begin` on, with gaps, and what the cameras noticed.
async fn fill(data: &DataFolder, cameras: &[(i64, String)], begin: i64) -> Result<()> {
    let address = format!("sqlite:{}", data.path().join("watchwall.db").display());
    let mut connection = SqliteConnection::connect(&address).await?;
    let mut transaction = connection.begin().await?;
    for (camera, path) in cameras {
        for number in 0..DAYS * DAY_MS / SEGMENT_MS {
            let start = begin + number * SEGMENT_MS;
            let place = number % GAP_EVERY - (GAP_EVERY - GAP_FILES);
            if place < 0 {
                let file = format!("{path}/{number}.mp4");
                let row = sqlx::query(SEGMENT).bind(path).bind(file).bind(start).bind(start + SEGMENT_MS);
                row.execute(&mut *transaction).await?;
            } else if place == 0 {
                sqlx::query(CAUSE).bind(path).bind(start).execute(&mut *transaction).await?;
            }
        }
        for number in 0..DAYS * EVENTS_PER_DAY {
            let at = begin + number * DAY_MS / EVENTS_PER_DAY;
            let state = if number % 2 == 0 { "on" } else { "off" };
            sqlx::query(EVENT).bind(camera).bind(state).bind(at).execute(&mut *transaction).await?;
        }
    }
    transaction.commit().await?;
    connection.close().await?;
    Ok(())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_month_of_64_cameras_is_drawn_at_once() -> Result<()> {
    let (data, cameras) = cameras().await?;
    // The last month: what cameras noticed is not kept for ever.
    let begin = (UtcMillis::now().0 - DAYS * DAY_MS) / SEGMENT_MS * SEGMENT_MS;
    fill(&data, &cameras, begin).await?;
    let site = TestSite::start_with(SiteOptions { data: Some(data), ..SiteOptions::default() }).await?;
    let paths: Vec<&str> = cameras.iter().map(|(_, path)| path.as_str()).collect();
    // As wide as a screen: a month, a day, an hour and ten seconds.
    for (what, span_ms) in [("30 days", DAYS * DAY_MS), ("a day", DAY_MS), ("an hour", 3_600_000), ("10 s", 10_000)] {
        // The last gap ends there.
        let from = if span_ms > DAY_MS {
            begin
        } else {
            begin + DAYS * DAY_MS / SEGMENT_MS / GAP_EVERY * GAP_EVERY * SEGMENT_MS - span_ms
        };
        let query = format!(
            "/api/v1/timeline?paths={}&from={from}&to={}&resolution_ms={}",
            paths.join(","),
            from + span_ms,
            span_ms / 1_600
        );
        let mut times = Vec::new();
        for _ in 0..9 {
            let asked = Instant::now();
            let answer = site.admin.get(&query).await?.ok()?;
            times.push(asked.elapsed());
            let tracks = answer.json["tracks"].as_array().context("no tracks")?;
            assert_eq!(tracks.len(), CAMERAS);
            for track in tracks {
                let gaps = track["gaps"].as_array().context("no gaps")?;
                assert!(
                    !gaps.is_empty() && gaps.iter().all(|gap| gap["reason"] == json!("camera_offline")),
                    "{what}: {gaps:?}"
                );
                let marks = track["marks"].as_array().context("no marks")?;
                assert!(span_ms < DAY_MS || !marks.is_empty(), "{what}: {marks:?}");
            }
        }
        let first = times.remove(0);
        times.sort_unstable();
        let median = times[times.len() / 2];
        println!("timeline of {what} x {CAMERAS} cameras over HTTP: median {median:?}, first {first:?}");
        assert!(median < MOST, "{what}: {times:?}");
    }
    site.stop().await;
    Ok(())
}
