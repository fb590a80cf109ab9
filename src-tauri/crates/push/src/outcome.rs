//! What came of one attempt.

use std::time::Duration;

/// Characters of an answer that are kept.
pub(crate) const RESPONSE_CHARS: usize = 500;
/// No target makes us wait longer than this.
pub(crate) const LONGEST_WAIT: Duration = Duration::from_secs(600);

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outcome {
    Sent(Answer),
    /// It may work later.
    Retry(Answer),
    /// The same message will not be taken, however often it is sent.
    Refused(Answer),
}

impl Outcome {
    pub const fn answer(&self) -> &Answer {
        match self {
            Self::Sent(answer) | Self::Retry(answer) | Self::Refused(answer) => answer,
        }
    }

    pub const fn is_sent(&self) -> bool {
        matches!(self, Self::Sent(_))
    }
}

#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Answer {
    /// Of HTTP, the reply code of SMTP, the reason code of MQTT. `None` when nothing answered.
    pub status: Option<u32>,
    /// The beginning of the answer, or why there is none; at most 500 characters, without secrets.
    pub response: String,
    pub took: Duration,
    /// When the target said so, at most 10 minutes.
    pub retry_after: Option<Duration>,
}
