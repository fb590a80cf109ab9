//! A client that does exactly what a test says, over TCP.

use crate::WAIT;
use std::{future::Future, io};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt, BufReader},
    net::TcpStream,
};

pub struct Client {
    socket: BufReader<TcpStream>,
    pub url: String,
    cseq: u32,
    session: Option<String>,
}

#[derive(Debug)]
pub struct Answer {
    pub status: u16,
    pub head: String,
    pub body: String,
}

/// An RTP packet of the picture track.
#[derive(Clone, Debug)]
pub struct Packet {
    pub channel: u8,
    pub data: Vec<u8>,
}

impl Packet {
    pub fn marker(&self) -> bool {
        self.data[1] & 0x80 != 0
    }

    pub fn sequence(&self) -> u16 {
        u16::from_be_bytes([self.data[2], self.data[3]])
    }

    pub fn time(&self) -> u32 {
        u32::from_be_bytes(self.data[4..8].try_into().unwrap())
    }

    /// NAL unit type of H.264, looking into aggregates and fragments.
    pub fn nal_types(&self) -> Vec<u8> {
        let payload = &self.data[12..];
        match payload[0] & 0x1f {
            28 => vec![payload[1] & 0x1f],
            24 => {
                let mut types = Vec::new();
                let mut rest = &payload[1..];
                while rest.len() > 2 {
                    let size = usize::from(u16::from_be_bytes([rest[0], rest[1]]));
                    types.push(rest[2] & 0x1f);
                    rest = &rest[2 + size..];
                }
                types
            }
            single => vec![single],
        }
    }
}

impl Client {
    pub async fn connect(url: &str) -> io::Result<Self> {
        let authority = url.trim_start_matches("rtsp://").split('/').next().unwrap();
        let socket = BufReader::new(TcpStream::connect(authority).await?);
        Ok(Self { socket, url: url.to_owned(), cseq: 0, session: None })
    }

    /// Connects, sets the picture track up over TCP and plays.
    pub async fn playing(url: &str) -> Self {
        let mut client = Self::connect(url).await.unwrap();
        assert_eq!(client.set_up().await.status, 200);
        assert_eq!(client.request("PLAY", "", "").await.status, 200);
        client
    }

    pub async fn set_up(&mut self) -> Answer {
        self.request("SETUP", "/track1", "Transport: RTP/AVP/TCP;unicast;interleaved=0-1\r\n").await
    }

    pub async fn request(&mut self, method: &str, suffix: &str, headers: &str) -> Answer {
        self.cseq += 1;
        let session = self.session.as_ref().map(|id| format!("Session: {id}\r\n")).unwrap_or_default();
        let text = format!("{method} {}{suffix} RTSP/1.0\r\nCSeq: {}\r\n{session}{headers}\r\n", self.url, self.cseq);
        self.send(text.as_bytes()).await;
        self.answer().await
    }

    pub async fn send(&mut self, bytes: &[u8]) {
        within(self.socket.get_mut().write_all(bytes)).await.unwrap();
    }

    /// The next answer; packets before it are dropped.
    pub async fn answer(&mut self) -> Answer {
        within(async {
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
            let header = |name: &str| {
                head.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(": ").map(str::to_owned))
            };
            let length = header("Content-Length").map_or(0, |v| v.parse().unwrap());
            let mut body = vec![0; length];
            self.socket.read_exact(&mut body).await.unwrap();
            if let Some(session) = header("Session") {
                self.session = session.split(';').next().map(str::to_owned);
            }
            let status = head.split(' ').nth(1).unwrap().parse().unwrap();
            Answer { status, head, body: String::from_utf8(body).unwrap() }
        })
        .await
    }

    /// The next packet of any channel; an error when the server has closed.
    pub async fn packet(&mut self) -> io::Result<Packet> {
        within(async {
            let mark = self.socket.read_u8().await?;
            assert_eq!(mark, b'$', "a packet");
            self.rest_of_frame().await
        })
        .await
    }

    /// The next RTP packet of the picture track.
    pub async fn video(&mut self) -> Packet {
        loop {
            let packet = self.packet().await.unwrap();
            if packet.channel == 0 {
                return packet;
            }
        }
    }

    /// Whether a packet comes within so many milliseconds.
    pub async fn is_silent_for(&mut self, ms: u64) -> bool {
        tokio::time::timeout(std::time::Duration::from_millis(ms), self.socket.read_u8()).await.is_err()
    }

    /// Reads until the server closes.
    pub async fn until_closed(&mut self) {
        within(async {
            let mut buffer = vec![0; 4096];
            while self.socket.read(&mut buffer).await.is_ok_and(|count| count > 0) {}
        })
        .await;
    }

    async fn rest_of_frame(&mut self) -> io::Result<Packet> {
        let channel = self.socket.read_u8().await?;
        let mut data = vec![0; usize::from(self.socket.read_u16().await?)];
        self.socket.read_exact(&mut data).await?;
        Ok(Packet { channel, data })
    }
}

pub async fn within<T>(work: impl Future<Output = T>) -> T {
    tokio::time::timeout(WAIT, work).await.expect("in time")
}
