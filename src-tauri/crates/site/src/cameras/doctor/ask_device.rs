//! Asks a device by ONVIF, and hands on each line as soon as it is known.

use super::{
    check::{Check, Skip},
    device_facts::{LetIn, LoginFacts, Offered, ProfileFacts, ServiceSeen},
    job::DoctorJob,
    judge_device as judge,
    place::Place,
    reach,
    subject::Subject,
    tools::Tools,
};
use crate::cameras::{
    control::{ClockFacts, read_clock},
    onboarding::facts_of,
};
use std::time::Instant;
use watchwall_model::{ErrorCode, Problem};
use watchwall_onvif::{
    Client, Device, DeviceAddress, ErrorKind, OnvifError, Step, Survey, channels,
    operations::{CreatePullPointSubscription, GetServiceCapabilities, GetSystemDateAndTime, Termination, Unsubscribe},
    soap::Service,
};

/// Times the clock is asked for, to see how long answers take.
const QUESTIONS: u32 = 3;
/// A subscription that could not be taken away ends by itself.
const SUBSCRIPTION_MS: u64 = 60_000;

/// Lines of a device that need a login or ONVIF.
const BEHIND_LOGIN: &[Check] =
    &[Check::Ntp, Check::Firmware, Check::Onvif, Check::Profiles, Check::Events, Check::Snapshot];

/// Asks all that belongs to the device as a whole. Where its streams are is left to each channel.
///
/// # Errors
/// Why the device could not be asked; every line says so.
pub async fn ask(tools: &Tools, subject: &Subject, address: &DeviceAddress, job: &DoctorJob) -> Result<Device, Skip> {
    let reached = reach::connect(address.host(), address.port(), tools.ingest.connect_timeout).await;
    job.tell(judge::reachable(address.host(), address.port(), &reached));
    if reached.is_err() {
        let others = Check::OF_DEVICE.iter().chain(Check::OF_CHANNEL).filter(|check| **check != Check::Reachable);
        others.for_each(|check| job.skip(*check, Place::DEVICE, Skip::Unreachable));
        return Err(Skip::Unreachable);
    }
    let anonymous = Client::new(address.clone(), None, tools.client_options(subject.key.clone()));
    let answers_ms = answer_times(&anonymous).await;
    match judge::latency(&answers_ms) {
        Some(line) => job.tell(line),
        None => job.skip(Check::Latency, Place::DEVICE, Skip::NoOnvif),
    }
    let options = tools.client_options(subject.key.clone());
    let survey = Device::enter(address.clone(), subject.credentials.clone(), options, subject.vendor.clone()).await;
    let problem = first_problem(&survey);
    let Survey { steps, device } = survey;
    let Some(mut device) = device else {
        let problem = problem.unwrap_or_else(|| Problem::new(ErrorCode::NotOnvif));
        return Err(shut_out(subject, &anonymous, &problem, job).await);
    };
    let (identity, _) = device.identity().await;
    device.learn_identity(identity);
    let (details, _) = device.details().await;
    device.learn_details(details);
    device.channels = channels(&device.profiles);
    job.know(&facts_of(&device));
    let login =
        LoginFacts { credentials: subject.credentials.clone(), outcome: Ok(LetIn::from(device.client.login_seen())) };
    job.tell(judge::login(&login));
    job.tell(judge::default_password(&login));
    ask_clock(&device.client, job).await;
    job.tell(judge::firmware(&facts_of(&device)));
    job.tell(judge::onvif(&services(&device).await, MEDIA2));
    job.tell(judge::events(&events(&device, subject).await));
    if device.channels.is_empty() {
        let listed = steps.iter().find(|report| report.step == Step::Profiles);
        let error = listed.and_then(|report| report.outcome.as_ref().err());
        job.tell(judge::profiles(&match error.filter(|error| error.code != ErrorCode::NoVideo) {
            Some(error) if device.profiles.is_empty() => Err(error.problem.clone()),
            _ => Ok(ProfileFacts::default()),
        }));
        job.tell(judge::snapshot(&Offered::Absent));
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
            Err(_) => job.skip(Check::Clock, Place::DEVICE, skip),
        }
    } else {
        for check in [Check::Login, Check::DefaultPassword, Check::Clock] {
            job.skip(check, Place::DEVICE, skip);
        }
    }
    for check in BEHIND_LOGIN {
        match check {
            Check::Onvif if !is_login => job.tell(judge::no_onvif(problem)),
            _ => job.skip(*check, Place::DEVICE, skip),
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
            job.skip(Check::Ntp, Place::DEVICE, Skip::Unsupported);
        }
    }
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

pub fn millis(started: Instant) -> u64 {
    u64::try_from(started.elapsed().as_millis()).unwrap_or(u64::MAX)
}
