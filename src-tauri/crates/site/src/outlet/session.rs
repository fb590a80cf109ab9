//! A session: one client's picture track of one stream, and what is sent on it.

use super::{
    coding::Coding,
    figures::Counters,
    lag::{Lag, Verdict},
    timing::{Timing, to_rtp_clock},
};
use std::{
    io,
    sync::atomic::Ordering::Relaxed,
    time::{Duration, Instant},
};
use tokio::net::TcpStream;
use watchwall_media::{
    AccessUnit,
    hub::{Received, Subscription},
};
use watchwall_rtsp::{
    Outbox, UdpPair,
    rtp::{Goodbye, INTERLEAVED_HEADER, NtpTime, SenderReport, Stamp, interleave},
};

/// What the site calls itself in reports.
const NAME: &str = "watchwall";
/// Packets by UDP between two breaths of a millisecond: some 350 Mbit/s, which receivers' buffers bear.
const BREATH_AFTER: usize = 32;
const BREATH: Duration = Duration::from_millis(1);

pub struct Session {
    pub id: String,
    pub carrier: Carrier,
    pub ssrc: u32,
    pub sequence: u16,
    pub timing: Timing,
    coding: Coding,
    packets: u32,
    octets: u32,
    lag: Lag,
    /// Nothing is sent before the next key frame.
    needs_key: bool,
    stamped: Vec<u8>,
}

pub enum Carrier {
    Interleaved { rtp: u8, rtcp: u8 },
    Udp(UdpPair),
}

/// Why a session ends by itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ending {
    TooSlow,
    /// The stream is coded otherwise than it was described.
    StreamChanged,
    StreamOver,
}

/// The way out of a connection.
pub struct Link<'a> {
    pub socket: &'a TcpStream,
    pub outbox: &'a mut Outbox,
    pub counters: &'a Counters,
}

impl Session {
    pub fn new(coding: Coding, carrier: Carrier) -> Self {
        Self {
            id: format!("{:016x}", rand::random::<u64>()),
            carrier,
            ssrc: rand::random(),
            sequence: rand::random(),
            timing: Timing::new(rand::random()),
            coding,
            packets: 0,
            octets: 0,
            lag: Lag::default(),
            needs_key: true,
            stamped: Vec::new(),
        }
    }

    /// RTP time of a picture.
    pub fn rtp_time(&self, unit: &AccessUnit) -> u32 {
        self.timing.rtp_time(ticks(unit))
    }

    /// Sends what came from the hub, or leaves it.
    ///
    /// # Errors
    /// The RTSP connection is broken. By UDP, what cannot be sent is lost.
    pub async fn take(&mut self, received: Received, link: &mut Link<'_>) -> io::Result<Option<Ending>> {
        let unit = match received {
            Received::Unit(unit) => unit,
            Received::Closed => return Ok(Some(Ending::StreamOver)),
            Received::Lost { units, .. } => {
                link.counters.skipped.fetch_add(units, Relaxed);
                let is_end = self.lag.skip(Instant::now()) == Verdict::End;
                return Ok(is_end.then_some(Ending::TooSlow));
            }
        };
        if !unit.is_video() {
            return Ok(None);
        }
        if self.needs_key && !unit.is_key {
            link.counters.skipped.fetch_add(1, Relaxed);
            return Ok(None);
        }
        if Coding::of(&unit.params) != Some(self.coding) {
            return Ok(Some(Ending::StreamChanged));
        }
        self.needs_key = false;
        self.send(&unit, link).await?;
        Ok(None)
    }

    /// Looks whether the client keeps up.
    pub fn look(&mut self, subscription: &mut Subscription, link: &Link<'_>) -> Option<Ending> {
        let is_behind = link.outbox.is_blocked() || subscription.queued() > 0;
        match self.lag.look(is_behind, Instant::now()) {
            Verdict::GoOn => None,
            Verdict::End => Some(Ending::TooSlow),
            Verdict::Skip => {
                let waiting = std::iter::from_fn(|| subscription.try_recv());
                let units = waiting.take_while(|received| !matches!(received, Received::Closed)).count();
                link.counters.skipped.fetch_add(units as u64, Relaxed);
                self.needs_key = true;
                None
            }
        }
    }

