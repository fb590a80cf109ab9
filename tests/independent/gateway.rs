//! lighttpd asks for the login before an open device: HTTP Digest as another server does it, with MD5 and with SHA-256.

use crate::scene::{PASSWORD, USER, look, onboard, site};
use anyhow::{Context, Result};
use std::{
    net::SocketAddr,
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    time::Duration,
};
use tokio::net::TcpStream;
use watchwall_camsim::{CameraSpec, DeviceSpec, Farm, FarmOptions, SoapLogin, StreamSpec};
use watchwall_tests::until;

/// A running lighttpd; ends with the test.
struct Gateway {
    child: Child,
    address: SocketAddr,
    _folder: tempfile::TempDir,
}

impl Drop for Gateway {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// `LIGHTTPD_BIN`, or the one installed.
fn program() -> Option<PathBuf> {
    let named = std::env::var_os("LIGHTTPD_BIN").map(PathBuf::from);
    named.into_iter().chain(["/usr/sbin/lighttpd".into()]).find(|path| path.is_file())
}

impl Gateway {
    async fn start(program: &Path, algorithm: &str, device: SocketAddr) -> Result<Self> {
        let folder = tempfile::tempdir()?;
        // Taken and given back a moment before it is used; lighttpd takes no listening socket.
        let address = std::net::TcpListener::bind("127.0.0.1:0")?.local_addr()?;
        let users = folder.path().join("users");
        std::fs::write(&users, format!("{USER}:{PASSWORD}\n"))?;
        let configuration = folder.path().join("gateway.conf");
        let text = format!(
            "server.document-root = \"{root}\"\nserver.bind = \"127.0.0.1\"\nserver.port = {port}\n\
             server.modules = (\"mod_auth\", \"mod_authn_file\", \"mod_proxy\")\n\
             auth.backend = \"plain\"\nauth.backend.plain.userfile = \"{users}\"\n\
             auth.require = (\"/\" => (\"method\" => \"digest\", \"algorithm\" => \"{algorithm}\", \"realm\" => \"gate\", \
             \"require\" => \"valid-user\"))\n\
             proxy.server = (\"/\" => ((\"host\" => \"{host}\", \"port\" => {device_port})))\n",
            root = folder.path().display(),
            port = address.port(),
            users = users.display(),
            host = device.ip(),
            device_port = device.port(),
        );
        std::fs::write(&configuration, text)?;
        let mut command = Command::new(program);
        command.arg("-D").arg("-f").arg(&configuration).stdin(Stdio::null()).stdout(Stdio::null());
        // Unpacked instead of installed, its modules lie beside it.
        let modules = program.parent().and_then(Path::parent).map(|usr| usr.join("lib/lighttpd"));
        if let Some(modules) = modules.filter(|folder| folder.is_dir()) {
            command.arg("-m").arg(modules);
        }
        let child = command.spawn().with_context(|| format!("starting {}", program.display()))?;
        let gateway = Self { child, address, _folder: folder };
        until("the gateway", Duration::from_secs(10), async || TcpStream::connect(address).await.ok()).await?;
        Ok(gateway)
    }
}

async fn is_passed(algorithm: &str) -> Result<()> {
    let Some(program) = program() else {
        println!("skipped: lighttpd is not there (LIGHTTPD_BIN)");
        return Ok(());
    };
    let camera = CameraSpec::new("behind a door", StreamSpec::live(640, 360, 10));
    let device = DeviceSpec { login: SoapLogin::Open, ..DeviceSpec::new("Behind a door", vec![0]) };
    let farm = Farm::start(FarmOptions { devices: vec![device], ..FarmOptions::new(vec![camera]) }).await?;
    let inner = farm.device_url(0)?;
    let (authority, path) = inner.trim_start_matches("http://").split_once('/').context("a device without a path")?;
    let gateway = Gateway::start(&program, algorithm, authority.parse()?).await?;
    let url = format!("http://{}/{path}", gateway.address);
    let site = site().await?;

    let refused = look(&site, &url, "wrong").await?;
    assert_eq!(refused.code(), "credentials_wrong", "{}", refused.text);
    let seen = look(&site, &url, PASSWORD).await?.ok()?.json;
    assert_eq!(seen["device"]["login"], "digest", "{seen}");
    let (_, camera) = onboard(&site, &url, PASSWORD).await?;
    site.health_is(&camera, "online").await?;

    site.stop().await;
    drop(gateway);
    farm.shutdown().await;
    Ok(())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn lighttpd_asks_for_digest_with_md5() -> Result<()> {
    is_passed("MD5").await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn lighttpd_asks_for_digest_with_sha_256() -> Result<()> {
    is_passed("SHA-256").await
}
