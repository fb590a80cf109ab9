//! Table `volumes`.

use crate::{
    Store, StoreError,
    database::{self, BUSY_TIMEOUT},
    row::{column, from_word, word},
    seal::Seal,
};
use sqlx::{
    ConnectOptions, Connection,
    sqlite::{SqliteConnectOptions, SqliteRow},
};
use std::path::{Path, PathBuf};
use watchwall_model::{ObjectPlace, Secret, Volume, VolumeCode};

const ALL: &str = "SELECT * FROM volumes ORDER BY priority DESC, code";
const PUT: &str = "INSERT INTO volumes (code, marker, name, root, kind, high_watermark_percent, low_watermark_percent, priority, \
     archive_after_days, object, object_secret) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11) ON CONFLICT (code) DO UPDATE SET name = excluded.name, \
     root = excluded.root, kind = excluded.kind, high_watermark_percent = excluded.high_watermark_percent, \
     low_watermark_percent = excluded.low_watermark_percent, priority = excluded.priority, \
     archive_after_days = excluded.archive_after_days, object = excluded.object, object_secret = excluded.object_secret";
const DELETE: &str = "DELETE FROM volumes WHERE code = ?1";
#[cfg(test)]
pub const STATEMENTS: &[&str] = &[ALL, PUT, DELETE];

pub struct VolumeTable<'a> {
    pub(crate) store: &'a Store,
}

impl VolumeTable<'_> {
    /// The volumes of a data folder that another process may have open, highest priority first; none before its first
    /// start. Nothing is locked, migrated or repaired; secrets are left out.
    ///
    /// # Errors
    /// When there is a database and it cannot be read.
    pub async fn peek(folder: &Path) -> Result<Vec<Volume>, StoreError> {
        let file = folder.join(database::FILE);
        if !file.exists() {
            return Ok(Vec::new());
        }
        let options = SqliteConnectOptions::new().filename(&file).read_only(true).busy_timeout(BUSY_TIMEOUT);
        let mut connection = options.disable_statement_logging().connect().await?;
        let rows = sqlx::query(ALL).fetch_all(&mut connection).await?;
        connection.close().await?;
        rows.iter().map(|row| read(row, None)).collect()
    }

    /// Highest priority first.
    pub async fn all(&self) -> Result<Vec<Volume>, StoreError> {
        sqlx::query(ALL)
            .fetch_all(self.store.reader())
            .await?
            .iter()
            .map(|row| read(row, Some(self.store.seal())))
            .collect()
    }

    /// Inserts or replaces by code; the marker of a volume never changes.
    pub async fn put(&self, volume: &Volume) -> Result<(), StoreError> {
        let object = volume.object.as_ref();
        sqlx::query(PUT)
            .bind(&volume.code.0)
            .bind(&volume.marker)
            .bind(&volume.name)
            .bind(volume.root.to_string_lossy().into_owned())
            .bind(word(&volume.kind))
            .bind(volume.high_watermark_percent)
            .bind(volume.low_watermark_percent)
            .bind(i64::from(volume.priority))
            .bind(volume.archive_after_days.map(i64::from))
            .bind(object.map(serde_json::to_string).transpose().map_err(unreadable)?)
            .bind(object.map(|place| self.store.seal().seal(&place.secret_key)).transpose()?)
            .execute(self.store.writer())
            .await?;
        Ok(())
    }

    /// Forgets a volume; its segments' rows stay.
    pub async fn delete(&self, code: &VolumeCode) -> Result<(), StoreError> {
        sqlx::query(DELETE).bind(&code.0).execute(self.store.writer()).await?;
        Ok(())
    }
}

fn read(row: &SqliteRow, seal: Option<&Seal>) -> Result<Volume, StoreError> {
    let kind: String = column(row, "kind")?;
    Ok(Volume {
        code: VolumeCode(column(row, "code")?),
        marker: column(row, "marker")?,
        name: column(row, "name")?,
        root: PathBuf::from(column::<String>(row, "root")?),
        kind: from_word("volume kind", &kind)?,
        high_watermark_percent: column(row, "high_watermark_percent")?,
        low_watermark_percent: column(row, "low_watermark_percent")?,
        priority: column(row, "priority")?,
        archive_after_days: column(row, "archive_after_days")?,
        object: read_place(row, seal)?,
    })
}

