//! Proof of recording, and the key that signs it.

use super::answer::{page_of, page_request};
use crate::{
    app::App,
    download,
    error::ApiError,
    extract::{OfStream, Query},
    views::{proof_detail, proof_view},
};
use axum::{Json, body::Body, extract::State, response::Response};
use watchwall_api::{
    EvidenceKeyView, PageOf, PageQuery, ProblemDetails, ProofDetailView, ProofFileQuery, ProofQuery, ProofView,
};
use watchwall_model::StreamPath;
use watchwall_site::evidence::{ProofFilter, ProofView as Proof};
use watchwall_store::Page;

/// Signed daily statements, newest day first.
#[utoipa::path(get, path = "/api/v1/proofs", tag = "evidence", operation_id = "list_proofs", params(ProofQuery),
    responses((status = 200, body = PageOf<ProofView>), (status = 400, body = ProblemDetails)))]
pub async fn list(
    State(app): State<App>,
    Query(query): Query<ProofQuery>,
) -> Result<Json<PageOf<ProofView>>, ApiError> {
    let plain = PageQuery { cursor: query.cursor, limit: query.limit, ..PageQuery::default() };
    let request = page_request(plain, &[])?;
    let filter = ProofFilter {
        path: query.path.as_deref().map(StreamPath::parse).transpose()?,
        day: query.day,
        after: request.after()?,
        limit: request.limit(),
    };
    let proofs = app.site.evidence.proofs.list(filter).await?;
    Ok(Json(page_of(Page::cut(proofs, request.limit(), Proof::place), |proof| proof_view(&proof))))
}

/// A statement in full, and whether it is what this site signed.
#[utoipa::path(get, path = "/api/v1/proofs/{path}/statement", tag = "evidence", operation_id = "read_proof", params(("path" = String, Path), ProofFileQuery),
    responses((status = 200, body = ProofDetailView), (status = 404, body = ProblemDetails)))]
pub async fn read(
    State(app): State<App>,
    OfStream { path, query }: OfStream<ProofFileQuery>,
) -> Result<Json<ProofDetailView>, ApiError> {
    Ok(Json(proof_detail(&app.site.evidence.proofs.get(query.day, path).await?)))
}

/// A statement with its signature and the site's key, as a ZIP that `watchwall verify` accepts once it is unpacked.
#[utoipa::path(get, path = "/api/v1/proofs/{path}/statement.zip", tag = "evidence", operation_id = "download_proof", params(("path" = String, Path), ProofFileQuery),
    responses((status = 200, content_type = "application/zip", body = Vec<u8>), (status = 404, body = ProblemDetails)))]
pub async fn download(
    State(app): State<App>,
    OfStream { path, query }: OfStream<ProofFileQuery>,
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
