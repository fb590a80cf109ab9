//! The writers against real files.

use super::*;
use crate::recording::volume::{FileFacts, marker};
use std::sync::mpsc;
use watchwall_model::{ErrorCode, VolumeCode, VolumeKind};

fn volume(root: &Path) -> Volume {
    Volume {
        code: VolumeCode("main".into()),
        marker: "m".into(),
        name: String::new(),
        root: root.to_owned(),
        kind: VolumeKind::Local,
        high_watermark_percent: 90.0,
        low_watermark_percent: 75.0,
        priority: 0,
        archive_after_days: None,
        object: None,
    }
}

struct Bench {
    pool: WriterPool,
    dirty: mpsc::Receiver<Arc<SegmentFile>>,
    root: PathBuf,
}

impl Bench {
    fn new(root: &Path, queue_bytes: usize) -> Self {
        marker::write(&volume(root)).unwrap();
        let (sender, dirty) = mpsc::channel();
        let sender = Mutex::new(sender);
        let context = WriterContext {
            root: root.to_owned(),
            queue_bytes,
            space: Arc::default(),
            stats: Arc::default(),
            on_dirty: Box::new(move |file| drop(lock(&sender).send(file))),
            closing: |fragments, _| Bytes::from(format!("<{}>", fragments.len())),
        };
        Self { pool: WriterPool::start(context).unwrap(), dirty, root: root.to_owned() }
    }

    fn open(&self, path: &str) -> Arc<SegmentFile> {
        let file = Arc::new(SegmentFile::new(FileFacts::sample(path, "main")));
        let path = path.to_owned();
        let name = Box::new(move |attempt| format!("{path}/2026-03-01/10-00-00_{attempt}.mp4"));
        self.pool.push(&file, Job::Open { name, init: Bytes::from_static(b"init") }).unwrap();
        file
    }

