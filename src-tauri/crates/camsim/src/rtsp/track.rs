//! One track of a session: its RTP state and the way its packets take.

use super::{replay::EXTENSION_BYTES, target::TrackKind};
use crate::{counters::StreamTally, fault::FaultSet, stream::LoopCursor};
use rand::Rng;
use std::{cell::RefCell, io, sync::atomic::Ordering::Relaxed};
use tokio::net::TcpStream;
use watchwall_rtsp::{
    Outbox, UdpPair,
    rtp::{INTERLEAVED_HEADER, RTP_HEADER, Stamp, Wire, interleave},
};

pub(super) struct Track {
    pub kind: TrackKind,
    pub clock_hz: u32,
    pub carrier: Carrier,
    pub ssrc: u32,
    pub sequence: u16,
    pub packets: u32,
    pub octets: u32,
    /// Place in the loop; `None` for a live picture.
    pub cursor: Option<LoopCursor>,
    /// Nothing is sent before the next key unit.
    pub need_key: bool,
    /// When the next sender report is due, on the media clock.
    pub report_due_us: i64,
}

pub(super) enum Carrier {
    Interleaved { rtp: u8, rtcp: u8 },
    Udp(UdpPair),
}

thread_local! {
    /// Stamped packets of one access unit. Shared by the sessions of a thread, as none keeps it over a wait.
    static SCRATCH: RefCell<Vec<u8>> = const { RefCell::new(Vec::new()) };
}

impl Track {
    pub fn new(kind: TrackKind, clock_hz: u32, carrier: Carrier) -> Self {
        let mut random = rand::rng();
        Self {
            kind,
            clock_hz,
            carrier,
            ssrc: random.random(),
            sequence: random.random(),
            packets: 0,
            octets: 0,
            cursor: None,
            need_key: true,
            report_due_us: 0,
        }
    }

    /// Sends the packets of one access unit, without those that a fault loses.
    ///
    /// # Errors
    /// The RTSP connection is broken. Over UDP, what cannot be sent is lost.
    pub fn send(&mut self, wire: &Wire, time: u32, faults: &FaultSet, link: &mut Link<'_>) -> io::Result<()> {
        self.send_extended(wire, time, None, faults, link)
    }

    /// [`Self::send`], with an extension of the header in the first packet.
    ///
    /// # Errors
    /// As [`Self::send`].
    pub fn send_extended(
        &mut self,
        wire: &Wire,
        time: u32,
        extension: Option<&[u8; EXTENSION_BYTES]>,
        faults: &FaultSet,
        link: &mut Link<'_>,
    ) -> io::Result<()> {
        let channel = match self.carrier {
            Carrier::Interleaved { rtp, .. } => rtp,
            Carrier::Udp(_) => 0,
        };
        let stamp = Stamp { channel, sequence: self.sequence, time, ssrc: self.ssrc };
        let count = wire.packets() as u32;
        self.sequence = self.sequence.wrapping_add(count as u16);
        let octets = wire.payload_bytes() as u32;
        self.packets = self.packets.wrapping_add(count);
        self.octets = self.octets.wrapping_add(octets);
        SCRATCH.with_borrow_mut(|scratch| {
            scratch.clear();
            let mut starts: Vec<usize> = wire.stamp_into(stamp, scratch).collect();
            if let Some(extension) = extension {
                extend_first(scratch, &mut starts, extension);
            }
            let lost = self.carry(scratch, &starts, faults, link)?;
            link.tally.packets.fetch_add(u64::from(count - lost), Relaxed);
            link.tally.lost_packets.fetch_add(u64::from(lost), Relaxed);
            link.tally.bytes.fetch_add((wire.size() - wire.packets() * INTERLEAVED_HEADER) as u64, Relaxed);
            // One huge unit must not keep its memory for ever.
            scratch.shrink_to(256 * 1024);
            Ok(())
        })
    }

    /// Answers the number of packets that did not go out.
    fn carry(&self, scratch: &[u8], starts: &[usize], faults: &FaultSet, link: &mut Link<'_>) -> io::Result<u32> {
        let mut random = rand::rng();
        let mut happens = |percent: f32| percent > 0.0 && random.random_range(0.0..100.0) < percent;
        if faults.loss_percent <= 0.0 && matches!(self.carrier, Carrier::Interleaved { .. }) {
            link.outbox.send(link.socket, scratch)?;
            return Ok(0);
        }
        let ends = starts.iter().skip(1).copied().chain([scratch.len()]);
        let mut packets: Vec<_> = starts.iter().copied().zip(ends).collect();
        if matches!(self.carrier, Carrier::Udp(_)) {
            for at in 1..packets.len() {
                if happens(faults.reorder_percent) {
                    packets.swap(at - 1, at);
                }
            }
        }
        let mut lost = 0;
        for (start, end) in packets {
            let gone = happens(faults.loss_percent)
                || match &self.carrier {
                    Carrier::Interleaved { .. } => {
                        link.outbox.send(link.socket, &scratch[start..end])?;
                        false
                    }
                    Carrier::Udp(pair) => !pair.send_rtp(&scratch[start + INTERLEAVED_HEADER..end]),
                };
            lost += u32::from(gone);
        }
        Ok(lost)
    }

    /// Sends a compound RTCP packet.
    ///
    /// # Errors
    /// The RTSP connection is broken.
    pub fn send_report(&self, report: &[u8], link: &mut Link<'_>) -> io::Result<()> {
        match &self.carrier {
            Carrier::Interleaved { rtcp, .. } => link.outbox.send(link.socket, &interleave(*rtcp, report)),
            Carrier::Udp(pair) => {
                // Lost like any other packet.
                let _ = pair.send_rtcp(report);
                Ok(())
            }
        }
    }

    /// Whether the client has sent RTCP over UDP since the last look.
    pub fn heard(&self) -> bool {
        match &self.carrier {
            Carrier::Interleaved { .. } => false,
            Carrier::Udp(pair) => pair.heard(),
        }
    }
}

/// Puts an extension between header and payload of the first packet (RFC 3550 5.3.1).
fn extend_first(packets: &mut Vec<u8>, starts: &mut [usize], extension: &[u8; EXTENSION_BYTES]) {
    const EXTENDED: u8 = 0x10;
    let at = INTERLEAVED_HEADER + RTP_HEADER;
    if packets.len() < at {
        return;
    }
    let length = u16::from_be_bytes([packets[2], packets[3]]) + EXTENSION_BYTES as u16;
    packets[2..4].copy_from_slice(&length.to_be_bytes());
    packets[INTERLEAVED_HEADER] |= EXTENDED;
    packets.splice(at..at, extension.iter().copied());
    for start in starts.iter_mut().skip(1) {
        *start += EXTENSION_BYTES;
    }
}

/// The way out of a connection.
pub(super) struct Link<'a> {
    pub socket: &'a TcpStream,
    pub outbox: &'a mut Outbox,
    pub tally: &'a StreamTally,
}
