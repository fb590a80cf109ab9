//! The last jobs of one kind, kept in memory so that a page that was reloaded finds them again.

use std::sync::{
    Arc, Mutex, MutexGuard, PoisonError,
    atomic::{AtomicU64, Ordering},
};
use tokio::sync::watch;
use watchwall_model::{ErrorCode, Problem};

/// Jobs that are kept, running ones included.
const KEPT: usize = 8;
/// Jobs of one kind that run at once.
const AT_ONCE: usize = 4;

/// A job as its keeper sees it.
pub trait Kept {
    fn number(&self) -> u64;
    fn is_over(&self) -> bool;
    /// Rises with every change.
    fn revision(&self) -> u64;
}

pub struct Jobs<T> {
    next: AtomicU64,
    kept: Mutex<Vec<Arc<T>>>,
    /// Rises when a job begins, changes or is forgotten.
    changes: watch::Sender<u64>,
}

/// Tells that a job changed; given to each.
pub type Pulse = watch::Sender<u64>;

impl<T> Default for Jobs<T> {
    fn default() -> Self {
        Self { next: AtomicU64::new(1), kept: Mutex::default(), changes: watch::Sender::new(0) }
    }
}

impl<T: Kept> Jobs<T> {
    /// Keeps a new job, made from its number and what tells its changes, and forgets the oldest that is over.
    ///
    /// # Errors
    /// `too_many_jobs` while as many run as may.
    pub fn begin(&self, make: impl FnOnce(u64, Pulse) -> T) -> Result<Arc<T>, Problem> {
        let mut kept = self.lock();
        if kept.iter().filter(|job| !job.is_over()).count() >= AT_ONCE {
            return Err(Problem::new(ErrorCode::TooManyJobs).with("limit", AT_ONCE));
        }
        let job = Arc::new(make(self.next.fetch_add(1, Ordering::Relaxed), self.changes.clone()));
        kept.push(Arc::clone(&job));
        while kept.len() > KEPT
            && let Some(oldest) = kept.iter().position(|job| job.is_over())
        {
            kept.remove(oldest);
        }
        drop(kept);
        self.changes.send_modify(|count| *count += 1);
        Ok(job)
    }

    /// # Errors
    /// `job_not_found`.
    pub fn find(&self, number: u64) -> Result<Arc<T>, Problem> {
        let found = self.lock().iter().find(|job| job.number() == number).cloned();
        found.ok_or_else(|| Problem::new(ErrorCode::JobNotFound).with("id", number))
    }

    /// Oldest first.
    pub fn all(&self) -> Vec<Arc<T>> {
        self.lock().clone()
    }

    pub fn forget(&self, number: u64) {
        self.lock().retain(|job| job.number() != number);
        self.changes.send_modify(|count| *count += 1);
    }

    pub fn changes(&self) -> watch::Receiver<u64> {
        self.changes.subscribe()
    }

    fn lock(&self) -> MutexGuard<'_, Vec<Arc<T>>> {
        self.kept.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::atomic::AtomicBool;

    struct Work(u64, AtomicBool);

    impl Kept for Work {
        fn number(&self) -> u64 {
            self.0
        }

        fn is_over(&self) -> bool {
            self.1.load(Ordering::Relaxed)
        }

        fn revision(&self) -> u64 {
            0
        }
    }

    #[test]
    fn few_run_and_the_last_are_kept() {
        let jobs = Jobs::default();
        let begin = |is_over| jobs.begin(|number, _| Work(number, AtomicBool::new(is_over)));
        let running = begin(false).unwrap();
        for _ in 0..20 {
            begin(true).unwrap();
        }
        assert_eq!(jobs.all().len(), KEPT);
        assert!(jobs.find(running.number()).is_ok(), "a running job is never forgotten");
        assert_eq!(jobs.find(2).err().map(|problem| problem.code), Some(ErrorCode::JobNotFound));
        for _ in 1..AT_ONCE {
            begin(false).unwrap();
        }
        assert_eq!(begin(true).err().map(|problem| problem.code), Some(ErrorCode::TooManyJobs));
        running.1.store(true, Ordering::Relaxed);
        assert!(begin(true).is_ok());
    }
}
