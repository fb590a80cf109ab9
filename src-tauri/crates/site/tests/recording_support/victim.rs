//! A recorder in a process of its own, to be killed.

use super::{Bench, Farm, Footage, inspect::Life, path, until};
use std::{
    io::{BufRead, BufReader, Lines},
    path::Path,
    process::{Child, ChildStdout, Command, Stdio},
    time::Duration,
};
use watchwall_model::{Plan, UtcMillis};

const FOLDER: &str = "WATCHWALL_VICTIM_FOLDER";
const STREAMS: &str = "WATCHWALL_VICTIM_STREAMS";

pub fn is_victim() -> bool {
    std::env::var_os(FOLDER).is_some()
}

/// What the test `child` of each binary does; nothing unless it was started as a victim.
pub async fn record_until_killed() {
    let Ok(folder) = std::env::var(FOLDER) else { return };
    let Some(footage) = Footage::encode() else { return };
    let streams = std::env::var(STREAMS).unwrap().parse().unwrap();
    let farm = Farm::new(streams);
    let bench = Bench::start(Path::new(&folder), &farm).await;
    for n in 0..streams {
        bench.recording.put_plan(Plan { segment_minutes: 1, ..Plan::continuous(path(n)) }).await.unwrap();
    }
    until("recorders", 60, || async { farm.is_heard() }).await;
    let fed_at = UtcMillis::now();
    farm.feed(footage);
    println!("\nfeeding {}", fed_at.0);
    // Whoever started this kills it; left alone it ends by itself.
    tokio::time::sleep(Duration::from_secs(600)).await;
}

fn spawn(folder: &Path, streams: usize) -> Child {
    Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "child", "--nocapture"])
        .env(FOLDER, folder)
        .env(STREAMS, streams.to_string())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap()
}

pub fn kill_early(folder: &Path, streams: usize, after: Duration) {
    let mut child = spawn(folder, streams);
    std::thread::sleep(after);
    child.kill().unwrap();
    child.wait().unwrap();
}

pub struct Victim {
    child: Child,
    fed_at: UtcMillis,
    _lines: Lines<BufReader<ChildStdout>>,
}

impl Victim {
    /// Returns when its streams are fed.
    pub fn start(folder: &Path, streams: usize) -> Self {
        let mut child = spawn(folder, streams);
        let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
        let fed_at = lines
            .by_ref()
            .map_while(Result::ok)
            .find_map(|line| line.strip_prefix("feeding ").and_then(|at| at.parse().ok()))
            .expect("the recorder starts");
        Self { child, fed_at: UtcMillis(fed_at), _lines: lines }
    }

    /// Ends it where it stands.
    pub fn kill(mut self) -> Life {
        let died_at = UtcMillis::now();
        self.child.kill().unwrap();
        self.child.wait().unwrap();
        Life { fed_at: self.fed_at, died_at }
    }
}

impl Drop for Victim {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
