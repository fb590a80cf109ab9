//! How a camera stands as a whole, and the times it was away.

use crate::{CameraId, ErrorCode, TimeRange, UtcMillis};
use serde::{Deserialize, Serialize};

/// How a camera stands.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum HealthState {
    /// It answers, and every stream somebody wants of it has a live sibling.
    Online,
    /// It answers, and none of its wanted streams moves.
    NoVideo,
    /// It refuses the user name or password. Nobody tries again before a person acts.
    AuthFailed,
    Unreachable,
    /// Nobody has asked yet, or nobody may: the camera is switched off.
    #[default]
    Unknown,
}

impl HealthState {
    /// Away: an offline event is open.
    pub const fn is_away(self) -> bool {
        matches!(self, Self::NoVideo | Self::AuthFailed | Self::Unreachable)
    }
}

/// How a camera stands, since when, and why.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct CameraHealth {
    pub state: HealthState,
    pub since: UtcMillis,
    /// When it answered or sent a picture last, as far as this run of the site knows.
    pub last_seen: Option<UtcMillis>,
    /// Why it is not well; also set for an online camera whose management refuses us.
    pub code: Option<ErrorCode>,
}

/// A time a camera was away.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OfflineEvent {
    pub id: i64,
    pub camera: CameraId,
    pub started_at: UtcMillis,
    /// When it was seen to be away last.
    pub last_check_at: UtcMillis,
    /// `None` while it is away.
    pub ended_at: Option<UtcMillis>,
    pub reason: ErrorCode,
    /// It lasted long enough to be told.
    pub is_alarmed: bool,
}

impl OfflineEvent {
    /// The part of it that lies in a range; one that is open goes on until `now`.
    pub fn within(&self, range: TimeRange, now: UtcMillis) -> Option<TimeRange> {
        TimeRange::new(self.started_at, self.ended_at.unwrap_or(now))?.intersect(range)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_event_counts_only_where_it_overlaps() {
        let check = |start, end: Option<i64>, expect: Option<(i64, i64)>| {
            let event = OfflineEvent {
                id: 1,
                camera: CameraId(1),
                started_at: UtcMillis(start),
                last_check_at: UtcMillis(start),
                ended_at: end.map(UtcMillis),
                reason: ErrorCode::HostUnreachable,
                is_alarmed: false,
            };
            let range = TimeRange::new(UtcMillis(100), UtcMillis(200)).unwrap();
            let got = event.within(range, UtcMillis(180)).map(|part| (part.start.0, part.end.0));
            assert_eq!(got, expect, "{start} to {end:?}");
        };
        check(50, Some(150), Some((100, 150)));
        check(120, None, Some((120, 180)));
        check(120, Some(120), None);
        check(10, Some(100), None);
        check(190, None, None);
    }
}
