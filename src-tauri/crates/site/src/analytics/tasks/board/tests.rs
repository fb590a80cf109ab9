//! Nodes come, go, refuse and fall silent; tasks are made, changed and ended.

use super::*;
use watchwall_model::TaskId;

fn scene(code: &str) -> SceneCode {
    SceneCode::parse(code).unwrap()
}

fn scenes(codes: &str) -> Vec<SceneCode> {
    codes.split(' ').filter(|code| !code.is_empty()).map(scene).collect()
}

/// Nodes are letters here.
fn number(name: &str) -> NodeId {
    NodeId(i64::from(name.as_bytes()[0]))
}

fn letter(node: NodeId) -> char {
    char::from(node.0 as u8)
}

fn wanted(id: i64, codes: &str) -> Wanted {
    Wanted {
        id: TaskId(id),
        version: 1,
        camera: CameraId(id),
        scenes: scenes(codes),
        mode: DispatchMode::Mixed,
        is_on: true,
    }
}

/// A board, its clock, and what it says as text.
struct Play {
    board: Board,
    now: Instant,
}

impl Play {
    fn new() -> Self {
        Self { board: Board::default(), now: Instant::now() }
    }

    fn wait(&mut self, seconds: u64) -> &mut Self {
        self.now += Duration::from_secs(seconds);
        self
    }

    #[track_caller]
    fn check(&mut self, event: Event, expect: &str) -> &mut Self {
        let said = self.board.on(event.clone(), self.now);
        let list = |scenes: &[SceneCode]| scenes.iter().map(SceneCode::as_str).collect::<Vec<_>>().join(",");
        let words: Vec<String> = said
            .iter()
            .map(|action| match action {
                Action::Start { node, task, scenes } => format!("start {} {task} {}", letter(*node), list(scenes)),
                Action::Stop { node, task, scenes } => format!("stop {} {task} {}", letter(*node), list(scenes)),
            })
            .collect();
        assert_eq!(words.join("; "), expect, "{event:?}");
        self
    }

    #[track_caller]
    fn up(&mut self, node: &str, codes: &str, expect: &str) -> &mut Self {
        let algorithms = scenes(codes);
        self.check(Event::NodeUp { node: number(node), algorithms, max_tasks: 9, load: Load::default() }, expect)
    }

    #[track_caller]
    fn alive(&mut self, node: &str, task: i64, codes: &str, expect: &str) -> &mut Self {
        self.check(Event::Alive { node: number(node), task: TaskId(task), scenes: scenes(codes) }, expect)
    }

    #[track_caller]
    fn status(&mut self, node: &str, code: &str, state: TaskState, expect: &str) -> &mut Self {
        let (node, scene) = (number(node), scene(code));
        self.check(Event::Status { node, task: TaskId(1), scene, state, message: Some("no model".into()) }, expect)
    }

    #[track_caller]
    fn owners(&mut self, expect: &str) -> &mut Self {
        let seats = self.board.seats(TaskId(1));
        let of = |seat: &Seat| match (seat.owner(), seat.is_running()) {
            (Some(node), true) => letter(node).to_string(),
            (Some(node), false) => format!("{}?", letter(node)),
            (None, _) => "-".to_owned(),
        };
        let told: Vec<String> = seats.iter().map(|(scene, seat)| format!("{scene}={}", of(seat))).collect();
        assert_eq!(told.join(" "), expect);
        self
    }
}

/// Two nodes that can both do M and T, task 1 running on `a`.
fn running() -> Play {
    let mut play = Play::new();
    play.up("a", "M T", "").up("b", "M T", "");
    play.check(Event::Tasks(vec![wanted(1, "M T")]), "start a 1 M,T");
    play.alive("a", 1, "", "").owners("M=a T=a");
    play
}

#[test]
fn a_task_waits_for_a_node_and_runs_once_that_says_so() {
    let mut play = Play::new();
    play.check(Event::Tasks(vec![wanted(1, "M T")]), "").owners("M=- T=-");
    assert!(matches!(play.board.phase(TaskId(1)), Some(TaskPhase::Waiting(Trouble::Undispatched(_)))));
    play.up("a", "M", "").up("b", "T", "start a 1 M; start b 1 T").owners("M=a? T=b?");
    // A node may say it in any of its ways; nothing is asked twice meanwhile.
    play.alive("a", 1, "", "").check(Event::Tick, "");
    assert_eq!(play.board.phase(TaskId(1)), Some(&TaskPhase::Starting));
    play.status("b", "T", TaskState::Running, "").owners("M=a T=b");
    assert_eq!(play.board.phase(TaskId(1)), Some(&TaskPhase::Running));
    assert_eq!(play.board.primary(TaskId(1)), Some(number("a")));
}

