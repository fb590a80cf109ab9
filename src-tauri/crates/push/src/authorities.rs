//! Who is believed to be whom: the public authorities, and those a site adds.

use std::{fmt, sync::Arc};
use tokio_rustls::rustls::{
    ClientConfig, RootCertStore,
    crypto::ring,
    pki_types::{CertificateDer, pem::PemObject},
};

const MOST: usize = 20;

/// Own authorities of a target.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct Authorities {
    pem: Arc<str>,
}

impl Authorities {
    /// `None` when one of them is no certificate of an authority, or there is none. A private key has no place in a
    /// setting, which many may see.
    pub fn read(pem: &str) -> Option<Self> {
        if pem.contains("PRIVATE KEY") {
            return None;
        }
        let authorities = Self { pem: pem.into() };
        let mut roots = RootCertStore::empty();
        let certificates: Vec<_> =
            CertificateDer::pem_slice_iter(pem.as_bytes()).take(MOST + 1).collect::<Result<_, _>>().ok()?;
        if certificates.is_empty() || certificates.len() > MOST {
            return None;
        }
        certificates.into_iter().try_for_each(|certificate| roots.add(certificate)).ok()?;
        Some(authorities)
    }

    pub fn pem(&self) -> &str {
        &self.pem
    }
}

impl fmt::Debug for Authorities {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Authorities")
    }
}

/// TLS of a client that believes the public authorities and these.
pub fn tls(own: Option<&Authorities>) -> ClientConfig {
    let mut roots = RootCertStore { roots: webpki_roots::TLS_SERVER_ROOTS.to_vec() };
    if let Some(own) = own {
        roots.add_parsable_certificates(CertificateDer::pem_slice_iter(own.pem.as_bytes()).flatten());
    }
    ClientConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_safe_default_protocol_versions()
        .expect("ring knows the versions that are safe")
        .with_root_certificates(roots)
        .with_no_client_auth()
}
