//! The index of recordings as recording needs it: the only place that knows the store.

use super::{
    causes::Note,
    checksums::FinishedFile,
    copies::{Ranks, stands_in},
    retention::Need,
    timeline::{self, Cause},
    triggers::{Kept, TriggerMark, Withdrawn, mark_of},
    volume::Covered,
};
use std::{collections::HashMap, sync::Arc};
use tokio::sync::Mutex;
use watchwall_model::{
    ErrorCode, Fragment, GapReason, Plan, Problem, Segment, SegmentId, SegmentOrigin, SegmentState, StreamPath,
    TimeRange, UtcMillis, Volume, VolumeCode,
};
use watchwall_store::{NewSegment, RecordingEvent, RecordingEventKind, SegmentProgress, Store, encode_fragments};

const DAY_MS: i64 = 86_400_000;
/// Rows per batch when all names of a volume are read.
const NAMES_BATCH: u32 = 5_000;

/// Cheap to clone.
#[derive(Clone)]
pub struct Index {
    pub(super) store: Store,
    /// One at a time adds to the chains of checksums.
    pub(super) chaining: Arc<Mutex<()>>,
    pub ranks: Ranks,
}

/// What recovery found in a file.
pub struct Repair {
    pub fragments: Vec<Fragment>,
    pub end: UtcMillis,
    pub size_bytes: u64,
}

/// A segment that is to go.
#[derive(Clone, Debug)]
pub struct Doomed {
    pub id: SegmentId,
    pub file: String,
    pub size_bytes: u64,
    pub end: UtcMillis,
}

#[derive(Clone, Copy, Debug, Default)]
pub struct Totals {
    pub bytes: u64,
    pub oldest_at: Option<UtcMillis>,
    pub last_day_bytes: u64,
}

impl Index {
    pub fn new(store: Store) -> Self {
        Self { store, chaining: Arc::default(), ranks: Ranks::default() }
    }

    /// Tells the index what has become durable: new rows first, then the progress of all files in one transaction.
    ///
    /// # Errors
    /// When the database refuses; the same files may be given again then.
    pub async fn commit(&self, covered: &[Covered]) -> Result<(), Problem> {
        let mut progress = Vec::with_capacity(covered.len());
        for Covered { file, snapshot } in covered {
            if snapshot.total == 0 {
                continue;
            }
            let id = match file.id() {
                Some(id) => id,
                None => {
                    let id = self.store.segments().insert(&new_row(file.facts.clone(), snapshot)).await?;
                    file.indexed(id, 0);
                    id
                }
            };
            let (last_known, fresh) = file.unindexed(snapshot.total);
            progress.push(SegmentProgress {
                id,
                end: snapshot.end,
                size_bytes: snapshot.size_bytes,
                fragments: encode_fragments(last_known.as_ref(), &fresh),
                state: if snapshot.is_closed { SegmentState::Complete } else { SegmentState::Recording },
            });
        }
        self.store.segments().commit_progress(&progress).await?;
        for (covered, row) in covered.iter().filter(|c| c.snapshot.total > 0).zip(&progress) {
            covered.file.indexed(row.id, covered.snapshot.total);
        }
        let closed = covered.iter().filter(|c| c.snapshot.is_closed && c.snapshot.total > 0);
        let finished = closed.filter_map(|Covered { file, snapshot }| {
            Some(FinishedFile {
                path: file.facts.path.clone(),
                segment: file.id()?,
                start: file.facts.start,
                end: snapshot.end,
                size_bytes: snapshot.size_bytes,
                hash: snapshot.hash?,
            })
        });
        self.chain(finished.collect()).await
    }

    /// The segment that holds `at`, else the next.
    ///
    /// # Errors
    /// When the database cannot be read; so for all below.
    pub async fn first_ending_after(&self, path: &StreamPath, at: UtcMillis) -> Result<Option<Segment>, Problem> {
        match self.holding(path, at).await? {
            Some(segment) => Ok(Some(segment)),
            None => self.better(self.store.segments().next_after(path, at.saturating_add_ms(1)).await?).await,
        }
    }

    /// The segment that holds this moment; of several, which a clock that went back leaves, the last begun.
    async fn holding(&self, path: &StreamPath, at: UtcMillis) -> Result<Option<Segment>, Problem> {
        let Some(moment) = TimeRange::new(at, at.saturating_add_ms(1)) else { return Ok(None) };
        Ok(self.in_range(path, moment).await?.pop())
    }

