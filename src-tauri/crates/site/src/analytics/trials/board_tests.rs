//! Trials from the wish to the end, and everything that may come between.

use super::*;
use watchwall_engine_protocol::{Counts, Repairs, SceneResult};
use watchwall_model::{AiScene, AiTaskParams, CameraId, StreamPath, StreamRole, TimeRange};

const A: NodeId = NodeId(1);
const B: NodeId = NodeId(2);
const FIRST: TaskId = TaskId::FIRST_TRIAL;
const AT: UtcMillis = UtcMillis(1_772_359_200_000);

fn code(text: &str) -> SceneCode {
    SceneCode::parse(text).unwrap()
}

fn task(codes: &[&str], dispatch: DispatchMode) -> AiTask {
    AiTask {
        id: TaskId(7),
        version: 1,
        name: "Gate".into(),
        camera: CameraId(3),
        stream: StreamRole::Sub,
        scenes: codes.iter().map(|text| AiScene::whole(code(text))).collect(),
        dispatch,
        confidence: 0.6,
        params: AiTaskParams::default(),
        alarm_enabled: true,
        level: 3,
        push: None,
        schedule: None,
        enabled: false,
        updated_at: UtcMillis(0),
    }
}

fn wish(codes: &[&str]) -> TrialWish {
    TrialWish {
        task: task(codes, DispatchMode::Mixed),
        path: StreamPath::parse("cam_a").unwrap(),
        range: TimeRange::new(UtcMillis(1_000), UtcMillis(11_000)).unwrap(),
    }
}

fn node(id: NodeId, codes: &[&str], can_archive: bool) -> TrialNode {
    TrialNode { id, name: format!("node {id}"), algorithms: codes.iter().map(|text| code(text)).collect(), can_archive }
}

fn result(id: TaskId, at_ms: i64, said: &[(&str, bool)]) -> AiResult {
    let scene = |(text, is_alarm): &(&str, bool)| SceneResult {
        scene: code(text),
        is_alarm: *is_alarm,
        confidence: 0.8,
        objects: Vec::new(),
        event_type: None,
        event_desc: None,
        total_count: None,
        label_counts: Counts::default(),
        problem_counts: Counts::default(),
        metrics: None,
    };
    AiResult {
        task: id,
        camera: CameraId(3),
        at: UtcMillis(at_ms),
        frame: None,
        snapshot: None,
        scenes: said.iter().map(scene).collect(),
        repairs: Repairs::default(),
    }
}

/// A board, the time there, and the nodes.
struct Bench {
    board: TrialBoard,
    start: Instant,
    nodes: Vec<TrialNode>,
}

impl Bench {
    fn new(nodes: Vec<TrialNode>) -> Self {
        Self { board: TrialBoard::new(FIRST), start: Instant::now(), nodes }
    }

    fn at(&self, second: u64) -> Instant {
        self.start + Duration::from_secs(second)
    }

    fn add(&mut self, codes: &[&str]) -> TaskId {
        self.board.add(wish(codes), self.start, AT).unwrap().id
    }

    fn settle(&mut self, second: u64) -> Vec<TrialAction> {
        let now = self.at(second);
        self.board.settle(&self.nodes, now, AT)
    }

    fn says(&mut self, node: NodeId, id: TaskId, scene: &str, state: TaskState, second: u64) -> bool {
        let (now, scene) = (self.at(second), code(scene));
        let message = (state == TaskState::Error).then_some("no_model: none is configured");
        self.board.status(node, id, &SceneStatus { scene: &scene, state, message }, now, AT)
    }

    fn state(&self, id: TaskId) -> &TrialState {
        &self.board.get(id).unwrap().state
    }

    fn failed(&self, id: TaskId) -> &str {
        match self.state(id) {
            TrialState::Failed { why } => why,
            other => panic!("{other:?}"),
        }
    }
}

const fn start(trial: TaskId, node: NodeId) -> TrialAction {
    TrialAction::Start { trial, node }
}

const fn stop(trial: TaskId, node: NodeId) -> TrialAction {
    TrialAction::Stop { trial, node }
}

#[test]
fn only_nodes_that_look_at_recordings_and_know_all_scenes_are_able() {
    let nodes = [node(A, &["M", "T"], true), node(B, &["M", "T", "X"], false)];
    let check = |codes: &[&str], dispatch, expect: Result<Vec<NodeId>, Unable>| {
        let found = able(&task(codes, dispatch), &nodes).map(|able| able.iter().map(|node| node.id).collect());
        assert_eq!(found, expect, "{codes:?} {dispatch:?}");
    };
    check(&["M", "T"], DispatchMode::Split, Ok(vec![A]));
    check(&["X"], DispatchMode::Mixed, Err(Unable::NobodyCan { scenes: vec![code("X")] }));
    check(&["M"], DispatchMode::Fixed { node: A }, Ok(vec![A]));
    check(&["M"], DispatchMode::Fixed { node: B }, Err(Unable::NobodyCan { scenes: vec![code("M")] }));
    let away = NodeId(9);
    check(&["M"], DispatchMode::Fixed { node: away }, Err(Unable::NodeAway { node: away }));
}

