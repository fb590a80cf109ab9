//! `watchwall serve` and `watchwall demo`.

use crate::{cli::SiteArguments, configuration, logging, output};
use anyhow::Result;
use std::{process::ExitCode, time::Duration};
use tokio::signal::unix::{SignalKind, signal};
use watchwall_headless::{StartOptions, start};

/// A clean stop takes no longer than this.
const STOP_DEADLINE: Duration = Duration::from_secs(5);

pub async fn run(site: &SiteArguments, demo_cameras: Option<u32>) -> Result<ExitCode> {
    let (data_folder, config) = configuration::load(site, demo_cameras.is_some())?;
    logging::start(&config.log)?;
    let mut terminate = signal(SignalKind::terminate())?;
    let mut interrupt = signal(SignalKind::interrupt())?;
    let running = tokio::select! {
        started = start(StartOptions { data_folder, config, demo_cameras }) => started?,
        _ = terminate.recv() => return Ok(ExitCode::SUCCESS),
        _ = interrupt.recv() => return Ok(ExitCode::SUCCESS),
    };
    if let Some(code) = running.setup_code() {
        output::note(format_args!("First start. Open the address below and enter this set-up code: {code}"));
    }
    if demo_cameras.is_some() {
        output::note(format_args!("Open once, already logged in: {}", running.one_time_url()));
    }
    if let Some(tls) = running.tls().filter(|tls| tls.is_own) {
        output::note(format_args!(
            "Browsers ask once before they trust the certificate this site made. Its SHA-256 fingerprint: {}",
            tls.fingerprint
        ));
    }
    output::line(format_args!("ready {}", running.url()));
    tokio::select! {
        _ = terminate.recv() => {}
        _ = interrupt.recv() => {}
    }
    running.stop(STOP_DEADLINE).await;
    Ok(ExitCode::SUCCESS)
}
