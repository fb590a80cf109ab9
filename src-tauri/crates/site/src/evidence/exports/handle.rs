//! The handle through which exports are asked for, watched and handed out.

use super::{
    download::{Packed, send},
    maker::size_of,
    place,
    progress::ExportStep,
    queue::{ExportParts, Queue},
    wish::{self, ExportWish},
};
use crate::evidence::blocking::blocking;
use std::{
    fs, io,
    path::{Path, PathBuf},
    sync::Arc,
    time::Duration,
};
use tokio::{sync::Mutex, task::JoinHandle, time::timeout};
use tokio_util::sync::CancellationToken;
use watchwall_model::{ErrorCode, ExportId, ExportRow, ExportState, Problem, UtcMillis};
use watchwall_store::{ExportEnd, NewExport, Page, PageRequest};

/// Exports that wait or run.
const MOST_WAITING: usize = 64;
/// A cancelled export is gone within this, or its disk hangs.
const CANCEL_WITHIN: Duration = Duration::from_secs(10);
const STOP_WITHIN: Duration = Duration::from_secs(2);

/// An export as it stands.
#[derive(Clone, Debug)]
pub struct ExportView {
    pub row: ExportRow,
    /// While it is being made: what is done, and bytes of work done and in all.
    pub progress: Option<(ExportStep, u64, u64)>,
}

/// A folder that exports may be written to.
#[derive(Clone, Debug)]
pub struct FolderView {
    pub folder: PathBuf,
    /// Absent when it is not there, such as a drive that is not plugged in.
    pub free_bytes: Option<u64>,
}

/// What can be taken away of a finished export.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Handout {
    /// To be packed on the way.
    Folder(PathBuf),
    /// Packed and encrypted already.
    Archive(PathBuf),
}

/// Cheap to clone.
#[derive(Clone)]
pub struct Exports {
    queue: Arc<Queue>,
    cancel: CancellationToken,
    task: Arc<Mutex<Option<JoinHandle<()>>>>,
}

impl Exports {
    /// Goes on with what a stop interrupted.
    ///
    /// # Errors
    /// When the folder of exports cannot be made.
    pub async fn start(parts: ExportParts) -> Result<Self, Problem> {
        let folder = parts.folder.clone();
        blocking(move || {
            make_private(&folder)?;
            clear_unfinished(&folder);
            Ok(())
        })
        .await?;
        let queue = Queue::new(parts);
        let cancel = CancellationToken::new();
        let task = tokio::spawn(Arc::clone(&queue).run(cancel.clone()));
        Ok(Self { queue, cancel, task: Arc::new(Mutex::new(Some(task))) })
    }

    /// Keeps a wish; it is made in the background.
    ///
    /// # Errors
    /// `request_invalid`, `range_invalid`, `password_too_short`, `export_folder_refused`, `too_many_jobs`.
    pub async fn ask(&self, wish: ExportWish, by: &str) -> Result<ExportView, Problem> {
        let now = UtcMillis::now();
        let wanted = wish::check(&wish, now)?;
        let parts = &self.queue.parts;
        if parts.store.exports().waiting().await?.len() >= MOST_WAITING {
            return Err(Problem::new(ErrorCode::TooManyJobs).with("limit", MOST_WAITING));
        }
        let folder = match wish.folder.filter(|folder| !folder.trim().is_empty()) {
            Some(folder) => {
                let allowed: Vec<PathBuf> = parts.other_folder.iter().chain([&parts.folder]).cloned().collect();
                blocking(move || place::confined(&folder, &allowed)).await?
            }
            None => parts.folder.clone(),
        };
        let mut name = place::result_name(&wanted.name, now, parts.recording.zone(), rand::random());
        if wanted.is_encrypted {
            name.push_str(".zip");
        }
        let new = NewExport {
            wanted,
            password: wish.password,
            result: folder.join(name),
            created_by: by.to_owned(),
            created_at: now,
        };
        let row = parts.store.exports().insert(&new).await?;
        self.queue.wake.notify_one();
        Ok(self.view(row))
    }

    /// Where an export may go: the site's own folder, and the one that the configuration allows besides.
    ///
    /// # Errors
    /// `disk_slow` when a disk does not answer.
    pub async fn folders(&self) -> Result<Vec<FolderView>, Problem> {
        let parts = &self.queue.parts;
        let mut folders = Vec::new();
        for folder in [&parts.folder].into_iter().chain(&parts.other_folder) {
            let there = folder.clone();
            let free_bytes = match blocking(move || Ok(there.is_dir())).await? {
                true => parts.recording.capacity_of(folder.clone()).await.ok().map(|capacity| capacity.free_bytes),
                false => None,
            };
            folders.push(FolderView { folder: folder.clone(), free_bytes });
        }
        Ok(folders)
    }

    /// Newest first.
    ///
    /// # Errors
    /// `request_invalid` for a made-up cursor, or when the database cannot be read.
    pub async fn page(&self, request: &PageRequest) -> Result<Page<ExportView>, Problem> {
        let page = self.queue.parts.store.exports().page(request).await?;
        let items = page.items.into_iter().map(|row| self.view(row)).collect();
        Ok(Page { items, next_cursor: page.next_cursor })
    }

