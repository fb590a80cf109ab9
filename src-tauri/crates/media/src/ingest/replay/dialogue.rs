//! RTSP with a device's replay service, over one TCP connection.

use super::{
    bandwidth::Bandwidth,
    message::{self, Answer, INTERLEAVED_HEADER, Incoming},
};
use crate::ingest::{
    failure::{connect_problem, status_problem},
    reach::resolve,
    request::{IngestOptions, IngestRequest},
};
use bytes::{Buf, Bytes, BytesMut};
use http_auth::{PasswordClient, PasswordParams};
use std::{fmt::Write, time::Duration};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpSocket, TcpStream},
    time::{Instant, sleep_until, timeout},
};
use watchwall_model::{Credentials, ErrorCode, Problem, SafeUrl, UtcMillis};

/// What the system reads ahead of us. Small, so that the device is held back by what we take.
const RECEIVE_BUFFER: u32 = 64 * 1024;
const READ_BYTES: usize = 16 * 1024;
/// A device that does not say how long it keeps a silent session keeps it so long (RFC 2326 12.37).
const USUAL_TIMEOUT_S: u64 = 60;

/// What came.
#[derive(Debug)]
pub enum Heard {
    Packet {
        channel: u8,
        packet: Bytes,
    },
    /// To a question that kept the session alive.
    Answer,
    Closed,
}

pub struct Dialogue {
    socket: TcpStream,
    inbox: BytesMut,
    url: SafeUrl,
    /// Of the description.
    base: SafeUrl,
    credentials: Option<Credentials>,
    /// What the other side must know to be asked at all.
    requires: &'static str,
    auth: Option<PasswordClient>,
    cseq: u32,
    session: Option<String>,
    alive_every: Duration,
    alive_at: Instant,
    answer_within: Duration,
    bandwidth: Bandwidth,
    /// Nothing is read before.
    read_at: Instant,
    read_bytes: u64,
}

/// One request.
struct Ask<'a> {
    method: &'static str,
    url: &'a str,
    headers: &'a [(&'static str, String)],
}

impl Dialogue {
    /// # Errors
    /// `port_refused`, `connect_timeout`, `host_unreachable`; `url_scheme_unsupported` for what is not plain RTSP.
    pub async fn connect(
        request: &IngestRequest,
        options: &IngestOptions,
        bandwidth: Bandwidth,
    ) -> Result<Self, Problem> {
        let url = &request.url;
        if url.scheme() != "rtsp" {
            return Err(Problem::new(ErrorCode::UrlSchemeUnsupported).with("scheme", url.scheme()));
        }
        let addresses = resolve(url.host(), url.port().unwrap_or(554), options.connect_timeout).await?;
        let mut refused = Problem::new(ErrorCode::HostUnreachable).at("connect");
        for address in addresses {
            let opened = async {
                let socket = if address.is_ipv4() { TcpSocket::new_v4()? } else { TcpSocket::new_v6()? };
                socket.set_recv_buffer_size(RECEIVE_BUFFER)?;
                socket.connect(address).await
            };
            match timeout(options.connect_timeout, opened).await {
                Ok(Ok(socket)) => return Ok(Self::over(socket, request, options, bandwidth)),
                Ok(Err(error)) => refused = connect_problem(&error),
                Err(_) => {
                    let limit_ms = options.connect_timeout.as_millis();
                    refused = Problem::new(ErrorCode::ConnectTimeout).at("connect").with("timeout_ms", limit_ms);
                }
            }
        }
        Err(refused)
    }

    fn over(socket: TcpStream, request: &IngestRequest, options: &IngestOptions, bandwidth: Bandwidth) -> Self {
        let now = Instant::now();
        Self {
            socket,
            inbox: BytesMut::with_capacity(READ_BYTES),
            url: request.url.clone(),
            base: request.url.clone(),
            credentials: request.credentials.clone(),
            requires: "Require: onvif-replay\r\n",
            auth: None,
            cseq: 0,
            session: None,
            alive_every: Duration::from_secs(USUAL_TIMEOUT_S / 2),
            alive_at: now,
            answer_within: options.read_timeout,
            bandwidth,
            read_at: now,
            read_bytes: 0,
        }
    }

    /// Whoever is asked needs to know nothing but RTSP.
    pub const fn speak_plainly(&mut self) {
        self.requires = "";
    }

    pub const fn base(&self) -> &SafeUrl {
        &self.base
    }

    pub const fn read_bytes(&self) -> u64 {
        self.read_bytes
    }

    /// The description.
    ///
    /// # Errors
    /// By catalogue code; `credentials_wrong` when the password went out and was refused.
    pub async fn describe(&mut self) -> Result<String, Problem> {
        let url = self.url.as_str().to_owned();
        let headers = [("Accept", "application/sdp".to_owned())];
        let answer = self.ask(&Ask { method: "DESCRIBE", url: &url, headers: &headers }, "describe").await?;
        let base = answer.header("Content-Base").or_else(|| answer.header("Content-Location"));
        if let Some(base) = base.and_then(|text| SafeUrl::split(text).ok()) {
            self.base = base.0;
        }
        Ok(answer.body)
    }

