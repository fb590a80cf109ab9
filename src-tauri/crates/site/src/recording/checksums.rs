//! The chains of checksums: each finished file of a stream, tied to those before it.

use super::index::Index;
use watchwall_evidence::ChainedFile;
use watchwall_model::{FileChecksum, FileHash, Problem, SegmentId, StreamPath, TimeRange, UtcMillis};

/// A file that nothing more comes into.
#[derive(Clone, Debug)]
pub struct FinishedFile {
    pub path: StreamPath,
    pub segment: SegmentId,
    pub start: UtcMillis,
    pub end: UtcMillis,
    pub size_bytes: u64,
    pub hash: FileHash,
}

impl FinishedFile {
    fn chained_to(self, last: Option<&FileChecksum>) -> FileChecksum {
        let mut checksum = FileChecksum {
            path: self.path,
            number: last.map_or(0, |last| last.number) + 1,
            segment: self.segment,
            start: self.start,
            end: self.end,
            size_bytes: self.size_bytes,
            hash: self.hash,
            chain: [0; 32],
        };
        checksum.chain = link_of(&checksum, last);
        checksum
    }
}

/// What the chain says when this file follows `last`.
pub fn link_of(checksum: &FileChecksum, last: Option<&FileChecksum>) -> [u8; 32] {
    let file = ChainedFile {
        path: checksum.path.as_str(),
        number: checksum.number,
        from: checksum.start,
        to: checksum.end,
        size_bytes: checksum.size_bytes,
        hash: checksum.hash,
    };
    watchwall_evidence::link(last.map(|last| &last.chain), &file)
}

impl Index {
    /// Adds finished files to the chains of their streams; those that are there already are passed over.
    ///
    /// # Errors
    /// When the database refuses; the same files may be given again then.
    pub async fn chain(&self, finished: Vec<FinishedFile>) -> Result<(), Problem> {
        if finished.is_empty() {
            return Ok(());
        }
        let _turn = self.chaining.lock().await;
        let mut links: Vec<FileChecksum> = Vec::with_capacity(finished.len());
        for file in finished {
            if self.store.checksums().is_known(file.segment).await? {
                continue;
            }
            let earlier = links.iter().rev().find(|link| link.path == file.path).cloned();
            let last = match earlier {
                Some(last) => Some(last),
                None => self.store.checksums().last(&file.path).await?,
            };
            links.push(file.chained_to(last.as_ref()));
        }
        Ok(self.store.checksums().insert_all(&links).await?)
    }

    /// What was chained of a stream and touches a stretch of time, by number, after one.
    pub async fn chained(
        &self,
        path: &StreamPath,
        number: i64,
        range: TimeRange,
        limit: u32,
    ) -> Result<Vec<FileChecksum>, Problem> {
        Ok(self.store.checksums().after(path, number, (range.start, range.end), limit).await?)
    }

    pub async fn chained_as(&self, path: &StreamPath, number: i64) -> Result<Option<FileChecksum>, Problem> {
        Ok(self.store.checksums().get(path, number).await?)
    }

    /// The first number of a stream's chain that is remembered.
    pub async fn oldest_chained(&self, path: &StreamPath) -> Result<Option<i64>, Problem> {
        Ok(self.store.checksums().oldest(path).await?)
    }

    /// The end of a stream's chain when this moment came.
    pub async fn chained_until(&self, path: &StreamPath, at: UtcMillis) -> Result<Option<FileChecksum>, Problem> {
        Ok(self.store.checksums().last_begun_before(path, at).await?)
    }

    pub async fn is_chained(&self, segment: SegmentId) -> Result<bool, Problem> {
        Ok(self.store.checksums().is_known(segment).await?)
    }

    pub async fn forget_checksums(&self, before: UtcMillis) -> Result<(), Problem> {
        self.store.checksums().prune(before).await?;
        Ok(())
    }
}
