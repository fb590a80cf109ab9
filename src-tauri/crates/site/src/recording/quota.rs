//! Quotas: the oldest of a stream goes when it holds more than its plan allows.
//!
//! A stream may lie on several volumes. Each volume's sweeper counts all of it and deletes what falls to its own disk,
//! so that together they take the oldest, and one that is away keeps only its own.

use super::{
    index::Doomed,
    retention::age_limit,
    sweeper::{BATCH, REST, Sweeper},
};
use tokio::time;
use tokio_util::sync::CancellationToken;
use watchwall_model::{Plan, Problem, Segment, UtcMillis, VolumeCode};

/// Files of a stream that are looked at together.
const LOOK: u32 = 256;

impl Sweeper {
    pub(super) async fn sweep_quotas(&self, now: UtcMillis, cancel: &CancellationToken) -> Result<(), Problem> {
        let plans = self.index.plans().await?;
        let longest = plans.iter().map(|plan| plan.retention_days).max().unwrap_or(0);
        // Marks of triggers stay as long as what they began may.
        self.index.forget_triggers(age_limit(now, longest.max(Plan::DEFAULT_RETENTION_DAYS))).await?;
        for plan in &plans {
            let Some(quota_bytes) = plan.quota_bytes else { continue };
            let held_bytes = self.index.unlocked_bytes(&plan.path).await?;
            let mut surplus = Surplus {
                bytes: held_bytes.saturating_sub(quota_bytes),
                before: plan.minimum_days.map_or(UtcMillis(i64::MAX), |days| age_limit(now, days)),
            };
            let mut since = UtcMillis(i64::MIN);
            while surplus.bytes > 0 && !cancel.is_cancelled() {
                let oldest = self.index.oldest_of(&plan.path, since, LOOK).await?;
                let Some(last) = oldest.last() else { break };
                since = last.start.saturating_add_ms(1);
                let doomed = surplus.take(oldest, &self.disk.volume.code);
                for batch in doomed.chunks(BATCH as usize) {
                    if cancel.is_cancelled() || self.delete(batch.to_vec()).await?.files == 0 {
                        return Ok(());
                    }
                    time::sleep(REST).await;
                }
            }
        }
        Ok(())
    }
}

/// What a stream holds too much.
#[derive(Debug)]
struct Surplus {
    bytes: u64,
    /// What ends after this is protected by the plan's minimum.
    before: UtcMillis,
}

impl Surplus {
    /// Of the oldest files those of one volume that have to go.
    fn take(&mut self, oldest: Vec<Segment>, volume: &VolumeCode) -> Vec<Doomed> {
        let mut doomed = Vec::new();
        for segment in oldest {
            if self.bytes == 0 {
                break;
            }
            if segment.end > self.before {
                // The rest is younger still.
                self.bytes = 0;
                break;
            }
            self.bytes = self.bytes.saturating_sub(segment.size_bytes);
            if &segment.volume == volume {
                doomed.push(Doomed::from(segment));
            }
        }
        doomed
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use watchwall_model::{SegmentId, SegmentState, StreamPath};

    /// Ten bytes each, an hour each, on volumes by letter.
    fn segments(volumes: &str) -> Vec<Segment> {
        let all = volumes.chars().zip(0..);
        all.map(|(volume, n)| Segment {
            id: SegmentId(n),
            path: StreamPath::parse("a").unwrap(),
            volume: VolumeCode(volume.to_string()),
            file: n.to_string(),
            start: UtcMillis(n * 3_600_000),
            end: UtcMillis((n + 1) * 3_600_000),
            size_bytes: 10,
            video_codec: String::new(),
            width: 1,
            height: 1,
            has_audio: false,
            state: SegmentState::Complete,
            locked: false,
            init_bytes: 1,
        })
        .collect()
    }

    #[test]
    fn the_oldest_go_each_from_its_own_volume() {
        let check = |volumes: &str, bytes, before_hour: i64, expect: &[i64]| {
            let mut surplus = Surplus { bytes, before: UtcMillis(before_hour * 3_600_000) };
            let doomed = surplus.take(segments(volumes), &VolumeCode("m".into()));
            assert_eq!(doomed.iter().map(|segment| segment.id.0).collect::<Vec<_>>(), expect, "{volumes} {bytes}");
        };
        check("mmmm", 0, 99, &[]);
        check("mmmm", 1, 99, &[0]);
        check("mmmm", 20, 99, &[0, 1]);
        check("mmmm", 21, 99, &[0, 1, 2]);
        check("nmnm", 30, 99, &[1]);
        // The minimum protects what ends after the first hour.
        check("mmmm", 40, 1, &[0]);
        check("mmmm", 40, 0, &[]);
    }
}
