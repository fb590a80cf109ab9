//! Rows as the model's alarms.

use crate::{
    StoreError,
    row::{column, from_json, from_word},
};
use sqlx::sqlite::SqliteRow;
use watchwall_model::{
    Alarm, AlarmClip, AlarmHistory, AlarmId, CameraId, ErrorCode, StreamPath, TaskId, TimeRange, UtcMillis,
};

pub fn read(row: &SqliteRow) -> Result<Alarm, StoreError> {
    let (source, state): (String, String) = (column(row, "source")?, column(row, "state")?);
    let (params, verdict): (String, Option<String>) = (column(row, "params")?, column(row, "verdict")?);
    let count: i64 = column(row, "count")?;
    Ok(Alarm {
        id: AlarmId(column(row, "id")?),
        version: column(row, "version")?,
        source: from_word("source", &source)?,
        kind: column(row, "kind")?,
        subject: column(row, "subject")?,
        camera: column::<Option<i64>>(row, "camera_id")?.map(CameraId),
        camera_name: column(row, "camera_name")?,
        task: column::<Option<i64>>(row, "task_id")?.map(TaskId),
        level: column(row, "level")?,
        is_escalated: column(row, "escalated")?,
        first_at: UtcMillis(column(row, "first_ms")?),
        last_at: UtcMillis(column(row, "last_ms")?),
        count: u64::try_from(count).unwrap_or(0),
        params: from_json("params", &params)?,
        confidence: column::<Option<f64>>(row, "confidence")?.map(|value| value as f32),
        objects: column(row, "objects")?,
        snapshot: column(row, "snapshot")?,
        clip: clip(row)?,
        state: from_word("state", &state)?,
        owner: column(row, "owner")?,
        verdict: verdict.map(|word| from_word("verdict", &word)).transpose()?,
        deadline: column::<Option<i64>>(row, "deadline_ms")?.map(UtcMillis),
        changed_at: UtcMillis(column(row, "changed_ms")?),
    })
}

fn clip(row: &SqliteRow) -> Result<AlarmClip, StoreError> {
    let word: String = column(row, "clip")?;
    let path: Option<String> = column(row, "clip_path")?;
    let path = path.and_then(|path| StreamPath::parse(&path).ok());
    let (from, to): (Option<i64>, Option<i64>) = (column(row, "clip_from")?, column(row, "clip_to")?);
    let range = from.zip(to).and_then(|(from, to)| TimeRange::new(UtcMillis(from), UtcMillis(to)));
    Ok(match (word.as_str(), path, range) {
        ("pending", Some(path), Some(range)) => AlarmClip::Pending { path, range },
        ("ready", Some(path), Some(range)) => AlarmClip::Ready { path, range, file: column(row, "clip_file")? },
        ("unavailable", path, range) => {
            let reason: Option<String> = column(row, "clip_reason")?;
            let reason = reason.as_deref().and_then(|word| from_word::<ErrorCode>("reason", word).ok());
            AlarmClip::Unavailable { reason: reason.unwrap_or(ErrorCode::NoRecording), path, range }
        }
        _ => AlarmClip::None,
    })
}

pub fn read_history(row: &SqliteRow) -> Result<AlarmHistory, StoreError> {
    let what: String = column(row, "what")?;
    let (from, to): (Option<String>, Option<String>) = (column(row, "from_state")?, column(row, "to_state")?);
    Ok(AlarmHistory {
        at: UtcMillis(column(row, "at_ms")?),
        by: column(row, "who")?,
        what: from_word("step", &what)?,
        from: from.map(|word| from_word("state", &word)).transpose()?,
        to: to.map(|word| from_word("state", &word)).transpose()?,
        note: column(row, "note")?,
    })
}