#[test]
fn a_trial_is_done_when_all_its_scenes_are() {
    let mut bench = Bench::new(vec![node(A, &["M", "T"], true)]);
    let id = bench.add(&["M", "T"]);
    assert!(id.is_trial() && !TaskId(7).is_trial());
    assert_eq!(bench.settle(0), [start(id, A)]);
    assert!(bench.board.alive(A, id, bench.at(1)));
    let now = bench.at(2);
    // The same picture twice, one before and one behind the range, a scene nobody asked for.
    for (at_ms, refused) in [(2_000, 0), (2_000, 0), (999, 1), (11_000, 1), (3_500, 0)] {
        assert_eq!(bench.board.take(A, &result(id, at_ms, &[("M", at_ms == 3_500)]), now), refused, "{at_ms}");
    }
    assert_eq!(bench.board.take(A, &result(id, 6_000, &[("T", false), ("X", true)]), now), 1);
    assert_eq!(bench.board.take(B, &result(id, 7_000, &[("M", true)]), now), 1, "not its node");
    let trial = bench.board.get(id).unwrap();
    let counts: Vec<_> = trial.scenes.iter().map(|scene| (scene.results, scene.alarms, scene.finds)).collect();
    assert_eq!((counts.as_slice(), trial.progress()), ([(2, 1, 1), (1, 0, 0)].as_slice(), 0.5));
    assert!(bench.says(A, id, "M", TaskState::Stopped, 3));
    assert_eq!(bench.state(id), &TrialState::Running);
    assert!(bench.says(A, id, "T", TaskState::Stopped, 3));
    assert_eq!((bench.state(id), bench.board.get(id).unwrap().progress()), (&TrialState::Done, 1.0));
    // It has ended: what still comes counts for nothing, and nobody has to be stopped.
    assert_eq!(bench.board.take(A, &result(id, 8_000, &[("M", true)]), now), 1);
    assert!(!bench.board.alive(A, id, now) && bench.settle(100).is_empty());
}

#[test]
fn trials_wait_for_room_on_a_node_and_on_the_site() {
    let nodes = [A, B, NodeId(3)].map(|id| node(id, &["M"], true));
    let mut bench = Bench::new(nodes[..1].to_vec());
    let ids = [bench.add(&["M"]), bench.add(&["M"]), bench.add(&["M"]), bench.add(&["M"])];
    assert_eq!(bench.settle(0), [start(ids[0], A)]);
    bench.nodes = nodes.to_vec();
    assert_eq!(bench.settle(1), [start(ids[1], B)], "two at once, whatever else is free");
    bench.board.alive(A, ids[0], bench.at(2));
    bench.board.alive(B, ids[1], bench.at(2));
    bench.says(A, ids[0], "M", TaskState::Stopped, 3);
    assert_eq!(bench.settle(3), [start(ids[2], A)]);
    bench.board.cancel(ids[1], AT);
    bench.board.cancel(ids[3], AT);
    assert_eq!(bench.settle(4), [stop(ids[1], B)]);
    assert_eq!(ids.map(|id| bench.state(id).clone())[3], TrialState::Cancelled);
    // What has ended cannot be cancelled.
    bench.board.cancel(ids[0], AT);
    assert_eq!(bench.state(ids[0]), &TrialState::Done);
}

#[test]
fn a_lost_trial_says_why() {
    let mut bench = Bench::new(vec![node(A, &["M"], true)]);
    let unconfirmed = bench.add(&["M"]);
    assert_eq!(bench.settle(0), [start(unconfirmed, A)]);
    assert!(bench.settle(9).is_empty());
    assert_eq!(bench.settle(10), [stop(unconfirmed, A)]);
    assert_eq!(bench.failed(unconfirmed), "start_not_confirmed");

    let silent = bench.add(&["M"]);
    bench.settle(20);
    bench.board.alive(A, silent, bench.at(21));
    assert!(bench.settle(50).is_empty());
    assert_eq!(bench.settle(51), [stop(silent, A)]);
    assert_eq!(bench.failed(silent), "scene_silent");

    let refused = bench.add(&["M"]);
    bench.settle(60);
    bench.says(A, refused, "M", TaskState::Error, 61);
    assert_eq!(bench.failed(refused), "no_model: none is configured");
    assert_eq!(bench.settle(61), [stop(refused, A)]);

    // Also when it is back before anybody looks.
    let lost = bench.add(&["M"]);
    bench.settle(70);
    bench.board.alive(A, lost, bench.at(71));
    bench.board.node_went(A, AT);
    assert_eq!(bench.failed(lost), "node_lost");
    assert!(bench.settle(71).is_empty());

    let unreachable = bench.add(&["M"]);
    bench.settle(80);
    bench.board.fail(unreachable, "stream_missing", AT);
    assert_eq!(bench.failed(unreachable), "stream_missing");

    // Nobody is there to be told.
    let (gone, waiting) = (bench.add(&["M"]), bench.add(&["M"]));
    bench.settle(90);
    bench.nodes.clear();
    assert_eq!(bench.settle(91), [stop(gone, A)]);
    assert_eq!((bench.failed(gone), bench.state(waiting)), ("node_lost", &TrialState::Queued));
    bench.settle(119);
    assert_eq!(bench.state(waiting), &TrialState::Queued);
    bench.settle(120);
    assert_eq!(bench.failed(waiting), "nobody_can");
}

#[test]
fn few_are_remembered_and_none_that_has_not_ended_gives_way() {
    let mut bench = Bench::new(Vec::new());
    let ids: Vec<TaskId> = (0..KEPT).map(|_| bench.add(&["M"])).collect();
    assert!(bench.board.add(wish(&["M"]), bench.start, AT).is_none());
    bench.board.cancel(ids[3], AT);
    bench.board.cancel(ids[5], AT);
    let newest = bench.add(&["M"]);
    assert!(bench.board.get(ids[3]).is_none() && bench.board.get(ids[5]).is_some());
    let of_task: Vec<TaskId> = bench.board.of_task(TaskId(7)).map(|trial| trial.id).collect();
    assert_eq!((of_task.len(), of_task[0]), (KEPT, newest));
    assert_eq!(bench.board.of_task(TaskId(8)).count(), 0);
}
