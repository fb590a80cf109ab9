//! Moving cameras, on the wire and back.

use crate::{access::Caller, extract::invalid};
use watchwall_api::{
    NewPatrol, PatrolStepView, PatrolView, PresetView, PtzAnswer, PtzCapabilities, PtzCommand, PtzLock, PtzVectorView,
    PtzView, RunningPatrol,
};
use watchwall_model::{Patrol, PatrolStep, Problem};
use watchwall_site::cameras::control::{Action, LockFacts, Operator, Preset, PtzOutcome, PtzSight, PtzVector};

const MOST_STEPS: usize = 64;
const LONGEST_DWELL_S: u32 = 3_600;

pub fn operator_of(caller: &Caller) -> Operator {
    Operator { user: caller.user, name: caller.name.clone(), role: caller.role }
}

/// # Errors
/// `request_invalid` for what is no number, a pan without a tilt, a move without a direction, or a point outside the
/// picture.
pub fn action_of(command: PtzCommand) -> Result<Action, Problem> {
    let speed_of = |speed: Option<PtzVectorView>| speed.map(|speed| vector_of("speed", speed)).transpose();
    Ok(match command {
        PtzCommand::Move { pan, tilt, zoom } => {
            let velocity = vector_of("velocity", PtzVectorView { pan, tilt, zoom })?;
            let is_still = velocity.pan_tilt.is_none_or(|at| at == (0.0, 0.0)) && velocity.zoom.unwrap_or(0.0) == 0.0;
            if is_still { Action::Stop } else { Action::Move(velocity) }
        }
        PtzCommand::Stop => Action::Stop,
        PtzCommand::Absolute { position, speed } => {
            Action::Absolute { position: vector_of("position", position)?, speed: speed_of(speed)? }
        }
        PtzCommand::Relative { translation, speed } => {
            Action::Relative { translation: vector_of("translation", translation)?, speed: speed_of(speed)? }
        }
        PtzCommand::Home => Action::Home,
        PtzCommand::SetHome => Action::SetHome,
        PtzCommand::Preset { token } => Action::Preset { token },
        PtzCommand::Centre { x, y } => {
            let is_inside = |value: f32| (0.0..=1.0).contains(&value);
            if !is_inside(x) || !is_inside(y) {
                return Err(invalid("x", "0 to 1"));
            }
            Action::Centre { x, y }
        }
        PtzCommand::Auxiliary { command } => Action::Auxiliary(command),
        PtzCommand::Release => Action::Release,
    })
}

/// Values in other spaces than the generic ones may be larger than 1; what is no number is refused.
fn vector_of(field: &str, view: PtzVectorView) -> Result<PtzVector, Problem> {
    let pan_tilt = match (view.pan, view.tilt) {
        (None, None) => None,
        (pan, tilt) => Some((pan.unwrap_or(0.0), tilt.unwrap_or(0.0))),
    };
    let values = [view.pan, view.tilt, view.zoom];
    if values.iter().flatten().any(|value| !value.is_finite() || value.abs() > 1_000.0) {
        return Err(invalid(field, "not_a_number"));
    }
    if values.iter().all(Option::is_none) {
        return Err(invalid(field, "missing"));
    }
    Ok(PtzVector { pan_tilt, zoom: view.zoom })
}

fn vector_view(vector: &PtzVector) -> PtzVectorView {
    PtzVectorView { pan: vector.pan_tilt.map(|at| at.0), tilt: vector.pan_tilt.map(|at| at.1), zoom: vector.zoom }
}

fn lock_view(lock: &LockFacts) -> PtzLock {
    PtzLock { name: lock.name.clone(), until: lock.until.0 }
}

pub fn ptz_answer(outcome: &PtzOutcome) -> PtzAnswer {
    PtzAnswer {
        stops_at: outcome.stops_at.map(|at| at.0),
        limited: outcome.is_limited,
        guessed: outcome.is_guessed,
        lock: outcome.lock.as_ref().map(lock_view),
    }
}

