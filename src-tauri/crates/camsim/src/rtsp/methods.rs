//! What each RTSP method does (RFC 2326 chapter 10).

use super::{
    auth::{self, Verdict, Visit},
    connection::{Connection, Then},
    replay::is_replay,
    sdp::{self, Beside},
    session::Session,
    target::{self, Source, Target, TrackKind},
    track::{Carrier, Track},
};
use crate::{
    fault::FaultSet,
    login::LoginDoor,
    onvif::Device,
    stream::{StreamRuntime, VIDEO_HZ},
};
use std::{
    io,
    net::Ipv4Addr,
    sync::{Arc, atomic::Ordering::Relaxed},
    time::{Duration, Instant},
};
use watchwall_rtsp::{Request, Response, UdpPair, Wish};

/// What the server calls itself.
pub(super) const SERVER: &str = "camsim";
const METHODS: &str = "OPTIONS, DESCRIBE, SETUP, PLAY, PAUSE, GET_PARAMETER, SET_PARAMETER, TEARDOWN";
/// How long a description waits for the content to be encoded.
const CONTENT_WAIT: Duration = Duration::from_secs(20);

/// The stream that a request means, and the camera's number.
pub(super) struct Meant {
    pub camera: usize,
    pub target: Target,
    pub stream: Arc<StreamRuntime>,
    pub faults: FaultSet,
}

impl Connection {
    /// Answers one request.
    pub(super) async fn answer(&mut self, request: &Request) -> io::Result<Then> {
        if let Some(session) = &mut self.session {
            session.last_alive = Instant::now();
        }
        let target = target::parse(&request.target);
        if let Some(camera) = target.map(|t| t.camera).filter(|camera| *camera < self.house.cameras.len())
            && self.camera != Some(camera)
        {
            self.camera = Some(camera);
            self.house.cameras[camera].tally.connections_total.fetch_add(1, Relaxed);
        }
        let is_outdated =
            request.method == "DESCRIBE" && target.is_some_and(|target| self.is_outdated(target, request));
        let meant = target.filter(|_| !is_outdated).and_then(|target| self.meant(target));
        if let Some(meant) = &meant
            && meant.faults.vanished
        {
            self.play_dead(&meant.stream).await;
            return Ok(Then::Close);
        }
        if let Some(meant) = &meant
            && meant.faults.html_answer
        {
            self.outbox.send(&self.socket, &html())?;
            return Ok(Then::Close);
        }
        let offline = meant.as_ref().is_some_and(|meant| meant.faults.offline);
        let answer = match (request.method.as_str(), meant) {
            (_, _) if offline => Response::new(503),
            ("OPTIONS", _) => Response::new(200).with("Public", METHODS),
            (method, meant) => match self.admit(request, target, meant.as_ref()) {
                Err(refusal) => refusal,
                Ok(()) => self.act(method, request, meant).await,
            },
        };
        self.outbox.send(&self.socket, &answer.render(SERVER, request.header("CSeq")))?;
        Ok(if offline { Then::Close } else { Then::Stay })
    }

    fn meant(&self, target: Target) -> Option<Meant> {
        if self.only.is_some_and(|only| only != target.camera) {
            return None;
        }
        let stream = self.house.stream(target.camera, target.role)?.clone();
        Some(Meant { camera: target.camera, target, faults: stream.faults(), stream })
    }

    /// Whether the address is of before the device's last restart, and its addresses end with that.
    fn is_outdated(&self, target: Target, request: &Request) -> bool {
        let mark = self.house.device_of(target.camera).and_then(Device::address_mark);
        mark.is_some_and(|mark| !request.target.split(['?', '&']).skip(1).any(|part| part == mark))
    }

    /// Lets a request in, or answers why not.
    fn admit(&self, request: &Request, target: Option<Target>, meant: Option<&Meant>) -> Result<(), Response> {
        // A camera asks for the password before it says that a path does not exist.
        let number = target.map(|t| t.camera).or(self.only).or(self.camera);
        let Some(camera) = number.and_then(|number| self.house.cameras.get(number)) else {
            return Err(Response::new(404));
        };
        let visit = Visit {
            scheme: camera.spec.auth,
            is_password_changed: meant.map_or_else(|| camera.main.faults(), |m| m.faults).wrong_password,
            header: request.header("Authorization"),
            method: &request.method,
            nonce: &self.nonce,
        };
        match auth::judge(&camera.desk, visit) {
            Verdict::Welcome => {
                if visit.header.is_some() {
                    camera.desk.accepted();
                }
                return Ok(());
            }
            Verdict::Ask | Verdict::Locked => {}
            Verdict::Refused => {
                camera.tally.password_attempts.fetch_add(1, Relaxed);
                camera.desk.refused(LoginDoor::Rtsp);
            }
        }
        camera.tally.challenges.fetch_add(1, Relaxed);
        let challenges = auth::challenges(camera.spec.auth, &self.nonce);
        Err(challenges.into_iter().fold(Response::new(401), |r, text| r.with("WWW-Authenticate", text)))
    }

