//! A node that announces `preview`, asked to show what it sees: who takes the pictures, as a site does.

use super::{
    of_node::{Site, TASK, text},
    wire::Heard,
};
use std::{future::Future, io, net::IpAddr, time::Duration};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpStream},
    time::{Instant, timeout, timeout_at},
};
use watchwall_engine_protocol::{Preview, SiteMessage, StopPreview, StreamAddress};
use watchwall_model::{UtcMicros, UtcMillis};
use watchwall_rtsp::{
    Announced, Incoming, Request, Response, Wish, parse,
    rtp::{H264Unit, H264Units, NtpTime, Packet, told},
};

/// From `START_PREVIEW` to the first key frame; then it would be asked again.
const SHOWN_WITHIN: Duration = Duration::from_secs(8);
const WATCHED_FOR: Duration = Duration::from_secs(5);
const ENDED_WITHIN: Duration = Duration::from_secs(5);
const CLOCK_HZ: u32 = 90_000;
/// Two seconds, and a picture that came late.
const KEY_EVERY_S: f64 = 2.5;
const SKEW_MS: i64 = 10_000;
const SERVER: &str = "conformance";
const SESSION: &str = "1";

/// One who publishes, and what came of it.
pub(super) struct Shown {
    stream: TcpStream,
    bytes: Vec<u8>,
    url: StreamAddress,
    stage: Stage,
}

enum Stage {
    Connected,
    Announced(Announced),
    SetUp(Track),
    Recording(Track),
}

struct Track {
    payload_type: u8,
    units: H264Units,
    rtp: u8,
    rtcp: u8,
}

/// What happened on the connection.
enum Next {
    Picture(H264Unit),
    Report { ntp: NtpTime },
    Ended,
}

impl Site {
    /// Watches for some seconds.
    pub(super) async fn shows(&mut self) -> Result<Shown, String> {
        let listener = TcpListener::bind((self.reached_at, 0)).await.map_err(|error| error.to_string())?;
        let port = listener.local_addr().map_err(|error| error.to_string())?.port();
        let host = match self.reached_at {
            IpAddr::V4(address) => address.to_string(),
            IpAddr::V6(address) => format!("[{address}]"),
        };
        let preview = Preview::of(TASK);
        let url =
            StreamAddress::new(format!("rtsp://{host}:{port}/{:016x}/{}", rand::random::<u64>(), preview.preview_path));
        let fps = preview.fps;
        let asked = SiteMessage::StartPreview { data: Preview { url: Some(url.clone()), ..preview } };
        self.wire.say(text(&asked)?).await?;
        self.meanwhile(watch(listener, url, fps)).await
    }

    pub(super) async fn ends(&mut self, mut shown: Shown) -> Result<(), String> {
        let stop = SiteMessage::StopPreview { data: StopPreview { task_id: TASK } };
        self.wire.say(text(&stop)?).await?;
        let ended = async {
            while !matches!(shown.next().await?, Next::Ended) {}
            Ok(())
        };
        let late = || format!("it still publishes after {} s", ENDED_WITHIN.as_secs());
        self.meanwhile(async { timeout(ENDED_WITHIN, ended).await.map_err(|_| late())? }).await
    }

    /// Goes on listening to the node.
    async fn meanwhile<T>(&mut self, work: impl Future<Output = Result<T, String>>) -> Result<T, String> {
        tokio::pin!(work);
        loop {
            tokio::select! {
                done = &mut work => return done,
                heard = self.wire.hear(WATCHED_FOR) => match heard {
                    Heard::Text(said) => drop(self.read(&said)),
                    Heard::Closed(code) => return Err(format!("it closed the connection with {code}")),
                    _ => {}
                },
            }
        }
    }
}

