//! A recording on its way to a client: read a little ahead by a task of its own, so that a slow disk holds up nobody's
//! requests, and never further, so that a slow client holds up the reading.

use super::source::Reel;
use std::sync::Arc;
use tokio::sync::mpsc;
use tokio_util::{sync::CancellationToken, task::TaskTracker};
use watchwall_media::AccessUnit;
use watchwall_model::StreamPath;

/// Pictures that wait for the client. With none left to take, the disk is not read.
const READ_AHEAD: usize = 16;

/// What comes of reading.
#[derive(Debug)]
pub enum Reeled {
    Unit(Arc<AccessUnit>),
    /// That was all of it.
    Over,
    /// The recording cannot be read on.
    Broken,
}

/// The reader's end. Dropped, the reading ends.
#[derive(Debug)]
pub struct Reading {
    pictures: mpsc::Receiver<Reeled>,
    first: Option<Reeled>,
    /// All was given.
    is_over: bool,
}

impl Reading {
    /// Within a tokio runtime; `tasks` joins what it starts.
    pub fn start(mut reel: Box<dyn Reel>, path: StreamPath, tasks: &TaskTracker, stop: CancellationToken) -> Self {
        let (out, pictures) = mpsc::channel(READ_AHEAD);
        let work = async move {
            loop {
                let reeled = match reel.next().await {
                    Ok(Some(unit)) => Reeled::Unit(unit),
                    Ok(None) => Reeled::Over,
                    Err(problem) => {
                        tracing::warn!(%path, %problem, "a recording that is handed on cannot be read");
                        Reeled::Broken
                    }
                };
                let is_last = !matches!(reeled, Reeled::Unit(_));
                if out.send(reeled).await.is_err() || is_last {
                    return;
                }
            }
        };
        tasks.spawn(async move {
            tokio::select! {
                () = stop.cancelled() => {}
                () = work => {}
            }
        });
        Self { pictures, first: None, is_over: false }
    }

    /// What comes first, which stays where it is. Safe to drop and call again.
    pub async fn first(&mut self) -> &Reeled {
        if self.first.is_none() {
            self.first = self.pictures.recv().await;
        }
        self.first.get_or_insert(Reeled::Broken)
    }

    /// Safe to drop and call again.
    pub async fn next(&mut self) -> Reeled {
        let reeled = match self.first.take() {
            Some(first) => first,
            None => self.pictures.recv().await.unwrap_or(Reeled::Broken),
        };
        self.is_over |= matches!(reeled, Reeled::Over);
        reeled
    }

    pub const fn is_over(&self) -> bool {
        self.is_over
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use futures::future::{BoxFuture, FutureExt};
    use std::{
        collections::VecDeque,
        sync::atomic::{AtomicUsize, Ordering::Relaxed},
        time::{Duration, Instant},
    };
    use watchwall_media::{StreamParams, Track, UnitParts};
    use watchwall_model::{ErrorCode, Problem, UtcMicros};

    /// Gives so many pictures, then what stands at the end.
    struct Counted {
        left: VecDeque<usize>,
        end: Option<ErrorCode>,
        read: Arc<AtomicUsize>,
    }

    impl Reel for Counted {
        fn next(&mut self) -> BoxFuture<'_, Result<Option<Arc<AccessUnit>>, Problem>> {
            let next = self.left.pop_front();
            self.read.fetch_add(usize::from(next.is_some()), Relaxed);
            let answer = match (next, self.end) {
                (Some(n), _) => Ok(Some(unit(n))),
                (None, None) => Ok(None),
                (None, Some(code)) => Err(Problem::new(code)),
            };
            async move { answer }.boxed()
        }
    }

    fn unit(n: usize) -> Arc<AccessUnit> {
        Arc::new(AccessUnit::new(UnitParts {
            track: Track::Video,
            data: bytes::Bytes::from_static(b"x"),
            is_key: true,
            is_discontinuity: false,
            pts: 0,
            dts: 0,
            duration: 1,
            capture_at: UtcMicros(0),
            received_at: Instant::now(),
            sequence: n as u64,
            params: Arc::new(StreamParams::new(0, None, None)),
        }))
    }

    fn reading(pictures: usize, end: Option<ErrorCode>) -> (Reading, Arc<AtomicUsize>, TaskTracker) {
        let (read, tasks) = (Arc::<AtomicUsize>::default(), TaskTracker::new());
        let reel = Counted { left: (0..pictures).collect(), end, read: Arc::clone(&read) };
        let path = StreamPath::parse("cam_a").unwrap();
        (Reading::start(Box::new(reel), path, &tasks, CancellationToken::new()), read, tasks)
    }

    async fn joined(tasks: &TaskTracker) {
        tasks.close();
        tokio::time::timeout(Duration::from_secs(5), tasks.wait()).await.unwrap();
    }

    #[tokio::test]
    async fn what_nobody_takes_is_not_read() {
        let (mut reading, read, tasks) = reading(1_000, None);
        assert!(matches!(reading.first().await, Reeled::Unit(unit) if unit.sequence == 0));
        assert!(matches!(reading.first().await, Reeled::Unit(unit) if unit.sequence == 0), "it stays");
        for _ in 0..100 {
            tokio::task::yield_now().await;
        }
        // What waits, what was taken out to be looked at, and what is on its way.
        assert!(read.load(Relaxed) <= READ_AHEAD + 2, "{}", read.load(Relaxed));
        for n in 0..1_000 {
            assert!(matches!(reading.next().await, Reeled::Unit(unit) if unit.sequence == n), "{n}");
        }
        assert!(matches!(reading.next().await, Reeled::Over) && reading.is_over());
        joined(&tasks).await;
    }

    #[tokio::test]
    async fn a_broken_recording_is_not_over_and_a_reader_who_leaves_ends_it() {
        let (mut reading, _, tasks) = reading(0, Some(ErrorCode::DiskFailed));
        assert!(matches!(reading.first().await, Reeled::Broken));
        assert!(matches!(reading.next().await, Reeled::Broken) && !reading.is_over());
        joined(&tasks).await;
        let (reading, _, tasks) = self::reading(1_000, None);
        drop(reading);
        joined(&tasks).await;
    }
}
