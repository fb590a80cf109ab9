//! The writers of one volume: two threads, each with a queue bounded in bytes. A file belongs to one of them,
//! so its fragments stay in order; whatever waits on a thread is written in one wake-up.

use super::{
    disk,
    file::{SegmentFile, WriteFault},
    space::SpaceBell,
};
use crate::recording::stats::VolumeStats;
use bytes::Bytes;
use std::{
    collections::VecDeque,
    fs::{self, File, OpenOptions},
    hash::{BuildHasher, BuildHasherDefault, DefaultHasher},
    io::{self, IoSlice, Write},
    path::{Path, PathBuf},
    sync::{
        Arc, Condvar, Mutex, PoisonError,
        atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering},
    },
    thread::{self, JoinHandle},
    time::{Duration, Instant},
};
use watchwall_model::{Fragment, Volume};

const THREADS: usize = 2;
/// A full disk is given this long to be relieved before a fragment is given up.
const SPACE_PATIENCE: Duration = Duration::from_secs(3);
/// Files of one stream that began in the same second.
const NAME_ATTEMPTS: u32 = 1_000;

/// Gives the name of a file relative to the root, for the n-th attempt.
pub type NameFn = Box<dyn Fn(u32) -> String + Send>;
/// Builds the closing box from the fragments that are in the file and its length so far.
pub type ClosingFn = fn(&[Fragment], u64) -> Bytes;

/// Work for a writer.
pub enum Job {
    Open { name: NameFn, init: Bytes },
    Append(Append),
    Close,
}

/// One fragment: written in one go, without copying the payload.
#[derive(Clone)]
pub struct Append {
    pub header: Bytes,
    pub payload: Vec<Bytes>,
    pub size_bytes: u32,
    pub start_ms: u32,
    pub duration_ms: u32,
    pub is_key: bool,
}

/// The queue of this volume holds all it may.
#[derive(Debug, PartialEq, Eq)]
pub struct QueueFull;

/// Called from the writer's thread when a clean file has become dirty.
pub type DirtyFn = Box<dyn Fn(Arc<SegmentFile>) + Send + Sync>;

/// What the writers of a volume share.
pub struct WriterContext {
    pub root: PathBuf,
    pub queue_bytes: usize,
    pub space: Arc<SpaceBell>,
    pub stats: Arc<VolumeStats>,
    pub on_dirty: DirtyFn,
    pub closing: ClosingFn,
}

pub struct WriterPool {
    context: Arc<WriterContext>,
    queued_bytes: Arc<AtomicUsize>,
    shards: Vec<Arc<Shard>>,
    threads: Mutex<Vec<JoinHandle<()>>>,
}

#[derive(Default)]
struct Shard {
    queue: Mutex<VecDeque<Queued>>,
    wake: Condvar,
    is_stopping: AtomicBool,
    /// Milliseconds after `born` at which the call that is under way began, plus one; zero when idle.
    busy_since: AtomicU64,
}

struct Queued {
    file: Arc<SegmentFile>,
    job: Job,
    size_bytes: usize,
    at: Instant,
}

impl WriterPool {
    /// # Errors
    /// When the system gives no thread.
    pub fn start(context: WriterContext) -> io::Result<Self> {
        let context = Arc::new(context);
        let queued_bytes = Arc::new(AtomicUsize::new(0));
        let shards: Vec<Arc<Shard>> = (0..THREADS).map(|_| Arc::new(Shard::default())).collect();
        let mut threads = Vec::with_capacity(THREADS);
        for shard in &shards {
            let (context, queued_bytes, shard) = (Arc::clone(&context), Arc::clone(&queued_bytes), Arc::clone(shard));
            let thread = thread::Builder::new().name("volume-writer".into());
            threads.push(thread.spawn(move || shard.run(&context, &queued_bytes))?);
        }
        Ok(Self { context, queued_bytes, shards, threads: Mutex::new(threads) })
    }

    /// Hands a job over. Opening and closing are always taken; they weigh nothing.
    ///
    /// # Errors
    /// When the volume is so far behind that the fragment has to be dropped.
    pub fn push(&self, file: &Arc<SegmentFile>, job: Job) -> Result<(), QueueFull> {
        let size_bytes = match &job {
            Job::Append(append) => append.size_bytes as usize,
            Job::Open { .. } | Job::Close => 0,
        };
        let before = self.queued_bytes.fetch_add(size_bytes, Ordering::Relaxed);
        // An empty queue takes a fragment of any size.
        if size_bytes > 0 && before > 0 && before + size_bytes > self.context.queue_bytes {
            self.queued_bytes.fetch_sub(size_bytes, Ordering::Relaxed);
            return Err(QueueFull);
        }
        let hash = BuildHasherDefault::<DefaultHasher>::default().hash_one(file.facts.path.as_str());
        let shard = &self.shards[hash as usize % self.shards.len()];
        let queued = Queued { file: Arc::clone(file), job, size_bytes, at: Instant::now() };
        lock(&shard.queue).push_back(queued);
        shard.wake.notify_one();
        Ok(())
    }

