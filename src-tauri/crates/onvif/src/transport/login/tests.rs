use super::*;

const CHALLENGE: &str = "Digest realm=\"r\", nonce=\"n\", qop=\"auth\"";

fn asks_digest() -> Refusal {
    Refusal { offers: Offers::read(std::iter::once(CHALLENGE)), ..Refusal::default() }
}

fn stale() -> Refusal {
    let header = format!("{CHALLENGE}, stale=true");
    Refusal { offers: Offers::read(std::iter::once(header.as_str())), ..Refusal::default() }
}

fn fault() -> Refusal {
    Refusal { is_fault: true, ..Refusal::default() }
}

fn basic() -> Refusal {
    Refusal { offers: Offers::read(std::iter::once("Basic realm=\"r\"")), ..Refusal::default() }
}

fn auto() -> Login {
    Login::new(AuthMode::Auto, Plain::Refused)
}

fn course() -> Course {
    Course::new("GetProfiles", Need::Needed)
}

#[track_caller]
fn refused(login: &mut Login, course: &mut Course, sent: Way, refusal: Refusal) -> Next {
    login.after_refusal(course, sent, refusal, Have::Credentials, Witness::Unknown)
}

#[test]
fn the_first_request_carries_no_password() {
    assert_eq!(auto().first(&course(), Have::Credentials), Next::Send(Way::Open));
    let mut login = auto();
    let mut course = course();
    assert_eq!(refused(&mut login, &mut course, Way::Open, asks_digest()), Next::Send(Way::Digest));
    assert_eq!(login.after_success(&course, Way::Digest), Proof::Password);
    assert_eq!(login.first(&course, Have::Credentials), Next::Send(Way::Digest));
}

#[test]
fn a_fault_without_a_challenge_means_a_token_with_the_devices_time() {
    let (mut login, mut course) = (auto(), course());
    assert_eq!(refused(&mut login, &mut course, Way::Open, fault()), Next::ReadClock(Way::Token));
    assert_eq!(login.after_clock(&mut course, Way::Token, Some(90_000), Witness::Unknown), Next::Send(Way::Token));
    assert_eq!(login.offset_ms(), 90_000);
    // The clock was read just now; it may be another than the one the login uses.
    assert_eq!(refused(&mut login, &mut course, Way::Token, fault()), Next::Send(Way::Token));
    assert_eq!((login.offset_ms(), login.clock), (0, Clock::Lies));
    assert_eq!(refused(&mut login, &mut course, Way::Token, fault()), Next::Fail(Failure::Wrong));
}

#[test]
fn one_refused_digest_is_enough() {
    let (mut login, mut course) = (auto(), course());
    refused(&mut login, &mut course, Way::Open, asks_digest());
    assert_eq!(refused(&mut login, &mut course, Way::Digest, asks_digest()), Next::Fail(Failure::Wrong));
}

#[test]
fn a_stale_nonce_is_no_refusal() {
    let (mut login, mut course) = (auto(), course());
    refused(&mut login, &mut course, Way::Open, asks_digest());
    assert_eq!(refused(&mut login, &mut course, Way::Digest, stale()), Next::Send(Way::Digest));
    assert_eq!(refused(&mut login, &mut course, Way::Digest, stale()), Next::Fail(Failure::Wrong));
}

#[test]
fn a_fault_where_digest_was_expected_gets_one_token() {
    let (mut login, mut course) = (auto(), course());
    refused(&mut login, &mut course, Way::Open, asks_digest());
    assert_eq!(refused(&mut login, &mut course, Way::Digest, fault()), Next::ReadClock(Way::Token));
    login.after_clock(&mut course, Way::Token, None, Witness::Unknown);
    assert_eq!(refused(&mut login, &mut course, Way::Token, fault()), Next::Fail(Failure::Wrong));
}

#[test]
fn a_clock_that_moved_explains_a_refusal_once() {
    let (mut login, mut course) = (auto(), course());
    login.clock = Clock::Offset { ms: 0 };
    refused(&mut login, &mut course, Way::Open, fault());
    assert_eq!(refused(&mut login, &mut course, Way::Token, fault()), Next::ReadClock(Way::Token));
    assert_eq!(login.after_clock(&mut course, Way::Token, Some(-50_000), Witness::Unknown), Next::Send(Way::Token));
    assert_eq!(refused(&mut login, &mut course, Way::Token, fault()), Next::Fail(Failure::Wrong));
}

