//! Table `alarm_rules`: what is done when something happens.

use crate::{
    Page, PageRequest, Store, StoreError,
    row::{column, deleted, from_json, to_json, untouched},
};
use sqlx::sqlite::SqliteRow;
use watchwall_model::{AlarmRule, AlarmRuleId, Problem, UtcMillis};

const ALL: &str = "SELECT * FROM alarm_rules ORDER BY name COLLATE NOCASE, id";
const ONE: &str = "SELECT * FROM alarm_rules WHERE id = ?1";
const INSERT: &str = "INSERT INTO alarm_rules (name, enabled, matches, actions, rest_s) VALUES (?1, ?2, ?3, ?4, ?5)";
const UPDATE: &str = "UPDATE alarm_rules SET name = ?1, enabled = ?2, matches = ?3, actions = ?4, rest_s = ?5, \
     version = version + 1 WHERE id = ?6 AND version = ?7";
const FIRED: &str = "UPDATE alarm_rules SET fired_ms = ?1 WHERE id = ?2";
const DELETE: &str = "DELETE FROM alarm_rules WHERE id = ?1";
#[cfg(test)]
pub const STATEMENTS: &[&str] = &[ALL, ONE, INSERT, UPDATE, FIRED, DELETE];

pub struct AlarmRuleTable<'a> {
    pub(crate) store: &'a Store,
}

impl AlarmRuleTable<'_> {
    /// By name.
    pub async fn all(&self) -> Result<Vec<AlarmRule>, StoreError> {
        sqlx::query(ALL).fetch_all(self.store.reader()).await?.iter().map(read).collect()
    }

    /// By name.
    ///
    /// # Errors
    /// `request_invalid` for a made-up cursor.
    pub async fn page(&self, request: &PageRequest) -> Result<Page<AlarmRule>, Problem> {
        let mut rules = self.all().await?;
        let key = |rule: &AlarmRule| format!("{}\u{0}{:020}", rule.name.to_lowercase(), rule.id.0);
        rules.sort_by_key(key);
        request.cut(rules, key)
    }

    pub async fn get(&self, id: AlarmRuleId) -> Result<Option<AlarmRule>, StoreError> {
        let row = sqlx::query(ONE).bind(id.0).fetch_optional(self.store.reader()).await?;
        row.as_ref().map(read).transpose()
    }

    pub async fn insert(&self, rule: &AlarmRule) -> Result<AlarmRule, StoreError> {
        let done = bind(sqlx::query(INSERT), rule)?.execute(self.store.writer()).await?;
        let id = AlarmRuleId(done.last_insert_rowid());
        Ok(AlarmRule { id, version: 1, last_fired_at: None, ..rule.clone() })
    }

    /// # Errors
    /// [`StoreError::NotFound`], [`StoreError::VersionConflict`].
    pub async fn update(&self, rule: &AlarmRule, expected: i64) -> Result<AlarmRule, StoreError> {
        let query = bind(sqlx::query(UPDATE), rule)?.bind(rule.id.0).bind(expected);
        if query.execute(self.store.writer()).await?.rows_affected() == 0 {
            let row = sqlx::query(ONE).bind(rule.id.0).fetch_optional(self.store.writer()).await?;
            return Err(untouched("rule", row));
        }
        Ok(AlarmRule { version: expected + 1, ..rule.clone() })
    }

    /// When rules fired last.
    pub async fn fired(&self, rules: &[(AlarmRuleId, UtcMillis)]) -> Result<(), StoreError> {
        let mut transaction = self.store.writer().begin().await?;
        for (id, at) in rules {
            sqlx::query(FIRED).bind(at.0).bind(id.0).execute(&mut *transaction).await?;
        }
        transaction.commit().await?;
        Ok(())
    }

    /// # Errors
    /// [`StoreError::NotFound`].
    pub async fn delete(&self, id: AlarmRuleId) -> Result<(), StoreError> {
        deleted("rule", &sqlx::query(DELETE).bind(id.0).execute(self.store.writer()).await?)
    }
}

type Bound<'q> = sqlx::query::Query<'q, sqlx::Sqlite, sqlx::sqlite::SqliteArguments>;

fn bind<'q>(query: Bound<'q>, rule: &'q AlarmRule) -> Result<Bound<'q>, StoreError> {
    Ok(query
        .bind(&rule.name)
        .bind(rule.enabled)
        .bind(to_json("matches", &rule.when)?)
        .bind(to_json("actions", &rule.then)?)
        .bind(rule.rest_s))
}

fn read(row: &SqliteRow) -> Result<AlarmRule, StoreError> {
    let (matches, actions): (String, String) = (column(row, "matches")?, column(row, "actions")?);
    Ok(AlarmRule {
        id: AlarmRuleId(column(row, "id")?),
        version: column(row, "version")?,
        name: column(row, "name")?,
        enabled: column(row, "enabled")?,
        when: from_json("matches", &matches)?,
        then: from_json("actions", &actions)?,
        rest_s: column(row, "rest_s")?,
        last_fired_at: column::<Option<i64>>(row, "fired_ms")?.map(UtcMillis),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::DataFolder;
    use watchwall_model::{CameraId, RuleAction, RuleMatch};

    #[tokio::test]
    async fn rules_are_kept_as_they_are() {
        let folder = tempfile::tempdir().unwrap();
        let (store, _) = Store::open(&DataFolder::lock(folder.path()).unwrap()).await.unwrap();
        let rules = store.alarm_rules();
        let when = RuleMatch { cameras: vec![CameraId(4)], level: Some(2), ..RuleMatch::default() };
        let rule = AlarmRule {
            id: AlarmRuleId(0),
            version: 0,
            name: "Gate".into(),
            enabled: true,
            when,
            then: vec![RuleAction::Record { seconds: 30 }, RuleAction::Suppress],
            rest_s: 5,
            last_fired_at: None,
        };
        let kept = rules.insert(&rule).await.unwrap();
        assert_eq!(rules.get(kept.id).await.unwrap().unwrap(), kept);
        rules.fired(&[(kept.id, UtcMillis(7))]).await.unwrap();
        let off = rules.update(&AlarmRule { enabled: false, ..kept.clone() }, 1).await.unwrap();
        assert_eq!((off.version, off.enabled), (2, false));
        assert!(matches!(rules.update(&kept, 1).await, Err(StoreError::VersionConflict { .. })));
        assert_eq!(rules.all().await.unwrap()[0].last_fired_at, Some(UtcMillis(7)));
        rules.delete(kept.id).await.unwrap();
        assert!(matches!(rules.update(&kept, 2).await, Err(StoreError::NotFound { .. })));
    }
}
