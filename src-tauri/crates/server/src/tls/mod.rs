//! TLS of the front door: which certificate, how long it holds, and changing it without a restart.
//!
//! [`source`] says where the certificate comes from, [`own`] makes one when nobody gave one, [`certificate`] checks it
//! against its key. [`Tls::keep`] is one task of the server: it reads given files again when they were renewed, and
//! renews our own before it ends. Must not live here: accepting connections; that is `net`.

mod certificate;
mod own;
mod source;

pub use certificate::Certificate;
pub use own::names as own_names;
pub use source::TlsSource;

use std::{
    fmt,
    sync::{Arc, PoisonError, RwLock},
    time::Duration,
};
use tokio_rustls::{
    TlsAcceptor,
    rustls::{
        ServerConfig,
        crypto::{CryptoProvider, ring},
        server::{ClientHello, ResolvesServerCert},
        sign::CertifiedKey,
    },
};
use tokio_util::sync::CancellationToken;
use watchwall_model::{ErrorCode, Problem, UtcMillis};

/// Files are looked at again this often.
const LOOK_EVERY: Duration = Duration::from_secs(3_600);
/// A given certificate that ends sooner is somebody's task.
const SOON: Duration = Duration::from_secs(14 * 24 * 3_600);

/// What a person may want to know of the certificate in use.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TlsReport {
    /// SHA-256 of the certificate, in pairs of hexadecimal digits with colons between.
    pub fingerprint: String,
    pub expires_at: UtcMillis,
    /// Made by this site itself, so that browsers ask before they believe it.
    pub is_own: bool,
    /// File of the certificate.
    pub path: String,
}

impl TlsReport {
    /// What is wrong with it, or soon will be.
    pub fn trouble(&self, now: UtcMillis) -> Option<&'static str> {
        if self.expires_at <= now {
            Some("tls_certificate_expired")
        } else if !self.is_own && self.expires_at <= now + SOON {
            Some("tls_certificate_ends")
        } else {
            None
        }
    }
}

/// The certificate in use. Shared by all connections.
pub struct Tls {
    source: TlsSource,
    current: RwLock<Arc<Certificate>>,
}

impl Tls {
    /// Reads the certificate, or makes it.
    ///
    /// # Errors
    /// `tls_certificate_unreadable`, `tls_key_unreadable`, `tls_key_mismatch`, each with `path`; `internal` when our own
    /// cannot be written.
    pub fn open(source: TlsSource) -> Result<Arc<Self>, Problem> {
        let certificate = source.obtain()?;
        let tls = Arc::new(Self { source, current: RwLock::new(Arc::new(certificate)) });
        tls.complain();
        Ok(tls)
    }

    pub fn report(&self) -> TlsReport {
        let certificate = self.certificate();
        TlsReport {
            fingerprint: certificate.fingerprint().to_owned(),
            expires_at: certificate.expires_at(),
            is_own: self.source.is_own(),
            path: self.source.certificate_file().display().to_string(),
        }
    }

    /// What accepts connections with whatever certificate is in use then.
    ///
    /// # Errors
    /// `internal`: never with the cryptography we build with.
    pub fn acceptor(self: &Arc<Self>) -> Result<TlsAcceptor, Problem> {
        let mut config = ServerConfig::builder_with_provider(provider())
            .with_safe_default_protocol_versions()
            .map_err(|e| Problem::new(ErrorCode::Internal).at("start_tls").because(e))?
            .with_no_client_auth()
            .with_cert_resolver(Arc::new(Resolver(Arc::clone(self))));
        config.alpn_protocols = vec![b"http/1.1".to_vec()];
        Ok(TlsAcceptor::from(Arc::new(config)))
    }

    /// Follows the files until stopped.
    pub async fn keep(self: Arc<Self>, stop: CancellationToken) {
        loop {
            tokio::select! {
                () = stop.cancelled() => return,
                () = tokio::time::sleep(LOOK_EVERY) => {}
            }
            let tls = Arc::clone(&self);
            if let Err(error) = tokio::task::spawn_blocking(move || tls.refresh()).await {
                tracing::error!(error = %error, "the certificate could not be looked at");
            }
        }
    }

    /// Takes what the files hold now. What cannot be used leaves the old one in use.
    pub fn refresh(&self) {
        match self.source.obtain() {
            Ok(fresh) if fresh.fingerprint() != self.certificate().fingerprint() => {
                tracing::info!(fingerprint = fresh.fingerprint(), "another certificate is in use");
                *self.current.write().unwrap_or_else(PoisonError::into_inner) = Arc::new(fresh);
            }
            Ok(_) => {}
            Err(problem) => tracing::error!(error = %problem, "the new certificate cannot be used; the old one stays"),
        }
        self.complain();
    }

    fn complain(&self) {
        let report = self.report();
        if let Some(trouble) = report.trouble(UtcMillis::now()) {
            tracing::warn!(
                code = trouble,
                path = report.path,
                expires_at = report.expires_at.0,
                "renew the certificate"
            );
        }
    }

    fn certificate(&self) -> Arc<Certificate> {
        Arc::clone(&self.current.read().unwrap_or_else(PoisonError::into_inner))
    }
}

/// What a start with this source would serve, without making anything. `None`: our own is not made yet.
///
/// # Errors
/// As [`Tls::open`].
pub fn inspect(source: &TlsSource) -> Result<Option<TlsReport>, Problem> {
    let Some(certificate) = source.read()? else { return Ok(None) };
    Ok(Some(TlsReport {
        fingerprint: certificate.fingerprint().to_owned(),
        expires_at: certificate.expires_at(),
        is_own: source.is_own(),
        path: source.certificate_file().display().to_string(),
    }))
}

struct Resolver(Arc<Tls>);

impl fmt::Debug for Resolver {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Resolver")
    }
}

impl ResolvesServerCert for Resolver {
    fn resolve(&self, _: ClientHello<'_>) -> Option<Arc<CertifiedKey>> {
        Some(self.0.certificate().key())
    }
}

fn provider() -> Arc<CryptoProvider> {
    Arc::new(ring::default_provider())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn certificates_near_their_end_are_named() {
        let day = 24 * 3_600_000;
        let check = |days: i64, is_own: bool, expect: Option<&str>| {
            let now = UtcMillis(1_700_000_000_000);
            let report = TlsReport {
                fingerprint: String::new(),
                expires_at: UtcMillis(now.0 + days * day),
                is_own,
                path: String::new(),
            };
            assert_eq!(report.trouble(now), expect, "{days}");
        };
        check(60, false, None);
        check(10, false, Some("tls_certificate_ends"));
        check(10, true, None);
        check(-1, false, Some("tls_certificate_expired"));
        check(-1, true, Some("tls_certificate_expired"));
    }
}
