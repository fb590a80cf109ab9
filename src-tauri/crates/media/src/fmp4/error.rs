//! Why something cannot be put into MP4 or read from it.

use std::io;
use watchwall_model::{ErrorCode, Problem};

#[derive(Debug, thiserror::Error)]
pub enum FmpError {
    #[error("MP4 cannot hold {codec} here")]
    CodecUnsupported { codec: String },
    #[error("the decoder configuration of {codec} is invalid: {detail}")]
    ConfigInvalid { codec: String, detail: String },
    #[error("neither picture nor sound to write")]
    Empty,
    #[error("{bytes} bytes are more than one fragment may hold")]
    TooLarge { bytes: u64 },
    #[error("not a fragmented MP4 that can be read: {0}")]
    Malformed(&'static str),
    #[error("reading failed")]
    Io(#[from] io::Error),
}

impl FmpError {
    /// The catalogue's code for it.
    pub const fn code(&self) -> ErrorCode {
        match self {
            Self::CodecUnsupported { .. } | Self::ConfigInvalid { .. } => ErrorCode::CodecUnsupported,
            Self::Empty | Self::TooLarge { .. } => ErrorCode::Internal,
            Self::Malformed(_) => ErrorCode::NoRecording,
            Self::Io(_) => ErrorCode::DiskFailed,
        }
    }
}

impl From<FmpError> for Problem {
    fn from(error: FmpError) -> Self {
        let problem = Self::new(error.code()).at("write_or_read_mp4");
        let problem = match &error {
            FmpError::CodecUnsupported { codec } | FmpError::ConfigInvalid { codec, .. } => {
                problem.with("codec", codec)
            }
            _ => problem,
        };
        match &error {
            FmpError::Io(cause) => problem.because(cause),
            _ => problem.because(&error),
        }
    }
}

impl From<FmpError> for io::Error {
    fn from(error: FmpError) -> Self {
        match error {
            FmpError::Io(error) => error,
            other => Self::new(io::ErrorKind::InvalidData, other),
        }
    }
}
