//! Whether recording files still are what they were when they were finished.
//!
//! A writer hashes what it writes; when a file is closed and durable, its checksum joins the chain of its stream. A file
//! that a crash cut short is hashed once it was repaired. [`check`] reads files again and compares; it works in portions,
//! so that nothing waits for years of recordings.

use super::{
    archive::blocking,
    checksums::{FinishedFile, link_of},
    engine::Engine,
    shelf::Shelf,
};
use std::time::{Duration, Instant};
use watchwall_evidence::FileDigest;
use watchwall_model::{FileChecksum, FileHash, Problem, Segment, SegmentState, StreamPath, TimeRange, UtcMillis};

/// A portion ends after this, or after so many files.
const PORTION: Duration = Duration::from_secs(3);
const MOST_FILES: u32 = 200;
/// Files without a checksum that are older are none of a crash: they come from elsewhere, or from an older version.
const LEFTOVERS_MS: i64 = 2 * 86_400_000;
/// Rows read at a time.
const BATCH: u32 = 64;
/// Repaired files are read no faster than this.
const LEFTOVER_BYTES_PER_SECOND: u64 = 50_000_000;

/// What a portion came to.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Integrity {
    /// Files that were read, and their bytes.
    pub files: u64,
    pub bytes: u64,
    /// Files that retention deleted since; the chain remembers them.
    pub deleted: u64,
    pub findings: Vec<IntegrityFinding>,
    /// Where to go on; `None` at the end.
    pub next: Option<i64>,
}

#[derive(Clone, Debug, PartialEq)]
pub struct IntegrityFinding {
    pub number: i64,
    pub start: UtcMillis,
    pub end: UtcMillis,
    /// As the index has it; empty when it has none.
    pub file: String,
    pub flaw: Flaw,
}

/// What is wrong with a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Flaw {
    /// Its bytes are others.
    Changed,
    /// The index expects it and the disk does not have it.
    Missing,
    /// It could not be read, or its volume is away: nothing is known.
    Unread,
    /// It does not follow from the one before it: one was changed, taken out or put in.
    ChainBroken,
}

impl Flaw {
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Changed => "changed",
            Self::Missing => "missing",
            Self::Unread => "unread",
            Self::ChainBroken => "chain_broken",
        }
    }
}

/// See [`super::Recording::check_integrity`].
pub async fn check(engine: &Engine, path: &StreamPath, range: TimeRange, after: i64) -> Result<Integrity, Problem> {
    let until = Instant::now() + PORTION;
    let chained = engine.index.chained(path, after, range, MOST_FILES).await?;
    // What stood before the oldest that is remembered cannot be compared.
    let oldest = engine.index.oldest_chained(path).await?.filter(|oldest| *oldest > 1);
    let mut portion = Integrity::default();
    let mut before: Option<FileChecksum> = None;
    for (n, checksum) in chained.iter().enumerate() {
        if Instant::now() >= until {
            portion.next = chained.get(n.wrapping_sub(1)).map(|last| last.number);
            return Ok(portion);
        }
        let earlier = match before.take().filter(|before| before.number + 1 == checksum.number) {
            Some(earlier) => Some(earlier),
            None => engine.index.chained_as(path, checksum.number - 1).await?,
        };
        let segment = engine.index.segment(checksum.segment).await?;
        let file = segment.as_ref().map(|segment| segment.file.clone()).unwrap_or_default();
        let mut note = |flaw| {
            let (number, start, end) = (checksum.number, checksum.start, checksum.end);
            portion.findings.push(IntegrityFinding { number, start, end, file: file.clone(), flaw });
        };
        if oldest != Some(checksum.number) && link_of(checksum, earlier.as_ref()) != checksum.chain {
            note(Flaw::ChainBroken);
        }
        match segment {
            None => portion.deleted += 1,
            Some(segment) => match read(engine, &segment, checksum).await? {
                Read::Same => (portion.files, portion.bytes) = (portion.files + 1, portion.bytes + checksum.size_bytes),
                Read::Deleted => portion.deleted += 1,
                Read::Flawed(flaw) => note(flaw),
            },
        }
        before = Some(checksum.clone());
    }
    if chained.len() == MOST_FILES as usize {
        portion.next = chained.last().map(|last| last.number);
    }
    Ok(portion)
}

