//! Beyond loopback the site speaks TLS, with a certificate of its own or a given one.

use anyhow::{Context, Result};
use futures::StreamExt;
use serde_json::{Value, json};
use std::{
    net::SocketAddr,
    path::{Path, PathBuf},
    sync::Arc,
    time::Duration,
};
use tokio::net::TcpStream;
use tokio_rustls::{
    TlsConnector,
    rustls::{
        ClientConfig, RootCertStore,
        crypto::ring,
        pki_types::{CertificateDer, ServerName, pem::PemObject},
    },
};
use tokio_tungstenite::tungstenite::{Message, client::IntoClientRequest, http::HeaderValue};
use watchwall_headless::{Running, StartOptions, start};
use watchwall_model::{ErrorCode, Problem};
use watchwall_tests::{Client, DataFolder, soon};

const STOP: Duration = Duration::from_secs(5);
const PATIENCE: Duration = Duration::from_secs(20);

fn options(folder: &DataFolder, listen: [u8; 4]) -> StartOptions {
    let mut options = StartOptions::desktop(folder.path().to_owned(), None);
    options.config.server.listen = SocketAddr::from((listen, 0));
    options
}

/// A client that believes this certificate and nothing else.
fn browser(certificate: &Path) -> Result<reqwest::Client> {
    let root = reqwest::Certificate::from_pem(&std::fs::read(certificate)?)?;
    let browser = reqwest::Client::builder().tls_built_in_root_certs(false).add_root_certificate(root);
    Ok(browser.no_proxy().redirect(reqwest::redirect::Policy::none()).timeout(PATIENCE).build()?)
}

fn own_certificate(folder: &DataFolder) -> PathBuf {
    folder.path().join("tls-certificate.pem")
}

