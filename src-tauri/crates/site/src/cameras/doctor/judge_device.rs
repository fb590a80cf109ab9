//! From what a device said to verdicts. Pure.

use super::{
    check::{Check, Skip},
    device_facts::{LetIn, LoginFacts, Offered, ProfileFacts, ServiceSeen, SnapshotFacts},
    factory_login,
    line::{Line, Mend, Verdict, seconds},
};
use crate::cameras::control::ClockFacts;
use watchwall_model::{Credentials, DeviceFacts, ErrorCode, Problem};
use watchwall_onvif::Suggestion;

/// Of a usual answer, and of the slowest, from which a device or its network is busy.
const SLOW_MEDIAN_MS: u64 = 500;
const SLOW_WORST_MS: u64 = 2_000;
/// Nobody minds less.
const CLOCK_OFF_MS: i64 = 2_000;
/// Enough for a login by token to be refused.
const CLOCK_WRONG_MS: i64 = 20_000;

pub fn reachable(host: &str, port: u16, outcome: &Result<u64, Problem>) -> Line {
    let line = match outcome {
        Ok(ms) => Line::new(Check::Reachable, Verdict::Ok, "open").with("ms", ms),
        Err(problem) => Line::new(Check::Reachable, Verdict::Bad, "closed").because(problem),
    };
    line.with("host", host).with("port", port)
}

/// `None` without an answer.
pub fn latency(answers_ms: &[u64]) -> Option<Line> {
    let mut sorted = answers_ms.to_vec();
    sorted.sort_unstable();
    let (median, worst) = (*sorted.get(sorted.len() / 2)?, *sorted.last()?);
    let is_slow = median > SLOW_MEDIAN_MS || worst > SLOW_WORST_MS;
    let (verdict, outcome) = if is_slow { (Verdict::Warning, "slow") } else { (Verdict::Ok, "quick") };
    Some(Line::new(Check::Latency, verdict, outcome).with("median_ms", median).with("worst_ms", worst))
}

pub fn login(facts: &LoginFacts) -> Line {
    let username = facts.credentials.as_ref().map_or("", |credentials| credentials.username.as_str());
    let line = |verdict, outcome| Line::new(Check::Login, verdict, outcome);
    let problem = match &facts.outcome {
        Ok(LetIn::Open) => return line(Verdict::Note, "not_needed"),
        Ok(way) => {
            let (verdict, outcome) = match way {
                LetIn::Basic => (Verdict::Warning, "plain"),
                _ => (Verdict::Ok, "accepted"),
            };
            return line(verdict, outcome).with("method", method(*way)).with("username", username);
        }
        Err(problem) => problem,
    };
    let outcome = match problem.code {
        ErrorCode::CredentialsWrong => "refused",
        ErrorCode::AccountLocked => "locked",
        ErrorCode::CredentialsMissing => "missing",
        _ => "failed",
    };
    let line = line(Verdict::Bad, outcome).because(problem);
    if matches!(outcome, "refused" | "locked") { line.with("username", username) } else { line }
}

/// What follows from a failed login for all that needs one.
pub fn skip_of(problem: &Problem) -> Skip {
    match problem.code {
        ErrorCode::CredentialsMissing => Skip::LoginMissing,
        ErrorCode::NotOnvif | ErrorCode::AnswerInvalid | ErrorCode::OnvifMissing => Skip::NoOnvif,
        ErrorCode::CredentialsWrong | ErrorCode::AccountLocked | ErrorCode::LoginUnsafe | ErrorCode::LoginPending => {
            Skip::LoginRefused
        }
        _ => Skip::Unreachable,
    }
}

const fn method(way: LetIn) -> &'static str {
    match way {
        LetIn::Open => "",
        LetIn::Digest => "Digest",
        LetIn::Token => "WS-UsernameToken",
        LetIn::Both => "Digest + WS-UsernameToken",
        LetIn::Basic => "Basic",
        LetIn::Rtsp => "RTSP",
    }
}

/// No password is tried for this: only the one that let us in is looked up.
pub fn default_password(facts: &LoginFacts) -> Line {
    let line = |verdict, outcome| Line::new(Check::DefaultPassword, verdict, outcome);
    match (&facts.outcome, &facts.credentials) {
        (Err(problem), _) => Line::skipped(Check::DefaultPassword, skip_of(problem)),
        (Ok(LetIn::Open), _) => line(Verdict::Bad, "open"),
        (Ok(_), None) => Line::skipped(Check::DefaultPassword, Skip::NoLogin),
        (Ok(_), Some(credentials)) if is_factory(credentials) => {
            line(Verdict::Bad, "factory").with("username", &credentials.username)
        }
        (Ok(_), Some(_)) => line(Verdict::Ok, "own"),
    }
}

