//! Trials of AI tasks on the wire.

use super::analytics::said_view;
use watchwall_api::{AiFindView, AiObjectView, AiTrialReport, AiTrialScene, AiTrialView};
use watchwall_site::analytics::trials::{Find, Trial, TrialScene, TrialState};

pub fn ai_trial_view(trial: &Trial) -> AiTrialView {
    let (state, reason) = match &trial.state {
        TrialState::Queued => ("queued", None),
        TrialState::Running => ("running", None),
        TrialState::Done => ("done", None),
        TrialState::Failed { why } => ("failed", Some(why.clone())),
        TrialState::Cancelled => ("cancelled", None),
    };
    let sum = |count: fn(&TrialScene) -> u64| trial.scenes.iter().map(count).sum();
    let node = trial.node.as_ref();
    AiTrialView {
        id: trial.id.0,
        task_id: trial.wish.task.id.0,
        camera_id: trial.wish.task.camera.0,
        path: trial.wish.path.to_string(),
        from: trial.wish.range.start.0,
        to: trial.wish.range.end.0,
        state: state.to_owned(),
        reason,
        node_id: node.map(|(id, _)| id.0),
        node: node.map(|(_, name)| name.clone()),
        progress: trial.progress(),
        reached_at: trial.reached.0,
        results: sum(|scene| scene.results),
        alarms: sum(|scene| scene.alarms),
        finds: sum(|scene| scene.finds),
        scenes: trial.scenes.iter().map(scene_view).collect(),
        created_at: trial.created_at.0,
        started_at: trial.started_at.map(|at| at.0),
        ended_at: trial.ended_at.map(|at| at.0),
    }
}

pub fn ai_trial_report(trial: &Trial) -> AiTrialReport {
    AiTrialReport {
        trial: ai_trial_view(trial),
        finds: trial.finds.kept().iter().map(find_view).collect(),
        more_finds: trial.finds.more(),
    }
}

fn scene_view(scene: &TrialScene) -> AiTrialScene {
    AiTrialScene { code: scene.code.to_string(), results: scene.results, alarms: scene.alarms, finds: scene.finds }
}

fn find_view(find: &Find) -> AiFindView {
    let objects = find.objects.iter().map(|object| AiObjectView {
        label: object.label.to_string(),
        score: object.score,
        bbox: [object.bbox.x, object.bbox.y, object.bbox.width, object.bbox.height],
        track_id: object.track_id.as_ref().map(ToString::to_string),
    });
    AiFindView {
        scene: find.scene.to_string(),
        from: find.from.0,
        to: find.to.0,
        labels: find.labels.clone(),
        best_at: find.best_at.0,
        confidence: find.confidence,
        objects: objects.collect(),
        event_type: find.event_type.clone(),
        event_desc: find.event_desc.clone(),
        said: find.said.as_ref().map(said_view),
    }
}
