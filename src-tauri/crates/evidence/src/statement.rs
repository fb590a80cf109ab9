//! `statement.json`, the proof of recording: what one camera's stream has of one day, and why it lacks the rest.

use crate::manifest::{SiteFacts, Span};
use serde::{Deserialize, Serialize};
use watchwall_model::{GapReason, UtcMillis};

/// The signed document. Times are UTC milliseconds.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Statement {
    /// Always [`Statement::FORMAT`].
    pub format: String,
    pub site: SiteFacts,
    pub camera: String,
    pub path: String,
    /// The site's day, `YYYY-MM-DD`.
    pub day: String,
    /// From midnight to midnight of the site.
    pub range: Span,
    pub stated_at: UtcMillis,
    pub covered_ms: i64,
    pub coverage: Vec<Span>,
    pub gaps: Vec<StatementGap>,
    /// The last file of the chain of checksums that was begun before the end of the day, if any was finished by then: its
    /// number, and the checksum of all files up to it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub chain: Option<StatementChain>,
    /// SHA-256 of the statement before this one, of the same stream: none can be taken out unseen.
    pub previous_sha256: Option<String>,
}

impl Statement {
    pub const FORMAT: &str = "watchwall-statement-1";
}

/// Where the chain of checksums of a stream's files stood.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct StatementChain {
    pub number: i64,
    /// See [`crate::link`]; 64 hexadecimal digits.
    pub sha256: String,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct StatementGap {
    pub from: UtcMillis,
    pub to: UtcMillis,
    pub reason: GapReason,
}
