//! Pull points: what happens at a device is heard, and what a subscription costs.

use crate::{WAIT, connected, device, eventually, farm};
use std::time::Duration;
use tokio::time::timeout;
use watchwall_camsim::{DeviceEvent, DeviceSpec, EventTopic, Farm};
use watchwall_onvif::{
    events::{CameraEvent, EventKind, EventSource, EventState, EventStream, Heard, ListenPhase},
    operations::{
        CreatePullPointSubscription, GetDigitalInputs, GetEventProperties, GetIoRelayOutputs, GetRelayOutputOptions,
        GetRelayOutputs, PullMessages, RelayMode, RelayOutput, RelayState, Renew, SetRelayOutputSettings,
        SetRelayOutputState, Subscription, SystemReboot, Termination, Unsubscribe,
    },
};

pub async fn next(stream: &mut EventStream) -> CameraEvent {
    match timeout(WAIT, stream.next()).await.expect("an event comes") {
        Some(Heard::Event(event)) => event,
        other => unreachable!("{other:?}"),
    }
}

/// The next event that is wanted; others are left out.
pub async fn hear(stream: &mut EventStream, wanted: impl Fn(&CameraEvent) -> bool) -> CameraEvent {
    loop {
        let event = next(stream).await;
        if wanted(&event) {
            return event;
        }
    }
}

pub fn motion(farm: &Farm, state: bool) {
    farm.event(0, DeviceEvent { topic: EventTopic::Motion, index: 0, state }).unwrap();
}

#[tokio::test]
async fn things_that_happen_are_heard_with_their_kind_and_source() {
    let farm = farm(device()).await;
    let source = EventSource::start(connected(&farm).await.client);
    let mut stream = source.listen();
    let first = next(&mut stream).await;
    assert!(first.is_initial && first.state == EventState::Ended, "{first:?}");
    eventually("all states are told", async || source.snapshot().events >= 5).await;
    let expect = [
        (EventTopic::Motion, EventKind::Motion, "VideoSource_1", EventState::Began),
        (EventTopic::CellMotion, EventKind::Motion, "VideoSourceToken_1", EventState::Began),
        (EventTopic::LineCrossed, EventKind::LineCrossed, "VideoSourceToken_1", EventState::Happened),
        (EventTopic::TapoLine, EventKind::LineCrossed, "VideoSourceToken_1", EventState::Began),
        (EventTopic::AreaEntered, EventKind::AreaEntered, "VideoSourceToken_1", EventState::Began),
        (EventTopic::Tamper, EventKind::Tampering, "VideoSourceToken_1", EventState::Began),
        (EventTopic::SceneChange, EventKind::Tampering, "VideoSource_1", EventState::Began),
        (EventTopic::SignalLoss, EventKind::SignalLost, "VideoSource_1", EventState::Began),
        (EventTopic::Person, EventKind::Person, "VideoSource_1", EventState::Began),
        (EventTopic::Vehicle, EventKind::Vehicle, "VideoSource_1", EventState::Began),
        (EventTopic::DigitalInput, EventKind::DigitalInput, "AlarmIn_1", EventState::Began),
        (
            EventTopic::Vendor,
            EventKind::Other("RuleEngine/CamsimDetector/Umbrella".into()),
            "VideoSource_1",
            EventState::Began,
        ),
    ];
    for (topic, kind, token, state) in expect {
        farm.event(0, DeviceEvent { topic, index: 0, state: true }).unwrap();
        let heard = hear(&mut stream, |event| !event.is_initial).await;
        assert_eq!((&heard.kind, heard.source.as_deref(), heard.state), (&kind, Some(token), state), "{topic:?}");
    }
    source.stop().await;
    eventually("the subscription is given back", async || farm.device_counters(0).unwrap().subscriptions == 0).await;
    farm.shutdown().await;
}

