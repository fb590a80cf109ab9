//! Still pictures of recorded moments, and the small ones under a scrubbed timeline.
//!
//! Small pictures are made once per ten seconds of recording and kept in the data folder's cache, bounded in bytes;
//! the oldest used go first.

use super::{
    archive::{Archive, blocking},
    clip::on_grid,
    playback::{Source, StoredUnit},
};
use bytes::Bytes;
use std::{
    fs, io,
    path::{Path, PathBuf},
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::{Duration, Instant, SystemTime},
};
use watchwall_media::{AccessUnit, StreamParams, Track, UnitParts, pixels};
use watchwall_model::{ErrorCode, Problem, StreamPath, UtcMicros, UtcMillis};

/// One small picture per this much recording.
pub const GRID_MS: i64 = 10_000;
/// Height of a small picture.
const SMALL_HEIGHT: u32 = 144;
const CACHE_BYTES: u64 = 256 * 1024 * 1024;
const DEADLINE: Duration = Duration::from_secs(5);
/// JPEG quality of whole and of small pictures.
const QUALITY: (u8, u8) = (85, 70);

/// How much of the recording around the moment is decoded.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Exactness {
    /// The very picture of that moment.
    Exact,
    /// The key frame before it.
    KeyFrame,
}

/// A recorded picture and when it was taken.
#[derive(Clone, Debug)]
pub struct Picture {
    pub jpeg: Bytes,
    pub at: UtcMillis,
}

/// # Errors
/// `no_recording` when nothing holds that moment, `snapshot_failed` when it cannot be decoded.
pub async fn frame(
    archive: &Archive,
    path: &StreamPath,
    at: UtcMillis,
    max_height: Option<u32>,
) -> Result<Picture, Problem> {
    let source = Source::archive(archive.clone(), path.clone());
    decode(source, path, at, max_height, Exactness::Exact, QUALITY.0).await
}

/// The same of what is only in memory.
///
/// # Errors
/// As [`frame`].
pub async fn frame_in_memory(source: Source, path: &StreamPath, at: UtcMillis) -> Result<Picture, Problem> {
    decode(source, path, at, None, Exactness::Exact, QUALITY.0).await
}

async fn decode(
    mut source: Source,
    path: &StreamPath,
    at: UtcMillis,
    max_height: Option<u32>,
    exactness: Exactness,
    quality: u8,
) -> Result<Picture, Problem> {
    let nothing = || Problem::new(ErrorCode::NoRecording).with("path", path).with("at", at.0);
    let at_us = at.to_micros().0;
    let chunk =
        source.find(at_us).await?.filter(|chunk| chunk.start_us <= at_us + GRID_MS * 1000).ok_or_else(nothing)?;
    let mut units = Vec::new();
    let lead_in = source.lead_in(&chunk).await?;
    let wanted = match exactness {
        Exactness::Exact => lead_in.len(),
        Exactness::KeyFrame => lead_in.len().min(1),
    };
    let mut params = None;
    for earlier in &lead_in[..wanted] {
        params = Some(source.load(earlier, &mut units).await?);
    }
    if exactness == Exactness::Exact || lead_in.is_empty() {
        params = Some(source.load(&chunk, &mut units).await?);
    }
    let params = params.ok_or_else(nothing)?;
    units.retain(|unit| unit.track == Track::Video);
    // Only what lies at or before the moment, in decoding order; a picture at least.
    let keep = match exactness {
        Exactness::Exact => units.iter().rposition(|unit| unit.pts_us <= at_us).unwrap_or(0) + 1,
        Exactness::KeyFrame => 1,
    };
    units.truncate(keep);
    // Decoding starts at the newest key frame of these.
    let from = units.iter().rposition(|unit| unit.is_key).unwrap_or(0);
    let units: Vec<Arc<AccessUnit>> = units.drain(from..).map(|unit| Arc::new(access_unit(unit, &params))).collect();
    let shown = units.iter().map(|unit| unit.capture_at).max().ok_or_else(nothing)?;
    let jpeg = pixels::snapshot(&params, &units, max_height, quality, DEADLINE).await?;
    Ok(Picture { jpeg, at: shown.to_millis() })
}

