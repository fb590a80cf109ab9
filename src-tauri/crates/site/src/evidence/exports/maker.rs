//! Makes one export.

use super::{
    burn::{BURN_WEIGHT, BurnOrder, burnt_video},
    place,
    progress::{ExportStep, Progress},
    queue::ExportParts,
};
use crate::{
    evidence::{blocking::blocking, facts},
    recording::Clip,
};
use bytes::Bytes;
use futures::{StreamExt, stream::BoxStream};
use std::{
    fs, io,
    path::{Path, PathBuf},
    sync::Arc,
};
use tokio_util::sync::CancellationToken;
use watchwall_evidence::{
    ClipPiece, Digest, EvidenceError, ExportFolder, ExportedGap, Exporter, Manifest, PlayerLanguage, Recording, Source,
    Span, Video, names, pack_encrypted, player_page,
};
use watchwall_model::{ErrorCode, ExportClip, ExportRow, Gap, Problem, SegmentState, TimeRange, UtcMillis};

/// This much stays free where the export goes.
const RESERVE_BYTES: u64 = 64 * 1024 * 1024;

/// What the making of one export works with.
pub struct Maker {
    pub parts: ExportParts,
    pub row: ExportRow,
    pub progress: Arc<Progress>,
    /// Ends the making as soon as the block in hand is written.
    pub stop: CancellationToken,
}

impl Maker {
    /// Answers the size of the result. Leaves either all of it, or nothing.
    ///
    /// # Errors
    /// `no_recording` when nothing of it was recorded, `disk_full`, `job_cancelled`, or what disk, index and key answer.
    pub async fn make(&self) -> Result<u64, Problem> {
        let result = self.row.result.clone();
        // Complete already: the site was stopped between the last step and its note.
        if let Some(size) = blocking(move || Ok(size_of(&result))).await? {
            return Ok(size);
        }
        self.clear().await?;
        let made = self.make_unfinished().await;
        if made.is_err() {
            self.clear().await?;
        }
        made
    }

    /// Removes what an earlier making left.
    async fn clear(&self) -> Result<(), Problem> {
        let unfinished = [self.folder(), self.archive()];
        blocking(move || {
            for path in unfinished {
                let removed = if path.is_dir() { fs::remove_dir_all(&path) } else { fs::remove_file(&path) };
                if let Err(error) = removed
                    && error.kind() != io::ErrorKind::NotFound
                {
                    return Err(failed(&path, &error));
                }
            }
            Ok(())
        })
        .await
    }

    fn folder(&self) -> PathBuf {
        place::unfinished(&self.row.result)
    }

    fn archive(&self) -> PathBuf {
        self.folder().with_extension("packing")
    }

    async fn make_unfinished(&self) -> Result<u64, Problem> {
        self.measure().await?;
        let path = self.folder();
        let mut folder = blocking(move || Ok(ExportFolder::create(&path)?)).await?;
        let mut recordings = Vec::with_capacity(self.row.wanted.clips.len());
        for (number, clip) in self.row.wanted.clips.iter().enumerate() {
            let recording;
            (folder, recording) = self.take(folder, number + 1, clip).await?;
            recordings.push(recording);
        }
        let manifest = self.manifest(recordings).await?;
        let key = self.parts.key.get().await?;
        let size = blocking(move || {
            let page = player_page(&manifest, PlayerLanguage::Browser)?;
            let mut file = folder.begin(names::PLAYER)?;
            file.write(page.as_bytes())?;
            folder.end(file)?;
            Ok(folder.seal(manifest, &key)?)
        })
        .await?;
        let size = if self.row.wanted.is_encrypted { self.pack().await? } else { size };
        self.check_stop()?;
        let from = if self.row.wanted.is_encrypted { self.archive() } else { self.folder() };
        let to = self.row.result.clone();
        blocking(move || {
            fs::rename(&from, &to).map_err(|e| failed(&to, &e))?;
            // The name is durable before anybody is told of it.
            let parent = to.parent().unwrap_or(Path::new("."));
            fs::File::open(parent).and_then(|folder| folder.sync_all()).map_err(|e| failed(parent, &e))
        })
        .await?;
        if self.row.wanted.is_encrypted {
            self.clear().await?;
        }
        Ok(size)
    }

