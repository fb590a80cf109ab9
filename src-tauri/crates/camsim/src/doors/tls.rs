//! RTSP over TLS (`rtsps`), with a certificate the camera signed itself, as cameras do.

use super::{GREETING, accept};
use crate::{CamsimError, house::House, rtsp::Door};
use std::{net::SocketAddr, sync::Arc};
use tokio::{io::copy_bidirectional, net::TcpStream, time::timeout};
use tokio_rustls::{
    TlsAcceptor,
    rustls::{ServerConfig, crypto::ring, pki_types::PrivatePkcs8KeyDer},
};

/// Opens the way from this door to the plain port. Fails when no certificate can be made.
pub(crate) fn serve(
    house: Arc<House>,
    door: Door,
    plain: SocketAddr,
) -> Result<impl Future<Output = ()> + Send, CamsimError> {
    let acceptor = acceptor(&door.address.ip().to_string())?;
    Ok(accept(house, door, move |socket| {
        let acceptor = acceptor.clone();
        async move {
            let mut outside = timeout(GREETING, acceptor.accept(socket)).await??;
            let mut inside = TcpStream::connect(plain).await?;
            inside.set_nodelay(true)?;
            copy_bidirectional(&mut outside, &mut inside).await.map(|_| ())
        }
    }))
}

pub(crate) fn acceptor(host: &str) -> Result<TlsAcceptor, CamsimError> {
    let refused = |reason: String| CamsimError::Certificate { reason };
    let made = rcgen::generate_simple_self_signed([host.to_owned()]).map_err(|e| refused(e.to_string()))?;
    let key = PrivatePkcs8KeyDer::from(made.key_pair.serialize_der());
    let config = ServerConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_safe_default_protocol_versions()
        .and_then(|config| config.with_no_client_auth().with_single_cert(vec![made.cert.der().clone()], key.into()))
        .map_err(|e| refused(e.to_string()))?;
    Ok(TlsAcceptor::from(Arc::new(config)))
}
