//! Devices are moved and set: cameras stop, one operator holds them, what is set is what the device then shows.

use anyhow::{Context, Result};
use reqwest::Method;
use serde_json::{Value, json};
use std::{net::Ipv4Addr, time::Duration};
use watchwall_camsim::{Farm, Quirk};
use watchwall_model::config::HealthConfig;
use watchwall_tests::{Client, DeviceFarm, SiteOptions, TestSite, USER, until};

const PASSWORD: &str = "a dome's password";
const WITHIN: Duration = Duration::from_secs(20);

struct Scene {
    farm: Farm,
    site: TestSite,
    device: Value,
    camera: Value,
}

impl Scene {
    async fn start(host: Ipv4Addr, quirks: &[Quirk]) -> Result<Self> {
        let change =
            |device| quirks.iter().fold(device, |device: watchwall_camsim::DeviceSpec, quirk| device.with(*quirk));
        let farm = DeviceFarm::new().camera_with(host, PASSWORD, change).start().await?;
        let health = HealthConfig { interval_ms: 500, first_after_ms: 0, offline_alarm_ms: 60_000 };
        let site = TestSite::start_with(SiteOptions { health: Some(health), ..SiteOptions::default() }).await?;
        let added = site.add_device(&farm.device_url(0)?, PASSWORD).await?;
        let (device, camera) = (added["device_id"].clone(), added["camera_ids"][0].clone());
        site.health_is(&camera, "online").await?;
        Ok(Self { farm, site, device, camera })
    }

    /// The same site and device after a restart of the site.
    async fn restarted(self) -> Result<Self> {
        let options = SiteOptions { data: Some(self.site.stop_keeping().await), health: None, ..Default::default() };
        Ok(Self { site: TestSite::start_with(options).await?, ..self })
    }

    fn camera(&self, rest: &str) -> String {
        format!("/api/v1/cameras/{}{rest}", self.camera)
    }

    fn device(&self, rest: &str) -> String {
        format!("/api/v1/devices/{}{rest}", self.device)
    }

    async fn ptz(&self, client: &Client, command: Value) -> Result<watchwall_tests::Answer> {
        client.post(&self.camera("/ptz"), &command).await
    }

    async fn sight(&self) -> Result<Value> {
        Ok(self.site.admin.get(&self.camera("/ptz")).await?.ok()?.json)
    }

    async fn sees(&self, what: &str, is_so: impl Fn(&Value) -> bool) -> Result<Value> {
        until(what, WITHIN, async || self.sight().await.ok().filter(&is_so)).await
    }

    fn count(&self, operation: &str) -> Result<u64> {
        Ok(self.farm.device_counters(0)?.operations.get(operation).copied().unwrap_or_default())
    }

