//! What happened, and what is to be told of it, in one transaction.

use super::{AlarmTable, ONE, read};
use crate::{
    StoreError,
    row::{to_json, word},
};
use sqlx::{Sqlite, Transaction};
use watchwall_model::{
    Alarm, AlarmClip, AlarmHistory, AlarmId, AlarmState, AlarmStep, Happening, StreamPath, UtcMillis,
};

const INSERT: &str = "INSERT INTO alarms (source, kind, subject, camera_id, camera_name, task_id, level, first_ms, last_ms, \
     count, params, confidence, objects, snapshot, clip, clip_reason, clip_path, clip_from, clip_to, deadline_ms, close_ms, \
     changed_ms) VALUES (?1, ?2, ?3, (SELECT id FROM cameras WHERE id = ?4), ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, \
     ?15, ?16, ?17, ?18, ?19, ?20, ?21, ?22)";
// The first picture and its boxes stay.
const REPEAT: &str = "UPDATE alarms SET count = count + ?1, first_ms = MIN(first_ms, ?2), last_ms = MAX(last_ms, ?3), \
     level = MAX(level, ?4), confidence = COALESCE(MAX(confidence, ?5), confidence, ?5), \
     objects = CASE WHEN snapshot IS NULL AND ?7 IS NOT NULL THEN ?6 ELSE COALESCE(objects, ?6) END, \
     snapshot = COALESCE(snapshot, ?7), changed_ms = ?8, version = version + 1 WHERE id = ?9";
pub const NOTE: &str = "INSERT INTO alarm_history (alarm_id, at_ms, who, what, from_state, to_state, note) \
     VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)";
const LOCK: &str = "INSERT INTO evidence_locks (from_ms, to_ms, reason, locked_by, created_at, alarm_id) \
     VALUES (?1, ?2, 'alarm', '', ?3, ?4)";
const LOCK_PATH: &str = "INSERT INTO evidence_lock_paths (path, lock_id) VALUES (?1, ?2)";
// Channels of the route; those of `default` when there is no such route.
const TELL: &str = "INSERT INTO push_outbox (channel_id, key, alarm_id, content, created_ms, next_ms) \
     SELECT c.id, ?2 || '-' || c.id, ?3, ?4, ?5, ?5 FROM push_routes r JOIN push_channels c ON c.id = r.channel_id \
     WHERE c.enabled = 1 AND r.route = CASE WHEN EXISTS (SELECT 1 FROM push_routes WHERE route = ?1) THEN ?1 ELSE 'default' END";
const PUT_BUCKET: &str = "INSERT INTO push_buckets (bucket, count, since_ms, told_ms, waiting, alarm_id) \
     VALUES (?1, ?2, ?3, ?4, ?5, ?6) \
     ON CONFLICT (bucket) DO UPDATE SET count = excluded.count, since_ms = excluded.since_ms, told_ms = excluded.told_ms, \
     waiting = excluded.waiting, alarm_id = excluded.alarm_id";
#[cfg(test)]
pub const STATEMENTS: &[&str] = &[INSERT, REPEAT, NOTE, LOCK, LOCK_PATH, TELL, PUT_BUCKET];

/// An alarm to be kept.
#[derive(Clone, Debug, PartialEq)]
pub struct NewAlarm {
    /// The first of them; its level is the alarm's.
    pub what: Happening,
    pub level: u32,
    pub camera_name: Option<String>,
    pub last_at: UtcMillis,
    pub count: u64,
    pub clip: AlarmClip,
    /// The recording is kept until somebody has seen the alarm.
    pub protect: bool,
    pub deadline: Option<UtcMillis>,
    pub close_at: Option<UtcMillis>,
}

/// It happened again.
#[derive(Clone, Debug, PartialEq)]
pub struct RepeatedAlarm {
    pub id: AlarmId,
    pub count: u64,
    pub first_at: UtcMillis,
    pub last_at: UtcMillis,
    pub level: u32,
    pub confidence: Option<f32>,
    pub objects: Option<String>,
    pub snapshot: Option<String>,
}

/// Which alarm something is told of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AlarmRef {
    /// The nth of those raised in the same batch.
    Raised(usize),
    Kept(AlarmId),
}

/// Something to be told, once for each channel of a route.
#[derive(Clone, Debug, PartialEq)]
pub struct NewPush {
    pub route: String,
    /// The same at each attempt; the channel's number is added.
    pub key: String,
    /// `None` where nothing was raised.
    pub alarm: Option<AlarmRef>,
    /// JSON.
    pub content: String,
}

/// How a bucket stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BucketRow {
    pub bucket: String,
    pub count: u64,
    pub since: Option<UtcMillis>,
    pub told_at: Option<UtcMillis>,
    /// JSON.
    pub waiting: Option<String>,
    /// What would be told of.
    pub alarm: Option<AlarmRef>,
}

/// All of it is kept, or none.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct AlarmBatch {
    pub raised: Vec<NewAlarm>,
    pub repeated: Vec<RepeatedAlarm>,
    pub pushes: Vec<NewPush>,
    pub buckets: Vec<BucketRow>,
}

impl AlarmBatch {
    pub const fn is_empty(&self) -> bool {
        self.raised.is_empty() && self.repeated.is_empty() && self.pushes.is_empty() && self.buckets.is_empty()
    }
}

/// How they stand now.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Written {
    /// As in the batch.
    pub raised: Vec<Alarm>,
    /// Without those that are gone.
    pub repeated: Vec<Alarm>,
    /// Rows of the outbox.
    pub told: u64,
}

