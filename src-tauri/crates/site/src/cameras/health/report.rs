//! How much of a period cameras were away. Pure.
//!
//! What counts is what the site saw: while it was not running itself nothing was seen, and nothing is claimed. A camera
//! counts from the moment it was added.

use std::collections::BTreeMap;
use watchwall_model::{Camera, CameraId, Group, OfflineEvent, TimeRange, UtcMillis};

/// What one row of a report stands for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ReportBy {
    Camera,
    Group,
}

/// One row: a camera, or all cameras of a group together.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct ReportRow {
    /// Of the camera or group; 0 for cameras without a group.
    pub id: i64,
    /// Empty for cameras without a group.
    pub name: String,
    /// The camera's group.
    pub group: Option<i64>,
    pub cameras: u32,
    pub events: u32,
    pub alarmed: u32,
    pub offline_ms: i64,
    pub longest_ms: i64,
    /// Milliseconds looked at, of all cameras together.
    pub period_ms: i64,
}

impl ReportRow {
    /// Share of the period, from 0 to 1.
    pub fn rate(&self) -> f64 {
        if self.period_ms <= 0 { 0.0 } else { (self.offline_ms as f64 / self.period_ms as f64).min(1.0) }
    }

    fn add(&mut self, other: &Self) {
        self.cameras += other.cameras;
        self.events += other.events;
        self.alarmed += other.alarmed;
        self.offline_ms += other.offline_ms;
        self.longest_ms = self.longest_ms.max(other.longest_ms);
        self.period_ms += other.period_ms;
    }
}

/// Rows by the longest absence in all, then by name.
pub fn offline_report(events: &[OfflineEvent], cameras: &[Camera], groups: &[Group], asked: Asked) -> Vec<ReportRow> {
    let mut of_camera: BTreeMap<CameraId, ReportRow> = BTreeMap::new();
    for camera in cameras {
        let end = asked.range.end.min(asked.now);
        let Some(period) = TimeRange::new(asked.range.start.max(camera.created_at), end) else { continue };
        let row = ReportRow {
            id: camera.id.0,
            name: camera.name.clone(),
            group: camera.group.map(|group| group.0),
            cameras: 1,
            period_ms: period.duration_ms(),
            ..ReportRow::default()
        };
        of_camera.insert(camera.id, row);
    }
    for event in events {
        let Some(row) = of_camera.get_mut(&event.camera) else { continue };
        let Some(part) = event.within(asked.range, asked.now) else { continue };
        row.events += 1;
        row.alarmed += u32::from(event.is_alarmed);
        row.offline_ms += part.duration_ms();
        row.longest_ms = row.longest_ms.max(part.duration_ms());
    }
    let mut rows: Vec<ReportRow> = match asked.by {
        ReportBy::Camera => of_camera.into_values().collect(),
        ReportBy::Group => by_group(of_camera.into_values(), groups),
    };
    rows.sort_by(|a, b| b.offline_ms.cmp(&a.offline_ms).then_with(|| a.name.cmp(&b.name)).then(a.id.cmp(&b.id)));
    rows
}

/// Period and grouping of a report.
#[derive(Clone, Copy, Debug)]
pub struct Asked {
    pub range: TimeRange,
    pub now: UtcMillis,
    pub by: ReportBy,
}

fn by_group(rows: impl Iterator<Item = ReportRow>, groups: &[Group]) -> Vec<ReportRow> {
    let mut grouped: BTreeMap<i64, ReportRow> = BTreeMap::new();
    for row in rows {
        let id = row.group.unwrap_or(0);
        let name = || groups.iter().find(|group| group.id.0 == id).map(|group| group.name.clone()).unwrap_or_default();
        let sum = grouped.entry(id).or_insert_with(|| ReportRow { id, name: name(), ..ReportRow::default() });
        sum.add(&row);
    }
    grouped.into_values().collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use watchwall_model::{ErrorCode, GroupId};

    fn camera(id: i64, group: Option<i64>, created_at: i64) -> Camera {
        Camera {
            id: CameraId(id),
            name: format!("Camera {id}"),
            host: "h".into(),
            channel: 1,
            group: group.map(GroupId),
            enabled: true,
            credentials: None,
            device: None,
            source_token: None,
            ptz_profile: None,
            streams: Vec::new(),
            version: 1,
            created_at: UtcMillis(created_at),
        }
    }

    fn event(camera: i64, start: i64, end: Option<i64>) -> OfflineEvent {
        OfflineEvent {
            id: start,
            camera: CameraId(camera),
            started_at: UtcMillis(start),
            last_check_at: UtcMillis(start),
            ended_at: end.map(UtcMillis),
            reason: ErrorCode::HostUnreachable,
            is_alarmed: end.is_none(),
        }
    }

    #[test]
    fn rates_count_what_lies_in_the_period() {
        let cameras = [camera(1, Some(5), 0), camera(2, Some(5), 1_500), camera(3, None, 5_000)];
        let groups = [Group { id: GroupId(5), name: "Yard".into(), parent: None, version: 1 }];
        let events = [event(1, 500, Some(1_100)), event(1, 1_200, Some(1_300)), event(2, 1_750, None)];
        let asked = |by| Asked {
            range: TimeRange::new(UtcMillis(1_000), UtcMillis(3_000)).unwrap(),
            now: UtcMillis(2_000),
            by,
        };
        let rows = offline_report(&events, &cameras, &groups, asked(ReportBy::Camera));
        let got: Vec<_> = rows.iter().map(|r| (r.id, r.events, r.offline_ms, r.longest_ms, r.period_ms)).collect();
        assert_eq!(got, [(2, 1, 250, 250, 500), (1, 2, 200, 100, 1_000)]);
        assert!((rows[0].rate() - 0.5).abs() < 1e-9);
        let groups = offline_report(&events, &cameras, &groups, asked(ReportBy::Group));
        let got: Vec<_> = groups.iter().map(|r| (r.id, r.name.as_str(), r.cameras, r.offline_ms, r.alarmed)).collect();
        assert_eq!(got, [(5, "Yard", 2, 450, 1)]);
    }
}
