//! Copies one finished recording to another volume. Blocks.

use crate::recording::{
    shelf::{Bucket, PART_BYTES, Shelf, Stored},
    volume::disk,
};
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
/// Whether it is to stop is asked this often.
const LOOK_EVERY: Duration = Duration::from_millis(100);
/// So much at most waits in memory for the disk: what a writer syncs is never held up by a heap of ours.
const SYNC_BYTES: u64 = 8 * 1024 * 1024;

/// From where to where, and how fast.
#[derive(Clone, Debug)]
pub struct Copy {
    pub segment: Segment,
    pub from: Shelf,
    pub to: Shelf,
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
    /// What disk or store answers, or `disk_failed` when the file is shorter than the index says.
    pub fn run(&self, stop: &AtomicBool) -> Result<Copied, Problem> {
        let done = match self.from.open(&self.segment.file) {
            Ok(Stored::File(from)) => match &self.to {
                Shelf::Folder(root) => self.to_folder(&from, root, stop),
                Shelf::Bucket(bucket) => self.to_bucket(&from, bucket, stop),
            },
            // Nothing moves out of an archive.
            Ok(Stored::Object(..)) => Err(io::ErrorKind::Unsupported.into()),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(Copied::Gone),
            Err(error) => Err(error),
        };
        done.map_err(|error| {
            Problem::new(disk::code_of(&error)).with("file", &self.segment.file).at("archive_recording").because(error)
        })
    }

    fn to_folder(&self, from: &File, root: &Path, stop: &AtomicBool) -> io::Result<Copied> {
        let staged = staged(root, self.segment.id);
        let done = self.stage(from, &staged, stop).and_then(|copied| match copied {
            Copied::Whole => self.publish(&staged, root),
            copied => Ok(copied),
        });
        if !matches!(done, Ok(Copied::Whole)) {
            // There is nothing to remove where nothing could be written.
            let _ = fs::remove_file(&staged);
        }
        done
    }

    /// The object appears whole when its upload is finished. What an interrupted move left there is replaced.
    fn to_bucket(&self, from: &File, bucket: &Bucket, stop: &AtomicBool) -> io::Result<Copied> {
        let name = &self.segment.file;
        let there = match bucket.len_of(name) {
            Ok(len) => Some(len),
            Err(error) if error.kind() == io::ErrorKind::NotFound => None,
            Err(error) => return Err(error),
        };
        if there.is_some_and(|len| len != self.segment.size_bytes) {
            return Ok(Copied::Occupied);
        }
        let mut upload = bucket.upload(name)?;
        let (begun, mut copied) = (Instant::now(), 0_u64);
        let sent = loop {
            let is_told = || stop.load(Ordering::Relaxed);
            let part = match next_part(from) {
                Ok(part) if part.is_empty() => break Ok(()),
                Ok(part) => part,
                Err(error) => break Err(error),
            };
            copied += part.len() as u64;
            if is_told() {
                break Err(io::ErrorKind::Interrupted.into());
            }
            if let Err(error) = upload.send(part) {
                break Err(error);
            }
            disk::drop_from_cache(from);
            rest(due_in(copied, self.bytes_per_second, begun.elapsed()), is_told);
        };
        let sent = sent.and_then(|()| self.check_len(copied));
        match sent {
            Ok(()) => upload.finish().map(|()| Copied::Whole),
            Err(error) => {
                upload.abandon();
                if error.kind() == io::ErrorKind::Interrupted { Ok(Copied::Stopped) } else { Err(error) }
            }
        }
    }

    fn check_len(&self, copied: u64) -> io::Result<()> {
        if copied < self.segment.size_bytes {
            return Err(io::Error::new(io::ErrorKind::UnexpectedEof, "the file is shorter than the index says"));
        }
        Ok(())
    }

    fn stage(&self, mut from: &File, staged: &Path, stop: &AtomicBool) -> io::Result<Copied> {
        if let Some(folder) = staged.parent() {
            fs::create_dir_all(folder)?;
        }
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
                disk::drop_from_cache(from);
                disk::drop_from_cache(&to);
                synced = copied;
            }
            thread::sleep(due_in(copied, self.bytes_per_second, begun.elapsed()));
        }
        self.check_len(copied)?;
        to.sync_all()?;
        disk::drop_from_cache(from);
        disk::drop_from_cache(&to);
        Ok(Copied::Whole)
    }

    /// The name is durable before the index is told of it. What an interrupted move published is replaced.
    fn publish(&self, staged: &Path, root: &Path) -> io::Result<Copied> {
        let target = root.join(&self.segment.file);
        let len_of = |path: &Path| fs::metadata(path).map(|facts| facts.len());
        match len_of(&target) {
            Ok(len) if len != len_of(staged)? => return Ok(Copied::Occupied),
            Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
            _ => {}
        }
        let day = target.parent().unwrap_or(root);
        fs::create_dir_all(day)?;
        fs::rename(staged, &target)?;
        for folder in day.ancestors().take_while(|folder| folder.starts_with(root)) {
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

/// The next bytes of a file, as many as one request carries; none at its end.
fn next_part(mut from: &File) -> io::Result<Vec<u8>> {
    let mut part = Vec::with_capacity(PART_BYTES);
    (&mut from).take(PART_BYTES as u64).read_to_end(&mut part)?;
    Ok(part)
}

/// Sleeps so long, or until it is told otherwise.
fn rest(long: Duration, is_told: impl Fn() -> bool) {
    let until = Instant::now() + long;
    while !is_told() && Instant::now() < until {
        thread::sleep(LOOK_EVERY.min(until - Instant::now()));
    }
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
        Copy { segment, from: Shelf::Folder(from_root), to: Shelf::Folder(to_root), bytes_per_second: u64::MAX }
    }

    #[test]
    fn a_file_arrives_whole_or_not_at_all() {
        let folder = tempfile::tempdir().unwrap();
        let bytes: Vec<u8> = (0..2_500_000_u32).map(|n| n as u8).collect();
        let copy = copy(folder.path(), bytes.len() as u64);
        let (from_root, to_root) = (folder.path().join("from"), folder.path().join("to"));
        let target = to_root.join(&copy.segment.file);
        let stop = AtomicBool::new(false);
        assert_eq!(copy.run(&stop), Ok(Copied::Gone));
        fs::write(from_root.join(&copy.segment.file), &bytes[1..]).unwrap();
        assert_eq!(copy.run(&stop).unwrap_err().code, ErrorCode::DiskFailed);
        assert!(!target.exists() && !staged(&to_root, copy.segment.id).exists());
        fs::write(from_root.join(&copy.segment.file), &bytes).unwrap();
        assert_eq!(copy.run(&AtomicBool::new(true)), Ok(Copied::Stopped));
        assert!(!target.exists() && !staged(&to_root, copy.segment.id).exists());
        assert_eq!(copy.run(&stop), Ok(Copied::Whole));
        assert!(fs::read(&target).unwrap() == bytes);
        // Over what an interrupted move published, and never over anything else.
        assert_eq!(copy.run(&stop), Ok(Copied::Whole));
        fs::write(&target, b"another").unwrap();
        assert_eq!(copy.run(&stop), Ok(Copied::Occupied));
        assert_eq!(fs::read(&target).unwrap(), b"another");
        clear(&to_root);
        assert!(!to_root.join(STAGING).exists() && target.exists());
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
