//! Trials beside tasks, through the whole of analytics.

use super::*;

#[tokio::test]
async fn a_trial_counts_for_itself_alone() {
    let folder = tempfile::tempdir().unwrap();
    let bench = Bench::start(folder.path()).await;
    let task = bench.add_task(&["MOTION"]).await;
    let now = UtcMillis::now();
    let range = TimeRange::new(now.saturating_add_ms(-60_000), now.saturating_add_ms(60_000)).unwrap();
    let code = |outcome: Result<trials::Trial, Problem>| outcome.map(|_| ()).map_err(|problem| problem.code);
    assert_eq!(code(bench.analytics.start_trial(TaskId(99), range).await), Err(ErrorCode::NotFound));
    let ahead = TimeRange::new(range.end, range.end.saturating_add_ms(1)).unwrap();
    assert_eq!(code(bench.analytics.start_trial(task.id, ahead).await), Err(ErrorCode::RangeInvalid));
    assert_eq!(code(bench.analytics.start_trial(task.id, range).await), Err(ErrorCode::TrialNobodyCan));
    // One that does not look at recordings is not enough.
    let mut plain = bench.node("n1", &["MOTION"]).await;
    assert_eq!(plain.told().await, "start MOTION");
    plain.keep_alive(&task).await;
    assert_eq!(code(bench.analytics.start_trial(task.id, range).await), Err(ErrorCode::TrialNobodyCan));
    let mut able = bench.archive_node("n2", "MOTION").await;
    let trial = bench.analytics.start_trial(task.id, range).await.unwrap();
    assert!(trial.wish.range.end <= UtcMillis::now(), "what is to come is left out");
    let said = timeout(Duration::from_secs(20), able.link.next()).await.unwrap();
    let Some(SiteMessage::StartTask { data }) = said else { panic!("{said:?}") };
    assert_eq!((data.task_id, data.range.map(|range| range.from)), (trial.id, Some(range.start.0)));
    assert_eq!(data.rtsp.reveal(), "rtsp://127.0.0.1:8554/recorded/cam_a");
    let id = trial.id;
    let says = |text: &str| format!(r#""TASK_STATUS", "task_id": {id}, "scene_code": "MOTION", "state": "{text}""#);
    let result = |at: i64| {
        format!(
            r#""AI_RESULT", "task_id": {id}, "camera_id": {}, "ts": {at}, "scene_code": "MOTION", "alarm_event": true"#,
            task.camera
        )
    };
    // Somebody else's word counts for nothing.
    plain.say(&result(range.start.0 + 5)).await;
    able.say(&says("RUNNING")).await;
    able.say(&result(range.start.0 + 10)).await;
    able.say(&result(range.start.0 + 20)).await;
    able.say(&says("STOPPED")).await;
    let trial = bench.analytics.trials().get(id).unwrap();
    assert_eq!((&trial.state, trial.scenes[0].results, trial.scenes[0].finds), (&trials::TrialState::Done, 2, 1));
    let figures = bench.analytics.results().figures();
    assert_eq!((figures.received, figures.alarms), (0, 0), "no result of it goes where those of tasks go");
    assert!(bench.analytics.results().latest().of(task.id, &SceneCode::parse("MOTION").unwrap()).is_none());
    // A node that goes on with one that is over is told to stop it.
    able.say(&format!(r#""TASK_KEEPALIVE", "node_id": "n2", "task_id": {id}"#)).await;
    assert_eq!(able.told().await, "stop ");
    // Cut off in the middle.
    let lost = bench.analytics.start_trial(task.id, range).await.unwrap();
    assert_eq!(able.told().await, "start MOTION");
    drop(able);
    let failed = async {
        while !bench.analytics.trials().get(lost.id).unwrap().is_ended() {
            tokio::task::yield_now().await;
        }
    };
    timeout(Duration::from_secs(20), failed).await.unwrap();
    let why = trials::TrialState::Failed { why: "node_lost".into() };
    assert_eq!(bench.analytics.trials().get(lost.id).unwrap().state, why);
    bench.stop().await;
}
