//! One client's connection: reads requests, sends its session's pictures, and ends when either side has had enough.

use super::{
    feed::{Feed, Flow},
    handle::Shared,
    life::Life,
    publish::{Publisher, dismissed},
    session::{Ending, Link, Session},
    target::Target,
};
use std::{
    io,
    net::IpAddr,
    sync::{
        Arc,
        atomic::{
            AtomicUsize,
            Ordering::{Relaxed, SeqCst},
        },
    },
    time::{Duration, Instant},
};
use tokio::{io::Interest, net::TcpStream, time::MissedTickBehavior};
use tokio_util::sync::CancellationToken;
use watchwall_media::hub::Received;
use watchwall_rtsp::{Incoming, Outbox, Response, parse, rtp::INTERLEAVED_HEADER};

pub(super) struct Connection {
    pub socket: TcpStream,
    pub local: IpAddr,
    pub peer: IpAddr,
    pub shared: Arc<Shared>,
    pub outbox: Outbox,
    /// The stream it was let in for.
    pub admitted: Option<Admitted>,
    pub session: Option<Session>,
    /// What the session sends from, while it plays.
    pub playing: Option<Playing>,
    /// What comes from the client instead.
    pub publishing: Option<Publisher>,
    inbox: Vec<u8>,
    pub life: Life,
    /// The recording is over and its end was said; the client has until then to leave by itself.
    leaves_at: Option<Instant>,
}

/// What a token has opened. Holds a place among all sessions.
pub(super) struct Admitted {
    pub target: Target,
    pub feed: Feed,
    /// Fires when its token is good no longer.
    pub taken_back: CancellationToken,
    pub _seat: Seat,
}

/// What a session sends from.
pub(super) struct Playing {
    /// Taken already, so that the answer to PLAY could tell of it.
    pub first: Option<Received>,
    flow: Flow,
}

/// A place among all sessions.
pub(super) struct Seat(Arc<Shared>);

/// What goes on after a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Then {
    Stay,
    Close,
}

const TOO_SLOW: &str = "the client reads too slowly";
/// Between the end of a recording and that of its connection.
const FAREWELL: Duration = Duration::from_secs(5);
const LOOK: Duration = Duration::from_millis(250);
const READ_BYTES: usize = 4_096;
/// Reads before pictures have their turn again.
const READS: usize = 16;
/// What the site calls itself.
pub(super) const SERVER: &str = "Watchwall";

impl Playing {
    /// `None` for a recording that has played.
    pub fn begin(feed: &mut Feed) -> Option<Self> {
        let mut flow = feed.begin()?;
        Some(Self { first: flow.try_next(), flow })
    }
}

impl Seat {
    /// `None` when `most` are taken.
    pub fn take(shared: &Arc<Shared>, most: usize) -> Option<Self> {
        let sessions: &AtomicUsize = &shared.sessions;
        let taken = sessions.fetch_update(SeqCst, SeqCst, |count| (count < most).then_some(count + 1));
        taken.is_ok().then(|| Self(Arc::clone(shared)))
    }
}

impl Drop for Seat {
    fn drop(&mut self) {
        self.0.sessions.fetch_sub(1, SeqCst);
    }
}

impl Connection {
    /// # Errors
    /// The client has left already.
    pub fn new(socket: TcpStream, shared: Arc<Shared>) -> io::Result<Self> {
        socket.set_nodelay(true)?;
        Ok(Self {
            local: socket.local_addr()?.ip().to_canonical(),
            peer: socket.peer_addr()?.ip().to_canonical(),
            socket,
            shared,
            outbox: Outbox::default(),
            admitted: None,
            session: None,
            playing: None,
            publishing: None,
            inbox: Vec::new(),
            life: Life::begin(Instant::now()),
            leaves_at: None,
        })
    }

    /// Serves until one side ends it. A broken connection is its end, not a failure.
    pub async fn run(mut self) {
        let stop = self.shared.stop.clone();
        let served = tokio::select! {
            () = stop.cancelled() => return,
            served = self.serve() => served,
        };
        // As the outbox says it.
        let served = match served {
            Err(error) if error.kind() == io::ErrorKind::TimedOut => {
                self.shared.counters.too_slow.fetch_add(1, Relaxed);
                Ok(TOO_SLOW)
            }
            served => served,
        };
        let played = self.admitted.as_ref().filter(|_| self.playing.is_some());
        match (served, played) {
            (Ok(why), Some(admitted)) => {
                tracing::info!(path = %admitted.target.path, peer = %self.peer, why, "a stream is no longer handed on");
            }
            (Err(error), Some(admitted)) => {
                let path = &admitted.target.path;
                tracing::info!(%path, peer = %self.peer, why = %error, "a stream is no longer handed on");
            }
            (Ok(why), None) => tracing::debug!(peer = %self.peer, why, "an RTSP connection ended"),
            (Err(error), None) => tracing::debug!(peer = %self.peer, why = %error, "an RTSP connection ended"),
        }
    }

