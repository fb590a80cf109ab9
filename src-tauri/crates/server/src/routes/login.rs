//! Who am I, logging in and out.

use crate::{
    access::{Account, Caller, MaybeCaller, SessionOrigin, Via},
    app::{Act, App},
    error::ApiError,
    extract::Body,
    net::{Door, Peer, Scheme, agent},
    views::user_view,
};
use axum::{
    Extension, Json,
    extract::State,
    http::{HeaderMap, HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
};
use std::time::Duration;
use watchwall_api::{LoginAnswer, LoginRequest, OneTimeToken, SessionState, TokenLogin};
use watchwall_model::{AlarmSource, ErrorCode, Happening, Problem, Role, User, UtcMillis};

/// Of a name in an alarm.
const LONGEST_NAME: usize = 64;
/// A one-time token asked for by a tool is used at once.
const ONE_TIME_LIFE: Duration = Duration::from_secs(60);
/// The cookie outlives the browser; the session behind it ends by its own rules.
const COOKIE_SECONDS: u64 = 30 * 24 * 3_600;

/// What the UI asks first.
#[utoipa::path(get, path = "/api/v1/session", tag = "access", responses((status = 200, body = SessionState)))]
pub async fn session_state(
    State(app): State<App>,
    MaybeCaller(caller): MaybeCaller,
) -> Result<Json<SessionState>, ApiError> {
    let settings = app.settings().await?;
    let user = match caller {
        Some(caller) => Some(user_view(&user_of(&app, &caller).await?)),
        None => None,
    };
    Ok(Json(SessionState {
        setup_needed: app.access.is_setup_needed(),
        user,
        site_name: settings.site_name,
        version: env!("CARGO_PKG_VERSION").to_owned(),
        now: UtcMillis::now().0,
        stale_after_ms: settings.stale_after_ms,
        time_zone: super::system::time_zone(&app),
        default_language: settings.default_language,
    }))
}

/// Logs in with a password. Sets the session cookie, or answers a bearer token.
#[utoipa::path(post, path = "/api/v1/login", tag = "access", request_body = LoginRequest,
    responses((status = 200, body = LoginAnswer), (status = 401, body = watchwall_api::ProblemDetails), (status = 429, body = watchwall_api::ProblemDetails)))]
pub async fn login(
    State(app): State<App>,
    Extension(peer): Extension<Peer>,
    Extension(door): Extension<Door>,
    headers: HeaderMap,
    Body(request): Body<LoginRequest>,
) -> Result<Response, ApiError> {
    let account = match app.access.login(&request.username, &request.password, peer.ip()).await {
        Ok(account) => account,
        Err(problem) => {
            tracing::info!(address = %peer.ip(), "a login failed: {}", problem.code);
            if problem.code == ErrorCode::LoginThrottled {
                app.site.alarms.notice(guessing(&request.username, peer)).await;
            }
            return Err(problem.into());
        }
    };
    let via = if request.bearer { Via::Bearer } else { Via::Cookie };
    grant(&app, &account, via, (peer, door), &headers).await
}

/// Somebody keeps trying passwords.
fn guessing(name: &str, peer: Peer) -> Happening {
    // Typed by a stranger.
    let name: String = name.trim().chars().filter(|c| !c.is_control()).take(LONGEST_NAME).collect();
    let what = Happening::new(AlarmSource::Login, "logins_refused", UtcMillis::now());
    what.about(name).with("address", peer.ip()).alarming(2)
}

/// Exchanges a one-time token for the session cookie of the local administrator.
#[utoipa::path(post, path = "/api/v1/token-login", tag = "access", request_body = TokenLogin,
    responses((status = 200, body = LoginAnswer), (status = 401, body = watchwall_api::ProblemDetails)))]
pub async fn token_login(
    State(app): State<App>,
    Extension(peer): Extension<Peer>,
    Extension(door): Extension<Door>,
    headers: HeaderMap,
    Body(request): Body<TokenLogin>,
) -> Result<Response, ApiError> {
    let account = app.access.take_one_time(&request.token).await?;
    grant(&app, &account, Via::Cookie, (peer, door), &headers).await
}

