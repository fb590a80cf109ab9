//! `watchwall camsim`: virtual cameras by hand.

use crate::{cli::CamsimArguments, logging, output};
use anyhow::Result;
use std::process::ExitCode;
use watchwall_camsim::{CliOptions, run_cli, usage};
use watchwall_model::{Secret, config::LogConfig};

pub async fn run(arguments: CamsimArguments) -> Result<ExitCode> {
    logging::start(&LogConfig::default())?;
    let credentials = arguments.user.zip(arguments.password).map(|(user, password)| (user, Secret::new(password)));
    let options = CliOptions {
        cameras: arguments.cameras as usize,
        listen: arguments.listen,
        control: Some(arguments.control),
        tls: arguments.tls,
        tunnel: arguments.tunnel,
        credentials: credentials.clone(),
        cache_folder: None,
        sub_gop_ms: arguments.gop_ms,
        sub_fps: arguments.fps,
    };
    let (farm, streams) = run_cli(options).await?;
    for stream in streams {
        output::line(format_args!("{}\t{}\t{}\t{}", stream.name, stream.role.as_str(), stream.url, stream.summary));
    }
    // Beside the list, so that a program can read the list alone.
    usage(&farm, credentials.as_ref()).into_iter().for_each(output::note);
    tokio::signal::ctrl_c().await?;
    farm.shutdown().await;
    Ok(ExitCode::SUCCESS)
}
