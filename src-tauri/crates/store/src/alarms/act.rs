//! What people and the clock do with alarms.

use super::{
    AlarmTable, NewPush, ONE,
    batch::{note, tell},
    clip::{END_LOCK, FORGET_LOCK},
    read,
};
use crate::StoreError;
use sqlx::{Sqlite, Transaction};
use watchwall_model::{Alarm, AlarmAct, AlarmHistory, AlarmId, AlarmState, AlarmStep, UtcMillis, Verdict};

const SET_STATE: &str = "UPDATE alarms SET state = ?1, owner = COALESCE(?2, owner), verdict = ?3, changed_ms = ?4, \
     version = version + 1 WHERE id = ?5";
const DUE: &str = "SELECT * FROM alarms WHERE state = 'new' AND deadline_ms IS NOT NULL AND escalated = 0 \
     AND deadline_ms <= ?1 ORDER BY deadline_ms LIMIT ?2";
const NEXT_DUE: &str =
    "SELECT MIN(deadline_ms) FROM alarms WHERE state = 'new' AND deadline_ms IS NOT NULL AND escalated = 0";
const ESCALATE: &str = "UPDATE alarms SET escalated = 1, level = MIN(4, level + 1), changed_ms = ?1, version = version + 1 \
     WHERE id = ?2 AND state = 'new' AND escalated = 0";
const TO_CLOSE: &str = "SELECT id FROM alarms WHERE state IN ('new', 'acknowledged') AND close_ms IS NOT NULL \
     AND close_ms <= ?1 ORDER BY close_ms LIMIT ?2";
#[cfg(test)]
pub const STATEMENTS: &[&str] = &[SET_STATE, DUE, NEXT_DUE, ESCALATE, TO_CLOSE];

/// What came of an act.
#[derive(Clone, Debug, PartialEq)]
pub enum Acted {
    Done(Box<Alarm>),
    /// As it stands it cannot be done.
    Refused(AlarmState),
}

impl AlarmTable<'_> {
    /// `by` is `None` when the site does it.
    ///
    /// # Errors
    /// [`StoreError::NotFound`].
    pub async fn act(
        &self,
        id: AlarmId,
        act: AlarmAct,
        verdict: Option<Verdict>,
        by: Option<&str>,
        remark: Option<&str>,
        now: UtcMillis,
    ) -> Result<Acted, StoreError> {
        let mut transaction = self.store.writer().begin().await?;
        let acted = act_on(&mut transaction, id, act, verdict, by, remark, now).await?;
        transaction.commit().await?;
        Ok(acted)
    }

    /// Those nobody came for in time, the longest first.
    pub async fn due(&self, now: UtcMillis, most: u32) -> Result<Vec<Alarm>, StoreError> {
        let rows = sqlx::query(DUE).bind(now.0).bind(most).fetch_all(self.store.reader()).await?;
        rows.iter().map(read).collect()
    }

    /// When the next is due.
    pub async fn next_due(&self) -> Result<Option<UtcMillis>, StoreError> {
        let at: Option<i64> = sqlx::query_scalar(NEXT_DUE).fetch_one(self.store.reader()).await?;
        Ok(at.map(UtcMillis))
    }

    /// Its level rises once, and it is told again. `None` when somebody came meanwhile.
    pub async fn escalate(&self, id: AlarmId, push: &NewPush, now: UtcMillis) -> Result<Option<Alarm>, StoreError> {
        let mut transaction = self.store.writer().begin().await?;
        if sqlx::query(ESCALATE).bind(now.0).bind(id.0).execute(&mut *transaction).await?.rows_affected() == 0 {
            return Ok(None);
        }
        let line = AlarmHistory {
            at: now,
            by: None,
            what: AlarmStep::Overdue,
            from: Some(AlarmState::New),
            to: Some(AlarmState::New),
            note: None,
        };
        note(&mut transaction, id, &line).await?;
        tell(&mut transaction, push, Some(id), now).await?;
        let row = sqlx::query(ONE).bind(id.0).fetch_one(&mut *transaction).await?;
        transaction.commit().await?;
        Ok(Some(read(&row)?))
    }

    /// Those that close by themselves now.
    pub async fn to_close(&self, now: UtcMillis, most: u32) -> Result<Vec<AlarmId>, StoreError> {
        let ids: Vec<i64> = sqlx::query_scalar(TO_CLOSE).bind(now.0).bind(most).fetch_all(self.store.reader()).await?;
        Ok(ids.into_iter().map(AlarmId).collect())
    }
}

async fn act_on(
    transaction: &mut Transaction<'_, Sqlite>,
    id: AlarmId,
    act: AlarmAct,
    verdict: Option<Verdict>,
    by: Option<&str>,
    remark: Option<&str>,
    now: UtcMillis,
) -> Result<Acted, StoreError> {
    let row = sqlx::query(ONE).bind(id.0).fetch_optional(&mut **transaction).await?;
    let alarm = read(&row.ok_or(StoreError::NotFound { what: "alarm" })?)?;
    let Some(to) = alarm.state.after(act) else { return Ok(Acted::Refused(alarm.state)) };
    // The same once more, with nothing to say, is no new line.
    let is_same = to == alarm.state && remark.is_none() && act == AlarmAct::Acknowledge;
    if is_same {
        return Ok(Acted::Done(Box::new(alarm)));
    }
    let verdict = match act {
        AlarmAct::Resolve => verdict,
        AlarmAct::Reopen => None,
        _ => alarm.verdict,
    };
    let owner = by.filter(|_| matches!(act, AlarmAct::Acknowledge | AlarmAct::Take | AlarmAct::Reopen));
    sqlx::query(SET_STATE)
        .bind(to.as_str())
        .bind(owner)
        .bind(verdict.map(Verdict::as_str))
        .bind(now.0)
        .bind(id.0)
        .execute(&mut **transaction)
        .await?;
    let line = AlarmHistory {
        at: now,
        by: by.map(str::to_owned),
        what: act.step(),
        from: Some(alarm.state),
        to: Some(to),
        note: remark.map(str::to_owned),
    };
    note(transaction, id, &line).await?;
    if to != AlarmState::New {
        // Somebody has seen it: what is to be kept longer is for people to lock. Ended first: that frees the recordings.
        sqlx::query(END_LOCK).bind(now.0).bind(id.0).execute(&mut **transaction).await?;
        sqlx::query(FORGET_LOCK).bind(id.0).execute(&mut **transaction).await?;
    }
    let row = sqlx::query(ONE).bind(id.0).fetch_one(&mut **transaction).await?;
    Ok(Acted::Done(Box::new(read(&row)?)))
}
