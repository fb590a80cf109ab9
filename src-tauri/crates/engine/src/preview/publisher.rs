//! One RTSP connection that publishes (RFC 2326 10.3, 10.11): packets go over it, interleaved.

use super::clock::RtpClock;
use std::{fmt, io, sync::Arc, time::Duration};
use tokio::{
    io::AsyncWriteExt,
    net::{TcpSocket, TcpStream, lookup_host},
    time::{Instant, timeout},
};
use watchwall_engine_protocol::StreamAddress;
use watchwall_media::{VideoParams, nals, pixels::Drawn};
use watchwall_rtsp::{
    VideoFormat,
    rtp::{NtpTime, SenderReport, Stamp, WireBuilder, h264, interleave},
};

const CONNECT_WITHIN: Duration = Duration::from_secs(5);
const ANSWER_WITHIN: Duration = Duration::from_secs(5);
/// A site that does not read for so long is gone.
const WRITE_WITHIN: Duration = Duration::from_secs(5);
const GOODBYE_WITHIN: Duration = Duration::from_millis(300);
/// What the system holds of what the site has not read. More would make the newest older.
const SEND_BUFFER_BYTES: u32 = 256 * 1_024;
const MOST_ANSWER_BYTES: usize = 16 * 1_024;
const READ_BYTES: usize = 2_048;
const PORT: u16 = 554;
const PAYLOAD_TYPE: u8 = 96;
const RTP: u8 = 0;
const RTCP: u8 = 1;
const NAME: &str = "watchwall-engine";

/// Why nothing is published any more.
#[derive(Debug)]
pub enum Failure {
    /// The site does not want it, by this status: what it told is old.
    Refused { status: u16 },
    /// The connection broke, or nobody answers.
    Broken(io::Error),
}

pub struct Publisher {
    socket: TcpStream,
    target: String,
    session: Option<String>,
    cseq: u32,
    clock: RtpClock,
    sequence: u16,
    ssrc: u32,
    packets: u32,
    octets: u32,
    /// What the description said.
    video: Arc<VideoParams>,
}

impl Publisher {
    /// Connects, announces and begins.
    ///
    /// # Errors
    /// The site refuses it, or cannot be reached.
    pub async fn open(address: &StreamAddress, video: Arc<VideoParams>) -> Result<Self, Failure> {
        let target = address.reveal().to_owned();
        let authority = target.split_once("://").and_then(|(_, rest)| rest.split('/').next()).unwrap_or_default();
        let socket = timeout(CONNECT_WITHIN, connect(authority)).await.map_err(|_| late())??;
        let mut publisher = Self {
            socket,
            target,
            session: None,
            cseq: 0,
            clock: RtpClock::new(rand::random()),
            sequence: rand::random(),
            ssrc: rand::random(),
            packets: 0,
            octets: 0,
            video,
        };
        let sdp = publisher.description().ok_or_else(|| io::Error::from(io::ErrorKind::InvalidData))?;
        let track = format!("{}/track1", publisher.target);
        let target = publisher.target.clone();
        publisher.ask("ANNOUNCE", &target, "Content-Type: application/sdp\r\n", &sdp).await?;
        let transport = format!("Transport: RTP/AVP/TCP;unicast;mode=record;interleaved={RTP}-{RTCP}\r\n");
        publisher.ask("SETUP", &track, &transport, "").await?;
        publisher.ask("RECORD", &target, "Range: npt=0.000-\r\n", "").await?;
        Ok(publisher)
    }

    /// Whether a picture is of the kind that was announced.
    pub fn suits(&self, drawn: &Drawn) -> bool {
        self.video.config == drawn.video.config
    }

