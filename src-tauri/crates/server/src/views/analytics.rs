//! AI nodes, tasks and results on the wire.

use super::{push_policy_of, push_policy_view};
use crate::extract::invalid;
use watchwall_api::{
    AiCount, AiLatest, AiNodeView, AiObjectView, AiPreviewView, AiResultView, AiSceneState, AiSceneView,
    AiTaskParamsView, AiTaskState, AiTaskView, AiTaskWish, BothLanguages,
};
use watchwall_model::{
    AiNode, AiResultRow, AiScene, AiTask, AiTaskParams, CameraId, DispatchMode, NodeId, Point, Problem, Quality,
    SceneCode, SnapshotPolicy, StreamPath, StreamRole, TaskId, UtcMillis, WeekSchedule,
};
use watchwall_site::{
    analytics::{
        NodePicture, PreviewStanding, TaskPicture,
        results::LatestResult,
        said::Said,
        tasks::{
            Undispatched,
            board::{Seat, SeatState, TaskPhase, Trouble},
        },
    },
    language::Language,
};

pub fn ai_node_view(node: &AiNode, connected: Option<&NodePicture>) -> AiNodeView {
    AiNodeView {
        id: node.id.0,
        name: node.name.clone(),
        node_id: node.node_id.clone(),
        is_local: node.is_local,
        enabled: node.enabled,
        sees_cameras: node.sees_cameras,
        is_connected: connected.is_some(),
        active_scenes: connected.map_or(0, |node| u32::try_from(node.active).unwrap_or(u32::MAX)),
        max_scenes: node.facts.max_tasks,
        address: connected.map_or_else(|| node.facts.address.clone(), |node| node.address.clone()),
        algorithms: node.facts.algorithms.iter().map(ToString::to_string).collect(),
        can_preview: node.facts.can_preview,
        can_archive: node.facts.can_archive,
        created_at: node.created_at.0,
        last_seen_at: node.last_seen_at.map(|at| at.0),
        version: node.version,
    }
}

/// What came of a scene, looked up by its code.
pub fn ai_task_view(
    task: &AiTask,
    picture: Option<&TaskPicture>,
    latest: impl Fn(&SceneCode) -> Option<LatestResult>,
) -> AiTaskView {
    let (dispatch, node_id) = match task.dispatch {
        DispatchMode::Fixed { node } => ("fixed", Some(node.0)),
        DispatchMode::Single => ("single", None),
        DispatchMode::Split => ("split", None),
        DispatchMode::Mixed => ("mixed", None),
    };
    AiTaskView {
        id: task.id.0,
        name: task.name.clone(),
        camera_id: task.camera.0,
        stream: task.stream.as_str().to_owned(),
        scenes: task.scenes.iter().map(scene_view).collect(),
        dispatch: dispatch.to_owned(),
        node_id,
        confidence: task.confidence,
        params: params_view(&task.params),
        alarm_enabled: task.alarm_enabled,
        level: task.level,
        push: task.push.as_ref().map(push_policy_view),
        schedule: task.schedule.as_ref().map(WeekSchedule::texts),
        enabled: task.enabled,
        state: state_view(task, picture, latest),
        updated_at: task.updated_at.0,
        version: task.version,
    }
}

fn scene_view(scene: &AiScene) -> AiSceneView {
    let points = |points: &Vec<Point>| points.iter().map(|point| (*point).into()).collect();
    AiSceneView {
        code: scene.code.to_string(),
        region: points(&scene.region),
        lines: scene.lines.iter().map(points).collect(),
    }
}

fn params_view(params: &AiTaskParams) -> AiTaskParamsView {
    AiTaskParamsView {
        input_fps: Some(params.input_fps),
        output_fps: Some(params.output_fps),
        width: Some(params.width),
        height: Some(params.height),
        bitrate_kbps: Some(params.bitrate_kbps),
        quality: Some(super::word(&params.quality)),
        snapshot_policy: Some(super::word(&params.snapshot_policy)),
        snapshot_quality: Some(params.snapshot_quality),
    }
}

fn state_view(
    task: &AiTask,
    picture: Option<&TaskPicture>,
    latest: impl Fn(&SceneCode) -> Option<LatestResult>,
) -> AiTaskState {
    let (phase, trouble) = picture.map_or(("off", None), phase_word);
    let seat_of =
        |code: &SceneCode| picture?.seats.iter().find(|(scene, _)| scene == code).map(|(_, seat)| seat.clone());
    AiTaskState {
        phase: phase.to_owned(),
        reason: trouble.map(|trouble| reason_word(trouble).to_owned()),
        detail: trouble.and_then(detail),
        scenes: task
            .scenes
            .iter()
            .map(|scene| seat_view(&scene.code, seat_of(&scene.code), latest(&scene.code)))
            .collect(),
        primary_node: picture.and_then(|picture| picture.primary).map(|node| node.0),
    }
}

