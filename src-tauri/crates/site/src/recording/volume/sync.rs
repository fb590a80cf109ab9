//! Making what was written durable, for a whole volume at once.

use super::{
    disk,
    file::{SegmentFile, Snapshot},
};
use std::{
    io,
    path::Path,
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

/// Blocks until everything covered is on the disk: data first, then the names of new files.
///
/// # Errors
/// What writing back failed with; nothing of this round may then be called durable.
pub fn sync(root: &Path, covered: &[Covered], choice: &mut SyncChoice) -> io::Result<()> {
    let files: Vec<_> =
        covered.iter().filter_map(|c| c.snapshot.file.as_ref().map(|file| (file, &c.snapshot))).collect();
    let Some((first, _)) = files.first() else { return Ok(()) };
    let way = choice.pick(files.len());
    let begun = Instant::now();
    if way == Way::FileSystem {
        let result = disk::sync_file_system(first);
        let supported = !matches!(&result, Err(e) if e.kind() == io::ErrorKind::Unsupported);
        choice.learn(way, begun.elapsed(), supported);
        if supported {
            return result;
        }
    }
    for (file, _) in &files {
        file.sync_data()?;
    }
    let mut folders: Vec<_> = files
        .iter()
        .filter(|(_, snapshot)| snapshot.id.is_none())
        .filter_map(|(_, snapshot)| root.join(&snapshot.name).parent().map(Path::to_owned))
        .flat_map(|day| [day.parent().map(Path::to_owned), Some(day)])
        .flatten()
        .collect();
    folders.sort_unstable();
    folders.dedup();
    if !folders.is_empty() {
        folders.push(root.to_owned());
    }
    folders.iter().try_for_each(|folder| disk::sync_folder(folder))
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
