//! What can go wrong in the simulator itself. A simulated fault is not an error.

use std::{io, net::SocketAddr, path::PathBuf};
use thiserror::Error;

#[derive(Debug, Error)]
pub enum CamsimError {
    #[error("cannot listen on {address}")]
    Listen {
        address: SocketAddr,
        #[source]
        source: io::Error,
    },
    #[error("GStreamer cannot {action}: {reason}")]
    Encoder { action: &'static str, reason: String },
    #[error("the encoder gave nothing within {seconds} s for {what}")]
    EncoderTimeout { what: String, seconds: u64 },
    #[error("the clip cache at {path} cannot be used")]
    Cache {
        path: PathBuf,
        #[source]
        source: io::Error,
    },
    #[error("no certificate can be made: {reason}")]
    Certificate { reason: String },
    #[error("there is no camera {0}")]
    UnknownCamera(usize),
    #[error("there is no device {0}")]
    UnknownDevice(usize),
    #[error("device {device}: {reason}")]
    BadDevice { device: String, reason: String },
    #[error("camera {camera}: {reason}")]
    BadSpec { camera: String, reason: String },
    #[error("the farm has been shut down")]
    Stopped,
}

/// Coarse classes, for the answer of the control API.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CamsimErrorKind {
    NotFound,
    BadRequest,
    Unavailable,
}

impl CamsimError {
    pub const fn kind(&self) -> CamsimErrorKind {
        match self {
            Self::UnknownCamera(_) | Self::UnknownDevice(_) => CamsimErrorKind::NotFound,
            Self::BadSpec { .. } | Self::BadDevice { .. } => CamsimErrorKind::BadRequest,
            Self::Listen { .. }
            | Self::Encoder { .. }
            | Self::EncoderTimeout { .. }
            | Self::Cache { .. }
            | Self::Certificate { .. }
            | Self::Stopped => CamsimErrorKind::Unavailable,
        }
    }
}
