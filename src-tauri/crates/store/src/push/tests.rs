use super::*;
use crate::{AlarmBatch, AlarmRef, DataFolder, NewAlarm, NewPush, PageRequest};
use std::collections::BTreeMap;
use watchwall_model::{AlarmClip, AlarmId, AlarmSource, Happening, PushChannelId, Secret};

fn channel(name: &str) -> ChannelChange {
    ChannelChange {
        name: name.into(),
        kind: "webhook".into(),
        enabled: true,
        language: "en".into(),
        settings: BTreeMap::from([("url".into(), "http://127.0.0.1/".into())]),
        secrets: BTreeMap::from([("key".into(), Secret::new("s3cret"))]),
        per_minute: 20,
    }
}

fn raised() -> NewAlarm {
    NewAlarm {
        what: Happening::new(AlarmSource::Test, "test", UtcMillis(1)),
        level: 2,
        camera_name: None,
        last_at: UtcMillis(1),
        count: 1,
        clip: AlarmClip::None,
        protect: false,
        deadline: None,
        close_at: None,
    }
}

#[tokio::test]
async fn what_is_raised_is_told_once_for_each_channel_of_its_route() {
    let folder = tempfile::tempdir().unwrap();
    let (store, _) = Store::open(&DataFolder::lock(folder.path()).unwrap()).await.unwrap();
    let push = store.push();
    let (one, two) =
        (push.add_channel(&channel("One")).await.unwrap(), push.add_channel(&channel("Two")).await.unwrap());
    assert!(matches!(push.add_channel(&channel("One")).await, Err(StoreError::NameTaken { .. })));
    let nowhere = PushRoutes::from([("default".into(), vec![PushChannelId(99)])]);
    assert!(matches!(push.put_routes(&nowhere, 0).await, Err(StoreError::NotFound { .. })));
    let routes = PushRoutes::from([("default".into(), vec![one.id]), ("night".into(), vec![one.id, two.id])]);
    push.put_routes(&routes, 0).await.unwrap();
    // Somebody who read them before: what was changed meanwhile stays.
    assert!(matches!(
        push.put_routes(&PushRoutes::new(), 0).await,
        Err(StoreError::VersionConflict { what: "routes" })
    ));
    assert_eq!(push.routes().await.unwrap(), (routes, 1));

    let told = |route: &str, key: &str| NewPush {
        route: route.into(),
        key: key.into(),
        alarm: Some(AlarmRef::Raised(0)),
        content: "{}".into(),
    };
    let pushes = vec![told("night", "a"), told("nobody", "b")];
    let batch = AlarmBatch { raised: vec![raised()], pushes, ..AlarmBatch::default() };
    let written = store.alarms().write(&batch, UtcMillis(5)).await.unwrap();
    assert_eq!(written.told, 3, "two by night, one by the route that is always there");
    let head = push.head(one.id, 10).await.unwrap();
    let keys: Vec<&str> = head.iter().map(|row| row.key.as_str()).collect();
    assert_eq!(keys, [format!("a-{}", one.id), format!("b-{}", one.id)]);
    assert_eq!(head[0].alarm, Some(written.raised[0].id));
    assert_eq!(push.waiting().await.unwrap(), BTreeMap::from([(one.id, 2), (two.id, 1)]));

    let line = |outcome| PushLogRow {
        id: 0,
        at: UtcMillis(6),
        channel: one.id,
        channel_name: "One".into(),
        target: "127.0.0.1".into(),
        alarm: head[0].alarm,
        content: "hello".into(),
        attempt: 1,
        outcome,
        status: Some(500),
        response: None,
        took_ms: 3,
    };
    let later = Settled::Later { attempts: 1, next_at: UtcMillis(9) };
    push.settle(&[(head[0].id, later)], &[line(PushOutcome::Retry)]).await.unwrap();
    assert_eq!(push.head(one.id, 1).await.unwrap()[0].attempts, 1);
    push.settle(&[(head[0].id, Settled::Gone)], &[line(PushOutcome::Sent)]).await.unwrap();
    assert_eq!(push.head(one.id, 9).await.unwrap().len(), 1);
    let log = push.log(None, Some(AlarmId(written.raised[0].id.0)), &PageRequest::default()).await.unwrap();
    assert_eq!(log.items.iter().map(|row| row.outcome).collect::<Vec<_>>(), [PushOutcome::Sent, PushOutcome::Retry]);
    assert!(push.last_of(two.id, PushOutcome::Sent).await.unwrap().is_none());
    assert_eq!(push.prune_log(UtcMillis(7)).await.unwrap(), 2);

    push.delete_channel(one.id).await.unwrap();
    assert_eq!(push.waiting().await.unwrap(), BTreeMap::from([(two.id, 1)]), "what waited for it went with it");
}

#[tokio::test]
async fn secrets_are_sealed_and_come_back() {
    let folder = tempfile::tempdir().unwrap();
    let (store, _) = Store::open(&DataFolder::lock(folder.path()).unwrap()).await.unwrap();
    let kept = store.push().add_channel(&channel("One")).await.unwrap();
    let mut change = store.push().channel(kept.id).await.unwrap().unwrap().change;
    assert_eq!(change.secrets["key"].reveal(), "s3cret");
    assert!(!format!("{change:?}").contains("s3cret"));
    change.secrets.clear();
    store.push().update_channel(kept.id, &change, 1).await.unwrap();
    assert!(matches!(store.push().update_channel(kept.id, &change, 1).await, Err(StoreError::VersionConflict { .. })));
    store.close().await;
    let file = std::fs::read(folder.path().join("watchwall.db")).unwrap();
    assert!(!file.windows(6).any(|window| window == b"s3cret"));
}
