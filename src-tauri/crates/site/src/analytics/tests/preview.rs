//! Previews, through the whole of analytics.

use super::*;

#[tokio::test]
async fn a_preview_is_made_by_the_node_that_runs_the_task_wherever_that_goes() {
    let folder = tempfile::tempdir().unwrap();
    let bench = Bench::start(folder.path()).await;
    let mut first = bench.node("n1", &["MOTION"]).await;
    assert!(matches!(
        first.say(r#""NODE_REGISTER", "node_id": "n1", "algorithms": ["MOTION"], "capabilities": ["preview"]"#).await,
        Some(SiteMessage::Registered(_))
    ));
    let task = bench.add_task(&["MOTION"]).await;
    assert_eq!(first.told().await, "start MOTION");
    first.keep_alive(&task).await;
    bench.until_runs(&task).await;
    let path = preview_path(task.id).unwrap();
    let refused = |name: &str| bench.analytics.open_preview(&StreamPath::parse(name).unwrap()).err().map(|p| p.code);
    assert_eq!(refused("ai_task_999"), Some(ErrorCode::CameraNotFound));
    let tap = bench.analytics.open_preview(&path).unwrap();
    let to = format!("preview to rtsp://127.0.0.1:8554/{path}");
    assert_eq!(first.told().await, to);
    // Another takes over that makes none: whoever looks is told so, and who comes now is refused.
    let mut second = bench.node("n2", &["MOTION"]).await;
    drop(first);
    assert_eq!(second.told().await, "start MOTION");
    second.keep_alive(&task).await;
    let mut status = tap.status.clone();
    let is_refused = |phase: &Phase| matches!(phase, Phase::NeedsAttention { reason } if reason.code == ErrorCode::PreviewUnsupported);
    let told = status.wait_for(|status| is_refused(&status.phase));
    timeout(Duration::from_secs(20), told).await.expect("never told").unwrap();
    assert_eq!(refused(path.as_str()), Some(ErrorCode::PreviewUnsupported));
    // It comes again and makes one, while somebody still looks; then the task goes.
    assert!(matches!(
        second.say(r#""NODE_REGISTER", "node_id": "n2", "algorithms": ["MOTION"], "capabilities": ["preview"]"#).await,
        Some(SiteMessage::Registered(_))
    ));
    assert_eq!(second.told().await, "start MOTION");
    assert_eq!(second.told().await, to);
    bench.analytics.delete_task(task.id).await.unwrap();
    assert_eq!(second.told().await, "stop MOTION");
    assert_eq!(second.told().await, format!("no preview of {}", task.id));
    bench.stop().await;
}
