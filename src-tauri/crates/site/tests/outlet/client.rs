//! A client that does exactly what a test says, over TCP, and understands reports and packets of H.264.

use crate::bench::within;
use std::io;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt, BufReader},
    net::{TcpSocket, TcpStream},
};

pub struct Client {
    socket: BufReader<TcpStream>,
    pub url: String,
    cseq: u32,
    session: Option<String>,
    /// RTP time and wall clock (UTC microseconds) of the last report.
    report: Option<(u32, i64)>,
    unit: Vec<Vec<u8>>,
}

#[derive(Debug)]
pub struct Answer {
    pub status: u16,
    pub head: String,
    pub body: String,
}

/// One picture as it came.
pub struct Picture {
    /// NAL units behind lengths of four bytes, parameter sets left out: as the hub has them.
    pub data: Vec<u8>,
    /// Types of all its NAL units, parameter sets too.
    pub kinds: Vec<u8>,
    /// What the last report says of its time, UTC microseconds.
    pub taken_us: i64,
}

impl Client {
    pub async fn connect(url: &str) -> Self {
        Self::connect_with(url, None).await
    }

    /// With a receive buffer of so many bytes.
    pub async fn connect_with(url: &str, buffer: Option<u32>) -> Self {
        let authority = url.trim_start_matches("rtsp://").split('/').next().unwrap();
        let socket = TcpSocket::new_v4().unwrap();
        if let Some(bytes) = buffer {
            socket.set_recv_buffer_size(bytes).unwrap();
        }
        let socket = within("a connection", socket.connect(authority.parse().unwrap())).await.unwrap();
        Self {
            socket: BufReader::new(socket),
            url: url.to_owned(),
            cseq: 0,
            session: None,
            report: None,
            unit: Vec::new(),
        }
    }

    /// Connects, sets up over TCP and plays.
    pub async fn playing(url: &str) -> Self {
        Self::connect(url).await.play().await
    }

    pub async fn play(mut self) -> Self {
        let described = self.request("DESCRIBE", "", "").await;
        assert!(described.status == 200 && described.body.contains("a=control:track1"), "{described:?}");
        let set_up = self.set_up().await;
        assert!(set_up.status == 200 && set_up.head.contains(";timeout=60"), "{set_up:?}");
        assert_eq!(self.request("PLAY", "", "").await.status, 200);
        self
    }

    pub async fn set_up(&mut self) -> Answer {
        self.request("SETUP", "/track1", "Transport: RTP/AVP/TCP;unicast;interleaved=0-1\r\n").await
    }

    pub async fn request(&mut self, method: &str, suffix: &str, headers: &str) -> Answer {
        self.cseq += 1;
        let session = self.session.as_ref().map(|id| format!("Session: {id}\r\n")).unwrap_or_default();
        let text = format!("{method} {}{suffix} RTSP/1.0\r\nCSeq: {}\r\n{session}{headers}\r\n", self.url, self.cseq);
        within("a request", self.socket.get_mut().write_all(text.as_bytes())).await.unwrap();
        within(method, self.answer()).await
    }

    /// Wants to publish these tracks.
    pub async fn announce(&mut self, tracks: &str) -> Answer {
        let sdp = format!("v=0\r\no=- 0 0 IN IP4 127.0.0.1\r\ns=test\r\nt=0 0\r\n{tracks}");
        let headers = format!("Content-Type: application/sdp\r\nContent-Length: {}\r\n\r\n{sdp}", sdp.len());
        self.cseq += 1;
        let text = format!("ANNOUNCE {} RTSP/1.0\r\nCSeq: {}\r\n{headers}", self.url, self.cseq);
        self.raw(text.as_bytes()).await
    }

    /// Says that, and hears nothing.
    pub async fn say(&mut self, bytes: &[u8]) {
        within("a packet", self.socket.get_mut().write_all(bytes)).await.unwrap();
    }

    /// Says just that.
    pub async fn raw(&mut self, bytes: &[u8]) -> Answer {
        within("a request", self.socket.get_mut().write_all(bytes)).await.unwrap();
        within("an answer", self.answer()).await
    }