    /// # Errors
    /// `not_found`.
    pub async fn get(&self, id: ExportId) -> Result<ExportView, Problem> {
        let row = self.queue.parts.store.exports().get(id).await?;
        row.map(|row| self.view(row)).ok_or_else(|| Problem::new(ErrorCode::NotFound).with("what", "export"))
    }

    /// Ends one that waits or runs; once this has answered, nothing of it is left. Answers it as it stands then: it may
    /// have been finished a moment before.
    ///
    /// # Errors
    /// `not_found`, or `disk_slow` when the disk hangs.
    pub async fn cancel(&self, id: ExportId) -> Result<ExportView, Problem> {
        self.get(id).await?;
        self.end_job(id).await?;
        let end = ExportEnd { state: ExportState::Cancelled, problem: None, size_bytes: 0, at: UtcMillis::now() };
        self.queue.parts.store.exports().end(id, &end).await?;
        // It may have begun just before that was noted.
        self.end_job(id).await?;
        self.get(id).await
    }

    async fn end_job(&self, id: ExportId) -> Result<(), Problem> {
        let Some(job) = self.queue.job(id) else { return Ok(()) };
        let ended = timeout(CANCEL_WITHIN, job.cancel()).await;
        ended.map_err(|_| Problem::new(ErrorCode::DiskSlow).at("cancel_export"))
    }

    /// Deletes one that is over, with its files. Answers it as it was.
    ///
    /// # Errors
    /// `not_found`, `export_not_done` while it waits or runs, or what the disk answers.
    pub async fn remove(&self, id: ExportId) -> Result<ExportRow, Problem> {
        let row = self.get(id).await?.row;
        if !row.state.is_over() {
            return Err(Problem::new(ErrorCode::ExportNotDone).with("state", row.state.as_str()));
        }
        if row.state == ExportState::Done {
            let result = row.result.clone();
            blocking(move || remove(&result)).await?;
        }
        self.queue.parts.store.exports().delete(id).await?;
        Ok(row)
    }

    /// A finished export as one ZIP.
    ///
    /// # Errors
    /// As [`Self::is_there`].
    pub async fn download(&self, id: ExportId) -> Result<(ExportRow, Packed), Problem> {
        let (row, size) = self.is_there(id).await?;
        let result = row.result.clone();
        let packed = if row.wanted.is_encrypted {
            send(Handout::Archive(result), Some(size))
        } else {
            send(Handout::Folder(result), None)
        };
        Ok((row, packed))
    }

    /// A finished export, and how many bytes lie there.
    ///
    /// # Errors
    /// `not_found`, `export_not_done`, or `export_gone` when somebody took it away.
    pub async fn is_there(&self, id: ExportId) -> Result<(ExportRow, u64), Problem> {
        let row = self.get(id).await?.row;
        if row.state != ExportState::Done {
            return Err(Problem::new(ErrorCode::ExportNotDone).with("state", row.state.as_str()));
        }
        let result = row.result.clone();
        match blocking(move || Ok(size_of(&result))).await? {
            Some(size) => Ok((row, size)),
            None => Err(Problem::new(ErrorCode::ExportGone).with("path", row.result.display())),
        }
    }

    /// Interrupts what runs; it begins again at the next start.
    pub async fn stop(&self) {
        self.cancel.cancel();
        let Some(task) = self.task.lock().await.take() else { return };
        let abort = task.abort_handle();
        if timeout(STOP_WITHIN, task).await.is_err() {
            tracing::warn!("exports did not stop in time; what they leave is removed at the next start");
            abort.abort();
        }
    }

    fn view(&self, row: ExportRow) -> ExportView {
        let progress = self.queue.job(row.id).map(|job| {
            let (done, total) = job.progress.bytes();
            (job.progress.step(), done, total)
        });
        ExportView { row, progress }
    }
}

/// A folder that only the site's user reads.
fn make_private(folder: &Path) -> Result<(), Problem> {
    let mut builder = fs::DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(folder).map_err(|e| disk_failed(folder, &e))
}

/// What was being made when the site ended begins from nothing.
fn clear_unfinished(folder: &Path) {
    for entry in fs::read_dir(folder).into_iter().flatten().flatten() {
        if entry.file_name().to_string_lossy().starts_with(place::UNFINISHED)
            && let Err(problem) = remove(&entry.path())
        {
            tracing::warn!(error = %problem, "what is left of an interrupted export cannot be removed");
        }
    }
}

/// A folder with all that is in it, or a file; nothing when it is gone.
pub(super) fn remove(result: &Path) -> Result<(), Problem> {
    let removed = if result.is_dir() { fs::remove_dir_all(result) } else { fs::remove_file(result) };
    match removed {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(disk_failed(result, &error)),
        _ => Ok(()),
    }
}

fn disk_failed(path: &Path, error: &io::Error) -> Problem {
    Problem::new(ErrorCode::DiskFailed).with("path", path.display()).because(error)
}