async fn watch(listener: TcpListener, url: StreamAddress, fps: u32) -> Result<Shown, String> {
    let until = Instant::now() + SHOWN_WITHIN;
    let late = |what: &str| format!("{what} within {} s", SHOWN_WITHIN.as_secs());
    let accepted = timeout_at(until, listener.accept()).await.map_err(|_| late("nobody came to publish"))?;
    let stream = accepted.map_err(|error| error.to_string())?.0;
    let mut shown = Shown { stream, bytes: Vec::new(), url, stage: Stage::Connected };
    let first = loop {
        match timeout_at(until, shown.next()).await.map_err(|_| late("no key frame came"))?? {
            Next::Picture(unit) => break unit,
            Next::Report { .. } => {}
            Next::Ended => return Err("it went away before it showed anything".to_owned()),
        }
    };
    let until = Instant::now() + WATCHED_FOR;
    let mut all = vec![first];
    while let Ok(next) = timeout_at(until, shown.next()).await {
        match next? {
            Next::Picture(unit) => all.push(unit),
            Next::Report { ntp } => {
                let skew_ms = ahead_ms(ntp, UtcMillis::now());
                if skew_ms.abs() > SKEW_MS {
                    return Err(format!("its sender report is {skew_ms} ms from now"));
                }
            }
            Next::Ended => return Err("it went away while it was watched".to_owned()),
        }
    }
    judge(&all, fps).map(|()| shown)
}

fn ahead_ms(ntp: NtpTime, now: UtcMillis) -> i64 {
    let ahead = ntp.0.wrapping_sub(NtpTime::from(UtcMicros(now.0.saturating_mul(1_000))).0).cast_signed();
    // Whole seconds in the upper half; milliseconds of what is near do not matter.
    (ahead >> 32).saturating_mul(1_000)
}

/// Pictures in the order they came, the first of them a key frame.
fn judge(all: &[H264Unit], fps: u32) -> Result<(), String> {
    let seconds = |from: u32, to: u32| f64::from(to.wrapping_sub(from).cast_signed()) / f64::from(CLOCK_HZ);
    let (Some(first), Some(last)) = (all.first(), all.last()) else { return Err("there was nothing".to_owned()) };
    let lost: u64 = all.iter().map(|unit| unit.lost).sum();
    if lost > 0 {
        return Err(format!("{lost} packets were missing, over a connection that loses none"));
    }
    if let Some(pair) = all.windows(2).find(|pair| seconds(pair[0].time, pair[1].time) <= 0.0) {
        return Err(format!("RTP time {} comes after {}: no B-frames are taken", pair[1].time, pair[0].time));
    }
    let keys = all.iter().filter(|unit| unit.is_key).map(|unit| unit.time).chain([last.time]);
    let gap = keys.clone().zip(keys.skip(1)).map(|(from, to)| seconds(from, to)).fold(0.0, f64::max);
    if gap > KEY_EVERY_S {
        return Err(format!("{gap:.1} s passed without a key frame"));
    }
    let took = seconds(first.time, last.time);
    match all.len() - 1 {
        0 => Err(format!("one picture came in {} s", WATCHED_FOR.as_secs())),
        // Times of a camera stand where they stand: a picture more is not too many.
        more if more as f64 > took * f64::from(fps) * 1.1 + 1.0 => {
            Err(format!("{more} pictures in {took:.1} s are more than {fps} a second"))
        }
        _ => Ok(()),
    }
}

impl Shown {
    /// Safe to drop and call again.
    async fn next(&mut self) -> Result<Next, String> {
        loop {
            match parse(&self.bytes) {
                Incoming::Incomplete => match self.stream.read_buf(&mut self.bytes).await {
                    Ok(0) => return Ok(Next::Ended),
                    Ok(_) => {}
                    Err(error) if error.kind() == io::ErrorKind::ConnectionReset => return Ok(Next::Ended),
                    Err(error) => return Err(error.to_string()),
                },
                Incoming::Garbage => return Err("what it sends is not RTSP".to_owned()),
                Incoming::Frame { size } => {
                    let frame: Vec<u8> = self.bytes.drain(..size).collect();
                    if let Some(next) = self.stage.take(frame[1], &frame[4..]) {
                        return Ok(next);
                    }
                }
                Incoming::Request { request, size } => {
                    self.bytes.drain(..size);
                    let answer = self.answer(&request)?.with("Session", SESSION).render(SERVER, request.header("CSeq"));
                    self.stream.write_all(&answer).await.map_err(|error| error.to_string())?;
                    if request.method == "TEARDOWN" {
                        return Ok(Next::Ended);
                    }
                }
            }
        }
    }

