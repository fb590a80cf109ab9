use super::*;

fn listening(now: u64) -> State {
    let (state, _) =
        State::Subscribing { attempt: 0 }.on(Happened::Subscribed { lifetime_ms: Some(120_000) }, now, 0.0);
    state
}

fn broken() -> Happened {
    Happened::Failed { kind: ErrorKind::Unreachable, code: ErrorCode::HostUnreachable }
}

#[test]
fn it_subscribes_and_pulls() {
    let (state, acts) = State::Idle.on(Happened::Started, 0, 0.0);
    assert_eq!((state.phase(), acts), (ListenPhase::Subscribing, vec![Act::Subscribe]));
    let (state, acts) = state.on(Happened::Subscribed { lifetime_ms: Some(60_000) }, 10, 0.0);
    assert_eq!((state.phase(), acts), (ListenPhase::Listening, vec![Act::Pull]));
}

#[test]
fn quirk_3_an_answer_at_once_does_not_make_a_tight_loop() {
    let (state, acts) = listening(0).on(Happened::Pulled, 1, 0.0);
    assert_eq!(acts, [Act::Pull]);
    let (state, acts) = state.on(Happened::Pulled, 2, 0.0);
    assert_eq!(acts, [Act::WaitUntil(751)]);
    let (_, acts) = state.on(Happened::TimeCame, 751, 0.0);
    assert_eq!(acts, [Act::Pull]);
}

#[test]
fn it_renews_before_the_end_and_never_too_often() {
    let (state, acts) = listening(0).on(Happened::Pulled, 96_000, 0.0);
    assert_eq!(acts, [Act::Renew { is_absolute: false }]);
    let (state, acts) = state.on(Happened::Renewed { lifetime_ms: Some(5000) }, 96_010, 0.0);
    assert_eq!(acts, [Act::Pull]);
    // Five seconds of life are no reason to renew every four.
    let (_, acts) = state.on(Happened::Pulled, 110_000, 0.0);
    assert_eq!(acts, [Act::Pull]);
}

#[test]
fn quirk_3_an_end_before_its_beginning_asks_for_absolute_time() {
    let (state, _) = State::Subscribing { attempt: 0 }.on(Happened::Subscribed { lifetime_ms: None }, 0, 0.0);
    let (_, acts) = state.on(Happened::Pulled, 100_000, 0.0);
    assert_eq!(acts, [Act::Renew { is_absolute: true }]);
}

#[test]
fn a_renewal_that_fails_is_no_end() {
    let (state, _) = listening(0).on(Happened::Pulled, 96_000, 0.0);
    let (state, acts) = state.on(Happened::RenewFailed, 96_100, 0.0);
    assert_eq!((state.phase(), acts), (ListenPhase::Listening, vec![Act::Pull]));
}

#[test]
fn quirk_2_the_old_one_is_given_back_before_a_new_one_is_made() {
    let (state, acts) = listening(0).on(broken(), 1000, 1.0);
    assert_eq!(acts, [Act::Unsubscribe, Act::WaitUntil(1500)]);
    let (state, acts) = state.on(Happened::TimeCame, 1500, 0.0);
    assert_eq!((state, acts), (State::Subscribing { attempt: 1 }, vec![Act::Subscribe]));
}

#[test]
fn waits_grow_to_a_minute_and_health_makes_them_short_again() {
    let mut state = State::Subscribing { attempt: 0 };
    let mut waits = Vec::new();
    for _ in 0..9 {
        let (next, _) = state.on(broken(), 0, 1.0);
        let State::Waiting { until, .. } = next else { unreachable!("{next:?}") };
        waits.push(until);
        (state, _) = next.on(Happened::TimeCame, until, 1.0);
    }
    assert_eq!(waits, [500, 1000, 2000, 4000, 8000, 16_000, 32_000, 60_000, 60_000]);
    let (state, _) = state.on(Happened::Subscribed { lifetime_ms: Some(120_000) }, 0, 0.0);
    let (state, _) = state.on(broken(), 60_000, 1.0);
    assert_eq!(state.snapshot(0).attempt, 1);
}

#[test]
fn a_wrong_password_is_not_tried_again_by_itself() {
    let wrong = Happened::Failed { kind: ErrorKind::Login, code: ErrorCode::CredentialsWrong };
    let (state, acts) = State::Subscribing { attempt: 3 }.on(wrong, 0, 0.0);
    assert_eq!((state.phase(), acts), (ListenPhase::NeedsAttention, vec![]));
    let (state, acts) = state.on(Happened::TimeCame, 1_000_000, 0.0);
    assert_eq!((state.phase(), acts), (ListenPhase::NeedsAttention, vec![]));
    let (_, acts) = state.on(Happened::Retried, 0, 0.0);
    assert_eq!(acts, [Act::Subscribe]);
}

#[test]
fn an_end_is_an_end() {
    let (state, acts) = listening(0).on(Happened::Stopped, 5, 0.0);
    assert_eq!((state.clone(), acts), (State::Ended, vec![Act::Unsubscribe]));
    for happened in [Happened::Started, Happened::Retried, Happened::TimeCame, broken()] {
        assert_eq!(state.clone().on(happened, 9, 0.0), (State::Ended, vec![]));
    }
}
