//! Volumes and the timeline on the wire.

use super::{bookmark_mark, mark_view, trigger_mark_view, word};
use watchwall_api::{DiskWarning, GapView, ObjectPlaceView, SetupFolder, TimelineTrack, VolumeView};
use watchwall_model::{Bookmark, EvidenceLock, GapReason, ObjectPlace, StreamPath, TimeRange};
use watchwall_site::{
    cameras::events::Mark,
    recording::{self, TimelineTrack as Track, TriggerMark},
};

pub fn volume_view(view: &recording::VolumeView) -> VolumeView {
    let volume = &view.volume;
    VolumeView {
        code: volume.code.to_string(),
        name: volume.name.clone(),
        root: volume.root.display().to_string(),
        kind: word(&volume.kind),
        state: word(&view.health.state),
        code_reason: view.health.reason.as_ref().map(|problem| problem.code.to_string()),
        is_full: view.is_full,
        recorders: view.recorders as u64,
        priority: volume.priority,
        archive_after_days: volume.archive_after_days,
        object: volume.object.as_ref().map(object_view),
        shares_disk_with: view.shares_disk_with.iter().map(ToString::to_string).collect(),
        disk_warnings: view.disk_warnings.iter().map(disk_warning).collect(),
        total_bytes: view.health.capacity.total_bytes,
        free_bytes: view.health.capacity.free_bytes,
        recorded_bytes: view.recorded_bytes,
        high_watermark_percent: volume.high_watermark_percent,
        low_watermark_percent: volume.low_watermark_percent,
        oldest_at: view.oldest_at.map(|at| at.0),
        full_in_days: view.full_in_days,
    }
}

pub fn object_view(place: &ObjectPlace) -> ObjectPlaceView {
    ObjectPlaceView {
        endpoint: place.endpoint.clone(),
        region: place.region.clone(),
        bucket: place.bucket.clone(),
        prefix: place.prefix.clone(),
        access_key: place.access_key.clone(),
        limit_bytes: place.limit_bytes,
    }
}

fn disk_warning(warning: &recording::DiskWarning) -> DiskWarning {
    DiskWarning { disk: warning.disk.clone(), sign: warning.sign.as_str().to_owned(), value: warning.value }
}

pub fn folder_view(report: &recording::FolderReport) -> SetupFolder {
    SetupFolder {
        root: report.root.display().to_string(),
        total_bytes: report.capacity.total_bytes,
        free_bytes: report.capacity.free_bytes,
        exists: report.exists,
        is_volume: report.is_volume,
        default_folder: report.default_folder.display().to_string(),
    }
}

/// What stands on a track besides its recording.
pub struct TrackMarks<'a> {
    /// What the camera noticed.
    pub marks: &'a [Mark],
    pub triggers: &'a [TriggerMark],
    pub bookmarks: &'a [Bookmark],
    pub locks: &'a [EvidenceLock],
}

pub fn track_view(path: &StreamPath, track: &Track, on: &TrackMarks<'_>) -> TimelineTrack {
    let gap = |range: TimeRange, reason| GapView { from: range.start.0, to: range.end.0, reason: gap_word(reason) };
    TimelineTrack {
        path: path.to_string(),
        coverage: track.coverage.iter().map(|piece| [piece.start.0, piece.end.0]).collect(),
        gaps: track.gaps.iter().map(|g| gap(g.range, g.reason)).collect(),
        filled: track.filled.iter().map(|piece| [piece.start.0, piece.end.0]).collect(),
        marks: on.marks.iter().map(mark_view).collect(),
        triggers: on.triggers.iter().map(trigger_mark_view).collect(),
        bookmarks: on.bookmarks.iter().map(bookmark_mark).collect(),
        locks: on.locks.iter().map(|lock| [lock.range.start.0, lock.range.end.0]).collect(),
    }
}

pub fn gap_word(reason: GapReason) -> String {
    word(&reason)
}
