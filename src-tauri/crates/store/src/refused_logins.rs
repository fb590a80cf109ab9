//! Logins that devices refused, under one key of the settings: a restart does not try them again.

use crate::{Store, StoreError};
use base64::{Engine, prelude::BASE64_STANDARD};
use serde::{Deserialize, Serialize};
use watchwall_model::{Credentials, DeviceKey, DoorStanding, RefusedLogin};

const KEY: &str = "refused_logins";
/// More are kept by nobody; the first of them by name.
const MOST: usize = 4096;

pub struct RefusedLogins<'a> {
    pub(crate) store: &'a Store,
}

#[derive(Serialize, Deserialize)]
struct Row {
    device: String,
    username: String,
    /// Sealed, in base64.
    password: String,
    doors: [DoorStanding; 3],
    lost: u32,
}

impl RefusedLogins<'_> {
    /// What was put last. A password that was sealed with another key is left out.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub async fn get(&self) -> Result<Vec<RefusedLogin>, StoreError> {
        let rows: Vec<Row> = self.store.settings().get(KEY).await?.unwrap_or_default();
        Ok(rows.into_iter().filter_map(|row| self.open(row)).collect())
    }

    /// # Errors
    /// When the database cannot be written.
    pub async fn put(&self, refused: &[RefusedLogin]) -> Result<(), StoreError> {
        let rows: Vec<Row> = refused.iter().take(MOST).map(|login| self.seal(login)).collect::<Result<_, _>>()?;
        self.store.settings().put(KEY, &rows).await
    }

    fn seal(&self, login: &RefusedLogin) -> Result<Row, StoreError> {
        Ok(Row {
            device: login.device.to_string(),
            username: login.credentials.username.clone(),
            password: BASE64_STANDARD.encode(self.store.seal().seal(&login.credentials.password)?),
            doors: login.doors,
            lost: login.lost,
        })
    }

    fn open(&self, row: Row) -> Option<RefusedLogin> {
        let sealed = BASE64_STANDARD.decode(&row.password).ok()?;
        let password = self.store.seal().open_sealed(&sealed).ok()?;
        Some(RefusedLogin {
            device: DeviceKey::new(row.device),
            credentials: Credentials { username: row.username, password },
            doors: row.doors,
            lost: row.lost,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::DataFolder;
    use watchwall_model::Secret;

    #[tokio::test]
    async fn what_is_put_is_there_again_and_readable_to_nobody() {
        let folder = tempfile::tempdir().unwrap();
        let lock = DataFolder::lock(folder.path()).unwrap();
        let (store, _) = Store::open(&lock).await.unwrap();
        assert_eq!(store.refused_logins().get().await.unwrap(), []);
        let refused = vec![RefusedLogin {
            device: DeviceKey::new("10.0.0.5:8000"),
            credentials: Credentials { username: "admin".into(), password: Secret::new("hunter2") },
            doors: [DoorStanding { refusals: 1, has_opened: true }, DoorStanding::default(), DoorStanding::default()],
            lost: 1,
        }];
        store.refused_logins().put(&refused).await.unwrap();
        assert_eq!(store.refused_logins().get().await.unwrap(), refused);
        let stored: Option<serde_json::Value> = store.settings().get(KEY).await.unwrap();
        assert!(!stored.unwrap().to_string().contains("hunter2"));
    }
}