#[test]
fn a_start_is_all_or_nothing() {
    for refused in [true, false] {
        let mut play = Play::new();
        play.up("a", "M", "").up("b", "T", "");
        play.check(Event::Tasks(vec![wanted(1, "M T")]), "start a 1 M; start b 1 T").alive("a", 1, "M", "");
        if refused {
            play.status("b", "T", TaskState::Error, "stop a 1 M; stop b 1 T");
        } else {
            play.wait(4).check(Event::Tick, "").wait(1).check(Event::Tick, "stop a 1 M; stop b 1 T");
        }
        play.owners("M=- T=-");
        let Some(TaskPhase::Failed { trouble: Trouble::NotStarted { node, failure, .. }, retry_at }) =
            play.board.phase(TaskId(1))
        else {
            panic!("{:?}", play.board.phase(TaskId(1)))
        };
        assert_eq!((*node, failure.as_str()), (number("b"), if refused { "no model" } else { "start_not_confirmed" }));
        assert!(retry_at.is_some());
        // With longer and longer waits.
        play.wait(1).check(Event::Tick, "").wait(1).check(Event::Tick, "start a 1 M; start b 1 T");
        play.wait(5).check(Event::Tick, "stop a 1 M; stop b 1 T");
        play.wait(3).check(Event::Tick, "").wait(1).check(Event::Tick, "start a 1 M; start b 1 T");
    }
}

#[test]
fn who_did_not_start_a_task_is_asked_after_the_others() {
    let mut play = Play::new();
    play.up("a", "M", "").up("b", "M", "").up("c", "M", "");
    play.check(Event::Tasks(vec![wanted(1, "M")]), "start a 1 M").wait(5).check(Event::Tick, "stop a 1 M");
    play.wait(2).check(Event::Tick, "start b 1 M").status("b", "M", TaskState::Error, "stop b 1 M");
    play.wait(4).check(Event::Tick, "start c 1 M").wait(5).check(Event::Tick, "stop c 1 M");
    // All have declined: the first may be better by now.
    play.wait(8).check(Event::Tick, "start a 1 M").wait(5).check(Event::Tick, "stop a 1 M");
    play.wait(16).check(Event::Tick, "start b 1 M").alive("b", 1, "", "").check(Event::Tick, "").owners("M=b");
}

#[test]
fn a_lost_nodes_scenes_go_elsewhere_at_once() {
    let mut play = running();
    play.check(Event::NodeDown { node: number("a") }, "start b 1 M,T");
    play.alive("b", 1, "M T", "").owners("M=b T=b");
    assert!(play.board.seats(TaskId(1)).iter().all(|(_, seat)| seat.restarts == 1));
    // It comes back and goes on: it is told to stop, though not with every word.
    play.up("a", "M T", "").alive("a", 1, "M", "stop a 1 M").alive("a", 1, "M", "").owners("M=b T=b");
    play.wait(5).alive("a", 1, "", "stop a 1 ");
}

#[test]
fn a_silent_scene_is_given_to_another_node() {
    let mut play = running();
    play.wait(15).alive("a", 1, "M", "").wait(15).alive("a", 1, "M", "stop a 1 T; start b 1 T");
    play.owners("M=a T=b?");
    play.alive("b", 1, "T", "").owners("M=a T=b");
}

#[test]
fn one_failing_scene_does_not_stop_the_others_and_waits_longer_each_time() {
    let mut play = running();
    play.status("a", "T", TaskState::Error, "start b 1 T").owners("M=a T=b?");
    play.status("b", "T", TaskState::Error, "").owners("M=a T=-");
    play.wait(1).check(Event::Tick, "start a 1 T").status("a", "T", TaskState::Stopped, "");
    play.wait(1).check(Event::Tick, "").wait(1).check(Event::Tick, "start b 1 T").alive("b", 1, "T", "");
    let failure = |play: &Play| play.board.seats(TaskId(1))[1].1.failure.clone();
    assert_eq!(failure(&play).as_deref(), Some("no model"));
    // After a minute without a word about it, it is forgotten.
    for _ in 0..6 {
        play.wait(10).alive("b", 1, "T", "").alive("a", 1, "M", "");
    }
    assert_eq!(failure(&play), None);
    play.status("b", "T", TaskState::Error, "start a 1 T");
}

#[test]
fn a_camera_that_is_away_makes_its_tasks_wait() {
    let mut play = running();
    play.check(Event::Cameras { offline: [CameraId(1)].into() }, "stop a 1 M,T").owners("M=- T=-");
    assert_eq!(play.board.phase(TaskId(1)), Some(&TaskPhase::Waiting(Trouble::CameraOffline)));
    play.check(Event::Tick, "").check(Event::Cameras { offline: [].into() }, "start a 1 M,T");
}