fn access_unit(stored: StoredUnit, params: &Arc<StreamParams>) -> AccessUnit {
    let rate = i64::from(params.video.as_ref().map_or(90_000, |video| video.clock_rate));
    // Ticks against the recorded epoch would be needlessly large; only their order matters here.
    let ticks = |us: i64| us.rem_euclid(86_400_000_000 * 365) * rate / 1_000_000;
    AccessUnit::new(UnitParts {
        track: stored.track,
        data: stored.data,
        is_key: stored.is_key,
        is_discontinuity: false,
        pts: ticks(stored.pts_us),
        dts: ticks(stored.dts_us),
        duration: u32::try_from(ticks(stored.duration_us)).unwrap_or(1).max(1),
        capture_at: UtcMicros(stored.pts_us),
        received_at: Instant::now(),
        sequence: 0,
        params: Arc::clone(params),
    })
}

/// Small pictures, kept on disk.
#[derive(Clone)]
pub struct Thumbnails {
    folder: PathBuf,
    archive: Archive,
    written_bytes: Arc<AtomicU64>,
}

impl Thumbnails {
    pub fn new(folder: PathBuf, archive: Archive) -> Self {
        // The first picture kept measures what earlier runs left.
        Self { folder, archive, written_bytes: Arc::new(AtomicU64::new(CACHE_BYTES)) }
    }

    /// The key frame before the ten seconds that hold `at`.
    ///
    /// # Errors
    /// `no_recording` when nothing holds that moment, `snapshot_failed` when it cannot be decoded.
    pub async fn get(&self, path: &StreamPath, at: UtcMillis) -> Result<Bytes, Problem> {
        let at = on_grid(at, GRID_MS);
        let file = self.folder.join(path.as_str()).join(format!("{}.jpg", at.0));
        let read = file.clone();
        let cached = blocking(move || Ok(fs::read(&read).ok().filter(|bytes| !bytes.is_empty()))).await?;
        if let Some(bytes) = cached {
            return Ok(Bytes::from(bytes));
        }
        let source = Source::archive(self.archive.clone(), path.clone());
        let picture = decode(source, path, at, Some(SMALL_HEIGHT), Exactness::KeyFrame, QUALITY.1).await?;
        let (jpeg, keep) = (picture.jpeg.clone(), self.clone());
        blocking(move || {
            // Without the cache the picture is only made again.
            if let Err(error) = keep.keep(&file, &jpeg) {
                tracing::debug!(file = %file.display(), error = %error, "a small picture could not be kept");
            }
            Ok(())
        })
        .await?;
        Ok(picture.jpeg)
    }

    fn keep(&self, file: &Path, jpeg: &[u8]) -> io::Result<()> {
        if let Some(folder) = file.parent() {
            fs::create_dir_all(folder)?;
        }
        let temporary = file.with_extension("new");
        fs::write(&temporary, jpeg)?;
        fs::rename(&temporary, file)?;
        let written = self.written_bytes.fetch_add(jpeg.len() as u64, Ordering::Relaxed);
        if written >= CACHE_BYTES {
            let left = trim(&self.folder, CACHE_BYTES / 2)?;
            self.written_bytes.store(left, Ordering::Relaxed);
        }
        Ok(())
    }
}

/// Deletes the oldest files until at most this many bytes are left, when there are more; returns what is left.
fn trim(folder: &Path, most_bytes: u64) -> io::Result<u64> {
    let mut files: Vec<(SystemTime, u64, PathBuf)> = Vec::new();
    for stream in fs::read_dir(folder)?.flatten() {
        let Ok(pictures) = fs::read_dir(stream.path()) else { continue };
        for picture in pictures.flatten() {
            let Ok(meta) = picture.metadata() else { continue };
            let used = meta.modified().unwrap_or(SystemTime::UNIX_EPOCH);
            files.push((used, meta.len(), picture.path()));
        }
    }
    files.sort_unstable();
    let mut left: u64 = files.iter().map(|(_, bytes, _)| bytes).sum();
    for (_, bytes, path) in files {
        if left <= most_bytes {
            break;
        }
        if fs::remove_file(path).is_ok() {
            left -= bytes;
        }
    }
    Ok(left)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_cache_keeps_the_newest() {
        let folder = tempfile::tempdir().unwrap();
        let stream = folder.path().join("cam");
        fs::create_dir(&stream).unwrap();
        for n in 0..10_u64 {
            let file = fs::File::create(stream.join(format!("{n}.jpg"))).unwrap();
            file.set_len(100).unwrap();
            file.set_modified(SystemTime::UNIX_EPOCH + Duration::from_secs(1000 + n)).unwrap();
        }
        assert_eq!(trim(folder.path(), 350).unwrap(), 300);
        let mut left: Vec<_> =
            fs::read_dir(&stream).unwrap().map(|e| e.unwrap().file_name().into_string().unwrap()).collect();
        left.sort();
        assert_eq!(left, ["7.jpg", "8.jpg", "9.jpg"]);
    }
}
