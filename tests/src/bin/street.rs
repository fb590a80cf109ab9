//! Virtual devices for tests in a network of their own: reads what to start as JSON on its standard input, says `ready`,
//! and ends when the input does.

use anyhow::{Context, Result};
use serde_json::Value;
use std::{
    net::{IpAddr, Ipv4Addr, SocketAddr, SocketAddrV6},
    time::Duration,
};
use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader, stdin, stdout};
use watchwall_camsim::{
    CameraSpec, DevicePlace, DeviceSpec, DiscoveryInterface, DiscoveryLink, DiscoverySpec, Farm, FarmOptions,
};
use watchwall_model::Secret;
use watchwall_tests::{USER, small_stream};

const HTTP: u16 = 80;
const RTSP: u16 = 554;

#[tokio::main]
async fn main() -> Result<()> {
    let mut input = BufReader::new(stdin());
    let mut line = String::new();
    input.read_line(&mut line).await?;
    let street: Value = serde_json::from_str(&line)?;
    let houses = list(&street["devices"]);
    let password = street["password"].as_str().context("no password")?;
    let credentials = || Some((USER.to_owned(), Secret::new(password)));
    let camera =
        |n: usize| CameraSpec { credentials: credentials(), ..CameraSpec::new(format!("Camera {n}"), small_stream()) };
    let devices = houses.iter().enumerate().map(|(n, house)| device(n, house)).collect::<Result<_>>()?;
    let interfaces = list(&street["interfaces"]).iter().map(interface).collect::<Result<_>>()?;
    let links = list(&street["links"]).iter().map(link).collect::<Result<_>>()?;
    let farm = Farm::start(FarmOptions {
        devices,
        discovery: Some(DiscoverySpec { interfaces, links, ..DiscoverySpec::default() }),
        ..FarmOptions::new((0..houses.len()).map(camera).collect())
    })
    .await?;
    farm.ready().await?;
    stdout().write_all(b"ready\n").await?;
    input.read_to_end(&mut Vec::new()).await?;
    farm.shutdown().await;
    Ok(())
}

fn device(number: usize, house: &Value) -> Result<DeviceSpec> {
    let at = |value: &Value, port| address(value.as_str().context("no address")?, port);
    let quirks = list(&house["quirks"]).iter().map(|name| Ok(name.as_str().context("no quirk")?.parse()?));
    Ok(DeviceSpec {
        place: DevicePlace::Own { http: at(&house["at"], HTTP)?, rtsp_port: RTSP },
        also_at: list(&house["also_at"]).iter().map(|value| at(value, 0)).collect::<Result<_>>()?,
        answers_after: Duration::from_millis(house["answers_after_ms"].as_u64().unwrap_or(0)),
        // Streets number their devices alike.
        serial: house["at"].as_str().and_then(|at| Some(format!("WW-{}", at.split('%').next()?))),
        quirks: quirks.collect::<Result<_>>()?,
        ..DeviceSpec::new(format!("Device {number}"), vec![number])
    })
}

/// An address, with an interface after `%` where it is link-local.
fn address(text: &str, port: u16) -> Result<SocketAddr> {
    Ok(match text.split_once('%') {
        Some((address, interface)) => SocketAddrV6::new(address.parse()?, port, 0, index(interface)?).into(),
        None => SocketAddr::new(text.parse::<IpAddr>()?, port),
    })
}

/// `10.0.0.1/24`.
fn interface(value: &Value) -> Result<DiscoveryInterface> {
    let (address, prefix) = value.as_str().and_then(|text| text.split_once('/')).context("no interface")?;
    Ok(DiscoveryInterface { address: address.parse::<Ipv4Addr>()?, prefix: prefix.parse()? })
}

fn link(value: &Value) -> Result<DiscoveryLink> {
    Ok(DiscoveryLink { index: index(value.as_str().context("no link")?)? })
}

fn index(interface: &str) -> Result<u32> {
    let file = format!("/sys/class/net/{interface}/ifindex");
    Ok(std::fs::read_to_string(&file).context(file)?.trim().parse()?)
}

fn list(value: &Value) -> &[Value] {
    value.as_array().map(Vec::as_slice).unwrap_or_default()
}
