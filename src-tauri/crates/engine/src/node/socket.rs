//! The connection to a site.

use crate::{EngineError, EngineOptions};
use std::{fs, io, sync::Arc, time::Duration};
use tokio::{
    io::{AsyncRead, AsyncWrite},
    net::TcpStream,
    time::timeout,
};
use tokio_rustls::{
    TlsConnector,
    rustls::{
        ClientConfig, RootCertStore,
        crypto::ring,
        pki_types::{CertificateDer, ServerName, pem::PemObject},
    },
};
use tokio_tungstenite::{
    WebSocketStream, client_async_with_config,
    tungstenite::{self, client::IntoClientRequest, http::HeaderValue, protocol::WebSocketConfig},
};
use watchwall_engine_protocol::MOST_MESSAGE_BYTES;

const CONNECT_WITHIN: Duration = Duration::from_secs(10);

/// TCP, with or without TLS.
pub trait Stream: AsyncRead + AsyncWrite + Unpin + Send {}

impl<T: AsyncRead + AsyncWrite + Unpin + Send> Stream for T {}

pub type Socket = WebSocketStream<Box<dyn Stream>>;

/// Opens connections to one site.
#[derive(Clone)]
pub struct Dialler {
    options: Arc<EngineOptions>,
    tls: Option<TlsConnector>,
}

impl Dialler {
    /// # Errors
    /// A certificate that cannot be read.
    pub fn new(options: Arc<EngineOptions>) -> Result<Self, EngineError> {
        let tls = if options.site.is_tls { Some(connector(&options)?) } else { None };
        Ok(Self { options, tls })
    }

    /// # Errors
    /// In words for the log.
    pub async fn dial(&self) -> Result<Socket, tungstenite::Error> {
        let late = |_| tungstenite::Error::Io(io::ErrorKind::TimedOut.into());
        timeout(CONNECT_WITHIN, self.open()).await.map_err(late)?
    }

    async fn open(&self) -> Result<Socket, tungstenite::Error> {
        let site = &self.options.site;
        let tcp = TcpStream::connect((site.host.as_str(), site.port)).await?;
        tcp.set_nodelay(true)?;
        let stream: Box<dyn Stream> = match &self.tls {
            Some(tls) => {
                let name = ServerName::try_from(site.host.clone()).map_err(io::Error::other)?;
                Box::new(tls.connect(name, tcp).await?)
            }
            None => Box::new(tcp),
        };
        let mut request = site.url().into_client_request()?;
        if let Some(token) = &self.options.token {
            let mut header = HeaderValue::from_str(&format!("Bearer {}", token.reveal()))?;
            header.set_sensitive(true);
            request.headers_mut().insert("authorization", header);
        }
        let config = WebSocketConfig::default().max_message_size(Some(2 * MOST_MESSAGE_BYTES));
        let (socket, _) = client_async_with_config(request, stream, Some(config)).await?;
        Ok(socket)
    }
}

fn connector(options: &EngineOptions) -> Result<TlsConnector, EngineError> {
    let mut roots = RootCertStore::empty();
    match &options.certificate {
        Some(path) => {
            let file = path.display().to_string();
            let pem = fs::read(path).map_err(|because| EngineError::File { file: file.clone(), because })?;
            let certificates = CertificateDer::pem_slice_iter(&pem).filter_map(Result::ok);
            if roots.add_parsable_certificates(certificates).0 == 0 {
                return Err(EngineError::Certificate { file });
            }
        }
        None => roots.extend(webpki_roots::TLS_SERVER_ROOTS.iter().cloned()),
    }
    let config = ClientConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_safe_default_protocol_versions()
        .expect("ring can do the protocol versions that rustls has by default")
        .with_root_certificates(roots)
        .with_no_client_auth();
    Ok(TlsConnector::from(Arc::new(config)))
}
