//! What a camera has seen: the tests of its clients read these.

use serde::Serialize;
use std::sync::atomic::{AtomicU32, AtomicU64, Ordering::Relaxed};

/// Live counts of one stream.
#[derive(Debug, Default)]
pub(crate) struct StreamTally {
    sessions_now: AtomicU32,
    sessions_max: AtomicU32,
    pub sessions_total: AtomicU64,
    pub describes: AtomicU64,
    pub teardowns: AtomicU64,
    pub packets: AtomicU64,
    pub bytes: AtomicU64,
    pub lost_packets: AtomicU64,
}

/// Live counts of one camera.
#[derive(Debug, Default)]
pub(crate) struct CameraTally {
    pub connections_total: AtomicU64,
    pub challenges: AtomicU64,
    pub password_attempts: AtomicU64,
    pub bad_requests: AtomicU64,
}

/// A moment's reading of one stream.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct StreamCounters {
    pub sessions_now: u32,
    /// Most sessions at the same time since the start.
    pub sessions_max: u32,
    pub sessions_total: u64,
    pub describes: u64,
    pub teardowns: u64,
    /// RTP packets sent.
    pub packets: u64,
    /// Bytes of RTP sent, headers included.
    pub bytes: u64,
    /// RTP packets left out by `packet_loss` or a full UDP socket.
    pub lost_packets: u64,
}

/// A moment's reading of one camera.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct CameraCounters {
    /// Connections that asked for something of this camera.
    pub connections_total: u64,
    /// 401 answers, the first challenge of every connection included.
    pub challenges: u64,
    /// Requests that carried credentials and were refused.
    pub password_attempts: u64,
    pub bad_requests: u64,
    pub main: StreamCounters,
    pub sub: StreamCounters,
}

impl CameraCounters {
    pub const fn sessions_now(&self) -> u32 {
        self.main.sessions_now + self.sub.sessions_now
    }

    pub const fn sessions_total(&self) -> u64 {
        self.main.sessions_total + self.sub.sessions_total
    }

    pub const fn teardowns(&self) -> u64 {
        self.main.teardowns + self.sub.teardowns
    }

    pub const fn bytes(&self) -> u64 {
        self.main.bytes + self.sub.bytes
    }
}

impl StreamTally {
    pub fn session_begins(&self) {
        self.sessions_total.fetch_add(1, Relaxed);
        let now = self.sessions_now.fetch_add(1, Relaxed) + 1;
        self.sessions_max.fetch_max(now, Relaxed);
    }

    pub fn session_ends(&self) {
        self.sessions_now.fetch_sub(1, Relaxed);
    }

    pub fn sessions_now(&self) -> u32 {
        self.sessions_now.load(Relaxed)
    }

    pub fn read(&self) -> StreamCounters {
        StreamCounters {
            sessions_now: self.sessions_now.load(Relaxed),
            sessions_max: self.sessions_max.load(Relaxed),
            sessions_total: self.sessions_total.load(Relaxed),
            describes: self.describes.load(Relaxed),
            teardowns: self.teardowns.load(Relaxed),
            packets: self.packets.load(Relaxed),
            bytes: self.bytes.load(Relaxed),
            lost_packets: self.lost_packets.load(Relaxed),
        }
    }
}

impl CameraTally {
    pub fn read(&self, main: &StreamTally, sub: Option<&StreamTally>) -> CameraCounters {
        CameraCounters {
            connections_total: self.connections_total.load(Relaxed),
            challenges: self.challenges.load(Relaxed),
            password_attempts: self.password_attempts.load(Relaxed),
            bad_requests: self.bad_requests.load(Relaxed),
            main: main.read(),
            sub: sub.map(StreamTally::read).unwrap_or_default(),
        }
    }
}
