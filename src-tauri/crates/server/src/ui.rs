//! The user interface's files: embedded in a release build, read from `ui/build` in a debug build.
//!
//! Unknown paths without an extension answer the single page, which routes by itself. `/?token=...` exchanges a
//! one-time token for the session cookie and comes back without it.

use crate::{
    access::{SessionOrigin, Via},
    app::App,
    error::ApiError,
    net::{Door, Peer, agent},
    routes::{CookieTraits, is_tls, session_cookie},
};
use axum::{
    Extension,
    extract::State,
    http::{HeaderMap, HeaderValue, Method, StatusCode, Uri, header},
    response::{IntoResponse, Response},
};
use base64::Engine;
use rust_embed::{EmbeddedFile, RustEmbed};
use sha2::{Digest, Sha256};
use watchwall_model::{ErrorCode, Problem, Secret};

/// `ui/build`, or the page that says how to build it.
#[derive(RustEmbed)]
#[folder = "$WATCHWALL_UI_BUILD"]
struct Files;

const PAGE: &str = "index.html";
const COOKIE_SECONDS: u64 = 30 * 24 * 3_600;

/// Everything that no route answers.
pub async fn serve(
    State(app): State<App>,
    Extension(peer): Extension<Peer>,
    Extension(door): Extension<Door>,
    method: Method,
    uri: Uri,
    headers: HeaderMap,
) -> Result<Response, ApiError> {
    let path = uri.path().trim_start_matches('/');
    let not_found = || ApiError(Problem::new(ErrorCode::NotFound).with("what", uri.path()));
    if path.starts_with("api/") || path.starts_with("ws/") {
        return Err(not_found());
    }
    if method != Method::GET && method != Method::HEAD {
        return Err(ApiError(Problem::new(ErrorCode::MethodNotAllowed).with("method", &method)));
    }
    if path.is_empty()
        && let Some(token) = query_value(uri.query().unwrap_or_default(), "token")
    {
        return Ok(enter(&app, &token, (peer, door), &headers).await);
    }
    if let Some(file) = Files::get(path).filter(|_| !path.is_empty()) {
        return Ok(answer(path, file, &headers));
    }
    let is_asset = path.starts_with("_app/") || path.rsplit('/').next().is_some_and(|name| name.contains('.'));
    match Files::get(PAGE) {
        Some(page) if !is_asset => Ok(answer(PAGE, page, &headers)),
        _ => Err(not_found()),
    }
}

/// A token that is used or late leads to the login page like any visit without a session.
async fn enter(app: &App, token: &Secret, (peer, door): (Peer, Door), headers: &HeaderMap) -> Response {
    let mut response =
        (StatusCode::SEE_OTHER, [(header::LOCATION, "/"), (header::CACHE_CONTROL, "no-store")]).into_response();
    let granted = match app.access.take_one_time(token).await {
        Ok(account) => {
            let origin = SessionOrigin { address: peer.ip(), agent: agent(headers) };
            app.access.open_session(&account, Via::Cookie, &origin).await
        }
        Err(problem) => Err(problem),
    };
    match granted {
        Ok(granted) => {
            let traits = CookieTraits { is_secure: is_tls(app, door, headers), max_age_s: COOKIE_SECONDS };
            let cookie = session_cookie(app.access.cookie(), granted.token.reveal(), traits);
            if let Ok(cookie) = HeaderValue::from_str(&cookie) {
                response.headers_mut().append(header::SET_COOKIE, cookie);
            }
        }
        Err(problem) => tracing::info!(address = %peer.ip(), "a one-time address was not accepted: {}", problem.code),
    }
    response
}

/// One-time tokens hold no character that a URL escapes.
fn query_value(query: &str, name: &str) -> Option<Secret> {
    let pairs = query.split('&').filter_map(|pair| pair.split_once('='));
    pairs.into_iter().find(|(key, _)| *key == name).map(|(_, value)| Secret::new(value))
}