#[test]
fn utc_that_is_local_time_is_tried_without_offset_once() {
    let (mut login, mut course) = (auto(), course());
    login.clock = Clock::Offset { ms: 28_800_000 };
    refused(&mut login, &mut course, Way::Open, fault());
    refused(&mut login, &mut course, Way::Token, fault());
    assert_eq!(login.after_clock(&mut course, Way::Token, Some(28_800_000), Witness::Unknown), Next::Send(Way::Token));
    assert_eq!(login.offset_ms(), 0);
    assert_eq!(login.clock, Clock::Lies);
}

#[test]
fn a_device_without_ws_security_is_asked_without_it() {
    let (mut login, mut course) = (Login::new(AuthMode::Wsse, Plain::Refused), course());
    login.clock = Clock::Offset { ms: 0 };
    assert_eq!(login.first(&course, Have::Credentials), Next::Send(Way::Token));
    let not_understood = Refusal { is_fault: true, is_not_understood: true, ..Refusal::default() };
    assert_eq!(refused(&mut login, &mut course, Way::Token, not_understood), Next::Send(Way::Open));
    assert_eq!(refused(&mut login, &mut course, Way::Open, fault()), Next::Fail(Failure::SchemeUnknown));
}

#[test]
fn plain_passwords_need_leave() {
    let (mut login, mut course) = (auto(), course());
    assert_eq!(refused(&mut login, &mut course, Way::Open, basic()), Next::Fail(Failure::PlainOnly));
    let mut login = Login::new(AuthMode::Auto, Plain::Allowed);
    assert_eq!(refused(&mut login, &mut course, Way::Open, basic()), Next::Send(Way::Basic));
    assert_eq!(refused(&mut login, &mut course, Way::Basic, basic()), Next::Fail(Failure::Wrong));
}

#[test]
fn without_credentials_nothing_is_guessed() {
    let (mut login, mut course) = (auto(), course());
    let next = login.after_refusal(&mut course, Way::Open, asks_digest(), Have::Nothing, Witness::Unknown);
    assert_eq!(next, Next::Fail(Failure::Missing));
}

#[test]
fn both_at_once_only_when_a_person_says_so() {
    let (mut login, mut course) = (Login::new(AuthMode::Both, Plain::Refused), course());
    assert_eq!(refused(&mut login, &mut course, Way::Open, asks_digest()), Next::ReadClock(Way::Both));
    assert_eq!(login.after_clock(&mut course, Way::Both, Some(0), Witness::Unknown), Next::Send(Way::Both));
}

#[test]
fn a_right_that_is_missing_is_not_a_wrong_password() {
    let (mut login, mut profiles) = (auto(), course());
    refused(&mut login, &mut profiles, Way::Open, asks_digest());
    login.after_success(&profiles, Way::Digest);
    let mut users = Course::new("GetUsers", Need::Needed);
    let next = login.after_refusal(&mut users, Way::Digest, asks_digest(), Have::Credentials, Witness::Known);
    assert_eq!(next, Next::AskWitness(Way::Digest));
    assert_eq!(login.after_witness(&mut users, Way::Digest, true), Next::Send(Way::Digest));
    let next = login.after_refusal(&mut users, Way::Digest, asks_digest(), Have::Credentials, Witness::Known);
    assert_eq!(next, Next::Fail(Failure::Forbidden));
    assert_eq!(login.after_witness(&mut course(), Way::Digest, false), Next::Fail(Failure::Wrong));
}

#[test]
fn what_anybody_may_ask_proves_nothing() {
    let mut login = auto();
    login.learnt = Some(Way::Token);
    let information = Course::new("GetDeviceInformation", Need::Needed);
    assert_eq!(login.after_success(&information, Way::Token), Proof::Nothing);
    assert!(!login.is_proven);
}

#[test]
fn a_device_that_guards_its_clock_gets_a_login_there_too() {
    let mut login = auto();
    let mut clock = Course::new("GetSystemDateAndTime", Need::NotNeeded);
    assert_eq!(login.first(&clock, Have::Credentials), Next::Send(Way::Open));
    assert_eq!(refused(&mut login, &mut clock, Way::Open, asks_digest()), Next::Send(Way::Digest));
    login.after_success(&clock, Way::Digest);
    assert_eq!(login.first(&Course::new("GetServices", Need::NotNeeded), Have::Credentials), Next::Send(Way::Digest));
}
