//! One RTSP question by hand.

use base64::{Engine, prelude::BASE64_STANDARD};
use std::time::Duration;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
    time::timeout,
};

/// DESCRIBE with Basic, which every camera of these tests that is asked so takes; the whole answer.
pub async fn describe(url: &str, user: &str, password: &str) -> String {
    let authority = url.strip_prefix("rtsp://").unwrap().split('/').next().unwrap().to_owned();
    let mut socket = TcpStream::connect(authority).await.unwrap();
    let login = BASE64_STANDARD.encode(format!("{user}:{password}"));
    let request = format!("DESCRIBE {url} RTSP/1.0\r\nCSeq: 1\r\nAuthorization: Basic {login}\r\n\r\n");
    socket.write_all(request.as_bytes()).await.unwrap();
    let mut answer = Vec::new();
    let read = async {
        loop {
            let text = String::from_utf8_lossy(&answer).into_owned();
            if let Some((head, body)) = text.split_once("\r\n\r\n") {
                let length = head.lines().find_map(|line| line.strip_prefix("Content-Length: "));
                if body.len() >= length.and_then(|length| length.parse().ok()).unwrap_or(0) {
                    return text;
                }
            }
            assert!(socket.read_buf(&mut answer).await.unwrap() > 0, "the camera hung up");
        }
    };
    timeout(Duration::from_secs(60), read).await.expect("an answer comes")
}