    /// The segment that holds `at`, else the last before it.
    pub async fn last_starting_by(&self, path: &StreamPath, at: UtcMillis) -> Result<Option<Segment>, Problem> {
        if let Some(segment) = self.holding(path, at).await? {
            return Ok(Some(segment));
        }
        self.better(self.store.segments().last_before(path, at.saturating_add_ms(1)).await?).await
    }

    /// The recording to read of those that hold the moment at which this one begins.
    async fn better(&self, found: Option<Segment>) -> Result<Option<Segment>, Problem> {
        match found {
            Some(found) if self.ranks.has_copies() => Ok(self.holding(&found.path, found.start).await?.or(Some(found))),
            found => Ok(found),
        }
    }

    /// What there is to read of a range: of several recordings of the same moments the one that can be read, the first
    /// before its copy.
    pub async fn in_range(&self, path: &StreamPath, range: TimeRange) -> Result<Vec<Segment>, Problem> {
        Ok(self.ranks.preferred(self.store.segments().in_range(path, range).await?))
    }

    /// Names of a volume's files that touch the range.
    pub async fn files_in_range(
        &self,
        volume: &VolumeCode,
        path: &StreamPath,
        range: TimeRange,
    ) -> Result<Vec<String>, Problem> {
        let all = self.store.segments().in_range(path, range).await?;
        Ok(all.into_iter().filter(|segment| &segment.volume == volume).map(|segment| segment.file).collect())
    }

    /// Other recordings of the moment at which this one begins.
    pub async fn copies_of(&self, segment: &Segment) -> Result<Vec<Segment>, Problem> {
        let at = segment.start;
        let Some(moment) = TimeRange::new(at, at.saturating_add_ms(1)) else { return Ok(Vec::new()) };
        let mut all = self.store.segments().in_range(&segment.path, moment).await?;
        all.retain(stands_in(segment));
        Ok(all)
    }

    pub async fn segment(&self, id: SegmentId) -> Result<Option<Segment>, Problem> {
        let found = self.store.segments().get(id).await?;
        Ok(found.filter(|segment| segment.state != SegmentState::Missing))
    }

    pub async fn fragments(&self, id: SegmentId) -> Result<Vec<Fragment>, Problem> {
        Ok(self.store.segments().fragments(id).await?)
    }

    /// Recorded stretches, joined where at most `near_ms` apart.
    pub async fn coverage(&self, path: &StreamPath, range: TimeRange, near_ms: i64) -> Result<Vec<TimeRange>, Problem> {
        Ok(self.store.segments().coverage(path, range, near_ms).await?)
    }

    /// Stretches that were fetched from the camera's own storage, joined where at most `near_ms` apart.
    pub async fn filled(&self, path: &StreamPath, range: TimeRange, near_ms: i64) -> Result<Vec<TimeRange>, Problem> {
        Ok(timeline::join(self.store.segments().filled(path, range).await?, range, near_ms))
    }

    /// What was noted in this stretch, and before it the last note that came earlier.
    pub async fn causes(&self, path: &StreamPath, range: TimeRange) -> Result<Vec<Cause>, Problem> {
        Ok(self.causes_of(std::slice::from_ref(path), range).await?.remove(path).unwrap_or_default())
    }

    /// [`Self::causes`] of several streams; none for those that have none.
    pub async fn causes_of(
        &self,
        paths: &[StreamPath],
        range: TimeRange,
    ) -> Result<HashMap<StreamPath, Vec<Cause>>, Problem> {
        let mut causes: HashMap<StreamPath, Vec<Cause>> = HashMap::new();
        for event in self.store.events().in_range(paths, range).await? {
            if let Some(reason) = reason_of(event.kind) {
                causes.entry(event.path).or_default().push(Cause { at: event.at, reason });
            }
        }
        Ok(causes)
    }

    pub async fn note_causes(&self, notes: &[Note]) -> Result<(), Problem> {
        for note in notes {
            let event = RecordingEvent {
                path: note.path.clone(),
                at: note.at,
                kind: kind_of(note.reason),
                detail: String::new(),
            };
            self.store.events().insert(&event).await?;
        }
        Ok(())
    }

    /// Keeps a trigger for the timeline, and for recorders after a restart.
    pub async fn note_trigger(&self, path: &StreamPath, at: UtcMillis, kept: &Kept) -> Result<(), Problem> {
        let detail = words_of(kept)?;
        let event = RecordingEvent { path: path.clone(), at, kind: RecordingEventKind::Trigger, detail };
        Ok(self.store.events().insert(&event).await?)
    }

