//! Opening, closing and the two pools: one writer, a few readers.

use crate::{
    AiNodeTable, AiTaskTable, ChecksumTable, DataFolder, GapFillTable, StoreError, alarm_rules::AlarmRuleTable,
    alarms::AlarmTable, audit::AuditLog, bookmarks::BookmarkTable, camera_events::CameraEventTable,
    cameras::CameraTable, cases::CaseTable, credential_sets::CredentialSetTable, devices::DeviceTable,
    doctor_reports::DoctorReportTable, events::EventTable, evidence_locks::EvidenceLockTable, exports::ExportTable,
    groups::GroupTable, layouts::LayoutTable, migrations, offline_events::OfflineEventTable, patrols::PatrolTable,
    pieces::PieceCache, plans::PlanTable, push::PushTables, recovery, refused_logins::RefusedLogins, seal::Seal,
    segments::SegmentTable, sessions::SessionTable, settings::SettingsTable, users::UserTable, volumes::VolumeTable,
};
use sqlx::{
    ConnectOptions, Connection, SqliteConnection, SqlitePool,
    sqlite::{SqliteConnectOptions, SqliteJournalMode, SqlitePoolOptions, SqliteSynchronous},
};
use std::{
    path::{Path, PathBuf},
    time::Duration,
};

pub(crate) const FILE: &str = "watchwall.db";
/// How long a statement waits for another program's lock, and a caller for a connection.
pub(crate) const BUSY_TIMEOUT: Duration = Duration::from_secs(5);
const READERS: u32 = 4;

/// The site's database. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Store {
    writer: SqlitePool,
    reader: SqlitePool,
    seal: Seal,
    pieces: PieceCache,
    folder: PathBuf,
}

/// What opening found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum OpenOutcome {
    /// There was no database.
    Created,
    Opened,
    /// The database was damaged and moved aside. `restored_from` is the backup its configuration came from;
    /// recordings must be indexed again from the volumes either way.
    Rebuilt {
        moved_to: PathBuf,
        restored_from: Option<PathBuf>,
    },
}

impl Store {
    /// Opens the database of a locked data folder, migrates it, and never empties a damaged one silently.
    ///
    /// # Errors
    /// [`StoreError::Newer`], [`StoreError::Locked`], or what the file system said.
    pub async fn open(folder: &DataFolder) -> Result<(Self, OpenOutcome), StoreError> {
        Self::open_at(folder.path()).await
    }

    async fn open_at(folder: &Path) -> Result<(Self, OpenOutcome), StoreError> {
        let existed = folder.join(FILE).exists();
        match Self::try_open(folder).await {
            Ok(store) => Ok((store, if existed { OpenOutcome::Opened } else { OpenOutcome::Created })),
            Err(StoreError::Damaged(cause)) => {
                tracing::error!(error = %cause, folder = %folder.display(), "the database is damaged; moving it aside");
                let moved_to = recovery::move_aside(folder)?;
                let restored_from = recovery::restore_newest_backup(folder).await?;
                let store = Self::try_open(folder).await?;
                Ok((store, OpenOutcome::Rebuilt { moved_to, restored_from }))
            }
            Err(error) => Err(error),
        }
    }

    async fn try_open(folder: &Path) -> Result<Self, StoreError> {
        let seal = Seal::open(folder)?;
        let file = folder.join(FILE);
        make_private(&file).map_err(|source| StoreError::File { what: "make private", path: file.clone(), source })?;
        let options = connect_options(&file);
        let writer = SqlitePoolOptions::new()
            .max_connections(1)
            .acquire_timeout(BUSY_TIMEOUT * 2)
            .after_release(|connection, _| Box::pin(is_between_transactions(connection)))
            .connect_with(options.clone())
            .await?;
        let opened = async {
            let mut connection = writer.acquire().await?;
            migrations::migrate(&mut connection).await?;
            recovery::check(&mut connection).await
        };
        if let Err(error) = opened.await {
            writer.close().await;
            return Err(error);
        }
        let reader = SqlitePoolOptions::new()
            .max_connections(READERS)
            .acquire_timeout(BUSY_TIMEOUT * 2)
            .connect_with(options.read_only(true))
            .await?;
        Ok(Self { writer, reader, seal, pieces: PieceCache::default(), folder: folder.to_owned() })
    }

