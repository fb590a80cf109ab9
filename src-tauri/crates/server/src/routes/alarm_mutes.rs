//! Alarms that one computer does not hear for a while: it remembers by itself, the site keeps who wanted it and why.

use crate::{
    access::Caller,
    app::{Act, App, as_value},
    error::ApiError,
    extract::{Body, invalid},
};
use axum::{extract::State, http::StatusCode};
use watchwall_api::{AlarmMute, AlarmUnmute, ProblemDetails};
use watchwall_model::{AlarmSource, CameraId, Problem, UtcMillis};

const LONGEST_MS: i64 = 86_400_000;
const MOST_REASON_CHARS: usize = 200;

/// Of all alarms, or of one source or camera, or of one source of a camera.
#[utoipa::path(post, path = "/api/v1/alarms/mute", tag = "alarms", operation_id = "mute_alarms", request_body = AlarmMute,
    responses((status = 204), (status = 400, body = ProblemDetails), (status = 404, body = ProblemDetails)))]
pub async fn mute(
    State(app): State<App>,
    caller: Caller,
    Body(mut wanted): Body<AlarmMute>,
) -> Result<StatusCode, ApiError> {
    wanted.reason = wanted.reason.trim().to_owned();
    check(&wanted, UtcMillis::now())?;
    let subject = subject(&app, wanted.source.as_deref(), wanted.camera_id).await?;
    app.audit(&caller, Act { action: "alarm.mute", subject: &subject, old: None, new: as_value(&wanted) }).await;
    Ok(StatusCode::NO_CONTENT)
}

#[utoipa::path(post, path = "/api/v1/alarms/unmute", tag = "alarms", operation_id = "unmute_alarms", request_body = AlarmUnmute,
    responses((status = 204), (status = 400, body = ProblemDetails), (status = 404, body = ProblemDetails)))]
pub async fn unmute(
    State(app): State<App>,
    caller: Caller,
    Body(wanted): Body<AlarmUnmute>,
) -> Result<StatusCode, ApiError> {
    let subject = subject(&app, wanted.source.as_deref(), wanted.camera_id).await?;
    app.audit(&caller, Act { action: "alarm.unmute", subject: &subject, old: None, new: as_value(&wanted) }).await;
    Ok(StatusCode::NO_CONTENT)
}

fn check(wanted: &AlarmMute, now: UtcMillis) -> Result<(), Problem> {
    match wanted.reason.chars().count() {
        0 => return Err(invalid("reason", "missing")),
        1..=MOST_REASON_CHARS => {}
        _ => return Err(invalid("reason", "too_long")),
    }
    if wanted.reason.chars().any(char::is_control) {
        return Err(invalid("reason", "control_characters"));
    }
    match wanted.until.saturating_sub(now.0) {
        ..=0 => Err(invalid("mute_until", "past")),
        1..=LONGEST_MS => Ok(()),
        _ => Err(invalid("mute_until", "too_far")),
    }
}

/// For the audit log: the camera by its name, and the source by its word.
async fn subject(app: &App, source: Option<&str>, camera: Option<i64>) -> Result<String, Problem> {
    if source.is_some_and(|word| AlarmSource::parse(word).is_none()) {
        return Err(invalid("source", "unknown"));
    }
    let camera = match camera {
        Some(camera) => Some(app.site.cameras.get(CameraId(camera)).await?.camera.name),
        None => None,
    };
    let parts: Vec<&str> = [camera.as_deref(), source].into_iter().flatten().collect();
    Ok(if parts.is_empty() { "all".to_owned() } else { parts.join(" ") })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn silence_has_a_reason_and_an_end() {
        let now = UtcMillis(1_772_323_200_000);
        let fault = |reason: &str, ahead_ms: i64| {
            let wanted = AlarmMute { until: now.0 + ahead_ms, reason: reason.into(), source: None, camera_id: None };
            check(&wanted, now).err().map(|problem| problem.params["field"].clone())
        };
        assert_eq!(fault("wind", 60_000), None);
        assert_eq!(fault(&"风".repeat(200), LONGEST_MS), None);
        for reason in ["", &"风".repeat(201), "a\nb"] {
            assert_eq!(fault(reason, 60_000).as_deref(), Some("reason"), "{reason}");
        }
        for ahead_ms in [0, -1, LONGEST_MS + 1] {
            assert_eq!(fault("wind", ahead_ms).as_deref(), Some("mute_until"), "{ahead_ms}");
        }
    }
}
