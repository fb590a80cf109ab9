//! Messages to a real broker, in both versions of MQTT.

use crate::{
    scene::{ended_in_time, hasty, message, options, pusher, target, word},
    servers::{
        mosquitto::{Door, Mosquitto, PASSWORD, USER},
        until,
    },
};
use std::time::Duration;
use tokio::{io::AsyncReadExt, net::TcpListener};
use watchwall_push::{ChannelKind::Mqtt, Pusher, PusherOptions, Reach, Target};

const VERSIONS: [&str; 2] = ["3.1.1", "5"];

fn broker(port: u16, more: &[(&str, &str)], secrets: &[(&str, &str)]) -> Target {
    let port = port.to_string();
    let usual = [("host", "127.0.0.1"), ("port", port.as_str())];
    target(Mqtt, &[usual.as_slice(), more].concat(), secrets)
}

#[tokio::test]
async fn messages_arrive_and_the_session_is_kept() {
    let Some(mosquitto) = Mosquitto::start(Door::Open).await else { return };
    let mut listener = mosquitto.listener().await;
    let pusher = pusher();
    for (n, version) in VERSIONS.into_iter().enumerate() {
        let settings = [("topic", "wall/{level}/{camera}"), ("version", version)];
        let target = broker(mosquitto.port, &settings, &[]);
        for key in ["a", "b", "c"] {
            let outcome = pusher.send(&target, &message(key)).await;
            assert_eq!(word(&outcome), ("sent", Some(0)), "{version} {outcome:?}");
            let (topic, quality, payload) = listener.heard().await;
            assert_eq!((topic.as_str(), quality.as_str(), &payload["key"]), ("wall/4/北门_1", "1", &key.into()));
            assert_eq!(payload["alarm"]["id"], 17);
        }
        let opened = mosquitto.log().matches("New client connected from 127.0.0.1").count();
        assert_eq!(opened, n + 2, "one session per version, and the listener's");
    }
    pusher.close().await;
    until("a goodbye", async || (mosquitto.log().matches("disconnected.").count() >= 2).then_some(())).await;
    let outcome = pusher.send(&broker(mosquitto.port, &[("topic", "x")], &[]), &message("d")).await;
    assert_eq!((word(&outcome), outcome.answer().response.as_str()), (("retry", None), "the site is shutting down"));
}

#[tokio::test]
async fn many_at_a_time_share_a_session() {
    let Some(mosquitto) = Mosquitto::start(Door::Open).await else { return };
    let pusher = pusher();
    let target = broker(mosquitto.port, &[("topic", "x"), ("version", "5")], &[]);
    let mut sends = tokio::task::JoinSet::new();
    for n in 0..12 {
        let (pusher, target) = (pusher.clone(), target.clone());
        sends.spawn(async move { pusher.send(&target, &message(&n.to_string())).await });
    }
    while let Some(outcome) = sends.join_next().await {
        // 0x10: nobody listens.
        assert_eq!(word(&outcome.unwrap()), ("sent", Some(16)));
    }
    assert_eq!(mosquitto.log().matches("New client connected").count(), 1);
    pusher.close().await;
}

#[tokio::test]
async fn a_name_with_several_addresses_is_found() {
    let Some(mosquitto) = Mosquitto::start(Door::Open).await else { return };
    let port = mosquitto.port.to_string();
    // Where it also means `::1`, nobody is there.
    let target = target(Mqtt, &[("host", "localhost"), ("port", &port), ("topic", "x")], &[]);
    let pusher = pusher();
    assert!(pusher.send(&target, &message("k")).await.is_sent());
    pusher.close().await;
    let others = Pusher::with(PusherOptions { reach: Reach::Others, ..options() });
    let outcome = others.send(&target, &message("k")).await;
    assert_eq!(word(&outcome), ("refused", None), "{outcome:?}");
}

#[tokio::test]
async fn silent_sessions_end() {
    let Some(mosquitto) = Mosquitto::start(Door::Open).await else { return };
    let pusher = Pusher::with(PusherOptions { idle: Duration::from_millis(100), ..options() });
    let target = broker(mosquitto.port, &[("topic", "x")], &[]);
    for n in 1..=2 {
        assert!(pusher.send(&target, &message("k")).await.is_sent());
        until("the session ends", async || (mosquitto.log().matches("disconnected.").count() == n).then_some(())).await;
    }
}

