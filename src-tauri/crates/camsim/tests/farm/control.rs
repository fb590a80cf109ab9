//! The control port: faults in, state out, refusals.

use crate::{client::within, small};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
};
use watchwall_camsim::{CliOptions, Farm, FarmOptions, run_cli};
use watchwall_model::{Secret, StreamRole::Main};

async fn ask(farm: &Farm, method: &str, path: &str, body: &str) -> (u16, serde_json::Value) {
    let address = farm.control_address().unwrap();
    let mut socket = TcpStream::connect(address).await.unwrap();
    let request = format!(
        "{method} {path} HTTP/1.1\r\nHost: {address}\r\nConnection: close\r\nContent-Type: application/json\r\n\
         Content-Length: {}\r\n\r\n{body}",
        body.len()
    );
    within(socket.write_all(request.as_bytes())).await.unwrap();
    let mut answer = String::new();
    within(socket.read_to_string(&mut answer)).await.unwrap();
    let (head, body) = answer.split_once("\r\n\r\n").unwrap();
    let status = head.split(' ').nth(1).unwrap().parse().unwrap();
    (status, serde_json::from_str(body).unwrap_or_default())
}

#[tokio::test]
async fn faults_are_entered_read_and_cleared() {
    let options = FarmOptions { control_listen: Some(([127, 0, 0, 1], 0).into()), ..FarmOptions::new(vec![small()]) };
    let farm = Farm::start(options).await.unwrap();
    let (status, report) = ask(&farm, "POST", "/cameras/0/faults", r#"{"kind":"freeze","role":"main"}"#).await;
    assert_eq!((status, &report["main"]["faults"]["frozen"]), (200, &true.into()));
    let (_, list) = ask(&farm, "GET", "/cameras", "").await;
    assert_eq!(list[0]["main"]["url"], farm.rtsp_url(0, Main));
    let (_, report) = ask(&farm, "DELETE", "/cameras/0/faults", "").await;
    assert_eq!(report["main"]["faults"]["frozen"], false);
    let (_, report) = ask(&farm, "GET", "/cameras/0", "").await;
    assert_eq!(report["counters"]["main"]["sessions_now"], 0);
    for (method, path, body, expect) in [
        ("GET", "/cameras/7", "", 404),
        ("POST", "/cameras/7/faults", r#"{"kind":"freeze"}"#, 404),
        ("POST", "/cameras/0/faults", r#"{"kind":"packet_loss","percent":900}"#, 400),
        ("POST", "/cameras/0/faults", r#"{"kind":"no_such_fault"}"#, 422),
        ("POST", "/cameras/0/faults", "not json", 400),
        ("GET", "/nothing", "", 404),
    ] {
        assert_eq!(ask(&farm, method, path, body).await.0, expect, "{method} {path} {body}");
    }
    farm.shutdown().await;
}

#[tokio::test]
async fn the_command_line_lists_every_stream() {
    let (farm, listings) = run_cli(CliOptions {
        cameras: 2,
        listen: ([127, 0, 0, 1], 0).into(),
        control: Some(([127, 0, 0, 1], 0).into()),
        tls: Some(([127, 0, 0, 1], 0).into()),
        tunnel: Some(([127, 0, 0, 1], 0).into()),
        credentials: Some(("admin".into(), Secret::new("x"))),
        cache_folder: None,
        sub_gop_ms: None,
        sub_fps: None,
        onvif: None,
    })
    .await
    .unwrap();
    let lines: Vec<_> = listings.iter().map(|l| (l.name.as_str(), l.summary.as_str())).collect();
    let sub = "h264 640x360 15 fps";
    let main = "h264 1280x720 15 fps";
    assert_eq!(lines, [("Gate", "h264 1280x720 15 fps aac"), ("Gate", sub), ("Yard", main), ("Yard", sub)]);
    assert!(listings.iter().all(|l| l.url.starts_with("rtsp://127.0.0.1:") && !l.url.contains('@')));
    let usage = watchwall_camsim::usage(&farm, Some(&("admin".into(), Secret::new("geheim")))).join("\n");
    for part in [&listings[0].url, "rtsps://", "user admin", &format!("http://{}", farm.control_address().unwrap())] {
        assert!(usage.contains(part), "{part}: {usage}");
    }
    assert!(!usage.contains("geheim"));
    farm.shutdown().await;
}