pub fn ptz_view(sight: &PtzSight) -> PtzView {
    let (facts, spaces) = (&sight.facts, &sight.facts.spaces);
    let is_continuous = !spaces.continuous_pan_tilt.is_empty() || !spaces.continuous_zoom.is_empty();
    let has_pan_tilt = [&spaces.continuous_pan_tilt, &spaces.absolute_pan_tilt, &spaces.relative_pan_tilt];
    let has_zoom = [&spaces.continuous_zoom, &spaces.absolute_zoom, &spaces.relative_zoom];
    let centre = match () {
        () if facts.is_centre_exact => "exact",
        () if !spaces.continuous_pan_tilt.is_empty() => "guessed",
        () => "none",
    };
    PtzView {
        capabilities: PtzCapabilities {
            pan_tilt: has_pan_tilt.iter().any(|list| !list.is_empty()),
            zoom: has_zoom.iter().any(|list| !list.is_empty()),
            absolute: !spaces.absolute_pan_tilt.is_empty() || !spaces.absolute_zoom.is_empty(),
            relative: !spaces.relative_pan_tilt.is_empty() || !spaces.relative_zoom.is_empty(),
            continuous: is_continuous,
            home: facts.has_home,
            home_fixed: facts.is_home_fixed,
            most_presets: facts.most_presets,
            auxiliary: facts.auxiliary_commands.clone(),
            centre: centre.to_owned(),
        },
        position: sight.position.as_ref().map(vector_view),
        moving: sight.is_moving,
        lock: sight.lock.as_ref().map(lock_view),
        patrol: sight.patrol.as_ref().map(|patrol| RunningPatrol {
            id: patrol.id.0,
            name: patrol.name.clone(),
            step: patrol.step,
            paused: patrol.is_paused,
        }),
    }
}

pub fn preset_view(preset: &Preset) -> PresetView {
    PresetView {
        token: preset.token.clone(),
        name: preset.name.clone(),
        position: preset.position.as_ref().map(vector_view),
    }
}

pub fn patrol_view(patrol: &Patrol) -> PatrolView {
    let step = |step: &PatrolStep| PatrolStepView { preset: step.preset.clone(), dwell_s: step.dwell_s };
    PatrolView {
        id: patrol.id.0,
        camera_id: patrol.camera.0,
        name: patrol.name.clone(),
        steps: patrol.steps.iter().map(step).collect(),
        version: patrol.version,
    }
}

/// # Errors
/// `request_invalid` for no steps, too many, or a dwell out of bounds.
pub fn steps_of(new: &NewPatrol) -> Result<Vec<PatrolStep>, Problem> {
    if new.steps.is_empty() || new.steps.len() > MOST_STEPS {
        return Err(invalid("steps", "1 to 64"));
    }
    if new.steps.iter().any(|step| step.dwell_s == 0 || step.dwell_s > LONGEST_DWELL_S) {
        return Err(invalid("dwell_s", "1 to 3600"));
    }
    let step = |step: &PatrolStepView| PatrolStep { preset: step.preset.clone(), dwell_s: step.dwell_s };
    Ok(new.steps.iter().map(step).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn commands_are_read() {
        let check = |json: &str, expect: Option<Action>| {
            let command: Option<PtzCommand> = serde_json::from_str(json).ok();
            assert_eq!(command.and_then(|command| action_of(command).ok()), expect, "{json}");
        };
        let moves = |pan_tilt, zoom| Some(Action::Move(PtzVector { pan_tilt, zoom }));
        check(r#"{"action":"move","pan":0.5,"tilt":-1}"#, moves(Some((0.5, -1.0)), None));
        check(r#"{"action":"move","zoom":1}"#, moves(None, Some(1.0)));
        check(r#"{"action":"move","pan":0}"#, Some(Action::Stop));
        check(r#"{"action":"move"}"#, None);
        check(r#"{"action":"move","pan":1e30}"#, None);
        check(r#"{"action":"centre","x":0.2,"y":1}"#, Some(Action::Centre { x: 0.2, y: 1.0 }));
        check(r#"{"action":"centre","x":1.2,"y":1}"#, None);
        check(r#"{"action":"stop"}"#, Some(Action::Stop));
        check(r#"{"action":"fly"}"#, None);
    }
}