/// A notify socket over TLS; answers the first message.
async fn first_message(certificate: &Path, address: SocketAddr, cookie: &str, origin: &str) -> Result<Value> {
    let mut roots = RootCertStore::empty();
    roots.add(CertificateDer::from_pem_file(certificate)?)?;
    let config = ClientConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_safe_default_protocol_versions()?
        .with_root_certificates(roots)
        .with_no_client_auth();
    let stream = TcpStream::connect(address).await?;
    let name = ServerName::try_from(address.ip().to_string())?;
    let stream = TlsConnector::from(Arc::new(config)).connect(name, stream).await?;
    let mut request = format!("wss://{address}/ws/web-notify").into_client_request()?;
    request.headers_mut().insert("cookie", HeaderValue::from_str(cookie)?);
    request.headers_mut().insert("origin", HeaderValue::from_str(origin)?);
    let (mut socket, _) = soon("a handshake", PATIENCE, tokio_tungstenite::client_async(request, stream)).await??;
    loop {
        match soon("a message", PATIENCE, socket.next()).await?.context("the socket closed")?? {
            Message::Text(text) => return Ok(serde_json::from_str(&text)?),
            Message::Close(frame) => anyhow::bail!("closed with {frame:?}"),
            _ => {}
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_site_on_the_network_makes_its_own_certificate() -> Result<()> {
    let folder = DataFolder::new()?;
    let running = start(options(&folder, [0, 0, 0, 0])).await?;
    let tls = running.tls().context("plain")?;
    assert!(tls.is_own && tls.fingerprint.len() == 32 * 3 - 1, "{tls:?}");
    let certificate = own_certificate(&folder);
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        let mode = std::fs::metadata(folder.path().join("tls-key.pem"))?.permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
    }
    let public = SocketAddr::from(([127, 0, 0, 1], running.address().port()));
    assert_eq!(running.url(), format!("https://{}/", running.address()));
    let (browser, base) = (browser(&certificate)?, format!("https://{public}"));
    let health = browser.get(format!("{base}/healthz")).send().await?.error_for_status()?;
    assert!(!health.headers().contains_key("strict-transport-security"), "people could not go back");
    // First run over TLS: the cookie never travels in the clear.
    let set_up = json!({
        "code": running.setup_code().context("no code")?, "username": "anna", "password": "a long password",
    });
    let done = browser.post(format!("{base}/api/v1/setup")).json(&set_up).send().await?.error_for_status()?;
    let cookie = done.headers()["set-cookie"].to_str()?.to_owned();
    assert!(cookie.contains("; Secure") && cookie.contains("HttpOnly"), "{cookie}");
    let cookie = cookie.split(';').next().unwrap_or_default();
    // Only pages of this site over TLS act for a browser.
    for (origin, expect) in [(base.clone(), 201), (format!("http://{public}"), 403)] {
        let request = browser.post(format!("{base}/api/v1/groups")).json(&json!({ "name": origin }));
        let answer = request.header("cookie", cookie).header("origin", &origin).send().await?;
        assert_eq!(answer.status().as_u16(), expect, "{origin}");
    }
    let heard = first_message(&certificate, public, cookie, &base).await?;
    assert!(heard["type"].is_string(), "{heard}");
    assert!(first_message(&certificate, public, cookie, &format!("http://{public}")).await.is_err());
    local_tools_go_on(&folder, &running, public).await?;
    let fingerprint = tls.fingerprint;
    running.stop(STOP).await;
    let running = start(options(&folder, [0, 0, 0, 0])).await?;
    assert_eq!(running.tls().context("plain")?.fingerprint, fingerprint, "people would be asked again");
    running.stop(STOP).await;
    Ok(())
}

/// Tools and windows of this machine speak plain HTTP over loopback; the network's address only leads to TLS.
async fn local_tools_go_on(folder: &DataFolder, running: &Running, public: SocketAddr) -> Result<()> {
    let record: Value = serde_json::from_slice(&std::fs::read(folder.path().join("server.json"))?)?;
    let local: SocketAddr = record["address"].as_str().context("no address")?.parse()?;
    assert!(local.ip().is_loopback() && local.port() != public.port(), "{local}");
    let token = std::fs::read_to_string(folder.path().join("local-token"))?;
    let tool = Client::anonymous(&format!("http://{local}"))?.with_token(token.trim());
    tool.get("/api/v1/cameras").await?.ok()?;
    let rebound = tool.request(reqwest::Method::GET, "/api/v1/cameras").header("host", "evil.example");
    assert_eq!(tool.send(rebound).await?.code(), "origin_refused");
    assert!(running.one_time_url().starts_with(&format!("http://{local}/?token=")));
    let window = Client::anonymous(&format!("http://{local}"))?;
    let path = running.one_time_url().split_once(&local.to_string()).context("no path")?.1;
    let entered = window.get(path).await?;
    assert_eq!(entered.status, 303);
    assert!(!entered.header("set-cookie").contains("Secure"), "a plain window would lose it");
    let plain = Client::anonymous(&format!("http://{public}"))?.get("/wall?x=1").await?;
    assert_eq!((plain.status.as_u16(), plain.header("location")), (308, format!("https://{public}/wall?x=1").as_str()));
    Ok(())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_given_certificate_is_served_and_a_wrong_one_is_named() -> Result<()> {
    let (one, two) = (DataFolder::new()?, DataFolder::new()?);
    for folder in [&one, &two] {
        start(options(folder, [0, 0, 0, 0])).await?.stop(STOP).await;
    }
    let key = |folder: &DataFolder| folder.path().join("tls-key.pem");
    let folder = DataFolder::new()?;
    let refuse = async |certificate: Option<PathBuf>, key: Option<PathBuf>| -> Result<Problem> {
        let mut options = options(&folder, [127, 0, 0, 1]);
        (options.config.server.tls_certificate, options.config.server.tls_key) = (certificate, key);
        start(options).await.err().context("it started")
    };
    let problem = refuse(Some(own_certificate(&one)), Some(key(&two))).await?;
    assert_eq!(problem.code, ErrorCode::TlsKeyMismatch);
    assert!(
        problem.params["path"].ends_with("tls-certificate.pem") && problem.params["key_path"].ends_with("tls-key.pem")
    );
    let nowhere = folder.path().join("nowhere.pem");
    let problem = refuse(Some(nowhere.clone()), Some(key(&one))).await?;
    assert_eq!(
        (problem.code, &problem.params["path"]),
        (ErrorCode::TlsCertificateUnreadable, &nowhere.display().to_string())
    );
    assert_eq!(refuse(Some(own_certificate(&one)), Some(nowhere)).await?.code, ErrorCode::TlsKeyUnreadable);
    let problem = refuse(Some(own_certificate(&one)), None).await?;
    assert_eq!((problem.code, problem.params["key"].as_str()), (ErrorCode::ConfigInvalid, "server.tls_key"));
    assert!(!folder.path().join("watchwall.db").exists(), "a refused start touched the data folder");
    // Given, TLS is spoken on loopback too.
    let mut given = options(&folder, [127, 0, 0, 1]);
    (given.config.server.tls_certificate, given.config.server.tls_key) = (Some(own_certificate(&one)), Some(key(&one)));
    let running = start(given).await?;
    let report = running.tls().context("plain")?;
    assert!(!report.is_own);
    let health = browser(&own_certificate(&one))?.get(format!("{}healthz", running.url())).send().await?;
    assert_eq!(health.status(), 200);
    assert!(!own_certificate(&folder).exists(), "it made one all the same");
    running.stop(STOP).await;
    Ok(())
}

#[tokio::test]
async fn a_proxy_in_front_may_speak_tls_instead() -> Result<()> {
    let folder = DataFolder::new()?;
    let mut options = options(&folder, [0, 0, 0, 0]);
    options.config.server.allow_plain_http = true;
    let running = start(options).await?;
    assert!(running.tls().is_none() && !own_certificate(&folder).exists());
    let address = SocketAddr::from(([127, 0, 0, 1], running.address().port()));
    Client::anonymous(&format!("http://{address}"))?.get("/healthz").await?.ok()?;
    running.stop(STOP).await;
    Ok(())
}
