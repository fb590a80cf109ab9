//! Copies one finished recording to another volume. Blocks.

use super::super::volume::disk;
use std::{
    fs::{self, File},
    io::{self, Read, Write},
    path::{Path, PathBuf},
    sync::atomic::{AtomicBool, Ordering},
    thread,
    time::{Duration, Instant},
};
use watchwall_model::{Problem, Segment, SegmentId};

/// Copies lie here until they are whole and durable. No stream is called so, so that nobody takes them for recordings.
const STAGING: &str = ".moving";
const BLOCK_BYTES: usize = 256 * 1024;
/// So much at most waits in memory for the disk: what a writer syncs is never held up by a heap of ours.
const SYNC_BYTES: u64 = 8 * 1024 * 1024;

/// From where to where, and how fast.
#[derive(Clone, Debug)]
pub struct Copy {
    pub segment: Segment,
    pub from_root: PathBuf,
    pub to_root: PathBuf,
    pub bytes_per_second: u64,
}

/// What a copy came to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Copied {
    Whole,
    /// Told to stop; nothing of it is left.
    Stopped,
    /// The file is not there any more.
    Gone,
    /// Another file of this name is there.
    Occupied,
}

impl Copy {
    /// Leaves the whole file under its name on the other volume, durable, or nothing.
    ///
    /// # Errors
    /// What either disk answers, or `disk_failed` when the file is shorter than the index says.
    pub fn run(&self, stop: &AtomicBool) -> Result<Copied, Problem> {
        let staged = staged(&self.to_root, self.segment.id);
        let done = self.stage(&staged, stop).and_then(|copied| match copied {
            Copied::Whole => self.publish(&staged),
            copied => Ok(copied),
        });
        if !matches!(done, Ok(Copied::Whole)) {
            // There is nothing to remove where nothing could be written.
            let _ = fs::remove_file(&staged);
        }
        done.map_err(|error| {
            Problem::new(disk::code_of(&error)).with("file", &self.segment.file).at("archive_recording").because(error)
        })
    }

    fn stage(&self, staged: &Path, stop: &AtomicBool) -> io::Result<Copied> {
        let mut from = match File::open(self.from_root.join(&self.segment.file)) {
            Ok(file) => file,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Copied::Gone),
            Err(error) => return Err(error),
        };
        fs::create_dir_all(self.to_root.join(STAGING))?;
        let mut to = File::create(staged)?;
        let (begun, mut copied, mut synced) = (Instant::now(), 0_u64, 0_u64);
        let mut block = vec![0; BLOCK_BYTES];
        loop {
            if stop.load(Ordering::Relaxed) {
                return Ok(Copied::Stopped);
            }
            let len = from.read(&mut block)?;
            if len == 0 {
                break;
            }
            to.write_all(&block[..len])?;
            copied += len as u64;
            if copied - synced >= SYNC_BYTES {
                to.sync_data()?;
                disk::drop_from_cache(&from);
                disk::drop_from_cache(&to);
                synced = copied;
            }
            thread::sleep(due_in(copied, self.bytes_per_second, begun.elapsed()));
        }
        if copied < self.segment.size_bytes {
            return Err(io::Error::new(io::ErrorKind::UnexpectedEof, "the file is shorter than the index says"));
        }
        to.sync_all()?;
        disk::drop_from_cache(&from);
        disk::drop_from_cache(&to);
        Ok(Copied::Whole)
    }

    /// The name is durable before the index is told of it. What an interrupted move published is replaced.
    fn publish(&self, staged: &Path) -> io::Result<Copied> {
        let target = self.to_root.join(&self.segment.file);
        let len_of = |path: &Path| fs::metadata(path).map(|facts| facts.len());
        match len_of(&target) {
            Ok(len) if len != len_of(staged)? => return Ok(Copied::Occupied),
            Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
            _ => {}
        }
        let day = target.parent().unwrap_or(&self.to_root);
        fs::create_dir_all(day)?;
        fs::rename(staged, &target)?;
        for folder in day.ancestors().take_while(|folder| folder.starts_with(&self.to_root)) {
            disk::sync_folder(folder)?;
        }
        Ok(Copied::Whole)
    }
}

