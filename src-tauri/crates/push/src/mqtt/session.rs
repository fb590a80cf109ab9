//! One connection to one broker, and the task that owns it.
//!
//! It opens with the first message, ends when nothing was said for a while, when the broker does not acknowledge in time,
//! or when those who could say something are gone. It never tries again by itself: the next message opens the next one.

use super::{
    Broker,
    protocol::{Protocol, Step, Timer},
};
use crate::{
    authorities::tls,
    exchange::Deadline,
    line::{Line, Way},
    reach::Reach,
    verdict::{Verdict, why},
};
use std::{collections::HashMap, time::Duration};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    sync::{mpsc, oneshot},
    time::{Instant, sleep_until, timeout, timeout_at},
};

/// Messages that wait for their acknowledgement at a time.
const IN_FLIGHT: usize = 16;
/// What is to be said goodbye with must not hold anybody up.
const GOODBYE: Duration = Duration::from_millis(500);

/// A message to publish, and who wants to know what became of it.
pub struct Job {
    pub topic: String,
    pub payload: String,
    pub deadline: Deadline,
    pub reply: oneshot::Sender<Reply>,
}

pub enum Reply {
    Done(Verdict),
    /// The session ended before it was that message's turn.
    Unsent {
        topic: String,
        payload: String,
    },
}

impl Job {
    /// Nobody may be waiting any more; then nobody is told.
    fn done(self, verdict: Verdict) {
        let _ = self.reply.send(Reply::Done(verdict));
    }
}

pub struct Settings {
    pub broker: Broker,
    pub client_id: String,
    pub reach: Reach,
    pub idle: Duration,
}

struct Session {
    protocol: Protocol,
    line: Line,
    waiting: HashMap<u16, Job>,
    ping: Option<Instant>,
    ping_answer: Option<Instant>,
    used: Instant,
}

pub async fn run(settings: Settings, mut jobs: mpsc::Receiver<Job>) {
    let Some(first) = jobs.recv().await else { return };
    let deadline = first.deadline;
    let mut session = match timeout_at(deadline.at, Session::open(&settings, deadline)).await {
        Ok(Ok(session)) => session,
        Ok(Err(verdict)) => {
            // Whoever waits meanwhile would meet the same.
            jobs.close();
            while let Some(job) = jobs.recv().await {
                job.done(verdict.clone());
            }
            return first.done(verdict);
        }
        Err(_) => {
            // Whoever came later has time left.
            give_back(jobs).await;
            return first.done(Verdict::late(deadline.within));
        }
    };
    let mut end = session.publish(first).await;
    while end.is_ok() {
        end = session.turn(&mut jobs, settings.idle).await;
    }
    give_back(jobs).await;
    session.end(end.err().unwrap_or_default()).await;
}

/// From here on nobody can hand a message over; those that were are given back.
async fn give_back(mut jobs: mpsc::Receiver<Job>) {
    jobs.close();
    while let Some(Job { topic, payload, reply, .. }) = jobs.recv().await {
        let _ = reply.send(Reply::Unsent { topic, payload });
    }
}

impl Session {
    async fn open(settings: &Settings, deadline: Deadline) -> Result<Self, Verdict> {
        let broker = &settings.broker;
        let tls = broker.has_tls.then(|| tls(broker.own.as_ref()));
        // The protocol bounds single packets; a session may live for years.
        let way = Way { host: &broker.host, port: broker.port, tls, reach: settings.reach, limit_bytes: u64::MAX };
        let line = Line::open(way, deadline.at).await?;
        let now = Instant::now();
        let protocol = Protocol::new(broker.version);
        let mut session = Self { protocol, line, waiting: HashMap::new(), ping: None, ping_answer: None, used: now };
        let steps = session.protocol.connect(broker, &settings.client_id)?;
        session.carry_out(steps).await.map_err(Verdict::retry)?;
        let mut buffer = [0; 1024];
        loop {
            let read = session.line.read(&mut buffer).await.map_err(|error| Verdict::retry(why(&error)))?;
            if read == 0 {
                return Err(Verdict::retry("the connection was closed before an answer came"));
            }
            let mut steps = session.protocol.received(&buffer[..read]);
            if let Some(at) = steps.iter().position(|step| matches!(step, Step::Unwelcome(_)))
                && let Step::Unwelcome(verdict) = steps.swap_remove(at)
            {
                return Err(verdict);
            }
            let is_welcome = steps.contains(&Step::Welcome);
            session.carry_out(steps).await.map_err(Verdict::retry)?;
            if is_welcome {
                return Ok(session);
            }
        }
    }

