use super::*;

const RULES: Rules = Rules {
    drain_after: Duration::from_secs(10),
    stall_after: Duration::from_secs(5),
    reconnect_after: Duration::from_secs(2),
    key_frame_within: Duration::from_secs(10),
    connect_within: Duration::from_secs(30),
};

/// One step of a story: seconds since its start, what happens, the phase it leads to and the actions.
type Step = (u64, Event, &'static str, &'static [Action]);

fn check(story: &[Step]) {
    let start = Instant::now();
    let mut state = State::default();
    for (number, (at, event, expect, expect_actions)) in story.iter().enumerate() {
        let event = match event.clone() {
            // In a story, `last_unit` is given in seconds from now backwards.
            Event::Tick { last_unit: Some(_), dice } => {
                Event::Tick { last_unit: Some(start + UNIT_AT * *at as u32), dice }
            }
            other => other,
        };
        let (next, actions) = state.on(event, start + Duration::from_secs(*at), &RULES);
        assert_eq!((name(&next), &*actions), (*expect, *expect_actions), "step {number}: {next:?}");
        state = next;
    }
}

/// A tick "with a unit" means one arrived this very second.
const UNIT_AT: Duration = Duration::from_secs(1);

fn name(state: &State) -> &'static str {
    match &state.stage {
        Stage::Idle => "idle",
        Stage::Running { drain_until: Some(_), .. } => "draining",
        Stage::Running { health: Health::Connecting { .. }, .. } => "connecting",
        Stage::Running { health: Health::Starting { .. }, .. } => "starting",
        Stage::Running { health: Health::Live { .. }, .. } => "live",
        Stage::Running { health: Health::Stalled { .. }, .. } => "stalled",
        Stage::Waiting { .. } => "waiting",
        Stage::NeedsAttention { .. } => "attention",
        Stage::Stopped => "stopped",
    }
}

const WANTED: Event = Event::Demand(Demand::Background);
const RECORDED: Event = Event::Demand(Demand::Recorded);
const WATCHED: Event = Event::Demand(Demand::Watched);
const UNWANTED: Event = Event::Demand(Demand::Nobody);
const SILENCE: Event = Event::Tick { last_unit: None, dice: 0.0 };

fn units() -> Event {
    Event::Tick { last_unit: Some(Instant::now()), dice: 0.0 }
}

#[test]
fn a_pause_closes_whatever_is_wanted_and_lets_it_begin_anew() {
    use Action::{StartEngine, StopEngine};
    check(&[
        (0, RECORDED, "connecting", &[StartEngine]),
        (1, Event::Playing, "starting", &[]),
        (2, Event::FirstPicture, "live", &[]),
        (3, Event::Paused, "idle", &[StopEngine]),
        (4, SILENCE, "idle", &[]),
        (5, RECORDED, "connecting", &[StartEngine]),
        (6, failed(ErrorCode::CredentialsWrong), "waiting", &[]),
        (6, Event::Paused, "idle", &[]),
        (7, WATCHED, "connecting", &[StartEngine]),
        (8, Event::Stop, "stopped", &[StopEngine]),
        (9, Event::Paused, "stopped", &[]),
    ]);
}

fn failed(code: ErrorCode) -> Event {
    Event::Failed { failure: Failure::new(Problem::new(code)), dice: 0.0 }
}

use Action::{ForgetPictures, StartEngine, StopEngine};

#[test]
fn demand_starts_and_its_end_drains() {
    check(&[
        (0, SILENCE, "idle", &[]),
        (0, WANTED, "connecting", &[StartEngine]),
        (1, Event::Playing, "starting", &[]),
        (1, Event::FirstPicture, "live", &[]),
        (20, units(), "live", &[]),
        (21, UNWANTED, "draining", &[]),
        (25, WANTED, "live", &[]),
        (26, UNWANTED, "draining", &[]),
        (30, UNWANTED, "draining", &[]),
        (35, units(), "draining", &[]),
        (36, units(), "idle", &[StopEngine, ForgetPictures]),
    ]);
}

#[test]
fn failures_wait_longer_and_longer_until_nobody_wants_it() {
    check(&[
        (0, WANTED, "connecting", &[StartEngine]),
        (0, failed(ErrorCode::PortRefused), "waiting", &[]),
        (1, SILENCE, "connecting", &[StartEngine]),
        (1, failed(ErrorCode::PortRefused), "waiting", &[]),
        (1, SILENCE, "waiting", &[]),
        (2, SILENCE, "connecting", &[StartEngine]),
        (2, failed(ErrorCode::HostUnreachable), "waiting", &[]),
        (3, SILENCE, "waiting", &[]),
        (3, UNWANTED, "idle", &[ForgetPictures]),
    ]);
}

/// A camera that stays away: eight failures, each at its minute.
fn long_gone(demand: Event) -> Vec<Step> {
    let mut story: Vec<Step> = vec![(0, demand, "connecting", &[StartEngine])];
    for n in 0..8 {
        story.push((n * 60, failed(ErrorCode::PortRefused), "waiting", &[]));
        if n < 7 {
            story.push(((n + 1) * 60, SILENCE, "connecting", &[StartEngine]));
        }
    }
    story
}

#[test]
fn what_is_recorded_is_asked_for_every_ten_seconds() {
    let mut story = long_gone(RECORDED);
    story.push((429, SILENCE, "waiting", &[]));
    story.push((430, SILENCE, "connecting", &[StartEngine]));
    story.push((430, failed(ErrorCode::HostUnreachable), "waiting", &[]));
    story.push((440, SILENCE, "connecting", &[StartEngine]));
    check(&story);
}

