//! Where the certificate comes from.

use super::{
    certificate::{Certificate, Fault},
    own::{self, OwnFiles},
};
use std::{
    fs, io,
    path::{Path, PathBuf},
};
use tokio_rustls::rustls::pki_types::{
    CertificateDer, PrivateKeyDer,
    pem::{Error as PemError, PemObject},
};
use watchwall_model::{ErrorCode, Problem};

/// Two files somebody gave, or our own pair in the data folder.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum TlsSource {
    Given {
        /// PEM, the site's own certificate first.
        certificate: PathBuf,
        /// PEM: PKCS #8, PKCS #1 or SEC 1.
        key: PathBuf,
    },
    Own(OwnFiles),
}

impl TlsSource {
    /// Our own in this data folder, for a site reached by these names and addresses besides the machine's.
    pub fn own(data_folder: &Path, names: Vec<String>) -> Self {
        Self::Own(OwnFiles::new(data_folder, names))
    }

    pub const fn is_own(&self) -> bool {
        matches!(self, Self::Own(_))
    }

    pub fn certificate_file(&self) -> &Path {
        match self {
            Self::Given { certificate, .. } => certificate,
            Self::Own(files) => &files.certificate,
        }
    }

    /// Reads it; makes or renews our own.
    pub(super) fn obtain(&self) -> Result<Certificate, Problem> {
        match self {
            Self::Given { certificate, key } => read_pair(certificate, key),
            Self::Own(files) => own::obtain(files),
        }
    }

    /// Reads it. `None` when our own is not there.
    pub(super) fn read(&self) -> Result<Option<Certificate>, Problem> {
        match self {
            Self::Given { certificate, key } => read_pair(certificate, key).map(Some),
            Self::Own(files) if !files.certificate.exists() => Ok(None),
            Self::Own(files) => read_pair(&files.certificate, &files.key).map(Some),
        }
    }
}

/// # Errors
/// `tls_certificate_unreadable`, `tls_key_unreadable`, `tls_key_mismatch`.
pub fn read_pair(certificate: &Path, key: &Path) -> Result<Certificate, Problem> {
    let named = |code, path: &Path| Problem::new(code).with("path", path.display()).at("read_certificate");
    let bad_certificate = |why: String| named(ErrorCode::TlsCertificateUnreadable, certificate).because(why);
    let bad_key = |why: String| named(ErrorCode::TlsKeyUnreadable, key).because(why);
    let text = read(certificate).map_err(|e| bad_certificate(e.to_string()))?;
    let chain = CertificateDer::pem_slice_iter(&text).collect::<Result<Vec<_>, _>>();
    let chain = chain.map_err(|e| bad_certificate(said(&e)))?;
    let text = read(key).map_err(|e| bad_key(e.to_string()))?;
    let pair = PrivateKeyDer::from_pem_slice(&text).map_err(|e| bad_key(said(&e)))?;
    Certificate::new(chain, pair).map_err(|fault| match fault {
        Fault::Certificate(why) => bad_certificate(why),
        Fault::Key(why) => bad_key(why),
        Fault::Mismatch => named(ErrorCode::TlsKeyMismatch, certificate).with("key_path", key.display()),
    })
}

/// More than any certificate; a wrong path may lead to a film.
const MOST_BYTES: u64 = 1024 * 1024;

fn read(file: &Path) -> io::Result<Vec<u8>> {
    if fs::metadata(file)?.len() > MOST_BYTES {
        return Err(io::Error::new(io::ErrorKind::InvalidData, "this is no certificate or key: it is too large"));
    }
    fs::read(file)
}

/// Names what is missing, and quotes nothing: the text may be a key.
fn said(error: &PemError) -> String {
    match error {
        PemError::NoItemsFound => "it holds nothing of this kind in PEM form".to_owned(),
        PemError::IllegalSectionStart { .. } => "a PEM section begins wrongly".to_owned(),
        PemError::MissingSectionEnd { .. } => "a PEM section has no end".to_owned(),
        PemError::Base64Decode(_) => "a PEM section cannot be decoded".to_owned(),
        _ => "it cannot be read".to_owned(),
    }
}
