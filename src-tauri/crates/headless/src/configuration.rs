//! The configuration in force: defaults, then the file, then the environment, then the command line.

use crate::cli::SiteArguments;
use anyhow::Result;
use std::{net::SocketAddr, path::PathBuf};
use watchwall_headless::{default_data_dir, demo_data_dir};
use watchwall_model::{ErrorCode, Problem, config::Config};

/// Data folder and configuration of a command.
pub fn load(site: &SiteArguments, is_demo: bool) -> Result<(PathBuf, Config)> {
    let folder = site.data.clone().unwrap_or_else(if is_demo { demo_data_dir } else { default_data_dir });
    let file = site.config.clone().unwrap_or_else(|| folder.join("watchwall.toml"));
    let text = match std::fs::read_to_string(&file) {
        Ok(text) => text,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound && site.config.is_none() => String::new(),
        Err(error) => {
            return Err(Problem::new(ErrorCode::ConfigInvalid).with("path", file.display()).because(error).into());
        }
    };
    let mut config =
        Config::load(&text, std::env::vars()).map_err(|error| Problem::from(*error).with("path", file.display()))?;
    match site.listen {
        Some(listen) => config.server.listen = listen,
        // The demo must not fight a real site for its port.
        None if is_demo && config.server == Config::default().server => {
            config.server.listen = SocketAddr::from(([127, 0, 0, 1], 0));
        }
        None => {}
    }
    Ok((folder, config))
}