    fn answer(&mut self, request: &Request) -> Result<Response, String> {
        let done = Response::new(200);
        let stage = std::mem::replace(&mut self.stage, Stage::Connected);
        let (stage, answer) = match (request.method.as_str(), stage) {
            ("OPTIONS", stage) => (stage, done.with("Public", "ANNOUNCE, SETUP, RECORD, TEARDOWN")),
            ("GET_PARAMETER" | "SET_PARAMETER" | "TEARDOWN", stage) => (stage, done),
            ("ANNOUNCE", Stage::Connected) => {
                if request.target.trim_end_matches('/') != self.url.reveal() {
                    return Err("it announces another address than it was given".to_owned());
                }
                let announced = Announced::parse(&request.body).map_err(|reason| reason.to_string())?;
                (Stage::Announced(announced), done)
            }
            ("SETUP", Stage::Announced(announced)) => {
                let header = request.header("Transport").unwrap_or_default().to_ascii_lowercase();
                let Some(Wish::Interleaved(channels)) = Wish::parse(&header).filter(|_| header.contains("mode=record"))
                else {
                    return Err(format!("it asks for the transport {header:?}"));
                };
                let (rtp, rtcp) = channels.unwrap_or((0, 1));
                let Announced { payload_type, sps, pps } = announced;
                let track = Track { payload_type, units: H264Units::new(sps, pps), rtp, rtcp };
                let granted = format!("RTP/AVP/TCP;unicast;interleaved={rtp}-{rtcp};mode=record");
                (Stage::SetUp(track), done.with("Transport", granted))
            }
            ("RECORD", Stage::SetUp(track)) => (Stage::Recording(track), done),
            (method, _) => return Err(format!("{method} is out of place")),
        };
        self.stage = stage;
        Ok(answer)
    }
}

impl Stage {
    /// An interleaved frame.
    fn take(&mut self, channel: u8, frame: &[u8]) -> Option<Next> {
        let Self::Recording(track) = self else { return None };
        if channel == track.rtcp {
            return told(frame).map(|told| Next::Report { ntp: told.ntp });
        }
        let packet = Packet::read(frame).filter(|packet| packet.payload_type == track.payload_type)?;
        let unit = if channel == track.rtp { track.units.push(&packet)? } else { return None };
        track.units.sets().map(|_| Next::Picture(unit))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Pictures at these hundredths of a second; those at whole multiples of `key` are key frames.
    fn pictures(at: impl IntoIterator<Item = u32>, key: u32) -> Vec<H264Unit> {
        let start = u32::MAX - 90_000;
        let unit = |at: u32| H264Unit {
            time: start.wrapping_add(at * CLOCK_HZ / 100),
            is_key: at.is_multiple_of(key),
            data: Vec::new(),
            lost: 0,
        };
        at.into_iter().map(unit).collect()
    }

    #[test]
    fn a_report_of_another_hour_is_seen() {
        let now = UtcMillis(1_900_000_000_000);
        let at = |seconds: i64| NtpTime::from(UtcMicros((now.0 + seconds * 1_000) * 1_000));
        assert_eq!(ahead_ms(at(0), now), 0);
        assert_eq!(ahead_ms(at(3_600), now), 3_600_000);
        assert_eq!(ahead_ms(at(-3_600), now), -3_600_000);
    }

    #[test]
    fn what_is_shown_is_judged() {
        let fails = |all: &[H264Unit], expect: &str| {
            let why = judge(all, 10).unwrap_err();
            assert!(why.contains(expect), "{why}");
        };
        assert_eq!(judge(&pictures((0..500).step_by(10), 200), 10), Ok(()));
        assert_eq!(judge(&pictures((0..500).step_by(50), 200), 10), Ok(()), "fewer are allowed");
        fails(&[], "nothing");
        fails(&pictures([0], 200), "one picture");
        fails(&pictures((0..500).step_by(10), 400), "without a key frame");
        fails(&pictures((0..500).step_by(5), 200), "more than 10 a second");
        fails(&pictures([0, 20, 10, 30], 200), "B-frames");
        let mut lossy = pictures((0..500).step_by(10), 200);
        lossy[7].lost = 3;
        fails(&lossy, "3 packets");
    }
}
