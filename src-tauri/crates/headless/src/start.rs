//! Starting and stopping everything in the right order.

use crate::{built_in_engine::BuiltInEngine, demo};
use std::{
    net::SocketAddr,
    path::{Path, PathBuf},
    sync::Arc,
    time::Duration,
};
use watchwall_camsim::Farm;
use watchwall_model::{Problem, config::Config};
use watchwall_server::{Entrance, Listener, Server, ServerOptions, TlsReport};
use watchwall_site::{Site, SiteOptions};

/// What a start needs to know.
#[derive(Clone, Debug)]
pub struct StartOptions {
    pub data_folder: PathBuf,
    pub config: Config,
    /// Virtual cameras to run beside the site; `None` for a real one.
    pub demo_cameras: Option<u32>,
}

impl StartOptions {
    /// For the desktop window: loopback, any free port.
    pub fn desktop(data_folder: PathBuf, demo_cameras: Option<u32>) -> Self {
        let mut config = Config::default();
        config.server.listen = SocketAddr::from(([127, 0, 0, 1], 0));
        Self { data_folder, config, demo_cameras }
    }
}

/// A running site with its server.
pub struct Running {
    site: Arc<Site>,
    server: Server,
    farm: Option<Farm>,
    engine: Option<BuiltInEngine>,
    one_time_url: String,
}

/// # Errors
/// Whatever site, server or demo refuse to start with; nothing is left running then.
pub async fn start(options: StartOptions) -> Result<Running, Problem> {
    let StartOptions { data_folder, config, demo_cameras } = options;
    let entrance = if demo_cameras.is_some() { Entrance::Demo } else { Entrance::SetUp };
    let server_options = ServerOptions { entrance, ..ServerOptions::from(&config.server) };
    // An address that is taken or not allowed must not cost a database migration first.
    let listener = Server::bind(&server_options, &data_folder).await?;
    let with_engine = config.analytics.built_in_engine;
    let site = Site::start(SiteOptions { data_folder: data_folder.clone(), config }).await?;
    match open(&site, listener, server_options, &data_folder, demo_cameras).await {
        Ok((server, farm)) => {
            let one_time_url = server.one_time_url();
            let engine = with_engine.then(|| BuiltInEngine::start(server.local_address(), &data_folder)).flatten();
            Ok(Running { site, server, farm, engine, one_time_url })
        }
        Err(problem) => {
            site.stop().await;
            Err(problem)
        }
    }
}

async fn open(
    site: &Arc<Site>,
    listener: Listener,
    options: ServerOptions,
    data_folder: &Path,
    demo_cameras: Option<u32>,
) -> Result<(Server, Option<Farm>), Problem> {
    let farm = match demo_cameras {
        Some(cameras) => {
            let farm = demo::start_farm(data_folder, cameras).await?;
            demo::populate(site, &farm, cameras).await?;
            demo::give_task(site).await?;
            Some(farm)
        }
        None => None,
    };
    let server = Server::start(site.clone(), listener, options).await?;
    Ok((server, farm))
}

impl Running {
    pub fn address(&self) -> SocketAddr {
        self.server.address()
    }

    /// The address of the user interface, for browsers anywhere.
    pub fn url(&self) -> String {
        self.server.url()
    }

    /// The certificate in use; `None` for plain HTTP.
    pub fn tls(&self) -> Option<TlsReport> {
        self.server.tls()
    }

    /// Opens the UI logged in, or at the first run; works once.
    pub fn one_time_url(&self) -> &str {
        &self.one_time_url
    }

    /// Printed by a headless first start; `None` once an administrator exists.
    pub fn setup_code(&self) -> Option<String> {
        self.server.setup_code()
    }

    /// Ends requests, recordings and cameras; all files are closed when it returns.
    pub async fn stop(self, deadline: Duration) {
        let all = async {
            if let Some(engine) = self.engine {
                engine.stop().await;
            }
            self.server.stop().await;
            self.site.stop().await;
            if let Some(farm) = self.farm {
                farm.shutdown().await;
            }
        };
        if tokio::time::timeout(deadline, all).await.is_err() {
            tracing::error!("the site did not stop in time");
        }
    }
}
