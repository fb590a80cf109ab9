//! The committed API document is the one the server serves.

use anyhow::Result;
use reqwest::Method;
use watchwall_tests::TestSite;

const SNAPSHOT: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/snapshots/openapi.json");

#[test]
fn the_committed_document_is_fresh() -> Result<()> {
    let committed = std::fs::read_to_string(SNAPSHOT)?;
    let now = watchwall_server::openapi().to_pretty_json()?;
    assert!(committed.trim() == now.trim(), "{SNAPSHOT} is stale: run `make gen`");
    Ok(())
}

#[tokio::test]
async fn the_document_and_its_page_are_served() -> Result<()> {
    let site = TestSite::start().await?;
    let nobody = site.anonymous()?;
    let document = nobody.get("/api/openapi.json").await?.ok()?.json;
    assert!(document["paths"]["/api/v1/live/{path}"].is_object());
    for message in ["LiveServerMessage", "PlaybackClientMessage", "NotifyServerMessage", "ProblemDetails"] {
        assert!(document["components"]["schemas"][message].is_object(), "{message}");
    }
    let schema = nobody.get("/api/ai-engine.schema.json").await?.ok()?.json;
    assert_eq!(schema["$defs"]["NodeRegister"]["properties"]["max_tasks"]["default"], 50);
    let channel = nobody.get("/api/ai-engine.asyncapi.json").await?.ok()?.json;
    assert_eq!(channel["channels"]["aiEngine"]["address"], "/ws/ai-engine");
    let page = nobody.get("/api/docs").await?.ok()?;
    for document in ["openapi.json", "ai-engine.schema.json", "ai-engine.asyncapi.json"] {
        assert!(page.text.contains(&format!("href=\"/api/{document}\"")), "{document}");
    }
    assert!(page.text.contains("/api/v1/cameras/probe") && !page.text.contains("https://"));
    let front = nobody.get("/wall").await?.ok()?;
    assert!(front.header("content-security-policy").contains("default-src 'self'"));
    assert_eq!(front.header("x-content-type-options"), "nosniff");
    assert_eq!(nobody.get("/api/v1/nothing").await?.code(), "not_found");
    assert_eq!(nobody.get("/_app/nothing.js").await?.code(), "not_found");
    site.stop().await;
    Ok(())
}

#[tokio::test]
async fn requests_have_bounds() -> Result<()> {
    let site = TestSite::start().await?;
    let post = |body: String| {
        site.admin.request(Method::POST, "/api/v1/groups").header("content-type", "application/json").body(body)
    };
    let check = async |body: String, status: u16, code: &str| -> Result<()> {
        let answer = site.admin.send(post(body)).await?;
        assert_eq!((answer.status.as_u16(), answer.code()), (status, code), "{}", answer.text);
        Ok(())
    };
    check(format!("{{\"name\":\"{}\"}}", "x".repeat(2 * 1024 * 1024)), 413, "body_too_large").await?;
    check("{".to_owned(), 400, "request_invalid").await?;
    check("{}".to_owned(), 400, "request_invalid").await?;
    check("{\"name\":\"\"}".to_owned(), 400, "request_invalid").await?;
    let plain = site.admin.request(Method::POST, "/api/v1/groups").body("{\"name\":\"Yard\"}");
    assert_eq!(site.admin.send(plain).await?.code(), "request_invalid");
    let wrong = site.admin.send(site.admin.request(Method::PATCH, "/api/v1/groups")).await?;
    assert_eq!((wrong.status.as_u16(), wrong.code()), (405, "method_not_allowed"));
    assert!(wrong.header("allow").contains("POST"), "{}", wrong.header("allow"));
    for query in ["limit=0", "limit=501", "limit=x", "sort=password", "cursor=%25%25"] {
        assert_eq!(site.admin.get(&format!("/api/v1/cameras?{query}")).await?.code(), "request_invalid", "{query}");
    }
    site.stop().await;
    Ok(())
}
