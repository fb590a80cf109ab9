//! Letters to a real mail server.

use crate::{
    scene::{ended_in_time, hasty, message, pusher, target, word},
    servers::mail_server::MailServer,
};
use tokio::{io::AsyncWriteExt, net::TcpListener};
use watchwall_push::{ChannelKind::Smtp, Message, Outcome, Target};

fn mail(port: u16, more: &[(&str, &str)], secrets: &[(&str, &str)]) -> Target {
    let port = port.to_string();
    let usual = [
        ("host", "127.0.0.1"),
        ("port", port.as_str()),
        ("from", "Wall <wall@site.example>"),
        ("to", "Guard <guard@site.example>, chief@site.example"),
    ];
    target(Smtp, &[usual.as_slice(), more].concat(), secrets)
}

async fn sent(target: &Target, message: &Message) -> Outcome {
    pusher().send(target, message).await
}

#[tokio::test]
async fn a_letter_arrives() {
    let Some(mut server) = MailServer::start("plain").await else { return };
    let target = mail(server.port, &[("security", "none")], &[]);
    let picture: Vec<u8> = [b"\xff\xd8\xff\xe0".as_slice(), &[7; 300_000]].concat();
    let message = Message { text: ".\n.dot\n北门".into(), picture: Some(picture.into()), ..message("alarm-17-1") };
    let pusher = pusher();
    let mut letters = Vec::new();
    for _ in 0..2 {
        let (outcome, letter) = tokio::join!(pusher.send(&target, &message), server.letter());
        assert_eq!(word(&outcome), ("sent", Some(250)), "{outcome:?}");
        assert_eq!(outcome.answer().response, "queued as 1");
        letters.push(letter);
    }
    let (again, letter) = (letters.remove(1), letters.remove(0));
    assert_eq!(letter.content, again.content, "every attempt sends the same letter");
    assert_eq!(letter.from, "wall@site.example");
    assert_eq!(letter.to, ["guard@site.example", "chief@site.example"]);
    assert!(!letter.is_encrypted && !letter.is_logged_in);
    let head = letter.content.split("\r\n\r\n").next().unwrap();
    assert!(head.contains("Message-ID: <alarm-17-1@site.example>"), "{head}");
    assert!(head.contains("Subject: =?utf-8?b?"), "{head}");
    assert!(letter.content.contains("Content-Type: image/jpeg"));
    assert!(letter.content.len() > 400_000);
}

#[tokio::test]
async fn secured_from_the_beginning_and_later() {
    for security in ["tls", "starttls"] {
        let Some(mut server) = MailServer::start(security).await else { return };
        let known = mail(server.port, &[("security", security), ("ca", &server.authority)], &[]);
        let outcome = sent(&known, &message("k")).await;
        assert_eq!(word(&outcome), ("sent", Some(250)), "{security} {outcome:?}");
        assert!(server.letter().await.is_encrypted);
        let stranger = sent(&mail(server.port, &[("security", security)], &[]), &message("k")).await;
        assert_eq!(word(&stranger), ("retry", None), "{security}");
        assert!(stranger.answer().response.contains("certificate"), "{stranger:?}");
    }
}

#[tokio::test]
async fn who_wants_starttls_gets_no_less() {
    let Some(server) = MailServer::start("plain").await else { return };
    let outcome = sent(&mail(server.port, &[], &[]), &message("k")).await;
    assert_eq!(
        (word(&outcome), outcome.answer().response.as_str()),
        (("retry", None), "the server offers no STARTTLS")
    );
}

#[tokio::test]
async fn logins() {
    let Some(mut server) = MailServer::start("login").await else { return };
    let security = ("security", "none");
    let known = mail(server.port, &[security, ("user", "guard")], &[("password", "hunter2")]);
    assert_eq!(word(&sent(&known, &message("k")).await), ("sent", Some(250)));
    assert!(server.letter().await.is_logged_in);
    let wrong = mail(server.port, &[security, ("user", "guard")], &[("password", "hunter3")]);
    assert_eq!(word(&sent(&wrong, &message("k")).await), ("refused", Some(535)));
    let nobody = mail(server.port, &[security], &[]);
    assert_eq!(word(&sent(&nobody, &message("k")).await), ("refused", Some(530)));
}

#[tokio::test]
async fn recipients_that_are_not_taken() {
    let login = [("security", "none"), ("user", "guard")];
    let Some(server) = MailServer::start("refuse").await else { return };
    let outcome = sent(&mail(server.port, &login, &[("password", "hunter2")]), &message("k")).await;
    assert_eq!(word(&outcome), ("refused", Some(550)));
    assert_eq!(outcome.answer().response, "5.1.1 nobody of that name, ***");
    let server = MailServer::start("busy").await.unwrap();
    let outcome = sent(&mail(server.port, &login, &[("password", "hunter2")]), &message("k")).await;
    assert_eq!(word(&outcome), ("retry", Some(451)));
}

/// A server that says this to everybody and then nothing.
async fn stalls_after(greeting: &'static [u8]) -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    tokio::spawn(async move {
        let mut held = Vec::new();
        while let Ok((mut stream, _)) = listener.accept().await {
            let _ = stream.write_all(greeting).await;
            held.push(stream);
        }
    });
    port
}

#[tokio::test]
async fn a_server_that_stalls_is_left_in_time() {
    for (security, greeting) in [("none", b"".as_slice()), ("none", b"220 hello\r\n"), ("tls", b"")] {
        let target = mail(stalls_after(greeting).await, &[("security", security)], &[]);
        ended_in_time(&hasty().send(&target, &message("k")).await);
    }
}

#[tokio::test]
async fn a_server_that_talks_for_ever_is_left() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    tokio::spawn(async move {
        let (mut stream, _) = listener.accept().await.unwrap();
        while stream.write_all(&[b'x'; 65536]).await.is_ok() {}
    });
    let outcome = sent(&mail(port, &[("security", "none")], &[]), &message("k")).await;
    assert_eq!((word(&outcome), outcome.answer().response.as_str()), (("retry", None), "the answer is too long"));
}

#[tokio::test]
async fn nobody_there() {
    let outcome = sent(&mail(1, &[("security", "none")], &[]), &message("k")).await;
    assert_eq!((word(&outcome), outcome.answer().response.as_str()), (("retry", None), "the connection was refused"));
}
