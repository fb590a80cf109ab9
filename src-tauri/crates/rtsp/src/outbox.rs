//! Bytes on their way to a client that may be slow: written at once when the socket takes them, kept otherwise.

use std::{
    io,
    time::{Duration, Instant},
};
use tokio::net::TcpStream;

/// Bounded: nothing but answers is added while something waits, and a client that does not read is cut.
pub struct Outbox {
    waiting: Vec<u8>,
    sent: usize,
    since: Option<Instant>,
    patience: Duration,
}

/// How long a client may refuse to read, unless it is given longer.
const PATIENCE: Duration = Duration::from_secs(10);
/// What may wait: the largest access unit of a burst, and answers behind it.
const MAX_WAITING: usize = 8 * 1024 * 1024;

impl Default for Outbox {
    fn default() -> Self {
        Self { waiting: Vec::new(), sent: 0, since: None, patience: PATIENCE }
    }
}

impl Outbox {
    /// For a client that may take its time: what it is sent does not grow old.
    pub const fn be_patient(&mut self, patience: Duration) {
        self.patience = patience;
    }

    pub const fn is_blocked(&self) -> bool {
        self.since.is_some()
    }

    /// Sends, or keeps what the socket does not take now.
    ///
    /// # Errors
    /// The connection is broken, or too much waits already.
    pub fn send(&mut self, socket: &TcpStream, bytes: &[u8]) -> io::Result<()> {
        if self.is_blocked() {
            if self.waiting.len() > MAX_WAITING {
                return Err(io::ErrorKind::TimedOut.into());
            }
            self.waiting.extend_from_slice(bytes);
            return Ok(());
        }
        let mut rest = bytes;
        while !rest.is_empty() {
            match socket.try_write(rest) {
                Ok(0) => return Err(io::ErrorKind::WriteZero.into()),
                Ok(count) => rest = &rest[count..],
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => {
                    self.waiting.extend_from_slice(rest);
                    self.since = Some(Instant::now());
                    break;
                }
                Err(error) => return Err(error),
            }
        }
        Ok(())
    }

    /// Sends what waits.
    ///
    /// # Errors
    /// The connection is broken, or the client has not read for as long as it may refuse to.
    pub fn flush(&mut self, socket: &TcpStream) -> io::Result<()> {
        let Some(since) = self.since else { return Ok(()) };
        while self.sent < self.waiting.len() {
            match socket.try_write(&self.waiting[self.sent..]) {
                Ok(0) => return Err(io::ErrorKind::WriteZero.into()),
                Ok(count) => {
                    self.sent += count;
                    self.since = Some(Instant::now());
                }
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => {
                    return if since.elapsed() > self.patience { Err(io::ErrorKind::TimedOut.into()) } else { Ok(()) };
                }
                Err(error) => return Err(error),
            }
        }
        *self = Self { patience: self.patience, ..Self::default() };
        Ok(())
    }
}