#[tokio::test]
async fn logins_and_rights() {
    let Some(mosquitto) = Mosquitto::start(Door::Login).await else { return };
    let pusher = pusher();
    for version in VERSIONS {
        let settings = |topic| [("topic", topic), ("version", version), ("user", USER)];
        let known = broker(mosquitto.port, &settings("allowed/x"), &[("password", PASSWORD)]);
        assert!(pusher.send(&known, &message("k")).await.is_sent(), "{version}");
        let wrong = broker(mosquitto.port, &settings("allowed/x"), &[("password", "hunter3")]);
        let outcome = pusher.send(&wrong, &message("k")).await;
        assert_eq!(word(&outcome).0, "refused", "{version} {outcome:?}");
        assert!(outcome.answer().response.starts_with("the broker refused the login: "), "{outcome:?}");
        let nobody = broker(mosquitto.port, &[("topic", "allowed/x"), ("version", version)], &[]);
        assert_eq!(word(&pusher.send(&nobody, &message("k")).await).0, "refused", "{version}");
    }
    // Version 3.1.1 has no way to say so: the broker acknowledges and throws it away.
    let forbidden = [("topic", "forbidden"), ("version", "5"), ("user", USER)];
    let outcome = pusher.send(&broker(mosquitto.port, &forbidden, &[("password", PASSWORD)]), &message("k")).await;
    assert_eq!(word(&outcome), ("refused", Some(0x87)), "{outcome:?}");
    pusher.close().await;
}

#[tokio::test]
async fn certificates_are_checked() {
    let Some(mosquitto) = Mosquitto::start(Door::Tls).await else { return };
    let pusher = pusher();
    let settings = [("topic", "x"), ("tls", "true")];
    let stranger = pusher.send(&broker(mosquitto.port, &settings, &[]), &message("k")).await;
    assert_eq!(word(&stranger), ("retry", None));
    assert!(stranger.answer().response.contains("certificate"), "{stranger:?}");
    let known = [settings.as_slice(), &[("ca", &mosquitto.authority)]].concat();
    let outcome = pusher.send(&broker(mosquitto.port, &known, &[]), &message("k")).await;
    assert!(outcome.is_sent(), "{outcome:?}");
    pusher.close().await;
}

#[tokio::test]
async fn a_broker_that_comes_back_is_found_again() {
    let Some(mosquitto) = Mosquitto::start(Door::Open).await else { return };
    let pusher = pusher();
    let target = broker(mosquitto.port, &[("topic", "x")], &[]);
    assert!(pusher.send(&target, &message("a")).await.is_sent());
    let port = mosquitto.stop().await;
    let outcome = pusher.send(&target, &message("b")).await;
    assert_eq!(word(&outcome), ("retry", None), "{outcome:?}");
    // Something else at the port: no broker, but somebody who answers.
    let listener = until("the port", async || TcpListener::bind(("127.0.0.1", port)).await.ok()).await;
    tokio::spawn(async move {
        while let Ok((mut stream, _)) = listener.accept().await {
            let mut buffer = [0; 64];
            let _ = stream.read(&mut buffer).await;
            let _ = tokio::io::AsyncWriteExt::write_all(&mut stream, b"HTTP/1.1 400 Bad Request\r\n\r\n").await;
        }
    });
    let outcome = pusher.send(&target, &message("b")).await;
    assert_eq!(word(&outcome), ("retry", None), "{outcome:?}");
}

#[tokio::test]
async fn a_broker_that_does_not_answer_is_left_in_time() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    tokio::spawn(async move {
        let mut held = Vec::new();
        // Welcomes the second, and then says nothing more.
        while let Ok((mut stream, _)) = listener.accept().await {
            if !held.is_empty() {
                let _ = tokio::io::AsyncWriteExt::write_all(&mut stream, &[0x20, 2, 0, 0]).await;
            }
            held.push(stream);
        }
    });
    let pusher = hasty();
    let target = broker(port, &[("topic", "x")], &[]);
    for _ in 0..2 {
        ended_in_time(&pusher.send(&target, &message("k")).await);
    }
    pusher.close().await;
}
