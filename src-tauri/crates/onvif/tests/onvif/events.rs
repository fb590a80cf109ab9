//! A device is listened to over its real pull point.

use crate::{
    client,
    device::{Camera, Guard, Reply, Request},
    right, wrong,
};
use std::{
    sync::{
        Arc,
        atomic::{AtomicU32, Ordering},
    },
    time::Duration,
};
use tokio::time::timeout;
use watchwall_model::{ErrorCode, UtcMillis};
use watchwall_onvif::{
    events::{CameraEvent, EventKind, EventSource, EventState, EventStream, Heard, ListenPhase},
    format_utc,
};

const PATIENCE: Duration = Duration::from_secs(60);

async fn next(stream: &mut EventStream) -> CameraEvent {
    match timeout(PATIENCE, stream.next()).await.expect("an event comes") {
        Some(Heard::Event(event)) => event,
        other => unreachable!("{other:?}"),
    }
}

async fn phase(source: &EventSource, wanted: ListenPhase) {
    timeout(PATIENCE, source.wait_for(|snapshot| snapshot.phase == wanted)).await.expect("the phase comes");
}

fn motion(state: &str, operation: &str) -> Reply {
    Reply::soap(
        200,
        &format!(
            "<tev:PullMessagesResponse><tev:CurrentTime>{0}</tev:CurrentTime><wsnt:NotificationMessage>\
             <wsnt:Topic>tns1:VideoSource/MotionAlarm</wsnt:Topic><wsnt:Message><tt:Message UtcTime=\"{0}\" \
             PropertyOperation=\"{operation}\"><tt:Source><tt:SimpleItem Name=\"Source\" Value=\"v1\"/></tt:Source><tt:Data>\
             <tt:SimpleItem Name=\"State\" Value=\"{state}\"/></tt:Data></tt:Message></wsnt:Message></wsnt:NotificationMessage>\
             </tev:PullMessagesResponse>",
            format_utc(UtcMillis::now())
        ),
    )
}

/// Answers pulls in order, then waits as a device with nothing to say does.
fn script(request: &Request, pulls: &AtomicU32, replies: &[fn() -> Reply]) -> Option<Reply> {
    if !request.is("PullMessages") {
        return None;
    }
    let index = pulls.fetch_add(1, Ordering::SeqCst) as usize;
    Some(replies.get(index).map_or(Reply::Hang, |reply| reply()))
}

#[tokio::test]
async fn motion_begins_and_ends() {
    let pulls = AtomicU32::new(0);
    let camera = Camera::hooked(Guard::Digest(&["MD5"]), move |request| {
        script(
            request,
            &pulls,
            &[|| motion("false", "Initialized"), || motion("true", "Changed"), || motion("false", "Changed")],
        )
    })
    .await;
    let source = EventSource::start(client(&camera, Some(right())));
    let mut stream = source.listen();
    let (first, begin, end) = (next(&mut stream).await, next(&mut stream).await, next(&mut stream).await);
    assert!(first.is_initial && !begin.is_initial);
    assert_eq!((begin.kind, begin.state, begin.source.as_deref()), (EventKind::Motion, EventState::Began, Some("v1")));
    assert_eq!(end.state, EventState::Ended);
    assert_eq!((source.snapshot().phase, source.snapshot().events), (ListenPhase::Listening, 3));
    source.stop().await;
    assert_eq!(timeout(PATIENCE, stream.next()).await.unwrap(), None);
    // Given back when it ended, with what the device wants to see in every request.
    let last = camera.requests().into_iter().rfind(|request| request.is("Unsubscribe")).expect("it was given back");
    assert_eq!(last.target, "/sub?Idx=7");
    assert!(
        last.body.contains("<dom0:SubscriptionId xmlns:dom0=\"urn:dom\">42</dom0:SubscriptionId>"),
        "{}",
        last.body
    );
    assert_eq!((camera.wrong(), camera.count("CreatePullPointSubscription")), (0, 2), "asked once without a login");
}

#[tokio::test]
async fn event_calls_alone_are_addressed() {
    let camera = Camera::hooked(Guard::Nothing, |request| request.is("PullMessages").then_some(Reply::Hang)).await;
    let client = client(&camera, None);
    client.call(&watchwall_onvif::operations::GetProfiles).await.unwrap();
    let source = EventSource::start(client);
    phase(&source, ListenPhase::Listening).await;
    source.stop().await;
    for request in camera.requests() {
        let is_event = !request.is("GetProfiles");
        assert_eq!(request.body.contains("<a:Action s:mustUnderstand"), is_event, "{}", request.body);
        assert_eq!(request.body.contains("<a:MessageID>urn:uuid:"), is_event);
    }
}