/// A secret that cannot be opened any more leaves the place without one: the store says so, and the rest of the site
/// starts.
fn read_place(row: &SqliteRow, seal: Option<&Seal>) -> Result<Option<ObjectPlace>, StoreError> {
    // A data folder looked at from outside may be older than this column.
    let Ok(Some(place)) = column::<Option<String>>(row, "object") else { return Ok(None) };
    let mut place: ObjectPlace = serde_json::from_str(&place).map_err(unreadable)?;
    let sealed: Option<Vec<u8>> = column(row, "object_secret")?;
    if let (Some(seal), Some(sealed)) = (seal, sealed) {
        place.secret_key = seal.open_sealed(&sealed).unwrap_or_else(|error| {
            tracing::warn!(bucket = %place.bucket, %error, "the secret key of an object store must be entered again");
            Secret::default()
        });
    }
    Ok(Some(place))
}

fn unreadable(error: serde_json::Error) -> StoreError {
    StoreError::Value { what: format!("the place of an object volume: {error}") }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::DataFolder;
    use watchwall_model::VolumeKind;

    #[tokio::test]
    async fn volumes_are_seen_from_outside_while_the_site_runs() {
        let folder = tempfile::tempdir().unwrap();
        assert_eq!(VolumeTable::peek(folder.path()).await.unwrap(), []);
        assert!(!folder.path().join(database::FILE).exists(), "a look makes no database");
        let lock = DataFolder::lock(folder.path()).unwrap();
        let (store, _) = Store::open(&lock).await.unwrap();
        let volume = Volume {
            code: VolumeCode("main".into()),
            marker: "1".into(),
            name: "main".into(),
            root: folder.path().join("elsewhere"),
            kind: VolumeKind::Local,
            high_watermark_percent: Volume::DEFAULT_HIGH_WATERMARK_PERCENT,
            low_watermark_percent: Volume::DEFAULT_LOW_WATERMARK_PERCENT,
            priority: 0,
            archive_after_days: None,
            object: None,
        };
        store.volumes().put(&volume).await.unwrap();
        assert_eq!(VolumeTable::peek(folder.path()).await.unwrap(), std::slice::from_ref(&volume));
        store.close().await;
        assert_eq!(VolumeTable::peek(folder.path()).await.unwrap(), [volume]);
    }
    #[tokio::test]
    async fn the_key_of_a_bucket_is_sealed_and_not_shown_outside() {
        let folder = tempfile::tempdir().unwrap();
        let lock = DataFolder::lock(folder.path()).unwrap();
        let (store, _) = Store::open(&lock).await.unwrap();
        let place = ObjectPlace {
            endpoint: "http://127.0.0.1:9000".into(),
            region: ObjectPlace::DEFAULT_REGION.into(),
            bucket: "recordings".into(),
            prefix: "site-1".into(),
            access_key: "who".into(),
            secret_key: Secret::new("open-sesame"),
            limit_bytes: 1 << 40,
        };
        let volume = Volume {
            code: VolumeCode("cloud".into()),
            marker: "2".into(),
            name: "cloud".into(),
            root: place.root().into(),
            kind: VolumeKind::Object,
            high_watermark_percent: Volume::DEFAULT_HIGH_WATERMARK_PERCENT,
            low_watermark_percent: Volume::DEFAULT_LOW_WATERMARK_PERCENT,
            priority: 0,
            archive_after_days: Some(2),
            object: Some(place.clone()),
        };
        store.volumes().put(&volume).await.unwrap();
        assert_eq!(store.volumes().all().await.unwrap(), [volume]);
        let outside = VolumeTable::peek(folder.path()).await.unwrap();
        assert_eq!(outside[0].object, Some(ObjectPlace { secret_key: Secret::default(), ..place }));
        store.close().await;
        let bytes = std::fs::read(folder.path().join(database::FILE)).unwrap();
        assert!(!bytes.windows(11).any(|window| window == b"open-sesame"));
    }
}