    /// Answers why it ended.
    async fn serve(&mut self) -> io::Result<&'static str> {
        let mut look = tokio::time::interval(LOOK);
        look.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            let is_blocked = self.outbox.is_blocked();
            let interest = if is_blocked { Interest::READABLE | Interest::WRITABLE } else { Interest::READABLE };
            let ending = tokio::select! {
                ready = self.socket.ready(interest) => {
                    let ready = ready?;
                    if ready.is_writable() {
                        self.outbox.flush(&self.socket)?;
                        // Whoever takes what is sent is there.
                        self.life.gives_a_sign(Instant::now());
                    }
                    if ready.is_readable() && self.read().await? == Then::Close {
                        return Ok("the client ended it");
                    }
                    None
                }
                () = taken_back(self.admitted.as_ref()) => return Ok("the right to it was taken back"),
                why = dismissed(self.publishing.as_ref()) => return Ok(why),
                received = next(&mut self.playing), if !is_blocked => self.send(received).await?,
                _ = look.tick() => {
                    self.outbox.flush(&self.socket)?;
                    self.look()
                }
            };
            match ending {
                Some(Ending::TooSlow) => {
                    self.shared.counters.too_slow.fetch_add(1, Relaxed);
                    return Ok(TOO_SLOW);
                }
                Some(ending @ (Ending::StreamChanged | Ending::StreamOver)) => {
                    let is_said = self.says_goodbye(ending)?;
                    if !is_said {
                        return Ok("the stream is coded otherwise now, or over");
                    }
                }
                None if self.leaves_at.is_some_and(|at| Instant::now() >= at) && !self.outbox.is_blocked() => {
                    return Ok("the recording is over");
                }
                None if self.life.is_over(Instant::now()) => return Ok("the client is silent"),
                None => {}
            }
        }
    }

    async fn send(&mut self, received: Received) -> io::Result<Option<Ending>> {
        let Some(session) = &mut self.session else { return Ok(None) };
        let counters = &self.shared.counters;
        let ending =
            session.take(received, &mut Link { socket: &self.socket, outbox: &mut self.outbox, counters }).await?;
        if session.is_interleaved() && !self.outbox.is_blocked() {
            self.life.gives_a_sign(Instant::now());
        }
        Ok(ending)
    }

    fn look(&mut self) -> Option<Ending> {
        let (session, playing) = (self.session.as_mut()?, self.playing.as_mut()?);
        if session.heard() {
            self.life.gives_a_sign(Instant::now());
        }
        let counters = &self.shared.counters;
        match &mut playing.flow {
            Flow::Live(subscription) => {
                session.look(subscription, &Link { socket: &self.socket, outbox: &mut self.outbox, counters })
            }
            // It waits for its client.
            Flow::Recorded(_) => None,
        }
    }

    /// Of a recording, so that its client knows an end from a broken connection. Answers whether it did.
    fn says_goodbye(&mut self, ending: Ending) -> io::Result<bool> {
        let goodbye = self.playing.as_ref().and_then(|playing| playing.flow.goodbye(ending));
        let (Some(reason), Some(session)) = (goodbye, &self.session) else { return Ok(false) };
        let counters = &self.shared.counters;
        session.say_goodbye(reason, &mut Link { socket: &self.socket, outbox: &mut self.outbox, counters })?;
        if let Some(admitted) = &self.admitted {
            let path = &admitted.target.path;
            tracing::info!(%path, peer = %self.peer, why = "it is over", reason, "a recording is no longer handed on");
        }
        (self.playing, self.leaves_at) = (None, Some(Instant::now() + FAREWELL));
        Ok(true)
    }

    /// Lets go of the stream; the connection may be let in again.
    pub fn leave(&mut self) {
        (self.session, self.playing, self.admitted, self.publishing) = (None, None, None, None);
        self.leaves_at = None;
        self.life = Life::begin(Instant::now());
    }

    async fn read(&mut self) -> io::Result<Then> {
        for _ in 0..READS {
            self.inbox.reserve(READ_BYTES);
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
                        if let Some(publisher) = &mut self.publishing {
                            publisher.take(self.inbox[1], &self.inbox[INTERLEAVED_HEADER..size], Instant::now());
                        }
                        self.inbox.drain(..size);
                        self.life.gives_a_sign(Instant::now());
                    }
                    Incoming::Request { request, size } => {
                        self.inbox.drain(..size);
                        self.life.gives_a_sign(Instant::now());
                        if self.answer(&request).await? == Then::Close {
                            return Ok(Then::Close);
                        }
                    }
                    Incoming::Garbage => {
                        self.outbox.send(&self.socket, &Response::new(400).render(SERVER, None))?;
                        return Ok(Then::Close);
                    }
                }
            }
        }
        Ok(Then::Stay)
    }
}

/// Never, while nothing was opened.
async fn taken_back(admitted: Option<&Admitted>) {
    match admitted {
        Some(admitted) => admitted.taken_back.cancelled().await,
        None => std::future::pending().await,
    }
}

/// The next of what plays; never, while nothing does.
async fn next(playing: &mut Option<Playing>) -> Received {
    let Some(playing) = playing else { return std::future::pending().await };
    match playing.first.take() {
        Some(first) => first,
        None => playing.flow.next().await,
    }
}
