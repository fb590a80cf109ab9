//! Subscriptions as real devices handle them: a motion is heard all the same.

use crate::{
    connected, device,
    events::{hear, motion},
    eventually, farm,
};
use watchwall_camsim::{DeviceSpec, Quirk};
use watchwall_model::UtcMillis;
use watchwall_onvif::{
    ErrorKind,
    events::{EventKind, EventSource, EventState},
    operations::{CreatePullPointSubscription, Termination, Unsubscribe},
    soap::Service,
};

/// A motion that begins and ends is heard.
async fn hears(quirk: Quirk) {
    let farm = farm(DeviceSpec { quirks: vec![quirk], ..device() }).await;
    let source = EventSource::start(connected(&farm).await.client);
    let mut stream = source.listen();
    hear(&mut stream, |event| event.is_initial).await;
    for (state, expect) in [(true, EventState::Began), (false, EventState::Ended)] {
        motion(&farm, state);
        // Between two subscriptions it is told as the state of things.
        let heard = hear(&mut stream, |event| event.kind == EventKind::Motion && event.state == expect).await;
        let age_ms = UtcMillis::now() - heard.at;
        assert!((-5000..3_600_000).contains(&age_ms), "{quirk:?}: {heard:?}");
    }
    source.stop().await;
    farm.shutdown().await;
}

macro_rules! hears {
    ($($test:ident $quirk:ident,)*) => {
        $(
            #[tokio::test]
            async fn $test() {
                hears(Quirk::$quirk).await;
            }
        )*
    };
}

hears! {
    quirk_subscription_port SubscriptionPort,
    quirk_subscription_reference SubscriptionReference,
    quirk_undeclared_prefixes UndeclaredPrefixes,
    quirk_ignores_relative_termination IgnoresRelativeTermination,
    quirk_termination_past TerminationPast,
    quirk_renew_fault RenewFault,
    quirk_synchronization_fault SynchronizationFault,
    quirk_pull_bad_request PullBadRequest,
    quirk_denies_pull_support DeniesPullSupport,
    quirk_odd_dates OddDates,
    quirk_nanosecond_dates NanosecondDates,
}

#[tokio::test]
async fn quirk_pull_answers_at_once() {
    let farm = farm(DeviceSpec { quirks: vec![Quirk::PullAnswersAtOnce], ..device() }).await;
    let source = EventSource::start(connected(&farm).await.client);
    let mut stream = source.listen();
    hear(&mut stream, |event| event.is_initial).await;
    let pulls = || farm.device_counters(0).unwrap().operations["PullMessages"];
    let (start, before) = (tokio::time::Instant::now(), pulls());
    eventually("it pulls on", async || pulls() >= before + 4).await;
    // Three gaps lie between four pulls; without them there would be hundreds.
    assert!(start.elapsed().as_millis() >= 1500, "{:?}", start.elapsed());
    motion(&farm, true);
    hear(&mut stream, |event| event.kind == EventKind::Motion && event.state == EventState::Began).await;
    source.stop().await;
    farm.shutdown().await;
}

#[tokio::test]
async fn quirk_few_pull_points() {
    let farm = farm(DeviceSpec { quirks: vec![Quirk::FewPullPoints], ..device() }).await;
    let client = connected(&farm).await.client;
    let subscribe = CreatePullPointSubscription { termination: Termination::After { ms: 600_000 } };
    // Somebody else holds both.
    let (first, _second) = (client.call(&subscribe).await.unwrap(), client.call(&subscribe).await.unwrap());
    let source = EventSource::start(client.clone());
    let mut stream = source.listen();
    let waits = source.wait_for(|snapshot| snapshot.attempt > 0).await.unwrap();
    assert!(waits.reason.is_some(), "{waits:?}");
    client.call_at(&first.endpoint, &Unsubscribe).await.unwrap();
    hear(&mut stream, |event| event.is_initial).await;
    source.stop().await;
    farm.shutdown().await;
}

#[tokio::test]
async fn quirk_unsubscribe_kills_all() {
    let farm = farm(DeviceSpec { quirks: vec![Quirk::UnsubscribeKillsAll], ..device() }).await;
    let client = connected(&farm).await.client;
    let other =
        client.call(&CreatePullPointSubscription { termination: Termination::After { ms: 600_000 } }).await.unwrap();
    let source = EventSource::start(client.clone());
    let mut stream = source.listen();
    hear(&mut stream, |event| event.is_initial).await;
    client.call_at(&other.endpoint, &Unsubscribe).await.unwrap();
    motion(&farm, true);
    hear(&mut stream, |event| event.kind == EventKind::Motion && event.state == EventState::Began).await;
    source.stop().await;
    farm.shutdown().await;
}

/// Whether the first stream describes a metadata track.
async fn describes_metadata(farm: &watchwall_camsim::Farm) -> bool {
    let url = farm.rtsp_url(0, watchwall_model::StreamRole::Main);
    crate::rtsp::describe(&url, "admin", "right").await.contains("a=rtpmap:107 vnd.onvif.metadata/90000")
}

#[tokio::test]
async fn quirk_metadata_track() {
    let plain = farm(device()).await;
    assert!(connected(&plain).await.profiles.iter().all(|profile| !profile.has_metadata));
    assert!(!describes_metadata(&plain).await);
    plain.shutdown().await;
    for more in [None, Some(Quirk::NoMedia1), Some(Quirk::NoMedia2)] {
        let quirks = [Quirk::MetadataTrack].into_iter().chain(more).collect();
        let farm = farm(DeviceSpec { quirks, ..device() }).await;
        assert!(connected(&farm).await.profiles.iter().all(|profile| profile.has_metadata), "{more:?}");
        assert!(describes_metadata(&farm).await);
        farm.shutdown().await;
    }
}

#[tokio::test]
async fn quirk_metadata_only() {
    let farm = farm(DeviceSpec { quirks: vec![Quirk::MetadataOnly], ..device() }).await;
    let client = connected(&farm).await.client;
    assert!(!client.services().has(&Service::Events) && describes_metadata(&farm).await);
    farm.shutdown().await;
}

#[tokio::test]
async fn quirk_pull_points_refused() {
    let farm = farm(DeviceSpec { quirks: vec![Quirk::PullPointsRefused], ..device() }).await;
    let client = connected(&farm).await.client;
    let subscribe = CreatePullPointSubscription { termination: Termination::After { ms: 60_000 } };
    let refusal = client.call(&subscribe).await.unwrap_err();
    assert_eq!(refusal.kind(), ErrorKind::Refused, "{refusal}");
    assert!(describes_metadata(&farm).await);
    farm.clear_quirks(0).unwrap();
    assert!(client.call(&subscribe).await.is_ok());
    farm.shutdown().await;
}

#[tokio::test]
async fn quirk_metadata_refused() {
    // What its client makes of it is shown where streams are opened.
    let farm = farm(DeviceSpec { quirks: vec![Quirk::MetadataRefused], ..device() }).await;
    assert!(describes_metadata(&farm).await);
    farm.shutdown().await;
}