    /// Those that were asked for since a moment end now.
    pub async fn end_triggers(&self, path: &StreamPath, since: UtcMillis, now: UtcMillis) -> Result<(), Problem> {
        for event in self.store.events().triggers_since(since).await? {
            let Some(mark) = mark_of(event.at, &event.detail).filter(|_| event.path == *path) else { continue };
            match mark.kept.withdrawn(now) {
                Withdrawn::Stays => {}
                Withdrawn::Ends(kept) => self.store.events().change_trigger(&event, &words_of(&kept)?).await?,
                Withdrawn::Goes => self.store.events().forget_trigger(&event).await?,
            }
        }
        Ok(())
    }

    /// Of several streams, oldest first; none for those that have none.
    pub async fn triggers(
        &self,
        paths: &[StreamPath],
        range: TimeRange,
    ) -> Result<HashMap<StreamPath, Vec<TriggerMark>>, Problem> {
        let mut marks: HashMap<StreamPath, Vec<TriggerMark>> = HashMap::new();
        for event in self.store.events().triggers_in(paths, range).await? {
            if let Some(mark) = mark_of(event.at, &event.detail) {
                marks.entry(event.path).or_default().push(mark);
            }
        }
        Ok(marks)
    }

    /// Of all streams, those ahead too.
    pub async fn triggers_since(&self, since: UtcMillis) -> Result<Vec<(StreamPath, TriggerMark)>, Problem> {
        let events = self.store.events().triggers_since(since).await?;
        Ok(events.into_iter().filter_map(|event| Some((event.path, mark_of(event.at, &event.detail)?))).collect())
    }

    pub async fn forget_triggers(&self, before: UtcMillis) -> Result<(), Problem> {
        self.store.events().prune_triggers(before).await?;
        Ok(())
    }

    pub async fn forget_causes(&self, before: UtcMillis) -> Result<(), Problem> {
        self.store.events().prune(before).await?;
        Ok(())
    }

    pub async fn plans(&self) -> Result<Vec<Plan>, Problem> {
        Ok(self.store.plans().all().await?)
    }

    /// Saves it and raises its version. A plan with a version replaces only that version.
    ///
    /// # Errors
    /// `version_conflict`.
    pub async fn put_plan(&self, plan: &Plan) -> Result<Plan, Problem> {
        let expected = (plan.version > 0).then_some(plan.version);
        Ok(self.store.plans().put(plan, expected).await?)
    }

    pub async fn plan(&self, path: &StreamPath) -> Result<Option<Plan>, Problem> {
        Ok(self.store.plans().get(path).await?)
    }

    /// Saves all of them or none; as [`Self::put_plan`]. A refusal names the plan.
    pub async fn put_plans(&self, plans: &[Plan]) -> Result<Vec<Plan>, (Option<StreamPath>, Problem)> {
        self.store.plans().put_all(plans).await.map_err(|(path, error)| (path, error.into()))
    }

    pub async fn plan_applied(&self, path: &StreamPath, version: i64, at: UtcMillis) -> Result<(), Problem> {
        Ok(self.store.plans().applied(path, version, at).await?)
    }

    /// # Errors
    /// `not_found`.
    pub async fn delete_plan(&self, path: &StreamPath) -> Result<(), Problem> {
        Ok(self.store.plans().delete(path).await?)
    }

    pub async fn volumes(&self) -> Result<Vec<Volume>, Problem> {
        Ok(self.store.volumes().all().await?)
    }

    pub async fn put_volume(&self, volume: &Volume) -> Result<(), Problem> {
        Ok(self.store.volumes().put(volume).await?)
    }

    pub async fn forget_volume(&self, code: &VolumeCode) -> Result<(), Problem> {
        Ok(self.store.volumes().delete(code).await?)
    }

    /// The oldest recording of a volume that may go.
    pub async fn oldest_at(&self, code: &VolumeCode) -> Result<Option<UtcMillis>, Problem> {
        let oldest = self.store.segments().oldest_unlocked(code, 1).await?;
        Ok(oldest.first().map(|segment| segment.start))
    }

    /// How many recordings of a volume are locked.
    pub async fn locked_on(&self, code: &VolumeCode) -> Result<u64, Problem> {
        Ok(self.store.segments().locked_on(code).await?)
    }

    /// Forgets some rows of a volume, its files aside; answers how many.
    pub async fn forget_some_of(&self, code: &VolumeCode, limit: u32) -> Result<u64, Problem> {
        let batch = self.store.segments().files_after(code, "", limit).await?;
        let ids: Vec<_> = batch.into_iter().map(|(id, _)| id).collect();
        self.store.segments().forget(&ids).await?;
        Ok(ids.len() as u64)
    }

    /// No file of this volume has a row.
    pub async fn holds_nothing(&self, code: &VolumeCode) -> Result<bool, Problem> {
        Ok(self.store.segments().files_after(code, "", 1).await?.is_empty())
    }

