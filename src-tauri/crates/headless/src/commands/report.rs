//! `watchwall report`: what the site that runs on this machine has to hand over.

use super::running_site::RunningSite;
use crate::{
    cli::{ReportCommand, TargetArguments},
    output,
};
use anyhow::{Context, Result};
use std::process::ExitCode;

pub async fn run(command: ReportCommand) -> Result<ExitCode> {
    let ReportCommand::Site { format, output, language, data } = command;
    let site = RunningSite::find(&TargetArguments { data, json: false })?;
    let language = language.map(|language| format!("&language={language}")).unwrap_or_default();
    let report = site.text(&format!("/api/v1/reports/site?format={format}{language}")).await?;
    match output {
        Some(file) => {
            std::fs::write(&file, &report).with_context(|| format!("writing {}", file.display()))?;
            output::line(format_args!("{} ({} bytes)", file.display(), report.len()));
        }
        None => output::line(String::from_utf8_lossy(&report)),
    }
    Ok(ExitCode::SUCCESS)
}
