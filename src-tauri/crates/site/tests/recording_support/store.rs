//! A real S3 server on loopback: signatures are checked, objects are files, and it can be killed and come back.

use http_server::serve;
use s3s::{auth::SimpleAuth, service::S3Service, service::S3ServiceBuilder};
use std::path::{Path, PathBuf};
use tokio::{net::TcpListener, task::JoinHandle};
use watchwall_model::{ObjectPlace, Secret};

pub const BUCKET: &str = "recordings";
pub const ACCESS_KEY: &str = "site";
pub const SECRET_KEY: &str = "open-sesame";

pub struct ObjectServer {
    root: PathBuf,
    port: u16,
    running: Option<JoinHandle<()>>,
}

impl ObjectServer {
    /// With one empty bucket.
    pub async fn start(root: &Path) -> Self {
        std::fs::create_dir_all(root.join(BUCKET)).unwrap();
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let running = Some(tokio::spawn(serve(listener, service(root))));
        Self { root: root.to_owned(), port, running }
    }

    /// Ends as a killed process does: connections break, what was not finished is not there.
    pub async fn kill(&mut self) {
        let running = self.running.take().unwrap();
        running.abort();
        let _ = running.await;
    }

    pub async fn restart(&mut self) {
        assert!(self.running.is_none());
        let listener = TcpListener::bind(("127.0.0.1", self.port)).await.unwrap();
        self.running = Some(tokio::spawn(serve(listener, service(&self.root))));
    }

    pub fn place(&self, prefix: &str) -> ObjectPlace {
        ObjectPlace {
            endpoint: format!("http://127.0.0.1:{}", self.port),
            region: ObjectPlace::DEFAULT_REGION.into(),
            bucket: BUCKET.into(),
            prefix: prefix.into(),
            access_key: ACCESS_KEY.into(),
            secret_key: Secret::new(SECRET_KEY),
            limit_bytes: 1 << 40,
        }
    }

    /// Where the objects of a prefix lie as files.
    pub fn folder(&self, prefix: &str) -> PathBuf {
        self.root.join(BUCKET).join(prefix)
    }
}

fn service(root: &Path) -> S3Service {
    let mut builder = S3ServiceBuilder::new(s3s_fs::FileSystem::new(root).unwrap());
    builder.set_auth(SimpleAuth::from_single(ACCESS_KEY, SECRET_KEY));
    builder.build()
}

mod http_server {
    use hyper::server::conn::http1;
    use hyper_util::rt::TokioIo;
    use s3s::service::S3Service;
    use tokio::{net::TcpListener, task::JoinSet};

    pub async fn serve(listener: TcpListener, service: S3Service) {
        // They end with this task.
        let mut connections = JoinSet::new();
        loop {
            tokio::select! {
                accepted = listener.accept() => {
                    let Ok((socket, _)) = accepted else { return };
                    let service = service.clone();
                    connections.spawn(async move {
                        // A client that leaves is none of our concern.
                        let _ = http1::Builder::new().serve_connection(TokioIo::new(socket), service).await;
                    });
                }
                Some(_) = connections.join_next() => {}
            }
        }
    }
}
