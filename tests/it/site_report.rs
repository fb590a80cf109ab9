//! The report that is handed over: everything of a site, in both languages, and no secret.

use anyhow::Result;
use serde_json::json;
use std::{net::Ipv4Addr, time::Duration};
use watchwall_tests::{Binary, DeviceFarm, TestSite};

const PASSWORD: &str = "never on paper";

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_site_is_handed_over_as_json_and_on_paper() -> Result<()> {
    let farm = DeviceFarm::new().camera(Ipv4Addr::new(127, 0, 72, 1), PASSWORD).start().await?;
    let site = TestSite::start().await?;
    let added = site.add_device(&farm.device_url(0)?, PASSWORD).await?;
    let id = &added["camera_ids"][0];
    let name = "北门停车场 \"A\" <1>";
    let camera = format!("/api/v1/cameras/{id}");
    site.admin.send_json(reqwest::Method::PATCH, &camera, &json!({ "name": name })).await?.ok()?;
    site.health_is(id, "online").await?;

    let answer = site.admin.get("/api/v1/reports/site").await?.ok()?;
    assert!(answer.header("content-disposition").contains("site-report-"), "{:?}", answer.headers);
    let report = answer.json;
    let own = &report["cameras"][0];
    assert_eq!(
        (&own["name"], &own["health"], &own["manufacturer"]),
        (&json!(name), &json!("online"), &json!("Camsim"))
    );
    assert_eq!((&own["streams"][0]["role"], &own["streams"][0]["width"]), (&json!("main"), &json!(640)));
    assert_eq!((&own["doctor"], &report["machine"]["version"]), (&json!(null), &json!(env!("CARGO_PKG_VERSION"))));
    assert!(report["users"].is_array() && report["volumes"].as_array().is_some_and(|all| all.len() == 1), "{report}");
    assert!(!report.to_string().contains(PASSWORD));

    for language in ["en", "zh-CN"] {
        let path = format!("/api/v1/reports/site?format=pdf&language={language}");
        let pdf = site.admin.get(&path).await?.ok()?;
        assert_eq!(pdf.header("content-type"), "application/pdf");
        let bytes = site.admin.bytes(&path).await?;
        assert!(bytes.starts_with(b"%PDF-") && bytes.len() > 4_000, "{} bytes", bytes.len());
    }
    for (query, code) in [("format=doc", "request_invalid"), ("language=de", "request_invalid")] {
        assert_eq!(site.admin.get(&format!("/api/v1/reports/site?{query}")).await?.code(), code, "{query}");
    }
    // An installer hands it over and may not see users; an operator may not have it.
    let ines = site.user("ines", "installer", "a long password").await?;
    assert_eq!(ines.get("/api/v1/reports/site").await?.ok()?.json["users"], json!(null));
    let olaf = site.user("olaf", "operator", "a long password").await?;
    assert_eq!(olaf.get("/api/v1/reports/site").await?.code(), "right_missing");

    let file = site.data.path().join("handed over.pdf");
    let (data, file) = (site.data.path().to_string_lossy().into_owned(), file.to_string_lossy().into_owned());
    let arguments = ["report", "site", "--format", "pdf", "--output", &file, "--language", "zh-CN", "--data", &data];
    let mut command = Binary::start(&arguments, "warn")?;
    let status = command.ended(Duration::from_secs(30)).await?;
    assert!(status.success(), "{}", command.everything());
    assert!(std::fs::read(&file)?.starts_with(b"%PDF-"));
    site.stop().await;
    farm.shutdown().await;
    Ok(())
}
