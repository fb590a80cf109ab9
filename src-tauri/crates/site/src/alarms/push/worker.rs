//! One channel: takes what waits for it, sends, and writes down how it went.

use super::{
    flood::{Flood, MOST_TOGETHER, Next},
    keeper::Healths,
    message::{line, message, picture, summary},
};
use crate::{alarms::news::AlarmNews, language::Language};
use rand::Rng;
use std::{path::PathBuf, sync::Arc, time::Duration};
use tokio::{
    sync::{Notify, broadcast, mpsc},
    time::{sleep, timeout},
};
use tokio_util::sync::CancellationToken;
use watchwall_model::{AlarmSource, Happening, Problem, UtcMillis};
use watchwall_push::{Answer, ChannelKind, Message, Outcome, Pusher, Target};
use watchwall_store::{OutboxRow, PushChannelRow, PushLogRow, PushOutcome, Settled, Store, StoreError};

const FIRST_BACK_OFF_MS: i64 = 1_000;
const LONGEST_BACK_OFF_MS: i64 = 600_000;
/// What is older was not told, and that is an alarm.
const GIVE_UP_AFTER_MS: i64 = 86_400_000;
/// A channel that failed for so long is told of.
const FAILING_AFTER_MS: i64 = 600_000;
/// It is looked again without being woken.
const LOOK_EVERY: Duration = Duration::from_secs(60);
/// While the database refuses.
const STORE_RETRY: Duration = Duration::from_secs(1);

/// What a channel's task works with.
pub struct Worker {
    pub store: Store,
    pub pusher: Pusher,
    pub channel: PushChannelRow,
    pub wake: Arc<Notify>,
    pub healths: Arc<Healths>,
    pub data_folder: PathBuf,
    pub news: broadcast::Sender<AlarmNews>,
    /// Where it says that it cannot tell anybody.
    pub happened: mpsc::Sender<Happening>,
}

/// How it goes with the target.
#[derive(Default)]
struct Run {
    failing_since: Option<UtcMillis>,
    is_told: bool,
}

impl Worker {
    pub async fn run(self, cancel: CancellationToken) {
        let target = self.target();
        let mut flood = Flood::new(self.channel.change.per_minute);
        let mut run = Run::default();
        while !cancel.is_cancelled() {
            let wait = match self.step(target.as_ref(), &mut flood, &mut run, &cancel).await {
                Ok(wait) => wait,
                Err(problem) => {
                    tracing::error!(channel = %self.channel.change.name, %problem, "what is to be told could not be read or settled");
                    STORE_RETRY
                }
            };
            tokio::select! {
                () = cancel.cancelled() => return,
                () = sleep(wait) => {}
                () = self.wake.notified(), if !wait.is_zero() => {}
            }
        }
    }

    fn target(&self) -> Result<Target, Problem> {
        super::keeper::target_of(&self.channel.change)
    }

    /// One attempt at most; how long to wait before the next look.
    async fn step(
        &self,
        target: Result<&Target, &Problem>,
        flood: &mut Flood,
        run: &mut Run,
        cancel: &CancellationToken,
    ) -> Result<Duration, Problem> {
        let rows = self.store.push().head(self.channel.id, MOST_TOGETHER as u32).await?;
        let now = UtcMillis::now();
        let rows = match flood.next(&rows, now) {
            Next::Idle => return Ok(LOOK_EVERY),
            Next::WaitUntil(at) => {
                let ms = u64::try_from(at - now).unwrap_or(0);
                return Ok(Duration::from_millis(ms.max(1)).min(LOOK_EVERY));
            }
            Next::One => rows.into_iter().take(1).collect::<Vec<_>>(),
            Next::Together(count) => {
                let together: Vec<OutboxRow> = rows.into_iter().take(count).collect();
                // Written first: after a crash these are tried together again, by the same key.
                self.mark(&together, now).await?
            }
        };
        let (message, place) = match self.prepare(&rows, target).await {
            Ok(prepared) => prepared,
            Err(problem) => {
                let answer = Answer { response: problem.to_string(), ..Answer::default() };
                self.settle(&rows, "", "", PushOutcome::Refused, &answer, now).await?;
                self.complain("push_refused", &answer, now).await;
                return Ok(Duration::ZERO);
            }
        };
        let Ok(target) = target else { return Ok(Duration::ZERO) };
        let outcome = tokio::select! {
            () = cancel.cancelled() => return Ok(Duration::ZERO),
            outcome = self.send(target, &message, &rows) => outcome,
        };
        flood.sent(now);
        self.note(outcome, &rows, &message, &place, run).await?;
        Ok(Duration::ZERO)
    }

