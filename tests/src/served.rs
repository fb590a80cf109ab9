//! A site in a process of its own, which can be killed.

use crate::{Binary, Client, DataFolder, local_token};
use anyhow::{Context, Result};
use std::path::Path;

pub struct ServedSite {
    pub program: Binary,
    /// The local administrator.
    pub admin: Client,
}

impl ServedSite {
    /// `watchwall serve` with channels of pushes that may lead to this machine.
    ///
    /// # Errors
    /// When it does not start.
    pub async fn start(folder: &DataFolder) -> Result<Self> {
        Self::start_in(folder.path()).await
    }

    /// # Errors
    /// When it does not start.
    pub async fn start_in(folder: &Path) -> Result<Self> {
        let path = folder.to_str().context("a strange folder")?;
        let mut command = tokio::process::Command::new(Binary::file()?);
        command.args(["serve", "--data", path, "--listen", "127.0.0.1:0"]);
        command.env("WATCHWALL_LOG__LEVEL", "warn").env("WATCHWALL_PUSH__ALLOW_THIS_MACHINE", "true");
        // Nodes are those of the test.
        command.env("WATCHWALL_ANALYTICS__BUILT_IN_ENGINE", "false");
        let program = Binary::spawn(command)?;
        let address = program.ready().await?;
        Ok(Self { program, admin: Client::anonymous(&address)?.with_token(&local_token(folder)?) })
    }
}
