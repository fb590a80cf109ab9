//! What a device sends over an RTSP connection: answers (RFC 2326 chapter 7) and interleaved packets (10.12). Pure.

/// What stands at the beginning of the received bytes.
#[derive(Debug, PartialEq, Eq)]
pub enum Incoming {
    /// More bytes are needed.
    Incomplete,
    /// An interleaved packet: where its payload is, and its whole size.
    Packet {
        channel: u8,
        size: usize,
    },
    Answer {
        answer: Answer,
        size: usize,
    },
    /// Not RTSP.
    Garbage,
}

#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Answer {
    pub status: u16,
    headers: Vec<(String, String)>,
    pub body: String,
}

/// An answer is small; more is a mistake or an attack.
const MOST_BYTES: usize = 256 * 1024;
/// `$`, channel, length.
pub const INTERLEAVED_HEADER: usize = 4;

impl Answer {
    /// The first header of this name, whatever its case.
    pub fn header(&self, name: &str) -> Option<&str> {
        let mut all = self.headers.iter().filter(|(key, _)| key.eq_ignore_ascii_case(name));
        all.next().map(|(_, value)| value.as_str())
    }

    pub fn all<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a str> {
        self.headers.iter().filter(move |(key, _)| key.eq_ignore_ascii_case(name)).map(|(_, value)| value.as_str())
    }
}

pub fn parse(bytes: &[u8]) -> Incoming {
    match bytes {
        [] => return Incoming::Incomplete,
        [b'$', rest @ ..] => {
            let Some(&[channel, high, low]) = rest.first_chunk() else { return Incoming::Incomplete };
            let size = INTERLEAVED_HEADER + usize::from(u16::from_be_bytes([high, low]));
            return if bytes.len() < size { Incoming::Incomplete } else { Incoming::Packet { channel, size } };
        }
        _ => {}
    }
    let blank = bytes.iter().take_while(|byte| matches!(byte, b'\r' | b'\n')).count();
    let rest = &bytes[blank..];
    let is_rtsp = rest.iter().zip(b"RTSP/").all(|(found, wanted)| found == wanted);
    if !is_rtsp {
        return Incoming::Garbage;
    }
    let Some(end) = rest.windows(4).position(|window| window == b"\r\n\r\n").map(|at| blank + at) else {
        return if bytes.len() > MOST_BYTES { Incoming::Garbage } else { Incoming::Incomplete };
    };
    let Some(mut answer) = str::from_utf8(&bytes[blank..end]).ok().and_then(parse_head) else {
        return Incoming::Garbage;
    };
    let body: usize = answer.header("Content-Length").and_then(|text| text.trim().parse().ok()).unwrap_or(0);
    let size = (end + 4).saturating_add(body);
    match size {
        _ if size > MOST_BYTES => Incoming::Garbage,
        _ if bytes.len() < size => Incoming::Incomplete,
        _ => {
            answer.body = String::from_utf8_lossy(&bytes[end + 4..size]).into_owned();
            Incoming::Answer { answer, size }
        }
    }
}

fn parse_head(head: &str) -> Option<Answer> {
    let mut lines = head.split("\r\n");
    let status = lines.next()?.split_ascii_whitespace().nth(1)?.parse().ok()?;
    let headers = lines
        .filter_map(|line| line.split_once(':'))
        .map(|(key, value)| (key.trim().to_owned(), value.trim().to_owned()));
    Some(Answer { status, headers: headers.collect(), body: String::new() })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn answers_and_packets_are_told_apart() {
        assert_eq!(parse(b""), Incoming::Incomplete);
        assert_eq!(parse(b"RT"), Incoming::Incomplete);
        assert_eq!(parse(b"RTSP/1.0 200 OK\r\nCSeq: 1\r\n"), Incoming::Incomplete);
        assert_eq!(parse(b"$\x01\x00\x02ab..."), Incoming::Packet { channel: 1, size: 6 });
        assert_eq!(parse(b"$\x01\x00\x02a"), Incoming::Incomplete);
        let text = b"RTSP/1.0 401 Unauthorized\r\nwww-authenticate: Basic realm=\"a\"\r\nContent-Length: 2\r\n\r\nab$";
        let Incoming::Answer { answer, size } = parse(text) else { unreachable!("a whole answer") };
        assert_eq!((answer.status, answer.body.as_str(), size), (401, "ab", text.len() - 1));
        assert_eq!(answer.header("WWW-Authenticate"), Some("Basic realm=\"a\""));
    }

    #[test]
    fn what_is_not_rtsp_is_garbage() {
        let endless = [b"RTSP/1.0 200 OK\r\n".as_slice(), &vec![b'a'; MOST_BYTES]].concat();
        for bad in [&b"HTTP/1.1 200 OK\r\n\r\n"[..], b"\x16\x03\x01", b"RTSP/1.0 x\r\n\r\n", &endless] {
            assert_eq!(parse(bad), Incoming::Garbage);
        }
    }
}
