//! The committed API document is the one the server serves.

use anyhow::Result;
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
    let page = nobody.get("/api/docs").await?.ok()?;
    assert!(page.text.contains("/api/v1/cameras/probe") && !page.text.contains("https://"));
    let front = nobody.get("/wall").await?.ok()?;
    assert!(front.header("content-security-policy").contains("default-src 'self'"));
    assert_eq!(front.header("x-content-type-options"), "nosniff");
    assert_eq!(nobody.get("/api/v1/nothing").await?.code(), "not_found");
    assert_eq!(nobody.get("/_app/nothing.js").await?.code(), "not_found");
    site.stop().await;
    Ok(())
}
