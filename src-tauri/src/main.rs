//! The desktop window of Watchwall: starts a site in this process, or joins the one that already
//! runs on the same data folder, and shows its pages as a browser would.
//!
//! Lives here: windows, tray, single instance, save dialogs, recovery of the web content process, work-arounds of
//! the platform's web view. Must not live here: anything about cameras, recordings or users; the
//! page talks to the site over HTTP only and may call no native command it does not need.
//!
//! Tasks: one that starts or joins the site, one that waits for signals. Both end with the process;
//! the site itself is stopped, within five seconds, before the process leaves.

#![cfg_attr(all(windows, not(debug_assertions)), windows_subsystem = "windows")]

mod app;
mod args;
mod backoff;
mod downloads;
mod fit;
mod graphics;
mod guard;
mod join;
mod notices;
mod recovery;
mod single;
mod site;
mod texts;
mod tray;
mod wall_window;

use clap::Parser;
use std::process::ExitCode;
use tracing_subscriber::EnvFilter;

fn main() -> ExitCode {
    let args = args::Args::parse();
    let filter = EnvFilter::try_from_env("WATCHWALL_LOG__LEVEL").unwrap_or_else(|_| EnvFilter::new("info"));
    tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr).init();
    graphics::apply();
    match app::run(args) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            tracing::error!("the desktop window did not start: {error:#}");
            ExitCode::FAILURE
        }
    }
}