    pub async fn totals(&self, volume: &VolumeCode, now: UtcMillis) -> Result<Totals, Problem> {
        let totals = self.store.segments().totals(volume).await?;
        let last_day_bytes = self.store.segments().bytes_since(volume, now.saturating_add_ms(-DAY_MS)).await?;
        Ok(Totals { bytes: totals.bytes, oldest_at: totals.oldest, last_day_bytes })
    }

    /// Tails that the last run left.
    pub async fn left_recording(&self, volume: &VolumeCode) -> Result<Vec<Segment>, Problem> {
        Ok(self.store.segments().open(volume).await?)
    }

    pub async fn repair(&self, id: SegmentId, repair: &Repair) -> Result<(), Problem> {
        let row = SegmentProgress {
            id,
            end: repair.end,
            size_bytes: repair.size_bytes,
            fragments: encode_fragments(None, &repair.fragments),
            state: SegmentState::Recovered,
        };
        Ok(self.store.segments().replace_fragments(&row).await?)
    }

    pub async fn mark_missing(&self, id: SegmentId) -> Result<(), Problem> {
        Ok(self.store.segments().mark_missing(&[id]).await?)
    }

    pub async fn insert_found(&self, segment: &Segment, fragments: &[Fragment]) -> Result<(), Problem> {
        let new = NewSegment {
            path: segment.path.clone(),
            volume: segment.volume.clone(),
            file: segment.file.clone(),
            start: segment.start,
            video_codec: segment.video_codec.clone(),
            width: segment.width,
            height: segment.height,
            has_audio: segment.has_audio,
            init_bytes: segment.init_bytes,
            origin: SegmentOrigin::Live,
        };
        let progress = |id| SegmentProgress {
            id,
            end: segment.end,
            size_bytes: segment.size_bytes,
            fragments: encode_fragments(None, fragments),
            state: segment.state,
        };
        self.store.segments().insert_found(&new, progress).await?;
        Ok(())
    }

    /// Whether another file of this stream goes on at this moment.
    pub async fn is_followed(&self, path: &StreamPath, at: UtcMillis) -> Result<bool, Problem> {
        Ok(self.holding(path, at).await?.is_some())
    }

    pub async fn has_file(&self, volume: &VolumeCode, file: &str) -> Result<bool, Problem> {
        Ok(self.store.segments().by_file(volume, file).await?.is_some())
    }

    pub async fn by_file(&self, volume: &VolumeCode, file: &str) -> Result<Option<Segment>, Problem> {
        Ok(self.store.segments().by_file(volume, file).await?)
    }

    /// Finished recordings of a volume that ended by a time, oldest first; those after a start and id.
    pub async fn finished_before(
        &self,
        volume: &VolumeCode,
        before: UtcMillis,
        after: Option<(UtcMillis, SegmentId)>,
        limit: u32,
    ) -> Result<Vec<Segment>, Problem> {
        Ok(self.store.segments().finished(volume, before, after, limit).await?)
    }

    /// Its file lies on another volume now. `false` when it was deleted meanwhile.
    pub async fn relocate(&self, id: SegmentId, from: &VolumeCode, to: &VolumeCode) -> Result<bool, Problem> {
        Ok(self.store.segments().relocate(id, from, to).await?)
    }

    /// When the last recording of any stream ended.
    pub async fn newest_end(&self) -> Result<Option<UtcMillis>, Problem> {
        let mut newest = None;
        for path in self.recorded_paths().await? {
            let last = self.store.segments().last_before(&path, UtcMillis(i64::MAX)).await?;
            newest = newest.max(last.map(|segment| segment.end));
        }
        Ok(newest)
    }

    /// All files of a volume that have a row, those known to be missing too.
    pub async fn names(&self, volume: &VolumeCode) -> Result<HashMap<String, SegmentId>, Problem> {
        let mut names = HashMap::new();
        let mut after = String::new();
        loop {
            let batch = self.store.segments().files_after(volume, &after, NAMES_BATCH).await?;
            let Some((_, last)) = batch.last() else { return Ok(names) };
            after.clone_from(last);
            names.extend(batch.into_iter().map(|(id, name)| (name, id)));
        }
    }

    /// Whether a segment is known to be missing.
    pub async fn is_missing(&self, id: SegmentId) -> Result<bool, Problem> {
        Ok(self.store.segments().get(id).await?.is_none_or(|segment| segment.state == SegmentState::Missing))
    }

    pub async fn recorded_paths(&self) -> Result<Vec<StreamPath>, Problem> {
        Ok(self.store.segments().paths().await?)
    }

