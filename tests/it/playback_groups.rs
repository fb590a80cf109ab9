//! Several viewers on the site's clock.

use anyhow::{Context, Result};
use serde_json::{Value, json};
use watchwall_tests::{Client, Socket, TestSite};

async fn join(client: &Client, at: i64) -> Result<(Socket, Value)> {
    let mut socket = Socket::open(client, &format!("/api/v1/playback-groups/hall?at={at}")).await?;
    let clock = socket.json("clock").await?;
    Ok((socket, clock))
}

/// The next clock in this phase.
async fn phase(socket: &mut Socket, phase: &str) -> Result<Value> {
    loop {
        let clock = socket.json("clock").await?;
        if clock["phase"] == phase {
            return Ok(clock);
        }
    }
}

async fn stand(socket: &mut Socket, clock: &Value, footing: Value) -> Result<()> {
    socket.say(&json!({ "type": "footing", "epoch": clock["epoch"], "footing": footing })).await
}

/// The recorded moment on screen now, by the site's clock.
async fn moment(socket: &mut Socket, clock: &Value) -> Result<i64> {
    socket.say(&json!({ "type": "ping", "client_at": 7 })).await?;
    let pong = socket.json("pong").await?;
    assert_eq!(pong["client_at"], 7);
    let passed_us = pong["server_at"].as_i64().context("no time")? - clock["since"].as_i64().context("no since")?;
    let speed = clock["speed"].as_f64().context("no speed")?;
    Ok(clock["at"].as_i64().context("no moment")? + (passed_us as f64 / 1_000.0 * speed) as i64)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn members_follow_each_other_by_the_sites_clock() -> Result<()> {
    let site = TestSite::start().await?;
    let viewer = site.user("olga", "operator", "a long password").await?;
    let (mut one, clock) = join(&site.admin, 50_000).await?;
    assert_eq!((&clock["phase"], &clock["at"], &clock["members"]), (&json!("paused"), &json!(50_000), &json!(1)));
    let (mut two, clock) = join(&viewer, 9).await?;
    assert_eq!((&clock["at"], &clock["members"]), (&json!(50_000), &json!(2)), "who comes later goes where it stands");
    // Nobody starts before both can.
    two.say(&json!({ "type": "play", "at": 60_000, "speed": 2.0 })).await?;
    let waiting = phase(&mut one, "waiting").await?;
    assert_eq!((&waiting["at"], &waiting["speed"]), (&json!(60_000), &json!(2.0)));
    stand(&mut one, &waiting, json!({ "kind": "ready" })).await?;
    stand(&mut two, &waiting, json!({ "kind": "ready" })).await?;
    let (running, same) = (phase(&mut one, "running").await?, phase(&mut two, "running").await?);
    assert_eq!((&running["since"], &running["at"]), (&same["since"], &json!(60_000)));
    let (here, there) = (moment(&mut one, &running).await?, moment(&mut two, &same).await?);
    assert!((60_000..64_000).contains(&here) && here <= there, "{here} {there}");
    // A late one finds the clock as it runs, and does not stop it.
    let (mut three, late) = join(&site.admin, 0).await?;
    assert_eq!((&late["since"], &late["phase"]), (&running["since"], &json!("running")));
    // A gap of all is passed over, one of some is not.
    stand(&mut three, &late, json!({ "kind": "ended" })).await?;
    stand(&mut one, &running, json!({ "kind": "apart", "next": 900_000 })).await?;
    stand(&mut two, &running, json!({ "kind": "apart", "next": 800_000 })).await?;
    let skipped = loop {
        let clock = three.json("clock").await?;
        if !clock["skipped"].is_null() {
            break clock;
        }
    };
    assert_eq!(
        (&skipped["at"], &skipped["skipped"][1], &skipped["epoch"]),
        (&json!(800_000), &json!(800_000), &running["epoch"])
    );
    // A step of one is a pause of all.
    three.say(&json!({ "type": "pause", "at": 800_040 })).await?;
    for socket in [&mut one, &mut two, &mut three] {
        assert_eq!(phase(socket, "paused").await?["at"], 800_040);
    }
    one.say(&json!({ "type": "speed", "speed": 99.0 })).await?;
    assert_eq!(one.json("error").await?["code"], "request_invalid");
    one.say(&json!({ "type": "dance" })).await?;
    one.say(&json!({ "type": "seek", "at": 5 })).await?;
    assert_eq!(phase(&mut two, "paused").await?["at"], 5);
    // Who leaves is no longer counted.
    drop((one, three));
    loop {
        if two.json("clock").await?["members"] == 1 {
            break;
        }
    }
    let bad = Socket::open(&site.admin, "/api/v1/playback-groups/a.b").await;
    assert!(bad.is_err(), "a name that a link cannot hold is refused");
    site.stop().await;
    Ok(())
}