fn is_factory(credentials: &Credentials) -> bool {
    factory_login::is_one(&credentials.username, credentials.password.reveal())
}

pub fn clock(facts: &ClockFacts) -> Line {
    let Some(offset) = facts.offset_ms else { return Line::new(Check::Clock, Verdict::Note, "hidden") };
    let (verdict, outcome) = match offset.abs() {
        0..=CLOCK_OFF_MS => (Verdict::Ok, "right"),
        off if off <= CLOCK_WRONG_MS => (Verdict::Warning, "off"),
        _ => (Verdict::Bad, "wrong"),
    };
    let line =
        Line::new(Check::Clock, verdict, outcome).with("offset_s", seconds(offset as f64)).with("zone", zone(facts));
    if verdict == Verdict::Ok { line } else { line.mended_by(Mend::SyncClock).suggesting(Suggestion::SetClock) }
}

/// What the two times say, else what the device writes.
fn zone(facts: &ClockFacts) -> String {
    match facts.zone_minutes {
        Some(minutes) => {
            let sign = if minutes < 0 { '-' } else { '+' };
            format!("UTC{sign}{:02}:{:02}", minutes.abs() / 60, minutes.abs() % 60)
        }
        None if facts.time_zone.is_empty() => "?".to_owned(),
        None => facts.time_zone.clone(),
    }
}

pub fn ntp(facts: &ClockFacts) -> Line {
    let line = |verdict, outcome| Line::new(Check::Ntp, verdict, outcome);
    let servers = facts.ntp.as_ref().map(|ntp| ntp.manual.clone()).unwrap_or_default();
    let from_dhcp = facts.ntp.as_ref().is_some_and(|ntp| ntp.from_dhcp);
    match (facts.is_by_ntp, &facts.ntp) {
        (true, None) => line(Verdict::Note, "hidden"),
        (true, Some(_)) if from_dhcp => line(Verdict::Ok, "on").with("servers", "DHCP"),
        (true, Some(_)) if !servers.is_empty() => line(Verdict::Ok, "on").with("servers", servers.join(", ")),
        (true, Some(_)) => line(Verdict::Warning, "no_server").mended_by(Mend::SetNtp { servers }),
        (false, _) => line(Verdict::Note, "off").mended_by(Mend::SetNtp { servers }),
    }
}

pub fn firmware(facts: &DeviceFacts) -> Line {
    if facts.manufacturer.is_empty() && facts.model.is_empty() && facts.firmware.is_empty() {
        return Line::new(Check::Firmware, Verdict::Note, "hidden");
    }
    Line::new(Check::Firmware, Verdict::Ok, "known")
        .with("manufacturer", &facts.manufacturer)
        .with("model", &facts.model)
        .with("firmware", &facts.firmware)
}

/// What is there speaks no ONVIF, or something else than it should.
pub fn no_onvif(problem: &Problem) -> Line {
    Line::new(Check::Onvif, Verdict::Bad, "absent").because(problem)
}

/// `new_media` is the name of the newer media service.
pub fn onvif(services: &[ServiceSeen], new_media: &str) -> Line {
    let names = |answered: bool| {
        let own = services.iter().filter(|service| service.answered == answered);
        own.map(|service| service.name.as_str()).collect::<Vec<_>>().join(", ")
    };
    let line = |verdict, outcome| Line::new(Check::Onvif, verdict, outcome).with("services", names(true));
    if services.iter().any(|service| !service.answered) {
        return line(Verdict::Warning, "silent").with("silent", names(false));
    }
    match services.iter().any(|service| service.name == new_media) {
        true => line(Verdict::Ok, "speaks"),
        false => line(Verdict::Note, "old"),
    }
}

pub fn profiles(facts: &Result<ProfileFacts, Problem>) -> Line {
    let line = |verdict, outcome| Line::new(Check::Profiles, verdict, outcome);
    match facts {
        Err(problem) => line(Verdict::Bad, "failed").because(problem),
        Ok(facts) if facts.profiles == 0 => line(Verdict::Bad, "none"),
        Ok(facts) if !facts.has_sub => line(Verdict::Warning, "no_sub").with("profiles", facts.profiles),
        Ok(facts) => line(Verdict::Ok, "good").with("profiles", facts.profiles).with("channels", facts.channels),
    }
}

