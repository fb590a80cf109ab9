//! aiosmtpd as a process of its own.

use super::certificates;
use serde::Deserialize;
use std::{
    process::{Command, Stdio},
    time::Duration,
};
use tokio::{
    io::{AsyncBufReadExt, BufReader, Lines},
    process::{Child, ChildStdout},
    time::timeout,
};

const PYTHON: &str = "/usr/bin/python3";
const PATIENCE: Duration = Duration::from_secs(20);

/// What arrived.
#[derive(Debug, Deserialize)]
pub struct Letter {
    pub from: String,
    pub to: Vec<String>,
    pub content: String,
    pub is_encrypted: bool,
    pub is_logged_in: bool,
}

pub struct MailServer {
    pub port: u16,
    /// PEM of who signed its certificate.
    pub authority: String,
    said: Lines<BufReader<ChildStdout>>,
    _child: Child,
    _folder: tempfile::TempDir,
}

/// `AIOSMTPD_PATH` says where the module lies when it is not installed.
fn python() -> Command {
    let mut command = Command::new(PYTHON);
    if let Some(path) = std::env::var_os("AIOSMTPD_PATH") {
        command.env("PYTHONPATH", path);
    }
    command
}

fn is_there() -> bool {
    let tried = python().args(["-c", "import aiosmtpd"]).stdout(Stdio::null()).stderr(Stdio::null()).status();
    tried.is_ok_and(|status| status.success())
}

impl MailServer {
    /// `None`, with a word why, where there is none.
    pub async fn start(mode: &str) -> Option<Self> {
        if !is_there() {
            println!("skipped: aiosmtpd is not there (AIOSMTPD_PATH)");
            return None;
        }
        let certificates = certificates::server("127.0.0.1");
        let folder = tempfile::tempdir().unwrap();
        let (certificate, key) = (folder.path().join("certificate.pem"), folder.path().join("key.pem"));
        std::fs::write(&certificate, &certificates.certificate).unwrap();
        std::fs::write(&key, &certificates.key).unwrap();
        let mut command = python();
        command.args(["-c", include_str!("mail_server.py"), mode]);
        if matches!(mode, "starttls" | "tls") {
            command.arg(&certificate).arg(&key);
        }
        let mut command = tokio::process::Command::from(command);
        let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).kill_on_drop(true).spawn().unwrap();
        let mut said = BufReader::new(child.stdout.take().unwrap()).lines();
        let port = timeout(PATIENCE, said.next_line()).await.unwrap().unwrap().unwrap().parse().unwrap();
        Some(Self { port, authority: certificates.authority, said, _child: child, _folder: folder })
    }

    pub async fn letter(&mut self) -> Letter {
        let line = timeout(PATIENCE, self.said.next_line()).await.expect("a letter arrived").unwrap().unwrap();
        serde_json::from_str(&line).unwrap()
    }
}
