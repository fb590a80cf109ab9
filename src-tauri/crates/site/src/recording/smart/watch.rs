//! The task that asks.

use super::{
    disks,
    report::{self, DiskWarning},
};
use crate::recording::{archive::blocking, volume::VolumeDisk, volume_set::VolumeSet};
use serde_json::Value;
use std::{
    path::{Path, PathBuf},
    process::Stdio,
    sync::{Arc, Weak},
    time::Duration,
};
use tokio::{process::Command, time};
use tokio_util::sync::CancellationToken;

/// A start has more urgent work.
const FIRST_AFTER: Duration = Duration::from_secs(20);
const INTERVAL: Duration = Duration::from_secs(3_600);
/// A disk that spins up takes a while.
const ANSWERS_WITHIN: Duration = Duration::from_secs(30);
/// Where it lies on most systems, which services may not have in their path.
const USUAL: &str = "/usr/sbin/smartctl";

/// See the module.
pub struct SmartWatch {
    pub set: Weak<VolumeSet>,
    /// The program to ask; `None` looks where it usually lies.
    pub program: Option<PathBuf>,
}

impl SmartWatch {
    pub async fn run(self, cancel: CancellationToken) {
        let mut wait = FIRST_AFTER;
        loop {
            tokio::select! {
                () = cancel.cancelled() => return,
                () = time::sleep(wait) => wait = INTERVAL,
            }
            let Some(set) = self.set.upgrade() else { return };
            for disk in set.disks().into_iter().filter(|disk| disk.refusal().is_none()) {
                tokio::select! {
                    () = cancel.cancelled() => return,
                    () = self.ask(&disk) => {}
                }
            }
        }
    }

    async fn ask(&self, volume: &Arc<VolumeDisk>) {
        let Some(root) = volume.shelf.folder().map(Path::to_owned) else { return };
        let Ok(below) = blocking(move || Ok(disks::below(&root))).await else { return };
        let mut warnings = Vec::new();
        for disk in below {
            warnings.extend(self.warnings_of(&disk).await);
        }
        let before = volume.set_disk_warnings(warnings.clone());
        for warning in warnings.iter().filter(|warning| !before.contains(warning)) {
            let (disk, sign, value) = (&warning.disk, warning.sign.as_str(), warning.value);
            tracing::warn!(volume = %volume.volume.code, disk, sign, value, "a disk says that it is about to fail");
        }
    }

    async fn warnings_of(&self, disk: &str) -> Vec<DiskWarning> {
        let program = self.program.clone().unwrap_or_else(|| {
            let usual = PathBuf::from(USUAL);
            if usual.exists() { usual } else { PathBuf::from("smartctl") }
        });
        let mut command = Command::new(program);
        // A disk that sleeps is left asleep.
        command.args(["--json", "--health", "--attributes", "--nocheck=standby"]).arg(format!("/dev/{disk}"));
        command.stdin(Stdio::null()).stderr(Stdio::null()).kill_on_drop(true);
        // Its exit status says of what kind the warnings are, and they are in the answer.
        let answered = match time::timeout(ANSWERS_WITHIN, command.output()).await {
            Ok(Ok(output)) => serde_json::from_slice::<Value>(&output.stdout).ok(),
            Ok(Err(_)) | Err(_) => None,
        };
        answered.map(|answer| report::warnings(disk, &answer)).unwrap_or_default()
    }
}

#[cfg(all(test, unix))]
mod tests {
    use super::*;
    use std::{fs, os::unix::fs::PermissionsExt};

    #[tokio::test]
    async fn what_the_program_says_is_read_and_its_absence_says_nothing() {
        let folder = tempfile::tempdir().unwrap();
        let program = folder.path().join("smartctl");
        let script = "#!/bin/sh\ncase \"$*\" in *--nocheck=standby*/dev/sda) echo '{\"smart_status\":{\"passed\":false}}';; esac\nexit 8\n";
        fs::write(&program, script).unwrap();
        fs::set_permissions(&program, fs::Permissions::from_mode(0o755)).unwrap();
        let watch = |program: PathBuf| SmartWatch { set: Weak::new(), program: Some(program) };
        let found = watch(program.clone()).warnings_of("sda").await;
        assert_eq!(found.iter().map(|warning| warning.sign.as_str()).collect::<Vec<_>>(), ["failing"]);
        assert_eq!(watch(program).warnings_of("sdb").await, []);
        assert_eq!(watch(folder.path().join("none")).warnings_of("sda").await, []);
    }
}
