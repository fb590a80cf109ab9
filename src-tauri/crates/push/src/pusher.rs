//! Sends, and keeps open what the next message can use.

use crate::{
    Answer, Message, Outcome, Reach, Target, dingtalk,
    exchange::{Deadline, HttpClients},
    feishu,
    mqtt::Sessions,
    outcome::LONGEST_WAIT,
    target::Way,
    verdict::{Fate, Verdict},
    wecom,
};
use std::{fmt, sync::Arc, time::Duration};
use tokio::time::{Instant, timeout_at};

#[derive(Clone, Copy, Debug)]
pub struct PusherOptions {
    /// Of the whole attempt: connecting, TLS, sending, the answer.
    pub timeout: Duration,
    /// After this silence a session of MQTT ends.
    pub idle: Duration,
    pub reach: Reach,
}

impl Default for PusherOptions {
    fn default() -> Self {
        Self { timeout: Duration::from_secs(5), idle: Duration::from_secs(60), reach: Reach::Everywhere }
    }
}

/// Cheap to clone; clones share connections.
#[derive(Clone)]
pub struct Pusher(Arc<Inner>);

struct Inner {
    timeout: Duration,
    reach: Reach,
    http: HttpClients,
    mqtt: Sessions,
}

impl Pusher {
    pub fn new() -> Self {
        Self::with(PusherOptions::default())
    }

    pub fn with(options: PusherOptions) -> Self {
        let PusherOptions { timeout, idle, reach } = options;
        Self(Arc::new(Inner { timeout, reach, http: HttpClients::new(reach), mqtt: Sessions::new(reach, idle) }))
    }

    /// Tries once. A caller that drops the call ends it; the message may have arrived all the same.
    pub async fn send(&self, target: &Target, message: &Message) -> Outcome {
        let start = Instant::now();
        let deadline = Deadline::after(self.0.timeout);
        // Each way keeps the deadline itself and knows better what was missing; this is for what they forgot.
        let verdict = timeout_at(deadline.at + Duration::from_secs(1), self.try_once(target, message, deadline)).await;
        let verdict = verdict.unwrap_or_else(|_| Verdict::late(self.0.timeout));
        let answer = Answer {
            status: verdict.status,
            response: target.veil.cut(&verdict.text),
            took: start.elapsed(),
            retry_after: verdict.retry_after.map(|wait| wait.min(LONGEST_WAIT)),
        };
        match verdict.fate {
            Fate::Sent => Outcome::Sent(answer),
            Fate::Retry => Outcome::Retry(answer),
            Fate::Refused => Outcome::Refused(answer),
        }
    }

    async fn try_once(&self, target: &Target, message: &Message, deadline: Deadline) -> Verdict {
        let Inner { http, mqtt, reach, .. } = &*self.0;
        match &target.way {
            Way::Webhook(webhook) => webhook.send(message, http, deadline).await,
            Way::Feishu(robot) => feishu::send(robot, message, http, deadline).await,
            Way::Wecom(robot) => wecom::send(robot, message, http, deadline).await,
            Way::Dingtalk(robot) => dingtalk::send(robot, message, http, deadline).await,
            Way::Mail(mail) => mail.send(message, *reach, deadline).await,
            Way::Mqtt(target) => target.send(message, mqtt, deadline).await,
            Way::Desktop => Verdict::refused("the site shows it itself"),
        }
    }

    /// Closes what is open and waits for the sessions of MQTT, two seconds each at most. Messages to brokers are told to
    /// come again from then on.
    pub async fn close(&self) {
        self.0.http.close();
        self.0.mqtt.close().await;
    }
}

impl Default for Pusher {
    fn default() -> Self {
        Self::new()
    }
}

impl fmt::Debug for Pusher {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Pusher")
    }
}