    /// Sends a picture; waits for a site that reads slowly.
    ///
    /// # Errors
    /// The connection broke, or the site reads nothing.
    pub async fn send(&mut self, drawn: &Drawn) -> Result<(), Failure> {
        let sets = if drawn.is_key { drawn.video.parameter_sets() } else { Vec::new() };
        let mut out = WireBuilder::new(PAYLOAD_TYPE);
        h264::packetise(sets.iter().map(|set| &set[..]).chain(nals(&drawn.data)), &mut out);
        let wire = out.finish();
        let placed = self.clock.place(drawn.capture_at, Instant::now().into_std());
        let mut bytes = Vec::with_capacity(wire.size() + 64);
        if placed.is_report_due {
            let ntp = NtpTime::from(drawn.capture_at);
            let (ssrc, packets, octets) = (self.ssrc, self.packets, self.octets);
            let report = SenderReport { ssrc, ntp, rtp: placed.rtp_time, packets, octets, name: NAME }.render();
            bytes.extend(interleave(RTCP, &report));
        }
        let stamp = Stamp { channel: RTP, sequence: self.sequence, time: placed.rtp_time, ssrc: self.ssrc };
        let packets = wire.stamp_into(stamp, &mut bytes).count();
        self.sequence = self.sequence.wrapping_add(packets as u16);
        self.packets = self.packets.wrapping_add(packets as u32);
        self.octets = self.octets.wrapping_add(wire.payload_bytes() as u32);
        self.write(&bytes).await
    }

    /// Returns when the site has ended the connection. What it says until then, reports and answers, is left unread.
    pub async fn ended(&self) -> Failure {
        let mut bytes = [0; READ_BYTES];
        loop {
            let read = match self.socket.readable().await {
                Ok(()) => self.socket.try_read(&mut bytes),
                Err(error) => Err(error),
            };
            match read {
                Ok(0) => return Failure::Broken(io::ErrorKind::UnexpectedEof.into()),
                Ok(_) => {}
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => {}
                Err(error) => return Failure::Broken(error),
            }
        }
    }

    /// Says goodbye.
    pub async fn close(mut self) {
        self.cseq += 1;
        let session = self.session.as_deref().unwrap_or_default();
        let text = format!("TEARDOWN {} RTSP/1.0\r\nCSeq: {}\r\nSession: {session}\r\n\r\n", self.target, self.cseq);
        // Whoever does not read it sees the connection end.
        let _ = timeout(GOODBYE_WITHIN, self.socket.write_all(text.as_bytes())).await;
    }

    fn description(&self) -> Option<String> {
        let sets = self.video.parameter_sets();
        let find = |kind: u8| sets.iter().find(|set| set.first().is_some_and(|first| first & 0x1f == kind));
        let format = VideoFormat::H264 { sps: find(7)?, pps: find(8)? }.describe();
        Some(format!(
            "v=0\r\no=- 0 0 IN IP4 0.0.0.0\r\ns=preview\r\nc=IN IP4 0.0.0.0\r\nt=0 0\r\n\
             m=video 0 RTP/AVP {PAYLOAD_TYPE}\r\na=control:track1\r\na=rtpmap:{PAYLOAD_TYPE} {format}"
        ))
    }

    async fn ask(&mut self, method: &str, target: &str, headers: &str, body: &str) -> Result<(), Failure> {
        self.cseq += 1;
        let session = self.session.as_ref().map_or_else(String::new, |id| format!("Session: {id}\r\n"));
        let length = if body.is_empty() { String::new() } else { format!("Content-Length: {}\r\n", body.len()) };
        let head = format!("{method} {target} RTSP/1.0\r\nCSeq: {}\r\nUser-Agent: {NAME}\r\n", self.cseq);
        self.write(format!("{head}{session}{headers}{length}\r\n{body}").as_bytes()).await?;
        let answer = timeout(ANSWER_WITHIN, self.answer()).await.map_err(|_| late())??;
        if answer.status != 200 {
            return Err(Failure::Refused { status: answer.status });
        }
        self.session = answer.session.or(self.session.take());
        Ok(())
    }

