//! The whole pipeline, from the intake to real files.

use super::*;
use std::{sync::Arc, time::Duration};
use watchwall_engine_protocol::{AiResult, Counts, Repairs, SceneResult};
use watchwall_model::{CameraId, SceneCode, TaskId, UtcMillis};
use watchwall_store::{PageRequest, ResultFiles, ResultFilter};

const AT: i64 = 1_772_359_200_000;
const NODES: i64 = 4;
const EACH: i64 = 2_000;

fn result(task: i64, at: i64, is_alarm: bool) -> AiResult {
    let scene = SceneResult {
        scene: SceneCode::parse("MOTION").unwrap(),
        is_alarm,
        confidence: 0.5,
        objects: Vec::new(),
        event_type: None,
        event_desc: None,
        total_count: None,
        label_counts: Counts::default(),
        problem_counts: Counts::default(),
        metrics: None,
    };
    AiResult {
        task: TaskId(task),
        camera: CameraId(task),
        at: UtcMillis(AT + at),
        frame: None,
        snapshot: None,
        scenes: vec![scene],
        repairs: Repairs::default(),
    }
}

fn writers(intake: &Arc<ResultIntake>, files: &Arc<ResultFiles>) -> Vec<tokio::task::JoinHandle<()>> {
    [Lane::Alarms, Lane::Others]
        .into_iter()
        .map(|lane| {
            let (intake, files) = (Arc::clone(intake), Arc::clone(files));
            let writer = ResultWriter { intake, files, lane, sink: Arc::new(Nowhere) };
            tokio::spawn(writer.run())
        })
        .collect()
}

/// Every result is accounted for, and every alarm is on the disk.
async fn check(queue: usize, block: bool) {
    let folder = tempfile::tempdir().unwrap();
    let intake =
        Arc::new(ResultIntake::new(folder.path(), ResultOptions { sample_ms: 0, queue, ..ResultOptions::default() }));
    let files = Arc::new(ResultFiles::open(folder.path()).unwrap());
    // A folder in the place of today's file: nothing can be stored until it is gone.
    let blocker = folder.path().join("results").join(format!("{}.db", jiff::Timestamp::now().strftime("%Y-%m-%d")));
    if block {
        std::fs::create_dir(&blocker).unwrap();
    }
    let running = writers(&intake, &files);
    let nodes: Vec<_> = (0..NODES)
        .map(|node| {
            let intake = Arc::clone(&intake);
            tokio::spawn(async move {
                for n in 0..EACH {
                    intake.take("n", result(node, n, n % 10 == 0), |_, _| true).await;
                }
            })
        })
        .collect();
    if block {
        // All nodes wait with an alarm in hand.
        let is_full = || intake.figures().waiting == queue && intake.figures().dropped > 0;
        let filled = async {
            while !is_full() {
                tokio::task::yield_now().await;
            }
        };
        let filled = tokio::time::timeout(Duration::from_secs(60), filled).await;
        filled.unwrap_or_else(|_| panic!("{:?}", intake.figures()));
        std::fs::remove_dir(&blocker).unwrap();
    }
    for node in nodes {
        node.await.unwrap();
    }
    intake.close();
    for writer in running {
        writer.await.unwrap();
    }
    let figures = intake.figures();
    let (all, alarms) = ((NODES * EACH) as u64, (NODES * EACH / 10) as u64);
    assert_eq!((figures.received, figures.alarms, figures.waiting), (all, alarms, 0));
    assert_eq!(figures.stored + figures.dropped + figures.failed, all, "{figures:?}");
    let mut request = PageRequest { limit: Some(500), ..PageRequest::default() };
    let (mut found, only_alarms) = (0, ResultFilter { only_alarms: true, ..ResultFilter::default() });
    loop {
        let page = files.page(&only_alarms, &request).await.unwrap();
        found += page.items.len();
        request.cursor = page.next_cursor;
        if request.cursor.is_none() {
            break;
        }
    }
    assert_eq!(found as u64, alarms);
    assert_eq!(figures.dropped > 0 || figures.failed > 0, queue < 20_000, "{figures:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn with_room_everything_is_stored() {
    check(20_000, false).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn in_a_small_queue_alarms_take_the_place_of_others() {
    check(16, false).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn while_the_disk_refuses_nodes_wait_with_their_alarms() {
    check(64, true).await;
}

/// Raises nothing.
pub struct Nowhere;

impl super::super::AlarmSink for Nowhere {
    fn raise<'a>(
        &'a self,
        _: &'a [watchwall_model::AiResultRow],
    ) -> futures::future::BoxFuture<'a, Result<(), watchwall_model::Problem>> {
        Box::pin(std::future::ready(Ok(())))
    }
}
