//! Networks of their own for tests: Linux network namespaces joined by cables, gone after the test.

use crate::Binary;
use anyhow::{Context, Result, ensure};
use std::process::Stdio;
use tokio::{io::AsyncWriteExt, process::Command};

/// Namespaces of one test, each named by a letter. Removed when dropped, with everything that is in them.
pub struct Network {
    prefix: String,
    names: Vec<char>,
}

/// The namespaces with these letters, loopback up; `None`, and a line that says why, where the system gives none.
///
/// # Errors
/// When they can be made and then do not work.
pub async fn network_or_skip(test: &str, names: &[char]) -> Result<Option<Network>> {
    if !cfg!(target_os = "linux") {
        return skip("they are of Linux");
    }
    sweep().await;
    // Names of interfaces have fifteen characters at most.
    let prefix = format!("ww{}{test}", std::process::id());
    let mut network = Network { prefix, names: Vec::new() };
    for name in names {
        let made = ip(&["netns", "add", &network.namespace(*name)]).await;
        if let Err(error) = made {
            return skip(&format!("{error:#}"));
        }
        network.names.push(*name);
        network.ip(*name, "link set lo up").await?;
        // Addresses that are being checked for twins cannot be used for a second.
        network.set(*name, "net/ipv6/conf/all/accept_dad", "0").await?;
        network.set(*name, "net/ipv6/conf/default/accept_dad", "0").await?;
    }
    Ok(Some(network))
}

impl Network {
    /// A cable from one namespace to another; its ends carry the other's letter and the number.
    ///
    /// # Errors
    /// When it cannot be laid.
    pub async fn cable(&self, one: char, other: char, number: u32) -> Result<()> {
        let (end, far) = (format!("{other}{number}"), format!("{one}{number}"));
        let (near, away) = (self.namespace(one), self.namespace(other));
        ip(&["link", "add", &end, "netns", &near, "type", "veth", "peer", "name", &far, "netns", &away]).await?;
        self.ip(one, &format!("link set {end} up")).await?;
        self.ip(other, &format!("link set {far} up")).await
    }

    /// `ip` in a namespace.
    ///
    /// # Errors
    /// When it refuses.
    pub async fn ip(&self, name: char, words: &str) -> Result<()> {
        let namespace = self.namespace(name);
        let words: Vec<&str> = ["-n", &namespace].into_iter().chain(words.split(' ')).collect();
        ip(&words).await
    }

    /// Gives an interface addresses, all at once.
    ///
    /// # Errors
    /// When one is refused.
    pub async fn addresses(&self, name: char, interface: &str, addresses: &[String]) -> Result<()> {
        let lines: String = addresses.iter().map(|address| format!("addr add {address} dev {interface}\n")).collect();
        let mut command = Command::new("ip");
        command.args(["-n", &self.namespace(name), "-batch", "-"]).stdin(Stdio::piped()).stderr(Stdio::piped());
        let mut child = command.spawn().context("ip")?;
        child.stdin.take().context("no stdin")?.write_all(lines.as_bytes()).await?;
        let ended = child.wait_with_output().await?;
        ensure!(ended.status.success(), "ip -batch: {}", String::from_utf8_lossy(&ended.stderr));
        Ok(())
    }

    /// A program inside a namespace.
    pub fn command(&self, name: char, program: &std::path::Path) -> Command {
        let mut command = Command::new("ip");
        command.args(["netns", "exec", &self.namespace(name)]).arg(program).kill_on_drop(true);
        command
    }

    /// The real command inside a namespace, until it ends; what it printed.
    ///
    /// # Errors
    /// When it cannot be started.
    pub async fn watchwall(&self, name: char, arguments: &[&str]) -> Result<String> {
        let mut command = self.command(name, &Binary::file()?);
        let ended = command.args(arguments).stdin(Stdio::null()).output().await?;
        let (out, err) = (String::from_utf8_lossy(&ended.stdout), String::from_utf8_lossy(&ended.stderr));
        ensure!(!out.is_empty(), "watchwall {arguments:?} said nothing: {err}");
        Ok(out.into_owned())
    }

    /// Sets a value of the kernel for a namespace.
    async fn set(&self, name: char, setting: &str, value: &str) -> Result<()> {
        let mut command = self.command(name, "sh".as_ref());
        let ended = command.args(["-c", &format!("echo {value} > /proc/sys/{setting}")]).output().await?;
        ensure!(ended.status.success(), "{setting}: {}", String::from_utf8_lossy(&ended.stderr));
        Ok(())
    }

    fn namespace(&self, name: char) -> String {
        format!("{}{name}", self.prefix)
    }
}

impl Drop for Network {
    fn drop(&mut self) {
        for name in &self.names {
            // A namespace that stays is swept by the next run.
            let _ = std::process::Command::new("ip").args(["netns", "del", &self.namespace(*name)]).status();
        }
    }
}

#[expect(clippy::print_stdout, reason = "the summary of a test run counts such lines")]
fn skip(why: &str) -> Result<Option<Network>> {
    println!("skipped: no network namespaces ({why})");
    Ok(None)
}

async fn ip(words: &[&str]) -> Result<()> {
    let ended = Command::new("ip").args(words).output().await.context("ip (package iproute2)")?;
    ensure!(ended.status.success(), "ip {words:?}: {}", String::from_utf8_lossy(&ended.stderr).trim());
    Ok(())
}

/// Removes what tests left that were killed.
async fn sweep() {
    let Ok(listed) = Command::new("ip").args(["netns", "list"]).output().await else { return };
    let text = String::from_utf8_lossy(&listed.stdout).into_owned();
    for name in text.lines().filter_map(|line| line.split(' ').next()) {
        let owner: String =
            name.strip_prefix("ww").unwrap_or_default().chars().take_while(char::is_ascii_digit).collect();
        let is_stray = !owner.is_empty() && !std::path::Path::new("/proc").join(owner).exists();
        if is_stray {
            let _ = ip(&["netns", "del", name]).await;
        }
    }
}
