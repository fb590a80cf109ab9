//! What AI engines found: one SQLite file for each day on which results came, `results/2026-03-01.db`.
//!
//! A day is dropped by removing its file, whatever is in it, and writing results never waits for the index of recordings.
//! The day is the one on which a result came, in UTC: a node that looks at old recordings writes today. A file that cannot
//! be read is moved aside and begun anew.

mod day;
mod page;
mod rows;

pub use page::ResultFilter;
#[cfg(test)]
use {
    day::HAS_TABLE,
    page::{ONE, statement},
    rows::STATEMENTS,
};

use crate::StoreError;
use day::{Day, DayFile};
use std::path::{Path, PathBuf};
use tokio::sync::Mutex;
use watchwall_model::{AiResultRow, UtcMillis};

const FOLDER: &str = "results";

/// All days. Shared: one writes at a time, readers open what they need.
#[derive(Debug)]
pub struct ResultFiles {
    folder: PathBuf,
    today: Mutex<Option<DayFile>>,
}

/// What became of some rows.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Inserted {
    pub stored: u64,
    /// Stood there already.
    pub duplicates: u64,
}

impl ResultFiles {
    /// # Errors
    /// [`StoreError::File`] when the folder cannot be made.
    pub fn open(data_folder: &Path) -> Result<Self, StoreError> {
        let folder = data_folder.join(FOLDER);
        std::fs::create_dir_all(&folder).map_err(|source| StoreError::File {
            what: "make the folder",
            path: folder.clone(),
            source,
        })?;
        Ok(Self { folder, today: Mutex::default() })
    }

    /// Keeps all of them or none. `now` says which day it is.
    pub async fn insert(&self, rows: &[AiResultRow], now: UtcMillis) -> Result<Inserted, StoreError> {
        let day = Day::of(now);
        let mut today = self.today.lock().await;
        if today.as_ref().is_none_or(|file| file.day() != day) {
            if let Some(yesterday) = today.take() {
                yesterday.close().await;
            }
            *today = Some(DayFile::open(&self.folder, day).await?);
        }
        let Some(file) = today.as_mut() else { return Ok(Inserted::default()) };
        let stored = match rows::insert(file.connection(), rows).await {
            Ok(stored) => stored,
            Err(error) => {
                // SQLite may have ended the transaction by itself, and the driver does not know: it begins anew.
                if let Some(file) = today.take() {
                    file.close().await;
                }
                return Err(error);
            }
        };
        Ok(Inserted { stored, duplicates: rows.len() as u64 - stored })
    }

    /// Removes the days that ended before `before`; how many.
    pub async fn drop_before(&self, before: UtcMillis) -> Result<usize, StoreError> {
        let first = Day::of(before);
        let mut today = self.today.lock().await;
        if today.as_ref().is_some_and(|file| file.day() < first)
            && let Some(old) = today.take()
        {
            old.close().await;
        }
        let old: Vec<Day> = Day::all(&self.folder)?.into_iter().filter(|day| *day < first).collect();
        for day in &old {
            day.remove(&self.folder)?;
        }
        Ok(old.len())
    }

    pub async fn close(&self) {
        if let Some(today) = self.today.lock().await.take() {
            today.close().await;
        }
    }
}

#[cfg(test)]
mod tests;
