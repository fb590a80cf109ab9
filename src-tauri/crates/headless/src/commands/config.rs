//! `watchwall config`.

use crate::{cli::ConfigCommand, configuration, output};
use anyhow::Result;
use std::process::ExitCode;

pub fn run(command: ConfigCommand) -> Result<ExitCode> {
    match command {
        ConfigCommand::Check { site } => {
            let (folder, _) = configuration::load(&site, false)?;
            output::line(format_args!("ok: {}", folder.display()));
        }
        ConfigCommand::Print { site } => {
            let (_, config) = configuration::load(&site, false)?;
            output::line(config.print());
        }
        ConfigCommand::Example => output::line(watchwall_model::config::Config::example()),
    }
    Ok(ExitCode::SUCCESS)
}