    async fn act(&mut self, method: &str, request: &Request, meant: Option<Meant>) -> Response {
        let in_session = request.header("Session").map(|value| value.split(';').next().unwrap_or(value).trim());
        if let Some(id) = in_session
            && self.session.as_ref().is_none_or(|session| session.id != id)
        {
            return Response::new(454);
        }
        match (method, meant) {
            ("DESCRIBE", Some(meant)) => self.describe(&meant).await,
            ("SETUP", Some(meant)) => self.set_up(request, &meant).await,
            ("DESCRIBE" | "SETUP", None) => Response::new(404),
            ("PLAY", _) => self.play(request),
            ("PAUSE", _) => self.pause(),
            ("TEARDOWN", _) => self.tear_down(),
            ("GET_PARAMETER" | "SET_PARAMETER", _) => self.with_session(Response::new(200)),
            _ => Response::new(501).with("Public", METHODS),
        }
    }

    async fn describe(&mut self, meant: &Meant) -> Response {
        meant.stream.tally.describes.fetch_add(1, Relaxed);
        let Some(parameters) = meant.stream.parameters(CONTENT_WAIT).await else {
            return Response::new(503);
        };
        if let Err(refusal) = self.admit_replay(meant) {
            return refusal;
        }
        let offers_metadata = self.house.device_of(meant.camera).is_some_and(Device::offers_metadata);
        let beside = match meant.target.source {
            Source::Storage => Beside::Silence,
            Source::Live if offers_metadata => Beside::Metadata,
            Source::Live => Beside::Nothing,
        };
        let sdp = sdp::describe(&meant.stream, &parameters, self.local, &meant.faults, beside);
        let base = format!("{}/", self.url(meant));
        let kind = if meant.faults.odd_content_type { "application/sdp; charset=utf-8" } else { "application/sdp" };
        Response::new(200).with("Content-Base", base).body(kind, sdp)
    }

    async fn set_up(&mut self, request: &Request, meant: &Meant) -> Response {
        let kind = meant.target.track.unwrap_or(TrackKind::Video);
        let source = meant.target.source;
        if source == Source::Storage {
            match self.admit_replay(meant) {
                Err(refusal) => return refusal,
                Ok(()) if kind != TrackKind::Video => return Response::new(404),
                Ok(()) if !is_replay(request) => return Response::new(400),
                Ok(()) => {}
            }
        }
        if kind == TrackKind::Audio && meant.stream.audio.is_none() {
            return Response::new(404);
        }
        if kind == TrackKind::Metadata {
            match self.house.device_of(meant.camera) {
                Some(device) if device.refuses_metadata() => return Response::new(403),
                Some(device) if device.offers_metadata() => {}
                _ => return Response::new(404),
            }
        }
        match &self.session {
            Some(session) if !Arc::ptr_eq(&session.stream, &meant.stream) || session.source != source => {
                return Response::new(459);
            }
            Some(session) if session.playing => return Response::new(455),
            Some(_) => {}
            None => {
                if let Some(status) = meant.faults.refuses_session(meant.stream.tally.sessions_now()) {
                    return Response::new(status);
                }
            }
        }
        let wish = request.header("Transport").and_then(Wish::parse);
        let Some(wish) = wish.filter(|wish| !(meant.faults.udp_only && matches!(wish, Wish::Interleaved(_)))) else {
            return Response::new(461);
        };
        let Ok((carrier, granted)) = self.carrier(wish).await else { return Response::new(500) };
        let clock_hz = match (kind, &meant.stream.audio) {
            (TrackKind::Audio, Some(audio)) => audio.track.clock_hz,
            _ => VIDEO_HZ,
        };
        let track = Track::new(kind, clock_hz, carrier);
        let granted = format!("{granted};ssrc={:08X}", track.ssrc);
        let stream = meant.stream.clone();
        let session =
            self.session.get_or_insert_with(|| Session::new(format!("{:08x}", rand::random::<u32>()), stream, source));
        session.tracks.retain(|old| old.kind != kind);
        session.tracks.push(track);
        self.with_session(Response::new(200).with("Transport", granted))
    }

