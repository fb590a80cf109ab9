//! Log lines on standard error.

use tracing_subscriber::{EnvFilter, fmt, prelude::*};
use watchwall_model::{ErrorCode, Problem, config::LogConfig};

/// Starts logging once per process.
///
/// # Errors
/// `config_invalid` for a level that cannot be read.
pub fn start(config: &LogConfig) -> Result<(), Problem> {
    let filter = EnvFilter::try_new(&config.level)
        .map_err(|error| Problem::new(ErrorCode::ConfigInvalid).with("key", "log.level").because(error))?;
    let layer = fmt::layer().with_writer(std::io::stderr).with_thread_names(true);
    let registry = tracing_subscriber::registry().with(filter);
    let started = if config.json {
        registry.with(layer.json()).try_init()
    } else {
        registry.with(layer.with_ansi(false)).try_init()
    };
    started.map_err(|error| Problem::new(ErrorCode::Internal).at("start_log").because(error))
}
