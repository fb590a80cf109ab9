//! Requests as text (RFC 2326 chapter 6), and interleaved frames between them (10.12).

/// What stands at the beginning of the received bytes.
#[derive(Debug, PartialEq, Eq)]
pub enum Incoming {
    /// More bytes are needed.
    Incomplete,
    /// An interleaved frame from the client (RTCP, or the packets of whoever publishes), and its whole size.
    Frame { size: usize },
    /// A request and its whole size, body included.
    Request { request: Request, size: usize },
    /// Not RTSP. The connection is not worth keeping.
    Garbage,
}

#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Request {
    pub method: String,
    pub target: String,
    headers: Vec<(String, String)>,
    /// Such as the description of an ANNOUNCE.
    pub body: Vec<u8>,
}

/// Requests of cameras' clients are small; more is an attack or a mistake.
pub const MAX_REQUEST: usize = 64 * 1024;

impl Request {
    /// The first header of this name, whatever its case.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(key, _)| key.eq_ignore_ascii_case(name)).map(|(_, value)| value.as_str())
    }
}

pub fn parse(bytes: &[u8]) -> Incoming {
    match bytes {
        [] => return Incoming::Incomplete,
        [b'$', rest @ ..] => {
            let Some(&[_, high, low]) = rest.first_chunk() else { return Incoming::Incomplete };
            let size = 4 + usize::from(u16::from_be_bytes([high, low]));
            return if bytes.len() < size { Incoming::Incomplete } else { Incoming::Frame { size } };
        }
        _ => {}
    }
    // Some clients end a request with an extra line break.
    let blank = bytes.iter().take_while(|b| matches!(b, b'\r' | b'\n')).count();
    let Some(end) = bytes[blank..].windows(4).position(|w| w == b"\r\n\r\n").map(|at| blank + at) else {
        return if bytes.len() > MAX_REQUEST { Incoming::Garbage } else { Incoming::Incomplete };
    };
    let Some(mut request) = str::from_utf8(&bytes[blank..end]).ok().and_then(parse_head) else {
        return Incoming::Garbage;
    };
    let body: usize = request.header("Content-Length").and_then(|v| v.trim().parse().ok()).unwrap_or(0);
    let size = (end + 4).saturating_add(body);
    match size {
        _ if size > MAX_REQUEST => Incoming::Garbage,
        _ if bytes.len() < size => Incoming::Incomplete,
        _ => {
            request.body = bytes[end + 4..size].to_vec();
            Incoming::Request { request, size }
        }
    }
}

fn parse_head(head: &str) -> Option<Request> {
    let mut lines = head.split("\r\n");
    let mut first = lines.next()?.split_ascii_whitespace();
    let (method, target, version) = (first.next()?, first.next()?, first.next()?);
    if !version.starts_with("RTSP/") || first.next().is_some() {
        return None;
    }
    let headers = lines
        .map(|line| line.split_once(':').map(|(key, value)| (key.trim().to_owned(), value.trim().to_owned())))
        .collect::<Option<_>>()?;
    Some(Request { method: method.to_owned(), target: target.to_owned(), headers, body: Vec::new() })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn requests_and_frames_are_told_apart() {
        assert_eq!(parse(b""), Incoming::Incomplete);
        assert_eq!(parse(b"OPTIONS * RTSP/1.0\r\nCSeq: 1\r\n"), Incoming::Incomplete);
        assert_eq!(parse(b"$\x01\x00\x02ab..."), Incoming::Frame { size: 6 });
        assert_eq!(parse(b"$\x01\x00\x02a"), Incoming::Incomplete);
        let Incoming::Request { request, size } =
            parse(b"GET_PARAMETER rtsp://h/x RTSP/1.0\r\ncseq: 7\r\nContent-Length: 2\r\n\r\nab$")
        else {
            unreachable!("a whole request")
        };
        assert_eq!((request.method.as_str(), request.target.as_str(), size), ("GET_PARAMETER", "rtsp://h/x", 67));
        assert_eq!((request.header("CSeq"), &request.body[..]), (Some("7"), &b"ab"[..]));
    }

    #[test]
    fn what_is_not_rtsp_is_garbage() {
        let endless = vec![b'a'; MAX_REQUEST + 1];
        let bodies = b"PLAY x RTSP/1.0\r\nContent-Length: 99999999999\r\n\r\n";
        for bad in [&b"GET / HTTP/1.1\r\nHost: x\r\n\r\n"[..], b"\x16\x03\x01\r\n\r\n", &endless, bodies] {
            assert_eq!(parse(bad), Incoming::Garbage);
        }
    }
}