    /// Opens the way that the client wishes, and says so in the words of the header.
    async fn carrier(&self, wish: Wish) -> io::Result<(Carrier, String)> {
        match wish {
            Wish::Interleaved(channels) => {
                let next = self.session.as_ref().map_or(0, |session| session.tracks.len() as u8 * 2);
                let (rtp, rtcp) = channels.unwrap_or((next, next + 1));
                let granted = format!("RTP/AVP/TCP;unicast;interleaved={rtp}-{rtcp}");
                Ok((Carrier::Interleaved { rtp, rtcp }, granted))
            }
            Wish::Multicast => {
                // Administratively scoped (RFC 2365): it does not leave the site.
                let group = Ipv4Addr::new(239, 255, rand::random(), rand::random_range(1..=254));
                let port = rand::random_range(10_000_u16..30_000) * 2;
                let carrier = Carrier::Udp(UdpPair::bind(self.local, group.into(), (port, port + 1)).await?);
                let granted = format!("RTP/AVP;multicast;destination={group};port={port}-{};ttl=1", port + 1);
                Ok((carrier, granted))
            }
            Wish::Udp { rtp, rtcp } => {
                let pair = UdpPair::bind(self.local, self.peer, (rtp, rtcp)).await?;
                let port = pair.port();
                let granted =
                    format!("RTP/AVP;unicast;client_port={rtp}-{rtcp};server_port={port}-{}", port.saturating_add(1));
                Ok((Carrier::Udp(pair), granted))
            }
        }
    }

    fn play(&mut self, request: &Request) -> Response {
        if self.session.as_ref().is_some_and(|session| session.source == Source::Storage) {
            return self.begin_replay(request);
        }
        let now_us = self.house.clock.now_us();
        let Some(session) = &mut self.session else { return Response::new(454) };
        if session.tracks.is_empty() {
            return Response::new(455);
        }
        if !session.playing {
            self.live = session.play(now_us);
            let has_metadata = session.track(TrackKind::Metadata).is_some();
            let device = self.camera.filter(|_| has_metadata).and_then(|at| Some((self.house.device_of(at)?, at)));
            self.metadata = device.and_then(|(device, camera)| device.metadata(camera));
        }
        let faults = session.stream.faults();
        let base = request.target.trim_end_matches('/');
        let info = session.tracks.iter().map(|track| {
            let name = track.kind.name();
            let time = session.rtp_time(track, now_us, &faults);
            format!("url={base}/{name};seq={};rtptime={time}", track.sequence)
        });
        let info = info.collect::<Vec<_>>().join(",");
        self.with_session(Response::new(200).with("Range", "npt=now-").with("RTP-Info", info))
    }

    fn pause(&mut self) -> Response {
        let Some(session) = &mut self.session else { return Response::new(454) };
        session.pause();
        (self.live, self.metadata, self.replay) = (None, None, None);
        self.with_session(Response::new(200))
    }

    fn tear_down(&mut self) -> Response {
        let Some(session) = self.session.take() else { return Response::new(454) };
        session.stream.tally.teardowns.fetch_add(1, Relaxed);
        (self.live, self.metadata, self.replay) = (None, None, None);
        Response::new(200)
    }

    pub(super) fn with_session(&self, response: Response) -> Response {
        match &self.session {
            Some(session) => {
                let timeout = self.house.session_timeout.as_secs().max(1);
                response.with("Session", format!("{};timeout={timeout}", session.id))
            }
            None => response,
        }
    }

    fn url(&self, meant: &Meant) -> String {
        let address = self.socket.local_addr().map(|address| address.to_string()).unwrap_or_default();
        let path = match meant.target.source {
            Source::Live => target::path(meant.camera, meant.target.role),
            Source::Storage => target::storage_path(meant.camera),
        };
        format!("rtsp://{address}/{path}")
    }
}

/// What a web server in the wrong place says.
fn html() -> Vec<u8> {
    let page = "<!DOCTYPE html><html><head><title>Login</title></head><body><h1>Login</h1></body></html>";
    format!("HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nContent-Length: {}\r\n\r\n{page}", page.len()).into_bytes()
}