    async fn mark(&self, rows: &[OutboxRow], now: UtcMillis) -> Result<Vec<OutboxRow>, StoreError> {
        let marked: Vec<OutboxRow> =
            rows.iter().map(|row| OutboxRow { attempts: row.attempts + 1, ..row.clone() }).collect();
        let settled: Vec<_> =
            marked.iter().map(|row| (row.id, Settled::Later { attempts: row.attempts, next_at: now })).collect();
        self.store.push().settle(&settled, &[]).await?;
        Ok(marked)
    }

    /// # Errors
    /// The channel's settings, or content that is not ours.
    async fn prepare(
        &self,
        rows: &[OutboxRow],
        target: Result<&Target, &Problem>,
    ) -> Result<(Message, String), Problem> {
        let place = target.map_err(Clone::clone)?.place();
        let language = Language::parse(&self.channel.change.language).unwrap_or(Language::English);
        let message = match rows {
            [row] => {
                let (kept, folder) = (row.clone(), self.data_folder.clone());
                let read = tokio::task::spawn_blocking(move || picture(&kept, &folder)).await;
                message(row, language, read.ok().flatten())?
            }
            rows => summary(rows, language)?,
        };
        Ok((message, place))
    }

    async fn send(&self, target: &Target, message: &Message, rows: &[OutboxRow]) -> Outcome {
        if target.kind() == ChannelKind::Desktop {
            let alarm = rows.iter().rev().find_map(|row| row.alarm);
            // Whoever has a window open shows it; nobody else would.
            let _ = self.news.send(AlarmNews::Notify {
                title: message.title.clone(),
                text: message.text.clone(),
                level: message.level,
                alarm,
            });
            return Outcome::Sent(Answer::default());
        }
        self.pusher.send(target, message).await
    }

    async fn note(
        &self,
        outcome: Outcome,
        rows: &[OutboxRow],
        message: &Message,
        place: &str,
        run: &mut Run,
    ) -> Result<(), Problem> {
        let now = UtcMillis::now();
        let content = line(message);
        let (came_to, answer) = match outcome {
            Outcome::Sent(answer) => (PushOutcome::Sent, answer),
            Outcome::Refused(answer) => (PushOutcome::Refused, answer),
            Outcome::Retry(answer) => {
                let is_old = rows.iter().all(|row| now - row.created_at >= GIVE_UP_AFTER_MS);
                (if is_old { PushOutcome::GivenUp } else { PushOutcome::Retry }, answer)
            }
        };
        self.healths.note(self.channel.id, came_to, &answer, now);
        self.settle(rows, place, &content, came_to, &answer, now).await?;
        match came_to {
            PushOutcome::Sent | PushOutcome::Summarised => *run = Run::default(),
            PushOutcome::Retry => {
                let since = *run.failing_since.get_or_insert(now);
                if !run.is_told && now - since >= FAILING_AFTER_MS {
                    run.is_told = true;
                    self.complain("push_failing", &answer, now).await;
                }
            }
            PushOutcome::Refused => self.complain("push_refused", &answer, now).await,
            PushOutcome::GivenUp => self.complain("push_given_up", &answer, now).await,
        }
        Ok(())
    }