    pub fn queued_bytes(&self) -> usize {
        self.queued_bytes.load(Ordering::Relaxed)
    }

    /// How long the longest call that is under way has been.
    pub fn longest_call(&self) -> Duration {
        let now = self.context.stats.age_ms();
        let since = |shard: &Arc<Shard>| shard.busy_since.load(Ordering::Relaxed).checked_sub(1);
        let longest = self.shards.iter().filter_map(since).map(|since| now.saturating_sub(since)).max();
        Duration::from_millis(longest.unwrap_or(0))
    }

    /// Writes what is queued and joins the threads; blocks, so it belongs on a blocking thread.
    /// A thread that a hanging disk holds is left behind after `patience`.
    pub fn stop(&self, patience: Duration) {
        for shard in &self.shards {
            shard.is_stopping.store(true, Ordering::Release);
            shard.wake.notify_all();
        }
        self.context.space.ring();
        let until = Instant::now() + patience;
        for thread in lock(&self.threads).drain(..) {
            while !thread.is_finished() && Instant::now() < until {
                thread::sleep(Duration::from_millis(2));
            }
            if thread.is_finished() {
                if thread.join().is_err() {
                    tracing::error!(root = %self.context.root.display(), "a volume writer panicked");
                }
            } else {
                tracing::error!(root = %self.context.root.display(), "a volume writer hangs on its disk and is left behind");
            }
        }
    }
}

impl Drop for WriterPool {
    fn drop(&mut self) {
        for shard in &self.shards {
            shard.is_stopping.store(true, Ordering::Release);
            shard.wake.notify_all();
        }
    }
}

impl Shard {
    fn run(&self, context: &WriterContext, queued_bytes: &AtomicUsize) {
        let mut batch = VecDeque::new();
        loop {
            {
                let mut queue = lock(&self.queue);
                while queue.is_empty() {
                    if self.is_stopping.load(Ordering::Acquire) {
                        return;
                    }
                    // The timeout is a safety net against a lost wake-up, not a pace.
                    let waited = self.wake.wait_timeout(queue, Duration::from_secs(1));
                    queue = waited.unwrap_or_else(PoisonError::into_inner).0;
                }
                std::mem::swap(&mut *queue, &mut batch);
            }
            for queued in batch.drain(..) {
                let Queued { file, job, size_bytes, at } = queued;
                self.busy_since.store(context.stats.age_ms() + 1, Ordering::Relaxed);
                let is_append = matches!(job, Job::Append(_));
                self.act(context, &file, job);
                self.busy_since.store(0, Ordering::Relaxed);
                queued_bytes.fetch_sub(size_bytes, Ordering::Relaxed);
                if is_append {
                    context.stats.stall(at.elapsed());
                }
            }
        }
    }

    fn act(&self, context: &WriterContext, file: &Arc<SegmentFile>, job: Job) {
        let is_close = matches!(job, Job::Close);
        if file.fault().is_some() && !is_close {
            return;
        }
        let result = match job {
            Job::Open { name, init } => self.patiently(context, || open(context, file, &name, &init)),
            Job::Append(append) => self.patiently(context, || write(context, file, &append)),
            Job::Close => close(context, file),
        };
        if let Err(error) = result {
            context.stats.write_failed();
            let fault = WriteFault { code: disk::code_of(&error), detail: error.to_string() };
            tracing::warn!(
                path = %file.facts.path, root = %context.root.display(), code = %fault.code, error = %error,
                "a recording file cannot be written"
            );
            file.failed(fault);
        }
    }

    /// Tries again while space is being made, unless the last try for space was in vain.
    fn patiently(&self, context: &WriterContext, mut act: impl FnMut() -> io::Result<()>) -> io::Result<()> {
        let until = Instant::now() + SPACE_PATIENCE;
        loop {
            let rung = context.space.rung();
            match act() {
                Err(error) if error.kind() == io::ErrorKind::StorageFull => {
                    let stopping = self.is_stopping.load(Ordering::Acquire);
                    if stopping || !context.space.wait(rung, until) {
                        return Err(error);
                    }
                }
                result => {
                    if result.is_ok() {
                        context.space.relieved();
                    }
                    return result;
                }
            }
        }
    }
}