impl Written {
    /// `None` for a place that was not raised.
    pub fn id_of(&self, alarm: AlarmRef) -> Option<AlarmId> {
        match alarm {
            AlarmRef::Kept(id) => Some(id),
            AlarmRef::Raised(place) => self.raised.get(place).map(|alarm| alarm.id),
        }
    }
}

impl AlarmTable<'_> {
    pub async fn write(&self, batch: &AlarmBatch, now: UtcMillis) -> Result<Written, StoreError> {
        let mut written = Written::default();
        let mut transaction = self.store.writer().begin().await?;
        for new in &batch.raised {
            let id = insert(&mut transaction, new, now).await?;
            if let Some((path, range)) = new.clip.place().filter(|_| new.protect) {
                let lock = sqlx::query(LOCK).bind(range.start.0).bind(range.end.0).bind(now.0).bind(id.0);
                let lock = lock.execute(&mut *transaction).await?.last_insert_rowid();
                sqlx::query(LOCK_PATH).bind(path.as_str()).bind(lock).execute(&mut *transaction).await?;
            }
            let row = sqlx::query(ONE).bind(id.0).fetch_one(&mut *transaction).await?;
            written.raised.push(read(&row)?);
        }
        for again in &batch.repeated {
            let done = sqlx::query(REPEAT)
                .bind(i64::try_from(again.count).unwrap_or(i64::MAX))
                .bind(again.first_at.0)
                .bind(again.last_at.0)
                .bind(again.level)
                .bind(again.confidence)
                .bind(&again.objects)
                .bind(&again.snapshot)
                .bind(now.0)
                .bind(again.id.0)
                .execute(&mut *transaction)
                .await?;
            if done.rows_affected() > 0 {
                let row = sqlx::query(ONE).bind(again.id.0).fetch_one(&mut *transaction).await?;
                written.repeated.push(read(&row)?);
            }
        }
        for push in &batch.pushes {
            let alarm = push.alarm.and_then(|alarm| written.id_of(alarm));
            written.told += tell(&mut transaction, push, alarm, now).await?;
        }
        for bucket in &batch.buckets {
            sqlx::query(PUT_BUCKET)
                .bind(&bucket.bucket)
                .bind(i64::try_from(bucket.count).unwrap_or(i64::MAX))
                .bind(bucket.since.map(|at| at.0))
                .bind(bucket.told_at.map(|at| at.0))
                .bind(&bucket.waiting)
                .bind(bucket.alarm.and_then(|alarm| written.id_of(alarm)).map(|alarm| alarm.0))
                .execute(&mut *transaction)
                .await?;
        }
        transaction.commit().await?;
        Ok(written)
    }
}

async fn insert(
    transaction: &mut Transaction<'_, Sqlite>,
    new: &NewAlarm,
    now: UtcMillis,
) -> Result<AlarmId, StoreError> {
    let what = &new.what;
    let place = new.clip.place();
    let reason = match &new.clip {
        AlarmClip::Unavailable { reason, .. } => Some(reason.as_str()),
        _ => None,
    };
    let done = sqlx::query(INSERT)
        .bind(what.source.as_str())
        .bind(&what.kind)
        .bind(&what.subject)
        .bind(what.camera.map(|camera| camera.0))
        .bind(&new.camera_name)
        .bind(what.task.map(|task| task.0))
        .bind(new.level)
        .bind(what.at.0)
        .bind(new.last_at.0)
        .bind(i64::try_from(new.count).unwrap_or(i64::MAX))
        .bind(to_json("params", &what.params)?)
        .bind(what.confidence)
        .bind(&what.objects)
        .bind(&what.snapshot)
        .bind(new.clip.word())
        .bind(reason)
        .bind(place.map(|(path, _)| StreamPath::as_str(path)))
        .bind(place.map(|(_, range)| range.start.0))
        .bind(place.map(|(_, range)| range.end.0))
        .bind(new.deadline.map(|at| at.0))
        .bind(new.close_at.map(|at| at.0))
        .bind(now.0)
        .execute(&mut **transaction)
        .await?;
    let id = AlarmId(done.last_insert_rowid());
    let line = AlarmHistory {
        at: what.at,
        by: None,
        what: AlarmStep::Raised,
        from: None,
        to: Some(AlarmState::New),
        note: None,
    };
    note(transaction, id, &line).await?;
    Ok(id)
}

/// One more line of an alarm's history.
pub async fn note(
    transaction: &mut Transaction<'_, Sqlite>,
    id: AlarmId,
    line: &AlarmHistory,
) -> Result<(), StoreError> {
    sqlx::query(NOTE)
        .bind(id.0)
        .bind(line.at.0)
        .bind(&line.by)
        .bind(word(&line.what))
        .bind(line.from.map(AlarmState::as_str))
        .bind(line.to.map(AlarmState::as_str))
        .bind(&line.note)
        .execute(&mut **transaction)
        .await?;
    Ok(())
}

/// Into the outbox; how many channels.
pub async fn tell(
    transaction: &mut Transaction<'_, Sqlite>,
    push: &NewPush,
    alarm: Option<AlarmId>,
    now: UtcMillis,
) -> Result<u64, StoreError> {
    let done = sqlx::query(TELL)
        .bind(&push.route)
        .bind(&push.key)
        .bind(alarm.map(|alarm| alarm.0))
        .bind(&push.content)
        .bind(now.0)
        .execute(&mut **transaction)
        .await?;
    Ok(done.rows_affected())
}
