//! Table `volumes`.

use crate::{
    Store, StoreError,
    row::{column, from_word, word},
};
use sqlx::sqlite::SqliteRow;
use std::path::PathBuf;
use watchwall_model::{Volume, VolumeCode};

const ALL: &str = "SELECT * FROM volumes ORDER BY priority DESC, code";
const PUT: &str = "INSERT INTO volumes (code, marker, name, root, kind, high_watermark_percent, low_watermark_percent, priority) \
     VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8) ON CONFLICT (code) DO UPDATE SET name = excluded.name, \
     root = excluded.root, kind = excluded.kind, high_watermark_percent = excluded.high_watermark_percent, \
     low_watermark_percent = excluded.low_watermark_percent, priority = excluded.priority";
const DELETE: &str = "DELETE FROM volumes WHERE code = ?1";
#[cfg(test)]
pub const STATEMENTS: &[&str] = &[ALL, PUT, DELETE];

pub struct VolumeTable<'a> {
    pub(crate) store: &'a Store,
}

impl VolumeTable<'_> {
    /// Highest priority first.
    pub async fn all(&self) -> Result<Vec<Volume>, StoreError> {
        sqlx::query(ALL).fetch_all(self.store.reader()).await?.iter().map(read).collect()
    }

    /// Inserts or replaces by code; the marker of a volume never changes.
    pub async fn put(&self, volume: &Volume) -> Result<(), StoreError> {
        sqlx::query(PUT)
            .bind(&volume.code.0)
            .bind(&volume.marker)
            .bind(&volume.name)
            .bind(volume.root.to_string_lossy().into_owned())
            .bind(word(&volume.kind))
            .bind(volume.high_watermark_percent)
            .bind(volume.low_watermark_percent)
            .bind(i64::from(volume.priority))
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

fn read(row: &SqliteRow) -> Result<Volume, StoreError> {
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
    })
}
