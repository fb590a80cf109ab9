//! Logins that are open, and ending them.

use super::answer::{cut, page_request};
use crate::{
    access::Caller,
    app::{Act, App},
    error::ApiError,
    extract::{Id, Query},
    views::session_view,
};
use axum::{Json, extract::State, http::StatusCode};
use std::collections::HashMap;
use watchwall_api::{PageOf, PageQuery, SessionView};
use watchwall_model::{ErrorCode, Problem, Right, UtcMillis};

/// Own sessions; with the right `users` everybody's.
#[utoipa::path(get, path = "/api/v1/sessions", tag = "access", operation_id = "list_sessions", params(PageQuery), responses((status = 200, body = PageOf<SessionView>)))]
pub async fn list(
    State(app): State<App>,
    caller: Caller,
    Query(query): Query<PageQuery>,
) -> Result<Json<PageOf<SessionView>>, ApiError> {
    let request = page_request(query, &["id"])?;
    let users = app.site.store.users().all().await?;
    let names: HashMap<_, _> = users.into_iter().map(|user| (user.id, user.name)).collect();
    let (sees_all, now) = (caller.role.has(Right::Users), UtcMillis::now());
    let mut rows = app.site.store.sessions().all().await?;
    rows.retain(|row| row.expires_at > now && (sees_all || row.user == caller.user));
    let view = |row: watchwall_store::SessionRow| {
        let name = names.get(&row.user).cloned().unwrap_or_default();
        session_view(&row, name, &caller)
    };
    Ok(Json(cut(rows, &request, |row| format!("{:016}", row.id.0), view)?))
}

/// Ends a session at once, with every socket it holds.
#[utoipa::path(delete, path = "/api/v1/sessions/{id}", tag = "access", operation_id = "revoke_session", params(("id" = i64, Path)), responses((status = 204), (status = 404, body = watchwall_api::ProblemDetails)))]
pub async fn revoke(State(app): State<App>, caller: Caller, Id(id): Id) -> Result<StatusCode, ApiError> {
    let rows = app.site.store.sessions().all().await?;
    let own_or_any = |row: &watchwall_store::SessionRow| row.user == caller.user || caller.role.has(Right::Users);
    let row = rows.into_iter().find(|row| row.id.0 == id && own_or_any(row));
    let row = row.ok_or_else(|| Problem::new(ErrorCode::NotFound).with("what", "session"))?;
    app.access.revoke(row.id).await?;
    app.audit(&caller, Act { action: "session.revoke", subject: &id.to_string(), old: None, new: None }).await;
    Ok(StatusCode::NO_CONTENT)
}
