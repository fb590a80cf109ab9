//! What can go wrong with files of evidence.

use std::{
    io,
    path::{Path, PathBuf},
};
use watchwall_model::{ErrorCode, Problem};

#[derive(Debug, thiserror::Error)]
pub enum EvidenceError {
    #[error("cannot {what} {}", path.display())]
    File { what: &'static str, path: PathBuf, source: io::Error },
    #[error("{} holds no Ed25519 key", path.display())]
    Key { path: PathBuf },
    #[error("the system gives no random numbers")]
    Random,
    #[error("cannot write the archive")]
    Archive(#[source] zip::result::ZipError),
    #[error("cannot put {what} into words")]
    Words { what: &'static str, source: serde_json::Error },
}

impl EvidenceError {
    pub(crate) fn file(what: &'static str, path: &Path) -> impl FnOnce(io::Error) -> Self {
        let path = path.to_owned();
        move |source| Self::File { what, path, source }
    }

    pub fn code(&self) -> ErrorCode {
        match self.io() {
            Some(error) if is_full(error) => ErrorCode::DiskFull,
            Some(_) => ErrorCode::DiskFailed,
            None => ErrorCode::Internal,
        }
    }

    fn io(&self) -> Option<&io::Error> {
        match self {
            Self::File { source, .. } | Self::Archive(zip::result::ZipError::Io(source)) => Some(source),
            _ => None,
        }
    }
}

fn is_full(error: &io::Error) -> bool {
    matches!(error.kind(), io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded)
}

impl From<EvidenceError> for Problem {
    fn from(error: EvidenceError) -> Self {
        let mut problem = Self::new(error.code());
        if let EvidenceError::File { path, .. } | EvidenceError::Key { path } = &error {
            problem = problem.with("path", path.display());
        }
        let cause = std::error::Error::source(&error).map(|cause| format!(": {cause}")).unwrap_or_default();
        problem.because(format!("{error}{cause}"))
    }
}
