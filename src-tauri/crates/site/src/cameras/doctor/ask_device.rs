//! Asks a device by ONVIF, and hands on each line as soon as it is known.

use super::{
    check::{Check, Skip},
    device_facts::{LetIn, LoginFacts, Offered, ProfileFacts, ServiceSeen, SnapshotFacts},
    job::DoctorJob,
    judge_device as judge,
    picture_size::picture_size,
    reach,
    subject::Subject,
    tools::Tools,
};
use crate::cameras::{
    control::{ClockFacts, read_clock},
    onboarding::facts_of,
};
use std::time::{Duration, Instant};
use tokio::time::timeout;
use watchwall_model::{ErrorCode, Problem};
use watchwall_onvif::{
    Channel, Client, Device, DeviceAddress, ErrorKind, OnvifError, Step, Survey,
    operations::{
        CreatePullPointSubscription, GetPresets, GetServiceCapabilities, GetSystemDateAndTime, Termination, Unsubscribe,
    },
    soap::Service,
};

/// Times the clock is asked for, to see how long answers take.
const QUESTIONS: u32 = 3;
/// A subscription that could not be taken away ends by itself.
const SUBSCRIPTION_MS: u64 = 60_000;
const SNAPSHOT_WITHIN: Duration = Duration::from_secs(8);

/// Lines of a device that need a login or ONVIF.
const BEHIND_LOGIN: &[Check] =
    &[Check::Ntp, Check::Firmware, Check::Onvif, Check::Profiles, Check::Events, Check::Snapshot];

/// Asks all there is to ask.
///
/// # Errors
/// Why the device could not be asked; every line says so.
pub async fn ask(tools: &Tools, subject: &Subject, address: &DeviceAddress, job: &DoctorJob) -> Result<Device, Skip> {
    let reached = reach::connect(address.host(), address.port(), tools.ingest.connect_timeout).await;
    job.tell(judge::reachable(address.host(), address.port(), &reached));
    if reached.is_err() {
        let others = Check::OF_DEVICE.iter().filter(|check| **check != Check::Reachable);
        others.for_each(|check| job.skip(*check, None, Skip::Unreachable));
        return Err(Skip::Unreachable);
    }
    let anonymous = Client::new(address.clone(), None, tools.client_options(subject.key.clone()));
    let answers_ms = answer_times(&anonymous).await;
    match judge::latency(&answers_ms) {
        Some(line) => job.tell(line),
        None => job.skip(Check::Latency, None, Skip::NoOnvif),
    }
    let options = tools.client_options(subject.key.clone());
    let survey =
        Device::connect_known(address.clone(), subject.credentials.clone(), options, subject.vendor.clone()).await;
    let problem = first_problem(&survey);
    let Some(device) = survey.device else {
        let problem = problem.unwrap_or_else(|| Problem::new(ErrorCode::NotOnvif));
        return Err(shut_out(subject, &anonymous, &problem, job).await);
    };
    job.know(&facts_of(&device));
    let login =
        LoginFacts { credentials: subject.credentials.clone(), outcome: Ok(LetIn::from(device.client.login_seen())) };
    job.tell(judge::login(&login));
    job.tell(judge::default_password(&login));
    ask_clock(&device.client, job).await;
    job.tell(judge::firmware(&facts_of(&device)));
    job.tell(judge::onvif(&services(&device).await, MEDIA2));
    let channel = channel_of(&device, subject);
    let listed = survey.steps.iter().find(|report| report.step == Step::Profiles);
    job.tell(judge::profiles(&match listed.and_then(|report| report.outcome.as_ref().err()) {
        Some(error) if device.profiles.is_empty() && error.code != ErrorCode::NoVideo => Err(error.problem.clone()),
        _ => Ok(profiles(&device, channel)),
    }));
    job.tell(judge::events(&events(&device, subject).await));
    job.tell(judge::snapshot(&snapshot(&device, channel).await));
    if let Some(line) = judge::ptz(&ptz(&device, channel).await) {
        job.tell(line);
    }
    Ok(device)
}

/// What can be said without being let in.
async fn shut_out(subject: &Subject, anonymous: &Client, problem: &Problem, job: &DoctorJob) -> Skip {
    let skip = judge::skip_of(problem);
    let is_login = matches!(skip, Skip::LoginRefused | Skip::LoginMissing);
    if is_login {
        let login = LoginFacts { credentials: subject.credentials.clone(), outcome: Err(problem.clone()) };
        job.tell(judge::login(&login));
        job.tell(judge::default_password(&login));
        match read_clock(anonymous).await {
            Ok(facts) => job.tell(judge::clock(&facts).without_mend()),
            Err(_) => job.skip(Check::Clock, None, skip),
        }
    } else {
        for check in [Check::Login, Check::DefaultPassword, Check::Clock] {
            job.skip(check, None, skip);
        }
    }
    for check in BEHIND_LOGIN {
        match check {
            Check::Onvif if !is_login => job.tell(judge::no_onvif(problem)),
            _ => job.skip(*check, None, skip),
        }
    }
    skip
}

/// Clock and time servers: also asked after a mend.
pub async fn ask_clock(client: &Client, job: &DoctorJob) {
    match read_clock(client).await {
        Ok(facts) => {
            job.tell(judge::clock(&facts));
            job.tell(judge::ntp(&facts));
        }
        Err(_) => {
            let hidden = ClockFacts {
                shown: None,
                offset_ms: None,
                is_by_ntp: false,
                time_zone: String::new(),
                has_daylight_savings: false,
                zone_minutes: None,
                ntp: None,
            };
            job.tell(judge::clock(&hidden));
            job.skip(Check::Ntp, None, Skip::Unsupported);
        }
    }
}

