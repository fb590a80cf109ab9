//! What each RTSP method does (RFC 2326 chapter 10).

use super::{
    coding::Coding,
    connection::{Admitted, Connection, Playing, SERVER, Seat, Then},
    description,
    door::MOST_SESSIONS,
    handle::lock,
    life::IDLE,
    session::{Carrier, Session},
    target::{TRACK, Target},
};
use std::{
    io,
    sync::{Arc, atomic::Ordering::Relaxed},
    time::{Duration, Instant},
};
use watchwall_media::{
    StreamParams,
    hub::{Hub, Received},
};
use watchwall_rtsp::{Request, Response, UdpPair, Wish};

const METHODS: &str = "OPTIONS, DESCRIBE, SETUP, PLAY, GET_PARAMETER, SET_PARAMETER, TEARDOWN";
/// How long a description waits for a camera that nobody looked at until now.
const PARAMS_WITHIN: Duration = Duration::from_secs(8);
const PARAMS_LOOK: Duration = Duration::from_millis(20);

impl Connection {
    /// Answers one request.
    ///
    /// # Errors
    /// The connection is broken.
    pub async fn answer(&mut self, request: &Request) -> io::Result<Then> {
        let answer = match request.method.as_str() {
            "OPTIONS" => self.with_session(Response::new(200).with("Public", METHODS)),
            "DESCRIBE" | "SETUP" => match self.admit(request).await {
                Ok(()) if request.method == "SETUP" => self.set_up(request).await,
                Ok(()) => self.describe(request).await,
                Err(refusal) => refusal,
            },
            "PLAY" | "TEARDOWN" | "GET_PARAMETER" | "SET_PARAMETER" => {
                let id = request.header("Session").map(|value| value.split(';').next().unwrap_or(value).trim());
                match &self.session {
                    Some(session) if Some(session.id.as_str()) == id => match request.method.as_str() {
                        "PLAY" => self.play(request),
                        "TEARDOWN" => self.tear_down(),
                        _ => self.with_session(Response::new(200)),
                    },
                    _ => Response::new(454),
                }
            }
            _ => Response::new(501).with("Public", METHODS),
        };
        self.outbox.send(&self.socket, &answer.render(SERVER, request.header("CSeq")))?;
        Ok(if matches!(answer.status(), 404 | 453) { Then::Close } else { Then::Stay })
    }

    /// Lets a request in, or answers why not. Whatever is wrong with a token, and whether its stream exists, the answer is
    /// the same.
    async fn admit(&mut self, request: &Request) -> Result<(), Response> {
        let target = Target::parse(&request.target);
        if let (Some(target), Some(admitted)) = (&target, &self.admitted)
            && *target == admitted.target
        {
            return Ok(());
        }
        let opens = |target: &Target| lock(&self.shared.tokens).opens(target.token, &target.path);
        let Some((target, taken_back)) = target.and_then(|target| opens(&target).map(|until| (target, until))) else {
            self.shared.counters.refused.fetch_add(1, Relaxed);
            let wait = lock(&self.shared.guesses).wrong(self.peer, Instant::now());
            tracing::debug!(peer = %self.peer, "a wrong or ended token was shown");
            tokio::time::sleep(wait).await;
            return Err(Response::new(404));
        };
        if self.admitted.is_some() {
            return Err(Response::new(459));
        }
        let Some(seat) = Seat::take(&self.shared, MOST_SESSIONS) else {
            self.shared.counters.turned_away.fetch_add(1, Relaxed);
            tracing::warn!(path = %target.path, peer = %self.peer, most = MOST_SESSIONS, "too many streams are handed on");
            return Err(Response::new(453));
        };
        let Some(tap) = self.shared.source.open(&target.path) else { return Err(Response::new(404)) };
        self.admitted = Some(Admitted { target, hub: tap.hub, taken_back, _interest: tap.interest, _seat: seat });
        self.life.is_let_in(Instant::now());
        Ok(())
    }

