//! A certificate and its key, checked against each other.

use super::provider;
use sha2::{Digest, Sha256};
use std::{sync::Arc, time::Duration};
use tokio_rustls::rustls::{
    Error as TlsError, InconsistentKeys,
    pki_types::{CertificateDer, PrivateKeyDer, UnixTime},
    sign::CertifiedKey,
};
use watchwall_model::UtcMillis;
use webpki::{EndEntityCert, KeyUsage};

/// The year 9999: everything has ended by then.
const FAR_FUTURE: Duration = Duration::from_secs(253_402_300_799);

pub struct Certificate {
    key: Arc<CertifiedKey>,
    fingerprint: String,
    expires_at: UtcMillis,
}

/// Why two files are no certificate with its key.
#[derive(Debug)]
pub enum Fault {
    Certificate(String),
    Key(String),
    /// Each is fine; they do not belong together.
    Mismatch,
}

impl Certificate {
    /// `chain` begins with the site's own certificate.
    ///
    /// # Errors
    /// What is wrong with either, or with both together.
    pub fn new(chain: Vec<CertificateDer<'static>>, key: PrivateKeyDer<'static>) -> Result<Self, Fault> {
        let leaf = chain.first().ok_or_else(|| Fault::Certificate("it holds no certificate".to_owned()))?;
        let fingerprint = fingerprint(leaf);
        let expires_at = end_of(leaf)?;
        let key = CertifiedKey::from_der(chain, key, &provider()).map_err(|error| match error {
            TlsError::InconsistentKeys(InconsistentKeys::KeyMismatch) => Fault::Mismatch,
            TlsError::InvalidCertificate(error) => Fault::Certificate(format!("{error:?}")),
            error => Fault::Key(error.to_string()),
        })?;
        Ok(Self { key: Arc::new(key), fingerprint, expires_at })
    }

    pub fn fingerprint(&self) -> &str {
        &self.fingerprint
    }

    pub const fn expires_at(&self) -> UtcMillis {
        self.expires_at
    }

    pub fn key(&self) -> Arc<CertifiedKey> {
        Arc::clone(&self.key)
    }
}

fn fingerprint(leaf: &CertificateDer<'_>) -> String {
    let hash = Sha256::digest(leaf.as_ref());
    hash.iter().map(|byte| format!("{byte:02X}")).collect::<Vec<_>>().join(":")
}

/// `notAfter` (RFC 5280, section 4.1.2.5). The library only says whether a moment is too late; so it is asked about the
/// latest one, and names the end in its refusal.
fn end_of(leaf: &CertificateDer<'_>) -> Result<UtcMillis, Fault> {
    let unreadable = |error: webpki::Error| Fault::Certificate(format!("{error:?}"));
    let parsed = EndEntityCert::try_from(leaf).map_err(unreadable)?;
    let latest = UnixTime::since_unix_epoch(FAR_FUTURE);
    match parsed.verify_for_usage(&[], &[], &[], latest, KeyUsage::server_auth(), None, None) {
        Err(webpki::Error::CertExpired { not_after, .. }) => {
            Ok(UtcMillis(i64::try_from(not_after.as_secs()).unwrap_or(i64::MAX / 1_000).saturating_mul(1_000)))
        }
        Err(webpki::Error::InvalidCertValidity) => Err(unreadable(webpki::Error::InvalidCertValidity)),
        // It has no end (RFC 5280, section 4.1.2.5: 99991231235959Z).
        _ => Ok(UtcMillis(i64::try_from(FAR_FUTURE.as_secs()).unwrap_or(i64::MAX / 1_000).saturating_mul(1_000))),
    }
}
