//! Tables `ai_tasks` and `ai_leases`: what AI engines are to look for, and which node does.

use crate::{
    Page, PageRequest, Store, StoreError,
    row::{column, deleted, from_json, from_word, to_json, untouched, word},
};
use sqlx::sqlite::SqliteRow;
use watchwall_model::{
    AiScene, AiTask, AiTaskParams, CameraId, DispatchMode, NodeId, Problem, PushPolicy, SceneCode, TaskId, UtcMillis,
    WeekSchedule,
};

const ALL: &str = "SELECT * FROM ai_tasks ORDER BY name COLLATE NOCASE, id";
const ONE: &str = "SELECT * FROM ai_tasks WHERE id = ?1";
const INSERT: &str = "INSERT INTO ai_tasks (name, camera_id, stream, scenes, dispatch, node, confidence, params, \
     alarm_enabled, level, schedule, enabled, updated_at, push) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14)";
const UPDATE: &str = "UPDATE ai_tasks SET name = ?1, camera_id = ?2, stream = ?3, scenes = ?4, dispatch = ?5, node = ?6, \
     confidence = ?7, params = ?8, alarm_enabled = ?9, level = ?10, schedule = ?11, enabled = ?12, updated_at = ?13, \
     push = ?14, version = version + 1 WHERE id = ?15 AND version = ?16";
const DELETE: &str = "DELETE FROM ai_tasks WHERE id = ?1";
const LEASES: &str = "SELECT task_id, scene, node FROM ai_leases ORDER BY task_id, scene";
const CLEAR_LEASES: &str = "DELETE FROM ai_leases";
// A task or node that is gone meanwhile holds nothing.
const LEASE: &str = "INSERT OR REPLACE INTO ai_leases (task_id, scene, node, until_ms) SELECT ?1, ?2, ?3, ?4 \
     WHERE EXISTS (SELECT 1 FROM ai_tasks WHERE id = ?1) AND EXISTS (SELECT 1 FROM ai_nodes WHERE id = ?3)";
#[cfg(test)]
pub const STATEMENTS: &[&str] = &[ALL, ONE, INSERT, UPDATE, DELETE, LEASES, CLEAR_LEASES, LEASE];

/// Which node holds a scene of a task.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Lease {
    pub task: TaskId,
    pub scene: SceneCode,
    pub node: NodeId,
}

pub struct AiTaskTable<'a> {
    pub(crate) store: &'a Store,
}

