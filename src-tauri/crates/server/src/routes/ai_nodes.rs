//! AI nodes: which may connect, and which are connected.

use super::answer::{cut, page_request, versioned};
use crate::{
    access::{Caller, Token},
    app::{Act, App, as_value},
    error::ApiError,
    extract::{Body, Id, IfMatch, Query, invalid},
    notify::Edited,
    views::ai_node_view,
};
use axum::{
    Json,
    extract::State,
    http::StatusCode,
    response::{IntoResponse, Response},
};
use watchwall_api::{AiNodePatch, AiNodeToken, AiNodeView, NewAiNode, PageOf, PageQuery, ProblemDetails};
use watchwall_model::{AiNode, ErrorCode, NodeId, Problem};

const MOST_NAME_CHARS: usize = 100;

#[utoipa::path(get, path = "/api/v1/ai-nodes", tag = "analytics", operation_id = "list_ai_nodes", params(PageQuery),
    responses((status = 200, body = PageOf<AiNodeView>), (status = 400, body = ProblemDetails)))]
pub async fn list(
    State(app): State<App>,
    Query(query): Query<PageQuery>,
) -> Result<Json<PageOf<AiNodeView>>, ApiError> {
    let request = page_request(query, &["name"])?;
    let nodes = app.site.store.ai_nodes().all().await?;
    let key = |node: &AiNode| format!("{}\u{1}{:016}", node.name.to_lowercase(), node.id.0);
    Ok(Json(cut(nodes, &request, key, |node| view(&app, &node))?))
}

/// Lets a new node in. Its token is shown this once.
#[utoipa::path(post, path = "/api/v1/ai-nodes", tag = "analytics", operation_id = "create_ai_node", request_body = NewAiNode,
    responses((status = 201, body = AiNodeToken), (status = 400, body = ProblemDetails), (status = 409, body = ProblemDetails)))]
pub async fn create(State(app): State<App>, caller: Caller, Body(new): Body<NewAiNode>) -> Result<Response, ApiError> {
    let token = Token::random()?;
    let node = app.site.analytics.add_node(&check_name(&new.name)?, &token.hash(), new.sees_cameras).await?;
    let view = view(&app, &node);
    app.audit(&caller, Act { action: "ai_node.create", subject: &node.name, old: None, new: as_value(&view) }).await;
    app.edits.note(Edited::Nodes);
    Ok((StatusCode::CREATED, Json(AiNodeToken { node: view, token: token.reveal().to_owned() })).into_response())
}

#[utoipa::path(patch, path = "/api/v1/ai-nodes/{id}", tag = "analytics", operation_id = "change_ai_node", params(("id" = i64, Path)), request_body = AiNodePatch,
    responses((status = 200, body = AiNodeView), (status = 404, body = ProblemDetails), (status = 412, body = ProblemDetails)))]
pub async fn change(
    State(app): State<App>,
    caller: Caller,
    Id(id): Id,
    IfMatch(version): IfMatch,
    Body(patch): Body<AiNodePatch>,
) -> Result<Response, ApiError> {
    let old = find(&app, id).await?;
    let mut node = old.clone();
    if let Some(name) = &patch.name {
        node.name = check_name(name)?;
    }
    node.enabled = patch.enabled.unwrap_or(node.enabled);
    node.sees_cameras = patch.sees_cameras.unwrap_or(node.sees_cameras);
    let node = app.site.analytics.update_node(&node, version.unwrap_or(old.version)).await?;
    let (before, after) = (view(&app, &old), view(&app, &node));
    let act = Act { action: "ai_node.update", subject: &node.name, old: as_value(&before), new: as_value(&after) };
    app.audit(&caller, act).await;
    app.edits.note(Edited::Nodes);
    Ok(versioned(after.version, after))
}

/// A new token; the old one is worth nothing from here on.
#[utoipa::path(post, path = "/api/v1/ai-nodes/{id}/token", tag = "analytics", operation_id = "renew_ai_node_token", params(("id" = i64, Path)),
    responses((status = 200, body = AiNodeToken), (status = 404, body = ProblemDetails)))]
pub async fn renew(State(app): State<App>, caller: Caller, Id(id): Id) -> Result<Json<AiNodeToken>, ApiError> {
    let token = Token::random()?;
    let node = app.site.analytics.renew_token(NodeId(id), &token.hash()).await?;
    app.audit(&caller, Act { action: "ai_node.token", subject: &node.name, old: None, new: None }).await;
    Ok(Json(AiNodeToken { node: view(&app, &node), token: token.reveal().to_owned() }))
}

#[utoipa::path(delete, path = "/api/v1/ai-nodes/{id}", tag = "analytics", operation_id = "remove_ai_node", params(("id" = i64, Path)),
    responses((status = 204), (status = 404, body = ProblemDetails)))]
pub async fn remove(State(app): State<App>, caller: Caller, Id(id): Id) -> Result<StatusCode, ApiError> {
    let node = find(&app, id).await?;
    let old = as_value(&view(&app, &node));
    app.site.analytics.delete_node(node.id).await?;
    app.audit(&caller, Act { action: "ai_node.delete", subject: &node.name, old, new: None }).await;
    app.edits.note(Edited::Nodes);
    Ok(StatusCode::NO_CONTENT)
}

fn view(app: &App, node: &AiNode) -> AiNodeView {
    ai_node_view(node, app.site.analytics.picture().nodes.get(&node.id))
}

async fn find(app: &App, id: i64) -> Result<AiNode, Problem> {
    let node = app.site.store.ai_nodes().get(NodeId(id)).await?;
    node.ok_or_else(|| Problem::new(ErrorCode::NotFound).with("what", "node"))
}

fn check_name(name: &str) -> Result<String, Problem> {
    let name = name.trim();
    let fits = (1..=MOST_NAME_CHARS).contains(&name.chars().count()) && !name.chars().any(char::is_control);
    if fits { Ok(name.to_owned()) } else { Err(invalid("name", "out_of_bounds")) }
}
