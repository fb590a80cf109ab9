//! Extractors that refuse with a problem instead of the framework's text.

use crate::error::ApiError;
use axum::{
    extract::{FromRequest, FromRequestParts, Request, rejection::JsonRejection},
    http::{header, request::Parts},
};
use serde::de::DeserializeOwned;
use watchwall_model::{ErrorCode, Problem, StreamPath};

/// A JSON body.
pub struct Body<T>(pub T);

impl<S: Send + Sync, T: DeserializeOwned> FromRequest<S> for Body<T> {
    type Rejection = ApiError;

    async fn from_request(request: Request, state: &S) -> Result<Self, ApiError> {
        match axum::Json::<T>::from_request(request, state).await {
            Ok(axum::Json(value)) => Ok(Self(value)),
            Err(JsonRejection::BytesRejection(error)) if error.status() == 413 => {
                Err(ApiError(Problem::new(ErrorCode::BodyTooLarge)))
            }
            Err(error) => Err(invalid("body", &shape_only(&error.body_text())).into()),
        }
    }
}

/// Serde quotes offending values; a password typed into a number's place must not come back.
fn shape_only(text: &str) -> String {
    let quotes_values = ["invalid type", "invalid value", "unknown variant"].iter().any(|kind| text.contains(kind));
    let mut out = String::with_capacity(text.len());
    let is_quote = |c: char| c == '"' || (quotes_values && c == '`');
    for (i, piece) in text.split(is_quote).enumerate() {
        out.push_str(if i % 2 == 1 { "\u{2026}" } else { piece });
    }
    out
}

/// The query string.
pub struct Query<T>(pub T);

impl<S: Send + Sync, T: DeserializeOwned> FromRequestParts<S> for Query<T> {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, ApiError> {
        match axum::extract::Query::<T>::from_request_parts(parts, state).await {
            Ok(axum::extract::Query(value)) => Ok(Self(value)),
            Err(error) => Err(invalid("query", &error.body_text()).into()),
        }
    }
}

/// A row's id in the route.
pub struct Id(pub i64);

impl<S: Send + Sync> FromRequestParts<S> for Id {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, ApiError> {
        let text = segment(parts, state).await?;
        text.parse().map(Self).map_err(|_| invalid("id", "not_a_number").into())
    }
}

/// A stream path in the route.
pub struct AtPath(pub StreamPath);

impl<S: Send + Sync> FromRequestParts<S> for AtPath {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, ApiError> {
        Ok(Self(StreamPath::parse(&segment(parts, state).await?)?))
    }
}

/// A stream path in the route, and what the query asks of it.
pub struct OfStream<T> {
    pub path: StreamPath,
    pub query: T,
}

impl<S: Send + Sync, T: DeserializeOwned> FromRequestParts<S> for OfStream<T> {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, ApiError> {
        let AtPath(path) = AtPath::from_request_parts(parts, state).await?;
        let Query(query) = Query::from_request_parts(parts, state).await?;
        Ok(Self { path, query })
    }
}

/// Any one text in the route.
pub struct Segment(pub String);

impl<S: Send + Sync> FromRequestParts<S> for Segment {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, ApiError> {
        segment(parts, state).await.map(Self)
    }
}

async fn segment<S: Send + Sync>(parts: &mut Parts, state: &S) -> Result<String, ApiError> {
    match axum::extract::Path::<String>::from_request_parts(parts, state).await {
        Ok(axum::extract::Path(text)) => Ok(text),
        Err(error) => Err(invalid("path", &error.body_text()).into()),
    }
}

/// The version a client last saw, from `If-Match` (RFC 9110, section 13.1.1). `None` when it does not ask.
pub struct IfMatch(pub Option<i64>);

impl<S: Send + Sync> FromRequestParts<S> for IfMatch {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, ApiError> {
        let Some(value) = parts.headers.get(header::IF_MATCH) else { return Ok(Self(None)) };
        let text = value.to_str().unwrap_or_default().trim();
        if text == "*" {
            return Ok(Self(None));
        }
        let version = text.trim_start_matches("W/").trim_matches('"').parse();
        version.map(|v| Self(Some(v))).map_err(|_| invalid("If-Match", "not_a_version").into())
    }
}

/// `request_invalid`, naming the part that is wrong.
pub fn invalid(field: &str, reason: &str) -> Problem {
    Problem::new(ErrorCode::RequestInvalid).with("field", field).with("reason", reason)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn refused_bodies_do_not_come_back() {
        let text = shape_only("invalid type: string \"hunter2\", expected u32 at line 1");
        assert!(!text.contains("hunter2") && text.contains("expected u32"));
        assert!(!shape_only("invalid type: integer `12345678`, expected a string").contains("12345678"));
        assert!(shape_only("missing field `name`").contains("name"));
    }
}
