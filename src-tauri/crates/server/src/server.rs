//! Starting and stopping.

use crate::{
    access::{Access, AccessOptions, LocalToken, host, with_id},
    app::{App, Shared},
    error::render,
    live::Viewers,
    net::{ServeLimits, Sockets, bind, serve},
    routes, ui,
};
use axum::{
    Router,
    extract::DefaultBodyLimit,
    http::{HeaderName, HeaderValue, header},
    middleware,
};
use std::{net::SocketAddr, sync::Arc, time::Duration};
use tokio::{net::TcpListener, task::JoinHandle};
use tokio_util::sync::CancellationToken;
use tower_http::{
    compression::{
        CompressionLayer,
        predicate::{DefaultPredicate, NotForContentType, Predicate},
    },
    set_header::SetResponseHeaderLayer,
    timeout::RequestBodyTimeoutLayer,
};
use watchwall_model::{ErrorCode, Problem, config::ServerConfig};
use watchwall_site::Site;

/// Largest request body.
const MOST_BODY_BYTES: usize = 1024 * 1024;
const BODY_TIMEOUT: Duration = Duration::from_secs(30);

/// A printed or opened one-time address waits this long for its person.
const ONE_TIME_LIFE: Duration = Duration::from_secs(15 * 60);
/// A stop takes no longer than this.
const STOP_DEADLINE: Duration = Duration::from_secs(2);

/// Where and how to serve.
#[derive(Clone, Copy, Debug)]
pub struct ServerOptions {
    /// Port 0 takes a free one.
    pub listen: SocketAddr,
    /// Beyond loopback, plain HTTP must be wished for: a proxy in front speaks TLS.
    pub allow_plain_http: bool,
    pub entrance: Entrance,
}

/// What a site without an administrator asks of its first visitor.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Entrance {
    /// To create one.
    #[default]
    SetUp,
    /// Nothing: a demo, entered by its one-time address.
    Demo,
}

impl From<&ServerConfig> for ServerOptions {
    fn from(config: &ServerConfig) -> Self {
        Self { listen: config.listen, allow_plain_http: config.allow_plain_http, entrance: Entrance::SetUp }
    }
}

impl ServerOptions {
    fn is_loopback(&self) -> bool {
        self.listen.ip().to_canonical().is_loopback()
    }
}

/// A bound address, before there is a site to serve on it.
pub struct Listener(TcpListener);

/// A site being served.
pub struct Server {
    address: SocketAddr,
    app: App,
    local_token: LocalToken,
    stop: CancellationToken,
    task: JoinHandle<()>,
}

impl Server {
    /// # Errors
    /// `tls_required`, `address_in_use`, `config_invalid`.
    pub async fn bind(options: &ServerOptions) -> Result<Listener, Problem> {
        if !options.is_loopback() && !options.allow_plain_http {
            return Err(Problem::new(ErrorCode::TlsRequired).with("address", options.listen));
        }
        bind(options.listen).await.map(Listener)
    }

    /// # Errors
    /// When database or data folder cannot be used.
    pub async fn start(site: Arc<Site>, Listener(listener): Listener, options: ServerOptions) -> Result<Self, Problem> {
        let internal = |e: std::io::Error| Problem::new(ErrorCode::Internal).at("listen").because(e);
        let address = listener.local_addr().map_err(internal)?;
        let local_token = LocalToken::publish(&site.data_folder, address)?;
        let access_options = AccessOptions {
            local_token: local_token.clone(),
            port: address.port(),
            skip_setup: options.entrance == Entrance::Demo,
        };
        let access = Access::start(site.store.clone(), access_options).await?;
        let live = site.config.live.clone();
        let app = App::new(Shared {
            site,
            access,
            metrics: Arc::default(),
            sockets: Sockets::default(),
            viewers: Viewers::new(live.max_viewers, live.stale_after_ms),
            edits: crate::notify::Edits::default(),
            snapshots: crate::snapshot::Snapshots::default(),
            checks_host: options.is_loopback() && !options.allow_plain_http,
            trusts_proxy: options.allow_plain_http,
        });
        app.viewers.set_stale_after_ms(app.settings().await?.stale_after_ms);
        let stop = CancellationToken::new();
        let task = tokio::spawn(serve(listener, router(&app), ServeLimits::default(), stop.clone()));
        Ok(Self { address, app, local_token, stop, task })
    }

    /// Where it really listens.
    pub const fn address(&self) -> SocketAddr {
        self.address
    }

    /// The address of the user interface.
    pub fn url(&self) -> String {
        format!("http://{}/", self.address)
    }

    /// An address that logs one window in as the local administrator, once within a quarter of an hour.
    pub fn one_time_url(&self) -> String {
        format!("{}?token={}", self.url(), self.app.access.one_time_token(ONE_TIME_LIFE).reveal())
    }

    /// The code that lets somebody create the first administrator; `None` when there is one.
    pub fn setup_code(&self) -> Option<String> {
        self.app.access.is_setup_needed().then(|| self.app.access.setup_code().reveal().to_owned())
    }

    /// Closes sockets and connections and ends every task. The site goes on.
    pub async fn stop(self) {
        self.local_token.withdraw();
        self.stop.cancel();
        self.app.sockets.stop(STOP_DEADLINE / 2).await;
        let abort = self.task.abort_handle();
        if tokio::time::timeout(STOP_DEADLINE / 2, self.task).await.is_err() {
            tracing::warn!("connections did not end in time; they are cut");
            abort.abort();
        }
        self.app.access.stop().await;
    }
}

/// Everything, outermost layer last.
fn router(app: &App) -> Router {
    let compressed =
        DefaultPredicate::new().and(NotForContentType::const_new("video/")).and(NotForContentType::const_new("font/"));
    let fixed = |name: &'static str, value: &'static str| {
        SetResponseHeaderLayer::if_not_present(HeaderName::from_static(name), HeaderValue::from_static(value))
    };
    routes::router(app)
        .fallback(ui::serve)
        .method_not_allowed_fallback(not_allowed)
        .layer(DefaultBodyLimit::max(MOST_BODY_BYTES))
        .layer(RequestBodyTimeoutLayer::new(BODY_TIMEOUT))
        .layer(middleware::from_fn_with_state(app.clone(), host))
        .layer(middleware::from_fn(render))
        .layer(CompressionLayer::new().compress_when(compressed))
        .layer(fixed("x-content-type-options", "nosniff"))
        .layer(fixed("x-frame-options", "DENY"))
        .layer(fixed("referrer-policy", "no-referrer"))
        .layer(fixed("cross-origin-opener-policy", "same-origin"))
        .layer(fixed("cross-origin-resource-policy", "same-origin"))
        .layer(fixed("permissions-policy", "geolocation=(), camera=(), microphone=()"))
        .layer(SetResponseHeaderLayer::if_not_present(
            header::CONTENT_SECURITY_POLICY,
            HeaderValue::from_static(
                "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'; base-uri 'none'",
            ),
        ))
        .layer(SetResponseHeaderLayer::if_not_present(header::CACHE_CONTROL, HeaderValue::from_static("no-store")))
        .layer(middleware::from_fn(with_id))
        .with_state(app.clone())
}

async fn not_allowed() -> axum::http::StatusCode {
    axum::http::StatusCode::METHOD_NOT_ALLOWED
}