enum Read {
    Same,
    /// Retention deleted it meanwhile.
    Deleted,
    Flawed(Flaw),
}

async fn read(engine: &Engine, segment: &Segment, checksum: &FileChecksum) -> Result<Read, Problem> {
    let facts = (segment.start, segment.end, segment.size_bytes);
    if facts != (checksum.start, checksum.end, checksum.size_bytes) {
        return Ok(Read::Flawed(Flaw::Changed));
    }
    let disk = engine.set.disk(&segment.volume).filter(|disk| disk.refusal().is_none());
    let Some(shelf) = disk.map(|disk| disk.shelf.clone()) else {
        return Ok(Read::Flawed(Flaw::Unread));
    };
    let (name, size_bytes, hash) = (segment.file.clone(), checksum.size_bytes, checksum.hash);
    let seen = blocking(move || Ok(look(&shelf, &name, (size_bytes, hash)))).await?;
    // It may have moved to an archive, or have been deleted, since it was looked up.
    match seen {
        Read::Flawed(Flaw::Missing) => match engine.index.segment(segment.id).await? {
            Some(now) if now.volume == segment.volume => Ok(Read::Flawed(Flaw::Missing)),
            Some(now) => Box::pin(read(engine, &now, checksum)).await,
            None => Ok(Read::Deleted),
        },
        seen => Ok(seen),
    }
}

fn look(shelf: &Shelf, name: &str, expected: (u64, FileHash)) -> Read {
    match shelf.hash(name, expected.1.kind) {
        Ok(seen) if seen == expected => Read::Same,
        Ok(_) => Read::Flawed(Flaw::Changed),
        Err(_) if matches!(shelf.has(name), Ok(false)) => Read::Flawed(Flaw::Missing),
        Err(error) => {
            tracing::warn!(file = %name, %error, "a recording could not be read for its checksum");
            Read::Flawed(Flaw::Unread)
        }
    }
}

/// Gives checksums to what a crash or a failed disk left without.
///
/// # Errors
/// When the index cannot be read or written; a file that cannot be read is passed over.
pub async fn chain_leftovers(engine: &Engine, now: UtcMillis) -> Result<u64, Problem> {
    let since = now.saturating_add_ms(-LEFTOVERS_MS);
    let mut chained = 0;
    for disk in engine.set.disks().iter().filter(|disk| disk.refusal().is_none()) {
        let code = &disk.volume.code;
        let mut after = Some((since, watchwall_model::SegmentId(i64::MIN)));
        loop {
            let batch = engine.index.finished_before(code, now, after, BATCH).await?;
            let Some(last) = batch.last() else { break };
            after = Some((last.start, last.id));
            for segment in batch {
                if segment.state != SegmentState::Recovered || engine.index.is_chained(segment.id).await? {
                    continue;
                }
                let (shelf, name, size_bytes) = (disk.shelf.clone(), segment.file.clone(), segment.size_bytes);
                let hashed = blocking(move || Ok(shelf.hash(&name, FileDigest::KIND).ok())).await?;
                let Some((_, hash)) = hashed.filter(|(len, _)| *len == size_bytes) else { continue };
                let finished = FinishedFile {
                    path: segment.path,
                    segment: segment.id,
                    start: segment.start,
                    end: segment.end,
                    size_bytes,
                    hash,
                };
                engine.index.chain(vec![finished]).await?;
                chained += 1;
                tokio::time::sleep(Duration::from_millis(size_bytes * 1_000 / LEFTOVER_BYTES_PER_SECOND)).await;
            }
        }
    }
    Ok(chained)
}
