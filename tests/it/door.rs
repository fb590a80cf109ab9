//! The front door against clients that are slow, large or many.

use anyhow::{Context, Result};
use std::time::{Duration, Instant};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
};
use watchwall_tests::{TestSite, soon};

/// A head may take ten seconds; the rest is for a busy machine.
const CLOSED_WITHIN: Duration = Duration::from_secs(40);

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn clients_that_never_finish_their_head_are_closed_and_hold_up_nobody() -> Result<()> {
    let site = TestSite::start().await?;
    let mut slow = Vec::new();
    for _ in 0..200 {
        let mut stream = TcpStream::connect(site.address()).await?;
        stream.write_all(b"GET /healthz HTTP/1.1\r\nHost: 127.0.0.1\r\nX-Slow: ").await?;
        slow.push(stream);
    }
    let begun = Instant::now();
    site.anonymous()?.get("/healthz").await?.ok()?;
    site.admin.get("/api/v1/cameras").await?.ok()?;
    assert!(begun.elapsed() < Duration::from_secs(9), "others waited for the slow ones: {:?}", begun.elapsed());
    for mut stream in slow {
        let mut rest = Vec::new();
        // Answered with a refusal or just closed, in any case over.
        let _ = soon("the end", CLOSED_WITHIN, stream.read_to_end(&mut rest)).await?;
        assert!(!rest.starts_with(b"HTTP/1.1 200"));
    }
    site.stop().await;
    Ok(())
}

#[tokio::test]
async fn bodies_have_a_size() -> Result<()> {
    let site = TestSite::start().await?;
    let body = format!(r#"{{"username":"{}","password":"x"}}"#, "a".repeat(2 * 1024 * 1024));
    let request = site.anonymous()?.request(reqwest::Method::POST, "/api/v1/login");
    let answer = site.anonymous()?.send(request.header("content-type", "application/json").body(body)).await?;
    assert_eq!((answer.status.as_u16(), answer.code()), (413, "body_too_large"));
    site.stop().await;
    Ok(())
}

#[tokio::test]
async fn every_answer_carries_its_policy() -> Result<()> {
    let site = TestSite::start().await?;
    for (path, is_page) in
        [("/", true), ("/wall", true), ("/healthz", false), ("/api/v1/cameras", false), ("/none.js", false)]
    {
        let answer = site.anonymous()?.get(path).await?;
        let policy = answer.header("content-security-policy");
        assert!(policy.contains("default-src") && policy.contains("frame-ancestors 'none'"), "{path}: {policy}");
        let scripts = policy.split(';').find(|part| part.trim().starts_with("script-src")).unwrap_or_default();
        assert!(!scripts.contains("unsafe-inline") && !scripts.contains("unsafe-eval"), "{path}: {policy}");
        if !is_page {
            assert!(policy.contains("default-src 'none'"), "{path}: {policy}");
        }
        assert_eq!(answer.header("x-content-type-options"), "nosniff", "{path}");
        assert_eq!(answer.header("x-frame-options"), "DENY", "{path}");
    }
    site.stop().await;
    Ok(())
}

#[tokio::test]
async fn guessing_the_set_up_code_is_slowed_down() -> Result<()> {
    let site = TestSite::start().await?;
    let nobody = site.anonymous()?;
    let code = site.setup_code().context("no code")?;
    let look = |code: &str| serde_json::json!({ "code": code, "folder": "" });
    for _ in 0..5 {
        assert_eq!(nobody.post("/api/v1/setup/folder", &look("AAAA-AAAA-AAAA")).await?.code(), "setup_code_wrong");
    }
    // The right one too: otherwise a guess could be told by its answer.
    let throttled = nobody.post("/api/v1/setup/folder", &look(&code)).await?;
    assert_eq!((throttled.status.as_u16(), throttled.code()), (429, "login_throttled"));
    site.stop().await;
    Ok(())
}
