//! The certificate a site makes for itself, so that passwords are never sent in the clear. Browsers ask once; the
//! fingerprint tells people what they should be seeing.

use super::{certificate::Certificate, source::read_pair};
use crate::private_file;
use base64::{Engine, engine::general_purpose::STANDARD};
use std::{
    net::{IpAddr, Ipv4Addr, SocketAddr, UdpSocket},
    path::{Path, PathBuf},
    time::{Duration, SystemTime, UNIX_EPOCH},
};
use watchwall_model::{ErrorCode, Problem, UtcMillis};

const DAY: Duration = Duration::from_secs(24 * 3_600);
/// As long as the strictest browsers take one that no authority signed.
const HOLDS: Duration = Duration::from_secs(825 * 24 * 3_600);
/// Renewed when less than this is left.
const RENEW_BEFORE: Duration = Duration::from_secs(30 * 24 * 3_600);

/// Where it lies and whom it names.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OwnFiles {
    pub certificate: PathBuf,
    pub key: PathBuf,
    names: Vec<String>,
}

impl OwnFiles {
    pub fn new(data_folder: &Path, names: Vec<String>) -> Self {
        Self { certificate: data_folder.join("tls-certificate.pem"), key: data_folder.join("tls-key.pem"), names }
    }
}

/// The one that lies there, while it holds; else a new one.
pub fn obtain(files: &OwnFiles) -> Result<Certificate, Problem> {
    let soon = UtcMillis::now() + RENEW_BEFORE;
    match read_pair(&files.certificate, &files.key) {
        Ok(certificate) if certificate.expires_at() > soon => return Ok(certificate),
        Ok(_) => tracing::info!("the site's own certificate ends soon; it is renewed"),
        Err(_) if !files.certificate.exists() => {}
        Err(problem) => tracing::warn!(error = %problem, "the site's own certificate is made anew"),
    }
    make(files, SystemTime::now())?;
    read_pair(&files.certificate, &files.key)
}

fn make(files: &OwnFiles, now: SystemTime) -> Result<(), Problem> {
    let internal = |e: rcgen::Error| Problem::new(ErrorCode::Internal).at("make_certificate").because(e);
    let mut params = rcgen::CertificateParams::new(files.names.clone()).map_err(internal)?;
    params.distinguished_name.push(rcgen::DnType::CommonName, "Watchwall");
    params.key_usages = vec![rcgen::KeyUsagePurpose::DigitalSignature];
    params.extended_key_usages = vec![rcgen::ExtendedKeyUsagePurpose::ServerAuth];
    let epoch = rcgen::date_time_ymd(1970, 1, 1);
    let now = now.duration_since(UNIX_EPOCH).unwrap_or_default();
    // A client whose clock is a little behind believes it too.
    params.not_before = epoch + now.saturating_sub(DAY);
    params.not_after = epoch + now + HOLDS;
    let key = rcgen::KeyPair::generate().map_err(internal)?;
    let made = params.self_signed(&key).map_err(internal)?;
    let pairs = [
        // The key first: whoever finds a certificate must find its key.
        (&files.key, pem("PRIVATE KEY", &key.serialize_der())),
        (&files.certificate, pem("CERTIFICATE", made.der())),
    ];
    for (file, text) in pairs {
        private_file::write(file, &text).map_err(|e| {
            Problem::new(ErrorCode::Internal).at("write_certificate").with("path", file.display()).because(e)
        })?;
    }
    Ok(())
}

/// RFC 7468.
fn pem(label: &str, der: &[u8]) -> String {
    let text = STANDARD.encode(der);
    let mut out = format!("-----BEGIN {label}-----\n");
    for line in text.as_bytes().chunks(64) {
        out.extend(line.iter().map(|byte| char::from(*byte)));
        out.push('\n');
    }
    out.push_str(&format!("-----END {label}-----\n"));
    out
}

/// Names and addresses under which a browser may reach a site that listens there.
pub fn names(listen: SocketAddr) -> Vec<String> {
    let mut names = vec!["localhost".to_owned()];
    if let Some(host) = host_name() {
        if !host.contains('.') {
            names.push(format!("{host}.local"));
        }
        names.push(host);
    }
    let mut addresses = vec![IpAddr::V4(Ipv4Addr::LOCALHOST), IpAddr::V6(std::net::Ipv6Addr::LOCALHOST)];
    let ip = listen.ip().to_canonical();
    if ip.is_unspecified() {
        addresses.extend(outward_address())
    } else {
        addresses.push(ip)
    }
    names.extend(addresses.iter().map(ToString::to_string));
    names.sort();
    names.dedup();
    names
}

fn host_name() -> Option<String> {
    let from_file = |path| std::fs::read_to_string(path).ok();
    let name = from_file("/proc/sys/kernel/hostname").or_else(|| from_file("/etc/hostname"));
    let name = name.or_else(|| std::env::var("COMPUTERNAME").ok())?.trim().to_lowercase();
    let is_plain = name.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-' || b == b'.');
    (!name.is_empty() && is_plain && name != "localhost").then_some(name)
}

