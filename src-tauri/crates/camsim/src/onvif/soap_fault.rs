//! Faults of single operations, on command.

use serde::{Deserialize, Serialize};

/// Spoils one operation. As JSON: `{"operation": "GetProfiles", "answer": {"kind": "huge"}, "times": 1}`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SoapFault {
    /// Name without prefix; `*` for every one, `GET` for pictures.
    pub operation: String,
    pub answer: SoapAnswer,
    /// How often before it heals; for ever when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub times: Option<u32>,
}

/// What comes instead of the answer.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum SoapAnswer {
    /// A fault of the sender with these subcodes, outermost first.
    Fault {
        #[serde(default = "bad_request")]
        status: u16,
        #[serde(default)]
        subcodes: Vec<String>,
        #[serde(default)]
        reason: String,
    },
    /// Nothing but a status.
    Status { status: u16 },
    /// A web page.
    Html {
        #[serde(default = "ok")]
        status: u16,
    },
    /// Well-formed XML of so many bytes and more.
    Huge {
        #[serde(default = "eight_megabytes")]
        bytes: usize,
    },
    /// Elements in each other.
    Deep {
        #[serde(default = "ten_thousand")]
        depth: usize,
    },
    /// A document type whose entities grow without end.
    EntityBomb,
    /// The usual answer, one byte at a time.
    Drip {
        #[serde(default = "second")]
        gap_ms: u64,
    },
    /// The usual answer, later.
    Late { ms: u64 },
    /// The connection stays open and nothing comes.
    Nothing,
    /// The connection closes without an answer.
    Close,
}

const fn bad_request() -> u16 {
    400
}

const fn ok() -> u16 {
    200
}

const fn eight_megabytes() -> usize {
    8 * 1024 * 1024
}

const fn ten_thousand() -> usize {
    10_000
}

const fn second() -> u64 {
    1000
}

impl SoapFault {
    /// For ever.
    pub fn new(operation: impl Into<String>, answer: SoapAnswer) -> Self {
        Self { operation: operation.into(), answer, times: None }
    }

    pub(crate) fn fits(&self, operation: &str) -> bool {
        self.times != Some(0) && (self.operation == "*" && operation != "GET" || self.operation == operation)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn orders_read_from_json() {
        let order: SoapFault = serde_json::from_str(r#"{"operation":"GetProfiles","answer":{"kind":"huge"}}"#).unwrap();
        assert_eq!(order, SoapFault::new("GetProfiles", SoapAnswer::Huge { bytes: 8 * 1024 * 1024 }));
        assert!(order.fits("GetProfiles") && !order.fits("GetUsers"));
        let any = SoapFault { times: Some(0), ..SoapFault::new("*", SoapAnswer::Close) };
        assert!(!any.fits("GetUsers") && SoapFault { times: Some(1), ..any }.fits("GetUsers"));
    }
}