#[test]
fn changes_are_told_to_those_who_run_it() {
    let mut play = running();
    let edited = |version: i64, codes: &str| Wanted { version, ..wanted(1, codes) };
    play.check(Event::Tasks(vec![wanted(1, "M T")]), "");
    play.check(Event::Tasks(vec![edited(2, "M")]), "stop a 1 T; start a 1 M").owners("M=a");
    play.check(Event::Tasks(vec![edited(3, "M T")]), "start a 1 M; start b 1 T").owners("M=a T=b?");
    play.alive("b", 1, "T", "");
    let fixed = Wanted { mode: DispatchMode::Fixed { node: number("b") }, ..edited(4, "M T") };
    play.check(Event::Tasks(vec![fixed]), "stop a 1 M; start b 1 T; start b 1 M").owners("M=b? T=b");
    let off = Wanted { is_on: false, ..edited(4, "M T") };
    play.check(Event::Tasks(vec![off]), "stop b 1 M,T").owners("M=- T=-");
    assert_eq!(play.board.phase(TaskId(1)), Some(&TaskPhase::Off));
    play.check(Event::Tasks(Vec::new()), "");
    assert_eq!(play.board.phase(TaskId(1)), None);
    // What was taken away does not run on.
    play.alive("b", 1, "M", "stop b 1 M");
}

#[test]
fn a_node_named_by_the_task_that_cannot_do_it_is_a_failure() {
    let mut play = Play::new();
    play.up("a", "M", "");
    let fixed = Wanted { mode: DispatchMode::Fixed { node: number("a") }, ..wanted(1, "M T") };
    play.check(Event::Tasks(vec![fixed]), "").wait(120).check(Event::Tick, "");
    assert!(matches!(play.board.phase(TaskId(1)), Some(TaskPhase::Failed { retry_at: None, .. })));
    play.up("a", "M T", "start a 1 M,T");
}

#[test]
fn after_a_restart_nodes_come_back_to_what_they_ran() {
    let held = running().board.held();
    assert_eq!(held.len(), 2);
    let mut play = Play { board: Board::restore(held.clone()), now: Instant::now() };
    play.up("b", "M T", "").check(Event::Tasks(vec![wanted(1, "M T")]), "").owners("M=a? T=a?");
    play.wait(10).up("a", "M T", "start a 1 M,T").alive("a", 1, "", "").owners("M=a T=a");
    // And when it does not come back, another does it.
    let mut play = Play { board: Board::restore(held), now: Instant::now() };
    play.check(Event::Tasks(vec![wanted(1, "M T")]), "").up("b", "M T", "");
    play.wait(14).check(Event::Tick, "").wait(1).check(Event::Tick, "start b 1 M,T");
}

#[test]
fn at_any_time_one_node_holds_a_scene_and_no_more_than_it_may() {
    let mut play = Play::new();
    let tasks = |count: i64| Event::Tasks((1..=count).map(|id| wanted(id, "M T")).collect());
    let node = |name: &str| Event::NodeUp {
        node: number(name),
        algorithms: scenes("M T"),
        max_tasks: 8,
        load: Load::default(),
    };
    for name in ["a", "b", "c"] {
        play.board.on(node(name), play.now);
    }
    play.board.on(tasks(9), play.now);
    let mut random = 7_u64;
    for _ in 0..2_000 {
        random = random.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        let name = ["a", "b", "c"][(random >> 33) as usize % 3];
        let task = TaskId((random >> 40) as i64 % 9 + 1);
        let event = match (random >> 50) % 6 {
            0 => Event::NodeDown { node: number(name) },
            1 => node(name),
            2 => tasks(9 - (random >> 45) as i64 % 4),
            3 => {
                let (node, scene, message) = (number(name), scene("M"), None);
                Event::Status { node, task, scene, state: TaskState::Error, message }
            }
            _ => Event::Alive { node: number(name), task, scenes: Vec::new() },
        };
        let actions = play.board.on(event, play.now);
        for action in &actions {
            if let Action::Start { node, task, scenes } = action {
                scenes.iter().for_each(|scene| assert_eq!(play.board.owner(*task, scene), Some(*node)));
            }
        }
        let mut held: BTreeMap<NodeId, usize> = BTreeMap::new();
        play.board.held().into_iter().for_each(|held_by| *held.entry(held_by.node).or_default() += 1);
        // A task that one node runs whole may take it one scene over what is left.
        assert!(held.values().all(|count| *count <= 9), "{held:?}");
        play.wait(1);
    }
}