#[tokio::test]
async fn a_relay_is_switched_and_its_pulse_ends() {
    let farm = farm(device()).await;
    let client = connected(&farm).await.client;
    let relays = client.call(&GetRelayOutputs).await.unwrap();
    assert_eq!((relays.len(), &relays[0].mode), (2, &RelayMode::Bistable));
    assert_eq!(client.call(&GetIoRelayOutputs).await.unwrap(), relays);
    assert_eq!(client.call(&GetDigitalInputs).await.unwrap().len(), 2);
    let token = relays[0].token.clone();
    assert_eq!(client.call(&GetRelayOutputOptions { token: token.clone() }).await.unwrap().modes.len(), 2);
    let source = EventSource::start(client.clone());
    let mut stream = source.listen();
    next(&mut stream).await;
    let pulse = RelayOutput { mode: RelayMode::Monostable, pulse_ms: Some(1000), ..relays[0].clone() };
    client.call(&SetRelayOutputSettings(pulse.clone())).await.unwrap();
    assert_eq!(client.call(&GetRelayOutputs).await.unwrap()[0], pulse);
    client.call(&SetRelayOutputState { token: token.clone(), state: RelayState::Active }).await.unwrap();
    for state in [EventState::Began, EventState::Ended] {
        let heard = hear(&mut stream, |event| event.kind == EventKind::Relay && !event.is_initial).await;
        assert_eq!((heard.state, heard.source.as_deref()), (state, Some(token.as_str())));
    }
    source.stop().await;
    farm.shutdown().await;
}

async fn subscribe(client: &watchwall_onvif::Client) -> Subscription {
    let termination = Termination::After { ms: 60_000 };
    client.call(&CreatePullPointSubscription { termination }).await.unwrap()
}

#[tokio::test]
async fn a_pull_waits_and_a_subscription_lives_as_long_as_it_is_renewed() {
    let farm = farm(DeviceSpec { pull_points: 2, ..device() }).await;
    let client = connected(&farm).await.client;
    let first = subscribe(&client).await;
    assert_eq!(first.lifetime_ms(), Some(60_000));
    let all = PullMessages { wait_ms: 10_000, most: 100 };
    // How things stand comes at once.
    assert_eq!(client.call_at(&first.endpoint, &all).await.unwrap().messages.len(), 5);
    let short = PullMessages { wait_ms: 300, most: 100 };
    let start = tokio::time::Instant::now();
    assert!(client.call_at(&first.endpoint, &short).await.unwrap().messages.is_empty());
    assert!(start.elapsed() >= Duration::from_millis(300));
    let waiting = PullMessages { wait_ms: 60_000, most: 100 };
    let (pulled, ()) = tokio::join!(client.call_at(&first.endpoint, &waiting), async {
        motion(&farm, true);
    });
    assert_eq!(pulled.unwrap().messages.len(), 1);
    assert!(
        client
            .call_at(&first.endpoint, &Renew { termination: Termination::After { ms: 90_000 } })
            .await
            .unwrap()
            .is_some()
    );
    let second = subscribe(&client).await;
    assert_ne!(first.endpoint.address, second.endpoint.address);
    let third = client.call(&CreatePullPointSubscription { termination: Termination::After { ms: 60_000 } }).await;
    assert!(third.is_err(), "there is no room");
    client.call_at(&first.endpoint, &Unsubscribe).await.unwrap();
    assert!(client.call_at(&first.endpoint, &short).await.is_err());
    assert_eq!(farm.device_counters(0).unwrap().subscriptions, 1);
    farm.shutdown().await;
}

#[tokio::test]
async fn topics_are_listed() {
    let farm = farm(device()).await;
    let topics = connected(&farm).await.client.call(&GetEventProperties).await.unwrap().topics;
    assert_eq!(topics.len(), 13, "{topics:?}");
    for topic in ["VideoSource/MotionAlarm", "RuleEngine/CellMotionDetector/LineCross", "Device/Trigger/Relay"] {
        assert!(topics.contains(&topic.to_owned()), "{topic}: {topics:?}");
    }
    farm.shutdown().await;
}

#[tokio::test]
async fn listening_survives_a_reboot() {
    let farm = farm(DeviceSpec { reboot: Duration::from_millis(300), ..device() }).await;
    let client = connected(&farm).await.client;
    let source = EventSource::start(client.clone());
    let mut stream = source.listen();
    next(&mut stream).await;
    client.call(&SystemReboot).await.unwrap();
    timeout(WAIT, source.wait_for(|snapshot| snapshot.phase == ListenPhase::Waiting)).await.expect("it is lost");
    timeout(WAIT, source.wait_for(|snapshot| snapshot.phase == ListenPhase::Listening)).await.expect("it is back");
    eventually("the device has a new subscription", async || farm.device_counters(0).unwrap().subscriptions == 1).await;
    motion(&farm, true);
    hear(&mut stream, |event| event.kind == EventKind::Motion && event.state == EventState::Began).await;
    source.stop().await;
    farm.shutdown().await;
}
