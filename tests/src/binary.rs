//! The real `watchwall` command in a process of its own.

use anyhow::{Context, Result, ensure};
use std::{
    path::{Path, PathBuf},
    process::{ExitStatus, Stdio},
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};
use tokio::{
    io::{AsyncBufReadExt, AsyncRead, BufReader},
    process::{Child, Command},
    task::JoinHandle,
};

/// A running command. Killed when dropped.
pub struct Binary {
    child: Child,
    output: Arc<Mutex<Vec<String>>>,
    /// Each ends when its pipe does.
    readers: Vec<JoinHandle<()>>,
}

const READY_WITHIN: Duration = Duration::from_secs(30);

impl Binary {
    /// The command's file: `WATCHWALL_BIN`, or the one beside the tests, built first when it is not fresh.
    ///
    /// # Errors
    /// When it cannot be built.
    pub fn file() -> Result<PathBuf> {
        if let Some(file) = std::env::var_os("WATCHWALL_BIN") {
            return Ok(file.into());
        }
        let cargo = std::env::var("CARGO").unwrap_or_else(|_| "cargo".to_owned());
        let mut build = std::process::Command::new(cargo);
        build.args(["build", "--quiet", "--package", "watchwall-headless", "--bin", "watchwall"]);
        ensure!(build.status().context("cargo build")?.success(), "watchwall could not be built");
        // .../target/debug/deps/it-0123 -> .../target/debug/watchwall
        let tests = std::env::current_exe()?;
        let folder = tests.parent().and_then(Path::parent).context("no target folder")?;
        let file = folder.join(if cfg!(windows) { "watchwall.exe" } else { "watchwall" });
        ensure!(file.exists(), "{} is not there", file.display());
        Ok(file)
    }

    /// # Errors
    /// When it cannot be started.
    pub fn start(arguments: &[&str], log_level: &str) -> Result<Self> {
        let mut command = Command::new(Self::file()?);
        command.args(arguments).env("WATCHWALL_LOG__LEVEL", log_level);
        Self::spawn(command)
    }

    /// Any program that ends by itself or on SIGTERM.
    ///
    /// # Errors
    /// When it cannot be started.
    pub fn spawn(mut command: Command) -> Result<Self> {
        command.kill_on_drop(true);
        let mut child = command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn()?;
        let output: Arc<Mutex<Vec<String>>> = Arc::default();
        let readers = vec![
            collect("out", child.stdout.take().context("no stdout")?, &output),
            collect("err", child.stderr.take().context("no stderr")?, &output),
        ];
        Ok(Self { child, output, readers })
    }

    /// Waits for the line `ready http://ADDR/`; answers the address without the last slash.
    ///
    /// # Errors
    /// When it does not come in time.
    pub async fn ready(&self) -> Result<String> {
        crate::until("the ready line", READY_WITHIN, async || {
            let lines = self.lines("out");
            lines.iter().find_map(|line| line.strip_prefix("ready ").map(|url| url.trim_end_matches('/').to_owned()))
        })
        .await
        .with_context(|| self.everything())
    }

    /// Lines of standard output (`out`) or standard error (`err`).
    pub fn lines(&self, from: &str) -> Vec<String> {
        let output = self.output.lock().unwrap_or_else(PoisonError::into_inner);
        output.iter().filter_map(|line| line.strip_prefix(from)?.strip_prefix(' ').map(ToOwned::to_owned)).collect()
    }

    pub fn everything(&self) -> String {
        self.output.lock().unwrap_or_else(PoisonError::into_inner).join("\n")
    }

    /// Of the running process.
    ///
    /// # Errors
    /// When it has ended.
    pub fn id(&self) -> Result<u32> {
        self.child.id().context("it has ended")
    }

    /// Sends SIGTERM.
    ///
    /// # Errors
    /// When the process is gone already.
    pub fn terminate(&self) -> Result<()> {
        let pid = self.id()?;
        let sent = std::process::Command::new("kill").args(["-TERM", &pid.to_string()]).status()?;
        ensure!(sent.success(), "kill failed");
        Ok(())
    }

    /// Sends SIGKILL and waits until it is gone.
    ///
    /// # Errors
    /// When that cannot be done.
    pub async fn kill(&mut self) -> Result<()> {
        self.child.kill().await.context("kill")
    }

    /// Waits for the end, and for everything it said.
    ///
    /// # Errors
    /// When it does not end in time.
    pub async fn ended(&mut self, within: Duration) -> Result<ExitStatus> {
        let status = crate::soon("the end of the program", within, self.child.wait()).await??;
        for reader in self.readers.drain(..) {
            crate::soon("the end of its output", within, reader).await??;
        }
        Ok(status)
    }
}

fn collect(
    name: &'static str,
    from: impl AsyncRead + Unpin + Send + 'static,
    into: &Arc<Mutex<Vec<String>>>,
) -> JoinHandle<()> {
    let into = Arc::clone(into);
    tokio::spawn(async move {
        let mut lines = BufReader::new(from).lines();
        while let Ok(Some(line)) = lines.next_line().await {
            into.lock().unwrap_or_else(PoisonError::into_inner).push(format!("{name} {line}"));
        }
    })
}
