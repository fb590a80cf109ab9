//! One connection that publishes: what it announced, and its packets on their way into the hub.

use super::Place;
use crate::outlet::connection::Seat;
use bytes::Bytes;
use std::{sync::Arc, time::Instant};
use tokio_util::sync::CancellationToken;
use watchwall_media::ingest::{Delivered, Delivery};
use watchwall_rtsp::{
    Announced,
    rtp::{H264Units, Packet, told},
};

pub struct Publisher {
    pub id: String,
    pub place: Arc<Place>,
    pub stage: Stage,
    payload_type: u8,
    units: H264Units,
    delivery: Delivery,
    /// The parameters cannot be used; said once.
    is_refused: bool,
    dismissed: CancellationToken,
    _seat: Seat,
}

/// How far it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stage {
    Announced,
    SetUp { rtp: u8, rtcp: u8 },
    Recording { rtp: u8, rtcp: u8 },
}

impl Publisher {
    /// Takes the place; who had it is sent away.
    pub fn new(place: Arc<Place>, announced: Announced, seat: Seat) -> Self {
        let mut publisher = Self {
            id: format!("{:016x}", rand::random::<u64>()),
            stage: Stage::Announced,
            payload_type: announced.payload_type,
            units: H264Units::new(announced.sps, announced.pps),
            delivery: Delivery::new(Arc::clone(&place.hub)),
            is_refused: false,
            dismissed: place.take(),
            place,
            _seat: seat,
        };
        // Before the first report: only what has parameters has times. Where the description holds none, pictures do.
        publisher.has_parameters();
        publisher
    }

    /// Takes an interleaved frame. What is no packet of the announced track is left.
    pub fn take(&mut self, channel: u8, frame: &[u8], now: Instant) {
        let Stage::Recording { rtp, rtcp } = self.stage else { return };
        if channel == rtcp {
            if let Some(told) = told(frame) {
                self.delivery.report(told.rtp, told.ntp.0);
            }
            return;
        }
        let Some(packet) = Packet::read(frame).filter(|packet| packet.payload_type == self.payload_type) else {
            return;
        };
        if channel != rtp {
            return;
        }
        let Some(unit) = self.units.push(&packet) else { return };
        if !self.has_parameters() {
            return;
        }
        self.place.note_brought(now);
        self.delivery.push(Delivered {
            data: Bytes::from(unit.data),
            is_key: unit.is_key,
            rtp_time: unit.time,
            lost: unit.lost,
            received_at: now,
        });
    }

    /// Whether it is known, and can be used, how the pictures are coded.
    fn has_parameters(&mut self) -> bool {
        let Some((sps, pps)) = self.units.sets() else { return false };
        let set = self.delivery.set_parameters(sps, pps);
        if let Err(problem) = &set
            && !std::mem::replace(&mut self.is_refused, true)
        {
            tracing::warn!(path = %self.place.path, %problem, "what is published cannot be shown");
        }
        set.is_ok()
    }
}

/// Returns why, when a publisher is to leave; never, while nobody publishes here.
pub async fn dismissed(publisher: Option<&Publisher>) -> &'static str {
    let Some(publisher) = publisher else { return std::future::pending().await };
    publisher.dismissed.cancelled().await;
    if publisher.place.ended.is_cancelled() { "nobody looks any more" } else { "somebody else publishes there" }
}
