//! Pulls every stream of `farm bench N` and counts: `drain 127.0.0.1:PORT N SECONDS [udp]`.
#![allow(clippy::print_stdout)]

use std::{
    io,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering::Relaxed},
    },
    time::Duration,
};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
};

#[tokio::main(flavor = "current_thread")]
async fn main() -> io::Result<()> {
    let arguments: Vec<_> = std::env::args().skip(1).collect();
    let address = arguments.first().cloned().unwrap_or_default();
    let number = |at: usize| arguments.get(at).and_then(|text| text.parse::<u64>().ok()).unwrap_or(10);
    let bytes = Arc::new(AtomicU64::new(0));
    for camera in 0..number(1) {
        let (address, bytes) = (address.clone(), bytes.clone());
        tokio::spawn(async move {
            if let Err(error) = drain(&address, camera, &bytes).await {
                println!("camera {camera}: {error}");
            }
        });
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    tokio::time::sleep(Duration::from_secs(2)).await;
    let before = bytes.load(Relaxed);
    tokio::time::sleep(Duration::from_secs(number(2))).await;
    let rate = (bytes.load(Relaxed) - before) as f64 * 8.0 / number(2) as f64 / 1e6;
    println!("{rate:.1} Mbit/s, {:.2} per stream", rate / number(1) as f64);
    Ok(())
}

async fn drain(address: &str, camera: u64, bytes: &AtomicU64) -> io::Result<()> {
    let mut socket = TcpStream::connect(address).await?;
    let base = format!("rtsp://{address}/cam/{camera}/main");
    let mut buffer = vec![0; 64 * 1024];
    let set_up =
        format!("SETUP {base}/track1 RTSP/1.0\r\nCSeq: 1\r\nTransport: RTP/AVP/TCP;unicast;interleaved=0-1\r\n\r\n");
    for request in [set_up, format!("PLAY {base} RTSP/1.0\r\nCSeq: 2\r\n\r\n")] {
        socket.write_all(request.as_bytes()).await?;
        if socket.read(&mut buffer).await? == 0 {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
    }
    loop {
        match socket.read(&mut buffer).await? {
            0 => return Err(io::ErrorKind::UnexpectedEof.into()),
            count => bytes.fetch_add(count as u64, Relaxed),
        };
    }
}