fn answer(path: &str, file: EmbeddedFile, headers: &HeaderMap) -> Response {
    let hash = base64::engine::general_purpose::STANDARD_NO_PAD.encode(&file.metadata.sha256_hash()[..12]);
    let tag = format!("\"{hash}\"");
    // Names below `immutable` carry a hash of their content.
    let cache = if path.contains("immutable/") { "public, max-age=31536000, immutable" } else { "no-cache" };
    let fixed = [(header::ETAG, tag.as_str()), (header::CACHE_CONTROL, cache)];
    // Also with 304: a browser takes over the policy of that answer for the page it has kept.
    let policy = path.ends_with(".html").then(|| content_policy(&String::from_utf8_lossy(&file.data)));
    let policy = policy.and_then(|policy| HeaderValue::from_str(&policy).ok());
    let with_policy = |mut response: Response| {
        if let Some(policy) = policy {
            response.headers_mut().insert(header::CONTENT_SECURITY_POLICY, policy);
        }
        response
    };
    if headers.get(header::IF_NONE_MATCH).is_some_and(|sent| sent.as_bytes() == tag.as_bytes()) {
        return with_policy(
            (StatusCode::NOT_MODIFIED, fixed.map(|(name, value)| (name, value.to_owned()))).into_response(),
        );
    }
    let mime = mime_guess::from_path(path).first_or_octet_stream();
    let mut response =
        (fixed.map(|(name, value)| (name, value.to_owned())), [(header::CONTENT_TYPE, mime.to_string())])
            .into_response();
    *response.body_mut() = axum::body::Body::from(file.data.into_owned());
    with_policy(response)
}

/// Only our own files, and the inline scripts that the page itself came with, by hash (CSP level 3).
/// Styles may be inline: positions and sizes of tiles are set on elements.
fn content_policy(html: &str) -> String {
    let hashes: String = inline_scripts(html)
        .map(|script| {
            let hash = base64::engine::general_purpose::STANDARD.encode(Sha256::digest(script.as_bytes()));
            format!(" 'sha256-{hash}'")
        })
        .collect();
    format!(
        "default-src 'self'; script-src 'self'{hashes}; style-src 'self' 'unsafe-inline'; img-src 'self' data: blob:; \
         media-src 'self' blob:; connect-src 'self'; worker-src 'self' blob:; font-src 'self'; object-src 'none'; \
         base-uri 'none'; form-action 'self'; frame-ancestors 'none'"
    )
}

fn inline_scripts(html: &str) -> impl Iterator<Item = &str> {
    html.split("<script").skip(1).filter_map(|rest| {
        let (attributes, body) = rest.split_once('>')?;
        if attributes.contains("src=") { None } else { body.split_once("</script>").map(|(script, _)| script) }
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn inline_scripts_are_allowed_by_hash_only() {
        let html = "<html><script src=\"/a.js\"></script><script type=\"module\">alert(1)</script></html>";
        assert_eq!(inline_scripts(html).collect::<Vec<_>>(), ["alert(1)"]);
        let policy = content_policy(html);
        assert!(policy.contains("'sha256-bhHHL3z2vDgxUt0W3dWQOrprscmda2Y5pLsLg4GF+pI='"), "{policy}");
        assert!(!policy.contains("script-src 'self' 'unsafe"));
    }

    #[test]
    fn tokens_are_read_from_the_query() {
        let check =
            |query, expect: Option<&str>| assert_eq!(query_value(query, "token").as_ref().map(Secret::reveal), expect);
        check("token=abc", Some("abc"));
        check("a=b&token=abc&c", Some("abc"));
        check("xtoken=abc", None);
        check("", None);
    }

    #[test]
    fn a_page_the_browser_kept_has_its_policy_too() {
        let ask = |headers: &HeaderMap| answer(PAGE, Files::get(PAGE).expect("the page is embedded"), headers);
        let fresh = ask(&HeaderMap::new());
        let tag = fresh.headers()[header::ETAG].clone();
        let kept = ask(&HeaderMap::from_iter([(header::IF_NONE_MATCH, tag)]));
        assert_eq!(kept.status(), StatusCode::NOT_MODIFIED);
        assert_eq!(
            kept.headers().get(header::CONTENT_SECURITY_POLICY),
            fresh.headers().get(header::CONTENT_SECURITY_POLICY)
        );
        assert!(kept.headers().contains_key(header::CONTENT_SECURITY_POLICY));
    }

    #[test]
    fn there_is_always_a_page() {
        assert!(Files::get(PAGE).is_some());
    }
}
