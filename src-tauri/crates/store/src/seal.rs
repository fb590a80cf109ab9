//! Secrets at rest: XChaCha20-Poly1305 under a key file that only the owner can read.

use crate::StoreError;
use chacha20poly1305::{
    AeadCore, KeyInit, XChaCha20Poly1305, XNonce,
    aead::{Aead, OsRng},
};
use std::{fs, io::Write, path::Path, sync::Arc};
use watchwall_model::Secret;

const FILE: &str = "secret.key";
const KEY_BYTES: usize = 32;
const NONCE_BYTES: usize = 24;

/// Seals and opens secrets with the site's key. Cheap to clone; `Debug` shows nothing of the key.
#[derive(Clone)]
pub struct Seal(Arc<XChaCha20Poly1305>);

impl std::fmt::Debug for Seal {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Seal(***)")
    }
}

impl Seal {
    /// Reads `secret.key` in the data folder, or makes it (mode 0600) on the first start.
    pub fn open(folder: &Path) -> Result<Self, StoreError> {
        let path = folder.join(FILE);
        let fail = |what: &'static str| {
            let path = path.clone();
            move |source| StoreError::File { what, path, source }
        };
        let key = match fs::read(&path) {
            Ok(key) => key,
            Err(e) if e.kind() == std::io::ErrorKind::NotFound => {
                let key = XChaCha20Poly1305::generate_key(&mut OsRng).to_vec();
                write_private(&path, &key).map_err(fail("write the key file"))?;
                key
            }
            Err(e) => return Err(fail("read the key file")(e)),
        };
        if key.len() != KEY_BYTES {
            return Err(StoreError::Value { what: format!("{FILE} must hold {KEY_BYTES} bytes") });
        }
        let cipher = XChaCha20Poly1305::new_from_slice(&key)
            .map_err(|_| StoreError::Value { what: format!("{FILE} is not a key") })?;
        Ok(Self(Arc::new(cipher)))
    }

    /// 24-byte nonce, then the sealed text.
    pub fn seal(&self, secret: &Secret) -> Result<Vec<u8>, StoreError> {
        let nonce = XChaCha20Poly1305::generate_nonce(&mut OsRng);
        let sealed = self
            .0
            .encrypt(&nonce, secret.reveal().as_bytes())
            .map_err(|_| StoreError::Value { what: "a secret is too long to seal".into() })?;
        Ok([nonce.as_slice(), &sealed].concat())
    }

    /// `Value` when it was sealed with another key or tampered with.
    pub fn open_sealed(&self, sealed: &[u8]) -> Result<Secret, StoreError> {
        let unreadable = || StoreError::Value { what: "a secret was sealed with another key".into() };
        let (nonce, text) = sealed.split_at_checked(NONCE_BYTES).ok_or_else(unreadable)?;
        let open = self.0.decrypt(XNonce::from_slice(nonce), text).map_err(|_| unreadable())?;
        String::from_utf8(open).map(Secret::new).map_err(|_| unreadable())
    }
}

fn write_private(path: &Path, bytes: &[u8]) -> std::io::Result<()> {
    let mut options = fs::OpenOptions::new();
    options.create_new(true).write(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let mut file = options.open(path)?;
    file.write_all(bytes)?;
    file.sync_all()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_sealed_opens_again_and_only_with_the_same_key() {
        let (one, other) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
        let sealed = Seal::open(one.path()).unwrap().seal(&Secret::new("pässwörd")).unwrap();
        assert!(!sealed.windows(4).any(|w| w == b"ssw\xc3"));
        assert_eq!(Seal::open(one.path()).unwrap().open_sealed(&sealed).unwrap().reveal(), "pässwörd");
        assert!(Seal::open(other.path()).unwrap().open_sealed(&sealed).is_err());
        assert!(Seal::open(one.path()).unwrap().open_sealed(b"short").is_err());
    }

    #[cfg(unix)]
    #[test]
    fn only_the_owner_reads_the_key() {
        use std::os::unix::fs::PermissionsExt;
        let folder = tempfile::tempdir().unwrap();
        Seal::open(folder.path()).unwrap();
        let mode = fs::metadata(folder.path().join(FILE)).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
    }
}
