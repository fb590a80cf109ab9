//! One day's file.

use crate::{
    StoreError,
    database::{BUSY_TIMEOUT, make_private},
};
use sqlx::{
    ConnectOptions, Connection, SqliteConnection,
    sqlite::{SqliteConnectOptions, SqliteJournalMode, SqliteSynchronous},
};
use std::{
    fmt,
    path::{Path, PathBuf},
};
use watchwall_model::UtcMillis;

const DAY_MS: i64 = 86_400_000;
/// Ordered by time, so that what comes last is written at the end. Each index ends in what orders a page.
const SCHEMA: &str = "CREATE TABLE IF NOT EXISTS results (at_ms INTEGER NOT NULL, task INTEGER NOT NULL, scene TEXT NOT NULL, \
     camera INTEGER NOT NULL, node TEXT NOT NULL, is_alarm INTEGER NOT NULL, confidence REAL NOT NULL, objects TEXT NOT NULL, \
     event_type TEXT, event_desc TEXT, total_count INTEGER, label_counts TEXT NOT NULL, problem_counts TEXT NOT NULL, \
     metrics TEXT, snapshot TEXT, PRIMARY KEY (at_ms, task, scene)) STRICT, WITHOUT ROWID; \
     CREATE INDEX IF NOT EXISTS results_of_camera ON results (camera, at_ms); \
     CREATE INDEX IF NOT EXISTS results_of_task ON results (task, at_ms); \
     CREATE INDEX IF NOT EXISTS results_alarms ON results (at_ms) WHERE is_alarm = 1;";
pub const HAS_TABLE: &str = "SELECT 1 FROM sqlite_master WHERE name = 'results'";
/// What SQLite keeps beside a database in WAL mode.
const SIDE_FILES: [&str; 2] = ["-wal", "-shm"];
/// Ends the name of what could not be read.
const ASIDE: &str = ".damaged";

/// A day in UTC, since 1970.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Day(i64);

impl Day {
    pub const fn of(at: UtcMillis) -> Self {
        Self(at.0.div_euclid(DAY_MS))
    }

    pub const fn number(self) -> i64 {
        self.0
    }

    pub const fn numbered(number: i64) -> Self {
        Self(number)
    }

    /// Those that have a file, oldest first.
    ///
    /// # Errors
    /// [`StoreError::File`].
    pub fn all(folder: &Path) -> Result<Vec<Self>, StoreError> {
        let fail = |source| StoreError::File { what: "list", path: folder.to_owned(), source };
        let mut days = Vec::new();
        for entry in std::fs::read_dir(folder).map_err(fail)? {
            let name = entry.map_err(fail)?.file_name();
            days.extend(name.to_str().and_then(|name| name.strip_suffix(".db")).and_then(Self::parse));
        }
        days.sort_unstable();
        Ok(days)
    }

    fn parse(text: &str) -> Option<Self> {
        let date: jiff::civil::Date = text.parse().ok()?;
        let midnight = date.to_zoned(jiff::tz::TimeZone::UTC).ok()?;
        Some(Self::of(UtcMillis(midnight.timestamp().as_millisecond())))
    }

    pub fn file(self, folder: &Path) -> PathBuf {
        folder.join(format!("{self}.db"))
    }

    /// # Errors
    /// [`StoreError::File`].
    pub fn remove(self, folder: &Path) -> Result<(), StoreError> {
        let file = self.file(folder);
        for side in SIDE_FILES.iter().chain([&ASIDE]) {
            // Without the database they are nothing.
            let _ = std::fs::remove_file(side_file(&file, side));
        }
        std::fs::remove_file(&file).map_err(|source| StoreError::File { what: "remove", path: file, source })
    }
}

impl fmt::Display for Day {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match jiff::Timestamp::from_second(self.0.saturating_mul(DAY_MS / 1_000)) {
            Ok(midnight) => write!(f, "{}", midnight.strftime("%Y-%m-%d")),
            Err(_) => write!(f, "{}", self.0),
        }
    }
}

/// A day that is written to.
#[derive(Debug)]
pub struct DayFile {
    day: Day,
    connection: SqliteConnection,
}

impl DayFile {
    pub async fn open(folder: &Path, day: Day) -> Result<Self, StoreError> {
        let file = day.file(folder);
        match Self::try_open(&file).await {
            Ok(connection) => Ok(Self { day, connection }),
            Err(StoreError::Damaged(cause)) => {
                tracing::error!(error = %cause, file = %file.display(), "a day of results is damaged; it is moved aside");
                let aside = side_file(&file, ASIDE);
                std::fs::rename(&file, &aside).map_err(|source| StoreError::File {
                    what: "move aside",
                    path: file.clone(),
                    source,
                })?;
                for side in SIDE_FILES {
                    let _ = std::fs::remove_file(side_file(&file, side));
                }
                Ok(Self { day, connection: Self::try_open(&file).await? })
            }
            Err(error) => Err(error),
        }
    }

    async fn try_open(file: &Path) -> Result<SqliteConnection, StoreError> {
        make_private(file).map_err(|source| StoreError::File {
            what: "make private",
            path: file.to_owned(),
            source,
        })?;
        let mut connection = options(file).create_if_missing(true).connect().await?;
        sqlx::raw_sql(SCHEMA).execute(&mut connection).await?;
        Ok(connection)
    }

    pub const fn day(&self) -> Day {
        self.day
    }

    pub const fn connection(&mut self) -> &mut SqliteConnection {
        &mut self.connection
    }

    pub async fn close(self) {
        if let Err(error) = self.connection.close().await {
            tracing::warn!(%error, "a day of results could not be closed");
        }
    }
}

/// For reading; `None` when the day is gone, or only just begins.
pub async fn open_to_read(folder: &Path, day: Day) -> Result<Option<SqliteConnection>, StoreError> {
    let file = day.file(folder);
    if !file.exists() {
        return Ok(None);
    }
    let options = SqliteConnectOptions::new().filename(&file).read_only(true).busy_timeout(BUSY_TIMEOUT);
    let mut connection = options.disable_statement_logging().connect().await?;
    let has_table = sqlx::query(HAS_TABLE).fetch_optional(&mut connection).await?.is_some();
    Ok(has_table.then_some(connection))
}

/// What a power cut takes here are results of the last moments; alarms are in the site's own database by then.
fn options(file: &Path) -> SqliteConnectOptions {
    SqliteConnectOptions::new()
        .filename(file)
        .journal_mode(SqliteJournalMode::Wal)
        .synchronous(SqliteSynchronous::Normal)
        .busy_timeout(BUSY_TIMEOUT)
        .pragma("cache_size", "-8000")
        .pragma("temp_store", "memory")
        .disable_statement_logging()
}

fn side_file(file: &Path, ending: &str) -> PathBuf {
    let mut name = file.as_os_str().to_owned();
    name.push(ending);
    name.into()
}
