//! Checksums: every finished file is chained to those before it, and whatever happens to one of them is found.

use crate::recording_support::{Bench, Farm, Footage, files_below, path, until, victim};
use std::{
    fs,
    path::{Path, PathBuf},
};
use watchwall_evidence::{ChainedFile, FileDigest, hash_file, hex32, link};
use watchwall_model::{FileChecksum, FileHash, HashKind, Plan, Segment, SegmentState, TimeRange, UtcMillis};
use watchwall_site::recording::{Flaw, Integrity};

fn ever() -> TimeRange {
    TimeRange::new(UtcMillis(0), UtcMillis(i64::MAX)).unwrap()
}

fn hash_of(bytes: &[u8]) -> FileHash {
    let mut digest = FileDigest::default();
    digest.update(bytes);
    digest.finish()
}

async fn chain_of(bench: &Bench, n: usize) -> Vec<FileChecksum> {
    let range = (ever().start, ever().end);
    bench.store.checksums().after(&path(n), 0, range, 1_000).await.unwrap()
}

async fn segments(bench: &Bench, n: usize) -> Vec<Segment> {
    let now = UtcMillis::now();
    let range = TimeRange::new(now.saturating_add_ms(-600_000), now.saturating_add_ms(60_000)).unwrap();
    bench.store.segments().in_range(&path(n), range).await.unwrap()
}

async fn checked(bench: &Bench, n: usize) -> Integrity {
    let found = bench.recording.check_integrity(&path(n), ever(), 0).await.unwrap();
    assert_eq!(found.next, None);
    found
}

fn flaws(found: &Integrity) -> Vec<(i64, Flaw)> {
    found.findings.iter().map(|finding| (finding.number, finding.flaw)).collect()
}

