//! Whether a device can be reached at all, step by step.

use super::failure::connect_problem;
use std::{net::SocketAddr, time::Duration};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpStream, lookup_host},
    time::timeout,
};
use watchwall_model::{ErrorCode, Problem, SafeUrl};

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

/// No camera's answer has a longer head.
const MOST_HEAD: usize = 32 << 10;
/// Nor a longer description.
const MOST_BODY: usize = 1 << 20;

/// Asks for the description once, without a password, and only looks at how long and in what language the answer is.
/// An engine reads whatever it is sent; a server whose answer never ends must not get that far.
///
/// # Errors
/// The codes of [`connect`], `not_rtsp`, `connect_timeout` at step `describe`, or `rtsp_error` for an answer that is too
/// long. Silence with a closed connection is left to the engine to explain.
pub async fn look(url: &SafeUrl, port: u16, connect_limit: Duration, read_limit: Duration) -> Result<(), Problem> {
    let (host, mut stream) = (url.host(), connect(url.host(), port, connect_limit).await?);
    let at = |code: ErrorCode| Problem::new(code).with("host", host).with("port", port).at("describe");
    let question = format!(
        "DESCRIBE {} RTSP/1.0\r\nCSeq: 1\r\nUser-Agent: Watchwall\r\nAccept: application/sdp\r\n\r\n",
        url.as_str().replacen("rtspt:", "rtsp:", 1)
    );
    let talk = async {
        stream.write_all(question.as_bytes()).await?;
        let mut answer = Vec::with_capacity(2048);
        loop {
            let verdict = judge(&answer);
            if verdict != Answer::Unfinished || stream.read_buf(&mut answer).await? == 0 {
                return Ok::<_, std::io::Error>((verdict, answer));
            }
        }
    };
    match timeout(read_limit, talk).await {
        Ok(Ok((Answer::Foreign, answer))) => {
            let start = String::from_utf8_lossy(&answer[..answer.len().min(64)]).into_owned();
            Err(at(ErrorCode::NotRtsp).because(start.lines().next().unwrap_or_default()))
        }
        Ok(Ok((Answer::TooLong, _))) => Err(at(ErrorCode::RtspError).because("the answer is longer than any camera's")),
        Ok(_) => Ok(()),
        Err(_) => Err(at(ErrorCode::ConnectTimeout).with("timeout_ms", read_limit.as_millis())),
    }
}

/// What the bytes of an answer so far are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Answer {
    Unfinished,
    /// A head of RTSP with a body of bearable length.
    Bearable,
    Foreign,
    TooLong,
}

fn judge(bytes: &[u8]) -> Answer {
    const START: &[u8] = b"RTSP/";
    let seen = bytes.len().min(START.len());
    if bytes[..seen] != START[..seen] {
        return Answer::Foreign;
    }
    let Some(end) = bytes[..bytes.len().min(MOST_HEAD)].windows(4).position(|four| four == b"\r\n\r\n") else {
        return if bytes.len() < MOST_HEAD { Answer::Unfinished } else { Answer::TooLong };
    };
    let head = String::from_utf8_lossy(&bytes[..end]);
    let body = head.lines().filter_map(|line| line.split_once(':')).find_map(|(name, value)| {
        name.trim().eq_ignore_ascii_case("content-length").then(|| value.trim().parse::<u64>().unwrap_or(u64::MAX))
    });
    if body.unwrap_or(0) > MOST_BODY as u64 { Answer::TooLong } else { Answer::Bearable }
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn answers_are_judged_by_language_and_length() {
        let check = |text: &[u8], expect| assert_eq!(judge(text), expect, "{}", text.len());
        check(b"", Answer::Unfinished);
        check(b"RT", Answer::Unfinished);
        check(b"RTSP/1.0 401 Unauthorized\r\nCSeq: 1\r\n", Answer::Unfinished);
        check(b"RTSP/1.0 401 Unauthorized\r\nCSeq: 1\r\n\r\n", Answer::Bearable);
        check(b"RTSP/1.0 200 OK\r\nContent-Length: 700\r\n\r\nv=0", Answer::Bearable);
        check(b"RTSP/1.0 200 OK\r\ncontent-length : 99999999999999999999\r\n\r\n", Answer::TooLong);
        check(b"HTTP/1.1 200 OK", Answer::Foreign);
        check(b"\0\0", Answer::Foreign);
        check(&[b"RTSP/1.0 200 OK\r\nX: ", &[b'a'; MOST_HEAD][..]].concat(), Answer::TooLong);
    }
}
