//! What each RTSP method does (RFC 2326 chapter 10).

use super::{
    coding::Coding,
    connection::{Admitted, Connection, Playing, SERVER, Seat, Then},
    description::{self, Subject},
    door::MOST_SESSIONS,
    feed::Feed,
    handle::lock,
    life::IDLE,
    reel::Reading,
    session::{Carrier, Session},
    source::{Begin, Stretch},
    target::{TRACK, Target},
    tokens::Scope,
};
use std::{io, sync::atomic::Ordering::Relaxed, time::Instant};
use watchwall_media::hub::Received;
use watchwall_model::TimeRange;
use watchwall_rtsp::{Request, Response, UdpPair, Wish};

const METHODS: &str = "OPTIONS, DESCRIBE, ANNOUNCE, SETUP, PLAY, RECORD, GET_PARAMETER, SET_PARAMETER, TEARDOWN";

impl Connection {
    /// Answers one request.
    ///
    /// # Errors
    /// The connection is broken.
    pub async fn answer(&mut self, request: &Request) -> io::Result<Then> {
        let answer = match self.answer_publisher(request).await {
            Some(answer) => answer,
            None => self.answer_reader(request).await,
        };
        self.outbox.send(&self.socket, &answer.render(SERVER, request.header("CSeq")))?;
        Ok(if matches!(answer.status(), 404 | 453) { Then::Close } else { Then::Stay })
    }

    /// To who asks for pictures, or has not said yet what he wants.
    async fn answer_reader(&mut self, request: &Request) -> Response {
        match request.method.as_str() {
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
        }
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
        let opened = target.and_then(|target| {
            let (scope, taken_back) = lock(&self.shared.tokens).opens(target.token, &target.path)?;
            Some((target, scope, taken_back))
        });
        let Some((target, scope, taken_back)) = opened else {
            return Err(self.refuse().await);
        };
        if self.admitted.is_some() {
            return Err(Response::new(459));
        }
        let Some(seat) = Seat::take(&self.shared, MOST_SESSIONS) else {
            self.shared.counters.turned_away.fetch_add(1, Relaxed);
            tracing::warn!(path = %target.path, peer = %self.peer, most = MOST_SESSIONS, "too many streams are handed on");
            return Err(Response::new(453));
        };
        let Some(feed) = self.open(&target, scope) else { return Err(Response::new(404)) };
        self.admitted = Some(Admitted { target, feed, taken_back, _seat: seat });
        self.life.is_let_in(Instant::now());
        Ok(())
    }

    /// The answer to a wrong token, for which who guesses waits.
    pub(super) async fn refuse(&self) -> Response {
        self.shared.counters.refused.fetch_add(1, Relaxed);
        let wait = lock(&self.shared.guesses).wrong(self.peer, Instant::now());
        tracing::debug!(peer = %self.peer, "a wrong or ended token was shown");
        tokio::time::sleep(wait).await;
        Response::new(404)
    }

    /// `None` when there is nothing of the kind now.
    fn open(&mut self, target: &Target, scope: Scope) -> Option<Feed> {
        let Scope::Recorded(range) = scope else { return self.shared.source.open(&target.path).map(Feed::from) };
        let stretch = match target.from {
            Some(from) => Stretch { range: TimeRange::new(from.max(range.start), range.end)?, begin: Begin::After },
            None => Stretch { range, begin: Begin::Covering },
        };
        let reel = self.shared.source.reel(&target.path, stretch)?;
        // What lies on a disk does not grow old while its client thinks.
        self.outbox.be_patient(IDLE);
        let (tasks, stop) = (&self.shared.tasks, self.shared.stop.clone());
        Some(Feed::Recorded(Some(Reading::start(reel, target.path.clone(), tasks, stop))))
    }

    async fn describe(&mut self, request: &Request) -> Response {
        let Some(admitted) = &mut self.admitted else { return Response::new(404) };
        let params = match admitted.feed.params().await {
            Ok(params) => params,
            Err(status) => return Response::new(status),
        };
        let (path, range) = (&admitted.target.path, admitted.feed.range());
        match description::describe(&Subject { path, params: &params, local: self.local, range }) {
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
        let Some(admitted) = &mut self.admitted else { return Response::new(404) };
        let params = match admitted.feed.params().await {
            Ok(params) => params,
            Err(status) => return Response::new(status),
        };
        let Some(coding) = Coding::of(&params) else { return Response::new(415) };
        let carrier = match request.header("Transport").and_then(Wish::parse) {
            Some(Wish::Interleaved(channels)) => {
                let (rtp, rtcp) = channels.unwrap_or((0, 1));
                Ok((Carrier::Interleaved { rtp, rtcp }, format!("RTP/AVP/TCP;unicast;interleaved={rtp}-{rtcp}")))
            }
            // As fast as it is read: only a connection says how fast that is.
            Some(Wish::Udp { .. }) if admitted.feed.is_recorded() => return Response::new(461),
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
        let (Some(admitted), Some(session)) = (&mut self.admitted, &self.session) else { return Response::new(454) };
        let base = request.target.trim_end_matches('/');
        let mut info = format!("url={base}/{TRACK};seq={}", session.sequence);
        if self.playing.is_none() {
            let Some(playing) = Playing::begin(&mut admitted.feed) else { return Response::new(455) };
            // Where the first picture is there already, the answer says which time it has.
            if let Some(Received::Unit(first)) = &playing.first {
                info = format!("{info};rtptime={}", session.rtp_time(first));
            }
            self.playing = Some(playing);
            self.shared.counters.opened.fetch_add(1, Relaxed);
            tracing::info!(path = %admitted.target.path, peer = %self.peer, "a stream is handed on");
        }
        let range = admitted.feed.range();
        self.with_session(Response::new(200).with("Range", range).with("RTP-Info", info))
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