/// The address this machine would send from. Nothing is sent: the address of the far end is for documentation only
/// (RFC 5737).
fn outward_address() -> Option<IpAddr> {
    let socket = UdpSocket::bind((Ipv4Addr::UNSPECIFIED, 0)).ok()?;
    socket.connect((Ipv4Addr::new(192, 0, 2, 1), 9)).ok()?;
    socket.local_addr().ok().map(|address| address.ip()).filter(|ip| !ip.is_unspecified())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tls::{Tls, TlsSource, inspect};
    use std::fs;

    fn files(folder: &Path) -> OwnFiles {
        OwnFiles::new(folder, names(SocketAddr::from(([192, 0, 2, 7], 443))))
    }

    #[test]
    fn it_is_made_once_and_renewed_near_its_end() {
        let folder = tempfile::tempdir().unwrap();
        let files = files(folder.path());
        let first = obtain(&files).unwrap();
        assert_eq!(obtain(&files).unwrap().fingerprint(), first.fingerprint());
        let days = (first.expires_at() - UtcMillis::now()) / 86_400_000;
        assert!((823..=825).contains(&days), "{days}");
        let check = |age_days: u32, is_renewed: bool| {
            make(&files, SystemTime::now() - DAY * age_days).unwrap();
            let old = read_pair(&files.certificate, &files.key).unwrap();
            assert_eq!(obtain(&files).unwrap().fingerprint() != old.fingerprint(), is_renewed, "{age_days}");
        };
        check(700, false);
        check(800, true);
        check(900, true);
    }

    #[test]
    fn its_key_is_private_and_a_damaged_pair_is_replaced() {
        let folder = tempfile::tempdir().unwrap();
        let files = files(folder.path());
        let first = obtain(&files).unwrap();
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt;
            assert_eq!(fs::metadata(&files.key).unwrap().permissions().mode() & 0o777, 0o600);
        }
        fs::write(&files.key, "gone").unwrap();
        assert_ne!(obtain(&files).unwrap().fingerprint(), first.fingerprint());
    }

    #[test]
    fn given_files_are_checked() {
        let folder = tempfile::tempdir().unwrap();
        let (one, two) = (folder.path().join("one"), folder.path().join("two"));
        fs::create_dir(&one).unwrap();
        fs::create_dir(&two).unwrap();
        let (one, two) = (files(&one), files(&two));
        obtain(&one).unwrap();
        obtain(&two).unwrap();
        let nothing = folder.path().join("nothing.pem");
        let words = folder.path().join("words.pem");
        fs::write(&words, "-----BEGIN CERTIFICATE-----\nhunter2\n").unwrap();
        let check = |certificate: &Path, key: &Path, expect: Option<ErrorCode>| {
            let source = TlsSource::Given { certificate: certificate.into(), key: key.into() };
            let found = inspect(&source).map(|report| assert!(report.is_some_and(|report| !report.is_own)));
            if let Err(problem) = &found {
                assert!(problem.params.contains_key("path"), "{problem}");
                assert!(!problem.to_string().contains("hunter2"), "{problem}");
            }
            assert_eq!(found.err().map(|p| p.code), expect, "{} {}", certificate.display(), key.display());
        };
        check(&one.certificate, &one.key, None);
        check(&one.certificate, &two.key, Some(ErrorCode::TlsKeyMismatch));
        check(&nothing, &one.key, Some(ErrorCode::TlsCertificateUnreadable));
        check(&words, &one.key, Some(ErrorCode::TlsCertificateUnreadable));
        check(&one.key, &one.key, Some(ErrorCode::TlsCertificateUnreadable));
        check(&one.certificate, &nothing, Some(ErrorCode::TlsKeyUnreadable));
        check(&one.certificate, &one.certificate, Some(ErrorCode::TlsKeyUnreadable));
    }

    #[test]
    fn a_renewed_file_is_taken_and_a_broken_one_is_not() {
        let folder = tempfile::tempdir().unwrap();
        let files = files(folder.path());
        obtain(&files).unwrap();
        let given = TlsSource::Given { certificate: files.certificate.clone(), key: files.key.clone() };
        let tls = Tls::open(given).unwrap();
        let first = tls.report().fingerprint;
        make(&files, SystemTime::now()).unwrap();
        tls.refresh();
        let second = tls.report().fingerprint;
        assert_ne!(second, first);
        fs::write(&files.certificate, "half").unwrap();
        tls.refresh();
        assert_eq!(tls.report().fingerprint, second);
    }

    #[test]
    fn it_names_this_machine() {
        let check = |listen: [u8; 4], name: &str| {
            let names = names(SocketAddr::from((listen, 443)));
            assert!(names.iter().any(|one| one == name), "{names:?}");
        };
        check([0, 0, 0, 0], "localhost");
        check([0, 0, 0, 0], "127.0.0.1");
        check([192, 0, 2, 7], "192.0.2.7");
    }
}
