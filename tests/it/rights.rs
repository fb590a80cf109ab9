//! Every route and socket, walked as nobody and as every role.

use anyhow::{Context, Result};
use reqwest::Method;
use serde_json::json;
use watchwall_model::Role;
use watchwall_server::{Listed, Need, routes};
use watchwall_tests::{Client, Socket, TestSite};

/// Rows and streams that do not exist: what is allowed answers "not found" at most.
fn address(route: &Listed) -> String {
    let path = route.path.replace("{id}", "999999").replace("{path}", "cam_none_ch1_main").replace("{code}", "none");
    let path = path.replace("{role}", "main").replace("{group}", "hall").replace("{file}", "999999.mp4");
    match path.as_str() {
        p if p.ends_with("/clip.mp4") || p.ends_with("/index.m3u8") => format!("{p}?from=1&to=2"),
        p if p.ends_with("/frame.jpg") || p.ends_with("/thumbnail.jpg") => format!("{p}?at=1"),
        p if p.ends_with("/timeline") => format!("{p}?paths=cam_none_ch1_main&from=1&to=2"),
        p => p.to_owned(),
    }
}

fn may(need: Need, role: Option<Role>) -> bool {
    match (need, role) {
        (Need::Public, _) | (Need::LoggedIn, Some(_)) => true,
        (Need::LoggedIn | Need::Right(_) | Need::RightOrTicket(_), None) => false,
        (Need::Right(right) | Need::RightOrTicket(right), Some(role)) => role.has(right),
    }
}

async fn check(client: &Client, route: &Listed, role: Option<Role>) -> Result<()> {
    let method = Method::from_bytes(route.method.as_bytes())?;
    let request = client.request(method, &address(route)).json(&json!({}));
    let answer = client.send(request).await.with_context(|| format!("{} {}", route.method, route.path))?;
    let who = role.map_or("nobody", Role::as_str);
    let refused = match answer.status.as_u16() {
        401 => answer.code() == "login_required" || route.method == "HEAD",
        403 => answer.code() == "right_missing" || route.method == "HEAD",
        _ => false,
    };
    assert_eq!(
        !refused,
        may(route.need, role),
        "{} {} as {who}: {} {}",
        route.method,
        route.path,
        answer.status,
        answer.text
    );
    assert_ne!(answer.status.as_u16(), 500, "{} {} as {who}: {}", route.method, route.path, answer.text);
    if !answer.status.is_success() && route.method != "HEAD" {
        let kind = answer.header("content-type");
        assert_eq!(kind, "application/problem+json", "{} {} as {who}: {}", route.method, route.path, answer.text);
        assert!(!answer.json["request_id"].as_str().unwrap_or_default().is_empty());
    }
    Ok(())
}

#[tokio::test]
async fn every_route_asks_for_its_right() -> Result<()> {
    let site = TestSite::start().await?;
    let mut callers = vec![(site.anonymous()?, None)];
    for role in Role::ALL {
        let client = site.user(role.as_str(), role.as_str(), "a long password").await?;
        callers.push((client, Some(role)));
    }
    // Logging out ends the session, so it comes last.
    let (last, others): (Vec<_>, Vec<_>) = routes().into_iter().partition(|route| route.path.ends_with("/logout"));
    let mut walked = 0;
    for route in others.iter().chain(&last) {
        for (client, role) in &callers {
            check(client, route, *role).await?;
            walked += 1;
        }
    }
    assert!(walked > 250, "{walked}");
    site.stop().await;
    Ok(())
}

#[tokio::test]
async fn every_socket_asks_for_its_right() -> Result<()> {
    let site = TestSite::start().await?;
    let viewer = site.user("vera", "viewer", "a long password").await?;
    let check = async |client: &Client, path: &str, code: &str, close: u16| -> Result<()> {
        let (error, closed) = Socket::open(client, path).await?.closing().await?;
        assert_eq!((error["code"].as_str(), closed.code), (Some(code), close), "{path}");
        Ok(())
    };
    let nobody = site.anonymous()?;
    let live = "/api/v1/live/cam_none_ch1_main";
    let playback = "/api/v1/playback/cam_none_ch1_main";
    check(&nobody, live, "login_required", 4401).await?;
    check(&nobody, playback, "login_required", 4401).await?;
    check(&nobody, "/ws/web-notify", "login_required", 4401).await?;
    check(&viewer, playback, "right_missing", 4403).await?;
    check(&viewer, live, "camera_not_found", 4404).await?;
    // A page of another site gets no socket at all, and looking back is playback.
    assert!(Socket::open_from(&viewer, live, Some("http://evil.example")).await.is_err());
    assert!(Socket::open(&viewer, &format!("{live}?replay_s=10")).await.is_err());
    site.stop().await;
    Ok(())
}