/// Hands out a token that opens one window, as `/?token=...`, within a minute.
#[utoipa::path(post, path = "/api/v1/one-time-tokens", tag = "access", responses((status = 201, body = OneTimeToken)))]
pub async fn one_time_token(State(app): State<App>, caller: Caller) -> Response {
    let token = app.access.one_time_token(ONE_TIME_LIFE);
    app.audit(&caller, Act { action: "one_time_token.create", subject: "", old: None, new: None }).await;
    let expires_at = (UtcMillis::now() + ONE_TIME_LIFE).0;
    (StatusCode::CREATED, Json(OneTimeToken { token: token.reveal().to_owned(), expires_at })).into_response()
}

/// Ends the session that asks. Without one nothing happens.
#[utoipa::path(post, path = "/api/v1/logout", tag = "access", responses((status = 204)))]
pub async fn logout(
    State(app): State<App>,
    Extension(door): Extension<Door>,
    MaybeCaller(caller): MaybeCaller,
    headers: HeaderMap,
) -> Result<Response, ApiError> {
    if let Some(id) = caller.and_then(|caller| caller.session) {
        app.access.revoke(id).await?;
    }
    let mut response = StatusCode::NO_CONTENT.into_response();
    set_cookie(
        &mut response,
        &session_cookie(
            app.access.cookie(),
            "",
            CookieTraits { is_secure: is_tls(&app, door, &headers), max_age_s: 0 },
        ),
    );
    Ok(response)
}

/// Opens a session and answers with it.
pub async fn grant(
    app: &App,
    account: &Account,
    via: Via,
    (peer, door): (Peer, Door),
    headers: &HeaderMap,
) -> Result<Response, ApiError> {
    let origin = SessionOrigin { address: peer.ip(), agent: agent(headers) };
    let granted = app.access.open_session(account, via, &origin).await?;
    let user = user_view(account);
    tracing::info!(user = user.name, address = %peer.ip(), kind = via.as_str(), "logged in");
    let token = (via == Via::Bearer).then(|| granted.token.reveal().to_owned());
    let mut response = Json(LoginAnswer { user, token }).into_response();
    if via == Via::Cookie {
        let traits = CookieTraits { is_secure: is_tls(app, door, headers), max_age_s: COOKIE_SECONDS };
        set_cookie(&mut response, &session_cookie(app.access.cookie(), granted.token.reveal(), traits));
    }
    response.headers_mut().insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    Ok(response)
}

/// The user behind a caller; the local token stands for an administrator without a row.
pub async fn user_of(app: &App, caller: &Caller) -> Result<User, Problem> {
    let stored = app.site.store.users().get(caller.user).await?;
    Ok(stored.unwrap_or_else(|| User {
        id: caller.user,
        name: caller.name.clone(),
        role: Role::Administrator,
        enabled: true,
        language: None,
        created_at: app.site.started_at,
        version: 0,
    }))
}

/// What of a cookie depends on the request.
pub struct CookieTraits {
    pub is_secure: bool,
    pub max_age_s: u64,
}

/// `Set-Cookie` (RFC 6265) of the session: no script reads it, no other site sends it.
pub fn session_cookie(name: &str, value: &str, traits: CookieTraits) -> String {
    let secure = if traits.is_secure { "; Secure" } else { "" };
    format!("{name}={value}; Path=/; HttpOnly; SameSite=Strict; Max-Age={}{secure}", traits.max_age_s)
}

fn set_cookie(response: &mut Response, cookie: &str) {
    if let Ok(value) = HeaderValue::from_str(cookie) {
        response.headers_mut().append(header::SET_COOKIE, value);
    }
}

/// A proxy in front that speaks TLS says so; only believed where the site was told that there is one.
pub fn is_tls(app: &App, door: Door, headers: &HeaderMap) -> bool {
    door.scheme == Scheme::Https
        || app.trusts_proxy && headers.get("x-forwarded-proto").is_some_and(|proto| proto == "https")
}
