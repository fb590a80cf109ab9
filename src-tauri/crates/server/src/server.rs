//! Starting and stopping.

use crate::{
    access::{Access, AccessOptions, LocalToken, host, with_id},
    app::{App, Shared},
    error::render,
    live::Viewers,
    net::{Door, Entry, Names, Scheme, ServeLimits, Sockets, bind, serve},
    routes,
    tls::{Tls, TlsReport, TlsSource, inspect, own_names},
    ui,
};
use axum::{
    Router,
    extract::DefaultBodyLimit,
    http::{HeaderName, HeaderValue, header},
    middleware,
};
use std::{
    net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr},
    path::{Path, PathBuf},
    sync::Arc,
    time::Duration,
};
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
#[derive(Clone, Debug)]
pub struct ServerOptions {
    /// Port 0 takes a free one.
    pub listen: SocketAddr,
    /// Beyond loopback, plain HTTP must be wished for: a proxy in front speaks TLS.
    pub allow_plain_http: bool,
    /// Given together, or neither.
    pub tls_certificate: Option<PathBuf>,
    pub tls_key: Option<PathBuf>,
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
        Self {
            listen: config.listen,
            allow_plain_http: config.allow_plain_http,
            tls_certificate: config.tls_certificate.clone(),
            tls_key: config.tls_key.clone(),
            entrance: Entrance::SetUp,
        }
    }
}

impl ServerOptions {
    fn is_loopback(&self) -> bool {
        self.listen.ip().to_canonical().is_loopback()
    }

    /// The certificate to serve with; `None` is plain HTTP.
    ///
    /// # Errors
    /// `config_invalid` when only one of the two files is named.
    pub fn tls(&self, data_folder: &Path) -> Result<Option<TlsSource>, Problem> {
        let missing = |key| Problem::new(ErrorCode::ConfigInvalid).with("key", key).with("value", "").at("start_tls");
        match (&self.tls_certificate, &self.tls_key) {
            (Some(certificate), Some(key)) => {
                Ok(Some(TlsSource::Given { certificate: certificate.clone(), key: key.clone() }))
            }
            (Some(_), None) => Err(missing("server.tls_key")),
            (None, Some(_)) => Err(missing("server.tls_certificate")),
            (None, None) if self.is_loopback() || self.allow_plain_http => Ok(None),
            (None, None) => Ok(Some(TlsSource::own(data_folder, own_names(self.listen)))),
        }
    }
}

/// A bound address, before there is a site to serve on it.
pub struct Listener {
    public: TcpListener,
    /// Plain HTTP for windows and tools of this machine, where the public one speaks TLS or is not reached by loopback.
    local: Option<TcpListener>,
}

/// A site being served.
pub struct Server {
    address: SocketAddr,
    /// The same port as `address` when that speaks plain HTTP itself.
    local_address: SocketAddr,
    app: App,
    local_token: LocalToken,
    stop: CancellationToken,
    tasks: Vec<JoinHandle<()>>,
}

impl Server {
    /// # Errors
    /// `address_in_use`, `config_invalid`, and what is wrong with a given certificate: `tls_certificate_unreadable`,
    /// `tls_key_unreadable`, `tls_key_mismatch`.
    pub async fn bind(options: &ServerOptions, data_folder: &Path) -> Result<Listener, Problem> {
        let tls = options.tls(data_folder)?;
        if let Some(given) = tls.as_ref().filter(|source| !source.is_own()) {
            inspect(given)?;
        }
        let public = bind(options.listen).await?;
        let ip = options.listen.ip().to_canonical();
        let local = match tls.is_some() || !(ip.is_loopback() || ip.is_unspecified()) {
            true => Some(bind(SocketAddr::from((Ipv4Addr::LOCALHOST, 0))).await?),
            false => None,
        };
        Ok(Listener { public, local })
    }

