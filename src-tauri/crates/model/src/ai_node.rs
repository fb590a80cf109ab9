//! A program that runs AI engines for the site.

use crate::{NodeId, SceneCode, UtcMillis};
use serde::{Deserialize, Serialize};
use std::net::IpAddr;

/// A node as it is kept: who may connect, and what it said of itself last.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AiNode {
    pub id: NodeId,
    pub version: i64,
    /// Given by a person; of a node that came by itself, what it calls itself.
    pub name: String,
    /// What it calls itself, once it has come.
    pub node_id: Option<String>,
    /// It came without a token of its own, from this machine.
    pub is_local: bool,
    pub enabled: bool,
    /// It gets the camera's own address with its password, not the site's.
    pub sees_cameras: bool,
    pub facts: AiNodeFacts,
    pub created_at: UtcMillis,
    pub last_seen_at: Option<UtcMillis>,
}

impl AiNode {
    /// What the site's own node calls itself.
    pub const BUILT_IN: &str = "built-in";
}

/// What a node said when it registered last.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct AiNodeFacts {
    pub algorithms: Vec<SceneCode>,
    pub max_tasks: u32,
    pub can_preview: bool,
    pub can_archive: bool,
    /// Where it came from, and what it says its own address is.
    pub address: Option<String>,
    /// Our own address that it came to.
    pub reached: Option<IpAddr>,
    pub protocol: u32,
}