    /// That people are not reached is something people should know.
    async fn complain(&self, kind: &str, answer: &Answer, now: UtcMillis) {
        let what = Happening::new(AlarmSource::Push, kind, now)
            .about(&self.channel.change.name)
            .with("answer", &answer.response)
            .alarming(3);
        // The desk may be busy with a disk that is full; this waits with it, but not for ever.
        let _ = timeout(LOOK_EVERY, self.happened.send(what)).await;
    }

    async fn settle(
        &self,
        rows: &[OutboxRow],
        place: &str,
        content: &str,
        outcome: PushOutcome,
        answer: &Answer,
        now: UtcMillis,
    ) -> Result<(), StoreError> {
        let is_summary = rows.len() > 1;
        let settled = rows.iter().map(|row| {
            let settled = match outcome {
                PushOutcome::Retry => {
                    // Those tried together were counted before.
                    let attempts = if is_summary { row.attempts } else { row.attempts + 1 };
                    Settled::Later { attempts, next_at: next_at(attempts, answer.retry_after, now) }
                }
                _ => Settled::Gone,
            };
            (row.id, settled)
        });
        let settled: Vec<_> = match (outcome, settled.collect::<Vec<_>>()) {
            // One moment for all: they stay together.
            (PushOutcome::Retry, all) => {
                let first = all.first().map(|(_, settled)| *settled);
                all.into_iter().map(|(id, settled)| (id, first.unwrap_or(settled))).collect()
            }
            (_, all) => all,
        };
        let lines: Vec<PushLogRow> = rows
            .iter()
            .enumerate()
            .map(|(n, row)| PushLogRow {
                id: 0,
                at: now,
                channel: self.channel.id,
                channel_name: self.channel.change.name.clone(),
                target: place.to_owned(),
                alarm: row.alarm,
                content: content.to_owned(),
                attempt: if is_summary { row.attempts } else { row.attempts + 1 },
                // The first stands for the message, the others were told in it.
                outcome: if n > 0 && outcome == PushOutcome::Sent { PushOutcome::Summarised } else { outcome },
                status: answer.status,
                response: (!answer.response.is_empty()).then(|| answer.response.clone()),
                took_ms: u32::try_from(answer.took.as_millis()).unwrap_or(u32::MAX),
            })
            .collect();
        // What was sent must be known to be sent, or it is sent twice: while the database refuses, this goes on trying.
        while let Err(error) = self.store.push().settle(&settled, &lines).await {
            tracing::error!(channel = %self.channel.change.name, %error, "how a push went could not be written down");
            sleep(STORE_RETRY).await;
        }
        Ok(())
    }
}

/// When the next attempt is made after so many that failed.
fn next_at(attempts: u32, retry_after: Option<Duration>, now: UtcMillis) -> UtcMillis {
    let doubled = FIRST_BACK_OFF_MS.saturating_mul(1 << attempts.saturating_sub(1).min(20));
    let back_off = doubled.min(LONGEST_BACK_OFF_MS);
    // Channels that failed together do not come together again.
    let jitter = rand::rng().random_range(0..=back_off / 5);
    let asked = retry_after.map_or(0, |after| i64::try_from(after.as_millis()).unwrap_or(0));
    now.saturating_add_ms((back_off - jitter).max(asked).min(LONGEST_BACK_OFF_MS))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn back_off_doubles_to_ten_minutes_and_a_target_may_ask_for_longer() {
        let check = |attempts: u32, asked: Option<u64>, least: i64, most: i64| {
            let wait = next_at(attempts, asked.map(Duration::from_secs), UtcMillis(0)).0;
            assert!((least..=most).contains(&wait), "{attempts} {asked:?}: {wait}");
        };
        check(1, None, 800, 1_000);
        check(4, None, 6_400, 8_000);
        check(40, None, 480_000, 600_000);
        check(1, Some(30), 30_000, 30_000);
        check(1, Some(86_400), 600_000, 600_000);
    }
}
