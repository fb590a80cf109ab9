//! `watchwall camsim`: virtual cameras by hand.

use crate::{cli::CamsimArguments, logging, output};
use anyhow::Result;
use std::process::ExitCode;
use watchwall_camsim::{CameraSpec, Farm, FarmOptions};
use watchwall_model::{Secret, StreamRole, config::LogConfig};

pub async fn run(arguments: CamsimArguments) -> Result<ExitCode> {
    logging::start(&LogConfig::default())?;
    let credentials = arguments.user.zip(arguments.password).map(|(user, password)| (user, Secret::new(password)));
    let make = if arguments.bench { CameraSpec::bench } else { CameraSpec::demo };
    let cameras: Vec<CameraSpec> = (0..arguments.cameras as usize)
        .map(|n| CameraSpec { credentials: credentials.clone(), ..make(n) })
        .collect();
    let options = FarmOptions {
        rtsp_listen: arguments.listen,
        control_listen: arguments.control,
        ..FarmOptions::new(cameras.clone())
    };
    let farm = Farm::start(options).await?;
    for (n, camera) in cameras.iter().enumerate() {
        output::line(format_args!("{}\tmain\t{}", camera.name, farm.rtsp_url(n, StreamRole::Main)));
        if camera.sub.is_some() {
            output::line(format_args!("{}\tsub\t{}", camera.name, farm.rtsp_url(n, StreamRole::Sub)));
        }
    }
    tokio::signal::ctrl_c().await?;
    farm.shutdown().await;
    Ok(ExitCode::SUCCESS)
}
