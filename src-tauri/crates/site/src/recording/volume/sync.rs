//! Making what was written durable, for a whole volume at once.

use super::{
    disk,
    file::{SegmentFile, Snapshot},
};
use std::{
    collections::BTreeMap,
    io,
    path::{Path, PathBuf},
    sync::Arc,
    time::{Duration, Instant},
};

/// From this many files on, one call for the file system is cheaper than one per file
/// (50 files: 1 ms of CPU against 8 ms, 9 ms of waiting against 25 ms on ext4).
const FEW_FILES: usize = 4;
/// A whole file system takes longer than this when others write much to it; then files are synced one by one.
const SLOW: Duration = Duration::from_millis(400);
/// Rounds until the whole file system is tried again.
const CAUTION_ROUNDS: u32 = 60;

/// A file and what the coming sync covers of it.
#[derive(Debug)]
pub struct Covered {
    pub file: Arc<SegmentFile>,
    pub snapshot: Snapshot,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Way {
    FileSystem,
    EachFile,
}

/// Remembers which way did well.
#[derive(Debug, Default)]
pub struct SyncChoice {
    cautious_rounds: u32,
    is_unsupported: bool,
}

impl SyncChoice {
    pub fn pick(&mut self, files: usize) -> Way {
        if self.is_unsupported || files < FEW_FILES {
            return Way::EachFile;
        }
        if self.cautious_rounds > 0 {
            self.cautious_rounds -= 1;
            return Way::EachFile;
        }
        Way::FileSystem
    }

    fn learn(&mut self, way: Way, took: Duration, supported: bool) {
        if way == Way::FileSystem {
            self.is_unsupported = !supported;
            if took > SLOW {
                self.cautious_rounds = CAUTION_ROUNDS;
            }
        }
    }
}

/// Blocks until everything covered is on the disk: data first, then the names of new files. Says for each what it
/// failed with; nothing of such a file may then be called durable, and the others are none the worse for it.
pub fn sync(root: &Path, covered: &[Covered], choice: &mut SyncChoice) -> Vec<Option<io::Error>> {
    let file_of = |covered: &Covered| covered.snapshot.file.clone();
    let Some(first) = covered.iter().find_map(file_of) else { return covered.iter().map(|_| None).collect() };
    let way = choice.pick(covered.len());
    let begun = Instant::now();
    if way == Way::FileSystem {
        let result = disk::sync_file_system(&first);
        let supported = !matches!(&result, Err(e) if e.kind() == io::ErrorKind::Unsupported);
        choice.learn(way, begun.elapsed(), supported);
        match result {
            Ok(()) => return covered.iter().map(|_| None).collect(),
            // Which of them it was, one by one.
            Err(error) if supported => {
                tracing::warn!(root = %root.display(), error = %error, "a file system could not be synced")
            }
            Err(_) => {}
        }
    }
    let mut failed: Vec<Option<io::Error>> =
        covered.iter().map(|c| file_of(c).and_then(|file| file.sync_data().err())).collect();
    let mut folders: BTreeMap<PathBuf, Option<io::ErrorKind>> = BTreeMap::new();
    for (covered, failed) in covered.iter().zip(&mut failed).filter(|(c, _)| c.snapshot.id.is_none()) {
        let name = root.join(&covered.snapshot.name);
        for folder in name.ancestors().skip(1).take(3) {
            let synced = folders
                .entry(folder.to_owned())
                .or_insert_with_key(|folder| disk::sync_folder(folder).err().map(|error| error.kind()));
            if let Some(kind) = synced {
                failed.get_or_insert_with(|| (*kind).into());
            }
        }
    }
    failed
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_way_follows_what_it_cost() {
        let mut choice = SyncChoice::default();
        assert_eq!(choice.pick(1), Way::EachFile);
        assert_eq!(choice.pick(50), Way::FileSystem);
        choice.learn(Way::FileSystem, Duration::from_millis(20), true);
        assert_eq!(choice.pick(50), Way::FileSystem);
        choice.learn(Way::FileSystem, Duration::from_secs(3), true);
        let cautious = (0..200).take_while(|_| choice.pick(50) == Way::EachFile).count();
        assert_eq!(cautious, CAUTION_ROUNDS as usize);
        choice.learn(Way::FileSystem, Duration::ZERO, false);
        assert_eq!(choice.pick(50), Way::EachFile);
    }
}
