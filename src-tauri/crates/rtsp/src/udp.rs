//! RTP and RTCP by UDP: an even port and the next one (RFC 3550 section 11), connected to the client's.

use std::{io, net::IpAddr};
use tokio::net::UdpSocket;

#[derive(Debug)]
pub struct UdpPair {
    rtp: UdpSocket,
    rtcp: UdpSocket,
    port: u16,
}

/// Pairs that are tried before there is none.
const TRIES: usize = 64;
/// Packets read at one look; more wait for the next.
const LOOK: usize = 16;

impl UdpPair {
    /// # Errors
    /// No pair of ports is free at `local`, or the client cannot be reached from there.
    pub async fn bind(local: IpAddr, peer: IpAddr, (rtp_port, rtcp_port): (u16, u16)) -> io::Result<Self> {
        let mut last = io::Error::from(io::ErrorKind::AddrInUse);
        for _ in 0..TRIES {
            let rtp = UdpSocket::bind((local, 0)).await?;
            let port = rtp.local_addr()?.port();
            if port % 2 != 0 || port == u16::MAX {
                continue;
            }
            match UdpSocket::bind((local, port + 1)).await {
                Ok(rtcp) => {
                    rtp.connect((peer, rtp_port)).await?;
                    rtcp.connect((peer, rtcp_port)).await?;
                    return Ok(Self { rtp, rtcp, port });
                }
                Err(error) => last = error,
            }
        }
        Err(last)
    }

    /// Where RTP is sent from.
    pub const fn port(&self) -> u16 {
        self.port
    }

    /// Sends one RTP packet; false when a full socket or a client that has gone lost it: that is what UDP does.
    pub fn send_rtp(&self, packet: &[u8]) -> bool {
        self.rtp.try_send(packet).is_ok()
    }

    /// Sends one compound RTCP packet; lost like any other.
    pub fn send_rtcp(&self, packet: &[u8]) -> bool {
        self.rtcp.try_send(packet).is_ok()
    }

    /// Whether the client has sent anything since the last look.
    pub fn heard(&self) -> bool {
        let mut heard = false;
        let mut packet = [0; 2048];
        for socket in [&self.rtp, &self.rtcp] {
            for _ in 0..LOOK {
                match socket.try_recv(&mut packet) {
                    Ok(_) => heard = true,
                    Err(_) => break,
                }
            }
        }
        heard
    }
}
