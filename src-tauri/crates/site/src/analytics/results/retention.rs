//! How long results and their pictures are kept.

use std::{
    fs, io,
    path::{Path, PathBuf},
    sync::Arc,
    time::Duration,
};
use tokio::time::{MissedTickBehavior, interval};
use tokio_util::sync::CancellationToken;
use watchwall_model::UtcMillis;
use watchwall_store::ResultFiles;

const DAY_MS: i64 = 86_400_000;
const LOOK_EVERY: Duration = Duration::from_secs(3_600);

/// Drops days whole, once an hour.
pub struct ResultRetention {
    pub files: Arc<ResultFiles>,
    pub data_folder: PathBuf,
    pub keep_days: u32,
}

impl ResultRetention {
    pub async fn run(self, cancel: CancellationToken) {
        let mut look = interval(LOOK_EVERY);
        look.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            tokio::select! {
                () = cancel.cancelled() => return,
                _ = look.tick() => self.drop_old(UtcMillis::now()).await,
            }
        }
    }

    async fn drop_old(&self, now: UtcMillis) {
        let before = now.saturating_add_ms(-i64::from(self.keep_days) * DAY_MS);
        match self.files.drop_before(before).await {
            Ok(0) => {}
            Ok(days) => tracing::info!(days, "old results of AI engines were removed"),
            Err(error) => tracing::warn!(%error, "old results of AI engines could not be removed"),
        }
        let folder = self.data_folder.join(SNAPSHOTS);
        let dropped = tokio::task::spawn_blocking(move || drop_snapshots(&folder, &day_of(before))).await;
        if let Ok(Err(error)) = dropped {
            tracing::warn!(%error, "old pictures of results could not be removed");
        }
    }
}

/// Below the data folder; one folder for each day, named as [`day_of`] does.
pub const SNAPSHOTS: &str = "snapshots";

/// In UTC; sorts as text.
pub fn day_of(at: UtcMillis) -> String {
    jiff::Timestamp::from_millisecond(at.0).map(|at| at.strftime("%Y-%m-%d").to_string()).unwrap_or_default()
}

/// Days before this one. What is not named like a day was put there by somebody else, and stays.
fn drop_snapshots(folder: &Path, first: &str) -> io::Result<()> {
    let entries = match fs::read_dir(folder) {
        Ok(entries) => entries,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
        Err(error) => return Err(error),
    };
    for entry in entries {
        let entry = entry?;
        let name = entry.file_name();
        let is_old = name.to_str().is_some_and(|name| name.parse::<jiff::civil::Date>().is_ok() && name < first);
        if is_old {
            fs::remove_dir_all(entry.path())?;
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whole_days_go_and_nothing_else() {
        let folder = tempfile::tempdir().unwrap();
        for name in ["2026-02-27", "2026-02-28", "2026-03-01", "notes"] {
            fs::create_dir(folder.path().join(name)).unwrap();
            fs::write(folder.path().join(name).join("1.jpg"), b"x").unwrap();
        }
        let first = day_of(UtcMillis(1_772_359_200_000 - DAY_MS));
        assert_eq!(first, "2026-02-28");
        drop_snapshots(folder.path(), &first).unwrap();
        let mut left: Vec<_> = fs::read_dir(folder.path())
            .unwrap()
            .map(|entry| entry.unwrap().file_name().into_string().unwrap())
            .collect();
        left.sort();
        assert_eq!(left, ["2026-02-28", "2026-03-01", "notes"]);
        drop_snapshots(&folder.path().join("nothing"), &first).unwrap();
    }
}
