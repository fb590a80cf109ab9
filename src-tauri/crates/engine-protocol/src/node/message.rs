//! One message of a node, whichever it is.

use super::{NodeHeartbeat, NodeRegister, TaskKeepalive, TaskStatus};
use crate::{
    AiResult, Refusal,
    bounded::{Text, words},
    result,
};
use serde::Deserialize;

/// Node to site.
#[derive(Clone, Debug, PartialEq)]
pub enum NodeMessage {
    Register(NodeRegister),
    Heartbeat(NodeHeartbeat),
    Keepalive(TaskKeepalive),
    Status(TaskStatus),
    Result(AiResult),
}

/// Read first and alone: a message tagged inside would be copied before it is understood, and results are many.
#[derive(Deserialize)]
struct Head<'a> {
    #[serde(borrow, rename = "type")]
    kind: Option<Text<'a>>,
}

/// The `type` of a message, as long as one may be.
pub fn kind_of(text: &str) -> Result<String, Refusal> {
    let head: Head<'_> = match serde_json::from_str(text) {
        Ok(head) => head,
        Err(error) if error.is_data() => return Err(Refusal::NoType),
        Err(error) => return Err(Refusal::NotJson { detail: error.to_string() }),
    };
    // A list would be read as the fields in their order.
    if !text.trim_start().starts_with('{') {
        return Err(Refusal::NoType);
    }
    head.kind.map(|kind| words(&kind.0, 64)).ok_or(Refusal::NoType)
}

impl NodeMessage {
    /// # Errors
    /// [`Refusal`], which says what to answer.
    pub fn parse(text: &str) -> Result<Self, Refusal> {
        let kind = kind_of(text)?;
        match kind.as_str() {
            result::TYPE => result::read(text).map(Self::Result),
            TaskKeepalive::TYPE => TaskKeepalive::read(text).map(Self::Keepalive),
            NodeHeartbeat::TYPE => NodeHeartbeat::read(text).map(Self::Heartbeat),
            TaskStatus::TYPE => TaskStatus::read(text).map(Self::Status),
            NodeRegister::TYPE => NodeRegister::read(text).map(Self::Register),
            _ => Err(Refusal::UnknownType { of: kind }),
        }
    }
}

#[cfg(test)]
#[path = "message_tests.rs"]
mod tests;
