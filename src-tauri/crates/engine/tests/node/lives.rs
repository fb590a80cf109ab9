//! What becomes of it when the camera, the site or a message is not as it should be.

use crate::{
    Node, PATIENCE, camera,
    site::{Site, TASK, task},
};
use watchwall_camsim::Fault;
use watchwall_engine_protocol::{NodeMessage, TaskState, TaskStatus};

fn status(message: NodeMessage) -> Option<TaskStatus> {
    match message {
        NodeMessage::Status(status) => Some(status),
        _ => None,
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_stream_that_freezes_or_dies_is_told_and_comes_back() {
    let (farm, site) = (camera().await, Site::open().await);
    let node = Node::start(&site.url());
    let mut guest = site.guest().await;
    guest.start(task(&farm, &["MOTION"])).await;
    for fault in [Fault::Freeze, Fault::Offline] {
        guest.result().await;
        farm.fault(0, fault).await.unwrap();
        let gone = guest.find(PATIENCE, status).await;
        assert_eq!((gone.task, gone.state), (TASK, TaskState::Error), "{fault:?}");
        assert!(gone.error_message.is_some_and(|why| !why.is_empty()));
        farm.clear(0).await.unwrap();
        let back = guest.find(PATIENCE, status).await;
        assert_eq!((back.state, back.error_message), (TaskState::Running, None), "{fault:?}");
    }
    guest.result().await;
    node.stop().await;
    farm.shutdown().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_site_that_goes_is_called_again_and_finds_its_tasks_running() {
    let (farm, site) = (camera().await, Site::open().await);
    let node = Node::start(&site.url());
    let mut guest = site.guest().await;
    guest.start(task(&farm, &["MOTION"])).await;
    guest.result().await;
    drop(guest);
    let mut guest = site.guest().await;
    let heartbeat = |message| match message {
        NodeMessage::Heartbeat(heartbeat) => Some(heartbeat.tasks),
        _ => None,
    };
    assert_eq!(guest.find(PATIENCE, heartbeat).await, [TASK]);
    guest.result().await;
    assert_eq!(farm.counters(0).unwrap().main.sessions_max, 1, "the stream was never let go");
    // Told again what it does already: nothing begins anew.
    guest.start(task(&farm, &["MOTION"])).await;
    let alive = |message| matches!(message, NodeMessage::Keepalive(keepalive) if keepalive.task == TASK).then_some(());
    guest.find(PATIENCE, alive).await;
    guest.result().await;
    let counters = farm.counters(0).unwrap();
    assert_eq!((counters.sessions_total(), counters.sessions_now()), (1, 1));
    node.stop().await;
    assert_eq!(farm.counters(0).unwrap().sessions_now(), 0);
    farm.shutdown().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn odd_messages_break_nothing() {
    let (farm, site) = (camera().await, Site::open().await);
    let node = Node::start(&site.url());
    let mut guest = site.guest().await;
    let nested = format!("{}1{}", "[".repeat(10_000), "]".repeat(10_000));
    for odd in ["", "{", "[]", "{\"type\": 7}", "{\"type\": \"SITE_DANCE\"}", "{\"type\": \"START_TASK\"}", &nested] {
        guest.say_text(odd).await;
    }
    guest.say_text(r#"{"type": "STOP_TASK", "data": {"task_id": 99}}"#).await;
    guest.say_text(r#"{"type": "START_PREVIEW", "data": {"task_id": 99}}"#).await;
    let mut nowhere = task(&farm, &["MOTION"]);
    nowhere.rtsp = watchwall_engine_protocol::StreamAddress::new("no address at all");
    guest.start(nowhere).await;
    let gone = guest.find(PATIENCE, status).await;
    assert!(gone.error_message.is_some_and(|why| why.starts_with("url_")), "its address is wrong, and it says so");
    guest.start(task(&farm, &["MOTION"])).await;
    guest.result().await;
    node.stop().await;
    farm.shutdown().await;
}
