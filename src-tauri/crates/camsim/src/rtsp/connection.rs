//! One client's connection: reads requests, sends its session's packets, ends with fault, client or farm.

use super::{
    methods::SERVER,
    replay::{Replay, next_recorded},
    session::Session,
};
use crate::{
    house::House,
    onvif::{Message, MetadataFeed},
    stream::{LiveUnit, StreamRuntime},
};
use bytes::{Buf, BytesMut};
use std::{
    io,
    net::IpAddr,
    sync::{Arc, atomic::Ordering::Relaxed},
    time::{Duration, Instant},
};
use tokio::{
    io::Interest,
    net::TcpStream,
    sync::broadcast::{self, error::RecvError},
};
use watchwall_rtsp::{Incoming, MAX_REQUEST, Outbox, Response, parse};

pub(super) struct Connection {
    pub socket: TcpStream,
    pub local: IpAddr,
    pub peer: IpAddr,
    pub house: Arc<House>,
    /// The one camera behind this port; `None` on the shared port.
    pub only: Option<usize>,
    pub nonce: String,
    pub outbox: Outbox,
    pub session: Option<Session>,
    pub live: Option<broadcast::Receiver<Arc<LiveUnit>>>,
    /// What the session's metadata track tells next.
    pub metadata: Option<MetadataFeed>,
    /// What a storage gives, while it is replayed.
    pub replay: Option<Replay>,
    /// The camera last asked for: it is counted there what the connection does.
    pub camera: Option<usize>,
    pub last_request: Instant,
    inbox: BytesMut,
}

/// What goes on after a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Then {
    Stay,
    Close,
}

/// A connection without a session.
const IDLE: Duration = Duration::from_secs(60);
const LOOK: Duration = Duration::from_millis(250);

impl Connection {
    pub fn new(socket: TcpStream, house: Arc<House>, only: Option<usize>) -> io::Result<Self> {
        socket.set_nodelay(true)?;
        Ok(Self {
            local: socket.local_addr()?.ip(),
            peer: socket.peer_addr()?.ip(),
            socket,
            house,
            only,
            nonce: format!("{:016x}", rand::random::<u64>()),
            outbox: Outbox::default(),
            session: None,
            live: None,
            metadata: None,
            replay: None,
            camera: None,
            last_request: Instant::now(),
            inbox: BytesMut::with_capacity(2048),
        })
    }

    /// Serves until one side ends it. An error of the connection is its end, not a failure.
    pub async fn run(mut self) {
        if let Err(error) = self.serve().await {
            tracing::debug!(peer = %self.peer, %error, "an RTSP connection broke");
        }
    }

    async fn serve(&mut self) -> io::Result<()> {
        let house = self.house.clone();
        let mut alarm = std::pin::pin!(tokio::time::sleep(LOOK));
        loop {
            let blocked = self.outbox.is_blocked();
            let faults = self.session.as_ref().map(|session| session.stream.faults()).unwrap_or_default();
            if let Some(session) = self.session.as_ref().filter(|_| faults.vanished) {
                self.play_dead(&session.stream).await;
                return Ok(());
            }
            let now_us = house.clock.now_us();
            let stalled = faults.stalled_until_us > now_us;
            let due = match &self.session {
                Some(session) => house.clock.instant(session.due_us(now_us, &faults, blocked)),
                None => Instant::now() + LOOK,
            };
            alarm.as_mut().reset(due.into());
            let interest = if blocked { Interest::READABLE | Interest::WRITABLE } else { Interest::READABLE };
            tokio::select! {
                () = house.stop.cancelled() => return Ok(()),
                ready = self.socket.ready(interest) => {
                    ready?;
                    self.outbox.flush(&self.socket)?;
                    if self.read().await? == Then::Close {
                        return Ok(());
                    }
                }
                unit = next_live(&mut self.live), if !blocked && !stalled => self.send_live(unit)?,
                unit = next_recorded(&mut self.replay), if !blocked && !stalled => self.send_recorded(unit)?,
                messages = next_messages(&mut self.metadata), if !blocked && !stalled => self.send_messages(messages)?,
                () = &mut alarm => self.tick()?,
            }
            if self.is_over() {
                return Ok(());
            }
        }
    }

