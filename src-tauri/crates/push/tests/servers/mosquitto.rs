//! mosquitto as a process of its own, and its listener.

use super::{certificates, until};
use std::{
    path::{Path, PathBuf},
    process::Stdio,
    time::Duration,
};
use tokio::{
    io::{AsyncBufReadExt, BufReader, Lines},
    net::TcpStream,
    process::{Child, ChildStdout, Command},
    time::timeout,
};

pub const USER: &str = "wall";
pub const PASSWORD: &str = "hunter2";

/// How the broker is set up.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Door {
    Open,
    Login,
    Tls,
}

pub struct Mosquitto {
    pub port: u16,
    /// PEM of who signed its certificate.
    pub authority: String,
    program: PathBuf,
    child: Child,
    folder: tempfile::TempDir,
}

/// `MOSQUITTO_BIN`, or the one installed.
fn program() -> Option<PathBuf> {
    let named = std::env::var_os("MOSQUITTO_BIN").map(PathBuf::from);
    named.into_iter().chain(["/usr/sbin/mosquitto".into()]).find(|path| path.is_file())
}

/// Another program of the same packages. Unpacked instead of installed, their libraries lie beside them.
fn beside(program: &Path, name: &str) -> Command {
    let usr = program.parent().and_then(Path::parent).unwrap();
    let mut command = Command::new(usr.join(name));
    let libraries = std::fs::read_dir(usr.join("lib")).into_iter().flatten().flatten().map(|entry| entry.path());
    let libraries: Vec<PathBuf> = libraries.filter(|path| path.join("libmosquitto.so.1").exists()).collect();
    command.env("LD_LIBRARY_PATH", std::env::join_paths(libraries).unwrap());
    command
}

impl Mosquitto {
    /// `None`, with a word why, where there is none.
    pub async fn start(door: Door) -> Option<Self> {
        let Some(program) = program() else {
            println!("skipped: mosquitto is not there (MOSQUITTO_BIN)");
            return None;
        };
        let folder = tempfile::tempdir().unwrap();
        // Taken and given back a moment before it is used; mosquitto takes no listening socket.
        let port = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        let certificates = certificates::server("127.0.0.1");
        let write = |name: &str, text: &str| {
            let path = folder.path().join(name);
            std::fs::write(&path, text).unwrap();
            path.display().to_string()
        };
        let mut text = format!("listener {port} 127.0.0.1\nuser root\npersistence false\nlog_type all\n");
        match door {
            Door::Open => text.push_str("allow_anonymous true\n"),
            Door::Login => {
                let users = write("users", &format!("{USER}:{PASSWORD}\n"));
                let hashed = beside(&program, "bin/mosquitto_passwd").args(["-U", &users]).status().await.unwrap();
                assert!(hashed.success());
                let rights = write("rights", &format!("user {USER}\ntopic write allowed/#\n"));
                text.push_str(&format!("allow_anonymous false\npassword_file {users}\nacl_file {rights}\n"));
            }
            Door::Tls => {
                let (certificate, key) =
                    (write("certificate.pem", &certificates.certificate), write("key.pem", &certificates.key));
                text.push_str(&format!("allow_anonymous true\ncertfile {certificate}\nkeyfile {key}\n"));
            }
        }
        let configuration = write("mosquitto.conf", &text);
        let log = std::fs::File::create(folder.path().join("log")).unwrap();
        let mut command = beside(&program, "sbin/mosquitto");
        command.args(["-c", &configuration]).stdin(Stdio::null()).stdout(Stdio::null()).stderr(log).kill_on_drop(true);
        let child = command.spawn().unwrap();
        until("the broker", async || TcpStream::connect(("127.0.0.1", port)).await.ok()).await;
        Some(Self { port, authority: certificates.authority, program, child, folder })
    }

    pub fn log(&self) -> String {
        std::fs::read_to_string(self.folder.path().join("log")).unwrap()
    }

    /// Somebody who hears everything.
    pub async fn listener(&self) -> Listener {
        let mut command = beside(&self.program, "bin/mosquitto_sub");
        command.args([
            "-h",
            "127.0.0.1",
            "-p",
            &self.port.to_string(),
            "-t",
            "#",
            "-q",
            "1",
            "-F",
            "%t %q %p",
            "-i",
            "ear",
        ]);
        command.stdin(Stdio::null()).stdout(Stdio::piped()).kill_on_drop(true);
        let mut child = command.spawn().unwrap();
        let said = BufReader::new(child.stdout.take().unwrap()).lines();
        until("somebody listens", async || self.log().contains("Sending SUBACK to ear").then_some(())).await;
        Listener { said, _child: child }
    }

    pub async fn stop(mut self) -> u16 {
        self.child.kill().await.unwrap();
        self.port
    }
}

pub struct Listener {
    said: Lines<BufReader<ChildStdout>>,
    _child: Child,
}

impl Listener {
    /// Topic, quality of service and payload.
    pub async fn heard(&mut self) -> (String, String, serde_json::Value) {
        let line = timeout(Duration::from_secs(10), self.said.next_line()).await.expect("a message arrived");
        let line = line.unwrap().unwrap();
        let (topic, rest) = line.split_once(' ').unwrap();
        let (quality, payload) = rest.split_once(' ').unwrap();
        (topic.to_owned(), quality.to_owned(), serde_json::from_str(payload).unwrap())
    }
}