    /// How much work it is, and whether there is room for it.
    async fn measure(&self) -> Result<(), Problem> {
        let (mut copied, mut hashed) = (0, 0);
        for clip in &self.row.wanted.clips {
            self.check_stop()?;
            for part in self.parts.recording.clips(&clip.path, clip.range).await? {
                copied += part.len;
                hashed += part.sources().map(|source| source.size_bytes).sum::<u64>();
            }
        }
        if copied == 0 {
            let path = self.row.wanted.clips.first().map(|clip| clip.path.to_string()).unwrap_or_default();
            return Err(Problem::new(ErrorCode::NoRecording).with("path", path));
        }
        let packed = if self.row.wanted.is_encrypted { copied } else { 0 };
        let worked = if self.row.wanted.burn.is_some() { copied * BURN_WEIGHT } else { copied };
        self.progress.begin(worked + hashed + packed);
        let target = self.row.result.parent().unwrap_or(Path::new("/")).to_owned();
        let free_bytes = self.parts.recording.capacity_of(target.clone()).await?.free_bytes;
        // Nobody knows before how large pictures that are coded anew become.
        let made = if self.row.wanted.burn.is_some() { copied * 2 } else { copied };
        let needed_bytes = made + packed + RESERVE_BYTES;
        if free_bytes < needed_bytes {
            return Err(Problem::new(ErrorCode::DiskFull)
                .with("path", target.display())
                .with("needed_bytes", needed_bytes)
                .with("free_bytes", free_bytes));
        }
        Ok(())
    }

    async fn take(
        &self,
        mut folder: ExportFolder,
        number: usize,
        wanted: &ExportClip,
    ) -> Result<(ExportFolder, Recording), Problem> {
        let camera = facts::camera_name(&self.parts.store, &wanted.path).await?;
        let (mut videos, mut sources) = (Vec::new(), Vec::new());
        for (part, clip) in self.parts.recording.clips(&wanted.path, wanted.range).await?.iter().enumerate() {
            let number = if part == 0 { format!("{number:02}") } else { format!("{number:02}-{}", part + 1) };
            let name = place::video_name(&number, &camera, clip.range.start, self.zone());
            match &self.row.wanted.burn {
                None => {
                    self.progress.enter(ExportStep::Copying);
                    folder = self.copy(folder, &name, clip.read(0..clip.len)).await?;
                    videos.push(video(&name, clip));
                }
                Some(burn) => {
                    let facts;
                    let order = BurnOrder { name: &name, clip, camera: &camera, burn };
                    (folder, facts) = self.burn(folder, &order).await?;
                    videos.push(burnt_video(video(&name, clip), facts, burn));
                }
            }
            self.progress.enter(ExportStep::Hashing);
            for (n, segment) in clip.sources().enumerate() {
                let (size_bytes, sha256) = self.hash(clip.read_source(n)).await?;
                sources.push(Source {
                    volume: segment.volume.to_string(),
                    file: segment.file.clone(),
                    from: segment.start,
                    to: segment.end,
                    size_bytes,
                    sha256,
                    is_open: segment.state == SegmentState::Recording,
                });
            }
        }
        let pieces = videos.iter().flat_map(|video: &Video| &video.pieces);
        let pieces = pieces.filter_map(|piece| TimeRange::new(piece.from, piece.to)).collect();
        let gaps = self.parts.recording.gaps_between(&wanted.path, pieces, wanted.range).await?;
        let gap = |gap: Gap| ExportedGap { from: gap.range.start, to: gap.range.end, reason: gap.reason };
        let recording = Recording {
            camera,
            path: wanted.path.to_string(),
            asked: span(wanted.range),
            videos,
            gaps: gaps.into_iter().map(gap).collect(),
            sources,
        };
        Ok((folder, recording))
    }