    /// Neither reads nor writes while the stream is vanished; the socket stays open meanwhile.
    pub(super) async fn play_dead(&self, stream: &StreamRuntime) {
        let mut faults = stream.faults.subscribe();
        tokio::select! {
            () = self.house.stop.cancelled() => {}
            // The sender lives as long as the stream.
            _ = faults.wait_for(|set| !set.vanished) => {}
        }
    }

    fn is_over(&self) -> bool {
        match &self.session {
            None => self.last_request.elapsed() > IDLE,
            Some(session) => {
                session.is_cut(&session.stream.faults()) || session.last_alive.elapsed() > self.house.session_timeout
            }
        }
    }

    fn tick(&mut self) -> io::Result<()> {
        self.outbox.flush(&self.socket)?;
        match &mut self.session {
            Some(session) => {
                let faults = session.stream.faults();
                session.tick(self.house.clock, &faults, &self.socket, &mut self.outbox)
            }
            None => Ok(()),
        }
    }

    fn send_live(&mut self, unit: Result<Arc<LiveUnit>, RecvError>) -> io::Result<()> {
        let Some(session) = &mut self.session else { return Ok(()) };
        match unit {
            Ok(unit) => {
                let faults = session.stream.faults();
                session.send_live(&unit, self.house.clock, &faults, &self.socket, &mut self.outbox)
            }
            Err(RecvError::Lagged(_)) => {
                for track in &mut session.tracks {
                    track.need_key = true;
                }
                session.stream.want_key();
                Ok(())
            }
            Err(RecvError::Closed) => {
                self.live = None;
                Ok(())
            }
        }
    }

    fn send_messages(&mut self, messages: Option<Vec<Message>>) -> io::Result<()> {
        let Some(messages) = messages else {
            self.metadata = None;
            return Ok(());
        };
        let (Some(session), Some(device)) = (&mut self.session, self.camera.and_then(|at| self.house.device_of(at)))
        else {
            return Ok(());
        };
        let faults = session.stream.faults();
        let document = device.metadata_document(&messages);
        session.send_document(&document, self.house.clock, &faults, &self.socket, &mut self.outbox)
    }

    async fn read(&mut self) -> io::Result<Then> {
        loop {
            match self.socket.try_read_buf(&mut self.inbox) {
                Ok(0) => return Ok(Then::Close),
                Ok(_) => {}
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => return Ok(Then::Stay),
                Err(error) => return Err(error),
            }
            loop {
                match parse(&self.inbox) {
                    Incoming::Incomplete => break,
                    Incoming::Frame { size } => {
                        self.inbox.advance(size);
                        if let Some(session) = &mut self.session {
                            session.last_alive = Instant::now();
                        }
                    }
                    Incoming::Garbage => {
                        if let Some(camera) = self.camera.or(self.only) {
                            self.house.cameras[camera].tally.bad_requests.fetch_add(1, Relaxed);
                        }
                        self.outbox.send(&self.socket, &Response::new(400).render(SERVER, None))?;
                        return Ok(Then::Close);
                    }
                    Incoming::Request { request, size } => {
                        self.inbox.advance(size);
                        self.last_request = Instant::now();
                        if self.answer(&request).await? == Then::Close {
                            return Ok(Then::Close);
                        }
                    }
                }
            }
            // One more byte than the largest request: it would have been garbage.
            debug_assert!(self.inbox.len() <= 2 * MAX_REQUEST);
        }
    }
}

/// What the metadata track tells next; never, when the session has none.
async fn next_messages(metadata: &mut Option<MetadataFeed>) -> Option<Vec<Message>> {
    match metadata {
        Some(metadata) => metadata.next().await,
        None => std::future::pending().await,
    }
}

/// The next live unit; never, when the session has no live picture.
async fn next_live(live: &mut Option<broadcast::Receiver<Arc<LiveUnit>>>) -> Result<Arc<LiveUnit>, RecvError> {
    match live {
        Some(live) => live.recv().await,
        None => std::future::pending().await,
    }
}
