//! A process killed while it writes: what it committed is there, the rest never half.
#![allow(clippy::unwrap_used, clippy::print_stdout, clippy::print_stderr, reason = "a test fails by panicking")]

use std::{
    io::{BufRead as _, BufReader, Read as _},
    path::Path,
    process::{Child, Command, Stdio},
};
use watchwall_model::{Fragment, SegmentId, SegmentOrigin, SegmentState, StreamPath, UtcMillis, VolumeCode};
use watchwall_store::{DataFolder, NewSegment, OpenOutcome, SegmentProgress, Store, encode_fragments};

const FOLDER: &str = "STORE_KILL_TEST_FOLDER";
const STREAMS: usize = 20;
const ROUNDS: usize = 5;

fn gop(number: u32) -> Fragment {
    let offset = 800 + u64::from(number) * 1000;
    Fragment { offset, size_bytes: 1000, start_ms: number * 1000, duration_ms: 1000, is_key: true }
}

async fn open(folder: &Path) -> (Store, OpenOutcome, DataFolder) {
    let lock = DataFolder::lock(folder).unwrap();
    let (store, outcome) = Store::open(&lock).await.unwrap();
    (store, outcome, lock)
}

async fn segments(store: &Store) -> Vec<SegmentId> {
    let open = store.segments().open(&VolumeCode("v1".into())).await.unwrap();
    open.into_iter().map(|segment| segment.id).collect()
}

/// The child: commits for every stream at once, forever, and tells each commit after it returned.
async fn write_until_killed(folder: &Path) {
    let (store, _, _lock) = open(folder).await;
    let ids = segments(&store).await;
    let mut done = u32::try_from(store.segments().fragments(ids[0]).await.unwrap().len()).unwrap();
    loop {
        let fragments = encode_fragments(done.checked_sub(1).map(gop).as_ref(), &[gop(done)]);
        done += 1;
        let batch: Vec<_> = ids
            .iter()
            .map(|id| SegmentProgress {
                id: *id,
                end: UtcMillis(i64::from(done) * 1000),
                size_bytes: 800 + u64::from(done) * 1000,
                fragments: fragments.clone(),
                state: SegmentState::Recording,
            })
            .collect();
        store.segments().commit_progress(&batch).await.unwrap();
        // Not captured by the harness: the parent reads it.
        eprintln!("committed {done}");
    }
}

fn start_child(folder: &Path) -> Child {
    Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "committed_work_survives_kill", "--nocapture"])
        .env(FOLDER, folder)
        .stdout(Stdio::null())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap()
}

/// Kills the child after so many commits; the number of the last one it told.
fn kill_after(mut child: Child, commits: usize) -> u32 {
    let mut reader = BufReader::new(child.stderr.take().unwrap());
    let mut last = 0;
    let mut line = String::new();
    for _ in 0..commits {
        line.clear();
        assert!(reader.read_line(&mut line).unwrap() > 0, "the child ended by itself");
        last = line.trim().strip_prefix("committed ").unwrap_or_else(|| unreachable!("{line}")).parse().unwrap();
    }
    child.kill().unwrap();
    child.wait().unwrap();
    let mut rest = String::new();
    reader.read_to_string(&mut rest).unwrap();
    let told = rest.lines().filter_map(|line| line.strip_prefix("committed ")?.parse().ok());
    told.fold(last, |_, number| number)
}

#[tokio::test]
async fn committed_work_survives_kill() {
    if let Some(folder) = std::env::var_os(FOLDER) {
        return write_until_killed(Path::new(&folder)).await;
    }
    let folder = tempfile::tempdir().unwrap();
    let (store, _, lock) = open(folder.path()).await;
    for number in 0..STREAMS {
        let path = StreamPath::parse(&format!("cam_{number}")).unwrap();
        let new = NewSegment {
            file: format!("{path}/2026-01-01/00-00-00.mp4"),
            path,
            volume: VolumeCode("v1".into()),
            start: UtcMillis(0),
            video_codec: "avc1.4d401f".into(),
            width: 640,
            height: 360,
            has_audio: false,
            init_bytes: 800,
            origin: SegmentOrigin::Live,
        };
        store.segments().insert(&new).await.unwrap();
    }
    store.close().await;
    drop((store, lock));
    for round in 0..ROUNDS {
        let told = kill_after(start_child(folder.path()), 3 + round * 7);
        let (store, outcome, _lock) = open(folder.path()).await;
        assert_eq!(outcome, OpenOutcome::Opened);
        let ids = segments(&store).await;
        assert_eq!(ids.len(), STREAMS);
        let mut counts = Vec::new();
        for id in ids {
            let fragments = store.segments().fragments(id).await.unwrap();
            let count = u32::try_from(fragments.len()).unwrap();
            assert_eq!(fragments, (0..count).map(gop).collect::<Vec<_>>());
            assert_eq!(store.segments().get(id).await.unwrap().unwrap().end, UtcMillis(i64::from(count) * 1000));
            counts.push(count);
        }
        assert!(counts.iter().all(|count| *count == counts[0]), "a transaction was torn: {counts:?}");
        assert!(counts[0] >= told, "{told} were committed, {} are there", counts[0]);
        store.close().await;
    }
}
