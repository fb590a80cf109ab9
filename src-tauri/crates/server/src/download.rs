//! Answers that are saved as a file.

use axum::{
    body::Body,
    http::{HeaderValue, header},
    response::{IntoResponse, Response},
};
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};

/// All but `attr-char` of RFC 8187.
const NOT_IN_NAMES: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');

/// `Content-Disposition` (RFC 6266): a plain name that every program reads, and the wished one in full (RFC 8187).
pub fn disposition(plain: &str, wished: Option<&str>) -> String {
    let plain = format!("attachment; filename=\"{plain}\"");
    match wished.map(|name| name.rsplit(['/', '\\']).next().unwrap_or_default()).filter(|name| !name.is_empty()) {
        Some(name) => format!("{plain}; filename*=UTF-8''{}", utf8_percent_encode(name, NOT_IN_NAMES)),
        None => plain,
    }
}

/// A ZIP of unknown or known length.
pub fn zip(body: Body, plain: &str, wished: &str, len: Option<u64>) -> Response {
    let mut response = body.into_response();
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/zip"));
    if let Ok(value) = HeaderValue::from_str(&disposition(plain, Some(wished))) {
        headers.insert(header::CONTENT_DISPOSITION, value);
    }
    if let Some(len) = len {
        headers.insert(header::CONTENT_LENGTH, HeaderValue::from(len));
    }
    response
}