impl AiTaskTable<'_> {
    /// By name.
    pub async fn all(&self) -> Result<Vec<AiTask>, StoreError> {
        sqlx::query(ALL).fetch_all(self.store.reader()).await?.iter().map(read).collect()
    }

    /// By name; `search` of the request is looked for in it.
    ///
    /// # Errors
    /// `request_invalid` for a made-up cursor.
    pub async fn page(&self, request: &PageRequest) -> Result<Page<AiTask>, Problem> {
        let wanted = request.search.as_deref().map(|words| words.trim().to_lowercase()).unwrap_or_default();
        let mut tasks = self.all().await?;
        tasks.retain(|task| task.name.to_lowercase().contains(&wanted));
        let key = |task: &AiTask| format!("{}\u{0}{:020}", task.name.to_lowercase(), task.id.0);
        tasks.sort_by_key(key);
        request.cut(tasks, key)
    }

    pub async fn get(&self, id: TaskId) -> Result<Option<AiTask>, StoreError> {
        let row = sqlx::query(ONE).bind(id.0).fetch_optional(self.store.reader()).await?;
        row.as_ref().map(read).transpose()
    }

    /// Keeps a new one; its id and version are given here.
    ///
    /// # Errors
    /// [`StoreError::NotFound`] naming the camera or node that is not there.
    pub async fn insert(&self, task: &AiTask) -> Result<AiTask, StoreError> {
        let done = bind(sqlx::query(INSERT), task)?.execute(self.store.writer()).await.map_err(missing)?;
        Ok(AiTask { id: TaskId(done.last_insert_rowid()), version: 1, ..task.clone() })
    }

    /// # Errors
    /// [`StoreError::NotFound`], [`StoreError::VersionConflict`].
    pub async fn update(&self, task: &AiTask, expected: i64) -> Result<AiTask, StoreError> {
        let query = bind(sqlx::query(UPDATE), task)?.bind(task.id.0).bind(expected);
        let changed = query.execute(self.store.writer()).await.map_err(missing)?;
        if changed.rows_affected() == 0 {
            let row = sqlx::query(ONE).bind(task.id.0).fetch_optional(self.store.writer()).await?;
            return Err(untouched("task", row));
        }
        Ok(AiTask { version: expected + 1, ..task.clone() })
    }

    /// # Errors
    /// [`StoreError::NotFound`].
    pub async fn delete(&self, id: TaskId) -> Result<(), StoreError> {
        deleted("task", &sqlx::query(DELETE).bind(id.0).execute(self.store.writer()).await?)
    }

    pub async fn leases(&self) -> Result<Vec<Lease>, StoreError> {
        let rows = sqlx::query(LEASES).fetch_all(self.store.reader()).await?;
        let lease = |row: &SqliteRow| {
            let scene: String = column(row, "scene")?;
            Ok(Lease {
                task: TaskId(column(row, "task_id")?),
                scene: scene_of(&scene)?,
                node: NodeId(column(row, "node")?),
            })
        };
        rows.iter().map(lease).collect()
    }

    /// These and no others hold anything, until then.
    pub async fn put_leases(&self, leases: &[Lease], until: UtcMillis) -> Result<(), StoreError> {
        let mut transaction = self.store.writer().begin().await?;
        sqlx::query(CLEAR_LEASES).execute(&mut *transaction).await?;
        for lease in leases {
            let query = sqlx::query(LEASE).bind(lease.task.0).bind(lease.scene.as_str()).bind(lease.node.0);
            query.bind(until.0).execute(&mut *transaction).await?;
        }
        transaction.commit().await?;
        Ok(())
    }
}

type Query<'q> = sqlx::query::Query<'q, sqlx::Sqlite, sqlx::sqlite::SqliteArguments>;

fn bind<'q>(query: Query<'q>, task: &'q AiTask) -> Result<Query<'q>, StoreError> {
    let (dispatch, node) = match task.dispatch {
        DispatchMode::Fixed { node } => ("fixed", Some(node.0)),
        DispatchMode::Single => ("single", None),
        DispatchMode::Split => ("split", None),
        DispatchMode::Mixed => ("mixed", None),
    };
    let schedule = task.schedule.as_ref().map(|week| to_json("schedule", &week.texts())).transpose()?;
    Ok(query
        .bind(&task.name)
        .bind(task.camera.0)
        .bind(word(&task.stream))
        .bind(to_json("scenes", &task.scenes)?)
        .bind(dispatch)
        .bind(node)
        .bind(task.confidence)
        .bind(to_json("params", &task.params)?)
        .bind(task.alarm_enabled)
        .bind(task.level)
        .bind(schedule)
        .bind(task.enabled)
        .bind(task.updated_at.0)
        .bind(task.push.as_ref().map(|push| to_json("push", push)).transpose()?))
}

fn missing(error: sqlx::Error) -> StoreError {
    match error.as_database_error() {
        Some(refused) if refused.is_foreign_key_violation() => StoreError::NotFound { what: "camera or node" },
        _ => error.into(),
    }
}

fn scene_of(text: &str) -> Result<SceneCode, StoreError> {
    SceneCode::parse(text).ok_or_else(|| StoreError::Value { what: format!("scene {text}") })
}

