//! Where a node finds the pictures.

use serde::{Deserialize, Serialize};
use std::fmt;

/// An address with a token or a password in it: whoever prints it by accident prints neither.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct StreamAddress(String);

impl StreamAddress {
    pub fn new(address: impl Into<String>) -> Self {
        Self(address.into())
    }

    pub fn reveal(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for StreamAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("StreamAddress(***)")
    }
}