fn open(context: &WriterContext, segment: &Arc<SegmentFile>, name: &NameFn, init: &Bytes) -> io::Result<()> {
    // A mount that went away leaves its empty folder on the system disk; that must never be filled.
    fs::metadata(context.root.join(Volume::MARKER_FILE))
        .map_err(|e| io::Error::new(e.kind(), format!("the volume's marker file: {e}")))?;
    let (relative, file) = create(&context.root, segment, name)?;
    if let Err(error) = (&file).write_all(init) {
        // An empty file of no use to anyone.
        let _ = fs::remove_file(context.root.join(&relative));
        return Err(error);
    }
    segment.opened(relative, Arc::new(file), init);
    Ok(())
}

fn create(root: &Path, segment: &SegmentFile, name: &NameFn) -> io::Result<(String, File)> {
    for attempt in 0..NAME_ATTEMPTS {
        let relative = name(attempt);
        segment.named(&relative);
        let full = root.join(&relative);
        let mut options = OpenOptions::new();
        options.read(true).write(true).create_new(true);
        match options.open(&full) {
            Ok(file) => return Ok((relative, file)),
            Err(e) if e.kind() == io::ErrorKind::AlreadyExists => {}
            Err(e) if e.kind() == io::ErrorKind::NotFound => {
                if let Some(folder) = full.parent() {
                    fs::create_dir_all(folder)?;
                }
                match options.open(&full) {
                    Ok(file) => return Ok((relative, file)),
                    Err(e) if e.kind() == io::ErrorKind::AlreadyExists => {}
                    Err(e) => return Err(e),
                }
            }
            Err(e) => return Err(e),
        }
    }
    Err(io::ErrorKind::AlreadyExists.into())
}

fn write(context: &WriterContext, segment: &Arc<SegmentFile>, append: &Append) -> io::Result<()> {
    let Some(file) = segment.handle() else { return Err(io::ErrorKind::NotFound.into()) };
    let offset = segment.size_bytes();
    if let Err(error) = write_all_vectored(&file, append) {
        // Leave the file ending with a whole fragment, ready for another try.
        let cut = file.set_len(offset).and_then(|()| io::Seek::seek(&mut &*file, io::SeekFrom::Start(offset)));
        if cut.is_err() {
            segment.abandoned(WriteFault { code: disk::code_of(&error), detail: error.to_string() });
        }
        return Err(error);
    }
    let Append { size_bytes, start_ms, duration_ms, is_key, .. } = *append;
    let bytes = std::iter::once(&append.header).chain(&append.payload).map(AsRef::as_ref);
    if segment.appended(Fragment { offset, size_bytes, start_ms, duration_ms, is_key }, bytes) {
        (context.on_dirty)(Arc::clone(segment));
    }
    context.stats.written(u64::from(size_bytes));
    Ok(())
}

fn write_all_vectored(mut file: &File, append: &Append) -> io::Result<()> {
    let mut slices: Vec<IoSlice<'_>> = Vec::with_capacity(append.payload.len() + 1);
    slices.push(IoSlice::new(&append.header));
    slices.extend(append.payload.iter().map(|bytes| IoSlice::new(bytes)));
    let mut rest = slices.as_mut_slice();
    while !rest.is_empty() {
        match file.write_vectored(rest) {
            Ok(0) => return Err(io::ErrorKind::WriteZero.into()),
            Ok(n) => IoSlice::advance_slices(&mut rest, n),
            Err(e) if e.kind() == io::ErrorKind::Interrupted => {}
            Err(e) => return Err(e),
        }
    }
    Ok(())
}

fn close(context: &WriterContext, segment: &Arc<SegmentFile>) -> io::Result<()> {
    let Some(file) = segment.handle() else { return Ok(()) };
    if !segment.has_fragments() {
        let name = segment.name();
        segment.closed(0, &[]);
        return fs::remove_file(context.root.join(name));
    }
    if segment.is_abandoned() {
        if segment.closed(segment.size_bytes(), &[]) {
            (context.on_dirty)(Arc::clone(segment));
        }
        return Ok(());
    }
    let size = segment.size_bytes();
    let closing = (context.closing)(&segment.fragments_from(0), size);
    // The box only helps players to seek; a file without it is whole.
    let written = (&*file).write_all(&closing);
    let (size, closing) = match &written {
        Ok(()) => (size + closing.len() as u64, closing.as_ref()),
        Err(_) => (size, &[][..]),
    };
    if written.is_err() {
        let _ = file.set_len(size);
    }
    if segment.closed(size, closing) {
        (context.on_dirty)(Arc::clone(segment));
    }
    written
}

fn lock<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
#[path = "writer_tests.rs"]
mod tests;