/// Running is what runs as a whole: scenes that were lost wait for another node, or for theirs.
fn phase_word(picture: &TaskPicture) -> (&'static str, Option<&Trouble>) {
    match &picture.phase {
        TaskPhase::Off => ("off", None),
        TaskPhase::Waiting(trouble) => ("waiting", Some(trouble)),
        TaskPhase::Starting => ("starting", None),
        TaskPhase::Running if picture.scenes_running() == picture.seats.len() => ("running", None),
        TaskPhase::Running if picture.scenes_running() > 0 => ("partly", None),
        TaskPhase::Running => ("interrupted", None),
        TaskPhase::Failed { trouble, .. } => ("failed", Some(trouble)),
    }
}

const fn reason_word(trouble: &Trouble) -> &'static str {
    match trouble {
        Trouble::CameraOffline => "camera_offline",
        Trouble::Undispatched(Undispatched::NodeAway { .. }) => "node_away",
        Trouble::Undispatched(Undispatched::NodeCannot { .. }) => "node_cannot",
        Trouble::Undispatched(Undispatched::Overloaded { .. }) => "overloaded",
        Trouble::Undispatched(Undispatched::NobodyCan { .. }) => "nobody_can",
        Trouble::NotStarted { .. } => "not_started",
    }
}

/// The scenes it is about, or what the node said.
fn detail(trouble: &Trouble) -> Option<String> {
    match trouble {
        Trouble::CameraOffline | Trouble::Undispatched(Undispatched::NodeAway { .. }) => None,
        Trouble::Undispatched(
            Undispatched::NodeCannot { scenes, .. }
            | Undispatched::Overloaded { scenes }
            | Undispatched::NobodyCan { scenes },
        ) => Some(scenes.iter().map(SceneCode::as_str).collect::<Vec<_>>().join(", ")),
        Trouble::NotStarted { scene, failure, .. } => Some(format!("{scene}: {failure}")),
    }
}

fn seat_view(code: &SceneCode, seat: Option<Seat>, latest: Option<LatestResult>) -> AiSceneState {
    let state = match seat.as_ref().map(|seat| &seat.state) {
        None | Some(SeatState::Empty { .. }) => "empty",
        Some(SeatState::Held { .. }) => "held",
        Some(SeatState::Asked { .. }) => "asked",
        Some(SeatState::Running { .. }) => "running",
    };
    AiSceneState {
        code: code.to_string(),
        state: state.to_owned(),
        node: seat.as_ref().and_then(Seat::owner).map(|node| node.0),
        restarts: seat.as_ref().map_or(0, |seat| seat.restarts),
        failure: seat.and_then(|seat| seat.failure),
        latest: latest.map(latest_view),
    }
}

fn latest_view(latest: LatestResult) -> AiLatest {
    let said = Said::of(latest.event_type.as_deref(), latest.total_count, latest.metrics.as_deref());
    AiLatest {
        average_confidence: latest.average_confidence(),
        said: said.as_ref().map(said_view),
        at: latest.at.map(|at| at.0),
        is_alarm: latest.is_alarm,
        event_type: latest.event_type,
        event_desc: latest.event_desc,
        total_count: latest.total_count,
        results: latest.results,
        alarms: latest.alarms,
        best_confidence: latest.best_confidence,
        labels: latest.labels,
        problems: latest.problems,
    }
}

pub fn ai_preview_view(path: &StreamPath, (standing, viewers): (PreviewStanding, u32)) -> AiPreviewView {
    let state = match standing {
        PreviewStanding::Idle => "idle",
        PreviewStanding::Starting => "starting",
        PreviewStanding::Live => "live",
        PreviewStanding::Silent => "silent",
        PreviewStanding::NotRunning | PreviewStanding::Unsupported | PreviewStanding::Unreachable => "impossible",
    };
    AiPreviewView {
        path: path.to_string(),
        state: state.to_owned(),
        reason: standing.reason().map(|code| code.to_string()),
        viewers,
    }
}