/// Removes what an earlier run left half done.
pub fn clear(to_root: &Path) {
    if let Err(error) = fs::remove_dir_all(to_root.join(STAGING))
        && error.kind() != io::ErrorKind::NotFound
    {
        tracing::warn!(root = %to_root.display(), %error, "what is left of interrupted moves cannot be removed");
    }
}

fn staged(root: &Path, id: SegmentId) -> PathBuf {
    root.join(STAGING).join(format!("{id}.mp4"))
}

/// How long to rest after so many bytes in so long.
fn due_in(bytes: u64, bytes_per_second: u64, spent: Duration) -> Duration {
    Duration::from_secs_f64(bytes as f64 / bytes_per_second.max(1) as f64).saturating_sub(spent)
}

#[cfg(test)]
mod tests {
    use super::*;
    use watchwall_model::{ErrorCode, SegmentState, StreamPath, UtcMillis, VolumeCode};

    fn copy(folder: &Path, size_bytes: u64) -> Copy {
        let segment = Segment {
            id: SegmentId(7),
            path: StreamPath::parse("gate").unwrap(),
            volume: VolumeCode("main".into()),
            file: "gate/2026-03-01/10-00-00.mp4".into(),
            start: UtcMillis(0),
            end: UtcMillis(1),
            size_bytes,
            video_codec: String::new(),
            width: 0,
            height: 0,
            has_audio: false,
            state: SegmentState::Complete,
            locked: false,
            init_bytes: 0,
        };
        let (from_root, to_root) = (folder.join("from"), folder.join("to"));
        fs::create_dir_all(from_root.join("gate/2026-03-01")).unwrap();
        fs::create_dir_all(&to_root).unwrap();
        Copy { segment, from_root, to_root, bytes_per_second: u64::MAX }
    }

    #[test]
    fn a_file_arrives_whole_or_not_at_all() {
        let folder = tempfile::tempdir().unwrap();
        let bytes: Vec<u8> = (0..2_500_000_u32).map(|n| n as u8).collect();
        let copy = copy(folder.path(), bytes.len() as u64);
        let target = copy.to_root.join(&copy.segment.file);
        let stop = AtomicBool::new(false);
        assert_eq!(copy.run(&stop), Ok(Copied::Gone));
        fs::write(copy.from_root.join(&copy.segment.file), &bytes[1..]).unwrap();
        assert_eq!(copy.run(&stop).unwrap_err().code, ErrorCode::DiskFailed);
        assert!(!target.exists() && !staged(&copy.to_root, copy.segment.id).exists());
        fs::write(copy.from_root.join(&copy.segment.file), &bytes).unwrap();
        assert_eq!(copy.run(&AtomicBool::new(true)), Ok(Copied::Stopped));
        assert!(!target.exists() && !staged(&copy.to_root, copy.segment.id).exists());
        assert_eq!(copy.run(&stop), Ok(Copied::Whole));
        assert!(fs::read(&target).unwrap() == bytes);
        // Over what an interrupted move published, and never over anything else.
        assert_eq!(copy.run(&stop), Ok(Copied::Whole));
        fs::write(&target, b"another").unwrap();
        assert_eq!(copy.run(&stop), Ok(Copied::Occupied));
        assert_eq!(fs::read(&target).unwrap(), b"another");
        clear(&copy.to_root);
        assert!(!copy.to_root.join(STAGING).exists() && target.exists());
    }

    #[test]
    fn the_pace_is_kept() {
        let check = |bytes, spent_ms, expect_ms| {
            let rest = due_in(bytes, 1_000, Duration::from_millis(spent_ms));
            assert_eq!(rest, Duration::from_millis(expect_ms), "{bytes} in {spent_ms} ms");
        };
        check(1_000, 0, 1_000);
        check(1_000, 400, 600);
        check(1_000, 3_000, 0);
        check(0, 0, 0);
    }
}
