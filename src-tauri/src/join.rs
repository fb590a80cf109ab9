//! Finds a site that already runs on this data folder.
//!
//! A running site writes `server.json` (its address and process id) and `local-token` into its data
//! folder, both readable by its owner only. Who can read them may ask for a one-time address of the
//! window, exactly as the site's own process would.

use serde::Deserialize;
use std::{
    net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr},
    path::Path,
    time::Duration,
};
use url::Url;
use watchwall_model::{ErrorCode, Problem};

const PATIENCE: Duration = Duration::from_secs(2);

#[derive(Deserialize)]
struct ServerRecord {
    address: SocketAddr,
}

#[derive(Deserialize)]
struct OneTimeAddress {
    token: String,
}

/// The address for the window, or `None` when no site answers on this folder.
///
/// # Errors
/// A site answers but hands out no token: the folder belongs to another user or version.
pub async fn find(data: &Path) -> Result<Option<Url>, Problem> {
    let Some(record) = read_record(data).await else { return Ok(None) };
    let Ok(client) = reqwest::Client::builder().no_proxy().timeout(PATIENCE).build() else { return Ok(None) };
    let base = format!("http://{}", from_here(record.address));
    let alive = client.get(format!("{base}/healthz")).send().await.is_ok_and(|answer| answer.status().is_success());
    if !alive {
        return Ok(None);
    }
    let token = tokio::fs::read_to_string(data.join("local-token")).await.map_err(|error| refused(data, error))?;
    let answer = client
        .post(format!("{base}/api/v1/one-time-tokens"))
        .bearer_auth(token.trim())
        .send()
        .await
        .and_then(reqwest::Response::error_for_status)
        .map_err(|error| refused(data, error.without_url()))?;
    let one_time: OneTimeAddress = answer.json().await.map_err(|error| refused(data, error.without_url()))?;
    let url = Url::parse_with_params(&base, [("token", one_time.token)]).map_err(|error| refused(data, error))?;
    Ok(Some(url))
}

/// A site that listens on every address of the machine is reached over loopback.
fn from_here(address: SocketAddr) -> SocketAddr {
    match address.ip() {
        IpAddr::V4(ip) if ip.is_unspecified() => SocketAddr::from((Ipv4Addr::LOCALHOST, address.port())),
        IpAddr::V6(ip) if ip.is_unspecified() => SocketAddr::from((Ipv6Addr::LOCALHOST, address.port())),
        _ => address,
    }
}

async fn read_record(data: &Path) -> Option<ServerRecord> {
    let text = tokio::fs::read(data.join("server.json")).await.ok()?;
    serde_json::from_slice(&text).ok()
}

fn refused(data: &Path, cause: impl std::fmt::Display) -> Problem {
    Problem::new(ErrorCode::DataFolderInUse).with("folder", data.display()).at("join").because(cause)
}

#[cfg(test)]
mod tests {
    use super::*;
    use tokio::io::{AsyncReadExt, AsyncWriteExt};

    fn folder_with(address: &str) -> tempfile::TempDir {
        let folder = tempfile::tempdir().expect("a folder");
        std::fs::write(folder.path().join("server.json"), format!(r#"{{"address":"{address}","pid":1}}"#))
            .expect("a record");
        std::fs::write(folder.path().join("local-token"), "secret\n").expect("a token");
        folder
    }

    /// A server that answers each path with a status and a body, and keeps the requests it saw.
    async fn answer_with(replies: &'static [(&'static str, &'static str, &'static str)]) -> SocketAddr {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let address = listener.local_addr().expect("an address");
        tokio::spawn(async move {
            while let Ok((mut socket, _)) = listener.accept().await {
                let mut buffer = vec![0; 4_096];
                let read = socket.read(&mut buffer).await.unwrap_or(0);
                let request = String::from_utf8_lossy(&buffer[..read]).into_owned();
                let reply = replies.iter().find(|(start, ..)| request.starts_with(start));
                let (status, body) = reply.map_or(("404 Not Found", ""), |(_, status, body)| (*status, *body));
                let authorised = !request.starts_with("POST") || request.contains("Bearer secret\r\n");
                let status = if authorised { status } else { "401 Unauthorized" };
                let answer = format!(
                    "HTTP/1.1 {status}\r\ncontent-type: application/json\r\ncontent-length: {}\r\nconnection: close\r\n\r\n{body}",
                    body.len()
                );
                let _ = socket.write_all(answer.as_bytes()).await;
            }
        });
        address
    }

    #[tokio::test]
    async fn a_running_site_is_joined() {
        let address = answer_with(&[
            ("GET /healthz", "200 OK", "{}"),
            ("POST /api/v1/one-time-tokens", "201 Created", r#"{"token":"abc"}"#),
        ])
        .await;
        let folder = folder_with(&address.to_string());
        let url = find(folder.path()).await.expect("an answer").expect("a site");
        assert_eq!(url.as_str(), format!("http://{address}/?token=abc"));
    }

    #[tokio::test]
    async fn an_old_record_is_no_site() {
        let folder = folder_with("127.0.0.1:9");
        assert!(find(folder.path()).await.expect("an answer").is_none());
        let empty = tempfile::tempdir().expect("a folder");
        assert!(find(empty.path()).await.expect("an answer").is_none());
        std::fs::write(empty.path().join("server.json"), "{").expect("half a record");
        assert!(find(empty.path()).await.expect("an answer").is_none());
    }

    #[test]
    fn every_address_means_loopback() {
        let check = |address: &str, expect: &str| {
            let address: SocketAddr = address.parse().expect("an address");
            assert_eq!(from_here(address).to_string(), expect);
        };
        check("0.0.0.0:8080", "127.0.0.1:8080");
        check("[::]:8080", "[::1]:8080");
        check("192.0.2.7:8080", "192.0.2.7:8080");
        check("127.0.0.1:8080", "127.0.0.1:8080");
    }

    #[tokio::test]
    async fn a_site_that_refuses_is_a_problem() {
        let address = answer_with(&[("GET /healthz", "200 OK", "{}")]).await;
        let folder = folder_with(&address.to_string());
        let problem = find(folder.path()).await.expect_err("a problem");
        assert_eq!(problem.code, ErrorCode::DataFolderInUse);
    }
}