/// So many finished files of each stream, and one that is being written.
async fn record(bench: &Bench, streams: usize, files: usize) {
    for file in 0..=files {
        for n in 0..streams {
            // A changed plan begins a new file.
            let segment_minutes = 10 * (1 + file as u32 % 6);
            bench.recording.put_plan(Plan { segment_minutes, ..Plan::continuous(path(n)) }).await.unwrap();
        }
        until("a file of two seconds", 30, || async {
            for n in 0..streams {
                let all = segments(bench, n).await;
                let last = all.last()?;
                if all.len() <= file || last.end - last.start < 2_000 {
                    return None;
                }
            }
            Some(())
        })
        .await;
    }
    until("chained files", 30, || async {
        for n in 0..streams {
            if chain_of(bench, n).await.len() < files {
                return None;
            }
        }
        Some(())
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn every_finished_file_is_chained_and_whatever_happens_to_one_is_found() {
    let Some(footage) = Footage::encode() else { return };
    let folder = tempfile::tempdir().unwrap();
    let farm = Farm::new(2);
    farm.feed(footage);
    let bench = Bench::start(folder.path(), &farm).await;
    record(&bench, 2, 5).await;
    let root = folder.path().join("recordings");
    for n in 0..2 {
        let chain = chain_of(&bench, n).await;
        assert_eq!(chain.iter().map(|link| link.number).collect::<Vec<_>>(), [1, 2, 3, 4, 5]);
        let segments = segments(&bench, n).await;
        for (link, segment) in chain.iter().zip(&segments) {
            // As anybody may compute it.
            let bytes = fs::read(root.join(&segment.file)).unwrap();
            assert_eq!((link.segment, link.size_bytes), (segment.id, bytes.len() as u64));
            assert_eq!(link.hash, hash_of(&bytes));
        }
        let found = checked(&bench, n).await;
        assert_eq!((found.files, found.deleted, flaws(&found)), (5, 0, vec![]));
        assert_eq!(found.bytes, segments[..5].iter().map(|segment| segment.size_bytes).sum::<u64>());
    }
    let all = segments(&bench, 0).await;
    let file_of = |number: usize| root.join(&all[number - 1].file);
    // One bit.
    let mut bytes = fs::read(file_of(2)).unwrap();
    let middle = bytes.len() / 2;
    bytes[middle] ^= 1;
    fs::write(file_of(2), &bytes).unwrap();
    // One is gone, and one cut short.
    fs::remove_file(file_of(3)).unwrap();
    let short = fs::read(file_of(4)).unwrap();
    fs::write(file_of(4), &short[..short.len() - 1]).unwrap();
    let expect = [(2, Flaw::Changed), (3, Flaw::Missing), (4, Flaw::Changed)];
    assert_eq!(flaws(&checked(&bench, 0).await), expect);
    // Two files in each other's place.
    fs::write(file_of(2), fs::read(file_of(1)).unwrap()).unwrap();
    assert_eq!(flaws(&checked(&bench, 0).await), expect);
    // Who changes the file and its checksum in the database breaks the chain.
    bytes[middle] ^= 2;
    fs::write(file_of(2), &bytes).unwrap();
    let forged = hex32(&hash_of(&bytes).bytes);
    forge(
        folder.path(),
        &format!("UPDATE file_checksums SET hash = x'{forged}' WHERE path = '{}' AND number = 2", path(0)),
    );
    let expect = [(2, Flaw::ChainBroken), (3, Flaw::Missing), (4, Flaw::Changed)];
    assert_eq!(flaws(&checked(&bench, 0).await), expect);
    // What an older version hashed otherwise is compared as it was hashed.
    let chain = chain_of(&bench, 1).await;
    let (before, last) = (&chain[3], &chain[4]);
    let (size_bytes, sha256) = hash_file(&root.join(&segments(&bench, 1).await[4].file)).unwrap();
    let mut bytes = [0; 32];
    (0..32).for_each(|n| bytes[n] = u8::from_str_radix(&sha256[2 * n..2 * n + 2], 16).unwrap());
    let hash = FileHash { kind: HashKind::Sha256, bytes };
    let (of, number) = (path(1), last.number);
    let file = ChainedFile { path: of.as_str(), number, from: last.start, to: last.end, size_bytes, hash };
    let chained = hex32(&link(Some(&before.chain), &file));
    let older = format!("hash = x'{sha256}', hash_kind = 'sha256', chain = x'{chained}'");
    forge(folder.path(), &format!("UPDATE file_checksums SET {older} WHERE path = '{of}' AND number = {number}"));
    assert_eq!(flaws(&checked(&bench, 1).await), []);
    // What retention deletes is remembered, and no flaw.
    let gone: Vec<_> = segments(&bench, 1).await.iter().take(2).map(|segment| segment.id).collect();
    assert_eq!(bench.store.segments().mark_deleting(&gone).await.unwrap(), gone);
    bench.store.segments().forget(&gone).await.unwrap();
    let found = checked(&bench, 1).await;
    assert_eq!((found.files, found.deleted, flaws(&found)), (3, 2, vec![]));
    // A row that is taken out leaves a hole.
    forge(folder.path(), &format!("DELETE FROM file_checksums WHERE path = '{}' AND number = 3", path(1)));
    let found = checked(&bench, 1).await;
    assert_eq!(flaws(&found), [(4, Flaw::ChainBroken)]);
    // In portions, from a number on.
    let rest = bench.recording.check_integrity(&path(1), ever(), 4).await.unwrap();
    assert_eq!((rest.files, flaws(&rest)), (1, vec![]));
    bench.stop().await;
}

/// As somebody with the database file does.
fn forge(folder: &Path, statement: &str) {
    let database = folder.join("watchwall.db");
    let done = std::process::Command::new("sqlite3").arg(&database).arg(statement).output();
    let done = done.unwrap();
    assert!(done.status.success(), "{}", String::from_utf8_lossy(&done.stderr));
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_kill_left_is_chained_after_the_next_start() {
    if victim::is_victim() || Footage::encode().is_none() {
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let root = folder.path().to_owned();
    let victim = tokio::task::spawn_blocking(move || victim::Victim::start(&root, 2)).await.unwrap();
    // Files are cut in the first seconds of a minute: what is written then may be whole when the process dies.
    until("a file of some seconds, and no cut near", 90, || async {
        let of_stream = |file: &PathBuf| file.to_string_lossy().contains(&path(0).to_string());
        let newest = files_below(folder.path()).into_iter().rfind(of_stream)?;
        let is_far = (6_000..55_000).contains(&UtcMillis::now().0.rem_euclid(60_000));
        (is_far && fs::metadata(newest).ok()?.len() > 32 * 1024).then_some(())
    })
    .await;
    tokio::task::spawn_blocking(move || victim.kill()).await.unwrap();
    let bench = Bench::start(folder.path(), &Farm::new(0)).await;
    let repaired = segments(&bench, 0).await;
    assert!(repaired.iter().any(|segment| segment.state == SegmentState::Recovered), "{repaired:?}");
    until("a chained leftover", 60, || async { (chain_of(&bench, 0).await.len() == repaired.len()).then_some(()) })
        .await;
    let found = checked(&bench, 0).await;
    assert_eq!((found.files, flaws(&found)), (repaired.len() as u64, vec![]));
    bench.stop().await;
}