fn read(row: &SqliteRow) -> Result<AiTask, StoreError> {
    let (scenes, params): (String, String) = (column(row, "scenes")?, column(row, "params")?);
    let (stream, dispatch): (String, String) = (column(row, "stream")?, column(row, "dispatch")?);
    let node = column::<Option<i64>>(row, "node")?.map(NodeId);
    let (schedule, push): (Option<String>, Option<String>) = (column(row, "schedule")?, column(row, "push")?);
    let schedule = schedule.map(|text| from_json::<Vec<String>>("schedule", &text)).transpose()?;
    Ok(AiTask {
        id: TaskId(column(row, "id")?),
        version: column(row, "version")?,
        name: column(row, "name")?,
        camera: CameraId(column(row, "camera_id")?),
        stream: from_word("stream", &stream)?,
        scenes: from_json::<Vec<AiScene>>("scenes", &scenes)?,
        dispatch: match (dispatch.as_str(), node) {
            ("fixed", Some(node)) => DispatchMode::Fixed { node },
            ("single", _) => DispatchMode::Single,
            ("split", _) => DispatchMode::Split,
            // A fixed node that was deleted leaves the task to the others.
            _ => DispatchMode::Mixed,
        },
        confidence: column::<f64>(row, "confidence")? as f32,
        params: from_json::<AiTaskParams>("params", &params)?,
        alarm_enabled: column(row, "alarm_enabled")?,
        level: column(row, "level")?,
        push: push.map(|text| from_json::<PushPolicy>("push", &text)).transpose()?,
        schedule: schedule.as_deref().and_then(WeekSchedule::parse),
        enabled: column(row, "enabled")?,
        updated_at: UtcMillis(column(row, "updated_at")?),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{DataFolder, NewCameraRow};
    use watchwall_model::{IngestEngine, Point, PushMode, Slot, StreamRole, Transport};

    #[tokio::test]
    async fn tasks_are_kept_as_they_are_and_go_with_their_camera() {
        let folder = tempfile::tempdir().unwrap();
        let (store, _) = Store::open(&DataFolder::lock(folder.path()).unwrap()).await.unwrap();
        let camera = NewCameraRow {
            name: None,
            host: "10.0.0.1".into(),
            group: None,
            credentials: None,
            streams: Vec::new(),
            engine: IngestEngine::Auto,
            transport: Transport::Tcp,
        };
        let camera = store.cameras().insert(camera).await.unwrap().id;
        let node = store.ai_nodes().insert("GPU", &[1; 32], false, UtcMillis(1)).await.unwrap().id;
        let (tasks, motion) = (store.ai_tasks(), SceneCode::parse("MOTION").unwrap());
        let region = [[0.0, 0.0], [0.5, 0.0], [0.5, 0.75]].map(Point::from).to_vec();
        let new = AiTask {
            id: TaskId(0),
            version: 0,
            name: "Tür".into(),
            camera,
            stream: StreamRole::Sub,
            scenes: vec![AiScene { region, ..AiScene::whole(motion.clone()) }],
            dispatch: DispatchMode::Fixed { node },
            confidence: 0.6,
            params: AiTaskParams { input_fps: 7, ..AiTaskParams::default() },
            alarm_enabled: true,
            level: 4,
            push: Some(PushPolicy { cooldown_s: 30, ..PushPolicy::new(PushMode::LevelDefault) }),
            schedule: Some(WeekSchedule::all(Slot::Off)),
            enabled: true,
            updated_at: UtcMillis(9),
        };
        let kept = tasks.insert(&new).await.unwrap();
        assert_eq!(tasks.get(kept.id).await.unwrap().unwrap(), kept);
        assert_eq!(AiTask { id: TaskId(0), version: 0, ..kept.clone() }, new);
        let nowhere = AiTask { camera: CameraId(999), ..new.clone() };
        assert!(matches!(tasks.insert(&nowhere).await, Err(StoreError::NotFound { .. })));
        let renamed = tasks.update(&AiTask { name: "Gate".into(), ..kept.clone() }, 1).await.unwrap();
        assert!(matches!(tasks.update(&kept, 1).await, Err(StoreError::VersionConflict { .. })));
        assert_eq!(tasks.page(&PageRequest::default()).await.unwrap().items, [renamed]);

        let lease = |task: TaskId| Lease { task, scene: motion.clone(), node };
        tasks.put_leases(&[lease(kept.id), lease(TaskId(77))], UtcMillis(5)).await.unwrap();
        assert_eq!(tasks.leases().await.unwrap(), [lease(kept.id)]);
        store.ai_nodes().delete(node).await.unwrap();
        assert!(tasks.leases().await.unwrap().is_empty());
        assert_eq!(tasks.get(kept.id).await.unwrap().unwrap().dispatch, DispatchMode::Mixed);
        store.cameras().delete(camera).await.unwrap();
        assert!(tasks.all().await.unwrap().is_empty());
    }
}
