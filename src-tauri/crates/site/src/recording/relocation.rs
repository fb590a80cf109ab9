//! Moving the first volume to another folder while the site runs: what first run does with the folder it is given.
//!
//! An empty volume keeps its code and its id and only changes its folder. A volume that holds recordings stays, so that
//! they can be played, and a new one of higher priority stands before it. One engine ends before the database changes and
//! another starts after it; whatever fails between is undone, and recording goes on where it was.

use super::{
    engine::{Engine, EngineParts},
    folder::{self, FolderReport, Former, Prepared},
    index::Index,
    volumes,
};
use std::sync::Arc;
use watchwall_model::{ErrorCode, Problem, Volume};

/// What a move did.
#[derive(Clone, Debug, PartialEq)]
pub struct Moved {
    pub from: Volume,
    /// Equal to `from` when recordings go there already.
    pub to: Volume,
}

impl Moved {
    pub fn is_needless(&self) -> bool {
        self.from == self.to
    }

    /// The former volume keeps its recordings and its row.
    fn keeps_former(&self) -> bool {
        self.from.code != self.to.code
    }
}

/// See [`super::Recording::look_at_folder`].
pub async fn look(index: &Index, typed: &str) -> Result<FolderReport, Problem> {
    let all = index.volumes().await?;
    let first = first_of(&all)?.clone();
    let root = if typed.trim().is_empty() { first.root.clone() } else { folder::parse(typed)? };
    if let Some(volume) = all.iter().find(|volume| volume.root == root) {
        let capacity = folder::capacity(volume.root.clone()).await?;
        return Ok(FolderReport { root, capacity, exists: true, is_volume: true, default_folder: first.root });
    }
    let prepared = folder::prepare(root, all, Former::Refused).await?;
    Ok(FolderReport {
        root: prepared.root.clone(),
        capacity: prepared.capacity,
        exists: prepared.existed,
        is_volume: false,
        default_folder: first.root,
    })
}

/// Moves, and answers the engine that runs now when it is another one. `confirm` is the last thing that may fail.
pub async fn relocate<T>(
    parts: &EngineParts,
    before: &Arc<Engine>,
    typed: &str,
    confirm: impl Future<Output = Result<T, Problem>>,
) -> (Result<(Moved, T), Problem>, Option<Arc<Engine>>) {
    let (from, prepared) = match check(&parts.index, typed).await {
        Ok(Checked::Needless(volume)) => {
            let moved = Moved { from: volume.clone(), to: volume };
            return (confirm.await.map(|confirmed| (moved, confirmed)), None);
        }
        Ok(Checked::Possible { from, prepared }) => (from, prepared),
        Err(problem) => return (Err(problem), None),
    };
    parts.archive.open.pause();
    before.stop().await;
    let swapped = swap(&parts.index, from, prepared, confirm).await;
    // Where it was, or where it is now: the database says which.
    match (Engine::start(parts).await, swapped) {
        (Ok(engine), Ok((moved, confirmed))) => {
            if !moved.keeps_former() {
                folder::unmark(&moved.from.root).await;
            }
            tracing::info!(from = %moved.from.root.display(), to = %moved.to.root.display(), "recordings have another folder");
            (Ok((moved, confirmed)), Some(engine))
        }
        (Ok(engine), Err(problem)) => (Err(problem), Some(engine)),
        (Err(problem), swapped) => {
            tracing::error!(error = %problem, "recording could not start again; it does with the next start of the site");
            (Err(swapped.err().unwrap_or(problem)), None)
        }
    }
}

enum Checked {
    Needless(Volume),
    Possible { from: Volume, prepared: Prepared },
}

async fn check(index: &Index, typed: &str) -> Result<Checked, Problem> {
    let all = index.volumes().await?;
    let from = first_of(&all)?.clone();
    let root = folder::parse(typed)?;
    if root == from.root {
        return Ok(Checked::Needless(from));
    }
    let prepared = folder::prepare(root, all, Former::Refused).await?;
    Ok(Checked::Possible { from, prepared })
}

/// Everything between the two engines.
async fn swap<T>(
    index: &Index,
    from: Volume,
    prepared: Prepared,
    confirm: impl Future<Output = Result<T, Problem>>,
) -> Result<(Moved, T), Problem> {
    let to = if index.holds_nothing(&from.code).await? {
        Volume { root: prepared.root.clone(), ..from.clone() }
    } else {
        Volume {
            code: volumes::free_code(&index.volumes().await?),
            priority: from.priority.saturating_add(1),
            ..volumes::new_volume(prepared.root.clone())
        }
    };
    let moved = Moved { from, to };
    folder::mark(&moved.to).await?;
    let confirmed = match index.put_volume(&moved.to).await {
        Ok(()) => confirm.await,
        Err(problem) => Err(problem),
    };
    match confirmed {
        Ok(confirmed) => {
            prepared.keep();
            Ok((moved, confirmed))
        }
        Err(problem) => {
            undo(index, &moved).await;
            folder::clear_mark(&moved.to.root).await;
            Err(problem)
        }
    }
}

async fn undo(index: &Index, moved: &Moved) {
    let undone = if moved.keeps_former() {
        index.forget_volume(&moved.to.code).await
    } else {
        index.put_volume(&moved.from).await
    };
    if let Err(problem) = undone {
        tracing::error!(error = %problem, "the row of a volume could not be put back");
    }
}

fn first_of(all: &[Volume]) -> Result<&Volume, Problem> {
    let recorded_on = || all.iter().find(|volume| volume.kind.is_recorded_on());
    let first = all.iter().find(|volume| volume.code.0 == volumes::FIRST).or_else(recorded_on);
    first.ok_or_else(|| Problem::new(ErrorCode::VolumeNotFound).with("volume", volumes::FIRST))
}
