//! First run, logging in and out, sessions, forged requests.

use anyhow::{Context, Result};
use reqwest::Method;
use serde_json::json;
use watchwall_tests::{Socket, TestSite};

const PASSWORD: &str = "a long password";

fn cookie_of(answer: &watchwall_tests::Answer) -> String {
    answer.header("set-cookie").split(';').next().unwrap_or_default().to_owned()
}

#[tokio::test]
async fn the_first_administrator_needs_the_printed_code() -> Result<()> {
    let site = TestSite::start().await?;
    let nobody = site.anonymous()?;
    assert_eq!(nobody.get("/api/v1/session").await?.json["setup_needed"], true);
    let ask = |code: &str, password: &str| json!({ "code": code, "username": "anna", "password": password, "language": "zh-CN" });
    let code = site.setup_code().context("no code")?;
    let check = async |code: &str, password: &str, expect: &str| -> Result<()> {
        assert_eq!(nobody.post("/api/v1/setup", &ask(code, password)).await?.code(), expect);
        Ok(())
    };
    check("AAAA-AAAA-AAAA", PASSWORD, "setup_code_wrong").await?;
    check(&code, "short", "password_too_short").await?;
    let done = nobody.post("/api/v1/setup", &ask(&code.to_lowercase(), PASSWORD)).await?.ok()?;
    assert_eq!(done.json["user"]["role"], "administrator");
    let cookie = done.header("set-cookie").to_owned();
    assert!(cookie.contains("HttpOnly") && cookie.contains("SameSite=Strict") && !cookie.contains("Secure"));
    check(&code, PASSWORD, "setup_done").await?;
    assert!(site.setup_code().is_none());
    let state = nobody.with_cookie(&cookie_of(&done)).get("/api/v1/session").await?.json;
    assert_eq!((&state["setup_needed"], &state["user"]["name"]), (&json!(false), &json!("anna")));
    assert_eq!(state["default_language"], "zh-CN");
    site.stop().await;
    Ok(())
}

#[tokio::test]
async fn guesses_are_slowed_down_and_look_alike() -> Result<()> {
    let site = TestSite::start().await?;
    site.user("anna", "operator", PASSWORD).await?;
    let nobody = site.anonymous()?;
    let guess = async |name: &str, password: &str| {
        nobody.post("/api/v1/login", &json!({ "username": name, "password": password })).await
    };
    let (wrong, unknown) = (guess("anna", "wrong password").await?, guess("nobody", "wrong password").await?);
    assert_eq!(wrong.status, 401);
    let without_id = |mut value: serde_json::Value| {
        value["request_id"] = json!(null);
        value
    };
    assert_eq!(without_id(wrong.json), without_id(unknown.json));
    for _ in 0..4 {
        guess("Anna", "wrong password").await?;
    }
    let throttled = guess("anna", PASSWORD).await?;
    assert_eq!((throttled.status.as_u16(), throttled.code()), (429, "login_throttled"));
    assert!(throttled.header("retry-after").parse::<u64>()? >= 1);
    // Others are not held up by it.
    assert!(site.user("bert", "viewer", PASSWORD).await.is_ok());
    site.stop().await;
    Ok(())
}

#[tokio::test]
async fn an_ended_session_loses_its_sockets_at_once() -> Result<()> {
    let site = TestSite::start().await?;
    let anna = site.user("anna", "operator", PASSWORD).await?;
    let mut socket = Socket::open(&anna, "/ws/web-notify").await?;
    socket.json("heartbeat").await?;
    let sessions = anna.get("/api/v1/sessions").await?.ok()?.json;
    let items = sessions["items"].as_array().context("no list")?;
    assert_eq!(items.len(), 1, "others' sessions are not shown");
    assert_eq!(items[0]["is_current"], true);
    let id = items[0]["id"].as_i64().context("no id")?;
    let bert = site.user("bert", "operator", PASSWORD).await?;
    assert_eq!(bert.delete(&format!("/api/v1/sessions/{id}")).await?.code(), "not_found");
    site.admin.delete(&format!("/api/v1/sessions/{id}")).await?.ok()?;
    let (error, closed) = socket.closing().await?;
    assert_eq!((error["code"].as_str(), closed.code), (Some("login_required"), 4401));
    assert_eq!(anna.get("/api/v1/cameras").await?.code(), "login_required");
    site.stop().await;
    Ok(())
}