    fn append(&self, file: &Arc<SegmentFile>, parts: &[&'static str]) -> Result<(), QueueFull> {
        let payload: Vec<Bytes> = parts.iter().map(|part| Bytes::from_static(part.as_bytes())).collect();
        let size_bytes = 1 + payload.iter().map(|b| b.len() as u32).sum::<u32>();
        let header = Bytes::from_static(b"#");
        self.pool.push(
            file,
            Job::Append(Append { header, payload, size_bytes, start_ms: 0, duration_ms: 1000, is_key: true }),
        )
    }

    fn stop(&self) {
        self.pool.stop(Duration::from_secs(20));
    }
}

#[test]
fn fragments_stand_in_order_and_offsets_are_right() {
    let folder = tempfile::tempdir().unwrap();
    let bench = Bench::new(folder.path(), 1 << 20);
    let files: Vec<_> = (0..8).map(|n| bench.open(&format!("cam{n}"))).collect();
    for file in &files {
        bench.append(file, &["ab", "cd"]).unwrap();
        bench.append(file, &["e"]).unwrap();
        bench.pool.push(file, Job::Close).unwrap();
    }
    // The same second again: the name counts up.
    let again = bench.open("cam0");
    bench.append(&again, &["z"]).unwrap();
    bench.stop();
    for file in &files {
        let text = fs::read_to_string(bench.root.join(file.name())).unwrap();
        assert_eq!(text, "init#abcd#e<2>");
        let fragments = file.fragments_from(0);
        assert_eq!(fragments.iter().map(|f| (f.offset, f.size_bytes)).collect::<Vec<_>>(), [(4, 5), (9, 2)]);
        assert_eq!((file.size_bytes(), file.is_closed(), file.fault()), (14, true, None));
    }
    assert_eq!(again.name(), "cam0/2026-03-01/10-00-00_1.mp4");
    // One announcement per file, though it was written three times.
    assert_eq!(bench.dirty.try_iter().count(), 9);
    assert_eq!(bench.pool.queued_bytes(), 0);
}

#[test]
fn the_end_of_a_file_that_was_given_up_and_passed_over_is_told() {
    let folder = tempfile::tempdir().unwrap();
    let bench = Bench::new(folder.path(), 1 << 20);
    let file = bench.open("cam");
    bench.append(&file, &["a"]).unwrap();
    let told = bench.dirty.recv_timeout(Duration::from_secs(20)).unwrap();
    told.abandoned(WriteFault { code: ErrorCode::DiskFailed, detail: String::new() });
    told.passed_over();
    bench.pool.push(&file, Job::Close).unwrap();
    bench.stop();
    assert!(bench.dirty.try_recv().is_ok_and(|told| told.is_closed() && told.is_abandoned()));
}

#[test]
fn a_file_that_came_to_nothing_is_removed() {
    let folder = tempfile::tempdir().unwrap();
    let bench = Bench::new(folder.path(), 1 << 20);
    let file = bench.open("cam");
    bench.pool.push(&file, Job::Close).unwrap();
    bench.stop();
    assert!(!bench.root.join(file.name()).exists());
    assert_eq!(bench.dirty.try_iter().count(), 0);
}

#[test]
fn without_its_marker_a_volume_is_not_filled() {
    let folder = tempfile::tempdir().unwrap();
    let bench = Bench::new(folder.path(), 1 << 20);
    fs::remove_file(folder.path().join(Volume::MARKER_FILE)).unwrap();
    let file = bench.open("cam");
    bench.append(&file, &["a"]).unwrap();
    bench.stop();
    assert_eq!(file.fault().map(|fault| fault.code), Some(ErrorCode::DiskFailed));
    assert!(!folder.path().join("cam").exists());
}

#[test]
fn a_full_queue_refuses_and_takes_a_single_large_fragment() {
    let folder = tempfile::tempdir().unwrap();
    let bench = Bench::new(folder.path(), 4);
    let file = bench.open("cam");
    let big: &'static str = "0123456789";
    let mut refused = 0;
    for _ in 0..10_000 {
        refused += usize::from(bench.append(&file, &[big, big]).is_err());
    }
    bench.stop();
    assert!(refused > 0);
    assert_eq!(file.fragments_from(0).len() + refused, 10_000);
    let len = fs::metadata(bench.root.join(file.name())).unwrap().len();
    assert_eq!(len, file.size_bytes());
}

#[test]
fn a_fault_is_told_and_spares_the_others() {
    let folder = tempfile::tempdir().unwrap();
    let bench = Bench::new(folder.path(), 1 << 20);
    fs::write(folder.path().join("bad"), b"a file where a folder should be").unwrap();
    let (bad, good) = (bench.open("bad"), bench.open("good"));
    for file in [&bad, &good] {
        bench.append(file, &["a"]).unwrap();
        bench.pool.push(file, Job::Close).unwrap();
    }
    bench.stop();
    assert!(bad.fault().is_some() && good.fault().is_none());
    assert_eq!(fs::read_to_string(bench.root.join(good.name())).unwrap(), "init#a<1>");
}

/// A file system of a few megabytes, for as long as it is held.
struct SmallDisk(tempfile::TempDir);

impl SmallDisk {
    fn mount(megabytes: u32) -> Option<Self> {
        let folder = tempfile::tempdir().unwrap();
        let option = format!("size={megabytes}m");
        let done = std::process::Command::new("mount")
            .args(["-t", "tmpfs", "-o", &option, "tmpfs"])
            .arg(folder.path())
            .output();
        done.ok().filter(|output| output.status.success()).map(|_| Self(folder))
    }
}

impl Drop for SmallDisk {
    fn drop(&mut self) {
        let _ = std::process::Command::new("umount").arg("-l").arg(self.0.path()).status();
    }
}

#[test]
fn a_full_disk_waits_for_room_and_ends_with_whole_fragments() {
    let Some(disk) = SmallDisk::mount(1) else {
        println!("skipped: mounting a small file system needs root");
        return;
    };
    let bench = Bench::new(disk.0.path(), 64 << 20);
    let ballast = disk.0.path().join("old");
    fs::write(&ballast, vec![0; 512 * 1024]).unwrap();
    let part: &'static str = Box::leak("x".repeat(64 * 1024).into_boxed_str());
    let file = bench.open("cam");
    // Twelve times 64 KiB fit only once the ballast is gone.
    for _ in 0..12 {
        bench.append(&file, &[part]).unwrap();
    }
    assert!(asks_for_room(&bench.pool.context.space));
    fs::remove_file(ballast).unwrap();
    bench.pool.context.space.ring();
    let until = Instant::now() + Duration::from_secs(20);
    while file.fragments_from(0).len() < 12 && Instant::now() < until {
        thread::yield_now();
    }
    bench.stop();
    assert_eq!(file.fault(), None);
    assert_eq!(file.fragments_from(0).len(), 12);
    // Now nobody makes room.
    let file = bench_again(&disk, part);
    assert_eq!(file.fault().map(|fault| fault.code), Some(ErrorCode::DiskFull));
    let len = fs::metadata(disk.0.path().join(file.name())).unwrap().len();
    assert_eq!(len, file.size_bytes());
}

/// Waits until a writer has met the full disk and asks for room.
fn asks_for_room(space: &SpaceBell) -> bool {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap();
    runtime.block_on(async { tokio::time::timeout(Duration::from_secs(20), space.wanted()).await.is_ok() })
}

fn bench_again(disk: &SmallDisk, part: &'static str) -> Arc<SegmentFile> {
    let bench = Bench::new(disk.0.path(), 64 << 20);
    let file = bench.open("other");
    for _ in 0..12 {
        let _ = bench.append(&file, &[part]);
    }
    bench.pool.push(&file, Job::Close).unwrap();
    let until = Instant::now() + Duration::from_secs(20);
    while file.fault().is_none() && Instant::now() < until {
        thread::yield_now();
    }
    bench.stop();
    file
}
