//! When a camera's absence begins, goes on, is told as an alarm and ends. Pure.

use std::collections::HashMap;
use watchwall_model::{CameraHealth, CameraId, ErrorCode, HealthState, OfflineEvent, UtcMillis};
use watchwall_store::OfflineChange;

/// An absence is noted to go on this often: as exactly a crash of the site lets its end be known.
const TOUCH_EVERY_MS: i64 = 30_000;

/// Absences that have not ended.
pub struct OfflineBook {
    away: HashMap<CameraId, Away>,
    alarm_after_ms: i64,
}

struct Away {
    started_at: UtcMillis,
    touched_at: UtcMillis,
    reason: ErrorCode,
    is_alarmed: bool,
    /// Of an earlier run, and not seen in this one.
    is_inherited: bool,
}

impl OfflineBook {
    /// Takes over what an earlier run of the site left open.
    pub fn new(open: Vec<OfflineEvent>, alarm_after_ms: i64) -> Self {
        let away = open.into_iter().map(|event| {
            let away = Away {
                started_at: event.started_at,
                touched_at: event.last_check_at,
                reason: event.reason,
                is_alarmed: event.is_alarmed,
                is_inherited: true,
            };
            (event.camera, away)
        });
        Self { away: away.collect(), alarm_after_ms }
    }

    /// What is to be written down now that a camera stands like this. An absence of an earlier run ends when it was last
    /// seen to go on if the camera is back by now: nobody looked since.
    pub fn note(
        &mut self,
        camera: CameraId,
        health: &CameraHealth,
        is_enabled: bool,
        now: UtcMillis,
    ) -> Vec<OfflineChange> {
        if health.state.is_away() {
            return self.go_on(camera, health, now);
        }
        // Not asked yet after a start: the absence is neither over nor known to go on.
        if health.state == HealthState::Unknown && is_enabled {
            return Vec::new();
        }
        let Some(away) = self.away.remove(&camera) else { return Vec::new() };
        let at = match () {
            () if away.is_inherited => away.touched_at,
            () if is_enabled => health.since,
            () => now,
        };
        vec![OfflineChange::Close { camera, at }]
    }

    fn go_on(&mut self, camera: CameraId, health: &CameraHealth, now: UtcMillis) -> Vec<OfflineChange> {
        let reason = health.code.unwrap_or(ErrorCode::CameraOffline);
        let mut changes = Vec::new();
        let away = self.away.entry(camera).or_insert_with(|| {
            changes.push(OfflineChange::Open { camera, at: health.since, reason });
            let (started_at, touched_at) = (health.since, now);
            Away { started_at, touched_at, reason, is_alarmed: false, is_inherited: false }
        });
        away.is_inherited = false;
        if now - away.touched_at >= TOUCH_EVERY_MS || away.reason != reason {
            (away.touched_at, away.reason) = (now, reason);
            changes.push(OfflineChange::Touch { camera, at: now, reason });
        }
        if !away.is_alarmed && now - away.started_at > self.alarm_after_ms {
            away.is_alarmed = true;
            changes.push(OfflineChange::Alarm { camera });
        }
        changes
    }

    /// Since when a camera is away.
    pub fn since(&self, camera: CameraId) -> Option<UtcMillis> {
        self.away.get(&camera).map(|away| away.started_at)
    }

    /// Cameras that were removed leave nothing.
    pub fn keep(&mut self, mut is_known: impl FnMut(CameraId) -> bool) {
        self.away.retain(|camera, _| is_known(*camera));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use HealthState::{NoVideo, Online, Unknown, Unreachable};

    const CAMERA: CameraId = CameraId(1);

    fn health(state: HealthState, since_s: i64) -> CameraHealth {
        let code = state.is_away().then_some(ErrorCode::HostUnreachable);
        CameraHealth { state, since: UtcMillis(since_s * 1000), last_seen: None, code }
    }

    /// States at seconds; what is written, each with its second.
    #[track_caller]
    fn check(book: &mut OfflineBook, story: &[(i64, HealthState, i64)], expect: &[(&str, i64)]) {
        let mut written = Vec::new();
        for (now, state, since) in story {
            for change in book.note(CAMERA, &health(*state, *since), true, UtcMillis(now * 1000)) {
                written.push(match change {
                    OfflineChange::Open { at, .. } => ("open", at.0 / 1000),
                    OfflineChange::Touch { at, .. } => ("touch", at.0 / 1000),
                    OfflineChange::Close { at, .. } => ("close", at.0 / 1000),
                    OfflineChange::Alarm { .. } => ("alarm", *now),
                });
            }
        }
        assert_eq!(written, expect, "{story:?}");
    }

    #[test]
    fn an_absence_opens_goes_on_is_told_and_closes() {
        check(
            &mut OfflineBook::new(vec![], 180_000),
            &[
                (0, Online, 0),
                (10, Unreachable, 9),
                (20, Unreachable, 9),
                (41, NoVideo, 40),
                (189, NoVideo, 40),
                (190, NoVideo, 40),
                (195, Online, 194),
                (200, Online, 194),
            ],
            &[("open", 9), ("touch", 41), ("touch", 189), ("alarm", 190), ("close", 194)],
        );
    }

    #[test]
    fn what_an_earlier_run_left_open_is_continued_or_closed_with_what_is_known() {
        let event = || OfflineEvent {
            id: 7,
            camera: CAMERA,
            started_at: UtcMillis(100_000),
            last_check_at: UtcMillis(130_000),
            ended_at: None,
            reason: ErrorCode::HostUnreachable,
            is_alarmed: false,
        };
        // Nobody looked between the two runs: it was away until 130 for certain.
        check(
            &mut OfflineBook::new(vec![event()], 180_000),
            &[(500, Unknown, 500), (510, Online, 510)],
            &[("close", 130)],
        );
        check(
            &mut OfflineBook::new(vec![event()], 180_000),
            &[(500, Unknown, 500), (510, Unreachable, 510), (520, Online, 519)],
            &[("touch", 510), ("alarm", 510), ("close", 519)],
        );
    }

    #[test]
    fn switched_off_is_not_away() {
        let mut book = OfflineBook::new(vec![], 180_000);
        check(&mut book, &[(10, Unreachable, 9)], &[("open", 9)]);
        let off = book.note(CAMERA, &health(Unknown, 12), false, UtcMillis(12_000));
        assert_eq!(off, [OfflineChange::Close { camera: CAMERA, at: UtcMillis(12_000) }]);
        check(&mut book, &[(20, Unreachable, 20)], &[("open", 20)]);
        book.keep(|_| false);
        assert_eq!(book.since(CAMERA), None);
    }
}