#[tokio::test]
async fn a_subscription_lost_by_a_restart_is_made_again() {
    let pulls = AtomicU32::new(0);
    let camera = Camera::hooked(Guard::Nothing, move |request| {
        script(
            request,
            &pulls,
            &[|| motion("true", "Changed"), || Reply::fault(400, &[], ""), || motion("false", "Changed")],
        )
    })
    .await;
    let source = EventSource::start(client(&camera, None));
    let mut stream = source.listen();
    assert_eq!(next(&mut stream).await.state, EventState::Began);
    assert_eq!(next(&mut stream).await.state, EventState::Ended);
    let made = camera.operations().into_iter().filter(|name| name.contains("PullPoint") || name == "Unsubscribe");
    let expect = ["CreatePullPointSubscription", "Unsubscribe", "CreatePullPointSubscription"];
    assert_eq!(made.collect::<Vec<_>>(), expect);
    source.stop().await;
}

#[tokio::test]
async fn quirk_3_an_empty_answer_at_once_is_not_asked_for_in_a_loop() {
    let camera = Camera::hooked(Guard::Nothing, |_| None).await;
    let source = EventSource::start(client(&camera, None));
    phase(&source, ListenPhase::Listening).await;
    let start = tokio::time::Instant::now();
    while camera.count("PullMessages") < 4 {
        tokio::task::yield_now().await;
        assert!(start.elapsed() < PATIENCE);
    }
    assert!(start.elapsed() >= Duration::from_millis(1400), "{:?}", start.elapsed());
    source.stop().await;
}

#[tokio::test]
async fn a_wrong_password_needs_attention_and_no_more_tries() {
    let camera = Camera::start(crate::device::Setup::default()).await;
    let client = client(&camera, Some(wrong()));
    let source = EventSource::start(client.clone());
    phase(&source, ListenPhase::NeedsAttention).await;
    assert_eq!(source.snapshot().reason, Some(ErrorCode::CredentialsWrong));
    for _ in 0..5 {
        source.retry();
        phase(&source, ListenPhase::NeedsAttention).await;
    }
    assert!((1..=2).contains(&camera.wrong()), "{}", camera.wrong());
    client.set_credentials(Some(right()));
    source.retry();
    phase(&source, ListenPhase::Listening).await;
    source.stop().await;
}

#[tokio::test]
async fn a_pull_does_not_hold_up_other_calls() {
    let camera = Camera::hooked(Guard::Nothing, |request| request.is("PullMessages").then_some(Reply::Hang)).await;
    let client = client(&camera, None);
    let source = EventSource::start(client.clone());
    phase(&source, ListenPhase::Listening).await;
    timeout(PATIENCE, async {
        while camera.count("PullMessages") == 0 {
            tokio::task::yield_now().await;
        }
    })
    .await
    .expect("it pulls");
    assert!(client.call(&watchwall_onvif::operations::GetProfiles).await.is_ok());
    assert_eq!(camera.count("PullMessages"), 1);
    source.stop().await;
}

#[tokio::test]
async fn undeclared_prefixes_and_a_device_without_events() {
    // The usual answer of the camera here declares neither wsa nor wsnt: see device/answers.rs.
    let camera = Camera::hooked(Guard::Nothing, |request| {
        request.is("CreatePullPointSubscription").then(|| Reply::fault(500, &["ActionNotSupported"], ""))
    })
    .await;
    let source = EventSource::start(client(&camera, None));
    phase(&source, ListenPhase::NeedsAttention).await;
    assert_eq!(source.snapshot().reason, Some(ErrorCode::OperationUnsupported));
    source.stop().await;
}

#[tokio::test]
async fn a_dropped_handle_ends_its_task() {
    let ended = Arc::new(());
    let held = Arc::clone(&ended);
    let camera = Camera::hooked(Guard::Nothing, move |request| {
        let _ = &held;
        request.is("PullMessages").then_some(Reply::Hang)
    })
    .await;
    let source = EventSource::start(client(&camera, None));
    let mut stream = source.listen();
    phase(&source, ListenPhase::Listening).await;
    drop(source);
    assert_eq!(timeout(PATIENCE, stream.next()).await.expect("the task ends"), None);
}
