//! Streams that go on in another file when a test wants them to.

use super::{Bench, path, until};
use watchwall_model::{Plan, Segment, SegmentState, TimeRange, UtcMillis, VolumeCode};

/// So many streams of a bench since a moment.
pub struct Rounds<'a> {
    pub bench: &'a Bench,
    pub streams: usize,
    pub begun: UtcMillis,
}

impl Rounds<'_> {
    /// Every stream goes on in another file, two seconds of which are indexed.
    pub async fn next_files(&self) {
        let before: Vec<_> = self.each(|segments| segments.last().map(|segment| segment.id)).await;
        for n in 0..self.streams {
            // A changed plan begins a new file.
            let known = self.bench.store.plans().get(&path(n)).await.unwrap();
            let segment_minutes = known.map_or(10, |plan| 30 - plan.segment_minutes);
            self.bench.recording.put_plan(Plan { segment_minutes, ..Plan::continuous(path(n)) }).await.unwrap();
        }
        until("new files", 60, || async {
            for (n, before) in before.iter().enumerate() {
                let last = self.segments(n).await.pop()?;
                if Some(last.id) == *before || last.end - last.start < 2_000 {
                    return None;
                }
            }
            Some(())
        })
        .await;
    }

    /// Nothing but the file being written is unfinished.
    pub async fn are_finished(&self) {
        until("finished files", 30, || async {
            let is_open = |segments: &[Segment]| segments.iter().filter(|s| s.state == SegmentState::Recording).count();
            self.each(is_open).await.iter().all(|open| *open <= 1).then_some(())
        })
        .await;
    }

    pub async fn each<T>(&self, see: impl Fn(&[Segment]) -> T) -> Vec<T> {
        let mut seen = Vec::new();
        for n in 0..self.streams {
            seen.push(see(&self.segments(n).await));
        }
        seen
    }

    pub async fn segments(&self, n: usize) -> Vec<Segment> {
        self.bench.store.segments().in_range(&path(n), self.range()).await.unwrap()
    }

    pub fn range(&self) -> TimeRange {
        TimeRange::new(self.begun.saturating_add_ms(-1_000), self.begun.saturating_add_ms(600_000)).unwrap()
    }

    /// Of each stream, finished files on this volume and elsewhere.
    pub async fn lie(&self, volume: &VolumeCode) -> Vec<(usize, usize)> {
        self.each(|segments| {
            let finished = segments.iter().filter(|segment| segment.state != SegmentState::Recording);
            let (there, here): (Vec<_>, Vec<_>) = finished.partition(|segment| &segment.volume == volume);
            (there.len(), here.len())
        })
        .await
    }
}