    /// # Errors
    /// When database or data folder cannot be used.
    pub async fn start(site: Arc<Site>, listener: Listener, options: ServerOptions) -> Result<Self, Problem> {
        let internal = |e: std::io::Error| Problem::new(ErrorCode::Internal).at("listen").because(e);
        let address = listener.public.local_addr().map_err(internal)?;
        let local_address = listener.local.as_ref().map_or(Ok(address), TcpListener::local_addr).map_err(internal)?;
        let local_address = by_loopback(local_address);
        let tls = options.tls(&site.data_folder)?.map(Tls::open).transpose()?;
        let local_token = LocalToken::publish(&site.data_folder, local_address)?;
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
            playback_groups: crate::playback::group::Groups::default(),
            board: crate::notify::Board::default(),
            edits: crate::notify::Edits::default(),
            snapshots: crate::snapshot::Snapshots::default(),
            trusts_proxy: options.allow_plain_http && tls.is_none(),
            tls: tls.clone(),
        });
        app.viewers.set_stale_after_ms(app.settings().await?.stale_after_ms);
        let stop = CancellationToken::new();
        let serve_on =
            |listener, entry| tokio::spawn(serve(listener, entry, router(&app), ServeLimits::default(), stop.clone()));
        let local_door = Door { scheme: Scheme::Http, names: Names::Loopback };
        let mut tasks = Vec::new();
        match &tls {
            Some(tls) => {
                let door = Door { scheme: Scheme::Https, names: Names::Any };
                tasks.push(serve_on(listener.public, Entry { door, tls: Some(tls.acceptor()?) }));
                tasks.push(tokio::spawn(Arc::clone(tls).keep(stop.clone())));
            }
            None if options.is_loopback() && !options.allow_plain_http => {
                tasks.push(serve_on(listener.public, Entry { door: local_door, tls: None }));
            }
            None => tasks.push(serve_on(listener.public, Entry { door: Door::default(), tls: None })),
        }
        if let Some(local) = listener.local {
            tasks.push(serve_on(local, Entry { door: local_door, tls: None }));
        }
        Ok(Self { address, local_address, app, local_token, stop, tasks })
    }

    /// Where it really listens.
    pub const fn address(&self) -> SocketAddr {
        self.address
    }

    /// Where windows and tools of this machine are spoken to in plain HTTP.
    pub const fn local_address(&self) -> SocketAddr {
        self.local_address
    }

    /// The address of the user interface.
    pub fn url(&self) -> String {
        let scheme = if self.app.tls.is_some() { "https" } else { "http" };
        format!("{scheme}://{}/", self.address)
    }

    /// The certificate in use; `None` for plain HTTP.
    pub fn tls(&self) -> Option<TlsReport> {
        self.app.tls.as_ref().map(|tls| tls.report())
    }

    /// An address that logs one window of this machine in as the local administrator, once within a quarter of an hour.
    pub fn one_time_url(&self) -> String {
        let token = self.app.access.one_time_token(ONE_TIME_LIFE);
        format!("http://{}/?token={}", self.local_address, token.reveal())
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
        let aborts: Vec<_> = self.tasks.iter().map(JoinHandle::abort_handle).collect();
        if tokio::time::timeout(STOP_DEADLINE / 2, futures::future::join_all(self.tasks)).await.is_err() {
            tracing::warn!("connections did not end in time; they are cut");
            aborts.iter().for_each(tokio::task::AbortHandle::abort);
        }
        self.app.access.stop().await;
    }
}

/// All addresses of this machine are reached by this one, and local tools only by it.
fn by_loopback(mut address: SocketAddr) -> SocketAddr {
    match address.ip() {
        IpAddr::V4(ip) if ip.is_unspecified() => address.set_ip(Ipv4Addr::LOCALHOST.into()),
        IpAddr::V6(ip) if ip.is_unspecified() => address.set_ip(Ipv6Addr::LOCALHOST.into()),
        _ => {}
    }
    address
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
        .layer(middleware::from_fn(host))
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