/// The camera's channel, or the first.
pub fn channel_of<'d>(device: &'d Device, subject: &Subject) -> Option<&'d Channel> {
    let own = device.channels.iter().find(|channel| Some(&channel.source_token) == subject.source_token.as_ref());
    own.or_else(|| device.channels.first())
}

/// A refusal is an answer too.
async fn answer_times(anonymous: &Client) -> Vec<u64> {
    let mut times = Vec::new();
    for _ in 0..QUESTIONS {
        let started = Instant::now();
        match anonymous.call(&GetSystemDateAndTime).await {
            Err(error) if matches!(error.kind(), ErrorKind::Unreachable | ErrorKind::NotOnvif) => break,
            _ => times.push(millis(started)),
        }
    }
    times
}

fn first_problem(survey: &Survey) -> Option<Problem> {
    let (_, error) = survey.first_error()?;
    Some(error.problem.clone().suggesting(error.suggestion.as_str()))
}

const MEDIA2: &str = "Media2";

const fn name_of(service: &Service) -> Option<&'static str> {
    Some(match service {
        Service::Media => "Media",
        Service::Media2 => MEDIA2,
        Service::Ptz => "PTZ",
        Service::Imaging => "Imaging",
        Service::Events => "Events",
        Service::DeviceIo => "DeviceIO",
        Service::Recording => "Recording",
        Service::Search => "Search",
        Service::Replay => "Replay",
        Service::Analytics => "Analytics",
        Service::Device | Service::Subscription | Service::Other(_) => return None,
    })
}

/// The device service answered already.
async fn services(device: &Device) -> Vec<ServiceSeen> {
    let mut seen = Vec::new();
    for address in device.services.iter() {
        let Some(name) = name_of(&address.service) else { continue };
        let asked = device.client.call(&GetServiceCapabilities { service: address.service.clone() }).await;
        // A refusal shows that somebody is there: old devices have no such question.
        let is_silent = |error: &OnvifError| matches!(error.kind(), ErrorKind::Unreachable | ErrorKind::NotOnvif);
        let answered = !asked.as_ref().is_err_and(is_silent) || matches!(asked, Err(OnvifError::Incomplete { .. }));
        seen.push(ServiceSeen { name: name.to_owned(), answered });
    }
    seen
}

fn profiles(device: &Device, channel: Option<&Channel>) -> ProfileFacts {
    ProfileFacts {
        profiles: channel.map_or(0, |channel| channel.profiles.len()),
        channels: device.channels.len(),
        has_sub: channel.is_some_and(|channel| channel.sub.is_some()),
    }
}

/// A subscription of our own would be taken away with everybody's on some devices: one that the site has is enough.
async fn events(device: &Device, subject: &Subject) -> Offered<()> {
    if !device.services.has(&Service::Events) {
        return Offered::Absent;
    }
    if subject.is_listened_to {
        return Offered::Works(());
    }
    let wish = CreatePullPointSubscription { termination: Termination::After { ms: SUBSCRIPTION_MS } };
    match device.client.call(&wish).await {
        Ok(subscription) => {
            // It ends by itself where this is refused.
            let _ = device.client.call_at(&subscription.endpoint, &Unsubscribe).await;
            Offered::Works(())
        }
        Err(error) if error.kind() == ErrorKind::Unsupported => Offered::Absent,
        Err(error) => Offered::Fails(error.problem()),
    }
}

async fn snapshot(device: &Device, channel: Option<&Channel>) -> Offered<SnapshotFacts> {
    let Some(profile) = channel.and_then(|channel| channel.main.as_deref()) else { return Offered::Absent };
    let uri = match device.client.snapshot_uri(profile).await {
        Ok(Some(uri)) => uri,
        Ok(None) => return Offered::Absent,
        Err(error) if error.kind() == ErrorKind::Unsupported => return Offered::Absent,
        Err(error) => return Offered::Fails(error.problem()),
    };
    let started = Instant::now();
    match timeout(SNAPSHOT_WITHIN, device.client.picture(&uri)).await {
        Ok(Ok(picture)) => Offered::Works(SnapshotFacts {
            size: picture_size(&picture.bytes),
            bytes: picture.bytes.len(),
            took_ms: millis(started),
        }),
        Ok(Err(error)) => Offered::Fails(error.problem()),
        Err(_) => Offered::Fails(
            Problem::new(ErrorCode::AnswerTimeout)
                .with("host", device.client.address())
                .with("timeout_ms", SNAPSHOT_WITHIN.as_millis()),
        ),
    }
}

async fn ptz(device: &Device, channel: Option<&Channel>) -> Offered<usize> {
    let profile = channel.and_then(|channel| channel.ptz_profile.clone());
    let Some(profile) = profile.filter(|_| device.services.has(&Service::Ptz)) else { return Offered::Absent };
    match device.client.call(&GetPresets { profile }).await {
        Ok(presets) => Offered::Works(presets.len()),
        // It moves and remembers nothing.
        Err(error) if error.kind() == ErrorKind::Unsupported => Offered::Works(0),
        Err(error) => Offered::Fails(error.problem()),
    }
}

fn millis(started: Instant) -> u64 {
    u64::try_from(started.elapsed().as_millis()).unwrap_or(u64::MAX)
}