/// A task as it is wished for; checked as a whole by the site.
///
/// # Errors
/// `request_invalid` for a word that is none.
pub fn ai_task_wish(id: TaskId, wish: AiTaskWish) -> Result<AiTask, Problem> {
    let node = wish.node_id.map(NodeId);
    let dispatch = match (wish.dispatch.as_deref(), node) {
        (Some("fixed"), Some(node)) => DispatchMode::Fixed { node },
        (Some("fixed"), None) => return Err(invalid("node_id", "missing")),
        (Some("single"), _) => DispatchMode::Single,
        (Some("split"), _) => DispatchMode::Split,
        (Some("mixed") | None, _) => DispatchMode::Mixed,
        (Some(_), _) => return Err(invalid("dispatch", "unknown")),
    };
    let stream = match wish.stream.as_deref() {
        Some("main") => StreamRole::Main,
        Some("sub") | None => StreamRole::Sub,
        Some(_) => return Err(invalid("stream", "unknown")),
    };
    let schedule = match wish.schedule {
        Some(texts) => Some(WeekSchedule::parse(&texts).ok_or_else(|| invalid("schedule", "malformed"))?),
        None => None,
    };
    Ok(AiTask {
        id,
        version: 0,
        name: wish.name.trim().to_owned(),
        camera: CameraId(wish.camera_id),
        stream,
        scenes: wish.scenes.into_iter().map(scene_of).collect::<Result<_, _>>()?,
        dispatch,
        confidence: wish.confidence.unwrap_or(AiTask::DEFAULT_CONFIDENCE),
        params: params_of(wish.params)?,
        alarm_enabled: wish.alarm_enabled.unwrap_or(true),
        level: wish.level.unwrap_or(AiTask::DEFAULT_LEVEL),
        push: wish.push.map(push_policy_of).transpose()?,
        schedule,
        enabled: wish.enabled.unwrap_or(true),
        updated_at: UtcMillis(0),
    })
}

fn scene_of(view: AiSceneView) -> Result<AiScene, Problem> {
    let points = |points: Vec<[f32; 2]>| points.into_iter().map(Point::from).collect();
    Ok(AiScene {
        code: SceneCode::parse(&view.code).ok_or_else(|| invalid("scenes.code", "malformed"))?,
        region: points(view.region),
        lines: view.lines.into_iter().map(points).collect(),
    })
}

fn params_of(view: Option<AiTaskParamsView>) -> Result<AiTaskParams, Problem> {
    let plain = AiTaskParams::default();
    let Some(view) = view else { return Ok(plain) };
    let quality = match view.quality.as_deref() {
        Some("LOW") => Quality::Low,
        Some("MEDIUM") | None => Quality::Medium,
        Some("HIGH") => Quality::High,
        Some(_) => return Err(invalid("params.quality", "unknown")),
    };
    let snapshot_policy = match view.snapshot_policy.as_deref() {
        Some("OFF") => SnapshotPolicy::Off,
        Some("ALL") => SnapshotPolicy::All,
        Some("ALARM") | None => SnapshotPolicy::Alarm,
        Some(_) => return Err(invalid("params.snapshot_policy", "unknown")),
    };
    Ok(AiTaskParams {
        input_fps: view.input_fps.unwrap_or(plain.input_fps),
        output_fps: view.output_fps.unwrap_or(plain.output_fps),
        width: view.width.unwrap_or(plain.width),
        height: view.height.unwrap_or(plain.height),
        bitrate_kbps: view.bitrate_kbps.unwrap_or(plain.bitrate_kbps),
        quality,
        snapshot_policy,
        snapshot_quality: view.snapshot_quality.unwrap_or(plain.snapshot_quality),
    })
}

pub fn said_view(said: &Said) -> BothLanguages {
    BothLanguages { en: said.text(Language::English), zh_cn: said.text(Language::Chinese) }
}

pub fn ai_result_view(row: AiResultRow) -> AiResultView {
    // Written by ourselves; what cannot be read is left out rather than the whole row.
    let counts = |text: &str| {
        let pairs: Vec<(String, u32)> = serde_json::from_str(text).unwrap_or_default();
        pairs.into_iter().map(|(label, count)| AiCount { label, count }).collect()
    };
    let said = Said::of(row.event_type.as_deref(), row.total_count, row.metrics.as_deref());
    AiResultView {
        said: said.as_ref().map(said_view),
        at: row.at.0,
        task_id: row.task.0,
        camera_id: row.camera.0,
        scene: row.scene.to_string(),
        node: row.node,
        is_alarm: row.is_alarm,
        confidence: row.confidence,
        objects: serde_json::from_str::<Vec<AiObjectView>>(&row.objects).unwrap_or_default(),
        event_type: row.event_type,
        event_desc: row.event_desc,
        total_count: row.total_count,
        label_counts: counts(&row.label_counts),
        problem_counts: counts(&row.problem_counts),
        has_picture: row.snapshot.is_some_and(|file| !file.starts_with("node:")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Instant;

    #[test]
    fn a_task_whose_scenes_were_lost_does_not_run() {
        let check = |running: &[bool], expect: &str| {
            let now = Instant::now();
            let seat = |(n, runs): (usize, &bool)| {
                let mut seat = Seat::empty(now);
                if *runs {
                    seat.ask(NodeId(1), now);
                    seat.confirm(now);
                }
                (SceneCode::parse(&format!("S{n}")).unwrap(), seat)
            };
            let seats = running.iter().enumerate().map(seat).collect();
            let picture = TaskPicture { phase: TaskPhase::Running, seats, primary: None };
            assert_eq!(phase_word(&picture).0, expect, "{running:?}");
        };
        check(&[true, true], "running");
        check(&[true, false], "partly");
        check(&[false, false], "interrupted");
    }
}
