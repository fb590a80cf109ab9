//! Table `doctor_reports`: the last examination of each camera, as JSON that only its writer reads.

use crate::{Store, StoreError, row::column};
use watchwall_model::{CameraId, UtcMillis};

const PUT: &str = "INSERT INTO doctor_reports (camera_id, started_at, report) VALUES (?1, ?2, ?3) \
     ON CONFLICT (camera_id) DO UPDATE SET started_at = excluded.started_at, report = excluded.report \
     WHERE excluded.started_at >= doctor_reports.started_at";
const GET: &str = "SELECT report FROM doctor_reports WHERE camera_id = ?1";
const ALL: &str = "SELECT report FROM doctor_reports ORDER BY camera_id";
#[cfg(test)]
pub const STATEMENTS: &[&str] = &[PUT, GET, ALL];

pub struct DoctorReportTable<'a> {
    pub(crate) store: &'a Store,
}

impl DoctorReportTable<'_> {
    /// Keeps a report in the place of an earlier one.
    ///
    /// # Errors
    /// [`StoreError::NotFound`] for a camera that is gone.
    pub async fn put(&self, camera: CameraId, started_at: UtcMillis, report: &str) -> Result<(), StoreError> {
        let put = sqlx::query(PUT).bind(camera.0).bind(started_at.0).bind(report.to_owned());
        match put.execute(self.store.writer()).await {
            Ok(_) => Ok(()),
            Err(error) if is_orphan(&error) => Err(StoreError::NotFound { what: "camera" }),
            Err(error) => Err(error.into()),
        }
    }

    pub async fn get(&self, camera: CameraId) -> Result<Option<String>, StoreError> {
        let row = sqlx::query(GET).bind(camera.0).fetch_optional(self.store.reader()).await?;
        row.as_ref().map(|row| column(row, "report")).transpose()
    }

    pub async fn all(&self) -> Result<Vec<String>, StoreError> {
        let rows = sqlx::query(ALL).fetch_all(self.store.reader()).await?;
        rows.iter().map(|row| column(row, "report")).collect()
    }
}

fn is_orphan(error: &sqlx::Error) -> bool {
    error.as_database_error().is_some_and(sqlx::error::DatabaseError::is_foreign_key_violation)
}
