//! What can go wrong with the database, as kinds and as the catalogue's problems.

use std::path::PathBuf;
use watchwall_model::{ErrorCode, Problem};

#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    #[error("the database is locked by another program")]
    Locked(#[source] sqlx::Error),
    #[error("the database was written by a newer version: it has step {found}, this program knows {known}")]
    Newer { found: i64, known: i64 },
    #[error("the database is damaged")]
    Damaged(#[source] sqlx::Error),
    #[error("the data folder {} is used by process {pid}", folder.display())]
    FolderInUse { folder: PathBuf, pid: String },
    #[error("cannot {what} {}", path.display())]
    File { what: &'static str, path: PathBuf, source: std::io::Error },
    #[error("a stored value cannot be read: {what}")]
    Value { what: String },
    #[error("the name {name} is taken")]
    NameTaken { name: String },
    #[error("the camera exists")]
    CameraExists,
    #[error("the device exists")]
    DeviceExists,
    #[error("{what} was changed by someone else")]
    VersionConflict { what: &'static str },
    #[error("{what} was not found")]
    NotFound { what: &'static str },
    #[error("the last administrator must stay")]
    LastAdministrator,
    #[error("a group cannot lie in itself")]
    GroupCycle,
    #[error("the disk is full")]
    DiskFull(#[source] sqlx::Error),
    #[error("the database refused a statement")]
    Sql(#[source] sqlx::Error),
}

/// SQLite primary result codes (sqlite.org/rescode.html).
const BUSY: i64 = 5;
const LOCKED: i64 = 6;
const CORRUPT: i64 = 11;
const FULL: i64 = 13;
const NOT_A_DATABASE: i64 = 26;

impl From<sqlx::Error> for StoreError {
    fn from(error: sqlx::Error) -> Self {
        if matches!(error, sqlx::Error::PoolTimedOut) {
            return Self::Locked(error);
        }
        let code = error.as_database_error().and_then(|e| e.code()).and_then(|code| code.parse::<i64>().ok());
        match code.map(|code| code & 0xff) {
            Some(BUSY | LOCKED) => Self::Locked(error),
            Some(CORRUPT | NOT_A_DATABASE) => Self::Damaged(error),
            Some(FULL) => Self::DiskFull(error),
            _ => Self::Sql(error),
        }
    }
}

impl StoreError {
    pub fn code(&self) -> ErrorCode {
        match self {
            Self::Locked(_) => ErrorCode::DatabaseLocked,
            Self::Newer { .. } => ErrorCode::DatabaseNewer,
            Self::Damaged(_) => ErrorCode::DatabaseDamaged,
            Self::FolderInUse { .. } => ErrorCode::DataFolderInUse,
            Self::NameTaken { .. } => ErrorCode::NameTaken,
            Self::CameraExists => ErrorCode::CameraExists,
            Self::DeviceExists => ErrorCode::DeviceExists,
            Self::VersionConflict { .. } => ErrorCode::VersionConflict,
            Self::NotFound { what: "camera" } => ErrorCode::CameraNotFound,
            Self::NotFound { what: "device" } => ErrorCode::DeviceNotFound,
            Self::NotFound { .. } => ErrorCode::NotFound,
            Self::LastAdministrator => ErrorCode::LastAdministrator,
            Self::GroupCycle => ErrorCode::RequestInvalid,
            Self::DiskFull(_) => ErrorCode::DiskFull,
            Self::File { .. } | Self::Value { .. } | Self::Sql(_) => ErrorCode::Internal,
        }
    }

    /// A constraint of SQLite refused the row because it stands there already.
    pub(crate) fn is_unique_violation(error: &sqlx::Error) -> bool {
        error.as_database_error().is_some_and(sqlx::error::DatabaseError::is_unique_violation)
    }
}

impl From<StoreError> for Problem {
    fn from(error: StoreError) -> Self {
        let mut problem = Self::new(error.code()).because(chain(&error));
        match &error {
            StoreError::Newer { found, known } => problem = problem.with("found", found).with("known", known),
            StoreError::FolderInUse { folder, pid } => {
                problem = problem.with("folder", folder.display()).with("pid", pid);
            }
            StoreError::File { path, .. } => problem = problem.with("path", path.display()),
            StoreError::NameTaken { name } => problem = problem.with("name", name),
            StoreError::VersionConflict { what } | StoreError::NotFound { what } => {
                problem = problem.with("what", what)
            }
            StoreError::GroupCycle => problem = problem.with("field", "parent_id").with("reason", "cycle"),
            _ => {}
        }
        problem
    }
}

fn chain(error: &StoreError) -> String {
    let mut text = error.to_string();
    let mut source = std::error::Error::source(error);
    while let Some(cause) = source {
        text.push_str(": ");
        text.push_str(&cause.to_string());
        source = cause.source();
    }
    text
}