pub fn events(facts: &Offered<()>) -> Line {
    let line = |verdict, outcome| Line::new(Check::Events, verdict, outcome);
    match facts {
        Offered::Absent => line(Verdict::Note, "none"),
        Offered::Works(()) => line(Verdict::Ok, "works"),
        Offered::Fails(problem) => line(Verdict::Warning, "failed").because(problem),
    }
}

pub fn snapshot(facts: &Offered<SnapshotFacts>) -> Line {
    let line = |verdict, outcome| Line::new(Check::Snapshot, verdict, outcome);
    match facts {
        Offered::Absent => line(Verdict::Note, "none"),
        Offered::Fails(problem) => line(Verdict::Warning, "failed").because(problem),
        Offered::Works(picture) => {
            let (width, height) = picture.size.map_or_else(
                || ("?".to_owned(), "?".to_owned()),
                |(width, height)| (width.to_string(), height.to_string()),
            );
            line(Verdict::Ok, "picture")
                .with("width", width)
                .with("height", height)
                .with("size_kb", picture.bytes.div_ceil(1_000))
                .with("ms", picture.took_ms)
        }
    }
}

/// `None` where it is not claimed.
pub fn ptz(facts: &Offered<usize>) -> Option<Line> {
    let line = |verdict, outcome| Line::new(Check::Ptz, verdict, outcome);
    match facts {
        Offered::Absent => None,
        Offered::Works(presets) => Some(line(Verdict::Ok, "works").with("presets", presets)),
        Offered::Fails(problem) => Some(line(Verdict::Warning, "failed").because(problem)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use watchwall_model::Secret;
    use watchwall_onvif::operations::NtpServers;

    #[track_caller]
    fn check(line: &Line, verdict: Verdict, outcome: &str) {
        assert_eq!((line.verdict, line.outcome.as_str()), (verdict, outcome), "{line:?}");
        let is_known = line.check.outcomes().contains(&outcome);
        assert!(is_known || Skip::ALL.iter().any(|skip| skip.as_str() == outcome), "{outcome}");
    }

    fn login_with(password: &str, outcome: Result<LetIn, ErrorCode>) -> LoginFacts {
        let credentials = Some(Credentials { username: "admin".into(), password: Secret::new(password) });
        LoginFacts { credentials, outcome: outcome.map_err(Problem::new) }
    }

    #[test]
    fn logins_are_findings_whatever_became_of_them() {
        let judge = |outcome| login(&login_with("x", outcome));
        check(&judge(Ok(LetIn::Digest)), Verdict::Ok, "accepted");
        check(&judge(Ok(LetIn::Basic)), Verdict::Warning, "plain");
        check(&judge(Ok(LetIn::Open)), Verdict::Note, "not_needed");
        check(&judge(Err(ErrorCode::CredentialsWrong)), Verdict::Bad, "refused");
        check(&judge(Err(ErrorCode::AccountLocked)), Verdict::Bad, "locked");
        check(&judge(Err(ErrorCode::CredentialsMissing)), Verdict::Bad, "missing");
        check(&judge(Err(ErrorCode::LoginUnsafe)), Verdict::Bad, "failed");
        assert_eq!(judge(Err(ErrorCode::CredentialsWrong)).params["username"], "admin");
    }

    #[test]
    fn factory_passwords_are_looked_up_and_never_told() {
        let judge = |password, outcome| default_password(&login_with(password, outcome));
        check(&judge("12345", Ok(LetIn::Digest)), Verdict::Bad, "factory");
        check(&judge("", Ok(LetIn::Digest)), Verdict::Bad, "factory");
        check(&judge("a long one", Ok(LetIn::Digest)), Verdict::Ok, "own");
        check(&judge("a long one", Ok(LetIn::Open)), Verdict::Bad, "open");
        check(&judge("12345", Err(ErrorCode::CredentialsWrong)), Verdict::Skipped, "login_refused");
        let none = LoginFacts { credentials: None, outcome: Ok(LetIn::Rtsp) };
        check(&default_password(&none), Verdict::Skipped, "no_login");
        let told = format!("{:?}", judge("12345", Ok(LetIn::Digest)));
        assert!(!told.contains("12345"), "{told}");
    }

    fn clock_facts(offset_ms: Option<i64>) -> ClockFacts {
        ClockFacts {
            shown: None,
            offset_ms,
            is_by_ntp: false,
            time_zone: "CST-8".into(),
            has_daylight_savings: false,
            zone_minutes: Some(480),
            ntp: Some(NtpServers::default()),
        }
    }

    #[test]
    fn a_clock_is_right_off_or_wrong() {
        let judge = |offset| clock(&clock_facts(offset));
        check(&judge(Some(-900)), Verdict::Ok, "right");
        check(&judge(Some(2_001)), Verdict::Warning, "off");
        let wrong = judge(Some(-7_200_000));
        check(&wrong, Verdict::Bad, "wrong");
        assert_eq!((wrong.mend, wrong.params["offset_s"].as_str()), (Some(Mend::SyncClock), "-7200.0"));
        assert_eq!(wrong.params["zone"], "UTC+08:00");
        check(&judge(None), Verdict::Note, "hidden");
        assert_eq!(judge(Some(0)).mend, None);
    }

    #[test]
    fn time_servers_are_named_missing_or_off() {
        let judge = |is_by_ntp, servers: Option<(bool, &[&str])>| {
            let ntp = servers.map(|(from_dhcp, manual)| NtpServers {
                from_dhcp,
                manual: manual.iter().map(|name| (*name).to_owned()).collect(),
            });
            ntp_line(is_by_ntp, ntp)
        };
        fn ntp_line(is_by_ntp: bool, servers: Option<NtpServers>) -> Line {
            ntp(&ClockFacts { is_by_ntp, ntp: servers, ..clock_facts(Some(0)) })
        }
        check(&judge(true, Some((false, &["10.0.0.1", "b"]))), Verdict::Ok, "on");
        check(&judge(true, Some((true, &[]))), Verdict::Ok, "on");
        check(&judge(true, Some((false, &[]))), Verdict::Warning, "no_server");
        check(&judge(true, None), Verdict::Note, "hidden");
        let off = judge(false, Some((false, &["10.0.0.1"])));
        check(&off, Verdict::Note, "off");
        assert_eq!(off.mend, Some(Mend::SetNtp { servers: vec!["10.0.0.1".into()] }));
    }

    #[test]
    fn claims_are_held_against_answers() {
        let judge = |services: &[(&str, bool)]| {
            let services: Vec<_> = services
                .iter()
                .map(|(name, answered)| ServiceSeen { name: (*name).to_owned(), answered: *answered })
                .collect();
            onvif(&services, "Media2")
        };
        check(&judge(&[("Media", true), ("Media2", true)]), Verdict::Ok, "speaks");
        check(&judge(&[("Media", true)]), Verdict::Note, "old");
        let silent = judge(&[("Media", true), ("Media2", true), ("PTZ", false), ("Imaging", false)]);
        check(&silent, Verdict::Warning, "silent");
        assert_eq!(silent.params["silent"], "PTZ, Imaging");
        check(&no_onvif(&Problem::new(ErrorCode::NotOnvif)), Verdict::Bad, "absent");
    }

    #[test]
    fn the_rest_of_a_device() {
        let fails = || Problem::new(ErrorCode::DeviceRefused);
        let listed = |profiles, has_sub| Ok(ProfileFacts { profiles, channels: 1, has_sub });
        check(&profiles(&listed(2, true)), Verdict::Ok, "good");
        check(&profiles(&listed(1, false)), Verdict::Warning, "no_sub");
        check(&profiles(&listed(0, false)), Verdict::Bad, "none");
        check(&profiles(&Err(fails())), Verdict::Bad, "failed");
        check(&events(&Offered::Works(())), Verdict::Ok, "works");
        check(&events(&Offered::Absent), Verdict::Note, "none");
        check(&events(&Offered::Fails(fails())), Verdict::Warning, "failed");
        let picture = SnapshotFacts { size: Some((640, 360)), bytes: 20_001, took_ms: 30 };
        assert_eq!(snapshot(&Offered::Works(picture)).params["size_kb"], "21");
        check(&snapshot(&Offered::Fails(fails())), Verdict::Warning, "failed");
        assert_eq!(ptz(&Offered::Absent), None);
        assert_eq!(latency(&[]), None);
        check(&latency(&[5, 9, 7]).unwrap(), Verdict::Ok, "quick");
        check(&latency(&[5, 9, 2_500]).unwrap(), Verdict::Warning, "slow");
        check(&latency(&[700, 700, 700]).unwrap(), Verdict::Warning, "slow");
        check(&reachable("cam", 80, &Ok(3)), Verdict::Ok, "open");
        check(&reachable("cam", 80, &Err(fails())), Verdict::Bad, "closed");
        check(&firmware(&DeviceFacts::default()), Verdict::Note, "hidden");
    }
}