    /// Waits for whatever comes first and does it. `Err` says why the session ends.
    async fn turn(&mut self, jobs: &mut mpsc::Receiver<Job>, idle: Duration) -> Result<(), String> {
        let mut buffer = [0; 1024];
        let alarm = self.alarm(idle);
        tokio::select! {
            job = jobs.recv(), if self.waiting.len() < IN_FLIGHT => match job {
                Some(job) => self.publish(job).await,
                // Nobody can say anything any more; what was said is waited for.
                None if self.waiting.is_empty() => Err(String::new()),
                None => self.listen(&mut buffer).await,
            },
            read = self.line.read(&mut buffer) => self.received(read.map(|read| &buffer[..read])).await,
            () = sleep_until(alarm) => self.due(idle).await,
        }
    }

    /// When something has to be done though nothing is heard. Silence only ends a session that waits for nothing.
    fn alarm(&self, idle: Duration) -> Instant {
        let due = self.waiting.values().map(|job| job.deadline.at).min();
        let silent = self.used + idle;
        [self.ping, self.ping_answer].into_iter().flatten().fold(due.unwrap_or(silent), Instant::min)
    }

    async fn listen(&mut self, buffer: &mut [u8]) -> Result<(), String> {
        let until = self.waiting.values().map(|job| job.deadline.at).min().unwrap_or(self.used);
        let read = timeout_at(until, self.line.read(buffer)).await.map_err(|_| "no acknowledgement in time")?;
        self.received(read.map(|read| &buffer[..read])).await
    }

    async fn received(&mut self, read: std::io::Result<&[u8]>) -> Result<(), String> {
        let bytes = read.map_err(|error| why(&error))?;
        if bytes.is_empty() {
            return Err("the broker closed the connection".into());
        }
        let steps = self.protocol.received(bytes);
        self.carry_out(steps).await
    }

    async fn due(&mut self, idle: Duration) -> Result<(), String> {
        let now = Instant::now();
        if self.waiting.values().any(|job| job.deadline.at <= now) {
            return Err("no acknowledgement in time".into());
        }
        if self.waiting.is_empty() && self.used + idle <= now {
            return Err(String::new());
        }
        let mut steps = Vec::new();
        if self.ping.take_if(|at| *at <= now).is_some() {
            steps.extend(self.protocol.fired(Timer::Ping));
        }
        if self.ping_answer.take_if(|at| *at <= now).is_some() {
            steps.extend(self.protocol.fired(Timer::PingAnswer));
        }
        self.carry_out(steps).await
    }

    async fn publish(&mut self, mut job: Job) -> Result<(), String> {
        self.used = Instant::now();
        match self.protocol.publish(&job.topic, std::mem::take(&mut job.payload)) {
            Ok((id, steps)) => {
                self.waiting.insert(id, job);
                self.carry_out(steps).await
            }
            Err(verdict) => {
                job.done(verdict);
                Ok(())
            }
        }
    }

    async fn carry_out(&mut self, steps: Vec<Step>) -> Result<(), String> {
        for step in steps {
            match step {
                Step::Send(bytes) => {
                    // A broker that does not read must not hold the task for ever.
                    let until = self.waiting.values().map(|job| job.deadline.at).min();
                    let until = until.unwrap_or_else(|| Instant::now() + GOODBYE);
                    let written = timeout_at(until, async {
                        self.line.write_all(&bytes).await?;
                        self.line.flush().await
                    });
                    written.await.map_err(|_| "the broker reads too slowly")?.map_err(|error| why(&error))?;
                }
                Step::Acknowledged { id, verdict } => {
                    self.used = Instant::now();
                    if let Some(job) = self.waiting.remove(&id) {
                        job.done(verdict);
                    }
                }
                Step::Timer { timer: Timer::Ping, after } => self.ping = after.map(|after| Instant::now() + after),
                Step::Timer { timer: Timer::PingAnswer, after } => {
                    self.ping_answer = after.map(|after| Instant::now() + after);
                }
                Step::Close(why) => return Err(why),
                Step::Welcome | Step::Unwelcome(_) => {}
            }
        }
        Ok(())
    }

    /// Says goodbye, and to those who wait that they wait in vain.
    async fn end(mut self, why: String) {
        if why.is_empty() {
            let steps = self.protocol.disconnect();
            let _ = timeout(GOODBYE, self.carry_out(steps)).await;
            let _ = timeout(GOODBYE, self.line.shutdown()).await;
        }
        for (_, job) in self.waiting.drain() {
            job.done(Verdict::retry(why.clone()));
        }
    }
}