#[tokio::test]
async fn roles_and_passwords_end_sessions_when_they_change() -> Result<()> {
    let site = TestSite::start().await?;
    let anna = site.user("anna", "operator", PASSWORD).await?;
    let users = site.admin.get("/api/v1/users?search=anna").await?.ok()?.json;
    let id = users["items"][0]["id"].as_i64().context("no id")?;
    let patch = json!({ "role": "viewer" });
    site.admin.send_json(Method::PATCH, &format!("/api/v1/users/{id}"), &patch).await?.ok()?;
    assert_eq!(anna.get("/api/v1/settings").await?.status, 401);
    // One's own password needs the present one.
    let anna = site.login("anna", PASSWORD).await?;
    let change = |current: &str| json!({ "current_password": current, "new_password": "another long one" });
    assert_eq!(anna.send_json(Method::PATCH, "/api/v1/me", &change("wrong")).await?.code(), "login_failed");
    anna.send_json(Method::PATCH, "/api/v1/me", &change(PASSWORD)).await?.ok()?;
    anna.get("/api/v1/settings").await?.ok()?;
    assert!(site.login("anna", PASSWORD).await.is_err());
    site.login("anna", "another long one").await?;
    site.stop().await;
    Ok(())
}

#[tokio::test]
async fn other_pages_cannot_act_for_a_browser() -> Result<()> {
    let site = TestSite::start().await?;
    site.user("anna", "installer", PASSWORD).await?;
    let login = json!({ "username": "anna", "password": PASSWORD });
    let answer = site.anonymous()?.post("/api/v1/login", &login).await?.ok()?;
    let browser = site.anonymous()?.with_cookie(&cookie_of(&answer));
    let group = json!({ "name": "Yard" });
    browser.post("/api/v1/groups", &group).await?.ok()?;
    let cookie = browser.cookie().context("no cookie")?.to_owned();
    let forged = async |headers: &[(&str, &str)]| -> Result<String> {
        let request = site.anonymous()?.request(Method::POST, "/api/v1/groups").header("cookie", &cookie).json(&group);
        let request = headers.iter().fold(request, |request, (name, value)| request.header(*name, *value));
        Ok(site.anonymous()?.send(request).await?.code().to_owned())
    };
    assert_eq!(forged(&[("origin", "http://evil.example")]).await?, "origin_refused");
    assert_eq!(forged(&[("sec-fetch-site", "cross-site")]).await?, "origin_refused");
    assert_eq!(forged(&[]).await?, "origin_refused");
    assert_eq!(forged(&[("sec-fetch-site", "same-origin")]).await?, "");
    let rebound = site.admin.request(Method::GET, "/api/v1/cameras").header("host", "evil.example:80");
    assert_eq!(site.admin.send(rebound).await?.code(), "origin_refused");
    browser.post("/api/v1/logout", &json!({})).await?.ok()?;
    assert_eq!(browser.get("/api/v1/cameras").await?.code(), "login_required");
    site.stop().await;
    Ok(())
}

#[tokio::test]
async fn a_one_time_address_opens_one_window() -> Result<()> {
    let site = TestSite::start().await?;
    let nobody = site.anonymous()?;
    let path = site.one_time_url().split_once(&site.address().to_string()).map(|(_, path)| path.to_owned());
    let path = path.context("no path")?;
    let first = nobody.get(&path).await?;
    assert_eq!((first.status.as_u16(), first.header("location")), (303, "/"));
    let window = nobody.with_cookie(&cookie_of(&first));
    assert_eq!(window.get("/api/v1/session").await?.json["user"]["role"], "administrator");
    // The window may set up without the code, and a second use gives nothing.
    assert_eq!(nobody.get(&path).await?.header("set-cookie"), "");
    let new = site.admin.post("/api/v1/one-time-tokens", &json!({})).await?.ok()?;
    let login = json!({ "token": new.json["token"] });
    nobody.post("/api/v1/token-login", &login).await?.ok()?;
    assert_eq!(nobody.post("/api/v1/token-login", &login).await?.code(), "login_failed");
    let set_up = json!({ "code": "", "username": "anna", "password": PASSWORD });
    window.post("/api/v1/setup", &set_up).await?.ok()?;
    site.stop().await;
    Ok(())
}

#[tokio::test]
async fn the_last_administrator_stays_and_versions_are_kept() -> Result<()> {
    let site = TestSite::start().await?;
    let anna = site.user("anna", "administrator", PASSWORD).await?;
    let id = anna.get("/api/v1/session").await?.json["user"]["id"].as_i64().context("no id")?;
    let at = format!("/api/v1/users/{id}");
    assert_eq!(anna.delete(&at).await?.code(), "last_administrator");
    let read = anna.get(&at).await?.ok()?;
    let tag = read.header("etag").to_owned();
    let rename = |name: &str| anna.request(Method::PATCH, &at).header("if-match", &tag).json(&json!({ "name": name }));
    anna.send(rename("anne")).await?.ok()?;
    let late = anna.send(rename("annie")).await?;
    assert_eq!((late.status.as_u16(), late.code()), (412, "version_conflict"));
    let audit = anna.get("/api/v1/audit?limit=1").await?.ok()?.json;
    let entry = &audit["items"][0];
    assert_eq!(
        (&entry["action"], &entry["new"]["name"], &entry["old"]["name"]),
        (&json!("user.update"), &json!("anne"), &json!("anna"))
    );
    assert!(audit["next_cursor"].is_string());
    site.stop().await;
    Ok(())
}