    async fn describe(&self, request: &Request) -> Response {
        let Some(admitted) = &self.admitted else { return Response::new(404) };
        let Some(params) = video_of(&admitted.hub).await else { return Response::new(503) };
        match description::describe(&admitted.target.path, &params, self.local) {
            Some(sdp) => {
                let base = format!("{}/", request.target.trim_end_matches('/'));
                Response::new(200).with("Content-Base", base).body("application/sdp", sdp)
            }
            None => Response::new(415),
        }
    }

    async fn set_up(&mut self, request: &Request) -> Response {
        if self.playing.is_some() {
            return Response::new(455);
        }
        let Some(admitted) = &self.admitted else { return Response::new(404) };
        let Some(params) = video_of(&admitted.hub).await else { return Response::new(503) };
        let Some(coding) = Coding::of(&params) else { return Response::new(415) };
        let carrier = match request.header("Transport").and_then(Wish::parse) {
            Some(Wish::Interleaved(channels)) => {
                let (rtp, rtcp) = channels.unwrap_or((0, 1));
                Ok((Carrier::Interleaved { rtp, rtcp }, format!("RTP/AVP/TCP;unicast;interleaved={rtp}-{rtcp}")))
            }
            Some(Wish::Udp { rtp, rtcp }) => UdpPair::bind(self.local, self.peer, (rtp, rtcp)).await.map(|pair| {
                let port = pair.port();
                let ports = format!("client_port={rtp}-{rtcp};server_port={port}-{}", port.saturating_add(1));
                (Carrier::Udp(pair), format!("RTP/AVP;unicast;{ports}"))
            }),
            Some(Wish::Multicast) | None => return Response::new(461),
        };
        let (carrier, granted) = match carrier {
            Ok(granted) => granted,
            Err(error) => {
                tracing::warn!(peer = %self.peer, %error, "no ports for a stream by UDP");
                return Response::new(500);
            }
        };
        let session = Session::new(coding, carrier);
        let granted = format!("{granted};ssrc={:08X}", session.ssrc);
        self.session = Some(session);
        self.with_session(Response::new(200).with("Transport", granted))
    }

    fn play(&mut self, request: &Request) -> Response {
        let (Some(admitted), Some(session)) = (&self.admitted, &self.session) else { return Response::new(454) };
        let base = request.target.trim_end_matches('/');
        let mut info = format!("url={base}/{TRACK};seq={}", session.sequence);
        if self.playing.is_none() {
            let playing = Playing::begin(&admitted.hub);
            // Where the first picture is there already, the answer says which time it has.
            if let Some(Received::Unit(first)) = &playing.first {
                info = format!("{info};rtptime={}", session.rtp_time(first));
            }
            self.playing = Some(playing);
            self.shared.counters.opened.fetch_add(1, Relaxed);
            tracing::info!(path = %admitted.target.path, peer = %self.peer, "a stream is handed on");
        }
        self.with_session(Response::new(200).with("Range", "npt=now-").with("RTP-Info", info))
    }

    fn tear_down(&mut self) -> Response {
        if let Some(admitted) = self.admitted.as_ref().filter(|_| self.playing.is_some()) {
            let path = &admitted.target.path;
            tracing::info!(%path, peer = %self.peer, why = "the client ended it", "a stream is no longer handed on");
        }
        self.leave();
        Response::new(200)
    }

    fn with_session(&self, response: Response) -> Response {
        match &self.session {
            Some(session) => response.with("Session", format!("{};timeout={}", session.id, IDLE.as_secs())),
            None => response,
        }
    }
}

/// The parameters of a stream with pictures, as soon as they are known.
async fn video_of(hub: &Arc<Hub>) -> Option<Arc<StreamParams>> {
    let known = async {
        loop {
            if let Some(params) = hub.current_params().filter(|params| params.video.is_some()) {
                return params;
            }
            tokio::time::sleep(PARAMS_LOOK).await;
        }
    };
    tokio::time::timeout(PARAMS_WITHIN, known).await.ok()
}
