//! The site's key: Ed25519 (RFC 8032), in files that OpenSSL reads too.

use crate::{EvidenceError, digest::sha256_hex};
use base64::{Engine, engine::general_purpose::STANDARD};
use ring::{
    rand::{SecureRandom, SystemRandom},
    signature::{ED25519, Ed25519KeyPair, KeyPair, UnparsedPublicKey},
};
use std::{
    fs::{self, OpenOptions},
    io::{self, Write},
    path::Path,
};

const FILE: &str = "evidence.key";
/// PKCS #8 in front of the seed (RFC 8410, section 7).
const PRIVATE_HEAD: [u8; 16] = [0x30, 0x2e, 2, 1, 0, 0x30, 5, 6, 3, 0x2b, 0x65, 0x70, 4, 0x22, 4, 0x20];
/// SubjectPublicKeyInfo in front of the key (RFC 8410, section 4).
const PUBLIC_HEAD: [u8; 12] = [0x30, 0x2a, 0x30, 5, 6, 3, 0x2b, 0x65, 0x70, 3, 0x21, 0];
const SEED_BYTES: usize = 32;
/// No key file is longer.
const MOST_PEM_BYTES: u64 = 4096;

/// Signs what the site hands out. `Debug` shows nothing of it.
pub struct SiteKey(Ed25519KeyPair);

impl std::fmt::Debug for SiteKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "SiteKey({})", self.public().fingerprint())
    }
}

impl SiteKey {
    /// Reads `evidence.key` in the data folder, or makes it (mode 0600) at its first use.
    ///
    /// # Errors
    /// When it cannot be read or written, or holds something else. A damaged key is never replaced silently.
    pub fn open(data_folder: &Path) -> Result<Self, EvidenceError> {
        let path = data_folder.join(FILE);
        let text = match fs::read_to_string(&path) {
            Ok(text) => text,
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                make(&path)?;
                fs::read_to_string(&path).map_err(EvidenceError::file("read", &path))?
            }
            Err(error) => return Err(EvidenceError::file("read", &path)(error)),
        };
        let unusable = || EvidenceError::Key { path: path.clone() };
        let der = from_pem(&text, "PRIVATE KEY").ok_or_else(unusable)?;
        let seed = der.strip_prefix(PRIVATE_HEAD.as_slice()).ok_or_else(unusable)?;
        Ed25519KeyPair::from_seed_unchecked(seed).map(Self).map_err(|_| unusable())
    }

    pub fn public(&self) -> PublicKey {
        let mut bytes = [0; 32];
        bytes.copy_from_slice(self.0.public_key().as_ref());
        PublicKey(bytes)
    }

    /// 64 bytes.
    pub fn sign(&self, message: &[u8]) -> Vec<u8> {
        self.0.sign(message).as_ref().to_vec()
    }
}

fn make(path: &Path) -> Result<(), EvidenceError> {
    let mut der = [0; PRIVATE_HEAD.len() + SEED_BYTES];
    der[..PRIVATE_HEAD.len()].copy_from_slice(&PRIVATE_HEAD);
    SystemRandom::new().fill(&mut der[PRIVATE_HEAD.len()..]).map_err(|_| EvidenceError::Random)?;
    let beside = path.with_extension("new");
    let _ = fs::remove_file(&beside);
    let mut options = OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let fail = |error| EvidenceError::file("write", path)(error);
    let mut file = options.open(&beside).map_err(fail)?;
    file.write_all(to_pem(&der, "PRIVATE KEY").as_bytes()).map_err(fail)?;
    file.sync_all().map_err(fail)?;
    fs::rename(&beside, path).map_err(fail)
}

/// What tells whether this site signed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PublicKey([u8; 32]);

impl PublicKey {
    /// SHA-256 of the SubjectPublicKeyInfo, 64 hexadecimal digits.
    pub fn fingerprint(&self) -> String {
        sha256_hex(&self.der())
    }

    /// As OpenSSL reads it.
    pub fn pem(&self) -> String {
        to_pem(&self.der(), "PUBLIC KEY")
    }

    /// `None` for a text that holds no Ed25519 key.
    pub fn from_pem(text: &str) -> Option<Self> {
        let der = from_pem(text, "PUBLIC KEY")?;
        der.strip_prefix(PUBLIC_HEAD.as_slice())?.try_into().ok().map(Self)
    }