    /// Marks the shutdown as clean, checkpoints and closes every connection.
    pub async fn close(&self) {
        if let Err(error) = recovery::mark_clean(&self.writer).await {
            tracing::warn!(%error, "the database could not be marked as cleanly closed");
        }
        self.reader.close().await;
        self.writer.close().await;
    }

    /// Size and pragmas for `doctor`: schema version as stored.
    pub async fn schema_version(&self) -> Result<i64, StoreError> {
        migrations::version(&mut *self.reader.acquire().await?).await
    }

    /// The data folder.
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    /// Copies the database (without the index of recordings) into `backup/`; keeps the newest of each of seven days.
    pub async fn backup(&self) -> Result<PathBuf, StoreError> {
        crate::backup::write(&self.folder).await
    }

    /// A text that differs whenever what a backup holds does.
    pub async fn configuration_stamp(&self) -> Result<String, StoreError> {
        crate::backup::stamp(&self.reader).await
    }

    /// The same of the newest backup; `None` without one that can be read.
    pub async fn backup_stamp(&self) -> Option<String> {
        crate::backup::newest_stamp(&self.folder).await
    }

    pub fn cameras(&self) -> CameraTable<'_> {
        CameraTable { store: self }
    }

    pub fn ai_nodes(&self) -> AiNodeTable<'_> {
        AiNodeTable { store: self }
    }

    pub fn ai_tasks(&self) -> AiTaskTable<'_> {
        AiTaskTable { store: self }
    }

    pub const fn alarms(&self) -> AlarmTable<'_> {
        AlarmTable { store: self }
    }

    pub const fn alarm_rules(&self) -> AlarmRuleTable<'_> {
        AlarmRuleTable { store: self }
    }

    pub const fn push(&self) -> PushTables<'_> {
        PushTables { store: self }
    }

    pub fn devices(&self) -> DeviceTable<'_> {
        DeviceTable { store: self }
    }

    pub fn credential_sets(&self) -> CredentialSetTable<'_> {
        CredentialSetTable { store: self }
    }

    pub fn doctor_reports(&self) -> DoctorReportTable<'_> {
        DoctorReportTable { store: self }
    }

    pub fn offline_events(&self) -> OfflineEventTable<'_> {
        OfflineEventTable { store: self }
    }

    pub fn camera_events(&self) -> CameraEventTable<'_> {
        CameraEventTable { store: self }
    }

    pub fn patrols(&self) -> PatrolTable<'_> {
        PatrolTable { store: self }
    }

    pub fn groups(&self) -> GroupTable<'_> {
        GroupTable { store: self }
    }

    pub fn plans(&self) -> PlanTable<'_> {
        PlanTable { store: self }
    }

    pub fn volumes(&self) -> VolumeTable<'_> {
        VolumeTable { store: self }
    }

    pub fn segments(&self) -> SegmentTable<'_> {
        SegmentTable { store: self }
    }

    pub fn events(&self) -> EventTable<'_> {
        EventTable { store: self }
    }

    pub fn evidence_locks(&self) -> EvidenceLockTable<'_> {
        EvidenceLockTable { store: self }
    }

    pub fn checksums(&self) -> ChecksumTable<'_> {
        ChecksumTable { store: self }
    }

    pub fn bookmarks(&self) -> BookmarkTable<'_> {
        BookmarkTable { store: self }
    }

    pub fn cases(&self) -> CaseTable<'_> {
        CaseTable { store: self }
    }

    pub fn gap_fills(&self) -> GapFillTable<'_> {
        GapFillTable { store: self }
    }

    pub fn exports(&self) -> ExportTable<'_> {
        ExportTable { store: self }
    }

    pub fn users(&self) -> UserTable<'_> {
        UserTable { store: self }
    }

    pub fn sessions(&self) -> SessionTable<'_> {
        SessionTable { store: self }
    }

    pub fn layouts(&self) -> LayoutTable<'_> {
        LayoutTable { store: self }
    }

    pub fn settings(&self) -> SettingsTable<'_> {
        SettingsTable { store: self }
    }

    pub const fn refused_logins(&self) -> RefusedLogins<'_> {
        RefusedLogins { store: self }
    }

    pub fn audit(&self) -> AuditLog<'_> {
        AuditLog { store: self }
    }

    pub(crate) const fn writer(&self) -> &SqlitePool {
        &self.writer
    }

    pub(crate) const fn reader(&self) -> &SqlitePool {
        &self.reader
    }

    pub(crate) const fn pieces(&self) -> &PieceCache {
        &self.pieces
    }

    pub(crate) const fn seal(&self) -> &Seal {
        &self.seal
    }
}