    /// First step of deleting; answers those that may go.
    pub async fn mark(&self, ids: &[SegmentId]) -> Result<Vec<SegmentId>, Problem> {
        Ok(self.store.segments().mark_deleting(ids).await?)
    }

    /// Ends the evidence locks whose date has come.
    pub async fn expire_locks(&self, now: UtcMillis) -> Result<u64, Problem> {
        Ok(self.store.evidence_locks().expire(now).await?)
    }

    /// Marked, and perhaps not deleted before the last run ended.
    pub async fn marked(&self, volume: &VolumeCode, limit: u32) -> Result<Vec<Doomed>, Problem> {
        Ok(doomed(volume, self.store.segments().deleting(volume, limit).await?))
    }

    /// Last step of deleting.
    pub async fn forget(&self, ids: &[SegmentId]) -> Result<(), Problem> {
        Ok(self.store.segments().forget(ids).await?)
    }

    /// The oldest that may go to make room, those last that their plan's minimum protects: only when the disk has
    /// nothing else.
    pub async fn oldest_to_go(&self, volume: &VolumeCode, need: Need, limit: u32) -> Result<Vec<Doomed>, Problem> {
        let free = self.store.segments().oldest_unprotected(volume, UtcMillis::now(), limit).await?;
        let mut free = doomed(volume, free);
        free.retain(|segment| segment.end <= need.before);
        if !free.is_empty() || need.before < UtcMillis(i64::MAX) {
            return Ok(free);
        }
        Ok(doomed(volume, self.store.segments().oldest_unlocked(volume, limit).await?))
    }

    /// Bytes of a stream that count against its quota.
    pub async fn unlocked_bytes(&self, path: &StreamPath) -> Result<u64, Problem> {
        Ok(self.store.segments().unlocked_bytes(path).await?)
    }

    /// The oldest finished files of a stream that no lock holds, on all volumes.
    pub async fn oldest_of(&self, path: &StreamPath, since: UtcMillis, limit: u32) -> Result<Vec<Segment>, Problem> {
        Ok(self.store.segments().oldest_of(path, since, limit).await?)
    }

    pub async fn ended_before(
        &self,
        volume: &VolumeCode,
        path: &StreamPath,
        at: UtcMillis,
        limit: u32,
    ) -> Result<Vec<Doomed>, Problem> {
        Ok(doomed(volume, self.store.segments().expired(volume, path, at, limit).await?))
    }
}

fn new_row(facts: super::volume::FileFacts, snapshot: &super::volume::Snapshot) -> NewSegment {
    NewSegment {
        path: facts.path,
        volume: facts.volume,
        file: snapshot.name.clone(),
        start: facts.start,
        video_codec: facts.video_codec,
        width: facts.width,
        height: facts.height,
        has_audio: facts.has_audio,
        init_bytes: snapshot.init_bytes,
        origin: facts.origin,
    }
}

fn doomed(volume: &VolumeCode, segments: Vec<Segment>) -> Vec<Doomed> {
    segments.into_iter().filter(|segment| &segment.volume == volume).map(Doomed::from).collect()
}

impl From<Segment> for Doomed {
    fn from(segment: Segment) -> Self {
        Self { id: segment.id, file: segment.file, size_bytes: segment.size_bytes, end: segment.end }
    }
}

fn words_of(kept: &Kept) -> Result<String, Problem> {
    serde_json::to_string(kept).map_err(|e| Problem::new(ErrorCode::Internal).at("keep_trigger").because(e))
}

const fn kind_of(reason: GapReason) -> RecordingEventKind {
    match reason {
        GapReason::CameraOffline => RecordingEventKind::CameraOffline,
        GapReason::Network => RecordingEventKind::Network,
        GapReason::Disk => RecordingEventKind::Disk,
        GapReason::PlannedOff => RecordingEventKind::StoppedByPlan,
        GapReason::Us | GapReason::Unknown => RecordingEventKind::StoppedByUs,
    }
}

const fn reason_of(kind: RecordingEventKind) -> Option<GapReason> {
    match kind {
        RecordingEventKind::Started | RecordingEventKind::Trigger => None,
        RecordingEventKind::StoppedByPlan => Some(GapReason::PlannedOff),
        RecordingEventKind::StoppedByUs | RecordingEventKind::Overflow => Some(GapReason::Us),
        RecordingEventKind::CameraOffline => Some(GapReason::CameraOffline),
        RecordingEventKind::Network => Some(GapReason::Network),
        RecordingEventKind::Disk => Some(GapReason::Disk),
    }
}
