//! What the methods of a publisher do (RFC 2326 10.3, 10.4, 10.11).

use super::publisher::{Publisher, Stage};
use crate::outlet::{
    connection::{Connection, Seat},
    door::MOST_SESSIONS,
    handle::lock,
    target::Target,
};
use std::{sync::atomic::Ordering::Relaxed, time::Instant};
use watchwall_rtsp::{Announced, Request, Response, Wish};

/// Why something is not taken, in words for whoever runs the publisher.
const REASON: &str = "X-Reason";

impl Connection {
    /// The answer to a request of somebody who publishes; `None` when it is none of these.
    pub async fn answer_publisher(&mut self, request: &Request) -> Option<Response> {
        if request.method == "ANNOUNCE" {
            return Some(self.announce(request).await);
        }
        let publisher = self.publishing.as_mut()?;
        match request.method.as_str() {
            "SETUP" => return Some(set_up(publisher, request)),
            // Nobody does both over one connection.
            "DESCRIBE" | "PLAY" => return Some(Response::new(455)),
            "RECORD" | "TEARDOWN" | "GET_PARAMETER" | "SET_PARAMETER" => {}
            _ => return None,
        }
        let id = request.header("Session").map(|value| value.split(';').next().unwrap_or(value).trim());
        if id != Some(publisher.id.as_str()) {
            return Some(Response::new(454));
        }
        Some(match (request.method.as_str(), publisher.stage) {
            ("RECORD", Stage::SetUp { rtp, rtcp } | Stage::Recording { rtp, rtcp }) => {
                publisher.stage = Stage::Recording { rtp, rtcp };
                self.shared.counters.opened.fetch_add(1, Relaxed);
                tracing::info!(path = %publisher.place.path, peer = %self.peer, "a node publishes");
                Response::new(200).with("Session", publisher.id.clone())
            }
            ("RECORD", Stage::Announced) => Response::new(455),
            ("TEARDOWN", _) => {
                self.leave();
                Response::new(200)
            }
            _ => Response::new(200).with("Session", publisher.id.clone()),
        })
    }

    /// Whatever is wrong with a token, the answer is the same as to who asks for pictures.
    async fn announce(&mut self, request: &Request) -> Response {
        if self.admitted.is_some() || self.publishing.is_some() {
            return Response::new(455);
        }
        let target = Target::parse(&request.target);
        let place =
            target.and_then(|target| lock(&self.shared.places).find(target.token, &target.path, Instant::now()));
        let Some(place) = place else { return self.refuse().await };
        let announced = match Announced::parse(&request.body) {
            Ok(announced) => announced,
            Err(reason) => {
                tracing::warn!(path = %place.path, peer = %self.peer, %reason, "what a node wants to publish is not taken");
                return Response::new(415).with(REASON, reason.to_string());
            }
        };
        let Some(seat) = Seat::take(&self.shared, MOST_SESSIONS) else {
            self.shared.counters.turned_away.fetch_add(1, Relaxed);
            return Response::new(453);
        };
        self.publishing = Some(Publisher::new(place, announced, seat));
        self.life.is_let_in(Instant::now());
        Response::new(200)
    }
}

fn set_up(publisher: &mut Publisher, request: &Request) -> Response {
    if publisher.stage != Stage::Announced {
        return Response::new(455);
    }
    let Some(header) = request.header("Transport") else { return Response::new(461) };
    let Some(Wish::Interleaved(channels)) = Wish::parse(header) else {
        return Response::new(461).with(REASON, "packets are taken over this connection only");
    };
    let (rtp, rtcp) = channels.unwrap_or((0, 1));
    publisher.stage = Stage::SetUp { rtp, rtcp };
    let granted = format!("RTP/AVP/TCP;unicast;interleaved={rtp}-{rtcp};mode=record");
    Response::new(200).with("Transport", granted).with("Session", publisher.id.clone())
}
