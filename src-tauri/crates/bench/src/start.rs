//! Benchmark 17: from the process's start to the first picture of sixteen cameras.

use crate::{
    Options,
    farm::Generator,
    site::SiteUnderTest,
    table::{Row, Table, spread},
};
use anyhow::{Context, Result};
use futures::{StreamExt, future::try_join_all};
use std::{
    path::Path,
    time::{Duration, Instant},
};
use tokio_tungstenite::{connect_async, tungstenite::client::IntoClientRequest};

const CAMERAS: usize = 16;

pub async fn run(options: &Options) -> Result<Table> {
    let generator = Generator::start(CAMERAS).await?;
    let temp = tempfile::tempdir_in(options.folder.as_deref().unwrap_or(Path::new("/var/tmp")))?;
    let site = SiteUnderTest::start(options, temp.path())?;
    let mut paths = Vec::new();
    for (i, url) in generator.urls.iter().enumerate() {
        let camera = site.add_camera(&format!("start {i}"), url, None, true).await?;
        paths.push(camera["streams"][0]["path"].as_str().context("no path")?.to_owned());
    }
    site.wait_recording(CAMERAS, Duration::from_secs(30)).await?;
    site.stop()?;
    let (mut ready, mut all) = (Vec::new(), Vec::new());
    for _ in 0..options.rounds {
        let started = Instant::now();
        let site = SiteUnderTest::start(options, temp.path())?;
        ready.push(site.ready_after.as_secs_f64() * 1000.0);
        try_join_all(paths.iter().map(|path| first_picture(&site, path))).await?;
        all.push(started.elapsed().as_secs_f64() * 1000.0);
        site.stop()?;
    }
    let mut table = Table::new("Cold start (benchmark 17)", &["ready line, ms", "first picture of all 16, ms"]);
    table
        .rows
        .push(Row { name: "Watchwall, 16 recorded cameras".into(), cells: vec![spread(&ready, 0), spread(&all, 0)] });
    table.notes.push("First decodable key-frame message of every camera on its live socket.".into());
    generator.stop().await;
    Ok(table)
}

/// Until the first key-frame message of a stream.
async fn first_picture(site: &SiteUnderTest, path: &str) -> Result<()> {
    let mut socket = open(site, path).await?;
    let waited = tokio::time::timeout(Duration::from_secs(20), async {
        while let Some(message) = socket.next().await {
            let data = message?.into_data();
            // kind 2 is a video fragment, flag bit 0 marks a key frame.
            if data.first() == Some(&2) && data.get(1).is_some_and(|flags| flags & 1 == 1) {
                return Ok(());
            }
        }
        anyhow::bail!("the socket of {path} closed")
    });
    waited.await.with_context(|| format!("no picture of {path}"))?
}

pub type LiveSocket = tokio_tungstenite::WebSocketStream<tokio_tungstenite::MaybeTlsStream<tokio::net::TcpStream>>;

/// A viewer's live socket, opened as the local administrator.
pub async fn open(site: &SiteUnderTest, path: &str) -> Result<LiveSocket> {
    let address = site.address.replacen("http", "ws", 1);
    let mut request = format!("{address}/api/v1/live/{path}?codecs=h264&select=exact").into_client_request()?;
    request.headers_mut().insert("authorization", format!("Bearer {}", site.token).parse()?);
    Ok(connect_async(request).await?.0)
}
