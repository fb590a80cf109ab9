//! Why a message was not taken.

/// Answered as `ERROR`; the connection stays.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    #[error("not JSON: {detail}")]
    NotJson { detail: String },
    #[error("an object with a text `type` is expected")]
    NoType,
    /// Not answered: later versions may say more than this one knows.
    #[error("unknown type {of}")]
    UnknownType { of: String },
    #[error("{of}: {detail}")]
    Field { of: String, detail: String },
}

impl Refusal {
    /// What the `ERROR` message says; part of the protocol.
    pub const fn code(&self) -> &'static str {
        match self {
            Self::NotJson { .. } => "json_invalid",
            Self::NoType => "type_missing",
            Self::UnknownType { .. } => "type_unknown",
            Self::Field { .. } => "field_invalid",
        }
    }

    /// The type of the offending message, as far as it could be read.
    pub fn of(&self) -> &str {
        match self {
            Self::NotJson { .. } | Self::NoType => "",
            Self::UnknownType { of } | Self::Field { of, .. } => of,
        }
    }
}