    async fn answer(&self) -> io::Result<Answer> {
        let mut text = Vec::new();
        loop {
            if let Some(answer) = Answer::read(&text)? {
                return Ok(answer);
            }
            self.socket.readable().await?;
            let mut bytes = [0; READ_BYTES];
            match self.socket.try_read(&mut bytes) {
                Ok(0) => return Err(io::ErrorKind::UnexpectedEof.into()),
                Ok(count) => text.extend_from_slice(&bytes[..count]),
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => {}
                Err(error) => return Err(error),
            }
        }
    }

    async fn write(&mut self, bytes: &[u8]) -> Result<(), Failure> {
        Ok(timeout(WRITE_WITHIN, self.socket.write_all(bytes)).await.map_err(|_| late())??)
    }
}

/// What of an answer counts.
#[derive(Debug, PartialEq, Eq)]
struct Answer {
    status: u16,
    session: Option<String>,
}

impl Answer {
    /// `None` while it is not whole. Answers to what is asked here have no body worth reading.
    fn read(bytes: &[u8]) -> io::Result<Option<Self>> {
        let Some(end) = bytes.windows(4).position(|window| window == b"\r\n\r\n") else {
            let is_endless = bytes.len() > MOST_ANSWER_BYTES;
            return if is_endless { Err(io::ErrorKind::InvalidData.into()) } else { Ok(None) };
        };
        let head = str::from_utf8(&bytes[..end]).map_err(|_| io::Error::from(io::ErrorKind::InvalidData))?;
        let mut lines = head.split("\r\n");
        let status = lines.next().and_then(|line| line.strip_prefix("RTSP/1.0 ")?.split(' ').next()?.parse().ok());
        let status = status.ok_or_else(|| io::Error::from(io::ErrorKind::InvalidData))?;
        let session = lines.filter_map(|line| line.split_once(':')).find_map(|(name, value)| {
            let id = value.split(';').next().unwrap_or(value).trim();
            name.trim().eq_ignore_ascii_case("session").then(|| id.to_owned())
        });
        Ok(Some(Self { status, session }))
    }
}

async fn connect(authority: &str) -> io::Result<TcpStream> {
    let has_port = authority.rsplit_once(':').is_some_and(|(_, port)| port.parse::<u16>().is_ok());
    let place = if has_port { authority.to_owned() } else { format!("{authority}:{PORT}") };
    let mut last = io::Error::from(io::ErrorKind::AddrNotAvailable);
    for address in lookup_host(place).await? {
        let socket = if address.is_ipv4() { TcpSocket::new_v4() } else { TcpSocket::new_v6() }?;
        socket.set_send_buffer_size(SEND_BUFFER_BYTES)?;
        match socket.connect(address).await {
            Ok(stream) => {
                stream.set_nodelay(true)?;
                return Ok(stream);
            }
            Err(error) => last = error,
        }
    }
    Err(last)
}

fn late() -> io::Error {
    io::ErrorKind::TimedOut.into()
}

impl From<io::Error> for Failure {
    fn from(error: io::Error) -> Self {
        Self::Broken(error)
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Refused { status } => write!(f, "the site answers {status}"),
            Self::Broken(error) => error.fmt(f),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn answers_are_read_as_soon_as_they_are_whole() {
        let answer = |status, session: Option<&str>| Some(Answer { status, session: session.map(ToOwned::to_owned) });
        let check = |text: &[u8], expect| assert_eq!(Answer::read(text).unwrap(), expect);
        check(b"RTSP/1.0 200 OK\r\nCSeq: 1\r\nsession: ab12;timeout=60\r\n\r\n", answer(200, Some("ab12")));
        check(b"RTSP/1.0 404 Not Found\r\n\r\n", answer(404, None));
        check(b"RTSP/1.0 200 OK\r\nCSeq: 1\r\n", None);
        check(b"", None);
        for bad in [&b"HTTP/1.1 200 OK\r\n\r\n"[..], b"\xff\xfe\r\n\r\n", b"RTSP/1.0 fine\r\n\r\n"] {
            assert!(Answer::read(bad).is_err());
        }
        assert!(Answer::read(&vec![b'x'; MOST_ANSWER_BYTES + 1]).is_err());
    }
}
