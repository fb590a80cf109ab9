//! The `watchwall-engine` command.

mod cli;
mod output;

use anyhow::{Context, Result};
use clap::Parser;
use cli::{Arguments, Command, ConformanceArguments, RunArguments, SiteArguments};
use std::{fs, process::ExitCode, time::Duration};
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;
use watchwall_engine::{
    EngineOptions, SiteAddress,
    conformance::{ANSWER_WITHIN, NodeCheck, Recording, check_node, check_site},
    detect::{Detector, ModelFiles},
    scenes::AlarmTimes,
};
use watchwall_engine_protocol::{StreamAddress, TaskRange};
use watchwall_model::Secret;

fn main() -> ExitCode {
    output::start_log();
    match start(Arguments::parse().command) {
        Ok(code) => code,
        Err(error) => {
            output::failure(&error);
            ExitCode::FAILURE
        }
    }
}

fn start(command: Command) -> Result<ExitCode> {
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().thread_name("engine").build()?;
    let result = runtime.block_on(async {
        match command {
            Command::Run(arguments) => run(arguments).await,
            Command::Conformance(arguments) => conformance(arguments).await,
        }
    });
    // Blocking work that outlived its task must not keep the process.
    runtime.shutdown_timeout(Duration::from_millis(500));
    result
}

async fn run(arguments: RunArguments) -> Result<ExitCode> {
    let mut options = options(&arguments.url, arguments.site)?;
    options.node_name = arguments.name.unwrap_or_else(|| options.node_id.clone());
    options.max_tasks = arguments.max_tasks;
    options.dwell_ms = arguments.dwell_ms.into();
    options.stay_ms = i64::from(arguments.stay_seconds) * 1_000;
    if let Some(model) = arguments.model {
        let input = arguments.model_input.map(|side| side as usize);
        options.detector = Some(load(ModelFiles { model, labels: arguments.labels, input }).await?);
    }
    options.times = AlarmTimes { repeat_ms: i64::from(arguments.alarm_seconds) * 1_000, ..AlarmTimes::default() };
    let cancel = CancellationToken::new();
    let ends = cancel.clone();
    let interrupted = async move {
        wait_for_end().await;
        ends.cancel();
        // The node has to say goodbye to its cameras.
        std::future::pending::<()>().await;
    };
    tokio::select! {
        outcome = watchwall_engine::run(options, cancel) => outcome?,
        () = interrupted => {}
    }
    Ok(ExitCode::SUCCESS)
}

/// Says what was loaded: a model of another size or with other classes than was meant is seen at once.
async fn load(files: ModelFiles) -> Result<Detector> {
    let detector = tokio::task::spawn_blocking(move || Detector::load(&files)).await??;
    let (width, height) = detector.input();
    tracing::info!(width, height, classes = detector.labels().len(), took = ?detector.took(), "a model looks");
    Ok(detector)
}

async fn conformance(arguments: ConformanceArguments) -> Result<ExitCode> {
    let verdict = match (arguments.listen, arguments.url) {
        (Some(address), _) => {
            let listener = TcpListener::bind(address).await.with_context(|| format!("{address} cannot be opened"))?;
            let here = listener.local_addr()?;
            output::line(format_args!("waiting for a node at ws://{here}/ws/ai-engine, any token"));
            let stream = arguments.stream.map(StreamAddress::new);
            let range = arguments.from.zip(arguments.to).map(|(from, to)| TaskRange { from, to });
            let recording = arguments.recording.map(StreamAddress::new).zip(range);
            let recording = recording.map(|(address, range)| Recording { address, range });
            check_node(&listener, &NodeCheck { recording, ..NodeCheck::new(stream) }).await?
        }
        (None, Some(url)) => {
            let mut site = arguments.site;
            // A running node of this machine keeps its connection.
            site.id.get_or_insert_with(|| "watchwall-conformance".to_owned());
            check_site(options(&url, site)?, ANSWER_WITHIN).await?
        }
        (None, None) => anyhow::bail!("give the address of a site, or --listen"),
    };
    output::line(&verdict);
    Ok(if verdict.is_good() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

fn options(url: &str, site: SiteArguments) -> Result<EngineOptions> {
    let token = match (site.token, site.token_file) {
        (Some(token), _) => Some(token),
        (None, Some(file)) => {
            let text = fs::read_to_string(&file).with_context(|| format!("{} cannot be read", file.display()))?;
            Some(text.trim().to_owned())
        }
        (None, None) => None,
    };
    let mut options = EngineOptions::new(SiteAddress::parse(url)?, token.map(Secret::new));
    options.certificate = site.certificate;
    if let Some(id) = site.id {
        (options.node_id, options.node_name) = (id.clone(), id);
    }
    Ok(options)
}

/// Ctrl+C, or what a service manager sends.
async fn wait_for_end() {
    #[cfg(unix)]
    {
        use tokio::signal::unix::{SignalKind, signal};
        if let Ok(mut terminated) = signal(SignalKind::terminate()) {
            tokio::select! {
                _ = tokio::signal::ctrl_c() => {}
                _ = terminated.recv() => {}
            }
            return;
        }
    }
    // Without it there is nothing to wait for but the end of the process.
    let _ = tokio::signal::ctrl_c().await;
}