    async fn copy(
        &self,
        mut folder: ExportFolder,
        name: &str,
        mut blocks: BoxStream<'static, Result<Bytes, Problem>>,
    ) -> Result<ExportFolder, Problem> {
        let mut file = folder.begin(name)?;
        while let Some(block) = blocks.next().await {
            self.check_stop()?;
            let block = block?;
            let len = block.len() as u64;
            file = blocking(move || {
                file.write(&block)?;
                Ok(file)
            })
            .await?;
            self.progress.add(len);
        }
        blocking(move || {
            folder.end(file)?;
            Ok(folder)
        })
        .await
    }

    async fn hash(&self, mut blocks: BoxStream<'static, Result<Bytes, Problem>>) -> Result<(u64, String), Problem> {
        let mut digest = Digest::default();
        while let Some(block) = blocks.next().await {
            self.check_stop()?;
            let block = block?;
            let len = block.len() as u64;
            digest = blocking(move || {
                digest.update(&block);
                Ok(digest)
            })
            .await?;
            self.progress.add(len);
        }
        Ok((digest.len(), digest.finish()))
    }

    async fn pack(&self) -> Result<u64, Problem> {
        self.progress.enter(ExportStep::Packing);
        let password = self.parts.store.exports().password(self.row.id).await?;
        let password = password.ok_or_else(|| Problem::new(ErrorCode::Internal).at("pack_export"))?;
        let (folder, archive) = (self.folder(), self.archive());
        let (progress, stop) = (Arc::clone(&self.progress), self.stop.clone());
        let go_on = move |bytes| {
            progress.add(bytes);
            !stop.is_cancelled()
        };
        let packed = blocking(move || Ok(pack_encrypted(&folder, &archive, &password, go_on)?)).await;
        self.check_stop()?;
        packed
    }

    async fn manifest(&self, recordings: Vec<Recording>) -> Result<Manifest, Problem> {
        let ExportParts { store, recording, key, .. } = &self.parts;
        Ok(Manifest {
            format: Manifest::FORMAT.to_owned(),
            export: Exporter {
                name: self.row.wanted.name.clone(),
                note: self.row.wanted.note.clone(),
                exported_by: self.row.created_by.clone(),
                asked_at: self.row.created_at,
                made_at: UtcMillis::now(),
                product: facts::PRODUCT.to_owned(),
            },
            site: facts::of_site(store, recording, key).await?,
            recordings,
            files: Vec::new(),
        })
    }

    pub(super) fn zone(&self) -> &jiff::tz::TimeZone {
        self.parts.recording.zone()
    }

    pub(super) fn check_stop(&self) -> Result<(), Problem> {
        if self.stop.is_cancelled() { Err(Problem::new(ErrorCode::JobCancelled)) } else { Ok(()) }
    }
}

fn video(name: &str, clip: &Clip) -> Video {
    let first = clip.sources().next();
    let piece = |piece: crate::recording::ClipPieceAt| ClipPiece {
        from: piece.range.start,
        to: piece.range.end,
        at_ms: piece.at_ms,
    };
    Video {
        file: name.to_owned(),
        held: span(clip.range),
        codec: first.map(|segment| segment.video_codec.clone()).unwrap_or_default(),
        width: first.map_or(0, |segment| segment.width),
        height: first.map_or(0, |segment| segment.height),
        has_audio: clip.sources().any(|segment| segment.has_audio),
        pieces: clip.pieces().into_iter().map(piece).collect(),
        transcoded: None,
    }
}

const fn span(range: TimeRange) -> Span {
    Span { from: range.start, to: range.end }
}

/// Bytes of a file, or of the files of a folder; `None` for what is not there.
pub fn size_of(path: &Path) -> Option<u64> {
    let facts = fs::metadata(path).ok()?;
    if facts.is_file() {
        return Some(facts.len());
    }
    let files = fs::read_dir(path).ok()?.flatten().filter_map(|entry| entry.metadata().ok());
    Some(files.filter(fs::Metadata::is_file).map(|facts| facts.len()).sum())
}

fn failed(path: &Path, error: &io::Error) -> Problem {
    EvidenceError::File { what: "write", path: path.to_owned(), source: error.kind().into() }.into()
}
