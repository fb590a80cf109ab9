//! Proof of recording, and the key that signs it.

use super::answer::page_request;
use crate::{
    app::App,
    download,
    error::ApiError,
    extract::{AtPath, Query},
    views::proof_view,
};
use axum::{Json, body::Body, extract::State, response::Response};
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use watchwall_api::{EvidenceKeyView, PageOf, PageQuery, ProblemDetails, ProofFileQuery, ProofQuery, ProofView};
use watchwall_model::StreamPath;
use watchwall_site::evidence::{ProofFilter, ProofView as Proof};
use watchwall_store::PageRequest;

/// Signed daily statements, newest day first.
#[utoipa::path(get, path = "/api/v1/proofs", tag = "evidence", operation_id = "list_proofs", params(ProofQuery),
    responses((status = 200, body = PageOf<ProofView>), (status = 400, body = ProblemDetails)))]
pub async fn list(
    State(app): State<App>,
    Query(query): Query<ProofQuery>,
) -> Result<Json<PageOf<ProofView>>, ApiError> {
    let request = page_request(PageQuery { limit: query.limit, ..PageQuery::default() }, &[])?;
    let limit = request.limit.unwrap_or(PageRequest::DEFAULT_LIMIT) as usize;
    let after = query.cursor.and_then(|cursor| URL_SAFE_NO_PAD.decode(cursor).ok());
    let filter = ProofFilter {
        path: query.path.as_deref().map(StreamPath::parse).transpose()?,
        day: query.day,
        after: after.and_then(|bytes| String::from_utf8(bytes).ok()),
        limit,
    };
    let mut proofs = app.site.evidence.proofs.list(filter).await?;
    let more = proofs.len() > limit;
    proofs.truncate(limit);
    let next_cursor = proofs.last().filter(|_| more).map(|last: &Proof| URL_SAFE_NO_PAD.encode(last.place()));
    Ok(Json(PageOf { items: proofs.iter().map(proof_view).collect(), next_cursor }))
}

/// A statement with its signature and the site's key, as a ZIP that `watchwall verify` accepts once it is unpacked.
#[utoipa::path(get, path = "/api/v1/proofs/{path}/statement.zip", tag = "evidence", operation_id = "download_proof", params(("path" = String, Path), ProofFileQuery),
    responses((status = 200, content_type = "application/zip", body = Vec<u8>), (status = 404, body = ProblemDetails)))]
pub async fn download(
    State(app): State<App>,
    AtPath(path): AtPath,
    Query(query): Query<ProofFileQuery>,
) -> Result<Response, ApiError> {
    let bytes = app.site.evidence.proofs.archive(query.day.clone(), path.clone()).await?;
    let name = format!("{path}_{}.zip", query.day);
    let len = bytes.len() as u64;
    Ok(download::zip(Body::from(bytes), &name, &name, Some(len)))
}

/// The public key of this site, to hold exports and statements against.
#[utoipa::path(get, path = "/api/v1/evidence/key", tag = "evidence", operation_id = "read_evidence_key", responses((status = 200, body = EvidenceKeyView)))]
pub async fn key(State(app): State<App>) -> Result<Json<EvidenceKeyView>, ApiError> {
    let key = app.site.evidence.key.get().await?.public();
    Ok(Json(EvidenceKeyView { fingerprint: key.fingerprint(), pem: key.pem() }))
}