    async fn stop(self) {
        self.site.stop().await;
        self.farm.shutdown().await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_camera_stops_when_its_operator_falls_silent() -> Result<()> {
    // Left to itself it would turn for ever.
    let scene = Scene::start(Ipv4Addr::new(127, 0, 23, 1), &[Quirk::PtzIgnoresTimeout]).await?;
    let admin = &scene.site.admin;
    let before = scene.sight().await?;
    let can = &before["capabilities"];
    assert_eq!(
        (&can["pan_tilt"], &can["zoom"], &can["continuous"], &can["home"]),
        (&json!(true), &json!(true), &json!(true), &json!(true))
    );
    let moved = scene.ptz(admin, json!({ "action": "move", "pan": 0.2, "tilt": 0.0 })).await?.ok()?.json;
    assert!(moved["stops_at"].is_i64() && moved["lock"]["name"].is_string(), "{moved}");
    scene.sees("the stop", |sight| sight["moving"] == false).await?;
    assert!(scene.count("Stop")? >= 1);
    assert_ne!(scene.sight().await?["position"]["pan"], before["position"]["pan"]);

    // A session that ends takes its move along, without waiting for the second.
    scene.ptz(admin, json!({ "action": "release" })).await?.ok()?;
    let anna = scene.site.user("anna", "administrator", "a long password").await?;
    let stops = scene.count("Stop")?;
    scene.ptz(&anna, json!({ "action": "move", "zoom": 0.1 })).await?.ok()?;
    anna.post("/api/v1/logout", &json!({})).await?.ok()?;
    until("the stop", WITHIN, async || (scene.count("Stop").ok()? > stops).then_some(())).await?;
    scene.sees("a still camera", |sight| sight["moving"] == false).await?;
    for wrong in
        [json!({ "action": "move" }), json!({ "action": "fly" }), json!({ "action": "centre", "x": 2, "y": 0 })]
    {
        assert_eq!(scene.ptz(admin, wrong.clone()).await?.code(), "request_invalid", "{wrong}");
    }
    scene.stop().await;
    Ok(())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_device_without_stop_is_stopped_by_a_move_without_speed() -> Result<()> {
    let scene = Scene::start(Ipv4Addr::new(127, 0, 23, 2), &[Quirk::PtzNoStop, Quirk::PtzIgnoresTimeout]).await?;
    scene.ptz(&scene.site.admin, json!({ "action": "move", "pan": -0.3, "tilt": 0.1 })).await?.ok()?;
    scene.sees("the stop", |sight| sight["moving"] == false).await?;
    scene.stop().await;
    Ok(())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn one_operator_holds_a_camera_and_a_higher_role_takes_it() -> Result<()> {
    let scene = Scene::start(Ipv4Addr::new(127, 0, 23, 3), &[]).await?;
    let anna = scene.site.user("anna", "operator", "a long password").await?;
    let bob = scene.site.user("bob", "operator", "a long password").await?;
    scene.ptz(&anna, json!({ "action": "home" })).await?.ok()?;
    let refused = scene.ptz(&bob, json!({ "action": "stop" })).await?;
    assert_eq!((refused.status.as_u16(), refused.code()), (423, "ptz_busy"));
    assert_eq!(refused.json["params"]["name"], "anna");
    assert!(refused.json["params"]["until"].as_str().is_some_and(|until| until.parse::<i64>().is_ok()));
    scene.ptz(&scene.site.admin, json!({ "action": "home" })).await?.ok()?;
    assert_eq!(scene.ptz(&anna, json!({ "action": "home" })).await?.code(), "ptz_busy");
    scene.ptz(&scene.site.admin, json!({ "action": "release" })).await?.ok()?;
    scene.ptz(&bob, json!({ "action": "home" })).await?.ok()?;
    let viewer = scene.site.user("vera", "viewer", "a long password").await?;
    assert_eq!(scene.ptz(&viewer, json!({ "action": "home" })).await?.code(), "right_missing");
    scene.stop().await;
    Ok(())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn presets_and_rounds_move_the_camera() -> Result<()> {
    let scene = Scene::start(Ipv4Addr::new(127, 0, 23, 4), &[]).await?;
    let admin = &scene.site.admin;
    let near = |value: &Value, expect: f64| value.as_f64().is_some_and(|value| (value - expect).abs() < 0.02);
    let presets = scene.camera("/ptz/presets");
    let mut tokens = Vec::new();
    for (name, pan) in [("Gate", -0.5), ("Yard", 0.5)] {
        scene
            .ptz(admin, json!({ "action": "absolute", "position": { "pan": pan, "tilt": 0.0, "zoom": 0.2 } }))
            .await?
            .ok()?;
        scene.sees(name, |sight| sight["moving"] == false && near(&sight["position"]["pan"], pan)).await?;
        tokens.push(admin.post(&presets, &json!({ "name": name })).await?.ok()?.json["token"].clone());
    }
    let list = admin.get(&presets).await?.ok()?.json;
    let names: Vec<_> =
        list.as_array().context("no list")?.iter().filter_map(|preset| preset["name"].as_str()).collect();
    assert!(names.contains(&"Gate") && names.contains(&"Yard"), "{names:?}");
    scene.ptz(admin, json!({ "action": "preset", "token": tokens[0] })).await?.ok()?;
    scene.sees("the gate", |sight| near(&sight["position"]["pan"], -0.5)).await?;
    // A click to the right of the middle.
    let clicked = scene.ptz(admin, json!({ "action": "centre", "x": 0.75, "y": 0.5 })).await?.ok()?.json;
    assert!(clicked["guessed"].is_boolean(), "{clicked}");
    scene.sees("the click", |sight| sight["moving"] == false && sight["position"]["pan"].as_f64() > Some(-0.5)).await?;

    let steps = json!([{ "preset": tokens[0], "dwell_s": 1 }, { "preset": tokens[1], "dwell_s": 1 }]);
    let new = json!({ "name": "Night", "steps": steps });
    let patrol = admin.post(&scene.camera("/ptz/patrols"), &new).await?.ok()?;
    assert_eq!(admin.post(&scene.camera("/ptz/patrols"), &new).await?.code(), "name_taken");
    let path = format!("/api/v1/patrols/{}", patrol.json["id"]);
    admin.post(&format!("{path}/start"), &json!({})).await?.ok()?;
    for pan in [-0.5, 0.5, -0.5] {
        scene
            .sees("the next preset", |sight| near(&sight["position"]["pan"], pan) && sight["patrol"]["name"] == "Night")
            .await?;
    }
    scene.ptz(admin, json!({ "action": "home" })).await?.ok()?;
    let paused = scene.sight().await?;
    assert_eq!((&paused["patrol"]["paused"], &paused["patrol"]["id"]), (&json!(true), &patrol.json["id"]));
    let steps = json!([{ "preset": tokens[1], "dwell_s": 5 }]);
    let replaced = admin.send_json(Method::PUT, &path, &json!({ "name": "Day", "steps": steps })).await?.ok()?.json;
    assert_eq!((&replaced["name"], &replaced["version"]), (&json!("Day"), &json!(2)));
    let empty = json!({ "name": "Day", "steps": [] });
    assert_eq!(admin.send_json(Method::PUT, &path, &empty).await?.code(), "request_invalid");
    admin.delete(&path).await?.ok()?;
    assert_eq!(scene.sight().await?["patrol"], Value::Null);
    let token = tokens[0].as_str().context("no token")?;
    admin.delete(&format!("{presets}?token={token}")).await?.ok()?;
    let left = admin.get(&presets).await?.ok()?.json;
    assert!(left.as_array().is_some_and(|all| all.iter().all(|preset| preset["token"] != tokens[0])), "{left}");
    scene.stop().await;
    Ok(())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_round_goes_on_after_a_restart_until_it_is_ended() -> Result<()> {
    let scene = Scene::start(Ipv4Addr::new(127, 0, 23, 7), &[]).await?;
    let near = |value: &Value, expect: f64| value.as_f64().is_some_and(|value| (value - expect).abs() < 0.02);
    let mut steps = Vec::new();
    for (name, pan) in [("Gate", -0.5), ("Yard", 0.5)] {
        let order = json!({ "action": "absolute", "position": { "pan": pan, "tilt": 0.0, "zoom": 0.2 } });
        scene.ptz(&scene.site.admin, order).await?.ok()?;
        scene.sees(name, |sight| sight["moving"] == false && near(&sight["position"]["pan"], pan)).await?;
        let preset = scene.site.admin.post(&scene.camera("/ptz/presets"), &json!({ "name": name })).await?.ok()?;
        steps.push(json!({ "preset": preset.json["token"], "dwell_s": 1 }));
    }
    let mut paths = Vec::new();
    for name in ["Day", "Night"] {
        let new = json!({ "name": name, "steps": steps });
        let patrol = scene.site.admin.post(&scene.camera("/ptz/patrols"), &new).await?.ok()?;
        let path = format!("/api/v1/patrols/{}", patrol.json["id"]);
        scene.site.admin.post(&format!("{path}/start"), &json!({})).await?.ok()?;
        paths.push(path);
    }
    // The one that was begun last.
    let scene = scene.restarted().await?;
    for pan in [-0.5, 0.5, -0.5] {
        scene
            .sees("the next preset", |sight| near(&sight["position"]["pan"], pan) && sight["patrol"]["name"] == "Night")
            .await?;
    }
    scene.site.admin.post(&format!("{}/stop", paths[1]), &json!({})).await?.ok()?;
    let scene = scene.restarted().await?;
    assert_eq!(scene.sight().await?["patrol"], Value::Null);
    scene.stop().await;
    Ok(())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn picture_overlays_and_encoders_are_set() -> Result<()> {
    let scene = Scene::start(Ipv4Addr::new(127, 0, 23, 5), &[]).await?;
    let admin = &scene.site.admin;
    let imaging = scene.camera("/imaging");
    let before = admin.get(&imaging).await?.ok()?.json;
    let span = &before["options"]["brightness"];
    let (min, max) = (span["min"].as_f64().context("min")?, span["max"].as_f64().context("max")?);
    let wanted = min + (max - min) * 0.25;
    let after = admin.send_json(Method::PATCH, &imaging, &json!({ "brightness": wanted })).await?.ok()?.json;
    assert!(after["brightness"].as_f64().is_some_and(|value| (value - wanted).abs() < 0.01), "{after}");
    assert_eq!(after["contrast"], before["settings"]["contrast"]);
    let beyond = admin.send_json(Method::PATCH, &imaging, &json!({ "brightness": max + 1.0 })).await?;
    assert_eq!(beyond.code(), "request_invalid");
    admin.post(&scene.camera("/focus"), &json!({ "action": "continuous", "speed": 0.5 })).await?.ok()?;
    admin.post(&scene.camera("/focus"), &json!({ "action": "stop" })).await?.ok()?;

    let osds = scene.camera("/osds");
    let text = json!({ "kind": "Plain", "plain": "North gate \u{5317}\u{95e8} <&>" });
    let osd = json!({ "position": "upper_left", "text": text });
    let made = admin.send_json(Method::PUT, &osds, &osd).await?.ok()?.json;
    let find = async |token: &Value| -> Result<Option<Value>> {
        let all = admin.get(&osds).await?.ok()?.json;
        Ok(all["items"].as_array().into_iter().flatten().find(|osd| osd["token"] == *token).cloned())
    };
    let shown = find(&made["token"]).await?.context("not there")?;
    assert_eq!((&shown["text"]["plain"], &shown["position"]), (&text["plain"], &json!("upper_left")));
    let moved = json!({ "token": made["token"], "position": "custom", "x": 0.5, "y": -0.5, "text": text });
    admin.send_json(Method::PUT, &osds, &moved).await?.ok()?;
    assert_eq!(find(&made["token"]).await?.context("not there")?["position"], "custom");
    let token = made["token"].as_str().context("no token")?;
    admin.delete(&format!("{osds}?token={token}")).await?.ok()?;
    assert_eq!(find(&made["token"]).await?, None);

    let encoders = scene.camera("/encoders");
    let all = admin.get(&encoders).await?.ok()?.json;
    let main =
        all.as_array().context("no list")?.iter().find(|encoder| encoder["role"] == "main").context("no main")?;
    let gop = main["gop_length"].as_u64().context("no GOP")?;
    let patch = json!({ "profile": main["profile"], "gop_length": gop * 2 });
    let changed = admin.send_json(Method::PATCH, &encoders, &patch).await?.ok()?.json;
    assert_eq!((changed["gop_length"].as_u64(), &changed["width"]), (Some(gop * 2), &main["width"]));
    for (patch, code) in [
        (json!({ "profile": "nobody", "gop_length": 10 }), "profile_unknown"),
        (json!({ "profile": main["profile"], "frame_rate": 1000.0 }), "request_invalid"),
        (json!({ "profile": main["profile"], "width": 100 }), "request_invalid"),
    ] {
        assert_eq!(admin.send_json(Method::PATCH, &encoders, &patch).await?.code(), code, "{patch}");
    }
    scene.stop().await;
    Ok(())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn relays_inputs_clock_and_restart() -> Result<()> {
    let scene = Scene::start(Ipv4Addr::new(127, 0, 23, 6), &[]).await?;
    let admin = &scene.site.admin;
    until("a listener", WITHIN, async || {
        let health = admin.get(&scene.camera("/health")).await.ok()?.json;
        (health["device"]["listening"] == "listening").then_some(())
    })
    .await?;
    let relays = scene.device("/relays");
    let list = admin.get(&relays).await?.ok()?.json;
    assert_eq!(list.as_array().map(Vec::len), Some(2));
    let token = list[0]["token"].clone();
    admin.post(&relays, &json!({ "token": token, "active": true })).await?.ok()?;
    until("the relay's event", WITHIN, async || {
        let list = admin.get(&relays).await.ok()?.json;
        (list[0]["active"] == true).then_some(())
    })
    .await?;
    assert_eq!(admin.post(&relays, &json!({ "token": "nobody", "active": true })).await?.code(), "not_found");
    assert_eq!(admin.get(&scene.device("/inputs")).await?.ok()?.json.as_array().map(Vec::len), Some(2));

    scene.farm.set_device_clock_ms(0, 3_600_000)?;
    let clock = scene.device("/clock");
    let wrong = admin.get(&clock).await?.ok()?.json;
    assert!(wrong["offset_ms"].as_i64().is_some_and(|ms| (ms - 3_600_000).abs() < 5_000), "{wrong}");
    let right = admin.send_json(Method::PUT, &clock, &json!({ "source": "manual" })).await?.ok()?.json;
    assert!(right["offset_ms"].as_i64().is_some_and(|ms| ms.abs() < 3_000), "{right}");
    let servers = json!({ "source": "ntp", "servers": ["time.example.org", "10.0.0.1"] });
    let by_ntp = admin.send_json(Method::PUT, &clock, &servers).await?.ok()?.json;
    assert_eq!((&by_ntp["source"], &by_ntp["ntp_servers"]), (&json!("ntp"), &servers["servers"]));
    let bad = json!({ "source": "ntp", "servers": ["not a name"] });
    assert_eq!(admin.send_json(Method::PUT, &clock, &bad).await?.code(), "request_invalid");

    admin.post(&scene.device("/reboot"), &json!({})).await?.ok()?;
    scene.site.health_is(&scene.camera, "unreachable").await?;
    scene.site.health_is(&scene.camera, "online").await?;
    scene.stop().await;
    Ok(())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_sites_own_password_changes_everywhere_at_once() -> Result<()> {
    let scene = Scene::start(Ipv4Addr::new(127, 0, 23, 7), &[]).await?;
    let admin = &scene.site.admin;
    let users = scene.device("/users");
    let list = admin.get(&users).await?.ok()?.json;
    let own = list.as_array().context("no list")?.iter().find(|user| user["own"] == true).context("no own")?;
    assert_eq!((&own["name"], &own["level"]), (&json!(USER), &json!("administrator")));
    let guest = json!({ "name": "guest", "level": "user", "password": "a guest's password" });
    admin.post(&users, &guest).await?.ok()?;
    assert_eq!(admin.get(&users).await?.ok()?.json.as_array().map(Vec::len), Some(2));
    admin.delete(&format!("{users}?name=guest")).await?.ok()?;
    assert_eq!(admin.delete(&format!("{users}?name={USER}")).await?.code(), "request_invalid");

    let camera = admin.get(&scene.camera("")).await?.ok()?.json;
    let path = TestSite::path_of(&camera, "main");
    let mut main = scene.site.live(&path, "").await?;
    main.video().await?;
    let mut sub = scene.site.live(&TestSite::path_of(&camera, "sub"), "").await?;
    sub.video().await?;
    let next = json!({ "name": USER, "level": "administrator", "password": "n\u{65b0}@:/%&<>\"'" });
    admin.send_json(Method::PUT, &users, &next).await?.ok()?;
    // SOAP and RTSP both go on with the new one.
    assert_eq!(admin.get(&users).await?.ok()?.json.as_array().map(Vec::len), Some(1));
    scene.farm.fault(0, watchwall_camsim::Fault::DropConnection).await?;
    scene.farm.clear(0).await?;
    scene.site.live(&path, "").await?.video().await?;
    scene.site.health_is(&scene.camera, "online").await?;
    // Running streams said goodbye before: on a recorder of sixteen channels one attempt each would lock the account.
    let attempts = scene.farm.device_counters(0)?.password_attempts;
    assert_eq!((attempts.soap, attempts.http, attempts.rtsp), (0, 0, 0), "{attempts:?}");
    // Without a password nothing is sent: some devices would clear it.
    let bare = json!({ "name": USER, "level": "administrator", "password": "" });
    assert_eq!(admin.send_json(Method::PUT, &users, &bare).await?.code(), "request_invalid");
    let log = admin.get("/api/v1/audit").await?.ok()?.text;
    assert!(log.contains("device.change_user") && !log.contains("n\u{65b0}"), "{log}");
    scene.stop().await;
    Ok(())
}
