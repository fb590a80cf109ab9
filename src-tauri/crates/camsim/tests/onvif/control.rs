//! Devices on the control port.

use crate::{cameras, connected, device, options_of};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
};
use watchwall_camsim::Farm;

async fn ask(farm: &Farm, method: &str, path: &str, body: &str) -> (u16, serde_json::Value) {
    let address = farm.control_address().unwrap();
    let mut socket = TcpStream::connect(address).await.unwrap();
    let request = format!(
        "{method} {path} HTTP/1.1\r\nHost: {address}\r\nConnection: close\r\nContent-Type: application/json\r\n\
         Content-Length: {}\r\n\r\n{body}",
        body.len()
    );
    socket.write_all(request.as_bytes()).await.unwrap();
    let mut answer = String::new();
    socket.read_to_string(&mut answer).await.unwrap();
    let (head, body) = answer.split_once("\r\n\r\n").unwrap();
    (head.split(' ').nth(1).unwrap().parse().unwrap(), serde_json::from_str(body).unwrap_or_default())
}

#[tokio::test]
async fn a_device_is_commanded_and_counted() {
    let mut options = options_of(cameras(1), vec![device()]);
    options.control_listen = Some(([127, 0, 0, 1], 0).into());
    let farm = Farm::start(options).await.unwrap();
    let (status, report) = ask(&farm, "POST", "/devices/0/quirks", r#"{"quirk":"nat_xaddr"}"#).await;
    assert_eq!((status, &report["quirks"][0]), (200, &"nat_xaddr".into()));
    connected(&farm).await;
    let (_, list) = ask(&farm, "GET", "/devices", "").await;
    assert_eq!(list[0]["url"], farm.device_url(0).unwrap());
    assert_eq!(list[0]["counters"]["password_attempts"]["soap"], 0);
    assert!(list[0]["counters"]["operations"]["GetProfiles"].as_u64().unwrap() >= 2, "{list}");
    let (_, report) = ask(&farm, "DELETE", "/devices/0/quirks", "").await;
    assert_eq!(report["quirks"], serde_json::json!([]));
    let order = r#"{"operation":"GetProfiles","answer":{"kind":"html"},"times":1}"#;
    let (_, report) = ask(&farm, "POST", "/devices/0/soap-faults", order).await;
    assert_eq!(report["soap_faults"][0]["operation"], "GetProfiles");
    let (_, report) = ask(&farm, "DELETE", "/devices/0/soap-faults", "").await;
    assert_eq!(report["soap_faults"], serde_json::json!([]));
    let (status, _) = ask(&farm, "POST", "/devices/0/events", r#"{"topic":"motion"}"#).await;
    assert_eq!(status, 200);
    let (_, report) = ask(&farm, "POST", "/devices/0/clock", r#"{"offset_ms":-1000}"#).await;
    assert_eq!(report["clock_offset_ms"], -1000);
    for (method, path, body, expect) in [
        ("GET", "/devices/7", "", 404),
        ("POST", "/devices/0/quirks", r#"{"quirk":"no_such_quirk"}"#, 422),
        ("POST", "/devices/0/soap-faults", "not json", 400),
    ] {
        assert_eq!(ask(&farm, method, path, body).await.0, expect, "{method} {path} {body}");
    }
    farm.shutdown().await;
}
