//! Files that are durable further than the index says: their rows are written together, a little later.
//!
//! A row that grows with every sync costs more than the sync. Until it is written, readers have the open file, and after
//! a power cut the repair walks on from what the row says.

use super::{file::SegmentFile, sync::Covered};
use std::{
    sync::Arc,
    time::{Duration, Instant},
};

/// Bounded by the files that are open: one entry each.
#[derive(Debug)]
pub struct Late {
    every: Duration,
    next: Instant,
    files: Vec<Covered>,
}

impl Late {
    pub fn new(every: Duration, now: Instant) -> Self {
        Self { every, next: now + every, files: Vec::new() }
    }

    /// What a sync covered; it stands for what an older one of the same file did, which goes.
    pub fn add(&mut self, covered: impl IntoIterator<Item = Covered>) {
        for new in covered {
            self.forget(&new.file);
            self.files.push(new);
        }
    }

    pub fn forget(&mut self, file: &Arc<SegmentFile>) {
        self.files.retain(|covered| !Arc::ptr_eq(&covered.file, file));
    }

    pub fn is_empty(&self) -> bool {
        self.files.is_empty()
    }

    pub fn is_due(&self, now: Instant) -> bool {
        now >= self.next && !self.files.is_empty()
    }

    /// All when it is time; before that those whose row does not wait: a new file has none, a closed one leaves the open
    /// files, one that was given up is repaired from what its row says.
    pub fn take_due(&mut self, now: Instant) -> Vec<Covered> {
        if now >= self.next {
            return self.take_all(now);
        }
        self.files
            .extract_if(.., |Covered { file, snapshot }| {
                snapshot.id.is_none() || snapshot.is_closed || file.is_abandoned()
            })
            .collect()
    }

    pub fn take_all(&mut self, now: Instant) -> Vec<Covered> {
        self.next = now + self.every;
        std::mem::take(&mut self.files)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::recording::volume::{FileFacts, WriteFault};
    use watchwall_model::{ErrorCode, Fragment, SegmentId};

    fn file(id: Option<i64>) -> Arc<SegmentFile> {
        let file = SegmentFile::new(FileFacts::sample("gate", "v"));
        if let Some(id) = id {
            file.indexed(SegmentId(id), 0);
        }
        Arc::new(file)
    }

    fn covered(file: &Arc<SegmentFile>) -> Covered {
        Covered { file: Arc::clone(file), snapshot: file.snapshot() }
    }

    fn grow(file: &SegmentFile, n: u64) {
        let start_ms = u32::try_from(n).unwrap() * 1_000;
        let fragment = Fragment { offset: n * 10, size_bytes: 10, start_ms, duration_ms: 1_000, is_key: true };
        file.appended(fragment, [&[0_u8; 10][..]]);
    }

    #[test]
    fn rows_that_only_grow_wait_for_their_time_and_the_newest_stands_for_all() {
        let now = Instant::now();
        let mut late = Late::new(Duration::from_secs(5), now);
        let old = file(Some(1));
        for n in 0..3 {
            grow(&old, n);
            late.add([covered(&old)]);
            assert!(late.take_due(now).is_empty() && !late.is_due(now));
        }
        let then = now + Duration::from_secs(5);
        assert!(late.is_due(then));
        let due = late.take_due(then);
        assert_eq!(due.len(), 1);
        assert_eq!((due[0].snapshot.total, old.unindexed(3).1.len()), (3, 3));
        assert!(!late.is_due(then + Duration::from_secs(60)), "nothing is left");
    }

    #[test]
    fn a_new_a_closed_and_a_given_up_file_do_not_wait() {
        let now = Instant::now();
        let mut late = Late::new(Duration::from_secs(5), now);
        let (new, closed, given_up, grows) = (file(None), file(Some(1)), file(Some(2)), file(Some(3)));
        [&new, &closed, &given_up, &grows].into_iter().for_each(|file| grow(file, 0));
        closed.closed(10, &[]);
        late.add([&new, &closed, &given_up, &grows].map(covered));
        given_up.abandoned(WriteFault { code: ErrorCode::DiskFailed, detail: String::new() });
        let due = late.take_due(now);
        assert_eq!(due.len(), 3);
        assert!(due.iter().all(|covered| !Arc::ptr_eq(&covered.file, &grows)));
        late.forget(&grows);
        assert!(late.take_all(now).is_empty());
    }
}
