//! Table `ptz_patrols`: rounds a camera makes, run by the site.

use crate::{
    Store, StoreError,
    row::{column, deleted, from_json, name_taken, to_json, untouched},
};
use sqlx::sqlite::SqliteRow;
use watchwall_model::{CameraId, Patrol, PatrolId, PatrolStep};

const OF_CAMERA: &str = "SELECT * FROM ptz_patrols WHERE camera_id = ?1 ORDER BY name COLLATE NOCASE, id";
const ONE: &str = "SELECT * FROM ptz_patrols WHERE id = ?1";
const INSERT: &str = "INSERT INTO ptz_patrols (camera_id, name, steps) VALUES (?1, ?2, ?3)";
const UPDATE: &str =
    "UPDATE ptz_patrols SET name = ?1, steps = ?2, version = version + 1 WHERE id = ?3 AND version = ?4";
const DELETE: &str = "DELETE FROM ptz_patrols WHERE id = ?1";
const RUNNING: &str = "SELECT * FROM ptz_patrols WHERE running = 1 ORDER BY id";
const BEGIN: &str = "UPDATE ptz_patrols SET running = (id = ?1) \
     WHERE camera_id = (SELECT camera_id FROM ptz_patrols WHERE id = ?1)";
const END: &str = "UPDATE ptz_patrols SET running = 0 WHERE id = ?1";
#[cfg(test)]
pub const STATEMENTS: &[&str] = &[OF_CAMERA, ONE, INSERT, UPDATE, DELETE, RUNNING, BEGIN, END];

pub struct PatrolTable<'a> {
    pub(crate) store: &'a Store,
}

impl PatrolTable<'_> {
    /// Of one camera by name.
    pub async fn of_camera(&self, camera: CameraId) -> Result<Vec<Patrol>, StoreError> {
        let rows = sqlx::query(OF_CAMERA).bind(camera.0).fetch_all(self.store.reader()).await?;
        rows.iter().map(read).collect()
    }

    pub async fn get(&self, id: PatrolId) -> Result<Option<Patrol>, StoreError> {
        let row = sqlx::query(ONE).bind(id.0).fetch_optional(self.store.reader()).await?;
        row.as_ref().map(read).transpose()
    }

    /// # Errors
    /// [`StoreError::NameTaken`].
    pub async fn insert(&self, camera: CameraId, name: &str, steps: &[PatrolStep]) -> Result<Patrol, StoreError> {
        let done = sqlx::query(INSERT)
            .bind(camera.0)
            .bind(name)
            .bind(to_json("steps", &steps)?)
            .execute(self.store.writer())
            .await
            .map_err(|error| name_taken(error, name))?;
        self.get(PatrolId(done.last_insert_rowid())).await?.ok_or(StoreError::NotFound { what: "patrol" })
    }

    /// Replaces name and steps, if the stored version is still `expected`.
    ///
    /// # Errors
    /// [`StoreError::NotFound`], [`StoreError::VersionConflict`], [`StoreError::NameTaken`].
    pub async fn update(&self, patrol: &Patrol, expected: i64) -> Result<Patrol, StoreError> {
        let mut transaction = self.store.writer().begin().await?;
        let changed = sqlx::query(UPDATE)
            .bind(&patrol.name)
            .bind(to_json("steps", &patrol.steps)?)
            .bind(patrol.id.0)
            .bind(expected)
            .execute(&mut *transaction)
            .await
            .map_err(|error| name_taken(error, &patrol.name))?;
        if changed.rows_affected() == 0 {
            let row = sqlx::query(ONE).bind(patrol.id.0).fetch_optional(&mut *transaction).await?;
            return Err(untouched("patrol", row));
        }
        transaction.commit().await?;
        Ok(Patrol { version: expected + 1, ..patrol.clone() })
    }

    /// Those that were begun and not ended, one per camera.
    pub async fn running(&self) -> Result<Vec<Patrol>, StoreError> {
        let rows = sqlx::query(RUNNING).fetch_all(self.store.reader()).await?;
        rows.iter().map(read).collect()
    }

    /// Notes that it runs, and that no other of its camera does. No change of the configuration.
    pub async fn begin(&self, id: PatrolId) -> Result<(), StoreError> {
        sqlx::query(BEGIN).bind(id.0).execute(self.store.writer()).await?;
        Ok(())
    }

    /// Notes that it does not run.
    pub async fn end(&self, id: PatrolId) -> Result<(), StoreError> {
        sqlx::query(END).bind(id.0).execute(self.store.writer()).await?;
        Ok(())
    }

    /// # Errors
    /// [`StoreError::NotFound`].
    pub async fn delete(&self, id: PatrolId) -> Result<(), StoreError> {
        deleted("patrol", &sqlx::query(DELETE).bind(id.0).execute(self.store.writer()).await?)
    }
}

fn read(row: &SqliteRow) -> Result<Patrol, StoreError> {
    Ok(Patrol {
        id: PatrolId(column(row, "id")?),
        camera: CameraId(column(row, "camera_id")?),
        name: column(row, "name")?,
        steps: from_json("steps", &column::<String>(row, "steps")?)?,
        version: column(row, "version")?,
    })
}
