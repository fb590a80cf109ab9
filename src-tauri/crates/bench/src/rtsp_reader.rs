//! A viewer of peers: plays an RTSP stream over TCP and throws it away, counting what came.

use anyhow::{Context, Result};
use std::sync::{
    Arc,
    atomic::{AtomicU64, Ordering},
};
use tokio::{
    io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader},
    net::TcpStream,
};

type Wire = BufReader<TcpStream>;

/// Plays until the task is aborted or the peer closes; `bytes` counts what arrived.
///
/// # Errors
/// A peer that refuses or ends.
pub async fn play(url: String, bytes: Arc<AtomicU64>) -> Result<()> {
    let host = url.strip_prefix("rtsp://").and_then(|rest| rest.split('/').next()).context("not an rtsp address")?;
    let mut wire = BufReader::new(TcpStream::connect(host).await?);
    let description = ask(&mut wire, "DESCRIBE", &url, "Accept: application/sdp\r\n", 1).await?;
    let control = control(&url, &description).context("no video in the description")?;
    let setup = ask(&mut wire, "SETUP", &control, "Transport: RTP/AVP/TCP;unicast;interleaved=0-1\r\n", 2).await?;
    let session = header(&setup, "session").context("no session")?;
    let session = session.split(';').next().unwrap_or_default();
    ask(&mut wire, "PLAY", &url, &format!("Session: {session}\r\nRange: npt=0-\r\n"), 3).await?;
    let mut buffer = vec![0; 256 * 1024];
    loop {
        let count = wire.read(&mut buffer).await?;
        anyhow::ensure!(count > 0, "{url} closed");
        bytes.fetch_add(count as u64, Ordering::Relaxed);
    }
}

/// The answer's head and body as text.
async fn ask(wire: &mut Wire, method: &str, url: &str, headers: &str, sequence: u32) -> Result<String> {
    let request = format!("{method} {url} RTSP/1.0\r\nCSeq: {sequence}\r\n{headers}\r\n");
    wire.write_all(request.as_bytes()).await?;
    let mut answer = String::new();
    while !answer.ends_with("\r\n\r\n") {
        anyhow::ensure!(wire.read_line(&mut answer).await? > 0, "{url} closed during {method}");
    }
    anyhow::ensure!(
        answer.starts_with("RTSP/1.0 200"),
        "{method} {url}: {}",
        answer.lines().next().unwrap_or_default()
    );
    let length = header(&answer, "content-length").and_then(|length| length.parse().ok()).unwrap_or(0);
    let mut body = vec![0; length];
    wire.read_exact(&mut body).await?;
    answer.push_str(&String::from_utf8_lossy(&body));
    Ok(answer)
}

fn header<'a>(answer: &'a str, name: &str) -> Option<&'a str> {
    let mut pairs = answer.lines().filter_map(|line| line.split_once(':'));
    pairs.find(|(key, _)| key.eq_ignore_ascii_case(name)).map(|(_, value)| value.trim())
}

/// Where the first video stream is set up.
fn control(url: &str, description: &str) -> Option<String> {
    let video = &description[description.find("m=video")?..];
    let control = video.lines().find_map(|line| line.strip_prefix("a=control:"))?.trim();
    if control.starts_with("rtsp://") {
        return Some(control.to_owned());
    }
    let base = header(description, "content-base").unwrap_or(url);
    Some(format!("{}/{control}", base.trim_end_matches('/')))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn controls_are_resolved() {
        let check = |line: &str, expect: &str| {
            let description =
                format!("RTSP/1.0 200 OK\r\nContent-Base: rtsp://h/a/\r\n\r\nm=video 0\r\na=control:{line}\r\n");
            assert_eq!(control("rtsp://h/a", &description).as_deref(), Some(expect));
        };
        check("trackID=0", "rtsp://h/a/trackID=0");
        check("rtsp://h/a/x", "rtsp://h/a/x");
        assert_eq!(control("rtsp://h/a", "m=audio"), None);
    }
}
