//! The same change for several plans: all of them or none.

use crate::{
    access::Caller,
    app::{Act, App, as_value},
    error::ApiError,
    extract::{Body, invalid},
    notify::Edited,
    views::{patched, plan_view},
};
use axum::{Json, extract::State};
use std::collections::{BTreeMap, BTreeSet};
use watchwall_api::{PlanOutcome, PlansPatch, PlansSaved, ProblemDetails};
use watchwall_model::{ErrorCode, Group, GroupId, Plan, Problem, StreamPath, StreamRole};
use watchwall_site::recording;

const MOST: usize = 2_000;

/// Changes several plans, and makes those that are not there yet. A plan that is refused leaves all as they were.
#[utoipa::path(post, path = "/api/v1/plans/bulk", tag = "recording", operation_id = "change_plans", request_body = PlansPatch,
    responses((status = 200, body = PlansSaved), (status = 400, body = ProblemDetails), (status = 503, body = ProblemDetails)))]
pub async fn change(
    State(app): State<App>,
    caller: Caller,
    Body(wish): Body<PlansPatch>,
) -> Result<Json<PlansSaved>, ApiError> {
    let paths = paths_of(&app, &wish).await?;
    if paths.is_empty() || paths.len() > MOST {
        return Err(invalid("paths", "1 to 2000").into());
    }
    let old: BTreeMap<StreamPath, recording::PlanView> =
        app.site.recording.plans().await?.into_iter().map(|view| (view.plan.path.clone(), view)).collect();
    let mut refused = BTreeMap::new();
    let mut plans = Vec::new();
    for path in &paths {
        match wanted(&app, path, old.get(path), &wish).await {
            Ok(plan) => plans.push(plan),
            Err(problem) => {
                refused.insert(path.clone(), problem);
            }
        }
    }
    if !refused.is_empty() {
        return Ok(Json(nothing_saved(&app, &paths, &old, refused)));
    }
    let saved = match app.site.recording.put_plans(plans).await {
        Ok(saved) => saved,
        Err(recording::PlanRefused { path: Some(path), problem }) => {
            let refused = BTreeMap::from([(path, problem)]);
            return Ok(Json(nothing_saved(&app, &paths, &old, refused)));
        }
        Err(recording::PlanRefused { path: None, problem }) => {
            app.edits.note(Edited::Plans);
            return Err(problem.into());
        }
    };
    app.edits.note(Edited::Plans);
    let zone = app.site.recording.zone();
    let mut items = Vec::with_capacity(saved.len());
    for saved in &saved {
        let view = plan_view(saved, zone);
        let before = old.get(&saved.plan.path);
        let act = Act {
            action: if before.is_some() { "plan.update" } else { "plan.create" },
            subject: saved.plan.path.as_str(),
            old: before.and_then(|view| as_value(&plan_view(view, zone))),
            new: as_value(&view),
        };
        app.audit(&caller, act).await;
        items.push(outcome(&saved.plan.path, "saved", Some(view), None));
    }
    Ok(Json(PlansSaved { saved: true, items }))
}

/// The plan as it is to be.
async fn wanted(
    app: &App,
    path: &StreamPath,
    old: Option<&recording::PlanView>,
    wish: &PlansPatch,
) -> Result<Plan, Problem> {
    if app.site.store.cameras().by_path(path).await?.is_none() {
        return Err(Problem::new(ErrorCode::CameraNotFound).with("path", path));
    }
    let mut plan = old.map_or_else(|| Plan::continuous(path.clone()), |view| view.plan.clone());
    match wish.versions.get(path.as_str()) {
        Some(version) if *version != plan.version => {
            return Err(Problem::new(ErrorCode::VersionConflict).with("what", "plan"));
        }
        Some(_) => {}
        // Whoever does not say what was last seen changes whatever is there.
        None => plan.version = 0,
    }
    let plan = patched(&plan, &wish.change)?;
    plan.check()?;
    Ok(plan)
}

async fn paths_of(app: &App, wish: &PlansPatch) -> Result<BTreeSet<StreamPath>, ApiError> {
    let mut paths = wish.paths.iter().map(|path| StreamPath::parse(path)).collect::<Result<BTreeSet<_>, _>>()?;
    if wish.groups.is_empty() {
        return Ok(paths);
    }
    let groups = app.site.store.groups().all().await?;
    let mut wanted = BTreeSet::new();
    for id in &wish.groups {
        if !groups.iter().any(|group| group.id.0 == *id) {
            return Err(Problem::new(ErrorCode::NotFound).with("what", "group").into());
        }
        wanted.extend(inside(&groups, GroupId(*id)));
    }
    for camera in app.site.store.cameras().all().await? {
        if camera.group.is_some_and(|group| wanted.contains(&group.0)) {
            paths.extend(
                camera.streams.iter().find(|stream| stream.role == StreamRole::Main).map(|main| main.path.clone()),
            );
        }
    }
    Ok(paths)
}

/// A group and all those inside it.
fn inside(groups: &[Group], id: GroupId) -> BTreeSet<i64> {
    let mut found = BTreeSet::from([id.0]);
    loop {
        let more: Vec<i64> = groups
            .iter()
            .filter(|group| {
                group.parent.is_some_and(|parent| found.contains(&parent.0)) && !found.contains(&group.id.0)
            })
            .map(|group| group.id.0)
            .collect();
        if more.is_empty() {
            return found;
        }
        found.extend(more);
    }
}

fn nothing_saved(
    app: &App,
    paths: &BTreeSet<StreamPath>,
    old: &BTreeMap<StreamPath, recording::PlanView>,
    mut refused: BTreeMap<StreamPath, Problem>,
) -> PlansSaved {
    let items = paths.iter().map(|path| {
        let view = old.get(path).map(|view| plan_view(view, app.site.recording.zone()));
        match refused.remove(path) {
            Some(problem) => outcome(path, "refused", view, Some(problem)),
            None => outcome(path, "kept", view, None),
        }
    });
    PlansSaved { saved: false, items: items.collect() }
}

fn outcome(
    path: &StreamPath,
    word: &str,
    plan: Option<watchwall_api::PlanView>,
    problem: Option<Problem>,
) -> PlanOutcome {
    PlanOutcome {
        path: path.to_string(),
        outcome: word.to_owned(),
        plan,
        code: problem.as_ref().map(|problem| problem.code.to_string()),
        params: problem.map(|problem| problem.params).unwrap_or_default(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_group_holds_those_inside_it() {
        let group = |id, parent: Option<i64>| Group {
            id: GroupId(id),
            name: String::new(),
            parent: parent.map(GroupId),
            version: 1,
        };
        // The last two hold each other, which nobody should be able to make.
        let groups = [
            group(1, None),
            group(2, Some(1)),
            group(3, Some(2)),
            group(4, None),
            group(5, Some(6)),
            group(6, Some(5)),
        ];
        let check = |id, expect: &[i64]| {
            assert_eq!(inside(&groups, GroupId(id)).into_iter().collect::<Vec<_>>(), expect, "{id}");
        };
        check(1, &[1, 2, 3]);
        check(2, &[2, 3]);
        check(4, &[4]);
        check(5, &[5, 6]);
    }
}
