//! One file per command.

mod camera;
mod camsim;
mod config;
mod doctor;
mod doctor_camera;
mod export;
mod gaps;
mod onboarding;
mod recording;
mod report;
mod running_site;
mod serve;
mod verify;

use crate::cli::{Arguments, Command};
use anyhow::Result;
use std::process::ExitCode;

/// Runs a command on a runtime of its own.
pub fn run(arguments: Arguments) -> Result<ExitCode> {
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().thread_name("watchwall").build()?;
    let result = runtime.block_on(async {
        match arguments.command {
            Command::Serve(arguments) => serve::run(&arguments.site, None).await,
            Command::Demo(arguments) => serve::run(&arguments.site, Some(arguments.cameras)).await,
            Command::Camsim(arguments) => camsim::run(arguments).await,
            Command::Camera(command) => camera::run(command).await,
            Command::Config(command) => config::run(command),
            Command::Gaps(command) => gaps::run(command).await,
            Command::Doctor(arguments) => doctor::run(arguments).await,
            Command::Report(command) => report::run(command).await,
            Command::Recording(command) => recording::run(command).await,
            Command::Export(arguments) => export::run(arguments).await,
            Command::Verify(arguments) => verify::run(&arguments),
        }
    });
    // Blocking work that outlived its task must not keep the process.
    runtime.shutdown_timeout(std::time::Duration::from_millis(500));
    result
}
