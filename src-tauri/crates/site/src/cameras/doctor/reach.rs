//! Whether a port opens, and how fast.

use std::{
    io::ErrorKind,
    time::{Duration, Instant},
};
use tokio::{net::TcpStream, time::timeout};
use watchwall_model::{ErrorCode, Problem};
use watchwall_onvif::Suggestion;

/// Milliseconds until the connection was open; it is closed again.
///
/// # Errors
/// `port_refused`, `host_unknown`, `host_unreachable` or `connect_timeout`, with what to do next.
pub async fn connect(host: &str, port: u16, limit: Duration) -> Result<u64, Problem> {
    let started = Instant::now();
    let problem =
        |code, next: Suggestion| Problem::new(code).with("host", host).with("port", port).suggesting(next.as_str());
    match timeout(limit, TcpStream::connect((host, port))).await {
        Ok(Ok(_)) => Ok(u64::try_from(started.elapsed().as_millis()).unwrap_or(u64::MAX)),
        Ok(Err(error)) => Err(match error.kind() {
            ErrorKind::ConnectionRefused => problem(ErrorCode::PortRefused, Suggestion::CheckPort),
            // What the resolver says has no number of the system.
            _ if error.raw_os_error().is_none() => problem(ErrorCode::HostUnknown, Suggestion::CheckAddress),
            _ => problem(ErrorCode::HostUnreachable, Suggestion::CheckPower),
        }),
        Err(_) => Err(problem(ErrorCode::ConnectTimeout, Suggestion::CheckPower).with("timeout_ms", limit.as_millis())),
    }
}
