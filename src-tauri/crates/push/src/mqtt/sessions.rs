//! All sessions: who shares one, how many there are, and their end.

use super::{
    Broker,
    session::{Job, Reply, Settings, run},
};
use crate::{exchange::Deadline, reach::Reach, sign, verdict::Verdict};
use std::{
    collections::HashMap,
    sync::{Mutex, MutexGuard, PoisonError},
    time::Duration,
};
use tokio::{
    sync::{mpsc, oneshot},
    task::JoinHandle,
    time::{Instant, timeout, timeout_at},
};

/// Beyond these the one that was silent longest is ended.
const SESSIONS: usize = 32;
/// Messages that wait for a session at a time; more are told to come again.
const QUEUE: usize = 16;
const FAREWELL: Duration = Duration::from_secs(2);

pub struct Sessions {
    /// Random for each start of the site: two sites may have the same name.
    site: [u8; 16],
    reach: Reach,
    idle: Duration,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    open: HashMap<[u8; 32], Open>,
    /// Ended ones whose task may still say goodbye.
    leaving: Vec<JoinHandle<()>>,
    is_closed: bool,
}

struct Open {
    jobs: mpsc::Sender<Job>,
    task: JoinHandle<()>,
    used: Instant,
}

impl Sessions {
    pub fn new(reach: Reach, idle: Duration) -> Self {
        Self { site: rand::random(), reach, idle, state: Mutex::default() }
    }

    pub async fn publish(&self, broker: &Broker, topic: String, payload: String, deadline: Deadline) -> Verdict {
        let (mut topic, mut payload) = (topic, payload);
        // A session may end in the moment that a message is handed to it.
        for _ in 0..3 {
            let Some(jobs) = self.session(broker) else { return Verdict::retry("the site is shutting down") };
            let (reply, answer) = oneshot::channel();
            match jobs.try_send(Job { topic, payload, deadline, reply }) {
                Ok(()) => match timeout_at(deadline.at, answer).await {
                    Err(_) => return Verdict::late(deadline.within),
                    Ok(Err(_)) => break,
                    Ok(Ok(Reply::Done(verdict))) => return verdict,
                    Ok(Ok(Reply::Unsent { topic: t, payload: p })) => (topic, payload) = (t, p),
                },
                Err(mpsc::error::TrySendError::Full(_)) => {
                    return Verdict::retry("too many messages wait for this broker");
                }
                Err(mpsc::error::TrySendError::Closed(job)) => (topic, payload) = (job.topic, job.payload),
            }
        }
        Verdict::retry("the session ended")
    }

    /// The session of a broker, opened when there is none; `None` once all is closed.
    fn session(&self, broker: &Broker) -> Option<mpsc::Sender<Job>> {
        let identity = broker.identity();
        let mut state = self.state();
        if state.is_closed {
            return None;
        }
        state.leaving.retain(|task| !task.is_finished());
        if let Some(open) = state.open.get_mut(&identity).filter(|open| !open.jobs.is_closed()) {
            open.used = Instant::now();
            return Some(open.jobs.clone());
        }
        if let Some(ended) = state.open.remove(&identity) {
            state.leaving.push(ended.task);
        }
        if state.open.len() >= SESSIONS
            && let Some(oldest) = state.open.iter().min_by_key(|(_, open)| open.used).map(|(identity, _)| *identity)
            && let Some(open) = state.open.remove(&oldest)
        {
            state.leaving.push(open.task);
        }
        let settings = Settings {
            broker: broker.clone(),
            client_id: self.client_id(&identity),
            reach: self.reach,
            idle: self.idle,
        };
        let (jobs, waiting) = mpsc::channel(QUEUE);
        let task = tokio::spawn(run(settings, waiting));
        state.open.insert(identity, Open { jobs: jobs.clone(), task, used: Instant::now() });
        Some(jobs)
    }

    /// 23 letters and digits, which every broker of MQTT 3.1.1 has to take (section 3.1.3.1). Sessions of one site to one
    /// broker differ, or each would throw the other out.
    fn client_id(&self, identity: &[u8; 32]) -> String {
        let both = [self.site.as_slice(), identity].concat();
        format!("watchwall{}", sign::hex(&sign::sha256(&both)[..7]))
    }

    /// Ends all sessions once what was said is acknowledged, and waits for them.
    pub async fn close(&self) {
        let tasks: Vec<_> = {
            let mut state = self.state();
            state.is_closed = true;
            let open = std::mem::take(&mut state.open);
            let leaving = std::mem::take(&mut state.leaving);
            open.into_values().map(|open| open.task).chain(leaving).collect()
        };
        for mut task in tasks {
            if timeout(FAREWELL, &mut task).await.is_err() {
                task.abort();
            }
        }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