    /// Sets a track up over this connection; its channel.
    ///
    /// # Errors
    /// `camera_busy` when the device allows no further session.
    pub async fn set_up(&mut self, control: &str) -> Result<u8, Problem> {
        let headers = [("Transport", "RTP/AVP/TCP;unicast;interleaved=0-1".to_owned())];
        let answer = self.ask(&Ask { method: "SETUP", url: control, headers: &headers }, "setup").await?;
        let session = answer.header("Session").unwrap_or_default();
        let (id, rest) = session.split_once(';').unwrap_or((session, ""));
        self.session = Some(id.trim().to_owned());
        let timeout_s = rest.split(';').find_map(|part| part.trim().strip_prefix("timeout=")?.parse::<u64>().ok());
        self.alive_every = Duration::from_secs((timeout_s.unwrap_or(USUAL_TIMEOUT_S) / 2).max(1));
        let granted = answer.header("Transport").unwrap_or_default();
        let channels = granted.split(';').find_map(|part| part.trim().strip_prefix("interleaved="));
        let first = channels.and_then(|channels| channels.split('-').next()?.parse().ok());
        Ok(first.unwrap_or(0))
    }

    /// Plays a range by the device's clock, as fast as we take it.
    ///
    /// # Errors
    /// `no_recording` when the device does not have it.
    pub async fn play(&mut self, from: UtcMillis, until: UtcMillis) -> Result<(), Problem> {
        let url = self.base.as_str().trim_end_matches('/').to_owned();
        let headers = [
            ("Range", format!("clock={}-{}", clock(from), clock(until))),
            ("Rate-Control", "no".to_owned()),
            ("Immediate", "yes".to_owned()),
        ];
        self.ask(&Ask { method: "PLAY", url: &url, headers: &headers }, "play").await?;
        self.alive_at = Instant::now() + self.alive_every;
        Ok(())
    }

    /// The next packet, read no faster than the limit allows. May be dropped half-way and called again.
    ///
    /// # Errors
    /// The connection breaks, or carries something else.
    pub async fn hear(&mut self) -> Result<Heard, Problem> {
        loop {
            if let Some(heard) = self.take_message()? {
                return Ok(heard);
            }
            if Instant::now() >= self.alive_at {
                self.alive_at = Instant::now() + self.alive_every;
                let url = self.base.as_str().trim_end_matches('/').to_owned();
                let text = self.write(&Ask { method: "GET_PARAMETER", url: &url, headers: &[] })?;
                // A request is smaller than any send buffer: written at once, or the connection is dead.
                let sent = timeout(self.answer_within, self.socket.write_all(text.as_bytes())).await;
                sent.map_err(|_| stalled(self.answer_within))?.map_err(broken)?;
            }
            tokio::select! {
                () = sleep_until(self.read_at) => {}
                () = sleep_until(self.alive_at) => continue,
            }
            self.inbox.reserve(READ_BYTES);
            let read = tokio::select! {
                read = self.socket.read_buf(&mut self.inbox) => read.map_err(broken)?,
                () = sleep_until(self.alive_at) => continue,
            };
            if read == 0 {
                return Ok(Heard::Closed);
            }
            self.count(read);
        }
    }

    /// Says goodbye; what comes meanwhile is passed over.
    pub async fn tear_down(&mut self) {
        if self.session.is_none() {
            return;
        }
        let url = self.base.as_str().trim_end_matches('/').to_owned();
        let Ok(text) = self.write(&Ask { method: "TEARDOWN", url: &url, headers: &[] }) else { return };
        if self.socket.write_all(text.as_bytes()).await.is_err() {
            return;
        }
        loop {
            match message::parse(&self.inbox) {
                Incoming::Packet { size, .. } => self.inbox.advance(size),
                Incoming::Incomplete => {
                    if !matches!(self.socket.read_buf(&mut self.inbox).await, Ok(1..)) {
                        return;
                    }
                }
                Incoming::Answer { .. } | Incoming::Garbage => return,
            }
        }
    }

    fn take_message(&mut self) -> Result<Option<Heard>, Problem> {
        match message::parse(&self.inbox) {
            Incoming::Incomplete => Ok(None),
            Incoming::Packet { channel, size } => {
                let mut packet = self.inbox.split_to(size);
                packet.advance(INTERLEAVED_HEADER);
                Ok(Some(Heard::Packet { channel, packet: packet.freeze() }))
            }
            Incoming::Answer { size, .. } => {
                self.inbox.advance(size);
                Ok(Some(Heard::Answer))
            }
            Incoming::Garbage => Err(Problem::new(ErrorCode::NotRtsp).at("replay")),
        }
    }