    /// The next picture.
    pub async fn picture(&mut self) -> Picture {
        within("a picture", async {
            loop {
                let (channel, packet) = self.frame().await.unwrap();
                if channel == 1 {
                    self.report = Some(read_report(&packet));
                } else if let Some(picture) = self.take(&packet) {
                    return picture;
                }
            }
        })
        .await
    }

    /// Reads until the server closes.
    pub async fn until_closed(&mut self) {
        within("the end", async {
            let mut buffer = vec![0; 65_536];
            while self.socket.read(&mut buffer).await.is_ok_and(|count| count > 0) {}
        })
        .await;
    }

    async fn answer(&mut self) -> Answer {
        let mut first = self.socket.read_u8().await.unwrap();
        while first == b'$' {
            self.rest_of_frame().await.unwrap();
            first = self.socket.read_u8().await.unwrap();
        }
        let mut head = vec![first];
        while !head.ends_with(b"\r\n\r\n") {
            head.push(self.socket.read_u8().await.unwrap());
        }
        let head = String::from_utf8(head).unwrap();
        let header =
            |name: &str| head.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(": ").map(str::to_owned));
        let mut body = vec![0; header("Content-Length").map_or(0, |length| length.parse().unwrap())];
        self.socket.read_exact(&mut body).await.unwrap();
        if let Some(session) = header("Session") {
            self.session = session.split(';').next().map(str::to_owned);
        }
        let status = head.split(' ').nth(1).unwrap().parse().unwrap();
        Answer { status, head, body: String::from_utf8(body).unwrap() }
    }

    async fn frame(&mut self) -> io::Result<(u8, Vec<u8>)> {
        assert_eq!(self.socket.read_u8().await?, b'$', "a packet");
        self.rest_of_frame().await
    }

    async fn rest_of_frame(&mut self) -> io::Result<(u8, Vec<u8>)> {
        let channel = self.socket.read_u8().await?;
        let mut packet = vec![0; usize::from(self.socket.read_u16().await?)];
        self.socket.read_exact(&mut packet).await?;
        Ok((channel, packet))
    }

    /// Puts a packet to those before it (RFC 6184); the picture, when it was the last.
    fn take(&mut self, packet: &[u8]) -> Option<Picture> {
        let time = u32::from_be_bytes(packet[4..8].try_into().unwrap());
        let payload = &packet[12..];
        match payload[0] & 0x1f {
            28 => {
                if payload[1] & 0x80 != 0 {
                    self.unit.push(vec![payload[0] & 0x60 | payload[1] & 0x1f]);
                }
                self.unit.last_mut().unwrap().extend_from_slice(&payload[2..]);
            }
            24 => {
                let mut rest = &payload[1..];
                while let Some((size, after)) = rest.split_first_chunk::<2>() {
                    let (nal, after) = after.split_at(usize::from(u16::from_be_bytes(*size)));
                    self.unit.push(nal.to_vec());
                    rest = after;
                }
            }
            _ => self.unit.push(payload.to_vec()),
        }
        if packet[1] & 0x80 == 0 {
            return None;
        }
        let nals = std::mem::take(&mut self.unit);
        let kinds: Vec<u8> = nals.iter().map(|nal| nal[0] & 0x1f).collect();
        let pictures = nals.iter().filter(|nal| !matches!(nal[0] & 0x1f, 7 | 8));
        let data = pictures.flat_map(|nal| [&(nal.len() as u32).to_be_bytes(), &nal[..]].concat()).collect();
        let (rtp, utc_us) = self.report.expect("a report before the first picture");
        let ticks = i64::from(time.wrapping_sub(rtp).cast_signed());
        Some(Picture { data, kinds, taken_us: utc_us + ticks * 1_000_000 / 90_000 })
    }
}

/// RTP time and wall clock of a sender report.
fn read_report(packet: &[u8]) -> (u32, i64) {
    assert_eq!(packet[1], 200, "a sender report");
    let word = |at: usize| u32::from_be_bytes(packet[at..at + 4].try_into().unwrap());
    let seconds = i64::from(word(8)) - 2_208_988_800;
    let micros = (u64::from(word(12)) * 1_000_000) >> 32;
    (word(16), seconds * 1_000_000 + micros as i64)
}
