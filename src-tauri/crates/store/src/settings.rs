//! Table `settings`: what an administrator changes while the site runs, as JSON by key.

use crate::{
    Store, StoreError,
    row::{from_json, to_json},
};
use serde::{Serialize, de::DeserializeOwned};

const GET: &str = "SELECT value FROM settings WHERE key = ?1";
const PUT: &str =
    "INSERT INTO settings (key, value) VALUES (?1, ?2) ON CONFLICT (key) DO UPDATE SET value = excluded.value";
#[cfg(test)]
pub const STATEMENTS: &[&str] = &[GET, PUT];

pub struct SettingsTable<'a> {
    pub(crate) store: &'a Store,
}

impl SettingsTable<'_> {
    pub async fn get<T: DeserializeOwned>(&self, key: &str) -> Result<Option<T>, StoreError> {
        let text: Option<String> = sqlx::query_scalar(GET).bind(key).fetch_optional(self.store.reader()).await?;
        text.map(|text| from_json(key, &text)).transpose()
    }

    pub async fn put<T: Serialize + Sync>(&self, key: &str, value: &T) -> Result<(), StoreError> {
        sqlx::query(PUT).bind(key).bind(to_json(key, value)?).execute(self.store.writer()).await?;
        Ok(())
    }
}