    /// That nothing follows.
    ///
    /// # Errors
    /// The RTSP connection is broken.
    pub fn say_goodbye(&self, reason: &str, link: &mut Link<'_>) -> io::Result<()> {
        let goodbye = Goodbye { ssrc: self.ssrc, reason }.render();
        match &self.carrier {
            Carrier::Interleaved { rtcp, .. } => link.outbox.send(link.socket, &interleave(*rtcp, &goodbye)),
            // Lost like any other packet: the connection ends soon after.
            Carrier::Udp(pair) => {
                let _ = pair.send_rtcp(&goodbye);
                Ok(())
            }
        }
    }

    pub const fn is_interleaved(&self) -> bool {
        matches!(self.carrier, Carrier::Interleaved { .. })
    }

    /// Whether the client has sent RTCP by UDP since the last look.
    pub fn heard(&self) -> bool {
        match &self.carrier {
            Carrier::Interleaved { .. } => false,
            Carrier::Udp(pair) => pair.heard(),
        }
    }

    async fn send(&mut self, unit: &AccessUnit, link: &mut Link<'_>) -> io::Result<()> {
        let wire = self.coding.pack(unit);
        if wire.packets() == 0 {
            link.counters.skipped.fetch_add(1, Relaxed);
            return Ok(());
        }
        let time = self.rtp_time(unit);
        if self.timing.is_report_due(ticks(unit), unit.capture_at, Instant::now()) {
            let ntp = NtpTime::from(unit.capture_at);
            let (ssrc, packets, octets) = (self.ssrc, self.packets, self.octets);
            let report = SenderReport { ssrc, ntp, rtp: time, packets, octets, name: NAME }.render();
            match &self.carrier {
                Carrier::Interleaved { rtcp, .. } => link.outbox.send(link.socket, &interleave(*rtcp, &report))?,
                Carrier::Udp(pair) => {
                    // Lost like any other packet; the next is at most five seconds away.
                    let _ = pair.send_rtcp(&report);
                }
            }
        }
        let channel = match self.carrier {
            Carrier::Interleaved { rtp, .. } => rtp,
            Carrier::Udp(_) => 0,
        };
        self.stamped.clear();
        let stamp = Stamp { channel, sequence: self.sequence, time, ssrc: self.ssrc };
        let starts: Vec<usize> = wire.stamp_into(stamp, &mut self.stamped).collect();
        self.sequence = self.sequence.wrapping_add(starts.len() as u16);
        self.packets = self.packets.wrapping_add(starts.len() as u32);
        self.octets = self.octets.wrapping_add(wire.payload_bytes() as u32);
        match &self.carrier {
            Carrier::Interleaved { .. } => link.outbox.send(link.socket, &self.stamped)?,
            Carrier::Udp(pair) => {
                let ends = starts.iter().skip(1).copied().chain([self.stamped.len()]);
                for (number, (start, end)) in starts.iter().zip(ends).enumerate() {
                    if number > 0 && number % BREATH_AFTER == 0 {
                        tokio::time::sleep(BREATH).await;
                    }
                    let _ = pair.send_rtp(&self.stamped[start + INTERLEAVED_HEADER..end]);
                }
            }
        }
        // One huge key frame must not keep its memory for hours.
        self.stamped.shrink_to(256 * 1_024);
        Ok(())
    }
}

/// Presentation time in ticks of RTP's clock.
fn ticks(unit: &AccessUnit) -> i64 {
    let clock_rate = unit.params.video.as_ref().map_or(super::timing::CLOCK_HZ, |video| video.clock_rate);
    to_rtp_clock(unit.pts, clock_rate)
}