/// A disk that is full makes SQLite end a transaction by itself. The driver then counts one that is not there, and what it
/// calls committed from then on may stand in a savepoint that nobody ends: such a connection is not used again.
async fn is_between_transactions(connection: &mut SqliteConnection) -> Result<bool, sqlx::Error> {
    // What was to be rolled back is, or failed to be, before this is answered.
    connection.ping().await?;
    Ok(!connection.is_in_transaction())
}

/// Password hashes are for the site's own user only. SQLite gives its side files the rights of the database.
///
/// # Errors
/// Whatever the file system answers.
pub(crate) fn make_private(file: &Path) -> std::io::Result<()> {
    #[cfg(unix)]
    {
        use std::os::unix::fs::{OpenOptionsExt, PermissionsExt};
        let opened = std::fs::OpenOptions::new().create(true).truncate(false).write(true).mode(0o600).open(file)?;
        if opened.metadata()?.permissions().mode() & 0o077 != 0 {
            opened.set_permissions(std::fs::Permissions::from_mode(0o600))?;
        }
    }
    #[cfg(not(unix))]
    let _ = file;
    Ok(())
}

/// WAL with `synchronous=FULL`: what a commit said is done survives a power cut. Commits are few and large (one a second
/// and volume for all recordings), so one fsync of the log each is cheap.
pub(crate) fn connect_options(file: &Path) -> SqliteConnectOptions {
    SqliteConnectOptions::new()
        .filename(file)
        .create_if_missing(true)
        .journal_mode(SqliteJournalMode::Wal)
        .synchronous(SqliteSynchronous::Full)
        .foreign_keys(true)
        .busy_timeout(BUSY_TIMEOUT)
        .pragma("cache_size", "-8000")
        .pragma("temp_store", "memory")
        .disable_statement_logging()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::PushRoutes;

    #[tokio::test]
    async fn what_is_committed_after_a_transaction_ended_by_itself_is_kept() {
        let folder = tempfile::tempdir().unwrap();
        let (store, _) = Store::open(&DataFolder::lock(folder.path()).unwrap()).await.unwrap();
        // As on a full disk: one that SQLite ends as a whole, and one of which a statement fails.
        for statement in [
            "INSERT OR ROLLBACK INTO settings (key, value) VALUES ('a', '1'), ('a', '2')",
            "INSERT INTO settings (key, value) VALUES ('a', NULL)",
        ] {
            let mut transaction = store.writer().begin().await.unwrap();
            assert!(sqlx::query(statement).execute(&mut *transaction).await.is_err());
        }
        store.push().put_routes(&PushRoutes::new(), 0).await.unwrap();
        assert_eq!(store.push().routes().await.unwrap().1, 1, "others see it");
        store.close().await;
    }
}
