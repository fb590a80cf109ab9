//! `local-token` and `server.json` in the data folder: how tools and the desktop of the same user find a running
//! site and act as its administrator. Both are readable by their owner only and gone after a clean stop.

use super::token::Token;
use crate::private_file;
use serde::{Deserialize, Serialize};
use std::{
    fs, io,
    net::SocketAddr,
    path::{Path, PathBuf},
};
use watchwall_model::{ErrorCode, Problem};

/// Made anew at each start.
#[derive(Clone, Debug)]
pub struct LocalToken {
    hash: [u8; 32],
    files: Option<Files>,
}

#[derive(Clone, Debug)]
struct Files {
    token: PathBuf,
    record: PathBuf,
}

/// `server.json`.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct ServerRecord {
    /// Speaks plain HTTP, to this machine only when the site speaks TLS to others.
    pub address: SocketAddr,
    pub pid: u32,
}

impl LocalToken {
    pub const TOKEN_FILE: &'static str = "local-token";
    pub const RECORD_FILE: &'static str = "server.json";

    /// Writes both files.
    ///
    /// # Errors
    /// `internal` with the file that cannot be written.
    pub fn publish(folder: &Path, address: SocketAddr) -> Result<Self, Problem> {
        let token = Token::random()?;
        let files = Files { token: folder.join(Self::TOKEN_FILE), record: folder.join(Self::RECORD_FILE) };
        let record = serde_json::to_string(&ServerRecord { address, pid: std::process::id() });
        let record = record.map_err(|e| Problem::new(ErrorCode::Internal).at("write_server_record").because(e))?;
        // The token first: whoever finds the record must be able to use it.
        for (file, text) in [(&files.token, token.reveal()), (&files.record, record.as_str())] {
            private_file::write(file, text).map_err(|e| {
                Problem::new(ErrorCode::Internal).at("write_local_token").with("path", file.display()).because(e)
            })?;
        }
        Ok(Self { hash: token.hash(), files: Some(files) })
    }

    pub fn matches(&self, token: &Token) -> bool {
        token.hash() == self.hash
    }

    /// Removes both files.
    pub fn withdraw(&self) {
        let Some(files) = &self.files else { return };
        for file in [&files.record, &files.token] {
            if let Err(error) = fs::remove_file(file)
                && error.kind() != io::ErrorKind::NotFound
            {
                tracing::warn!(path = %file.display(), "cannot remove: {error}");
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_are_private_and_renewed() {
        let folder = tempfile::tempdir().unwrap();
        let address = SocketAddr::from(([127, 0, 0, 1], 1));
        let first = LocalToken::publish(folder.path(), address).unwrap();
        let second = LocalToken::publish(folder.path(), address).unwrap();
        let text = fs::read_to_string(folder.path().join(LocalToken::TOKEN_FILE)).unwrap();
        assert!(second.matches(&Token::received(&text)) && !first.matches(&Token::received(&text)));
        #[cfg(unix)]
        for name in [LocalToken::TOKEN_FILE, LocalToken::RECORD_FILE] {
            use std::os::unix::fs::PermissionsExt;
            let mode = fs::metadata(folder.path().join(name)).unwrap().permissions().mode();
            assert_eq!(mode & 0o777, 0o600, "{name}");
        }
        second.withdraw();
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 0);
    }
}
