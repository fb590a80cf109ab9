//! Whether a device can be reached at all, step by step.

use super::failure::connect_problem;
use std::{net::SocketAddr, time::Duration};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpStream, lookup_host},
    time::timeout,
};
use watchwall_model::{ErrorCode, Problem};

/// Finds the addresses of a host. Literal addresses cost nothing.
///
/// # Errors
/// `host_unknown`.
pub async fn resolve(host: &str, port: u16, limit: Duration) -> Result<Vec<SocketAddr>, Problem> {
    if let Ok(address) = host.parse() {
        return Ok(vec![SocketAddr::new(address, port)]);
    }
    let unknown =
        |detail: String| Problem::new(ErrorCode::HostUnknown).with("host", host).at("connect").because(detail);
    match timeout(limit, lookup_host((host, port))).await {
        Ok(Ok(addresses)) => {
            let addresses: Vec<_> = addresses.collect();
            if addresses.is_empty() { Err(unknown("no address".into())) } else { Ok(addresses) }
        }
        Ok(Err(error)) => Err(unknown(error.to_string())),
        Err(_) => Err(unknown("the name server did not answer".into())),
    }
}

/// Opens a connection and closes it again.
///
/// # Errors
/// `host_unknown`, `host_unreachable`, `port_refused` or `connect_timeout`.
pub async fn connect(host: &str, port: u16, limit: Duration) -> Result<TcpStream, Problem> {
    let addresses = resolve(host, port, limit).await?;
    match timeout(limit, TcpStream::connect(&*addresses)).await {
        Ok(Ok(stream)) => Ok(stream),
        Ok(Err(error)) => Err(connect_problem(&error).with("host", host).with("port", port)),
        Err(_) => Err(Problem::new(ErrorCode::ConnectTimeout)
            .with("host", host)
            .with("port", port)
            .with("timeout_ms", limit.as_millis())
            .at("connect")),
    }
}

/// Says why an RTSP server did not do what was asked, when its own answer did not: reaches it and listens to how it
/// answers an OPTIONS. `Ok` when it does speak RTSP.
///
/// # Errors
/// The codes of [`connect`], `not_rtsp`, or `connect_timeout` at step `options`.
pub async fn check_rtsp(host: &str, port: u16, limit: Duration) -> Result<(), Problem> {
    let mut stream = connect(host, port, limit).await?;
    let talk = async {
        stream.write_all(b"OPTIONS * RTSP/1.0\r\nCSeq: 1\r\nUser-Agent: Watchwall\r\n\r\n").await?;
        let mut answer = [0; 64];
        let mut length = 0;
        while length < 5 {
            match stream.read(&mut answer[length..]).await? {
                0 => break,
                more => length += more,
            }
        }
        Ok::<_, std::io::Error>(String::from_utf8_lossy(&answer[..length]).into_owned())
    };
    let not_rtsp = |detail: &str| {
        Problem::new(ErrorCode::NotRtsp).with("host", host).with("port", port).at("options").because(detail)
    };
    match timeout(limit, talk).await {
        Ok(Ok(answer)) if answer.starts_with("RTSP/") => Ok(()),
        Ok(Ok(answer)) if answer.is_empty() => Err(not_rtsp("closed the connection without an answer")),
        Ok(Ok(answer)) => Err(not_rtsp(answer.lines().next().unwrap_or_default())),
        Ok(Err(error)) => Err(not_rtsp(&error.to_string())),
        Err(_) => Err(Problem::new(ErrorCode::ConnectTimeout).at("options").with("timeout_ms", limit.as_millis())),
    }
}