#[test]
fn a_plan_shortens_a_long_wait() {
    let mut story = long_gone(WANTED);
    story.push((431, SILENCE, "waiting", &[]));
    story.push((431, RECORDED, "waiting", &[]));
    story.push((440, SILENCE, "waiting", &[]));
    story.push((441, SILENCE, "connecting", &[StartEngine]));
    check(&story);
}

#[test]
fn who_leaves_does_not_shorten_it() {
    let mut story = long_gone(RECORDED);
    story.push((421, WANTED, "waiting", &[]));
    story.push((429, RECORDED, "waiting", &[]));
    story.push((430, SILENCE, "connecting", &[StartEngine]));
    story.push((430, WANTED, "connecting", &[]));
    story.push((430, failed(ErrorCode::PortRefused), "waiting", &[]));
    story.push((489, SILENCE, "waiting", &[]));
    story.push((490, SILENCE, "connecting", &[StartEngine]));
    check(&story);
}

#[test]
fn a_viewer_shortens_a_long_wait() {
    let mut story = long_gone(WANTED);
    story.push((430, SILENCE, "waiting", &[]));
    story.push((430, WATCHED, "waiting", &[]));
    story.push((431, SILENCE, "connecting", &[StartEngine]));
    story.push((431, failed(ErrorCode::PortRefused), "waiting", &[]));
    story.push((436, SILENCE, "connecting", &[StartEngine]));
    check(&story);
}

#[test]
fn a_wrong_password_is_tried_twice_and_never_again_by_itself() {
    check(&[
        (0, WANTED, "connecting", &[StartEngine]),
        (0, failed(ErrorCode::CredentialsWrong), "waiting", &[]),
        (2, SILENCE, "connecting", &[StartEngine]),
        (2, failed(ErrorCode::CredentialsWrong), "attention", &[]),
        (9_999, SILENCE, "attention", &[]),
        (9_999, UNWANTED, "attention", &[]),
        (9_999, WATCHED, "attention", &[]),
        (9_999, Event::Updated, "connecting", &[StartEngine]),
    ]);
}

#[test]
fn a_foreign_codec_is_looked_at_again_after_minutes() {
    check(&[
        (0, WANTED, "connecting", &[StartEngine]),
        (0, failed(ErrorCode::CodecUnsupported), "attention", &[]),
        (599, SILENCE, "attention", &[]),
        (600, SILENCE, "connecting", &[StartEngine]),
    ]);
}

#[test]
fn silence_stalls_and_then_reconnects() {
    check(&[
        (0, WANTED, "connecting", &[StartEngine]),
        (0, Event::Playing, "starting", &[]),
        (0, Event::FirstPicture, "live", &[]),
        (4, SILENCE, "live", &[]),
        (5, SILENCE, "stalled", &[]),
        (6, units(), "live", &[]),
        (11, SILENCE, "stalled", &[]),
        (12, SILENCE, "stalled", &[]),
        (13, SILENCE, "waiting", &[StopEngine]),
        (14, SILENCE, "connecting", &[StartEngine]),
    ]);
}

#[test]
fn no_key_frame_and_no_data_are_told_apart() {
    let reason = |tick: Event| {
        let start = Instant::now();
        let mut state = State::default();
        for event in [WANTED, Event::Playing] {
            state = state.on(event, start, &RULES).0;
        }
        let (state, actions) = state.on(tick, start + Duration::from_secs(10), &RULES);
        assert_eq!(actions, [StopEngine]);
        match state.stage {
            Stage::Waiting { problem, .. } => problem.code,
            other => unreachable!("{other:?}"),
        }
    };
    assert_eq!(reason(Event::Tick { last_unit: Some(Instant::now() + UNIT_AT), dice: 0.0 }), ErrorCode::NoKeyFrame);
    assert_eq!(reason(SILENCE), ErrorCode::StreamStalled);
}

#[test]
fn sixty_seconds_of_health_forgive() {
    let attempt_after_live = |seconds: u64| {
        let start = Instant::now();
        let mut state = State::default();
        state = state.on(WANTED, start, &RULES).0;
        for _ in 0..5 {
            state = state.on(failed(ErrorCode::PortRefused), start, &RULES).0;
            state = state.on(SILENCE, start + Duration::from_secs(60), &RULES).0;
        }
        state = state.on(Event::FirstPicture, start + Duration::from_secs(60), &RULES).0;
        state.on(failed(ErrorCode::StreamEnded), start + Duration::from_secs(60 + seconds), &RULES).0.attempt()
    };
    assert_eq!(attempt_after_live(59), 6);
    assert_eq!(attempt_after_live(60), 1);
}

#[test]
fn a_new_address_restarts_and_stop_is_final() {
    check(&[
        (0, Event::Updated, "idle", &[ForgetPictures]),
        (0, WANTED, "connecting", &[StartEngine]),
        (1, Event::Updated, "connecting", &[StopEngine, StartEngine]),
        (2, Event::Stop, "stopped", &[StopEngine]),
        (3, WANTED, "stopped", &[]),
        (3, Event::Updated, "stopped", &[]),
    ]);
}

#[test]
fn a_draining_stream_that_fails_just_rests() {
    check(&[
        (0, WANTED, "connecting", &[StartEngine]),
        (1, UNWANTED, "draining", &[]),
        (2, failed(ErrorCode::PortRefused), "idle", &[ForgetPictures]),
    ]);
}