    /// # Errors
    /// When the file cannot be read or holds none.
    pub fn read(path: &Path) -> Result<Self, EvidenceError> {
        let size = fs::metadata(path).map_err(EvidenceError::file("read", path))?.len();
        if size > MOST_PEM_BYTES {
            return Err(EvidenceError::Key { path: path.to_owned() });
        }
        let text = fs::read(path).map_err(EvidenceError::file("read", path))?;
        Self::from_pem(&String::from_utf8_lossy(&text)).ok_or_else(|| EvidenceError::Key { path: path.to_owned() })
    }

    pub fn verifies(&self, message: &[u8], signature: &[u8]) -> bool {
        UnparsedPublicKey::new(&ED25519, self.0).verify(message, signature).is_ok()
    }

    fn der(self) -> Vec<u8> {
        [PUBLIC_HEAD.as_slice(), &self.0].concat()
    }
}

fn to_pem(der: &[u8], label: &str) -> String {
    format!("-----BEGIN {label}-----\n{}\n-----END {label}-----\n", STANDARD.encode(der))
}

/// RFC 7468; what stands around the block is passed over.
fn from_pem(text: &str, label: &str) -> Option<Vec<u8>> {
    let (_, rest) = text.split_once(&format!("-----BEGIN {label}-----"))?;
    let (body, _) = rest.split_once(&format!("-----END {label}-----"))?;
    STANDARD.decode(body.split_whitespace().collect::<String>()).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_key_is_made_once_and_signs() {
        let folder = tempfile::tempdir().unwrap();
        let key = SiteKey::open(folder.path()).unwrap();
        let again = SiteKey::open(folder.path()).unwrap();
        assert_eq!(key.public(), again.public());
        let public = PublicKey::from_pem(&key.public().pem()).unwrap();
        let signature = key.sign(b"message");
        assert_eq!(signature.len(), 64);
        assert!(public.verifies(b"message", &signature) && !public.verifies(b"massage", &signature));
        assert_eq!(public.fingerprint().len(), 64);
        let other = tempfile::tempdir().unwrap();
        assert!(!SiteKey::open(other.path()).unwrap().public().verifies(b"message", &signature));
    }

    #[test]
    fn a_damaged_key_is_told_and_kept() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join(FILE);
        for text in ["", "-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n"] {
            fs::write(&file, text).unwrap();
            assert!(matches!(SiteKey::open(folder.path()), Err(EvidenceError::Key { .. })), "{text}");
            assert_eq!(fs::read_to_string(&file).unwrap(), text);
        }
    }

    #[cfg(unix)]
    #[test]
    fn only_the_owner_reads_the_key() {
        use std::os::unix::fs::PermissionsExt;
        let folder = tempfile::tempdir().unwrap();
        SiteKey::open(folder.path()).unwrap();
        let mode = fs::metadata(folder.path().join(FILE)).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
    }

    /// OpenSSL verifies what we sign: nobody needs our program for it.
    #[test]
    fn openssl_agrees() {
        let folder = tempfile::tempdir().unwrap();
        let at = |name: &str| folder.path().join(name).display().to_string();
        let key = SiteKey::open(folder.path()).unwrap();
        fs::write(at("message"), b"message").unwrap();
        fs::write(at("sig"), key.sign(b"message")).unwrap();
        fs::write(at("pem"), key.public().pem()).unwrap();
        let run = |arguments: &[&str]| std::process::Command::new("openssl").args(arguments).output();
        let (message, sig, pem, private) = (at("message"), at("sig"), at("pem"), at(FILE));
        let verify = ["pkeyutl", "-verify", "-pubin", "-inkey", &pem, "-rawin", "-in", &message, "-sigfile", &sig];
        let Ok(verified) = run(&verify) else { return };
        assert!(verified.status.success(), "{}", String::from_utf8_lossy(&verified.stderr));
        let derived = run(&["pkey", "-in", &private, "-pubout"]).unwrap();
        assert_eq!(PublicKey::from_pem(&String::from_utf8_lossy(&derived.stdout)), Some(key.public()));
    }
}