    /// Asks, with the password when the device wants one.
    async fn ask(&mut self, ask: &Ask<'_>, step: &'static str) -> Result<Answer, Problem> {
        let mut may_retry = true;
        loop {
            let text = self.write(ask)?;
            let answered = timeout(self.answer_within, async {
                self.socket.write_all(text.as_bytes()).await.map_err(broken)?;
                self.answer().await
            });
            let answer = answered.await.map_err(|_| stalled(self.answer_within).at(step))??;
            match answer.status {
                200..=299 => return Ok(answer),
                // The first question carries no password; one with a nonce that has grown old is asked once more.
                401 if may_retry && self.credentials.is_some() => {
                    may_retry = false;
                    self.auth = challenge(&answer);
                    if self.auth.is_none() {
                        return Err(status_problem(401, true, step).because("a challenge that nobody knows"));
                    }
                }
                457 => return Err(Problem::new(ErrorCode::NoRecording).with("status", 457).at(step)),
                501 | 551 => {
                    let problem = Problem::new(ErrorCode::OperationUnsupported).with("operation", "replay").at(step);
                    return Err(problem.with("host", self.url.host()));
                }
                status => return Err(status_problem(status, self.credentials.is_some(), step)),
            }
        }
    }

    /// The next answer; packets before it are those of an old range.
    async fn answer(&mut self) -> Result<Answer, Problem> {
        loop {
            match message::parse(&self.inbox) {
                Incoming::Answer { answer, size } => {
                    self.inbox.advance(size);
                    return Ok(answer);
                }
                Incoming::Packet { size, .. } => self.inbox.advance(size),
                Incoming::Garbage => return Err(Problem::new(ErrorCode::NotRtsp).at("replay")),
                Incoming::Incomplete => {
                    self.inbox.reserve(READ_BYTES);
                    let read = self.socket.read_buf(&mut self.inbox).await.map_err(broken)?;
                    if read == 0 {
                        return Err(Problem::new(ErrorCode::StreamEnded).at("replay"));
                    }
                    self.count(read);
                }
            }
        }
    }

    fn count(&mut self, read: usize) {
        self.read_bytes += read as u64;
        let now = std::time::Instant::now();
        self.read_at = Instant::from_std(now + self.bandwidth.spend(read, now));
    }

    fn write(&mut self, ask: &Ask<'_>) -> Result<String, Problem> {
        self.cseq += 1;
        let mut text = format!(
            "{} {} RTSP/1.0\r\nCSeq: {}\r\nUser-Agent: Watchwall\r\n{}",
            ask.method, ask.url, self.cseq, self.requires
        );
        if let (Some(auth), Some(credentials)) = (&mut self.auth, &self.credentials) {
            let params = PasswordParams {
                username: &credentials.username,
                password: credentials.password.reveal(),
                uri: ask.url,
                method: ask.method,
                body: Some(&[]),
            };
            let login = auth.respond(&params).map_err(|e| Problem::new(ErrorCode::Internal).at("login").because(e))?;
            // Writing to a string cannot fail.
            let _ = write!(text, "Authorization: {login}\r\n");
        }
        if let Some(session) = &self.session {
            let _ = write!(text, "Session: {session}\r\n");
        }
        for (name, value) in ask.headers {
            let _ = write!(text, "{name}: {value}\r\n");
        }
        text.push_str("\r\n");
        Ok(text)
    }
}

/// Digest before Basic, whatever the order.
fn challenge(answer: &Answer) -> Option<PasswordClient> {
    let mut known: Vec<_> =
        answer.all("WWW-Authenticate").filter_map(|text| PasswordClient::try_from(text).ok()).collect();
    known.sort_by_key(|client| matches!(client, PasswordClient::Basic(_)));
    known.into_iter().next()
}

/// `20260102T030405.678Z` (RFC 2326 3.7).
fn clock(at: UtcMillis) -> String {
    let of_day = at.0.rem_euclid(86_400_000);
    let (year, month, day) = date_of(at.0.div_euclid(86_400_000));
    let (seconds, ms) = (of_day / 1000, of_day % 1000);
    format!("{year:04}{month:02}{day:02}T{:02}{:02}{:02}.{ms:03}Z", seconds / 3600, seconds / 60 % 60, seconds % 60)
}

/// Year, month and day of a day since 1970, counted from March so that the leap day comes last.
const fn date_of(days: i64) -> (i64, i64, i64) {
    let days = days + 719_468;
    let era = days.div_euclid(146_097);
    let of_era = days.rem_euclid(146_097);
    let year_of_era = (of_era - of_era / 1460 + of_era / 36_524 - of_era / 146_096) / 365;
    let of_year = of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let month = (5 * of_year + 2) / 153;
    let day = of_year - (153 * month + 2) / 5 + 1;
    let (month, later) = if month < 10 { (month + 3, 0) } else { (month - 9, 1) };
    (era * 400 + year_of_era + later, month, day)
}

fn broken(error: std::io::Error) -> Problem {
    Problem::new(ErrorCode::StreamEnded).at("replay").because(error)
}

fn stalled(limit: Duration) -> Problem {
    Problem::new(ErrorCode::ConnectTimeout).with("timeout_ms", limit.as_millis())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn moments_are_written_as_ranges_want_them() {
        let check = |ms, expect: &str| assert_eq!(clock(UtcMillis(ms)), expect);
        check(0, "19700101T000000.000Z");
        check(951_868_799_999, "20000229T235959.999Z");
        check(1_000_000_000_050, "20010909T014640.050Z");
    }
}
