//! Pictures of alarms: `alarm-pictures/2026-03-01/17.jpg` in the data folder, kept as long as the alarms.

use bytes::Bytes;
use jiff::{Timestamp, civil::Date, tz::TimeZone};
use std::{
    io,
    path::{Path, PathBuf},
};
use watchwall_model::{Alarm, UtcMillis};

const FOLDER: &str = "alarm-pictures";

/// Where pictures lie. Cheap to clone.
#[derive(Clone)]
pub struct Pictures {
    data_folder: PathBuf,
}

/// The file in the data folder that a node's picture was put into.
pub fn kept(alarm: &Alarm) -> Option<&str> {
    // A path of the node's own is nothing here.
    alarm.snapshot.as_deref().filter(|file| !file.starts_with("node:"))
}

impl Pictures {
    pub fn new(data_folder: &Path) -> Self {
        Self { data_folder: data_folder.to_owned() }
    }

    /// Puts `jpeg`, or what a node sent, among the pictures of alarms; the file relative to the data folder.
    ///
    /// # Errors
    /// What the disk says.
    pub async fn keep(&self, alarm: &Alarm, jpeg: Option<Bytes>) -> io::Result<String> {
        let file = format!("{FOLDER}/{}/{}.jpg", day_of(alarm.first_at), alarm.id);
        let (whole, from) = (self.data_folder.join(&file), kept(alarm).map(|file| self.data_folder.join(file)));
        let write = move || {
            if let Some(folder) = whole.parent() {
                std::fs::create_dir_all(folder)?;
            }
            match (jpeg, from) {
                (Some(jpeg), _) => std::fs::write(&whole, jpeg),
                // The same file under two names: results are dropped by their day, alarms stay.
                (None, Some(from)) => {
                    std::fs::hard_link(&from, &whole).or_else(|_| std::fs::copy(&from, &whole).map(|_| ()))
                }
                (None, None) => Err(io::ErrorKind::NotFound.into()),
            }
        };
        tokio::task::spawn_blocking(write).await.map_err(io::Error::other)??;
        Ok(file)
    }

    /// # Errors
    /// What the disk says; not found also for a picture that lies at the node.
    pub async fn read(&self, alarm: &Alarm) -> io::Result<Bytes> {
        let file = kept(alarm).ok_or(io::ErrorKind::NotFound)?;
        tokio::fs::read(self.data_folder.join(file)).await.map(Bytes::from)
    }

    /// Removes the days before.
    pub async fn prune(&self, before: UtcMillis) {
        let (folder, first) = (self.data_folder.join(FOLDER), day_of(before));
        let remove = move || {
            let Ok(days) = std::fs::read_dir(&folder) else { return };
            for entry in days.flatten() {
                let day = entry.file_name().to_str().and_then(|name| name.parse::<Date>().ok());
                if day.is_some_and(|day| day < first)
                    && let Err(error) = std::fs::remove_dir_all(entry.path())
                {
                    tracing::warn!(%error, folder = %entry.path().display(), "old pictures of alarms could not be removed");
                }
            }
        };
        let _ = tokio::task::spawn_blocking(remove).await;
    }
}

fn day_of(at: UtcMillis) -> Date {
    let stamp = Timestamp::from_millisecond(at.0).unwrap_or(Timestamp::UNIX_EPOCH);
    stamp.to_zoned(TimeZone::UTC).date()
}
