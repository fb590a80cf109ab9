//! `watchwall camsim`: virtual cameras by hand.

use crate::{
    cli::{CamsimArguments, CamsimOnvifArguments},
    logging, output,
};
use anyhow::Result;
use std::{process::ExitCode, time::Duration};
use watchwall_camsim::{
    CliOptions, DiscoveryInterface, DiscoverySpec, Lockout, OnvifOptions, SoapLogin, device_listings, run_cli, usage,
};
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
        onvif: onvif(arguments.onvif),
    };
    let (farm, streams) = run_cli(options).await?;
    for stream in streams {
        output::line(format_args!("{}\t{}\t{}\t{}", stream.name, stream.role.as_str(), stream.url, stream.summary));
    }
    for device in device_listings(&farm) {
        output::line(format_args!("{}\tonvif\t{}\t{} channels", device.name, device.url, device.channels));
    }
    // Beside the list, so that a program can read the list alone.
    usage(&farm, credentials.as_ref()).into_iter().for_each(output::note);
    tokio::signal::ctrl_c().await?;
    farm.shutdown().await;
    Ok(ExitCode::SUCCESS)
}

/// `None` without `--onvif`.
fn onvif(arguments: CamsimOnvifArguments) -> Option<OnvifOptions> {
    let interfaces: Vec<_> =
        arguments.discovery.into_iter().map(|address| DiscoveryInterface { address, prefix: 0 }).collect();
    let discovery = DiscoverySpec { port: arguments.discovery_port, interfaces, ..DiscoverySpec::default() };
    let account = arguments.onvif_user.zip(arguments.onvif_password);
    Some(OnvifOptions {
        listen: arguments.onvif?,
        first_address: arguments.device_ip,
        channels: arguments.channels as usize,
        login: match arguments.soap_login.as_str() {
            "open" => SoapLogin::Open,
            "digest-sha256" => SoapLogin::DigestSha256,
            "digest-either" => SoapLogin::DigestEither,
            "token" => SoapLogin::Token,
            "digest-or-token" => SoapLogin::DigestOrToken,
            "basic" => SoapLogin::Basic,
            _ => SoapLogin::Digest,
        },
        account: account.map(|(user, password)| (user, Secret::new(password))),
        lockout: arguments.lock_after.map(|attempts| Lockout { attempts, ms: 30_000 }),
        think_time: Duration::from_millis(arguments.think_ms),
        quirks: arguments.quirk,
        discovery: (!discovery.interfaces.is_empty()).then_some(discovery),
    })
}
