//! A node that announces `archive`, on a recording.

use super::of_node::{Site, text};
use std::time::Duration;
use tokio::time::Instant;
use watchwall_engine_protocol::{NodeMessage, SiteMessage, StartTask, StreamAddress, TaskRange, TaskState};
use watchwall_model::TaskId;

/// Between two signs that it is at it.
const SILENT_FOR: Duration = Duration::from_secs(30);
/// Whatever is recorded.
const DONE_WITHIN: Duration = Duration::from_secs(600);
const TRIAL: TaskId = TaskId(TaskId::FIRST_TRIAL.0 + 1);

/// A stretch of a recording, as the node reaches it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Recording {
    pub address: StreamAddress,
    pub range: TaskRange,
}

impl Site {
    /// All of it within the range, then `STOPPED` for each scene.
    pub(super) async fn looks_at(&mut self, recording: &Recording, like: &StartTask) -> Result<(), String> {
        let Recording { address, range } = recording.clone();
        let start = StartTask { task_id: TRIAL, rtsp: address, range: Some(range), ..like.clone() };
        self.wire.say(text(&SiteMessage::StartTask { data: start.clone() })?).await?;
        let (until, mut left, mut results) = (Instant::now() + DONE_WITHIN, start.scene_codes, 0_u64);
        while !left.is_empty() {
            if Instant::now() >= until {
                return Err(format!("it is at it for more than {} s", DONE_WITHIN.as_secs()));
            }
            let said = self.find(SILENT_FOR, |message| match message {
                NodeMessage::Result(result) if result.task == TRIAL => Some(NodeMessage::Result(result)),
                NodeMessage::Status(status) if status.task == TRIAL => Some(NodeMessage::Status(status)),
                NodeMessage::Keepalive(keepalive) if keepalive.task == TRIAL => Some(NodeMessage::Keepalive(keepalive)),
                _ => None,
            });
            match said.await? {
                NodeMessage::Result(result) if !(range.from..range.to).contains(&result.at.0) => {
                    return Err(format!("ts {} is outside of the range", result.at.0));
                }
                NodeMessage::Result(_) => results += 1,
                NodeMessage::Status(status) => match status.state {
                    TaskState::Running => {}
                    TaskState::Stopped => left.retain(|scene| *scene != status.scene),
                    TaskState::Error => return Err(status.error_message.unwrap_or_else(|| "it says ERROR".to_owned())),
                },
                _ => {}
            }
        }
        if results == 0 { Err("it said nothing about the pictures".to_owned()) } else { Ok(()) }
    }
}
