//! Answers nobody should send. Each ends in a typed error, in bounded time and memory.

use crate::{
    address,
    device::{Camera, Guard, Reply},
    options,
};
use std::time::{Duration, Instant};
use watchwall_onvif::{Client, ClientOptions, ErrorKind, OnvifError, operations::GetProfiles, tree::TreeError};

async fn asked(reply: Reply) -> OnvifError {
    asked_within(reply, Duration::from_secs(30)).await
}

async fn asked_within(reply: Reply, limit: Duration) -> OnvifError {
    let camera = Camera::hooked(Guard::Nothing, move |_| Some(reply.clone())).await;
    let patient = ClientOptions { read_timeout: limit, list_timeout: limit, ..options() };
    Client::new(address(&camera), None, patient).call(&GetProfiles).await.unwrap_err()
}

fn wrapped(inside: &str) -> Vec<u8> {
    format!("<E:Envelope><E:Body>{inside}</E:Body></E:Envelope>").into_bytes()
}

#[tokio::test]
async fn more_than_eight_megabytes() {
    let body = wrapped(&"<GetProfilesResponse/>".repeat(500_000));
    assert!(body.len() > 8 * 1024 * 1024);
    let error = asked(Reply::raw(200, body)).await;
    assert!(matches!(error, OnvifError::TooLarge { limit: 8_388_608, .. }), "{error}");
}

#[tokio::test]
async fn eight_megabytes_of_answer_are_read() {
    let profile = format!("<Profiles token=\"t\"><Name>{}</Name></Profiles>", "n".repeat(1000));
    let many = 8 * 1024 * 1024 / profile.len() - 10;
    let body = wrapped(&format!("<GetProfilesResponse>{}</GetProfilesResponse>", profile.repeat(many)));
    let camera = Camera::hooked(Guard::Nothing, move |_| Some(Reply::raw(200, body.clone()))).await;
    let profiles = Client::new(address(&camera), None, options()).call(&GetProfiles).await.unwrap();
    assert_eq!(profiles.len(), many);
}

#[tokio::test]
async fn ten_thousand_deep() {
    let error = asked(Reply::raw(200, wrapped(&("<a>".repeat(10_000) + &"</a>".repeat(10_000))))).await;
    assert!(matches!(error, OnvifError::BadXml { source: TreeError::TooDeep { .. }, .. }), "{error}");
}

#[tokio::test]
async fn two_million_elements() {
    let error = asked(Reply::raw(200, wrapped(&"<a/>".repeat(2_000_000)))).await;
    assert!(matches!(error, OnvifError::BadXml { source: TreeError::TooManyNodes { .. }, .. }), "{error}");
}

#[tokio::test]
async fn an_entity_bomb() {
    let mut bomb = String::from("<?xml version=\"1.0\"?><!DOCTYPE x [<!ENTITY a0 \"aaaaaaaaaa\">");
    for level in 1..12 {
        bomb += &format!("<!ENTITY a{level} \"{}\">", format!("&a{};", level - 1).repeat(10));
    }
    bomb += "]><E:Envelope><E:Body><GetProfilesResponse>&a11;</GetProfilesResponse></E:Body></E:Envelope>";
    let error = asked(Reply::raw(200, bomb)).await;
    assert!(matches!(error, OnvifError::BadXml { source: TreeError::DeclaresEntities, .. }), "{error}");
}

#[tokio::test]
async fn web_pages_words_and_nothing() {
    let cases: [(Reply, &str); 5] = [
        (Reply::raw(200, "<!DOCTYPE html><html><body>Login</body></html>"), "a web page"),
        (Reply::raw(500, "<HTML><br><b>Internal error"), "a web page"),
        (Reply::raw(500, "Traceback (most recent call last):\n  File"), "plain text"),
        (Reply::raw(200, ""), "nothing"),
        (Reply::raw(200, "<config><x/></config>"), "XML that is no SOAP"),
    ];
    for (reply, expect) in cases {
        match asked(reply).await {
            OnvifError::NotSoap { what, .. } => assert_eq!(what, expect),
            error => unreachable!("{expect}: {error}"),
        }
    }
}

#[tokio::test]
async fn one_byte_per_second_ends_with_the_calls_time() {
    let start = Instant::now();
    let reply = Reply::Drip { body: wrapped("<GetProfilesResponse/>"), gap: Duration::from_secs(1) };
    let error = asked_within(reply, Duration::from_secs(2)).await;
    assert!(matches!(error, OnvifError::Timeout { .. }), "{error}");
    assert!(start.elapsed() < Duration::from_secs(30), "sixty bytes would have taken a minute");
}

#[tokio::test]
async fn silence_ends_with_the_calls_time() {
    let error = asked_within(Reply::Hang, Duration::from_secs(1)).await;
    assert!(matches!(error, OnvifError::Timeout { ms: 1000, .. }), "{error}");
}

#[tokio::test]
async fn a_connection_that_closes_without_a_word() {
    let error = asked(Reply::Close).await;
    assert!(matches!(error, OnvifError::Closed { .. }), "{error:?}");
    assert_eq!(error.kind(), ErrorKind::Unreachable);
}

#[tokio::test]
async fn half_an_answer_is_none() {
    let error = asked(Reply::raw(200, "<E:Envelope><E:Body><GetProfilesResponse><Profiles")).await;
    assert!(matches!(error, OnvifError::BadXml { source: TreeError::Truncated, .. }), "{error}");
}

#[tokio::test]
async fn a_length_that_promises_too_much() {
    let body = wrapped("<GetProfilesResponse><Profiles token=\"a\"/></GetProfilesResponse>");
    let reply = Reply::WrongLength { length: body.len() + 500, body };
    let camera = Camera::hooked(Guard::Nothing, move |_| Some(reply.clone())).await;
    assert_eq!(Client::new(address(&camera), None, options()).call(&GetProfiles).await.unwrap().len(), 1);
}

#[tokio::test]
async fn redirects_are_not_followed() {
    let other = Camera::hooked(Guard::Nothing, |_| None).await;
    let target = format!("http://127.0.0.1:{}/onvif/device_service", other.port());
    let error = asked(Reply::raw(302, "").with("Location", &target)).await;
    assert!(matches!(error, OnvifError::NotSoap { status: 302, .. }), "{error}");
    assert_eq!(other.connections(), 0);
}

#[tokio::test]
async fn another_answer_than_asked_for() {
    let error = asked(Reply::raw(200, wrapped("<x/>"))).await;
    assert!(matches!(error, OnvifError::Incomplete { operation: "GetProfiles", .. }), "{error}");
}

#[tokio::test]
async fn nobody_there() {
    let camera = Camera::hooked(Guard::Nothing, |_| None).await;
    let address = address(&camera);
    camera.off().await;
    let error = Client::new(address, None, options()).call(&GetProfiles).await.unwrap_err();
    assert!(matches!(error, OnvifError::Refused { .. }), "{error:?}");
}
