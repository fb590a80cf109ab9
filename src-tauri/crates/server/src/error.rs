//! The one error type of handlers, and how it becomes RFC 9457 problem details.
//!
//! A handler answers [`ApiError`]; the response carries the [`Problem`] as an extension and an empty body.
//! [`render`], the outermost layer, writes the JSON: only there the request's id is known, and there the
//! refusals of the framework itself (unknown route, wrong method, body too large) become problems too.

use crate::{catalogue, net::RequestId};
use axum::{
    Extension, Json,
    extract::Request,
    http::{HeaderValue, Method, StatusCode, header},
    middleware::Next,
    response::{IntoResponse, Response},
};
use watchwall_api::{ErrorDetails, ProblemDetails};
use watchwall_model::{ErrorCode, Problem};

/// Media type of problem details (RFC 9457, section 3).
pub const PROBLEM_JSON: &str = "application/problem+json";

/// What a handler answers when it cannot do what was asked.
#[derive(Debug)]
pub struct ApiError(pub Problem);

impl<E: Into<Problem>> From<E> for ApiError {
    fn from(error: E) -> Self {
        Self(error.into())
    }
}

impl IntoResponse for ApiError {
    fn into_response(self) -> Response {
        let status = StatusCode::from_u16(self.0.code.status()).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        (status, Extension(Box::new(self.0))).into_response()
    }
}

/// The outermost layer: writes problems as JSON and turns the framework's own refusals into problems.
pub async fn render(Extension(id): Extension<RequestId>, request: Request, next: Next) -> Response {
    let (method, route) = (request.method().clone(), request.uri().path().to_owned());
    let mut response = next.run(request).await;
    let status = response.status();
    if let Some(problem) = response.extensions_mut().remove::<Box<Problem>>() {
        log(&problem, &method, &route, &id);
        return problem_response(&problem, &id, response);
    }
    let is_ours =
        response.headers().contains_key(header::CONTENT_TYPE) && response.status() != StatusCode::METHOD_NOT_ALLOWED;
    if (status.is_client_error() || status.is_server_error()) && !is_plain_refusal(status, is_ours) {
        let problem = framework_problem(status, &method, &route);
        return problem_response(&problem, &id, response);
    }
    response
}

/// `416` keeps its `Content-Range`; JSON answers of `/readyz` are no problems.
fn is_plain_refusal(status: StatusCode, has_own_body: bool) -> bool {
    status == StatusCode::RANGE_NOT_SATISFIABLE || (has_own_body && status == StatusCode::SERVICE_UNAVAILABLE)
}

fn framework_problem(status: StatusCode, method: &Method, route: &str) -> Problem {
    match status {
        StatusCode::NOT_FOUND => Problem::new(ErrorCode::NotFound).with("what", route),
        StatusCode::METHOD_NOT_ALLOWED => Problem::new(ErrorCode::MethodNotAllowed).with("method", method),
        StatusCode::PAYLOAD_TOO_LARGE => Problem::new(ErrorCode::BodyTooLarge),
        StatusCode::REQUEST_TIMEOUT => {
            Problem::new(ErrorCode::RequestInvalid).with("field", "body").with("reason", "timeout")
        }
        other if other.is_client_error() => {
            Problem::new(ErrorCode::RequestInvalid).with("field", "request").with("reason", other.as_u16())
        }
        other => Problem::new(ErrorCode::Internal).because(other),
    }
}

/// Problem details of a problem, with the catalogue's English sentences.
pub fn details(problem: &Problem, id: &RequestId) -> ProblemDetails {
    let code = problem.code.as_str();
    ProblemDetails {
        kind: format!("urn:watchwall:problem:{code}"),
        title: catalogue::sentence(code, &problem.params),
        status: problem.code.status(),
        code: code.to_owned(),
        params: problem.params.clone(),
        details: ErrorDetails {
            step: problem.step.map(ToOwned::to_owned),
            error: problem.detail.clone(),
            suggestion: problem
                .suggestion
                .and_then(|word| catalogue::suggestion(word, &problem.params))
                .or_else(|| catalogue::next_step(code, &problem.params)),
            suggestion_code: problem.suggestion.map(ToOwned::to_owned),
        },
        request_id: id.0.to_string(),
    }
}

fn problem_response(problem: &Problem, id: &RequestId, refused: Response) -> Response {
    let status = StatusCode::from_u16(problem.code.status()).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    let mut response = (status, Json(details(problem, id))).into_response();
    for name in [header::ALLOW, header::SET_COOKIE] {
        if let Some(value) = refused.headers().get(&name) {
            response.headers_mut().insert(name, value.clone());
        }
    }
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(PROBLEM_JSON));
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    if let Some(seconds) = problem.params.get("retry_after_s").and_then(|s| HeaderValue::from_str(s).ok()) {
        headers.insert(header::RETRY_AFTER, seconds);
    }
    if problem.code == ErrorCode::LoginRequired {
        headers.insert(header::WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
    }
    response
}

fn log(problem: &Problem, method: &Method, route: &str, id: &RequestId) {
    match problem.code {
        ErrorCode::Internal | ErrorCode::DatabaseDamaged => {
            tracing::error!(%method, route, request_id = %id.0, "a request failed: {problem}");
        }
        code if code.status() >= 500 => {
            tracing::warn!(%method, route, request_id = %id.0, "a request failed: {problem}")
        }
        _ => tracing::debug!(%method, route, request_id = %id.0, "a request was refused: {problem}"),
    }
}
