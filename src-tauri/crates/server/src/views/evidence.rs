//! Evidence on the wire.

use super::gap_word;
use crate::{error::details, net::RequestId};
use watchwall_api::{
    BookmarkMark, BookmarkView, BurnInView, CaseClipView, CaseView, EvidenceLockView, ExportClipView, ExportFolderView,
    ExportView, GapView, NewBookmark, NewCase, NewEvidenceLock, NewExport, ProofDetailView, ProofView,
};
use watchwall_model::{
    Bookmark, BurnIn, Case, CaseClip, ErrorCode, EvidenceLock, ExportClip, ExportRow, Problem, StreamPath, TimeRange,
    UtcMillis,
};
use watchwall_site::evidence::{self, BookmarkWish, CaseWish, ExportWish, LockWish};

pub fn lock_view(lock: &EvidenceLock) -> EvidenceLockView {
    EvidenceLockView {
        id: lock.id.0,
        paths: lock.paths.iter().map(ToString::to_string).collect(),
        from: lock.range.start.0,
        to: lock.range.end.0,
        reason: lock.reason.clone(),
        locked_by: lock.locked_by.clone(),
        created_at: lock.created_at.0,
        until: lock.until.map(|at| at.0),
        ended_at: lock.ended_at.map(|at| at.0),
        ended_by: lock.ended_by.clone(),
    }
}

/// # Errors
/// `stream_path_invalid`.
pub fn lock_wish(new: NewEvidenceLock) -> Result<LockWish, Problem> {
    Ok(LockWish {
        paths: new.paths.iter().map(|path| StreamPath::parse(path)).collect::<Result<_, _>>()?,
        from: UtcMillis(new.from),
        to: UtcMillis(new.to),
        reason: new.reason,
        until: new.until.map(UtcMillis),
    })
}

pub fn bookmark_view(bookmark: &Bookmark) -> BookmarkView {
    BookmarkView {
        id: bookmark.id.0,
        path: bookmark.path.to_string(),
        from: bookmark.from.0,
        to: bookmark.to.0,
        text: bookmark.text.clone(),
        tags: bookmark.tags.clone(),
        created_by: bookmark.created_by.clone(),
        created_at: bookmark.created_at.0,
        version: bookmark.version,
    }
}

pub fn bookmark_mark(bookmark: &Bookmark) -> BookmarkMark {
    BookmarkMark { id: bookmark.id.0, from: bookmark.from.0, to: bookmark.to.0, text: bookmark.text.clone() }
}

/// # Errors
/// `stream_path_invalid`.
pub fn bookmark_wish(new: NewBookmark) -> Result<BookmarkWish, Problem> {
    Ok(BookmarkWish {
        path: StreamPath::parse(&new.path)?,
        from: UtcMillis(new.from),
        to: new.to.map(UtcMillis),
        text: new.text,
        tags: new.tags,
    })
}

pub fn case_view(case: &Case) -> CaseView {
    let clip = |clip: &CaseClip| CaseClipView {
        path: clip.path.to_string(),
        from: clip.from.0,
        to: clip.to.0,
        note: clip.note.clone(),
    };
    CaseView {
        id: case.id.0,
        name: case.name.clone(),
        notes: case.notes.clone(),
        clips: case.clips.iter().map(clip).collect(),
        created_by: case.created_by.clone(),
        created_at: case.created_at.0,
        version: case.version,
    }
}

/// # Errors
/// `stream_path_invalid`.
pub fn case_wish(new: NewCase) -> Result<CaseWish, Problem> {
    let clip = |clip: CaseClipView| {
        let path = StreamPath::parse(&clip.path)?;
        Ok(CaseClip { path, from: UtcMillis(clip.from), to: UtcMillis(clip.to), note: clip.note })
    };
    let clips = new.clips.into_iter().map(clip).collect::<Result<_, Problem>>()?;
    Ok(CaseWish { name: new.name, notes: new.notes, clips })
}

pub fn export_view(view: &evidence::ExportView, request: &RequestId) -> ExportView {
    let row = &view.row;
    let clip = |clip: &ExportClip| ExportClipView {
        path: clip.path.to_string(),
        from: clip.range.start.0,
        to: clip.range.end.0,
    };
    ExportView {
        id: row.id.0,
        name: row.wanted.name.clone(),
        note: row.wanted.note.clone(),
        clips: row.wanted.clips.iter().map(clip).collect(),
        encrypted: row.wanted.is_encrypted,
        burn_in: row.wanted.burn.as_ref().map(|burn| BurnInView { watermark: burn.watermark.clone() }),
        created_by: row.created_by.clone(),
        created_at: row.created_at.0,
        state: row.state.as_str().to_owned(),
        step: view.progress.map(|(step, ..)| step.as_str().to_owned()),
        percent: view.progress.map(|(_, done, total)| percent(done, total)),
        problem: row.problem.as_ref().map(|problem| details(problem, request)),
        result: row.result.display().to_string(),
        file_name: export_file(row),
        size_bytes: row.size_bytes,
        finished_at: row.finished_at.map(|at| at.0),
    }
}

/// The name of its download.
pub fn export_file(row: &ExportRow) -> String {
    let name = row.result.file_name().unwrap_or_default().to_string_lossy();
    if row.wanted.is_encrypted { name.into_owned() } else { format!("{name}.zip") }
}

fn percent(done: u64, total: u64) -> f64 {
    if total == 0 { 0.0 } else { (done as f64 * 1_000.0 / total as f64).round() / 10.0 }
}

/// # Errors
/// `stream_path_invalid`, `range_invalid`.
pub fn export_wish(new: NewExport) -> Result<ExportWish, Problem> {
    let clip = |clip: ExportClipView| {
        let range = TimeRange::new(UtcMillis(clip.from), UtcMillis(clip.to))
            .ok_or_else(|| Problem::new(ErrorCode::RangeInvalid).with("from", clip.from).with("to", clip.to))?;
        Ok(ExportClip { path: StreamPath::parse(&clip.path)?, range })
    };
    Ok(ExportWish {
        name: new.name,
        note: new.note,
        clips: new.clips.into_iter().map(clip).collect::<Result<_, Problem>>()?,
        password: new.password.filter(|password| !password.is_empty()),
        folder: new.folder,
        burn: new.burn_in.map(|burn| BurnIn { watermark: burn.watermark }),
    })
}

pub fn proof_view(proof: &evidence::ProofView) -> ProofView {
    let statement = &proof.statement;
    ProofView {
        path: statement.path.clone(),
        camera: statement.camera.clone(),
        day: statement.day.clone(),
        from: statement.range.from.0,
        to: statement.range.to.0,
        covered_ms: statement.covered_ms,
        gaps: statement.gaps.len() as u64,
        stated_at: statement.stated_at.0,
        sha256: proof.sha256.clone(),
        verified: proof.findings.is_empty(),
    }
}

pub fn proof_detail(proof: &evidence::ProofView) -> ProofDetailView {
    let statement = &proof.statement;
    ProofDetailView {
        proof: proof_view(proof),
        coverage: statement.coverage.iter().map(|span| [span.from.0, span.to.0]).collect(),
        missing: statement
            .gaps
            .iter()
            .map(|gap| GapView { from: gap.from.0, to: gap.to.0, reason: gap_word(gap.reason) })
            .collect(),
        findings: proof.findings.iter().map(|finding| finding.sentence()).collect(),
    }
}

pub fn export_folder_view(view: &evidence::FolderView) -> ExportFolderView {
    ExportFolderView { folder: view.folder.display().to_string(), free_bytes: view.free_bytes }
}
