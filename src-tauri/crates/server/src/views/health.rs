//! Health, absences and camera events on the wire.

use super::word;
use watchwall_api::{
    CameraEventView, DeviceHealthView, HealthStatus, HealthView, MarkView, OfflineEventView, OfflineReportRow,
};
use watchwall_model::{CameraEventRow, CameraHealth, DeviceId, OfflineEvent, UtcMillis};
use watchwall_site::cameras::{
    events::Mark,
    health::{DeviceSeen, LinkSnapshot, ReportRow},
};

pub fn health_view(health: &CameraHealth) -> HealthView {
    HealthView {
        state: word(&health.state),
        since: health.since.0,
        last_seen: health.last_seen.map(|at| at.0),
        code: health.code.map(|code| code.to_string()),
    }
}

pub fn health_status(health: &CameraHealth) -> HealthStatus {
    let HealthView { state, since, code, .. } = health_view(health);
    HealthStatus { state, since, code }
}

/// `None` while the device has no link yet.
pub fn device_health_view(device: DeviceId, link: Option<&LinkSnapshot>) -> DeviceHealthView {
    let seen = link.map(|link| link.device).unwrap_or_default();
    let (answer, code) = match seen {
        DeviceSeen::Answered => ("answered", None),
        DeviceSeen::Silent(code) => ("silent", Some(code)),
        DeviceSeen::None | DeviceSeen::NotAsked => ("not_asked", None),
    };
    DeviceHealthView {
        device_id: device.0,
        answer: answer.to_owned(),
        code: code.map(|code| code.to_string()),
        login_code: link.and_then(|link| link.login).map(|code| code.to_string()),
        checked_at: link.and_then(|link| link.checked_at).map(|at| at.0),
        last_seen: link.and_then(|link| link.last_seen).map(|at| at.0),
        clock_offset_ms: link.and_then(|link| link.clock_offset_ms),
        listening: link.and_then(LinkSnapshot::listening_word).map(ToOwned::to_owned),
        event_source: link.and_then(|link| link.event_source).map(|source| source.word().to_owned()),
    }
}

pub fn offline_event_view(event: &OfflineEvent, now: UtcMillis) -> OfflineEventView {
    OfflineEventView {
        id: event.id,
        camera_id: event.camera.0,
        started_at: event.started_at.0,
        last_check_at: event.last_check_at.0,
        ended_at: event.ended_at.map(|at| at.0),
        duration_ms: (event.ended_at.unwrap_or(now) - event.started_at).max(0),
        resolved: event.ended_at.is_some(),
        code: event.reason.to_string(),
        alarmed: event.is_alarmed,
    }
}

pub fn report_row_view(row: &ReportRow) -> OfflineReportRow {
    OfflineReportRow {
        id: row.id,
        name: row.name.clone(),
        group_id: row.group,
        cameras: row.cameras,
        events: row.events,
        alarmed: row.alarmed,
        offline_ms: row.offline_ms,
        longest_ms: row.longest_ms,
        period_ms: row.period_ms,
        offline_rate: row.rate(),
    }
}

pub fn camera_event_view(row: &CameraEventRow) -> CameraEventView {
    let event = &row.event;
    CameraEventView {
        id: row.id,
        camera_id: event.camera.0,
        kind: event.kind.clone(),
        state: word(&event.state),
        source: event.source.clone(),
        rule: event.rule.clone(),
        topic: event.topic.clone(),
        value: event.value.clone(),
        at: event.at.0,
    }
}

pub fn mark_view(mark: &Mark) -> MarkView {
    MarkView { kind: mark.kind.clone(), start: mark.start.0, end: mark.end.0 }
}
